"""Results that earlier versions wrote still load: one real run of each form that was ever committed.

`tests/schemas/` holds runs out of the history of the leaderboard, with the bytes that they had then:
of each form of a record (schema, keys of its parts) the smallest one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mserbench.checking.device_key import device_key
from mserbench.errors import DataError
from mserbench.results import runs
from mserbench.results.record import READ

FOLDERS = sorted((Path(__file__).parents[1] / "schemas").iterdir())


def names(folder: Path) -> str:
    return folder.name


def test_every_schema_that_is_read_has_a_run() -> None:
    schemas = {json.loads((folder / runs.RECORD).read_text())["schema"] for folder in FOLDERS}

    assert schemas == set(READ)


@pytest.mark.parametrize("folder", FOLDERS, ids=names)
def test_run_of_an_earlier_version_loads(folder: Path) -> None:
    stated = json.loads((folder / runs.RECORD).read_text(encoding="utf-8"))
    run = runs.read(folder)

    assert len(run.rows) == stated["counts"]["scored"]
    assert run.metrics == pytest.approx(stated["metrics"], abs=1e-9)
    assert (run.record.task.name, run.verdict) == (
        stated["task"]["name"], stated["verdict"]["verdict"],
    )  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS, ids=names)
def test_numbers_of_today_follow_from_its_predictions(folder: Path) -> None:
    run = runs.read(folder)

    assert runs.rescored(run).record == run.record


@pytest.mark.parametrize("folder", FOLDERS, ids=names)
def test_record_of_this_schema_is_written_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    text = (folder / runs.RECORD).read_text(encoding="utf-8")
    if json.loads(text)["schema"] != max(READ):
        return  # its statistics are of another kind, and written as those of today

    runs.rewrite_record(runs.Run(tmp_path, runs.read(folder).record))

    assert (tmp_path / runs.RECORD).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("folder", FOLDERS, ids=names)
def test_it_tells_of_no_device_and_says_what_to_do(folder: Path) -> None:
    with pytest.raises(DataError, match="run it again with --fresh, or give --device-key KEY"):
        device_key(runs.read(folder).record)


def test_first_records_called_the_question_the_hash_of_the_task() -> None:
    """Before the audio went into it; both are of one question, as its clips and labels are."""
    first, later = (runs.read(folder).record for folder in FOLDERS if "random" in folder.name)

    assert first.task == later.task
    assert first.corpus.index_digest == later.corpus.index_digest
