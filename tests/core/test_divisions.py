"""Published splits and folds: which part each utterance is in, and that the files are the published
ones.
"""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Utterance
from mserbench.data import dataset, divisions, lookup
from mserbench.errors import DataError, PluginError, UnknownName
from mserbench.plugins import registry

WORD = st.text("abc01:_- é", min_size=1, max_size=6).filter(
    lambda word: word == word.strip() and word != "*"
)


def utterance(identity: str, **fields: object) -> Utterance:
    return dataclasses.replace(Utterance(identity, f"{identity}.wav", "x", None, "de"), **fields)


def card_with(**tables: tuple[str, str, dict[str, str]]) -> CorpusCard:
    """A card whose divisions are (kind, field, part by value)."""
    divisions_made = {
        name: Division(name, field, "", kind, "", tuple(rows.items()))  # type: ignore[arg-type]
        for name, (kind, field, rows) in tables.items()
    }

    return dataclasses.replace(lookup.corpus("emodb").card, divisions=divisions_made)


SESSIONS = {str(number): str(number) for number in range(1, 4)}
CARD = card_with(
    sessions=("folds", "session", SESSIONS),
    official=("split", "split", {"train": "train", "dev": "dev", "test": "test"}),
    chosen=("split", "id", {"a": "test", "b": "dev", "*": "train"}),
    halves=("folds", "speaker", {"x": "train", "y": "other"}),
)
UTTERANCES = [
    utterance("a", session="1", split="train", speaker="x"),
    utterance("b", session="2", split="test", speaker="y"),
    utterance("c", session="3", split="dev"),
    utterance("d", session="9"),
]


def ids(part: str) -> str:
    return "".join(utterance.id for utterance in divisions.belonging(CARD, part, UTTERANCES))


@pytest.mark.parametrize(
    ("part", "ids_of_part"),
    [
        ("sessions.1", "a"),
        ("sessions.not-1", "bc"),  # d is in no session of the table: in no part, nor in the others
        ("official.test", "b"),
        ("official.not-test", "ac"),
        ("chosen.test", "a"),
        ("chosen.train", "cd"),
        ("chosen.not-test", "bcd"),
        ("halves.train", "a"),
        ("halves.not-train", "b"),
        ("3", "c"),  # only one division has it
        ("not-3", "ab"),
    ],
)
def test_a_part_holds_its_utterances_and_not_part_all_others(part: str, ids_of_part: str) -> None:
    """One utterance on the wrong side is what this harness exists to prevent."""
    assert ids(part) == ids_of_part


@pytest.mark.parametrize(
    "part", ["train", "sessions.4", "sesions.1", "not-train", "", "sessions.", "*"]
)
def test_an_unknown_or_ambiguous_part_names_those_there_are(part: str) -> None:
    with pytest.raises(UnknownName, match="'mserbench data show emodb' lists all") as caught:
        ids(part)

    assert repr(part.rpartition(".")[0] or part) in str(caught.value) or repr(part) in str(
        caught.value
    )


def test_all_parts_are_listed_by_division() -> None:
    assert divisions.all_parts(card_with(one=("folds", "speaker", {"x": "b", "y": "a"}))) == [
        "one.a",
        "one.b",
    ]


@given(
    st.dictionaries(WORD, st.sampled_from(["train", "dev", "test"]), min_size=1, max_size=8),
    st.lists(WORD),
)
def test_a_part_and_its_complement_are_disjoint_and_cover_what_is_listed(
    table: dict[str, str], more: list[str]
) -> None:
    card = card_with(d=("split", "id", table))
    utterances = [utterance(identity) for identity in {*table, *more}]
    for part in divisions.parts(card, "d").names:
        inside = {utterance.id for utterance in divisions.belonging(card, f"d.{part}", utterances)}
        outside = {
            utterance.id for utterance in divisions.belonging(card, f"d.not-{part}", utterances)
        }
        assert inside == {identity for identity, of in table.items() if of == part}
        assert inside | outside == set(table)
        assert not inside & outside


def test_values_come_from_fields_then_from_extra_and_absent_ones_are_none() -> None:
    example = utterance(
        "a", speaker="s", extra={"video": "v", "speaker": "shadow", "split": "of extra"}
    )
    assert divisions.value_of(example, "speaker") == "s"
    assert divisions.value_of(example, "video") == "v"
    assert divisions.value_of(example, "split") == "of extra", (
        "a field that is None is looked for in extra"
    )
    assert divisions.value_of(example, "session") is None
    assert divisions.value_of(example, "extra") is None, "a mapping is no value"
    assert divisions.value_of(utterance("a", start=1.5), "start") == "1.5"


@given(
    st.dictionaries(WORD, WORD, min_size=1, max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_a_table_is_read_as_it_is_written(table: dict[str, str], end: str, mark: bool) -> None:
    text = end.join(["speaker,part", *(f"{value},{part}" for value, part in table.items())]) + end
    parts_read = divisions.parse("t.csv", text.encode("utf-8-sig" if mark else "utf-8"))
    assert parts_read == divisions.Parts("speaker", table)
    assert parts_read.names == sorted(set(table.values()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the columns"),
        ("speaker,part\n", ""),
        ("speaker,role\na,train\n", "line 1: the columns"),
        ("speaker,part\na,train\na,test\n", "line 3: each speaker must have one part"),
        ("speaker,part\na,\n", "line 2: each speaker must have one part"),
        ("speaker,part\n,train\n", "line 2: each speaker must have one part"),
        ("speaker,part\na,train,more\n", "line 2: 3 fields were found, 2 expected"),
        ('speaker,part\n"a,train\n', "line 2: "),
    ],
)
def test_a_wrong_table_is_named_with_its_line(text: str, words: str) -> None:
    if not words:
        assert divisions.parse("t.csv", text.encode()).names == []
        return

    with pytest.raises(DataError, match=words) as caught:
        divisions.parse("t.csv", text.encode())

    assert "'t.csv'" in str(caught.value)


def test_a_changed_table_is_not_used() -> None:
    """Someone edits a split file: numbers made with it must not pass for the published protocol."""
    published = lookup.corpus("ravdess").card.divisions["emobox"]
    changed = dataclasses.replace(published, sha256=hashlib.sha256(b"another").hexdigest())
    card = dataclasses.replace(CARD, divisions={"emobox": changed})

    with pytest.raises(PluginError, match="is not the one its card names by hash"):
        divisions.parts(card, "emobox")


def test_every_division_that_is_registered_is_the_published_file_and_is_of_use() -> None:
    """Its table must be read, a split must have what one trains and tests on, folds must be
    several.
    """
    from mserbench.plugins.hookspecs import CorpusEntry

    n_checked = 0
    for name in registry.entries(CorpusEntry):
        card = lookup.corpus(name).card
        for title, division in card.divisions.items():
            names = set(divisions.parts(card, title).names)
            assert names >= {"train", "test"} if division.kind == "split" else len(names) > 1, (
                name,
                title,
            )
            assert division.source, (name, title)
            assert all(not part.startswith("not-") and "." not in part for part in names), (
                name,
                title,
            )
            n_checked += 1

    assert n_checked > 5


def test_a_part_of_a_task_is_a_task_of_another_hash() -> None:
    whole, part = lookup.task("ravdess"), lookup.task("ravdess:emobox.1")
    assert (part.name, part.part, part.expected) == ("ravdess:emobox.1", "emobox.1", None)
    assert part.hash != whole.hash
    folds = [
        {utterance.id for utterance, _ in dataset.truth(lookup.task(f"ravdess:emobox.{n}"), None)}
        for n in range(1, 7)
    ]
    everything = {utterance.id for utterance, _ in dataset.truth(whole, None)}
    assert set().union(*folds) == everything
    assert sum(map(len, folds)) == len(everything), "an utterance is in two folds"
    outside = {
        utterance.id for utterance, _ in dataset.truth(lookup.task("ravdess:emobox.not-1"), None)
    }
    assert outside == everything - folds[0]


def test_an_unknown_division_offers_near_names() -> None:
    """Else a slip in a name would divide by nothing."""
    with pytest.raises(UnknownName, match="division of corpus 'emodb'"):
        divisions.parts(CARD, "none")
