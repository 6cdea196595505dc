"""The metrics against scikit-learn, the traps of other libraries, and what order must not
change.
"""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)

from mserbench.statistics import metrics as module
from mserbench.statistics.metrics import (
    METRICS,
    best_constant,
    cells,
    confusion,
    metrics,
    recall_per_label,
)

LABELS = ["angry", "happy", "neutral", "sad"]
ANSWERS = [*LABELS, "", None, "bored"]

Rows = list[tuple[str, str | None]]
rows = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(ANSWERS)), min_size=1, max_size=40
)


def score(pairs: Rows, labels: list[str] = LABELS) -> dict[str, float]:
    return metrics(
        confusion([truth for truth, _ in pairs], [answer for _, answer in pairs], labels)
    )


@given(rows)
def test_metrics_equal_scikit_learn(pairs: Rows) -> None:
    """A board whose numbers differ from scikit-learn's could not be compared with any paper."""
    truth, answers = [label for label, _ in pairs], [answer or "" for _, answer in pairs]
    present = sorted(set(truth))

    def weighted(function):
        return function(truth, answers, labels=LABELS, average="weighted", zero_division=0)

    expected = {
        "UA": recall_score(truth, answers, labels=present, average="macro", zero_division=0),
        "WA": accuracy_score(truth, answers),
        "WF1": weighted(f1_score),
        "MF1": f1_score(truth, answers, labels=present, average="macro", zero_division=0),
        "precision": weighted(precision_score),
        "unparsed": np.mean([answer not in LABELS for answer in answers]),
    }
    assert score(pairs) == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore:A single label was found", "ignore:y_pred contains classes")
@given(
    st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=30)
)
def test_ua_is_balanced_accuracy_where_every_answer_is_a_present_label(pairs: Rows) -> None:
    """UA must be the balanced accuracy that EmoBox and others report under that name."""
    present = {truth for truth, _ in pairs}
    pairs = [pair for pair in pairs if pair[1] in present] or [("sad", "sad")]
    truth, answers = zip(*pairs, strict=True)
    assert score(pairs)["UA"] == pytest.approx(balanced_accuracy_score(truth, answers), abs=1e-12)


@given(rows, st.randoms())
def test_the_order_of_utterances_changes_nothing(pairs: Rows, random) -> None:
    """A score that depends on the order of files would differ between two machines."""
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert score(pairs) == score(shuffled)


@given(rows, st.permutations(LABELS))
def test_the_order_of_labels_changes_nothing(pairs: Rows, labels: list[str]) -> None:
    """A task that lists its labels in another order asks the same question."""
    assert score(pairs, labels) == pytest.approx(score(pairs), abs=1e-12)


@given(rows)
def test_metrics_are_fractions_of_1(pairs: Rows) -> None:
    """A value outside [0, 1] would be a percentage, or wrong."""
    assert all(0 <= value <= 1 for value in score(pairs).values())


@given(rows)
def test_an_unreadable_answer_scores_no_better_than_any_wrong_label(pairs: Rows) -> None:
    """If refusing to answer paid, a model could raise its accuracy by being unreadable."""
    unread = [(truth, answer if answer == truth else "") for truth, answer in pairs]
    assert score(unread)["UA"] == score(pairs)["UA"]
    assert score(unread)["WA"] == score(pairs)["WA"]


def test_a_label_absent_from_the_truth_is_not_a_recall_of_0() -> None:
    """The trap of inferring labels from truth and prediction: [0, 0] against [0, 1] is 0.5, not
    0.25.
    """
    result = score([("angry", "angry"), ("angry", "happy")], ["angry", "happy"])
    assert result["UA"] == 0.5
    assert result["MF1"] == pytest.approx(2 / 3)


def test_scores_do_not_depend_on_labels_that_nobody_gave() -> None:
    """A task of seven labels and one of two must agree on utterances of the two."""
    pairs: Rows = [("angry", "angry"), ("angry", "happy"), ("happy", "happy")]
    assert score(pairs, ["angry", "happy"]) == score(pairs, LABELS)


def test_a_small_example_by_hand() -> None:
    """Formulas and documentation must agree: 3 angry (2 found), 1 sad (not found, called angry)."""
    result = score([("angry", "angry"), ("angry", "angry"), ("angry", ""), ("sad", "angry")])
    assert result == pytest.approx(
        {
            "UA": (2 / 3 + 0) / 2,
            "WA": 2 / 4,
            "WF1": (3 * (2 * 2 / (3 + 3)) + 1 * 0) / 4,
            "MF1": (2 * 2 / (3 + 3) + 0) / 2,
            "precision": (3 * (2 / 3) + 1 * 0) / 4,
            "unparsed": 1 / 4,
        }
    )


def test_confusion_puts_empty_none_and_foreign_answers_into_the_last_column() -> None:
    """An answer that is dropped instead would make the test set smaller without a word."""
    counts = confusion(["sad"] * 4, ["", None, "bored", "sad"], ["happy", "sad"])
    assert counts.dtype == np.int64
    assert counts.tolist() == [[0, 0, 0], [0, 1, 3]]


def test_leading_axes_are_independent_matrices() -> None:
    """The bootstrap scores thousands of matrices at once and must get what each alone gives."""
    stack = np.random.default_rng(0).integers(0, 9, (3, 5, 4, 5)) + np.eye(4, 5, dtype=np.int64)
    together = metrics(stack)
    assert list(together) == list(METRICS)

    for at in np.ndindex(3, 5):
        assert {name: value[at] for name, value in together.items()} == metrics(stack[at])


def test_one_matrix_gives_plain_floats() -> None:
    """numpy scalars would print as np.float64(0.5) in a notebook."""
    assert {type(value) for value in score([("sad", "sad")]).values()} == {float}


def test_recall_per_label_is_nan_for_an_absent_label() -> None:
    """0 would accuse the model of missing a label that was never there."""
    recalls = recall_per_label(
        confusion(["sad", "sad", "happy"], ["sad", "", "sad"], ["happy", "sad", "fear"])
    )
    assert recalls[:2].tolist() == [0.0, 0.5]
    assert math.isnan(recalls[2])


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=30))
def test_best_constant_is_the_best_of_all_constants(truth: list[str]) -> None:
    """A floor below the best constant answer would let a model look better than knowing nothing."""
    label, best = best_constant(truth, LABELS)
    everyone = {constant: score([(true, constant) for true in truth]) for constant in LABELS}
    assert best == everyone[label]
    assert best["UA"] == pytest.approx(1 / len(set(truth)))

    for name in ("WA", "WF1", "MF1", "precision"):
        assert best[name] == max(scores[name] for scores in everyone.values())


def test_best_constant_takes_the_first_label_of_a_tie() -> None:
    """A tie that is broken by the order of files would change the board between machines."""
    assert (
        best_constant(["sad", "angry"], LABELS)[0]
        == best_constant(["angry", "sad"], LABELS)[0]
        == "angry"
    )


@pytest.mark.parametrize(
    ("truth", "prediction", "labels", "message"),
    [
        (["sad"], [], ["sad"], "truth has 1 labels but prediction 0"),
        (["sad", "calm"], ["sad", "sad"], ["sad"], "'calm' at position 1 is not one of"),
        (["sad"], ["sad"], ["sad", "sad"], "repeated"),
        (["sad"], ["sad"], ["sad", ""], "empty"),
        ([], [], [], "lack a label"),
    ],
)
def test_wrong_input_is_named(
    truth: list[str], prediction: list[str], labels: list[str], message: str
) -> None:
    """A caller's mistake that passes would become a wrong number."""
    with pytest.raises(ValueError, match=message):
        cells(truth, prediction, labels)


@pytest.mark.parametrize("counts", [np.zeros((2, 3), np.int64), np.array([[[1, 0]], [[0, 0]]])])
def test_no_utterance_has_no_score(counts: np.ndarray) -> None:
    """0 of 0 must not become 0 or NaN on a board."""
    with pytest.raises(ValueError, match="hold no utterance"):
        metrics(counts)


def test_a_matrix_without_the_unparsed_column_is_refused() -> None:
    """A square matrix from elsewhere would be read with its last label as unparsed."""
    with pytest.raises(ValueError, match=r"shape \(3, 3\), expected"):
        metrics(np.ones((3, 3), np.int64))


def test_best_constant_of_nothing_is_refused() -> None:
    """A floor of an empty task would be a made-up number."""
    with pytest.raises(ValueError, match="truth holds no utterance"):
        best_constant([], LABELS)


def test_examples_in_the_documentation_hold() -> None:
    """A wrong example would teach a wrong metric."""
    assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)
