"""Confusion matrices as PNG files: counts in the cells, shares of each true label as colour."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mserbench.errors import MissingExtra
from mserbench.files import write_atomic
from mserbench.png import png
from mserbench.runs import percent
from mserbench_leaderboard.entries import Entry

FOLDER = "pictures"
DPI = 100
_COLOURS = 64
_TITLE = 56  # characters that fit above the matrix
_OURS = re.compile(r".+-[0-9a-f]{8}\.png")


def place(entry: Entry) -> str:
    """Return the path of a run's picture; it names the predictions, so that a stale picture is never shown."""
    return f"{FOLDER}/{entry.place}-{entry.digest[:8]}.png"


def missing(folder: Path, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that have no picture below `folder` yet."""
    return [entry for entry in entries if not (folder / place(entry)).is_file()]


def superfluous(folder: Path, entries: Iterable[Entry]) -> list[Path]:
    """Return the pictures of runs that are gone or have changed, of the form that `place` gives."""
    wanted = {folder / place(entry) for entry in entries}
    found = (path for path in sorted((folder / FOLDER).glob("*/*.png")) if _OURS.fullmatch(path.name))
    return [path for path in found if path not in wanted and not path.is_symlink()]


def update(folder: Path, entries: Iterable[Entry]) -> list[Path]:
    """Draw the missing pictures, remove the superfluous ones, and return what was drawn.

    Raises MissingExtra, before anything is written, where matplotlib is wanted and absent.
    """
    entries = list(entries)
    todo = missing(folder, entries)
    if todo and importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra("drawing confusion matrices (else give --no-pictures)", "matplotlib", "plots")
    for entry in todo:
        write_atomic(folder / place(entry), draw(entry))
    for path in superfluous(folder, entries):
        path.unlink()
    return [folder / place(entry) for entry in todo]


def draw(entry: Entry) -> bytes:
    """Return the picture of one run: the same bytes for the same run, on one version of matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels, counts = list(entry.question.labels), entry.confusion
    if not counts[:, -1].any():
        counts = counts[:, :-1]
    answers = [*labels, "unparsed"][: counts.shape[1]]
    figure = Figure(figsize=(1.6 + 0.5 * len(answers), 1.7 + 0.42 * len(labels)), dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)
    _name_axes(axes, answers, labels)
    axes.set_title("\n".join(_title(entry)), fontsize=9, parse_math=False)
    return png(canvas, _COLOURS)


def _name_axes(axes: Any, answers: list[str], labels: list[str]) -> None:
    axes.set_xticks(range(len(answers)), [_plain(label, 14) for label in answers], rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(labels)), [_plain(label, 14) for label in labels], fontsize=8)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_parse_math(False)
    axes.set_xlabel("answer", fontsize=9)
    axes.set_ylabel("truth", fontsize=9)


def _title(entry: Entry) -> list[str]:
    score = entry.scores["UA"]
    model = entry.model if entry.weights is None else f"{entry.model} ({entry.weights})"
    return [
        _plain(model, _TITLE),
        f"{entry.question.name}: UA {percent(score.value, score.interval)}, n = {entry.n}",
    ]


def _plain(text: str, longest: int) -> str:
    printable = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * longest])
    return printable if len(printable) <= longest else f"{printable[: longest - 1]}…"
