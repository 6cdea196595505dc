"""The experiments of mser-llm are valid as they are shipped, and their presets are too."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

for needed in ("torch", "transformers", "whisper", "accelerate"):
    pytest.importorskip(needed)

from mserbench.experiments import plan, speakers, validating  # noqa: E402
from mserbench.experiments.definition import Wishes, load  # noqa: E402
from mserbench.experiments.options import options_of  # noqa: E402
from mserbench_mser_llm.presets import PRESETS  # noqa: E402
from mserbench_mser_llm.scoring import LABELS  # noqa: E402
from mserbench_mser_llm.settings import NAMING  # noqa: E402
from mserbench_mser_llm.weights_folder import ASKING  # noqa: E402

# experiment: cells, trainings, trainings with the preset `tiny`, numbers of the paper
SHIPPED = {
    "mser-table1": (27, 15, 3, 24),  # five a system: each leaves one session of IEMOCAP out
    "mser-table2": (6, 6, 6, 24),  # the first stages of two rows are those of two others
    "mser-real": (24, 44, 20, 0),
    # Three seeds of six trainings of mser-llm, and three of models without a seed.
    "mser-stages": (27, 21, 9, 0),
    "mser-prompts": (24, 4, 4, 0),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_experiment_is_valid_and_complete(name: str) -> None:
    """A mistake in it would be found by the first stranger who has the corpora and a day of a
    GPU.
    """
    cells, trainings, tiny, reported = SHIPPED[name]
    full = load(name)
    validating.check(full)
    planned = plan.cells(full)
    assert (len(planned), len(plan.trainings(planned)), len(full.reported)) == (
        cells,
        trainings,
        reported,
    )

    for preset in ("mini", "tiny"):
        small = load(name, Wishes(preset))
        validating.check(small)
        chosen = [
            options_of(small, system, small.settings[0])
            for system in small.systems
            if system.model == "mser-llm"
        ]
        assert chosen, "there is a system of the model"
        assert {options["preset"] for options in chosen} == {preset}

    fast = load(name, Wishes("tiny"))
    assert len(plan.trainings(plan.cells(fast))) == tiny
    assert all(task.startswith("demo-") for task in plan.tasks(plan.cells(fast))), (
        "no corpus has to be there"
    )


def test_no_target_is_trained_on() -> None:
    """Names hide it: the same corpus is a source and a target in both tables of the paper, in
    different parts.
    """
    for name in SHIPPED:
        for cell in plan.cells(load(name)):
            for question in cell.questions:
                assert question.training is not None
                assert all(question.task not in stage.on for stage in question.training.chain)
                whole, _, part = question.task.partition(":")
                if whole.startswith(("iemocap", "meld")):
                    sources = [
                        corpus
                        for corpus in question.training.on
                        if corpus.startswith(whole.partition("-")[0])
                    ]
                    left_out = f"iemocap-7:{part.replace('.', '.not-')}"
                    assert sources in ([], ["meld:train"], [left_out])


def test_the_session_that_is_asked_is_left_out_of_the_speech_and_of_its_translation() -> None:
    """Else the rows of the synthetic speech would have heard what they are asked."""
    table = load("mser-table2")
    # Which is what `m5ser build` calls sessions 1 to 4.
    assert "--sources iemocap:train," in table.corpora["M5SER"].build
    for cell in plan.cells(table):
        (question,) = cell.questions
        assert question.task == "iemocap-7:sessions.5"
        assert question.training is not None
        english = {"iemocap-7:sessions.not-5", "mead", "meld:train", "mosei", "msp-podcast"}
        assert [set(stage.on) for stage in question.training.chain] == {
            "SER": [english],
            "MSER": [{"m5ser"}],
            "MSER-S2": [english, {"m5ser"}],
        }[cell.system.replace("+L_lec", "")]


@pytest.mark.parametrize("name", ["mser-table2", "mser-stages"])
def test_a_row_of_two_stages_goes_on_from_the_row_of_its_first(name: str) -> None:
    """Trained apart, the difference between them would be that of two trainings too."""
    by_name = {cell.system: cell for cell in plan.cells(load(name))}
    for loss in ("", "+L_lec"):
        first, second = (
            [question.training for question in by_name[system].questions]
            for system in (f"SER{loss}", f"MSER{loss}-S2")
        )
        assert [training and training.after for training in second] == first


def test_every_speaker_of_iemocap_is_asked_by_a_model_that_never_heard_the_session() -> None:
    """The fifth session alone has two speakers: no interval and no p value can say anything
    there.
    """
    for cell in plan.cells(load("mser-table1")):
        if not cell.task.startswith("iemocap"):
            continue

        (column,) = cell.columns
        assert [fold.task for fold in column.questions] == [
            f"{cell.task}:sessions.{n}" for n in range(1, 6)
        ]
        for number, question in enumerate(column.questions, start=1):
            assert question.training is not None
            assert f"iemocap-7:sessions.not-{number}" in question.training.on

    assert all(
        count.remark == "" for count in speakers.of_targets(["iemocap-4", "iemocap-7"], None)
    )


def test_the_other_columns_cost_no_training_of_their_own() -> None:
    """A sixth training of the full size would take as long as each of the five."""
    cells = plan.cells(load("mser-table1"))
    cells_of_others = [
        cell for cell in cells if cell.system == "stage1" and not cell.task.startswith("iemocap")
    ]
    trainings = {question.training for cell in cells_of_others for question in cell.questions}
    (only,) = trainings
    assert only is not None
    assert "iemocap-7:sessions.not-5" in only.on


@pytest.mark.parametrize("name", ["mser-table2", "mser-stages"])
def test_the_loss_is_the_one_thing_that_differs_between_a_row_and_its_partner(name: str) -> None:
    """Else a row of the ablation would show something else than L_lec."""
    table = load(name)
    rows = {system.name: system for system in table.systems}
    for row, partner in (
        ("SER", "SER+L_lec"),
        ("MSER", "MSER+L_lec"),
        ("MSER-S2", "MSER+L_lec-S2"),
    ):
        without, with_loss = rows[row], rows[partner]
        assert (without.train, without.stages) == (with_loss.train, with_loss.stages)
        extra = set(without.options.items()) - set(with_loss.options.items())
        assert extra == {("same_weight", "0"), ("different_weight", "0")}
        assert set(with_loss.options.items()) <= set(without.options.items())


def test_an_answer_is_written_by_the_weights_that_are_scored() -> None:
    """Else the row would show the chance of a second training beside what writing costs."""
    cells = plan.cells(load("mser-real"))
    for setting in ("DE", "IT", "EL", "EN"):
        scored, written = (
            [
                question
                for cell in cells
                if (cell.system, cell.setting) == (name, setting)
                for question in cell.questions
            ]
            for name in ("mser-llm", "mser-llm_generate")
        )
        assert [question.training for question in scored] == [
            question.training for question in written
        ]
        assert [{*b.options} - {*a.options} for a, b in zip(scored, written, strict=True)] == [
            {("answer", "generate")}
        ] * 3


def test_the_sweep_asks_one_training_a_setting_with_six_prompts() -> None:
    """A prompt the model refuses would be found after the training; one that comes twice would
    narrow the spread.
    """
    table = load("mser-prompts")
    first, *reworded = table.systems
    trained = PRESETS["mini"].prompt
    assert (dict(first.asked), first.title) == ({}, f"{trained}, as trained")
    prompts = [system.asked["prompt"] for system in reworded]
    assert [system.title for system in reworded] == prompts
    assert len({trained, *prompts}) == 6
    assert [prompt for prompt in prompts if LABELS in prompt] == [NAMING]
    assert all(prompt == prompt.strip() for prompt in prompts)
    assert [spread.systems for spread in table.spreads] == [
        tuple(system.name for system in table.systems)
    ]
    assert {*reworded[0].asked} <= ASKING

    for cell in plan.cells(table):
        (question,) = cell.questions
        assert question.training is not None
        assert dict(question.training.options) == {"preset": "mini", "seed": "0"}


def test_the_numbers_of_the_paper_are_those_reported() -> None:
    """A slip of the pen beside a result would be quoted."""
    first = reported("mser-table1")
    # UA, WA, WF1: Table I, row Ours
    assert {cell: tuple(values.values()) for cell, values in first.items()} == {
        ("IEMOCAP-4", "stage1"): (72.4, 70.3, 70.3), ("MELD-4", "stage1"): (52.6, 61.4, 59.9),
        ("IEMOCAP-7", "stage1"): (51.3, 69.0, 68.5), ("MELD-7", "stage1"): (31.4, 54.9, 49.8),
        ("ShEMO", "stage1"): (57.4, 71.3, 71.8), ("AESDD", "stage1"): (42.6, 42.6, 36.5),
        ("RAVDESS", "stage1"): (45.3, 41.7, 34.8), ("RESD", "stage1"): (33.0, 39.2, 33.2),
    }  # fmt: skip
    assert all(list(values) == ["UA", "WA", "WF1"] for values in first.values())
    assert reported("mser-table2") == {
        ("IEMOCAP-7", "SER"): {"UA": 48.8, "WA": 59.7, "WF1": 58.4, "precision": 67.9},
        ("IEMOCAP-7", "SER+L_lec"): {"UA": 48.6, "WA": 64.7, "WF1": 64.0, "precision": 67.9},
        ("IEMOCAP-7", "MSER"): {"UA": 50.0, "WA": 62.2, "WF1": 61.1, "precision": 70.1},
        ("IEMOCAP-7", "MSER+L_lec"): {"UA": 49.1, "WA": 68.6, "WF1": 67.8, "precision": 70.2},
        ("IEMOCAP-7", "MSER-S2"): {"UA": 49.5, "WA": 66.0, "WF1": 65.0, "precision": 71.0},
        ("IEMOCAP-7", "MSER+L_lec-S2"): {"UA": 51.3, "WA": 69.0, "WF1": 68.5, "precision": 71.0},
    }

    for name in ("mser-table1", "mser-table2"):
        assert load(name).metrics == ("UA", "WA", "WF1", "precision"), "the four of the paper"


def reported(name: str) -> dict[tuple[str, str], dict[str, float]]:
    file = Path(load(name).file).with_suffix(".csv")
    numbers: dict[tuple[str, str], dict[str, float]] = {}
    with open(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            numbers.setdefault((row["setting"], row["system"]), {})[row["metric"]] = float(
                row["value"]
            )

    return numbers
