"""Tags of languages: those that there are, and those that are one language to the verdict."""

from __future__ import annotations

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes.data_dicts import MACROLANGUAGES

from mserbench import languages

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("tag", ["de", "deu", "cmn", "gsw", "bar", "de-AT", "zh-Hant-TW", "mul"])
def test_a_language_that_there_is(tag: str) -> None:
    assert languages.is_language(tag)
    assert languages.fault([tag]) == ""


@pytest.mark.parametrize(
    "tag",
    ["", "de-", "de-x", "de-1", "de-u", "de-a-b", "de-DE-DE-DE", "de_DE", "DE", "german", "zz",
     "qqq", "qaa", "de\n", "\ud800", "d\u0435", "de-" + "a" * 40, None, 5, ["de"]],
)  # fmt: skip
def test_what_is_no_language_is_one_printable_sentence(tag: object) -> None:
    """A malformed tag ended the program as its own fault; 'zz' made a model zero-shot everywhere."""
    fault = languages.fault([tag])
    assert "was expected" in fault
    assert fault.isprintable()
    assert len(fault) < 200


def test_short_codes_are_those_of_the_table() -> None:
    """They are written out only because the table is slow to import."""
    pairs = [a + b for a in ALPHABET for b in ALPHABET]
    assert [tag for tag in pairs if languages.is_language(tag)] == [
        tag for tag in pairs if langcodes.tag_is_valid(tag)
    ]
    members = {tag: whole for tag, whole in MACROLANGUAGES.items() if len(tag) == 2}
    assert {tag: languages.group(tag) for tag in members} == members


@pytest.mark.parametrize(
    ("tag", "group"),
    [("de", "de"), ("deu", "de"), ("ger", "de"), ("de-AT", "de"), ("gsw", "de"), ("bar", "de"),
     ("gsw-CH", "de"), ("cmn", "zh"), ("yue", "zh"), ("zh-Hant-TW", "zh"), ("nb", "no"),
     ("hr", "sh"), ("sr", "sh"), ("id", "ms"), ("zsm", "ms"), ("arz", "ar"), ("pes", "fa"),
     ("scn", "it"), ("nl", "nl"), ("mul", "mul")],
)  # fmt: skip
def test_dialects_and_members_are_their_language(tag: str, group: str) -> None:
    """Who trained on Mandarin has seen Chinese: else another code would make it zero-shot."""
    assert languages.group(tag) == group


@given(st.text(max_size=12))
def test_no_text_raises(tag: str) -> None:
    languages.group(tag)
    assert languages.is_language(tag) or languages.fault([tag])
