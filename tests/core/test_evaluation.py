"""The one loop: what models may return, who is blamed for what, and that a run goes on where it
stopped.
"""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mserbench import evaluate
from mserbench.cards import Exposure, ModelCard
from mserbench.contracts import Clip
from mserbench.data import dataset, lookup
from mserbench.errors import DataError, ModelError, UnknownName, UsageError
from mserbench.model import Model
from mserbench.results import runs
from mserbench.results.runs import Run
from mserbench.running.lookup import model_class

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"
Said = Callable[[Sequence[Clip], Sequence[str]], Any]


class Probe(Model):
    """A model of one function, with a card of its own."""

    def __init__(
        self, answer: Said, name: str = "probe", exposure: tuple[Exposure, ...] = ()
    ) -> None:
        super().__init__()
        self.said, self.name, self.exposed = answer, name, exposure
        self.asked: list[int] = []

    @property
    def card(self) -> ModelCard:
        return ModelCard(self.name, self.name, "1", "", "", self.exposed, True)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        self.asked.append(len(clips))
        return self.said(clips, labels)


def by_key(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
    return (
        np.array(
            [[int(clip.key[2 * i : 2 * i + 2], 16) for i in range(len(labels))] for clip in clips]
        )
        / 7.0
    )


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Run]:
    def run(answer: Said = by_key, **options: Any) -> Run:
        return evaluate(
            Probe(answer),
            options.pop("task", TASK),
            **{"out": tmp_path / "runs", "limit": 12, **options},
        )

    return run


Ask = Callable[..., Run]


# Facts that a model tells of a run


class Telling(Probe):
    told: Any = None

    def facts(self, labels: Sequence[str]) -> Any:
        return self.told(labels)


def telling(tmp_path: Path, facts: Callable[[Sequence[str]], Any]) -> Run:
    model = Telling(by_key)
    model.told = facts
    return evaluate(model, TASK, out=tmp_path / "runs", limit=12, fresh=True)


def test_what_a_model_tells_stands_in_the_record_and_in_no_key(ask: Ask, tmp_path: Path) -> None:
    plain = ask()
    assert plain.record.facts == {"ties": 0}
    run = telling(
        tmp_path,
        lambda labels: {"prompt": "Emotion:", "tokens": dict.fromkeys(labels, 1), "on": (True,)},
    )
    assert run.folder == plain.folder
    assert run.metrics == plain.metrics
    facts = runs.read(run.folder).record.facts
    assert facts == {
        "prompt": "Emotion:",
        "tokens": dict.fromkeys(run.labels, 1),
        "on": [True],
        "ties": 0,
    }


def test_clips_whose_two_highest_scores_are_equal_are_counted(ask: Ask, tmp_path: Path) -> None:
    """The order of the labels decides these, not the model; also of a run that was cut off before
    the last of them.
    """

    def said(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        highest = [(0.5, 0.5 + 1e-12, 0.5)[int(clip.key[0], 16) % 3] for clip in clips]
        return [[0.5, score, *[0.1] * (len(labels) - 2)] for score in highest]

    whole = ask(said, limit=None)
    expected = sum(
        int(item.facts.key[0], 16) % 3 != 1 for item in dataset.load(lookup.task(TASK), None).items
    )
    assert whole.record.facts == {"ties": expected}
    calls: list[int] = []

    def dying(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        calls.append(len(clips))
        if len(calls) == 2:
            # As Ctrl-C does it: one that code raises is an error of that code.
            signal.raise_signal(signal.SIGINT)
        return said(clips, labels)

    with pytest.raises(KeyboardInterrupt):
        ask(dying, limit=None, out=tmp_path / "again", batch_seconds=30.0)

    resumed = ask(said, limit=None, out=tmp_path / "again", batch_seconds=30.0)
    assert resumed.record.facts == {"ties": expected}
    assert (
        ask(lambda clips, labels: ["sad"] * len(clips), out=tmp_path / "text").record.facts is None
    )


@pytest.mark.parametrize(
    "facts",
    [[1], "text", {"a": float("nan")}, {"a": {"\ud800": 1}}, {"a": [object()]}, {"a": 1e999}],
)
def test_facts_that_no_record_can_hold_are_the_models_fault(tmp_path: Path, facts: Any) -> None:
    with pytest.raises(ModelError, match="facts"):
        telling(tmp_path, lambda labels: facts)


def test_a_record_with_facts_of_another_form_is_refused(tmp_path: Path) -> None:
    run = telling(tmp_path, lambda labels: {"a": 1})
    path = run.folder / "run.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"a": 1', '"a": "\\ud800"'), encoding="utf-8"
    )

    with pytest.raises(DataError, match="'facts' must be"):
        runs.read(run.folder)


# Answers


def test_scores_become_predictions_metrics_and_files(ask: Ask) -> None:
    run = ask(limit=None)
    assert (len(run.rows), run.summary()["n"]) == (70, 70)
    assert set(run.metrics) == {"UA", "WA", "WF1", "MF1", "precision", "unparsed"}
    assert (
        run.record.predictions.sha256
        == hashlib.sha256((run.folder / "predictions.csv").read_bytes()).hexdigest()
    )
    assert run.verdict == "zero-shot"


def test_text_answers_are_read_and_the_rest_counts_as_wrong(ask: Ask) -> None:
    calls: list[int] = []

    def once_unclear(clips: Sequence[Clip], labels: Sequence[str]) -> list[str]:
        calls.append(len(clips))
        return [
            *["neutrality"] * (len(clips) - 1),
            "happy or sad" if len(calls) == 1 else "neutral",
        ]

    run = ask(once_unclear, limit=None)
    assert run.record.counts.unparsed == 1
    assert run.metrics["unparsed"] == pytest.approx(1 / 70)
    right = sum(row.prediction == row.label for row in run.rows)
    assert run.metrics["WA"] == pytest.approx(right / 70), (
        "an answer that cannot be read is left out"
    )


def test_an_answer_of_any_characters_is_kept(ask: Ask) -> None:
    odd = 'happy\r\n"quoted", \0 half \ud83d \U0001f600'
    run = ask(lambda clips, labels: [odd] * len(clips))
    assert {row.prediction for row in run.rows} == {"happy"}
    assert {row.answer for row in run.rows} == {'happy\n"quoted", ? half ? \U0001f600'}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda clips, labels: np.zeros((len(clips), 3)),
            r"returned float64 of shape \(\d+, 3\), but numbers of shape",
        ),
        (lambda clips, labels: np.zeros(len(clips)), r"of shape \(\d+,\)"),
        (lambda clips, labels: np.zeros((len(clips) + 1, 7)), r"of shape \(\d+, 7\)"),
        (lambda clips, labels: np.zeros((0, 7)), r"of shape \(0, 7\)"),
        (
            lambda clips, labels: np.full((len(clips), 7), np.nan),
            "returned NaN or infinite scores: they must be finite",
        ),
        (
            lambda clips, labels: np.full((len(clips), 7), -np.inf),
            "returned NaN or infinite scores",
        ),
        (lambda clips, labels: np.zeros((len(clips), 7), dtype=complex), "returned complex128"),
        (
            lambda clips, labels: [[0.0] * 7] * len(clips) + [[0.0]],
            "returned rows of different lengths",
        ),
        (
            lambda clips, labels: ["sad"] * (len(clips) + 1),
            r"gave \d+ answers for \d+ clips: one a clip was expected",
        ),
        (lambda clips, labels: [], r"gave 0 answers for \d+ clips"),
        (lambda clips, labels: ["sad"] * (len(clips) - 1) + [None], "text answers were expected"),
        (lambda clips, labels: None, r"returned object of shape \(\)"),
        (lambda clips, labels: {"sad": 1.0}, r"returned object of shape \(\)"),
        (lambda clips, labels: 1 / 0, "failed while predicting a batch with clip"),
        (lambda clips, labels: open("/no/such/file"), "FileNotFoundError"),  # noqa: SIM115
    ],
)
def test_a_model_that_breaks_its_contract_is_named(ask: Ask, answer: Said, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        ask(answer)

    assert "model 'probe'" in str(caught.value), "nobody knows whom to tell"
    assert caught.value.exit_code == 4


def test_a_model_s_missing_file_is_not_blamed_on_the_run_folder(ask: Ask) -> None:
    def no_weights(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        raise FileNotFoundError(2, "No such file or directory", "model.bin")

    with pytest.raises(ModelError, match=r"FileNotFoundError: .*model\.bin"):
        ask(no_weights)


def test_scores_of_small_types_are_taken(ask: Ask) -> None:
    for kind in (np.float16, np.float32, np.int8, np.uint8):
        run = ask(
            lambda clips, labels, kind=kind: np.eye(7, dtype=kind)[np.ones(len(clips), dtype=int)],
            fresh=True,
        )
        assert {row.prediction for row in run.rows} == {"happy"}


# The order of things


def test_a_corpus_is_checked_before_any_model_loads(
    plugin: Callable[..., Path], build_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(
        """
        class Loud(Model):
            def __init__(self, *_):
                raise RuntimeError("no such layer")

            card = None

            def predict(self, clips, labels):
                raise NotImplementedError
        """,
        models=["Loud"],
    )
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    (data / "emodb/wav/03a01Nc.wav").write_bytes(b"")

    with pytest.raises(DataError) as caught:
        evaluate("loud", "emodb", data=data, out=tmp_path / "runs")

    assert "2 problem(s)" in str(caught.value)
    with pytest.raises(
        ModelError, match=r"model 'loud' failed while loading \(RuntimeError: no such layer\)"
    ):
        evaluate("loud", TASK, out=tmp_path / "runs")


def test_unknown_names_come_before_the_data(tmp_path: Path, plugin: Callable[..., Path]) -> None:
    plugin()
    for model, task, near in (
        ("staedy", TASK, "'steady'"),
        ("steady", "emodb-sampel", "'emodb-sample'"),
    ):
        with pytest.raises(UnknownName, match=f"is not known; did you mean .*{near}") as caught:
            evaluate(model, task, data=tmp_path / "nowhere", out=tmp_path)

        assert caught.value.exit_code == 2


def test_a_device_that_the_model_has_not_is_refused(
    tmp_path: Path, plugin: Callable[..., Path]
) -> None:
    plugin()
    with pytest.raises(
        UsageError, match="model 'steady' runs on cpu, not on 'cuda:1': give another --device"
    ):
        evaluate("steady", TASK, device="cuda:1", out=tmp_path)


def test_odd_clips_are_scored(tmp_path: Path, build_corpus: Callable[..., Path]) -> None:
    data = build_corpus()
    wav = data / "emodb/wav"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 300 * 8_000)
    for stem, samples in (
        ("03a01Fa", np.zeros(16_000)),  # silent
        ("03a01Nc", noise[:800]),  # 0.05 s
        ("03a01Wa", noise),  # 5 minutes at 8 kHz
        ("03a02Fc", noise[:9_600].reshape(-1, 2)),  # stereo
        ("03a02Nc", noise[:28_800].reshape(-1, 6)),  # 5.1
    ):
        soundfile.write(wav / f"{stem}.wav", samples, 8_000 if len(samples) > 1e6 else 16_000)

    lengths: list[int] = []
    run = evaluate(
        Probe(
            lambda clips, labels: (
                [lengths.append(len(clip.waveform)) for clip in clips] and by_key(clips, labels)
            )
        ),
        "emodb",
        data=data,
        out=tmp_path / "runs",
    )
    assert run.record.counts.scored == 535
    assert max(lengths) == pytest.approx(300 * 16_000, abs=10)
    assert min(lengths) == 800
    warnings = " ".join(run.record.warnings)
    assert all(
        words in warnings for words in ("is digital silence", "lasts only 0.050 s", "lasts 300 s")
    )


# Once more


def test_a_finished_run_is_shown_again_and_fresh_asks_again(ask: Ask) -> None:
    first = ask()
    batch_sizes: list[int] = []

    def noted(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        batch_sizes.append(len(clips))
        return by_key(clips, labels)

    shown_run = ask(noted)
    assert not batch_sizes
    assert shown_run.summary() == first.summary()
    assert ask(noted, fresh=True).rows == first.rows
    assert sum(batch_sizes) == 12


@pytest.mark.parametrize("batches", [1, 2, 4])
def test_a_model_that_failed_goes_on_with_the_batches_it_lacks(
    ask: Ask, batches: int, tmp_path: Path
) -> None:
    sizes_before: list[int] = []

    def fails(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        if len(sizes_before) == batches:
            raise RuntimeError("out of memory")

        sizes_before.append(len(clips))
        return by_key(clips, labels)

    with pytest.raises(ModelError, match="out of memory"):
        ask(fails, batch_seconds=4.0)

    sizes_after: list[int] = []
    resumed = ask(
        lambda clips, labels: sizes_after.append(len(clips)) or by_key(clips, labels),
        batch_seconds=4.0,
    )
    assert sum(sizes_after) == 12 - sum(sizes_before), "answers that were kept are asked for again"
    whole = ask(out=tmp_path / "other", batch_seconds=4.0)
    assert (resumed.folder / "predictions.csv").read_bytes() == (
        whole.folder / "predictions.csv"
    ).read_bytes()


def test_a_resumed_run_took_the_seconds_of_all_its_sessions(ask: Ask, tmp_path: Path) -> None:
    """If only the last session counted, a run killed near its end would look like a fast one."""
    calls: list[int] = []

    def slow_then_dead(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        calls.append(len(clips))
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)

        time.sleep(0.3)
        return by_key(clips, labels)

    for _ in range(2):
        calls.clear()
        with pytest.raises(KeyboardInterrupt):
            ask(slow_then_dead, limit=None, batch_seconds=12.0)

    resumed = ask(by_key, limit=None, batch_seconds=12.0)
    assert resumed.record.seconds is not None
    assert resumed.record.seconds["predict"] >= 4 * 0.3
    assert set(resumed.record.seconds) == {"prepare", "predict", "score"}


def test_batches_of_another_size_go_on_too(ask: Ask) -> None:
    def fails_late(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        if clips[0].seconds < 2.0:
            raise RuntimeError("stop")
        return by_key(clips, labels)

    with pytest.raises(ModelError, match="stop"):
        ask(fails_late, batch_seconds=3.0)

    assert len(ask(batch_seconds=100.0).rows) == 12


def test_contents_make_the_folder_and_nothing_else(ask: Ask, tmp_path: Path) -> None:
    first = ask()
    assert ask(out=tmp_path / "elsewhere", batch_seconds=9.0).folder.name == first.folder.name
    assert ask(limit=13).folder.name != first.folder.name
    assert first.folder.parent == tmp_path / "runs" / TASK


def test_a_fault_of_the_folder_is_told_with_its_remedy(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        DataError, match=r"cannot be written \(Not a directory\): make room or give another --out"
    ):
        ask(out=tmp_path / "file")


def test_a_damaged_finished_run_says_how_to_start_anew(ask: Ask) -> None:
    run = ask()
    (run.folder / "predictions.csv").write_text("id\n")
    with pytest.raises(DataError, match="run it again with --fresh"):
        ask()

    assert len(ask(fresh=True).rows) == 12


def test_a_clip_that_went_away_during_the_run_is_named(
    build_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    data = build_corpus()

    def removes(clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        for path in (data / "emodb/wav").iterdir():
            path.unlink()
        return by_key(clips, labels)

    with pytest.raises(DataError, match=r"audio file '.*' does not exist: unpack the corpus again"):
        evaluate(Probe(removes), "emodb", data=data, out=tmp_path / "runs", batch_seconds=1.0)


def test_progress_ends_with_all_clips(ask: Ask) -> None:
    steps: list[tuple[int, int]] = []
    ask(batch_seconds=5.0, progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert steps[-1] == (12, 12)


# Small and odd runs


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_run_of_very_few_clips_has_numbers(ask: Ask, limit: int) -> None:
    run = ask(limit=limit)
    assert run.record.counts.partial
    assert 0.0 <= run.metrics["UA"] <= 1.0
    json.dumps(run.summary(), allow_nan=False)


def test_clips_of_no_canonical_label_have_no_canonical_numbers(
    build_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    data = build_corpus()
    for path in (data / "emodb/wav").iterdir():
        if path.stem[5] != "L":
            path.unlink()

    run = evaluate(Probe(by_key), "emodb", data=data, out=tmp_path / "runs", allow_partial=True)
    assert run.record.counts.scored == 81
    assert run.record.canonical is None


# Weights and exposure of a model that the caller made


def test_weights_of_an_instance_count_for_key_and_verdict(
    plugin: Callable[..., Path], tmp_path: Path
) -> None:
    from mserbench import train

    plugin()
    kind = model_class("trainee")
    runs = []

    for name, options in (("german", {}), ("less", {"allow_partial": False})):
        folder = train("trainee", [TASK], tmp_path / name, **options)
        (folder / "weights.json").write_text(name)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"]["weights.json"] = hashlib.sha256(name.encode()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))
        runs.append(evaluate(kind(weights=folder), TASK, out=tmp_path / "runs"))

    assert runs[0].folder != runs[1].folder, (
        "the second weights would show the numbers of the first"
    )
    assert [run.verdict for run in runs] == ["leaked", "leaked"]
    assert runs[0].record.model.weights.name == "german"


def test_a_model_that_trained_on_the_corpus_is_not_zero_shot(tmp_path: Path) -> None:
    trained_on = Exposure("emodb", ("de",), "emotion-labels", "paper")
    run = evaluate(Probe(by_key, exposure=(trained_on,)), TASK, out=tmp_path / "runs", limit=5)
    assert run.verdict == "in-corpus"
    assert run.reasons == ("trained on corpus emodb (paper)",)
