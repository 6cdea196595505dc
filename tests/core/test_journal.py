"""The journal of a run: whatever was added is there again, and whatever is damaged is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench.errors import DataError
from mserbench.results.journal import Answer, Journal

Rows = list[tuple[str, Answer]]
BATCHES: list[Rows] = [
    [("a", ((0.25, 1e-300), "")), ("b", ((1.0, -0.0), ""))],
    [("c", ((), 'sad,\n"really" \u2028 \U0001f600'))],
    [("d", ((0.1 + 0.2, 1 / 3), ""))],
]


def filled(path: Path, key: str = "k") -> bytes:
    journal = Journal(path, key)
    for batch in BATCHES:
        journal.add(batch)

    journal.close()
    return path.read_bytes()


def test_what_was_added_is_there_again(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    assert Journal(tmp_path / "j", "k").answers == {
        name: answer for batch in BATCHES for name, answer in batch
    }


def test_the_seconds_of_earlier_sessions_are_summed(tmp_path: Path) -> None:
    """If only the last session counted, a run that was cut off would look like a fast one."""
    for session in ({"prepare": 2.0, "predict": 1.5}, {"prepare": 0.25}):
        journal = Journal(tmp_path / "j", "k")
        journal.add(BATCHES[0], session)
        journal.add(BATCHES[1], {"predict": 0.5})
        journal.close()

    assert Journal(tmp_path / "j", "k").seconds == {"prepare": 2.25, "predict": 2.5}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_at_any_byte_it_resumes_with_whole_batches(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    whole = filled(path)
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    journal = Journal(path, "k")
    prefixes = [
        dict(pair for batch in BATCHES[:n] for pair in batch) for n in range(len(BATCHES) + 1)
    ]
    assert journal.answers in prefixes

    for batch in BATCHES[prefixes.index(journal.answers) :]:
        journal.add(batch)

    journal.close()
    assert path.read_bytes() == whole, "a resumed journal is not the uninterrupted one"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 99_999,
        b'{"rows": 5}',
        b'{"rows": [["a", [NaN], ""]]}',
        b'{"rows": [["a", [1e999], ""]]}',
        b'{"rows": [["a", ["x"], ""]]}',
        b'{"rows": [[5, [0.5], ""]]}',
        b'{"rows": [["a", [0.5], 5]]}',
        b'{"rows": [["a", [0.5]]]}',
        b'{"rows": [], "seconds": 5}',
        b'{"rows": [], "seconds": {"predict": "x"}}',
        b'{"rows": [], "seconds": {"predict": -1}}',
        b'{"rows": [], "seconds": {"predict": NaN}}',
    ],
)
def test_a_damaged_line_names_file_line_and_remedy(tmp_path: Path, line: bytes) -> None:
    whole = filled(tmp_path / "j").split(b"\n")
    (tmp_path / "j").write_bytes(b"\n".join([*whole[:2], line, *whole[3:]]))
    with pytest.raises(
        DataError, match=r"journal '.*j', line 3 is damaged .*: give --fresh to start anew"
    ):
        Journal(tmp_path / "j", "k")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[]", "it is no object"),
        ('"check"', "it is no object"),
        ('{"rows": [[5, [0.5], ""]]}', "an answer is not id, finite scores and text"),
        ('{"rows": [["b", [0.5], 5]]}', "an answer is not id, finite scores and text"),
        ('{"rows": [["b", [0.5, NaN], ""]]}', "an answer is not id, finite scores and text"),
        ('{"rows": [["b", [0.5, 1e999], ""]]}', "an answer is not id, finite scores and text"),
        ('{"rows": [], "seconds": {"predict": -0.5}}', "predict did not take -0.5 seconds"),
        ('{"rows": [], "seconds": {"predict": NaN}}', "predict did not take nan seconds"),
        ('{"rows": [], "seconds": {"predict": Infinity}}', "predict did not take inf seconds"),
    ],
)
def test_what_no_hash_tells_is_looked_at_itself(tmp_path: Path, line: str, reason: str) -> None:
    """Lines of a journal from before they were checked have no hash that damage would break."""
    path = tmp_path / "j"
    path.write_text(f'{{"schema": 1, "key": "k"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        Journal(path, "k")

    assert f"line 2 is damaged ({reason}): give" in str(caught.value)


@pytest.mark.parametrize("line", ["[]", "5", '"check"', "null"])
def test_a_first_line_that_is_no_object_says_so(tmp_path: Path, line: str) -> None:
    (tmp_path / "j").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"line 1 is damaged \(it is no object\)"):
        Journal(tmp_path / "j", "k")


def test_seconds_are_kept_to_the_thousandth_and_none_is_a_number_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "k")
    journal.add(BATCHES[0], {"prepare": 0.0, "predict": 1.23449})
    journal.close()
    assert Journal(tmp_path / "j", "k").seconds == {"prepare": 0.0, "predict": 1.234}


def test_a_row_with_too_few_scores_is_damage(tmp_path: Path) -> None:
    """If it were taken, the best label would be sought among scores that are not there."""
    path = tmp_path / "j"
    short = Journal(path, "k")
    short.add([("a", ((0.5, 0.5), ""))])
    short.close()

    with pytest.raises(DataError, match=r"line 2 is damaged .*has 2 scores, but the task has 3"):
        Journal(path, "k", 3)


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "j", key="other")
    with pytest.raises(DataError, match="it belongs to another run"):
        Journal(tmp_path / "j", "k")


def test_a_refused_journal_is_left_as_it_is(tmp_path: Path) -> None:
    before = filled(tmp_path / "j", key="other")
    with pytest.raises(DataError):
        Journal(tmp_path / "j", "k")

    assert (tmp_path / "j").read_bytes() == before


def test_each_batch_is_on_disk_when_add_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "k")
    for n, batch in enumerate(BATCHES, start=2):
        journal.add(batch)
        assert len((tmp_path / "j").read_bytes().splitlines()) == n

    journal.close()


def test_each_batch_is_forced_to_disk_when_add_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the system's memory holds is gone after a power cut, and the hours with it."""
    forced: list[tuple[int, int]] = []  # (number of the file, its bytes) at each fsync

    def noted(handle: int) -> None:
        state = os.fstat(handle)
        forced.append((state.st_ino, state.st_size))

    monkeypatch.setattr(os, "fsync", noted)
    journal = Journal(tmp_path / "j", "k")
    file, folder = (tmp_path / "j").stat().st_ino, tmp_path.stat().st_ino
    assert folder in dict(forced), "the name of a new journal could vanish"

    for batch in BATCHES:
        journal.add(batch)
        assert forced[-1] == (file, (tmp_path / "j").stat().st_size)

    journal.close()


def test_what_was_added_is_at_hand_without_reading_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "k")
    journal.add(BATCHES[0])
    assert journal.answers == dict(BATCHES[0])
    journal.close()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    """An open one would hold its file on systems that cannot remove a file in use."""
    journal = Journal(tmp_path / "j", "k")
    journal.close()
    with pytest.raises(ValueError, match="closed"):
        journal.add(BATCHES[0])


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_could_not_be_read_again_is_not_written(tmp_path: Path, score: float) -> None:
    before = filled(tmp_path / "j")
    journal = Journal(tmp_path / "j", "k")
    with pytest.raises(ValueError, match="JSON"):
        journal.add([("e", ((score,), ""))])

    journal.close()
    assert (tmp_path / "j").read_bytes() == before


def test_a_full_disk_raises_and_loses_nothing(tmp_path: Path) -> None:
    script = dedent("""
        import resource, sys
        from pathlib import Path
        from mserbench.results.journal import Journal

        resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
        journal = Journal(Path(sys.argv[1]), "k")
        added = 0
        try:
            while True:
                journal.add([(f"id{added}", ((0.5, 0.25), ""))])
                added += 1
        except OSError:
            pass
        journal.close()  # must not try to write again
        print(added)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "j"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    added = int(done.stdout)
    assert (tmp_path / "j").stat().st_size == 400, "the disk was not full"
    assert list(Journal(tmp_path / "j", "k").answers) == [f"id{n}" for n in range(added)]
    assert added > 3


def test_answers_are_kept_to_the_last_bit(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    assert Journal(tmp_path / "j", "k").answers["d"][0] == (0.1 + 0.2, 1 / 3)
    first = json.loads((tmp_path / "j").read_bytes().splitlines()[0])
    assert first.items() >= {"schema": 1, "key": "k"}.items()


def test_a_line_that_was_changed_added_or_left_out_is_refused(tmp_path: Path) -> None:
    """Else an editor could give a run that was cut off the answers of one's choice."""
    lines = filled(tmp_path / "j").splitlines(keepends=True)
    changed = lines[1].replace(b"0.25", b"0.75")
    added = b'{"rows": [["z", [0.5], ""]]}\n'
    for forged in (
        [lines[0], changed, *lines[2:]],
        [*lines[:2], *lines[3:]],
        [*lines, added],
        [lines[0], lines[2], lines[1], lines[3]],
    ):
        (tmp_path / "j").write_bytes(b"".join(forged))
        with pytest.raises(DataError, match="was changed, or a line before it"):
            Journal(tmp_path / "j", "k")


def test_a_journal_from_before_lines_were_checked_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "j").write_text(
        '{"schema": 1, "key": "k"}\n{"rows": [["a", [0.5], ""]]}\n', encoding="utf-8"
    )
    journal = Journal(tmp_path / "j", "k")
    journal.add([("b", ((0.25,), ""))])
    journal.close()
    assert sorted(Journal(tmp_path / "j", "k").answers) == ["a", "b"]
