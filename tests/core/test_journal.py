"""The journal of a run: whatever was added is there again, and whatever is damaged is told."""

from __future__ import annotations

import json
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
    ],
)
def test_a_damaged_line_names_file_line_and_remedy(tmp_path: Path, line: bytes) -> None:
    whole = filled(tmp_path / "j").split(b"\n")
    (tmp_path / "j").write_bytes(b"\n".join([*whole[:2], line, *whole[3:]]))
    with pytest.raises(
        DataError, match=r"journal '.*j', line 3 is damaged .*: give --fresh to start anew"
    ):
        Journal(tmp_path / "j", "k")


def test_a_row_with_too_few_scores_is_damage(tmp_path: Path) -> None:
    """If it were taken, the best label would be sought among scores that are not there."""
    path = tmp_path / "j"
    Journal(path, "k", 3).close()
    with path.open("a") as file:
        file.write('{"rows": [["a", [0.5, 0.5], ""]]}\n')

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
    assert json.loads((tmp_path / "j").read_bytes().splitlines()[0]) == {"schema": 1, "key": "k"}
