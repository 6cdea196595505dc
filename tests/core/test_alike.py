"""Sentences that differ in names alone become one; what differs otherwise stays by itself."""

from __future__ import annotations

import doctest

from mserbench.report import alike


def test_thousands_of_one_kind_are_one_line_with_count_and_three_names() -> None:
    lines = alike.together(
        [
            "the only one of its kind",
            *(f"clip 'a{n}' lasts only 0.0{n} s: it is scored as it is" for n in range(2_000)),
            *(f"label file 't.csv', line {n}: 3 fields were found" for n in range(4)),
        ]
    )
    assert lines == [
        "the only one of its kind",
        "clip 'a0' lasts only 0.00 s: it is scored as it is (and 1999 more like this: 'a1', 'a2', "
        "...)",
        "label file 't.csv', line 0: 3 fields were found (and 3 more like this: line 1, line 2, "
        "...)",
    ]


def test_few_of_a_kind_are_shown_one_by_one() -> None:
    few = [f"utterance 'u{n}' is missing" for n in range(alike.FEW)]
    assert alike.together(few) == few


def test_names_with_quotes_and_apostrophes_are_names() -> None:
    names = ["it's", 'say "so"', "both ' and \"", "plain"]
    (line,) = alike.together(f"the card's file {name!r} is missing" for name in names)
    assert line.startswith("the card's file \"it's\" is missing (and 3 more like this: ")


def test_equal_sentences_need_no_name() -> None:
    assert alike.together(["as before"] * 9) == ["as before (and 8 more like this)"]


def test_the_example_of_its_documentation_holds() -> None:
    assert doctest.testmod(alike).failed == 0
