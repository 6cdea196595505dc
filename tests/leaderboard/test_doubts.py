"""Results that are hardly possible are named for a person, and floors are made again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench import evaluate
from mserbench.cards import Exposure
from mserbench.data import corpus, dataset, lookup
from mserbench.results import runs
from mserbench.results.predictions import Prediction
from mserbench_leaderboard import audit, floors, store
from mserbench_leaderboard.doubts import doubts
from mserbench_leaderboard.entries import BoardRun
from mserbench_leaderboard.published import Published
from tests.leaderboard.conftest import LABELS, MakeRun, toy_items, toy_task, trained

ITEMS = toy_items(toy_task())
SCORES = {label: tuple(float(at == place) for place in range(3)) for at, label in enumerate(LABELS)}


def answering(answer: Callable[[int], str]) -> list[Prediction]:
    """Return rows that answer by the position in the order of names."""
    return [
        Prediction(name, truth, answer(at), SCORES[answer(at)])
        for at, (name, truth) in enumerate(zip(ITEMS.ids, ITEMS.truth, strict=True))
    ]


def entry(run: runs.Run) -> BoardRun:
    return store.load(run.folder)


def test_an_ordinary_run_is_not_doubted(make_run: MakeRun) -> None:
    for seed in range(20):
        assert doubts(entry(make_run(right=0.7, seed=seed)), [], []) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda at: ITEMS.truth[at], "36 of 36 answers equal the labels"),
        (lambda at: LABELS[at // 12], "do they follow the order of the files"),
        (lambda at: LABELS[at // 2 % 2], "equal the one 4 clip(s) before"),
        (lambda at: LABELS[0], "all clips have the same scores"),
    ],
)
def test_what_is_hardly_possible_is_named(
    make_run: MakeRun, answer: Callable[[int], str], words: str
) -> None:
    (doubt,) = doubts(entry(make_run(rows=answering(answer))), [], [])
    assert words in doubt
    assert "to be looked at by a person" in doubt


def test_far_above_the_best_that_was_trained_on_the_corpus_is_named(make_run: MakeRun) -> None:
    learnt = (Exposure("toy-a-corpus", ("eo",), "emotion-labels", "card"),)
    trained = entry(make_run(None, "own", seed=1, right=0.3, exposures=learnt))
    strong = entry(make_run(None, "good", seed=2, right=0.9))
    (doubt,) = doubts(strong, [trained], [])
    assert "is far above" in doubt
    assert trained.place in doubt
    assert doubts(trained, [strong], []) == []

    paper = Published("toy-a", "S", "in-corpus", "p", "t", "s", "", {"UA": "70.0"})
    assert "(S)" in doubts(strong, [], [paper])[0]
    unlearnt = Published(**{**_fields(paper), "exposure": "cross-corpus"})
    (doubt,) = doubts(strong, [], [unlearnt])
    assert "far above the 70.0 % of the best known (S)" in doubt
    near = Published(**{**_fields(unlearnt), "values": {"UA": "80.0"}})
    assert doubts(strong, [], [near]) == []


def _fields(paper: Published) -> dict[str, object]:
    return {name: getattr(paper, name) for name in Published.__dataclass_fields__}


@pytest.mark.parametrize("model", ["prior", "random"])
def test_a_floor_is_made_again_and_a_forged_one_is_found(tmp_path: Path, model: str) -> None:
    """Whoever raises the floor, or lowers it, changes what every other system is worth."""
    run = evaluate(model, "emodb-sample", out=tmp_path)
    assert audit.findings(store.load(run.folder)) == []

    path = run.folder / runs.PREDICTIONS
    with open(path, newline="") as file:
        head, first, *lines = csv.reader(file)

    first[3:-1] = reversed(first[3:-1])
    first[3] = "0.875"
    best = max(range(3, len(first) - 1), key=lambda at: float(first[at]))
    first[2] = head[best].removeprefix("score_")
    path.write_text("".join(",".join(row) + "\n" for row in (head, first, *lines)))

    record = json.loads((run.folder / runs.RECORD).read_text())
    record["predictions"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (run.folder / runs.RECORD).write_text(json.dumps(record))
    runs.rewrite_record(runs.rescored(runs.read(run.folder)))
    assert any("when it is run again" in fault for fault in audit.findings(store.load(run.folder)))


def test_a_clip_that_is_not_heard_has_the_seed_of_one_that_is() -> None:
    """Else `random` made again would be another."""
    task = lookup.task("emodb-sample")
    item = dataset.load(task, corpus.data_folder(None)).items[0]
    unheard = floors._unheard("emodb-sample", item.utterance.id)
    assert unheard.seed == item.clip("emodb-sample").seed


def test_answers_of_another_model_are_named(make_run: MakeRun) -> None:
    """Mistakes are as good as a signature: nobody makes the same ones."""
    first = make_run(None, "good", right=0.6, seed=3)
    copied = entry(make_run(None, "mine", right=0.6, seed=3))
    (doubt,) = doubts(copied, [entry(first)], [])
    assert f"100.0 % of its answers equal those of run {entry(first).place!r}" in doubt

    # Another seed of the same model may well agree, and another model makes other mistakes.
    assert doubts(copied, [entry(make_run(None, "mine", right=0.6, seed=3))], []) == []
    assert doubts(copied, [entry(make_run(None, "other", right=0.6, seed=4))], []) == []

    # A checkpoint that is made of the other's weights says so itself.
    own = entry(make_run(None, "own", right=0.6, seed=3, weights=trained(1)))
    recipe = f"{trained(1)['recipe']} && python -m made"
    checkpoint = entry(make_run(None, "made", right=0.6, seed=3, recipe=recipe))
    assert doubts(checkpoint, [own], []) == doubts(own, [checkpoint], []) == []


def test_answers_by_speaker_are_named(make_run: MakeRun) -> None:
    assert ITEMS.clusters is not None
    speakers = ITEMS.clusters
    rows = answering(lambda at: LABELS[(speakers[at] or 0) % 3])
    assert any(
        "do they follow the speaker" in d for d in doubts(entry(make_run(rows=rows)), [], [])
    )


def test_clips_that_failed_and_one_answer_for_all_are_named(make_run: MakeRun) -> None:
    rows = [
        Prediction(row.id, row.label, "happy", (0.4, 0.3, 0.3)) if at % 4 else row
        for at, row in enumerate(answering(lambda at: LABELS[at % 3]))
    ]
    assert any("75 % of the clips have the same scores" in d
               for d in doubts(entry(make_run(rows=rows)), [], []))  # fmt: skip

    rows = [
        Prediction(name, truth, "happy", (0.9 + at / 1_000, 0.05, 0.05))
        for at, (name, truth) in enumerate(zip(ITEMS.ids, ITEMS.truth, strict=True))
    ]
    (doubt,) = doubts(entry(make_run(rows=rows)), [], [])
    assert "all clips have the same answer" in doubt
