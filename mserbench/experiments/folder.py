"""The folder of an experiment: page, record and answers; the page is remade from the other two and
compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why, words
from mserbench.experiments import answers as files
from mserbench.experiments import page
from mserbench.experiments.adaptation import curve
from mserbench.experiments.adaptation import files as curves
from mserbench.experiments.answers import Answers
from mserbench.experiments.collecting import SCHEMA

PAGE, RECORD, ANSWERS = "README.md", "record.json", "answers"


def write(out: Path, record: Mapping[str, Any], answers: Mapping[str, Answers]) -> Path:
    """Write answers, then the record, then the page made of the two as they were written; return
    the page.
    """
    names = {file_name(task) for task in answers}
    for task, of_task in answers.items():
        text = files.write(of_task, record["tasks"][task]["labels"])
        write_atomic(out / ANSWERS / file_name(task), text)

    # A task that the table no longer asks would make the page another than its record.
    for path in (out / ANSWERS).glob("*.csv"):
        if path.name not in names:
            path.unlink()

    write_atomic(out / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    write_atomic(out / PAGE, remade(out))
    return out / PAGE


def remade(out: Path) -> str:
    """Return the page that the record and the answers give. Raises DataError where they are not
    there or damaged.
    """
    return contents(out)[PAGE].decode("utf-8")


def contents(out: Path) -> dict[str, bytes]:
    """Return the page, and pictures where there are any, by name, as `remade`."""
    try:
        record = json.loads(outside.read(out / RECORD, outside.RECORD))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{str(out)!r} holds no readable {RECORD} of an experiment ({why(error)}): run the "
            f"experiment with this --out"
        ) from error

    if isinstance(record, dict) and record.get("kind") == curve.KIND:
        return curves.remade(out, record)
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise DataError(
            f"{str(out / RECORD)!r} is of another version of mserbench: run the experiment again"
        )

    answers, hashes = {}, {}
    for name, task in record["tasks"].items():
        path = out / ANSWERS / file_name(name)
        try:
            data = outside.read(path, outside.TABLE)
        except OSError as error:
            raise DataError(
                f"the answers {str(path)!r} cannot be read ({error.strerror}): run it again"
            ) from error

        # What is no UTF-8 is told as damage by the reader, with the name of the file.
        answers[name] = files.read(path.name, data.decode("utf-8", "replace"), task["labels"])
        hashes[path.name] = hashlib.sha256(data).hexdigest()

    try:
        return {PAGE: page.render(record, answers, hashes).encode("utf-8")}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{str(out / RECORD)!r} does not fit its answers ({words(error)}): run the "
            "experiment again"
        ) from error


def is_remade(out: Path) -> bool:
    """Whether page and pictures are, byte for byte, what record and answers give. Raises DataError
    as `remade`.
    """
    made = contents(out)
    try:
        stored = {name: (out / name).read_bytes() for name in made}
    except OSError as error:
        raise DataError(
            f"{str(error.filename)!r} cannot be read ({error.strerror}): run the experiment again"
        ) from error

    return stored == made


def file_name(task: str) -> str:
    """Return the name of the file of answers to a task, which may be a part such as
    `meld-4:train`.
    """
    return f"{task.replace(':', '_')}.csv"
