"""A projection as one PNG: a panel for each field, all of one size, with its legend below it."""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mserbench.embeddings.gathering import Cloud
from mserbench.embeddings.projection import Projection, Separation
from mserbench.embeddings.styles import Style, styles
from mserbench.report.png import png

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

DPI = 110
_PANEL = 4.4  # inches, each side
_GAP, _EDGE = 0.3, 0.25  # inches between panels, and around them
_COLUMNS = {4: 2}  # panels beside one another, by how many there are; else three at most
_LINE, _TITLE_LINE = 0.185, 0.21  # inches of a line of a legend, and of the title
_HANDLE = 0.4  # inches of the marker before a name of a legend, with its space
_TITLE, _SMALL = 10.0, 8.0  # points, of letters
_LONGEST = 26  # letters of a name in a legend
_ROUNDS = 6  # in which the points are drawn, so that no group covers another wholly
_PALETTE = 96
_CAUTION = (
    "t-SNE keeps near neighbours together: distances between groups, their sizes and gaps between "
    "them mean little. Silhouettes are of the original vectors, by cosine distance: 1 apart, 0 "
    "mixed, below 0 nearer to another group."
)


def draw(
    cloud: Cloud,
    projection: Projection,
    by: Sequence[str],
    separations: Mapping[str, Separation],
    seed: int,
) -> bytes:
    """Return the PNG: the same bytes for the same arguments, on one version of matplotlib and its
    fonts.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    return png(FigureCanvasAgg(compose(cloud, projection, by, separations, seed)), _PALETTE)


def compose(
    cloud: Cloud,
    projection: Projection,
    by: Sequence[str],
    separations: Mapping[str, Separation],
    seed: int,
) -> Figure:
    """Return the figure, laid out in inches: what stands where does not depend on what the points
    are.
    """
    from matplotlib.figure import Figure

    columns = _COLUMNS.get(len(by), min(3, len(by)))
    width = 2 * _EDGE + columns * _PANEL + (columns - 1) * _GAP
    drawn = {field: styles(field, cloud.values(field)) for field in by}
    rows = [by[i : i + columns] for i in range(0, len(by), columns)]
    legends = [max(_legend_height(drawn[field]) for field in row) for row in rows]
    above = _wrapped(_title(cloud, projection, seed), width, _TITLE)
    below = _wrapped([_CAUTION], width, _SMALL)
    heights = [_PANEL + 0.35 + legend + 0.15 for legend in legends]
    height = 2 * _EDGE + (len(above) + len(below)) * _TITLE_LINE + sum(heights)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    _text(figure, above, width, height - _EDGE, height, _TITLE, "black")
    top = height - _EDGE - len(above) * _TITLE_LINE

    for row, needed in zip(rows, heights, strict=True):
        for column, field in enumerate(row):
            left_edge = _EDGE + column * (_PANEL + _GAP)
            place = (
                left_edge / width,
                (top - 0.35 - _PANEL) / height,
                _PANEL / width,
                _PANEL / height,
            )
            axes = figure.add_axes(place)
            _panel(axes, projection.places, field, drawn[field], separations[field])

        top -= needed

    _text(figure, below, width, top, height, _SMALL, "#404040")
    return figure


def _panel(
    axes: Any,
    places: NDArray[np.float64],
    field: str,
    groups: Sequence[Style],
    separation: Separation,
) -> None:
    """Draw one panel: the points in rounds, in an order of their own, and the legend below."""
    import numpy as np

    size = float(np.clip(9000 / len(places), 10, 34))
    # In points of 1/72 inch: on small markers a wider line would hide the colour.
    edge = 0.3 if size > 12 else 0.12
    # Always the same draw, so that equal points give an equal picture.
    turn = np.random.default_rng(0).integers(_ROUNDS, size=len(places))

    for number in range(_ROUNDS):
        for group in groups:
            rows = [i for i in group.rows if turn[i] == number]
            axes.scatter(*places[rows].T, s=size, **_look(group, edge))

    handles = [
        axes.scatter([], [], s=30, label=_short(group.name, _LONGEST), **_look(group, 0.3))
        for group in groups
    ]
    value = "not defined" if separation.silhouette is None else f"{separation.silhouette:.3f}"
    axes.set_title(
        f"{field}: silhouette {value}, n = {separation.clips}", fontsize=9.5, parse_math=False
    )
    axes.set(xticks=[], yticks=[])
    axes.margins(0.04)
    legend = axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01),
            ncols=_legend_columns(groups),
        fontsize=_SMALL, frameon=False, handletextpad=0.2, columnspacing=0.9, labelspacing=0.45,
            borderaxespad=0.2,
    )  # fmt: skip

    for text in legend.get_texts():
        # A dollar sign in a name begins no formula.
        text.set_parse_math(False)


def _look(group: Style, edge: float) -> dict[str, Any]:
    # This marker is two lines: it has no face to fill.
    if group.marker == "x":
        return {"marker": "x", "color": "#808080", "linewidths": 0.8}
    return {
        "marker": group.marker,
        "color": group.colour,
        "edgecolors": "#00000090",
        "linewidths": edge,
        "alpha": 0.85,
    }


def _legend_columns(groups: Sequence[Style]) -> int:
    longest = max(_inches(_short(group.name, _LONGEST), _SMALL) for group in groups)
    return max(1, min(len(groups), int(_PANEL / (_HANDLE + longest))))


def _legend_height(groups: Sequence[Style]) -> float:
    return math.ceil(len(groups) / _legend_columns(groups)) * _LINE


def _title(cloud: Cloud, projection: Projection, seed: int) -> list[str]:
    model = cloud.model if cloud.weights is None else f"{cloud.model} ({cloud.weights})"
    n, dim = cloud.vectors.shape
    facts = [f"t-SNE, n = {n:,} clips", f"{dim:,} dimensions"]
    if projection.reduced is not None:
        facts.append(f"PCA to {projection.reduced} ({100 * projection.variance:.0f} % of variance)")

    facts += [f"perplexity {projection.perplexity:.3g}", f"seed {seed}", *cloud.marks]
    return [f"{model} on {', '.join(cloud.tasks)}", ", ".join(facts)]


def _wrapped(lines: Sequence[str], width: float, size: float) -> list[str]:
    """Break lines of letters of `size` points where a picture of `width` inches ends."""
    return [part for line in lines for part in _broken(_short(line, 900), width - 2 * _EDGE, size)]


def _broken(line: str, room: float, size: float) -> list[str]:
    wide = _inches(line, size)
    if wide <= room:
        return [line]

    letters = max(1, int(0.95 * len(line) * room / wide))
    return [part for piece in textwrap.wrap(line, letters) for part in _broken(piece, room, size)]


def _inches(text: str, size: float) -> float:
    """Return how wide a text is, in letters of `size` points of matplotlib's own font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        return (
            float(
                text_to_path.get_text_width_height_descent(text, FontProperties(size=size), False)[
                    0
                ]
            )
            / 72
        )


def _text(
    figure: Any,
    lines: Sequence[str],
    width: float,
    top: float,
    height: float,
    size: float,
    colour: str,
) -> None:
    for number, line in enumerate(lines):
        place = (_EDGE / width, (top - number * _TITLE_LINE) / height)
        figure.text(*place, line, fontsize=size, color=colour, va="top", parse_math=False)


def _short(text: str, longest: int) -> str:
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return printable if len(printable) <= longest else f"{printable[: longest - 1]}…"
