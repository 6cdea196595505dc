"""Adaptation: which clips a model hears before it is asked, and what a run tells of it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_adapting import CODE, Centred

from mserbench import evaluate
from mserbench.contracts import Clip
from mserbench.data import dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.errors import UsageError
from mserbench.results import marks, runs
from mserbench.results.runs import Run
from mserbench.running import adapting
from mserbench.running.adapting import OTHER_SPEAKERS, SAME_SPEAKERS, Adaptation, Wish

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"
WAYS = (SAME_SPEAKERS, OTHER_SPEAKERS)
COUNTS = (1, 3, 10, 20)


@pytest.fixture(scope="module")
def target() -> Dataset:
    return dataset.load(lookup.task(TASK), None)


@pytest.fixture
def adapted(tmp_path: Path) -> Callable[..., Run]:
    def run(clips: int, **options: Any) -> Run:
        Centred.log.clear()
        out = options.pop("out", tmp_path / "runs")
        return evaluate(options.pop("model", Centred()), TASK, out=out, adapt=clips, **options)

    return run


def without_speakers(target: Dataset, names: Sequence[str | None]) -> Dataset:
    """Return the target with other speakers, in turn."""
    items = tuple(
        dataclasses.replace(
            item, utterance=dataclasses.replace(item.utterance, speaker=name, sex=None)
        )
        for item, name in zip(target.items, itertools.cycle(names), strict=False)
    )
    return dataclasses.replace(target, items=items)


# Which clips are heard


@pytest.mark.parametrize("way", WAYS)
def test_every_clip_is_scored_once_by_a_model_that_did_not_hear_it(
    target: Dataset, way: str
) -> None:
    for clips, draw in itertools.product(COUNTS, range(3)):
        folds = adapting.folds(target, Adaptation(clips, way, draw))
        scored = sorted(at for fold in folds for at in fold.scored)
        assert scored == list(range(len(target.items)))
        for fold in folds:
            keys = {target.items[at].facts.key for at in fold.scored}
            assert len(fold.heard) == clips
            assert keys.isdisjoint(target.items[at].facts.key for at in fold.heard)


def test_other_speakers_are_no_speakers_of_the_scored_clips_and_same_ones_are(
    target: Dataset,
) -> None:
    speakers = target.speakers
    for fold in adapting.folds(target, Adaptation(20, OTHER_SPEAKERS)):
        assert {speakers[at] for at in fold.heard}.isdisjoint(speakers[at] for at in fold.scored)

    for fold in adapting.folds(target, Adaptation(20, SAME_SPEAKERS)):
        assert {speakers[at] for at in fold.scored} == set(speakers)


def test_the_scored_clips_depend_on_the_way_alone_and_a_larger_number_hears_the_smaller_ones_too(
    target: Dataset,
) -> None:
    """Else a curve over N would compare other clips at each of its points."""
    for way in WAYS:
        plans = [adapting.folds(target, Adaptation(n, way, 4)) for n in COUNTS]
        assert len({tuple(fold.scored for fold in plan) for plan in plans}) == 1
        for smaller, larger in itertools.pairwise(plans):
            for few, many in zip(smaller, larger, strict=True):
                assert set(few.heard) < set(many.heard)


def test_draws_differ_and_know_no_label(target: Dataset) -> None:
    draws = {adapting.folds(target, Adaptation(3, SAME_SPEAKERS, draw)) for draw in range(20)}
    assert len(draws) == 20

    turned = dataclasses.replace(
        target, items=tuple(dataclasses.replace(item, label="sad") for item in target.items)
    )
    plan = Adaptation(10, OTHER_SPEAKERS, 1)
    assert adapting.folds(target, plan) == adapting.folds(turned, plan)


def test_the_draws_of_a_fold_hear_each_clip_equally_often(target: Dataset) -> None:
    """A draw by a hash must be no choice: of 400 draws of 10 clips each of 35 is heard in 114,
    give or take five standard deviations.
    """
    counts = np.zeros(len(target.items))
    for draw in range(400):
        for fold in adapting.folds(target, Adaptation(10, SAME_SPEAKERS, draw)):
            counts[list(fold.heard)] += 1

    share = 10 / (len(target.items) / 2)
    spread = np.sqrt(400 * share * (1 - share))
    assert np.abs(counts - 400 * share).max() < 5 * spread


def test_a_copy_of_a_scored_recording_is_not_heard(target: Dataset) -> None:
    items = list(target.items)
    # All clips of one half are the recordings of the other half once more.
    for at in range(0, len(items) - 1, 2):
        items[at + 1] = dataclasses.replace(items[at + 1], facts=items[at].facts)

    doubled = dataclasses.replace(target, items=tuple(items))
    for way in WAYS:
        for fold in adapting.folds(doubled, Adaptation(3, way)):
            heard = [doubled.items[at].facts.key for at in fold.heard]
            assert len(set(heard)) == 3
            assert set(heard).isdisjoint(doubled.items[at].facts.key for at in fold.scored)


def test_the_way_is_that_of_the_task_then_of_other_speakers_where_there_are_four(
    target: Dataset,
) -> None:
    stated = dataclasses.replace(target, task=dataclasses.replace(target.task, adapt=SAME_SPEAKERS))
    assert stated.task.hash == target.task.hash, "it is no part of the question"
    assert adapting.way_of(stated) == SAME_SPEAKERS
    assert adapting.way_of(target) == OTHER_SPEAKERS
    assert adapting.way_of(target, SAME_SPEAKERS) == SAME_SPEAKERS
    assert adapting.way_of(without_speakers(target, "abc")) == SAME_SPEAKERS
    assert adapting.way_of(without_speakers(target, [None])) == SAME_SPEAKERS
    with pytest.raises(UsageError, match="as it says itself: leave --adapt-from out"):
        adapting.way_of(stated, OTHER_SPEAKERS)


@pytest.mark.parametrize("names", ["a", [None], ["a", "b", None]])
def test_other_speakers_of_one_or_unknown_ones_are_refused_in_a_sentence(
    target: Dataset, names: Sequence[str | None]
) -> None:
    with pytest.raises(UsageError, match=r"known speaker.+ give --adapt-from same-speakers"):
        adapting.way_of(without_speakers(target, names), OTHER_SPEAKERS)


def test_more_clips_than_there_are_to_hear_are_refused_with_their_number(target: Dataset) -> None:
    with pytest.raises(UsageError, match=r"100 clips of task .+ but only 3\d of the same speakers"):
        adapting.folds(target, Adaptation(100, SAME_SPEAKERS))


def test_no_clip_is_no_adaptation(target: Dataset) -> None:
    assert Wish().of(target) is None
    (fold,) = adapting.folds(target, None)
    assert fold.scored == tuple(range(len(target.items)))
    assert fold.heard == ()


# Runs


def test_a_model_hears_the_clips_of_the_record_without_group_and_scores_all_others(
    adapted: Callable[..., Run], target: Dataset
) -> None:
    run = adapted(5)
    part = run.record.adaptation
    assert part is not None
    assert (part.clips, part.way, part.draw) == (5, OTHER_SPEAKERS, 0)
    keys = {item.utterance.id: item.facts.key for item in target.items}
    heard = [[keys[name] for name in ids] for ids in part.heard]
    assert [[clip.key for clip in clips] for clips in Centred.log] == heard
    assert all(clip.group is None for clips in Centred.log for clip in clips)

    assert run.marks[:1] == ["adapted:5"]
    assert run.record.counts.scored == len(target.items)
    assert not run.record.counts.partial
    assert marks.meanings(run.marks)[0].startswith("adapted: ")
    assert runs.read(run.folder) == run
    assert run.summary()["adaptation"]["clips"] == 5


def test_scores_are_those_of_a_model_that_heard_the_clips_of_its_half(
    adapted: Callable[..., Run], target: Dataset
) -> None:
    run = adapted(5, adapt_from=SAME_SPEAKERS, draw=3)
    scores = {row.id: row.scores for row in run.rows}
    for fold in adapting.folds(target, Adaptation(5, SAME_SPEAKERS, 3)):
        model = Centred()
        model.adapt(list(target.clips(fold.heard)))
        wanted = model.predict(list(target.clips(fold.scored)), target.task.labels)
        given = [scores[target.items[at].utterance.id] for at in fold.scored]
        np.testing.assert_allclose(given, wanted, rtol=1e-5)


def test_none_heard_is_the_run_of_ever_and_other_numbers_ways_and_draws_are_runs_of_their_own(
    adapted: Callable[..., Run], tmp_path: Path
) -> None:
    plain = evaluate(Centred(), TASK, out=tmp_path / "runs")
    assert adapted(0).folder == plain.folder
    assert "adaptation" not in json.loads((plain.folder / runs.RECORD).read_text())
    others = [
        adapted(5), adapted(5, draw=1), adapted(6), adapted(5, adapt_from=SAME_SPEAKERS)
    ]  # fmt: skip
    assert len({run.folder for run in (plain, *others)}) == 5
    assert adapted(5, draw=1).shown_again
    assert Centred.log == []


def test_a_run_that_was_cut_off_between_the_halves_goes_on_and_equals_the_whole_one(
    adapted: Callable[..., Run], tmp_path: Path
) -> None:
    class Dying(Centred):
        left = 3

        def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> Any:
            type(self).left -= 1
            if not self.left:
                signal.raise_signal(signal.SIGINT)
            return super().predict(clips, labels)

    options = {"batch_seconds": 30.0}
    with pytest.raises(KeyboardInterrupt):
        adapted(5, model=Dying(), **options)

    Dying.left = 1_000
    resumed = adapted(5, model=Dying(), **options)
    whole = adapted(5, model=Dying(), out=tmp_path / "whole", **options)
    assert resumed.rows == whole.rows
    assert resumed.record.adaptation == whole.record.adaptation


def test_a_model_that_cannot_adapt_is_refused_with_those_that_can(
    plugin: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(CODE, models=["Centred"])
    with pytest.raises(UsageError, match=r"'steady' cannot adapt .+ \(.*centred.*\)"):
        evaluate("steady", TASK, out=tmp_path, adapt=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"adapt": -1}, "adapt is int '-1'"),
        ({"adapt": 1.5}, "adapt is float '1.5'"),
        ({"adapt": 1, "draw": True}, "draw is bool 'True'"),
        ({"adapt": 1, "adapt_from": "anybody"}, "adapt_from is str 'anybody'"),
    ],
)
def test_what_is_no_count_or_way_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        evaluate(Centred(), TASK, **options)


def test_a_transductive_model_hears_all_clips_already(tmp_path: Path) -> None:
    class Hearing(Centred):
        transductive = True  # type: ignore[assignment]

    with pytest.raises(UsageError, match="is transductive with these options"):
        evaluate(Hearing(), TASK, out=tmp_path, adapt=3)


@pytest.mark.parametrize("means", [["--isolated"], ["--workers", "2"]])
def test_a_child_and_workers_give_the_run_of_one_process(
    plugin: Callable[..., Path], cli: Callable[..., Any], tmp_path: Path, means: list[str]
) -> None:
    plugin(CODE, models=["Centred"])
    words = ["run", "--model", "centred", "--task", TASK, "--adapt", 5, "--json", "--out"]
    plain = json.loads(cli(*words, tmp_path / "plain").out)[0]
    other = json.loads(cli(*words, tmp_path / "other", *means).out)[0]
    here, there = (runs.read(Path(run["run_dir"])) for run in (plain, other))
    assert here.record.key == there.record.key
    assert here.record.predictions == there.record.predictions
    assert here.record.adaptation == there.record.adaptation
    assert here.record.remoteness == there.record.remoteness


# Far, and one-sided


def test_a_run_tells_of_far_and_one_sided_answers_and_tells_it_again(
    plugin: Callable[..., Path], cli: Callable[..., Any], tmp_path: Path
) -> None:
    plugin(
        CODE.replace("abs(mean + 2.0), 0.5", "3.0, 0.5").replace("self.centre = -2.0", "pass")
        + """
    class Stubborn(Centred):
        @property
        def card(self):
            return _card("stubborn")

        def predict(self, clips, labels):
            return np.array([[label == "sad" for label in labels]] * len(clips), float)
""",
        models=["Stubborn"],
    )
    words = ["run", "--model", "stubborn", "--task", TASK, "--out", tmp_path]
    first, again = (" ".join(cli(*words).out.split()) for _ in range(2))
    for said in (first, again):
        assert "far from all that it was trained on" in said
        assert "6.0 times as far from the nearest corpus (quiet corpus)" in said
        assert (
            "100 % of its answers are 'sad', which 14 % of the clips are; where a model can" in said
        )

    (summary,) = json.loads(cli(*words, "--json").out)
    assert summary["remoteness"]["far"] is True
    assert summary["one_sided"]["label"] == "sad"


def test_near_and_even_answers_are_told_nothing_of(adapted: Callable[..., Run]) -> None:
    record = adapted(0).record
    assert record.one_sided is None
    assert record.remoteness is not None
