"""The log of a training: a CSV file that a resumed training continues without a seam, and
TensorBoard if asked for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mserbench.disk.files import write_atomic
from mserbench.errors import UsageError
from mserbench.plugins import misfits

NAME = "training.csv"


def in_words(losses: Mapping[str, float], best: float | None) -> str:
    """Return the mean losses since the last evaluation and the best held-out UAR, in [0, 1], as a
    line shows them.
    """
    words = [f"{name} {value:.3f}" for name, value in losses.items()]
    return " ".join([*words, *([] if best is None else [f"held-out UAR {100 * best:.1f}"])])


class TrainingLog:
    """Rows of numbers by step; `keep` forgets rows past a checkpoint, so that none stands twice
    after a resume.

    A name that comes later gets a column of its own, empty in the rows before.
    """

    def __init__(self, folder: Path, tensorboard: bool = False) -> None:
        self.path = folder / NAME
        self._writer = _tensorboard(folder) if tensorboard else None

    def keep(self, step: int) -> None:
        """Drop the rows later than `step`."""
        if self.path.exists():
            self._write([row for row in self._rows() if int(row["step"]) <= step])

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row: the step, then the values with six digits."""
        row = {"step": str(step), **{name: f"{value:.6g}" for name, value in values.items()}}
        # Written anew each time, whole or not at all: rows are few, and a crash leaves no half one.
        self._write([*self._rows(), row])
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def _rows(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        return list(csv.DictReader(io.StringIO(self.path.read_text(encoding="utf-8"))))

    def _write(self, rows: Sequence[Mapping[str, str]]) -> None:
        text, columns = io.StringIO(), dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.path, text.getvalue())

    def close(self) -> None:
        """Close what is open."""
        if self._writer is not None:
            self._writer.close()


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        misfits.refuse(error)
        raise UsageError(
            "option tensorboard needs a package that is not installed: run pip install "
            "tensorboard, or leave it away"
        ) from error

    return SummaryWriter(str(folder / "tensorboard"))
