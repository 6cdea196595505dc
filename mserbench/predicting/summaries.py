"""A file of a line a recording: shares of emotions over its parts, longest stretch, mean scores."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, UsageError
from mserbench.predicting.listening import Failed
from mserbench.predicting.predicting import Row
from mserbench.report import foreign
from mserbench.results.predictions import SCORE

SHARE = "share_"
SUFFIXES = (".csv", ".json")
UNREAD = "unread"  # the share of answers that name no label


def require_suffix(path: Path, dashes: str = "") -> None:
    """Raise UsageError unless a file is one that `Summaries.write` can write; `dashes` stand before
    the argument's name, as it is typed.
    """
    if path.suffix.casefold() not in SUFFIXES:
        raise UsageError(
            f"{dashes}summary is {str(path)!r}, but a file that ends in .csv or .json was expected"
        )
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(
            f"{dashes}summary {str(path)!r} cannot be written: name a file in a folder that exists"
        )


class Summaries:
    """Takes rows as they come, and holds a line a recording; the parts of one at most besides."""

    def __init__(self, labels: Sequence[str], channels: bool) -> None:
        self.labels, self._channels = tuple(labels), channels
        self._parts: list[Row] = []
        self._lines: list[dict[str, Any]] = []

    def add(self, row: Row) -> None:
        """Take a row: parts of a recording, then the row of all of it."""
        if row.part != "file":
            # After a failure the parts of the broken recording have no row of their own.
            if self._parts and (self._parts[0].file, self._parts[0].channel) != (
                row.file, row.channel,
            ):  # fmt: skip
                self._parts = []

            self._parts.append(row)
            return

        parts = self._parts if row.windows > 1 else [row]
        self._lines.append(self._line(row, parts if parts else [row]))
        self._parts = []

    def add_failed(self, failed: Failed) -> None:
        """Take a recording that could not be read: it has a line too, which says why."""
        self._parts = []
        self._lines.append({"file": _text(failed.name), "error": str(failed.error)})

    def _line(self, row: Row, parts: Sequence[Row]) -> dict[str, Any]:
        heard = sum(part.seconds for part in parts)
        shares = {
            label: sum(part.seconds for part in parts if part.prediction == label) / heard
            for label in (*self.labels, "")
        }
        stretch = _longest(parts)
        return {
            "file": _text(row.file),
            **({"channel": row.channel} if self._channels else {}),
            "seconds": round(row.seconds, 3),
            "heard": round(heard, 3),
            "parts": len(parts),
            "prediction": row.prediction,
            **{f"{SHARE}{label or UNREAD}": _six(share) for label, share in shares.items()},
            "longest": stretch[0].prediction,
            "longest_start": round(stretch[0].start, 3),
            "longest_end": round(stretch[-1].end, 3),
            **{
                f"{SCORE}{label}": _six(score)
                for label, score in zip(self.labels, row.scores, strict=False)
            },
            "error": "",
        }

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """A line a recording, or a channel of it, by column."""
        return tuple(self._lines)

    @property
    def columns(self) -> list[str]:
        """The columns of all lines, in order."""
        columns = dict.fromkeys(key for line in self._lines for key in line)
        # What a failed recording alone has stands last, as in all others.
        return [*(column for column in columns if column != "error"), "error"]

    def write(self, path: Path) -> None:
        """Write all lines, as csv or JSON by the suffix. Raises DataError where that fails."""
        columns = self.columns
        if path.suffix.casefold() == ".json":
            text = json.dumps(self._lines, ensure_ascii=False, indent=1) + "\n"
        else:
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([foreign.cell(column) for column in columns])
            for line in self._lines:
                writer.writerow([foreign.cell(str(line.get(column, ""))) for column in columns])
            text = out.getvalue()

        try:
            write_atomic(path, text)
        except OSError as error:
            raise DataError(
                f"the summary {str(path)!r} cannot be written ({error.strerror}): make room there, "
                "or name another file"
            ) from error


def _longest(parts: Sequence[Row]) -> list[Row]:
    """Return the parts of one emotion in a row that last longest, from the first's start to the
    last's end; of equal ones the first. Answers that name no label count as none, if others do.
    """
    stretches: list[list[Row]] = []
    for part in parts:
        if stretches and stretches[-1][0].prediction == part.prediction:
            stretches[-1].append(part)
        else:
            stretches.append([part])

    read = [stretch for stretch in stretches if stretch[0].prediction]
    return max(read or stretches, key=lambda stretch: stretch[-1].end - stretch[0].start)


def _six(value: float) -> float:
    return float(f"{value:.6g}")


def _text(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
