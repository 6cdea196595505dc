"""What a run could have reached: labels a model cannot give, floors, and what its clips can show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mserbench import evaluate
from mserbench.data import fewer_labels, lookup
from mserbench.errors import UsageError
from mserbench.results import reach
from mserbench.results.predictions import Prediction
from mserbench.results.runs import Run
from mserbench.statistics.compare import smallest_difference
from mserbench.statistics.power import detectable_difference

TASK = "emodb-sample"
FOUR = """
    class Four(Model):
        labels = ("neutral", "happy", "sad", "angry", "surprise")
        card = property(lambda self: _card("four"))

        def predict(self, clips, labels):
            scores = _scores(clips, labels)
            scores[:, [label not in self.labels for label in labels]] = 0
            return scores


    class Silent(Four):
        card = property(lambda self: _card("silent"))
        labels = ()


    class Words(Four):
        card = property(lambda self: _card("words"))

        def predict(self, clips, labels):
            return _scores(clips, labels)
"""


@pytest.fixture
def run(plugin: Callable[..., Path], tmp_path: Path) -> Callable[[str], Run]:
    plugin(FOUR, models=["Four", "Silent", "Words"])
    return lambda name: evaluate(name, TASK, out=tmp_path / "runs")


def test_a_model_of_four_labels_cannot_pass_57_of_seven(run: Callable[[str], Run]) -> None:
    """If that were not told, 50 of 57 would look like half of what is possible."""
    finished = run("four")
    assert finished.record.knows == ("neutral", "happy", "sad", "angry")
    assert "covers:4/7" in finished.marks

    covered = reach.coverage(finished)
    assert covered.ceiling["UA"] == pytest.approx(4 / 7)
    assert covered.lacking == ("disgust", "fear", "boredom")
    assert not covered.by_answers
    assert covered.shared is not None
    assert covered.shared.n == 40, "ten clips of each of the shared labels"

    # Nothing right is lost among clips of the labels that it knows.
    assert covered.shared.metrics["UA"] == pytest.approx(finished.metrics["UA"] * 7 / 4)
    assert finished.summary()["coverage"]["ceiling"]["UA"] == covered.ceiling["UA"]


def test_answers_are_no_proof_of_what_a_model_knows(run: Callable[[str], Run]) -> None:
    """A model that does not tell may know what it never said: no mark may claim otherwise."""
    finished = run("silent")
    assert finished.record.knows is None
    assert not [mark for mark in finished.marks if mark.startswith("covers")]
    assert reach.coverage(finished).by_answers


def test_a_model_that_weighs_labels_beyond_its_own_knows_them(run: Callable[[str], Run]) -> None:
    """A language model learnt five labels and reads seven: it has no ceiling."""
    finished = run("words")
    assert finished.record.knows == finished.labels
    assert not reach.coverage(finished).is_told


def test_a_ceiling_counts_the_labels_in_the_truth_alone() -> None:
    rows = [Prediction(f"{n}", label, "happy") for n, label in enumerate(["happy", "sad", "sad"])]
    assert reach.known_labels(rows, ("happy", "sad", "fear"), ("happy",)) == ("happy",)
    assert reach.known_labels(rows, ("happy", "sad"), ()) is None


def test_random_answerers_fall_within_the_range_that_is_told() -> None:
    labels = ["happy", "sad", "angry"]
    truth = ["happy"] * 30 + ["sad"] * 8 + ["angry"] * 4
    floors = reach.floors(truth, labels)
    assert (floors.label, floors.chance) == ("happy", pytest.approx(1 / 3))

    draws = np.random.default_rng(1)
    right = draws.integers(0, 3, (4_000, len(truth))) == [labels.index(label) for label in truth]
    recalls = [right[:, [name == label for name in truth]].mean(axis=1) for label in labels]
    reached = np.mean(recalls, axis=0)
    within = (reached >= floors.range[0]) & (reached <= floors.range[1])
    assert within.mean() == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("speakers", "labels", "clips"), [(24, 7, 8), (6, 5, 20), (91, 6, 12)])
def test_even_speakers_show_what_the_formula_says(speakers: int, labels: int, clips: int) -> None:
    """Two figures of one thing must not differ: the board uses the formula."""
    simulated = detectable_difference(np.full((speakers, labels), clips))
    assert simulated == pytest.approx(
        smallest_difference(speakers * labels * clips, speakers), rel=0.06
    )


def test_uneven_speakers_show_less() -> None:
    """Ten speakers of whom one has most clips are not ten speakers."""
    even, uneven = np.full((10, 4), 20), np.full((10, 4), 8)
    uneven[0] = 128
    assert even.sum() == uneven.sum()
    assert detectable_difference(uneven) > 1.5 * detectable_difference(even)
    assert detectable_difference(np.full((3, 4), 20)) is None
    assert detectable_difference(np.full((3_000, 4), 1)) < 0.02


def test_some_labels_of_a_task_are_a_question_of_their_own() -> None:
    """If they shared a key, the run of two labels would be shown for that of seven."""
    whole, fewer = lookup.task(TASK), lookup.task(f"{TASK}:labels(sad+happy)")
    assert fewer.name == f"{TASK}:labels(happy+sad)", "in the order of the task"
    assert fewer.labels == ("happy", "sad")
    assert sum(fewer.counts.values()) == 20
    assert fewer.hash != whole.hash
    assert lookup.task(fewer.name) == fewer
    assert fewer_labels.asked(whole, whole.labels[::-1]) == whole


@pytest.mark.parametrize("labels", [["happy", "hapy"], ["happy"], ["happy", "happy"], [""]])
def test_labels_that_are_none_are_refused(labels: list[str]) -> None:
    with pytest.raises(UsageError, match=r"give two or more different ones of neutral, happy"):
        fewer_labels.asked(lookup.task(TASK), labels)


def test_run_tells_the_ceiling_and_the_floors(cli, run: Callable[[str], Run]) -> None:
    run("four")
    text = " ".join(cli("run", "--model", "four", "--task", TASK).out.split())
    for words in (
        "can give 4 of 7 labels, not disgust, fear, boredom: its UA cannot pass 57.1",
        "clips of the shared labels only: UA",
        "always 'neutral' is the best constant answer",
        "random answers 14.3 14.3",
        "(in 4 of 5 tries)",
    ):
        assert words in text, words

    done = cli("run", "--model", "four", "--task", TASK, "--labels", "sad,happy", "--json")
    assert '"n": 20' in done.out
    assert '"fewer labels"' in done.out
