"""Confusion matrices as PNG files: counts in the cells, shares of each true label as colour."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mserbench.disk.files import write_atomic
from mserbench.errors import MissingExtra
from mserbench.report.numbers import percent
from mserbench.report.png import png
from mserbench.results import marks
from mserbench_leaderboard.systems import System

FOLDER = "pictures"
DPI = 100
_COLOURS = 64

# Characters that fit above the matrix.
_TITLE = 56
_OURS = re.compile(r".+-[0-9a-f]{8}\.png")


def place(system: System) -> str:
    """Return the path of a system's picture; it names the predictions, so that a stale picture is
    never shown.
    """
    digests = [entry.digest for entry in system.entries]
    digest = (
        digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    )
    return f"{FOLDER}/{system.place}-{digest[:8]}.png"


def missing(folder: Path, systems: Iterable[System]) -> list[System]:
    """Return the systems that have no picture below `folder` yet."""
    return [system for system in systems if not (folder / place(system)).is_file()]


def superfluous(folder: Path, systems: Iterable[System]) -> list[Path]:
    """Return the pictures of systems that are gone or have changed, of the form that `place`
    gives.
    """
    current = {folder / place(system) for system in systems}

    # Somebody may keep a picture of their own there: only names of our form are ever removed.
    ours = (
        path for path in sorted((folder / FOLDER).glob("*/*.png")) if _OURS.fullmatch(path.name)
    )
    return [path for path in ours if path not in current and not path.is_symlink()]


def update(folder: Path, systems: Iterable[System]) -> list[Path]:
    """Draw the missing pictures, remove the superfluous ones, and return what was drawn.

    Raises MissingExtra, before anything is written, where matplotlib is wanted and absent.
    """
    systems = list(systems)
    todo = missing(folder, systems)
    if todo and importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra(
            "drawing confusion matrices (else give --no-pictures)", "matplotlib", "plots"
        )

    for system in todo:
        write_atomic(folder / place(system), draw(system))

    for path in superfluous(folder, systems):
        path.unlink()

    return [folder / place(system) for system in todo]


def draw(system: System) -> bytes:
    """Return the picture of a system, its runs together: the same bytes each time, on one version
    of matplotlib.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels, counts = list(system.first.question.labels), system.confusion
    # Most models answer with a label always; an empty column would say that they need not.
    if not counts[:, -1].any():
        counts = counts[:, :-1]

    answers = [*labels, "unparsed"][: counts.shape[1]]
    figure = Figure(
        figsize=(1.6 + 0.5 * len(answers), 1.7 + 0.42 * len(labels)), dpi=DPI, layout="constrained"
    )
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")

    for (row, column), count in np.ndenumerate(counts):
        # Legible on both ends of the colours.
        colour = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)

    _name_axes(axes, answers, labels)
    axes.set_title("\n".join(_title(system)), fontsize=9, parse_math=False)
    return png(canvas, _COLOURS)


def _name_axes(axes: Any, answers: list[str], labels: list[str]) -> None:
    axes.set_xticks(
        range(len(answers)),
        [_plain(label, 14) for label in answers],
        rotation=45,
        ha="right",
        fontsize=8,
    )
    axes.set_yticks(range(len(labels)), [_plain(label, 14) for label in labels], fontsize=8)
    # Labels are strangers' texts: a dollar sign must not be read as mathematics.
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_parse_math(False)

    axes.set_xlabel("answer", fontsize=9)
    axes.set_ylabel("truth", fontsize=9)


def _title(system: System) -> list[str]:
    score, entry, runs = system.scores["UA"], system.first, len(system.entries)
    name = marks.name_of(entry.run.record) if runs == 1 else marks.model_of(entry.run.record)
    several = f", {runs} seeds together" if runs > 1 else ""

    return [
        _plain(name, _TITLE),
        f"{entry.question.name}: UA {percent(score.value)}, n = {entry.n}{several}",
    ]


def _plain(text: str, longest: int) -> str:
    printable = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * longest])
    return printable if len(printable) <= longest else f"{printable[: longest - 1]}…"
