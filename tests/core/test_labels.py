"""How a free answer is read: one label or none, never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.labels import (
    CANONICAL,
    DROP,
    LONGEST,
    SYNONYMS,
    canonical_subset,
    read_answer,
)


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("happy", "happy"),
        ("HAPPY.", "happy"),
        ("The speaker sounds **angry**!", "angry"),
        ("emotion: sadness", "sad"),
        ("sad, deeply sad", "sad"),
        ("<sad>", "sad"),
        ("fear_", "fear"),
        ("Überraschung? surprise", "surprise"),
    ],
)
def test_one_label_is_read(answer: str, label: str) -> None:
    assert read_answer(answer, CANONICAL) == label


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "   ",
        "\0",
        "sad or angry",
        "not happy",
        "The speaker isn't happy",
        "He isn’t happy",
        "I don't think it is happy",
        "It wasn't sad",
        "I cannot say happy",
        "neither",
        "unhappy",
        "happyish",
        "melancholy",
        "calm",  # a label of other tasks
        "7",
    ],
)
def test_no_label_two_labels_or_a_negation_cannot_be_read(answer: str) -> None:
    assert read_answer(answer, CANONICAL) is None


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("happy", "happiness joy joyful"),
        ("sad", "sadness sorrow"),
        ("angry", "anger mad"),
        ("surprise", "surprised astonished astonishment"),
        ("disgust", "disgusted"),
        ("fear", "fearful afraid scared"),
        ("neutral", "neutrality"),
        ("calm", "calmness"),
        ("boredom", "bored boring"),
        ("enthusiasm", "enthusiastic"),
        ("excited", "excitement"),
        ("frustrated", "frustration"),
    ],
)
def test_other_forms_of_a_word_are_its_label(label: str, words: str) -> None:
    labels = (*CANONICAL, "calm", "boredom", "enthusiasm", "excited", "frustrated")
    assert {read_answer(word, labels) for word in words.split()} == {label}


def test_the_labels_of_both_papers_in_their_order() -> None:
    assert CANONICAL == ("neutral", "happy", "sad", "angry", "surprise", "disgust", "fear")


def test_the_mark_of_what_is_dropped_is_part_of_a_tasks_hash() -> None:
    """Another one would make every published run one of another task."""
    assert DROP == "<drop>"


def test_a_negation_is_one_in_capitals_too() -> None:
    assert read_answer("NOT happy", CANONICAL) is None
    assert read_answer("Happy? Never.", CANONICAL) is None


@pytest.mark.parametrize("answer", ["high spirits", "High_Spirits", "in high   spirits!"])
def test_labels_of_several_words_are_read_whole(answer: str) -> None:
    """The shorter label inside must not win, nor an underscore or a capital decide."""
    labels = ("high", "High_Spirits")
    assert read_answer(answer, labels) == "High_Spirits"


def test_the_longest_answer_is_read_and_a_longer_one_is_not() -> None:
    """Another limit would read other answers than those that published results count."""
    assert LONGEST == 20_000
    assert read_answer("happy".ljust(20_000), CANONICAL) == "happy"
    assert read_answer("happy".ljust(20_001), CANONICAL) is None


def test_a_word_that_is_no_label_leads_to_none_of_them() -> None:
    assert read_answer("joy", ("sad",)) is None
    assert read_answer("happy", ()) is None


def test_a_synonym_counts_only_where_its_label_is_asked_for() -> None:
    assert read_answer("boring", CANONICAL) is None
    assert read_answer("boring", (*CANONICAL, "boredom")) == "boredom"


def test_a_label_beats_a_synonym_of_another() -> None:
    assert read_answer("joy", ("joy", "happy")) == "joy"


@given(st.text(), st.sampled_from(CANONICAL))
def test_whatever_is_said_is_one_of_the_labels_or_none(text: str, label: str) -> None:
    assert read_answer(text, CANONICAL) in {None, *CANONICAL}
    assert read_answer(f"{label} {text}", CANONICAL) in {label, None}, (
        "a second label wins over the first"
    )


def test_synonyms_lead_to_no_other_synonym() -> None:
    assert not set(SYNONYMS) & set(CANONICAL)
    assert not set(SYNONYMS) & set(SYNONYMS.values())


def test_the_canonical_subset_keeps_the_order() -> None:
    assert canonical_subset(("boredom", "sad", "happy")) == ("sad", "happy")
