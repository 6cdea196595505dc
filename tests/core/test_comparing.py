"""Who is right where, and how alike two runs answer: by hand, and against what others compute."""

from __future__ import annotations

import doctest
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

import mserbench
from mserbench.results import disagreeing
from mserbench.results.comparing import Compared
from mserbench.results.disagreeing import Pair
from mserbench.results.predictions import Prediction
from mserbench.statistics import agreement
from mserbench.telling.clips import ClipFacts, LookedUp
from mserbench.telling.comparison import ComparisonFacts
from mserbench_leaderboard.entries import Items
from tests.leaderboard.conftest import toy_task, write_run

LABELS = ("happy", "sad")

# id, speaker, truth, answer and scores of A, of B: all that is expected below follows by hand.
CLIPS = [
    ("c0", 0, "happy", "happy", (0.9, 0.1), "happy", (0.8, 0.2)),
    ("c1", 0, "sad", "sad", (0.1, 0.9), "happy", (0.6, 0.4)),
    ("c2", 1, "happy", "sad", (0.4, 0.6), "happy", (0.9, 0.1)),
    ("c3", 1, "sad", "sad", (0.2, 0.8), "sad", (0.1, 0.9)),
    ("c4", 2, "happy", "sad", (0.3, 0.7), "", ()),
    ("c5", 2, "sad", "happy", (0.7, 0.3), "happy", (0.9, 0.1)),
    ("c6", 3, "happy", "happy", (0.7, 0.3), "sad", (0.2, 0.8)),
    ("c7", 3, "sad", "sad", (0.2, 0.8), "happy", (0.55, 0.45)),
]


def compared(folder: Path, clips: list[tuple] = CLIPS) -> Compared:
    """Return the comparison of two runs that answer as these clips say."""
    task = toy_task("by-hand", LABELS)
    items = Items(
        tuple(clip[0] for clip in clips),
        tuple(clip[2] for clip in clips),
        tuple(clip[1] for clip in clips),
    )
    rows_a = [Prediction(clip[0], clip[2], clip[3], clip[4]) for clip in clips]
    rows_b = [Prediction(clip[0], clip[2], clip[5], clip[6]) for clip in clips]
    runs = [
        write_run(folder, task, name, items=items, rows=rows, partial=True)
        for name, rows in (("a", rows_a), ("b", rows_b))
    ]
    return mserbench.compare(*runs)


def test_the_flips_of_each_label_by_hand(tmp_path: Path) -> None:
    """A column that is swapped, or of answers in place of truth, would send a reader astray."""
    happy, sad = compared(tmp_path).by_label
    counts = [
        (part.name, part.clips, part.both_right, part.only_a, part.only_b, part.both_wrong)
        for part in (happy, sad)
    ]
    assert counts == [("happy", 4, 1, 1, 1, 1), ("sad", 4, 1, 2, 0, 1)]
    assert (happy.a, happy.b, happy.difference) == (0.5, 0.5, 0)
    assert (sad.a, sad.b, sad.difference) == (0.75, 0.25, 0.5)

    # The differences of the four speakers are 1, 0, 0 and 1: t at 3 degrees of freedom is 3.18245.
    assert sad.interval == pytest.approx((0.5 - 3.18245 / 12**0.5, 1.0), abs=1e-4)
    assert happy.interval == (-1.0, 1.0), "no difference of recalls lies further out"


def test_the_flips_of_each_speaker_by_hand(tmp_path: Path) -> None:
    facts = ComparisonFacts(compared(tmp_path), LookedUp({}))
    rows = [
        (part.name, part.difference, part.both_right, part.only_a, part.only_b, part.both_wrong)
        for part in facts.speakers
    ]
    assert rows == [
        ("1", -0.5, 1, 0, 1, 0),
        ("2", 0.0, 0, 0, 0, 2),
        ("0", 0.5, 1, 1, 0, 0),
        ("3", 1.0, 0, 2, 0, 0),
    ]

    # With the corpus at hand speakers have names, and clips files.
    clips = {clip[0]: ClipFacts(1.0, f"speaker {clip[1]}", f"{clip[0]}.wav") for clip in CLIPS}
    named = ComparisonFacts(facts.compared, LookedUp(clips)).to_json()
    assert [part["name"] for part in named["speakers"]] == [f"speaker {at}" for at in (1, 2, 0, 3)]
    assert named["disagreements"][0]["file"] == "c1.wav"


def test_how_alike_they_answer_by_hand(tmp_path: Path) -> None:
    both = compared(tmp_path)
    assert both.answers == [[2, 1, 0], [3, 1, 1], [0, 0, 0]]
    assert both.agreement.same == 3 / 8
    assert both.agreement.kappa == pytest.approx(-1 / 39)
    assert both.agreement.errors == pytest.approx(1 / 17)
    assert both.agreement.either == 6 / 8


def test_what_both_are_surest_of_comes_first(tmp_path: Path) -> None:
    """Whoever listens to ten clips should hear those that tell the two apart."""
    clips = compared(tmp_path).disagreements
    assert [clip.id for clip in clips] == ["c1", "c6", "c2", "c7", "c4"]
    assert [clip.rank for clip in clips] == [0.375, 0.375, 0.125, 0.125, None]
    assert clips[0].scores_a == (0.9, 0.1)
    assert clips[0].scores_b == (0.4, 0.6)
    assert (clips[-1].answer_b, clips[-1].scores_b) == ("", (None, None))


def test_without_scores_the_order_is_that_of_the_ids(tmp_path: Path) -> None:
    clips = [(*clip[:4], (), clip[5], ()) for clip in CLIPS]
    ordered = compared(tmp_path, clips).disagreements
    assert [clip.id for clip in ordered] == ["c1", "c2", "c4", "c6", "c7"]
    assert all(clip.rank is None for clip in ordered)


def test_where_one_alone_has_scores_these_order(tmp_path: Path) -> None:
    clips = [(*clip[:4], (), *clip[5:]) for clip in CLIPS]
    ordered = compared(tmp_path, clips).disagreements
    assert [clip.id for clip in ordered] == ["c2", "c6", "c1", "c7", "c4"]


def test_a_label_on_which_nothing_flips_has_no_interval(tmp_path: Path) -> None:
    """Zero points with an interval of no width would say that nobody could ever differ."""
    clips = [clip if clip[2] == "happy" else (*clip[:5], clip[3], clip[4]) for clip in CLIPS]
    sad = compared(tmp_path, clips).by_label[1]
    assert (sad.difference, sad.interval) == (0, None)

    # As little as where two flips of one speaker cancel.
    right, wrong = ("sad", ()), ("happy", ())
    answers = [(right, wrong), (wrong, right), *[(right, right)] * 6]
    clips = [(f"c{at}", at // 2, "sad", *of_a, *of_b) for at, (of_a, of_b) in enumerate(answers)]
    (sad,) = compared(tmp_path, clips).by_label
    assert (sad.only_a, sad.only_b, sad.interval) == (1, 1, None)


def test_clips_without_a_speaker_are_no_speaker_s(tmp_path: Path) -> None:
    clips = [(clip[0], None if clip[1] == 2 else clip[1], *clip[2:]) for clip in CLIPS]
    facts = ComparisonFacts(compared(tmp_path, clips), LookedUp({}))
    assert [part.name for part in facts.speakers] == ["1", "0", "3"]
    assert facts.unattributed == 2


answered = st.lists(
    st.tuples(
        st.sampled_from(LABELS),
        st.sampled_from([*LABELS, ""]),
        st.sampled_from([*LABELS, ""]),
        st.integers(0, 5),
        st.tuples(*[st.floats(-9, 9)] * 4),
    ),
    min_size=1,
    max_size=40,
)


def pairs_of(rows: list[tuple]) -> list[Pair]:
    return [
        Pair(
            Prediction(f"{at:02}", truth, answer_a, scores[:2]),
            Prediction(f"{at:02}", truth, answer_b, scores[2:]),
            speaker,
        )
        for at, (truth, answer_a, answer_b, speaker, scores) in enumerate(rows)
    ]


@given(answered)
def test_kappa_is_that_of_another_library(rows: list[tuple]) -> None:
    pairs = pairs_of(rows)
    answers_a, answers_b = ([row[at] for row in rows] for at in (1, 2))
    alike = disagreeing.alike(pairs, LABELS)
    assert alike.same == np.mean([a == b for a, b in zip(answers_a, answers_b, strict=True)])

    if len({*answers_a, *answers_b}) > 1:
        theirs = cohen_kappa_score(answers_a, answers_b)
        assert alike.kappa == pytest.approx(theirs)
    else:
        assert alike.kappa is None, "chance explains all where there is but one answer"


@given(answered)
def test_parts_add_up_and_turn_round_with_the_runs(rows: list[tuple]) -> None:
    """Each clip counts once, and nothing but its sign depends on which run is called A."""
    pairs = pairs_of(rows)
    turned = [Pair(pair.b, pair.a, pair.speaker) for pair in pairs]
    both_ways = [
        [*disagreeing.by_label(each, LABELS, False), *disagreeing.by_speaker(each, LABELS)]
        for each in (pairs, turned)
    ]
    for part, mirrored in zip(*both_ways, strict=True):
        assert part.clips == part.both_right + part.only_a + part.only_b + part.both_wrong
        assert (part.only_a, part.a) == (mirrored.only_b, mirrored.b)
        assert part.difference == pytest.approx(-mirrored.difference)
        assert -1 <= (part.interval or (-1,))[0] <= part.difference + 1e-9

    by_label = both_ways[0][: len({row[0] for row in rows})]
    assert sum(part.clips for part in by_label) == len(rows)
    assert sum(part.only_a for part in by_label) == sum(row[1] == row[0] != row[2] for row in rows)


@given(answered)
def test_no_disagreement_is_lost_and_the_order_is_that_of_ranks(rows: list[tuple]) -> None:
    pairs = pairs_of(rows)
    clips = disagreeing.disagreements(pairs, LABELS)
    assert sorted(clip.id for clip in clips) == [
        f"{at:02}" for at, row in enumerate(rows) if row[1] != row[2]
    ]

    ranks = [-1 if clip.rank is None else clip.rank for clip in clips]
    assert all(before >= after for before, after in pairwise(ranks))
    turned = disagreeing.disagreements([Pair(pair.b, pair.a) for pair in pairs], LABELS)
    assert [clip.id for clip in turned] == [clip.id for clip in clips]


def test_counts_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        agreement.crossed(["sad"], [], LABELS)

    assert agreement.kappa(np.zeros((2, 2), dtype=np.int64)) is None
    assert doctest.testmod(agreement).failed == 0
