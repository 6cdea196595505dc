"""How predictions of audio files are printed: a table for people, csv row by row, JSON by file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from mserbench.cli import _common
from mserbench.predicting.listening import Failed
from mserbench.predicting.predicting import Row, are_shares
from mserbench.report import foreign, screens
from mserbench.results.predictions import SCORE

if TYPE_CHECKING:
    from mserbench.predicting.room import Room
    from mserbench.predicting.summaries import Summaries
    from mserbench.running.subject import Subject

WIDTH = 100  # columns of a table, at most
_NAME = 16  # characters of a file's name that a table shows at least
_BEST = 3  # labels named, at most, where not all have room
_GAP = 2


class Report:
    """Rows and failures as they come: csv is written at once, a table or JSON at the end."""

    def __init__(
        self,
        out: TextIO,
        labels: Sequence[str],
        as_csv: bool,
        room: Room | None = None,
        channels: bool = False,
        summaries: Summaries | None = None,
    ) -> None:
        self._channels, self._summaries = channels, summaries
        self.room = room  # what the model was adapted to
        self.doubts: dict[str, Any] = {}  # on all that was predicted, as JSON tells it
        self.failed: list[Failed] = []
        self._out = screens.raw(out)
        self._labels = labels
        self._csv = csv.writer(self._out, lineterminator="\n") if as_csv else None
        self._rows: list[Row] = []
        self._begun = False

    @property
    def on_terminal(self) -> bool:
        """Whether rows go to a terminal as they come, where a progress bar would get among them."""
        return self._csv is not None and self._out.isatty()

    def fail(self, failed: Failed) -> None:
        """Take a file that could not be read."""
        self.failed.append(failed)
        if self._summaries:
            self._summaries.add_failed(failed)

    def add(self, row: Row) -> None:
        """Take a row; as csv: file, start, end, prediction, score_<label>... or answer, part, and
        the number of the channel, and that of the clips that an adapted model heard before.
        """
        if self._summaries:
            self._summaries.add(row)

        if self._csv is None:
            self._rows.append(row)
            return

        if not self._begun:
            self._begun = True
            columns = [f"{SCORE}{label}" for label in self._labels] if row.scores else ["answer"]
            columns = [foreign.cell(column, self._out) for column in columns]
            last = ["part", *(["channel"] if self._channels else [])]
            last += ["adapted"] if self.room else []
            self._csv.writerow(["file", "start", "end", "prediction", *columns, *last])

        cells = [f"{score:.6g}" for score in row.scores] or [
            row.answer.replace("\r\n", "\n").replace("\r", "\n")
        ]
        times = [f"{row.start:.3f}", f"{row.end:.3f}"]
        heard = [str(row.channel)] if self._channels else []
        heard += [str(self.room.clips)] if self.room else []
        texts = [row.file, *times, row.prediction, *cells, row.part, *heard]
        # A spreadsheet runs what a cell begins with `=`, and a terminal obeys what a name may hold.
        self._csv.writerow([foreign.cell(printable(text), self._out) for text in texts])
        # Whoever reads from a pipe sees each row as it comes.
        self._out.flush()

    def finish(self, model: str, subject: Subject | None, as_json: bool) -> None:
        """Print the table or JSON of all rows; csv is printed already."""
        if as_json:
            weights = subject.weights.to_json() if subject and subject.weights else None
            _common.print_json(
                {
                    "model": model,
                    "weights": weights,
                    **({"adaptation": self.room.record()} if self.room else {}),
                    **self.doubts,
                    **_by_file(self._rows, self.failed, self._labels),
                }
            )
        elif self._csv is None:
            print_table(self._rows, self._labels)
            if self._rows and self.room:
                _common.say(self.room.sentence)


def _by_file(
    rows: Sequence[Row], failed: Sequence[Failed], labels: Sequence[str]
) -> dict[str, Any]:
    """Return labels, a record a file with its windows, and what failed.

    A file that failed after some windows has these, and no prediction of its own.
    """
    files: list[dict[str, Any]] = []
    windows: list[dict[str, Any]] = []
    name, channel = "", 0

    for row in rows:
        if windows and (row.file, row.channel) != (name, channel):
            files.append(_broken_off(name, windows))
            windows = []

        name, channel = row.file, row.channel
        if row.part != "file":
            windows.append(_record(row, labels))
        else:
            beside = {"channel": channel} if channel else {}
            files.append(
                {"file": printable(name), **beside, **_record(row, labels), "windows": windows}
            )
            windows = []

    if windows:
        files.append(_broken_off(name, windows))

    gone = [{"file": printable(failure.name), "reason": str(failure.error)} for failure in failed]
    return {"labels": list(labels), "files": files, "failed": gone}


def print_table(rows: Sequence[Row], labels: Sequence[str]) -> None:
    """Print rows as a table of at most `WIDTH` columns, with what a reader must know of it
    below.
    """
    if not rows:
        return

    firsts = [[_time(row), row.prediction or "?"] for row in rows]
    head, cells = _said(rows, labels, WIDTH - _NAME - _width(["time", "emotion"], firsts))
    beside = [[*first, *right] for first, right in zip(firsts, cells, strict=True)]
    room = max(_NAME, WIDTH - _width(["time", "emotion", *head], beside))
    table = [[_end_of(_called(row), room), *cells] for row, cells in zip(rows, beside, strict=True)]
    _print(["file", "time", "emotion", *head], table, right={"time", *(set(head) & set(labels))})

    for line in _footnotes(rows, head == ["scores"]):
        click.echo(line)


def printable(text: str) -> str:
    """Return a file name as text that can be written: bytes that are no UTF-8 become question
    marks.
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _said(
    rows: Sequence[Row], labels: Sequence[str], room: int
) -> tuple[list[str], list[list[str]]]:
    """Return heads and cells of what the model said: scores or answers, in `room` columns as far as
    that goes.
    """
    if not rows[0].scores:
        return ["answer"], [[_line(row.answer)[: max(_NAME, room - _GAP)]] for row in rows]

    form = _percent if are_shares(rows) else "{:#.3g}".format
    cells = [[form(score) for score in row.scores] for row in rows]
    if _width(labels, cells) <= room:
        return list(labels), cells

    # As many labels as have room, the best in any case.
    for n in range(_BEST, 0, -1):
        best = [sorted(enumerate(row.scores), key=lambda pair: -pair[1])[:n] for row in rows]
        cells = [[", ".join(f"{labels[i]} {form(score)}" for i, score in pairs)] for pairs in best]
        if _width(["scores"], cells) <= room:
            break

    return ["scores"], cells


def _print(head: list[str], table: list[list[str]], right: set[str]) -> None:
    """Print a table as `_common.print_table` does, but for the two columns that tabulate adds to
    each heading.
    """
    import tabulate

    rules = ["-" * max(map(len, column)) for column in zip(head, *table, strict=True)]
    align = ["right" if name in right else "left" for name in head]
    click.echo(
        tabulate.tabulate(
            [head, rules, *table], tablefmt="plain", colalign=align, disable_numparse=True
        )
    )
    click.echo()


def _percent(score: float) -> str:
    return f"{100 * score:.0f}"


def _width(head: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Return how many characters some columns take, each with the gap before it."""
    return sum(_GAP + max(map(len, column)) for column in zip(head, *cells, strict=True))


def _time(row: Row) -> str:
    digits = 1 if row.seconds >= 1 else 3
    return f"{_clock(row.start, digits)}-{_clock(row.end, digits)}" if row.windows == 1 else "whole"


def _clock(seconds: float, digits: int = 1) -> str:
    """Return a time as people write it: 0:03.8, 12:30, 1:59:50."""
    # Rounded before it is divided: 59.96 s are 1:00, not 0:60.
    minutes, left_over = divmod(round(seconds, digits), 60)
    text = (
        f"{left_over:0{3 + digits}.{digits}f}".rstrip("0").rstrip(".")
        if left_over % 1
        else f"{left_over:02.0f}"
    )
    hours, minutes = divmod(int(minutes), 60)

    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def _line(text: str) -> str:
    """Return text as one line that cannot upset a terminal."""
    return foreign.line(printable(text))


def _called(row: Row) -> str:
    name = _line(row.file)
    return f"{name} [{row.channel}]" if row.channel else name


def _end_of(name: str, room: int) -> str:
    return name if len(name) <= room else f"…{name[len(name) - room + 1 :]}"


def _footnotes(rows: Sequence[Row], best_only: bool) -> list[str]:
    lines = []
    if rows[0].scores:
        kind = (
            "in percent"
            if are_shares(rows)
            else "as the model gives them: they are no shares of one"
        )
        lines.append(
            "Scores: "
            f"{kind}{'; the highest alone, --csv and --json have all' if best_only else ''}."
        )

    if any(row.windows > 1 for row in rows):
        how = (
            "mean over its parts, weighted by seconds"
            if rows[0].scores
            else "the emotion of most seconds"
        )
        lines.append(f"whole: {how}.")

    if any(not row.prediction for row in rows):
        lines.append("?: the answer names no label, or more than one.")

    return lines


def _record(row: Row, labels: Sequence[str]) -> dict[str, Any]:
    answer = (
        {
            "scores": {
                label: float(f"{score:.6g}")
                for label, score in zip(labels, row.scores, strict=True)
            }
        }
        if row.scores
        else {"answer": row.answer}
    )
    times = {"start": round(row.start, 3), "end": round(row.end, 3)}
    return {
        **times,
        "prediction": row.prediction or None,
        **({} if row.windows > 1 and not row.scores else answer),
    }


def _broken_off(name: str, windows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"file": printable(name), "prediction": None, "windows": windows}
