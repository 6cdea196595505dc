"""The picture of a curve: UA over the number of clips heard, a line a model, a panel a task."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mserbench.experiments.adaptation.figures import Figures, Spread
from mserbench.report.svg import Drawing

NAME = "curve.svg"
TITLE = "UA after N unlabelled clips of the target were heard, mean over draws"

# Okabe and Ito, Color Universal Design (2008): told apart by colour-blind readers.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#595959")
_INK, _GREY, _PALE = "#1f2328", "#59636e", "#d1d9e0"
_WIDTH, _PANEL, _HEIGHT = 820, 380, 190  # pixels: the picture, a panel, and its plot
_LEFT, _TOP, _GAP = 44, 64, 62
_STEP = 10  # percent between two lines of the grid

Series = Sequence[Spread | None]


def draw(figures: Figures) -> str:
    """Return the picture as SVG, the same bytes on every machine."""
    drawing = Drawing(_WIDTH, TITLE)
    drawing.text(_LEFT, 24, TITLE, 14, is_bold=True)
    _legend(drawing, figures.models)
    panels: list[tuple[str, Sequence[Series]]] = []
    if len(figures.tasks) > 1:
        means = [[figures.mean(m, n) for n in figures.numbers] for m in figures.models]
        panels.append(("mean over the tasks", means))

    for task in figures.tasks:
        series = [[figures.spread(m, task, n) for n in figures.numbers] for m in figures.models]
        panels.append((task, series))

    lowest, highest = _bounds([values for _, of_panel in panels for values in of_panel])
    for at, (title, of_panel) in enumerate(panels):
        left = _LEFT + (at % 2) * (_PANEL + 10)
        top = _TOP + (at // 2) * (_HEIGHT + _GAP) + 20
        _panel(drawing, figures.numbers, title, of_panel, (left, top), (lowest, highest))

    rows = (len(panels) + 1) // 2
    return drawing.finish(_TOP + rows * (_HEIGHT + _GAP) + 10)


def _legend(drawing: Drawing, models: Sequence[str]) -> None:
    x = _LEFT
    for at, model in enumerate(models):
        drawing.dot(x + 5, 44, _colour(at))
        drawing.text(x + 16, 48, model, 12, _INK)
        x += 30 + 7 * len(model)


def _panel(
    drawing: Drawing,
    numbers: Sequence[int],
    title: str,
    series: Sequence[Series],
    corner: tuple[float, float],
    bounds: tuple[int, int],
) -> None:
    """Draw the lines of one task into a panel whose upper left corner is given."""
    (left, top), (lowest, highest) = corner, bounds
    width = _PANEL - 30

    def y(value: float) -> float:
        return top + _HEIGHT * (1 - (100 * value - lowest) / (highest - lowest))

    drawing.text(left, top - 8, title, 12, _INK, is_bold=True)
    for percent in range(lowest, highest + 1, _STEP):
        drawing.line(left, y(percent / 100), left + width, y(percent / 100), _PALE)
        drawing.text(left - 6, y(percent / 100) + 4, str(percent), 11, _GREY, anchor="end")

    # The numbers stand at even distances: what the first ten bring is what one looks for.
    places = [
        left + 14 + at * (width - 28) / max(len(numbers) - 1, 1) for at in range(len(numbers))
    ]
    for x, number in zip(places, numbers, strict=True):
        drawing.text(x, top + _HEIGHT + 16, str(number), 11, _GREY, anchor="middle")

    for at, values in enumerate(series):
        points = [(x, v) for x, v in zip(places, values, strict=True) if v is not None]
        for (x1, first), (x2, second) in pairwise(points):
            drawing.line(x1, y(first.mean), x2, y(second.mean), _colour(at), 1.5)

        for x, value in points:
            spread = value.deviation
            drawing.line(x, y(value.mean - spread), x, y(value.mean + spread), _colour(at), 1)
            drawing.dot(x, y(value.mean), _colour(at))


def _bounds(series: Sequence[Series]) -> tuple[int, int]:
    """Return the least and the largest percent of the scale, multiples of ten."""
    ends = [
        100 * (value.mean + sign * value.deviation)
        for values in series
        for value in values
        if value is not None
        for sign in (-1, 1)
    ]
    if not ends:
        return 0, 100

    lowest = int(min(ends) // _STEP) * _STEP
    return max(lowest, 0), min(int(max(ends) // _STEP) * _STEP + _STEP, 100)


def _colour(at: int) -> str:
    return _COLOURS[at % len(_COLOURS)]
