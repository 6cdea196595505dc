"""Label files as they come: other encodings and line ends are read, damage is named, nothing is
lost in silence.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from official import memory
from official.memory import Memory

from mserbench.contracts import Fault, Utterance
from mserbench.data import corpus, lookup
from mserbench.data.audio import is_audio
from mserbench.errors import DataError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry

TEXT = (".csv", ".txt", ".json", ".ort")
BAD = (
    b"\0",
    b"\xff\xfe",
    b"\x81",
    b'"',
    b",",
    b"\t",
    b"\n",
    b"\xc3",
    b"\x1b[",
    b"___",
    b"{",
    b"}",
)  # inserted anywhere

common = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


IEMOCAP = "IEMOCAP_full_release/Session1/dialog"
# one of each kind that a parser opens, in the small trees; stated, as building all trees takes
# seconds
FILES = {
    "crema-d": ("processedResults/summaryTable.csv",),
    "iemocap": (
        f"{IEMOCAP}/EmoEvaluation/Ses01F_impro01.txt",
        f"{IEMOCAP}/transcriptions/Ses01F_impro01.txt",
    ),
    "meld": ("MELD.Raw/dev_sent_emo.csv", "MELD.Raw/train_sent_emo.csv"),
    "mosei": ("Raw/Transcript/Segmented/Combined/--qXJuDtHPw.txt",),
    "msp-podcast": ("Labels/labels_concensus.csv",),
    "resd": ("test.csv",),
    "shemo": ("modified_shemo.json", "final text/F01A01.ort"),
}
by_file = pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name, files in FILES.items() for file in files]
)


def parsed(name: str, file: str, data: bytes) -> tuple[list[Utterance], list[str]]:
    """Return the utterances and the sentences on what is wrong, one DataError among them."""
    tree = memory.small(name)
    try:
        utterances, faults = corpus.parse(
            lookup.corpus(name), replace(tree, changed={**tree.changed, file: data})
        )
    except DataError as error:
        return [], [str(error)]

    return utterances, [fault.sentence for fault in faults]


def content(name: str, file: str) -> bytes:
    return memory.small(name).read(file)


def whole(name: str) -> dict[str, Utterance]:
    utterances, faults = corpus.parse(lookup.corpus(name), memory.small(name))
    assert not faults
    return {utterance.id: utterance for utterance in utterances}


def answer(utterance: Utterance) -> tuple[object, ...]:
    """Return what a score rests on; words and comments may be damaged without any way to see it."""
    return (
        utterance.id,
        utterance.raw_label,
        utterance.speaker,
        utterance.split,
        utterance.session,
        utterance.start,
        utterance.end,
        utterance.extra.get("corrected"),
    )


def check(name: str, file: str, data: bytes, lines_lost: int = 0) -> None:
    """Check that damaged label files give the right rows, or sentences that name the file."""
    utterances, problems = parsed(name, file, data)
    assert all(file.rpartition("/")[2] in problem or "differ" in problem for problem in problems), (
        problems
    )
    assert all("\n" not in problem and 20 < len(problem) < 1000 for problem in problems)
    if problems:
        return

    expected = whole(name)
    assert len(expected) - len({utterance.id for utterance in utterances}) <= lines_lost, (
        "rows are lost without a word"
    )
    raw_labels = {raw for counts in lookup.corpus(name).card.counts.values() for raw in counts}

    for utterance in utterances:
        if (
            utterance.raw_label in raw_labels
            and utterance.id in expected
            and "corrected" not in expected[utterance.id].extra
        ):
            assert utterance.raw_label == expected[utterance.id].raw_label


@pytest.mark.parametrize(
    "name", [name for name in sorted(registry.entries(CorpusEntry)) if memory.has_tree(name)]
)
def test_every_text_file_that_a_parser_opens_is_damaged_here(name: str) -> None:
    """A corpus added with label files of its own would else go untested."""
    tree, opened = memory.small(name), set()

    def noting(path: str) -> bytes:
        opened.add(path)
        return tree.read(path)

    corpus.parse(lookup.corpus(name), Memory(tree.names, noting))
    kinds = {(path.rpartition("/")[2].rpartition(".")[2]) for path in opened if path.endswith(TEXT)}
    assert kinds == {file.rpartition(".")[2] for file in FILES.get(name, ())}
    assert set(FILES.get(name, ())) <= opened


@by_file
def test_encodings_and_line_ends_of_other_editors_give_the_same_rows(name: str, file: str) -> None:
    """Users open label files in spreadsheets and editors, which save them anew."""
    plain = content(name, file).decode("utf-8-sig").replace("\r\n", "\n")
    expected = whole(name)
    for data in (
        plain.encode("utf-8-sig"),
        plain.encode("utf-16"),
        plain.replace("\n", "\r\n").encode(),
        plain.replace("\n", "\r").encode(),
        (plain.rstrip("\n") + "\n\n\n").encode(),
        plain.rstrip("\n").encode(),
    ):
        utterances, problems = parsed(name, file, data)
        assert problems == []
        assert {utterance.id: utterance for utterance in utterances} == expected


@by_file
@common
@given(data=st.data())
def test_a_file_cut_off_anywhere_is_named_or_loses_whole_lines_only(
    name: str, file: str, data: st.DataObject
) -> None:
    """A broken download must not turn a half label into a whole one."""
    given_bytes = content(name, file)
    cut = given_bytes[: data.draw(st.integers(0, len(given_bytes) - 1))]
    utterances, problems = parsed(name, file, cut)
    check(name, file, cut, lines_lost=len(whole(name)))
    expected = whole(name)

    # "Test" of "Test1" is a part too: of the line that is cut the label alone can be held.
    whole_lines = {answer(utterance) for utterance in utterances[:-1]}
    if not problems:
        assert whole_lines <= {answer(utterance) for utterance in expected.values()}
        assert {(utterance.id, utterance.raw_label) for utterance in utterances} <= {
            (utterance.id, utterance.raw_label) for utterance in expected.values()
        }


@by_file
@common
@given(data=st.data())
def test_lines_dropped_or_doubled_are_named_or_show_in_the_counts(
    name: str, file: str, data: st.DataObject
) -> None:
    lines = content(name, file).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    doubled = [*lines[: at + 1], lines[at], *lines[at + 1 :]]
    check(name, file, b"".join(doubled))
    check(name, file, b"".join(lines[:at] + lines[at + 1 :]), lines_lost=1)


@by_file
@common
@given(data=st.data())
def test_strange_bytes_are_named_or_do_no_harm(name: str, file: str, data: st.DataObject) -> None:
    given_bytes = content(name, file)
    at = data.draw(st.integers(0, len(given_bytes)))
    check(name, file, given_bytes[:at] + data.draw(st.sampled_from(BAD)) + given_bytes[at:])
    check(name, file, given_bytes[:at] + data.draw(st.sampled_from(BAD)) + given_bytes[at + 1 :])


@by_file
@common
@given(noise=st.binary(max_size=400))
def test_noise_in_place_of_a_file_is_no_traceback(name: str, file: str, noise: bytes) -> None:
    check(name, file, noise, lines_lost=len(whole(name)))


@by_file
def test_a_nul_is_named_with_its_file(name: str, file: str) -> None:
    given_bytes = content(name, file)
    _, problems = parsed(name, file, given_bytes[:40] + b"\0" + given_bytes[40:])
    assert any(file in problem and "is not text" in problem for problem in problems)


# ShEMO's corrected labels, as JSON


@pytest.mark.parametrize(
    "entries",
    [
        [], "text", 7, None, {"F01A01.wav": None}, {"F01A01.wav": {}},
        {"F01A01.wav": {"emotion": 7}},
        {"F01A01.wav": {"emotion": ""}}, {"no such name": {"emotion": "anger"}},
        {"F01A01.wav": [["emotion", "anger"]]},
    ],
)  # fmt: skip
def test_json_of_another_shape_is_named(entries: object) -> None:
    """A parser that trusts the shape of JSON ends in a traceback on the first file from
    elsewhere.
    """
    file = next(file for file in FILES["shemo"] if file.endswith(".json"))
    _, problems = parsed("shemo", file, json.dumps(entries).encode())
    assert problems
    assert all("modified_shemo.json" in problem for problem in problems)


def test_json_nested_without_end_is_named() -> None:
    file = next(file for file in FILES["shemo"] if file.endswith(".json"))
    _, (problem,) = parsed("shemo", file, b"[" * 100_000)
    assert "is not JSON" in problem


# What only the reader of the whole corpus can see


@pytest.mark.parametrize("name", ["meld", "iemocap", "msp-podcast", "resd"])
def test_a_row_that_stands_twice_is_a_problem_of_the_corpus(name: str, tmp_path: Path) -> None:
    """Else the second label of a recording would be dropped without a word."""
    tree = memory.small(name)
    for file in tree.names:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(b"" if is_audio(file) else tree.read(file))

    label_file = tmp_path / FILES[name][0]
    lines = label_file.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines[2:], start=2) if line.strip())
    label_file.write_bytes(b"".join([*lines, lines[at]]))
    problems = corpus.read(lookup.corpus(name), tmp_path).problems
    assert any("twice" in problem or FILES[name][0] in problem for problem in problems)


# Faults reach the user with file and line


@pytest.mark.parametrize(
    ("name", "suffix", "old", "new", "words"),
    [
        (
            "iemocap",
            "EmoEvaluation/Ses01F_impro01.txt",
            b"\tneu\t",
            b"\tneu ",
            "line 3: [START - END], turn, emotion",
        ),
        ("meld", "test_sent_emo.csv", b'"00:14:01,127"', b"soon", "line 3: {'StartTime': 'soon'}"),
        (
            "resd",
            "test.csv",
            b",anger\n",
            b",fear\n",
            "one row for each recording, with the emotion whose letter",
        ),
    ],
)
def test_a_bad_line_is_named_by_file_and_line(
    name: str, suffix: str, old: bytes, new: bytes, words: str
) -> None:
    file = next(file for file in memory.tree(name).labels if file.endswith(suffix))
    tree = memory.tree(name)
    changed = tree.read(file).replace(old, new, 1)
    assert changed != tree.read(file)
    utterances, faults = corpus.parse(lookup.corpus(name), replace(tree, changed={file: changed}))
    assert len(utterances) >= len(memory.utterances(name)) - 1
    (fault,) = faults
    assert isinstance(fault, Fault)
    assert fault.sentence.startswith(f"label file {file!r}, line ")
    assert words in fault.sentence
