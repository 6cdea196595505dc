"""The log of a training: a CSV file that a resumed training continues without a seam, and TensorBoard if asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.errors import UsageError
from mserbench.files import write_atomic

NAME = "training.csv"


class TrainingLog:
    """Rows of numbers by step; `keep` forgets rows past a checkpoint, so that none stands twice after a resume.

    The columns are those of the first row; later rows must have the same.
    """

    def __init__(self, folder: Path, tensorboard: bool = False) -> None:
        self.path = folder / NAME
        self._writer = _tensorboard(folder) if tensorboard else None

    def keep(self, step: int) -> None:
        """Drop the rows later than `step`, and a last row that a crash cut off."""
        if not self.path.exists():
            return
        rows = list(csv.reader(io.StringIO(self.path.read_text(encoding="utf-8"))))
        whole = [row for row in rows[1:] if len(row) == len(rows[0]) and int(row[0]) <= step]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows[:1], *whole])
        write_atomic(self.path, text.getvalue())

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row: the step, then the values with six digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self.path.exists():
            writer.writerow(["step", *values])
        writer.writerow([step, *(f"{value:.6g}" for value in values.values())])
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Close what is open."""
        if self._writer is not None:
            self._writer.close()


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            "option tensorboard needs a package that is not installed: run pip install tensorboard, or leave it away"
        ) from error
    return SummaryWriter(str(folder / "tensorboard"))
