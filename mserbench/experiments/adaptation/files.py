"""The folder of a curve: record, clips and answers; page and picture are remade from them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why, words
from mserbench.experiments.adaptation import letters, page, picture
from mserbench.experiments.adaptation.curve import Point
from mserbench.experiments.adaptation.figures import Clips, Figures

SCHEMA = 1
PAGE, PICTURE, RECORD, ANSWERS = "README.md", "curve.svg", "record.json", "answers"
_HEAD = ["id", "label", "speaker"]
_AGAIN = "run the experiment again"

Rows = Sequence[tuple[str, str, int | None]]


def write(
    out: Path,
    record: Mapping[str, Any],
    clips: Mapping[str, Rows],
    lines: Mapping[tuple[str, str], Mapping[Point, str]],
) -> Path:
    """Write clips, answers, record, then page and picture as the files give them; return the
    page.
    """
    contents: dict[str, bytes] = {}
    for task, rows in clips.items():
        contents[clips_file(task)] = _table(rows)

    wanted = {(row["model"], row["task"]): points_of(row) for row in record["rows"]}
    for (model, task), said in lines.items():
        only = {point: said[point] for point in wanted[model, task]}
        contents[answers_file(model, task)] = letters.write(only)

    for name, content in contents.items():
        write_atomic(out / ANSWERS / name, content)

    # What the table no longer has would seem to be of it.
    for path in (out / ANSWERS).iterdir():
        if path.name not in contents and path.suffix in (".csv", ".gz"):
            path.unlink()

    write_atomic(out / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    for name, content in remade(out, record).items():
        write_atomic(out / name, content)

    return out / PAGE


def remade(out: Path, record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return page and picture by name, as the record and the answers give them.

    Raises DataError where these are not there, damaged, or do not fit one another.
    """
    hashes: dict[str, str] = {}

    def read(name: str) -> bytes:
        try:
            data = outside.read(out / ANSWERS / name, outside.TABLE)
        except OSError as error:
            raise DataError(
                f"the answers {str(out / ANSWERS / name)!r} cannot be read ({error.strerror}): "
                f"{_AGAIN}"
            ) from error

        hashes[name] = hashlib.sha256(data).hexdigest()
        return data

    try:
        clips = {task: _clips(clips_file(task), read(clips_file(task))) for task in record["tasks"]}
        said = {}
        for row in record["rows"]:
            if not row["failure"]:
                name, of_task = answers_file(row["model"], row["task"]), clips[row["task"]]
                said[row["model"], row["task"]] = letters.read(
                    name, read(name), len(of_task.ids), points_of(row)
                )

        figures = Figures(record, clips, said)
        drawn, text = picture.draw(figures), page.render(figures, hashes)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{str(out / RECORD)!r} does not fit its answers ({words(error)}): {_AGAIN}"
        ) from error

    return {PICTURE: drawn.encode("utf-8"), PAGE: text.encode("utf-8")}


def points_of(row: Mapping[str, Any]) -> list[Point]:
    """Return the adaptations that a row of the record has answers to."""
    return [Point(clips, draw) for clips, draw in row.get("points", [])]


def clips_file(task: str) -> str:
    """Return the name of the file of a task's clips."""
    return f"{_safe(task)}.csv"


def answers_file(model: str, task: str) -> str:
    """Return the name of the file of a model's answers to a task."""
    return f"{_safe(task)}.{_safe(model)}.txt.gz"


def _table(rows: Rows) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_HEAD, *rows])
    return out.getvalue().encode("utf-8")


def _clips(name: str, data: bytes) -> Clips:
    """Read what `_table` gave. Raises DataError where it is not that."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
        if not rows or rows[0] != _HEAD or not rows[1:]:
            raise ValueError("its columns are not those of a file of clips")

        ids, truth, speakers = zip(*rows[1:], strict=True)
        numbers = tuple(int(text) if text else None for text in speakers)
    except ValueError as error:
        raise DataError(f"file of clips {name!r} is damaged ({why(error)}): {_AGAIN}") from error

    known = any(number is not None for number in numbers)
    return Clips(ids, truth, numbers if known else None)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)
