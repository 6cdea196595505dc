"""Figure 2: the mean spectrograms on a plane, coloured by field, and originals beside generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mserbench.embeddings.styles import Style, styles
from mserbench.report.png import png
from mserbench_m5ser.analysing.figures import DPI, ENGLISH, GENERATED
from mserbench_m5ser.analysing.points import Point, in_order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = 5  # panels beside one another, as many as the paper has languages
_PALETTE = 128
_ROUNDS = 3  # in which points are drawn, so that no group covers another wholly


def coloured(
    places: NDArray[np.float64], shares: NDArray[np.float64], points: Sequence[Point]
) -> bytes:
    """Return the plane thrice as PNG: by emotion, language and source corpus.

    `places`: (n_points, 2); `shares`: of the variance, of the two components. Originals are
    filled, generated clips hollow.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fields = {
        "emotion": [point.emotion for point in points],
        "language": [point.language for point in points],
        "corpus": [point.corpus for point in points],
    }
    figure = Figure(figsize=(13.2, 5.6), dpi=DPI, facecolor="white", layout="constrained")
    for axes, (field, values) in zip(figure.subplots(1, 3), fields.items(), strict=True):
        # An emotion has the same colour and marker in every picture of this program.
        groups = styles(field, list(values))
        _points(axes, places, points, groups)
        axes.set_title(f"by {'source corpus' if field == 'corpus' else field}", fontsize=10)
        _frame(axes, shares)
        handles = [
            axes.scatter([], [], s=30, c=group.colour, marker=group.marker, label=group.name)
            for group in groups
        ]
        legend = axes.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=3, fontsize=8,
            frameon=False,
        )  # fmt: skip
        for text in legend.get_texts():
            # A dollar sign in a name begins no formula.
            text.set_parse_math(False)

    figure.suptitle("filled: English originals   hollow: generated", fontsize=9)
    return png(FigureCanvasAgg(figure), _PALETTE)


def _points(
    axes: Any, places: NDArray[np.float64], points: Sequence[Point], groups: Sequence[Style]
) -> None:
    turn, size = _turns(len(places)), _size(len(places))
    for number in range(_ROUNDS):
        for group in groups:
            rows = [row for row in group.rows if turn[row] == number]
            filled = [row for row in rows if not points[row].is_generated]
            hollow = [row for row in rows if points[row].is_generated]
            axes.scatter(
                *places[hollow].T, s=size, marker=group.marker, facecolors="none",
                edgecolors=group.colour, linewidths=0.7, alpha=0.8,
            )  # fmt: skip
            axes.scatter(
                *places[filled].T, s=1.2 * size, marker=group.marker, color=group.colour,
                edgecolors="#000000", linewidths=0.35, alpha=0.9,
            )  # fmt: skip


def side_by_side(
    places: NDArray[np.float64], shares: NDArray[np.float64], points: Sequence[Point]
) -> bytes:
    """Return a panel for each emotion, generated language and corpus as PNG: originals beside
    generated clips, each with the centre of either.

    A language's panel holds all originals. Arguments as `coloured`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = _panels(points)
    rows = len(panels) // _COLUMNS
    figure = Figure(
        figsize=(2.5 * _COLUMNS, 2.45 * rows + 0.5), dpi=DPI, facecolor="white",
        layout="constrained",
    )  # fmt: skip
    # One scale for all: panels are there to be compared.
    grid = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    for number, axes in enumerate(grid.flat):
        if panel := panels[number]:
            title, members = panel
            _panel(axes, places, points, members)
            axes.set_title(title, fontsize=9, parse_math=False)
            _frame(axes, None)
        else:
            axes.set_axis_off()

    # Of the legend alone: what is drawn is pale, and of many sizes.
    for label, colour, marker in _SIDES:
        grid[0, 0].scatter([], [], s=30, c=colour, marker=marker, label=label)

    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    first, second = (100 * share for share in shares)
    figure.suptitle(
        f"mean spectrograms, two principal components ({first:.0f} and {second:.0f} % of the "
        "variance); large: centre of each",
        fontsize=10,
    )
    return png(FigureCanvasAgg(figure), _PALETTE)


_SIDES = (("English originals", ENGLISH, "o"), ("generated", GENERATED, "^"))


def _panels(points: Sequence[Point]) -> list[tuple[str, list[int]] | None]:
    """Return title and members of each panel, None for an empty place: a field begins a row."""
    numbers = range(len(points))
    languages = sorted({point.language for point in points if point.is_generated})
    corpora = sorted({point.corpus for point in points})
    fields = [
        [
            (f"emotion: {name}", [n for n in numbers if points[n].emotion == name])
            for name in in_order(point.emotion for point in points)
        ],
        [
            (
                f"language: {name}",
                [n for n in numbers if points[n].language == name or not points[n].is_generated],
            )
            for name in languages
        ],
        [(f"corpus: {name}", [n for n in numbers if points[n].corpus == name]) for name in corpora],
    ]
    panels: list[tuple[str, list[int]] | None] = []
    for members in fields:
        empty = -len(members) % _COLUMNS
        panels += [*members, *([None] * empty)]

    return panels


def _panel(
    axes: Any, places: NDArray[np.float64], points: Sequence[Point], members: Sequence[int]
) -> None:
    turn, size = _turns(len(places)), 0.7 * _size(len(members))
    sides = [
        [row for row in members if points[row].is_generated is is_generated]
        for is_generated in (False, True)
    ]
    for number in range(_ROUNDS):
        for (_, colour, marker), rows in zip(_SIDES, sides, strict=True):
            drawn = [row for row in rows if turn[row] == number]
            axes.scatter(
                *places[drawn].T, s=size, c=colour, marker=marker, linewidths=0, alpha=0.55
            )

    # Last, so that no point covers a centre.
    for (_, colour, marker), rows in zip(_SIDES, sides, strict=True):
        if rows:
            axes.scatter(
                *places[rows].mean(axis=0), s=90, c=colour, marker=marker, edgecolors="black",
                linewidths=1.2,
            )  # fmt: skip


def _turns(n: int) -> NDArray[np.int64]:
    import numpy as np

    # Always the same draw, so that equal points give an equal picture.
    return np.random.default_rng(0).integers(_ROUNDS, size=n)


def _size(n: int) -> float:
    return min(34.0, max(8.0, 9000 / max(1, n)))


def _frame(axes: Any, shares: NDArray[np.float64] | None) -> None:
    axes.set(xticks=[], yticks=[])
    axes.margins(0.04)
    if shares is not None:
        axes.set_xlabel(f"component 1, {100 * shares[0]:.0f} % of the variance", fontsize=8)
        axes.set_ylabel(f"component 2, {100 * shares[1]:.0f} %", fontsize=8)
