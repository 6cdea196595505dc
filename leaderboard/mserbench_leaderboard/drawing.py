"""The picture of the board: of each task of real speech its best zero-shot systems, with intervals,
and chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from mserbench.report.numbers import percent
from mserbench.report.svg import Drawing
from mserbench_leaderboard import cells, summary, words
from mserbench_leaderboard.board import DEVELOPMENT, Row, Section

PLACE = "pictures/board.svg"
"""Its path below the folder of the board."""

BLIND = 4  # systems of a task at most; what else there is says little more about the best
DEVELOPED = 1

_WIDTH = 820
_LEFT, _RIGHT = 310, 690  # where 0 and 100 percent stand
_VALUES = 806  # the right end of the numbers
_ROW = 22
_LONGEST = 46  # characters of a name that fit to the left of the scale

_INK, _GREY, _PALE = "#1f2328", "#59636e", "#d1d9e0"
_BLUE, _ORANGE, _RED = "#0969da", "#bc4c00", "#cf222e"


def picture(sections: Sequence[Section]) -> str:
    """Return the picture as SVG, the same bytes on every machine; empty where there is nothing to
    show.
    """
    # Synthetic speech proves nothing about people, so it has no place where one looks first.
    real = [
        section
        for section in sections
        if section.constant and not section.question.synthetic and _chosen(section)
    ]
    if not real:
        return ""

    drawing = Drawing(_WIDTH, words.PICTURE)
    bottom = _head(drawing)
    for section in real:
        bottom = _task(drawing, section, bottom)

    return drawing.finish(bottom + 4)


def _chosen(section: Section) -> list[tuple[Row, str, bool]]:
    """Return rows of a section with their names, and whether they are blind: the best first."""
    blind = summary.blind(section)[:BLIND]
    developed = list(section.groups.get(DEVELOPMENT, []))[:DEVELOPED]
    named = [
        *((row, name, True) for row, name in zip(blind, cells.apart(blind), strict=True)),
        *((row, row.name, False) for row in developed),
    ]

    # Sorting is stable: of equal figures the blind one stands first.
    return sorted(named, key=lambda each: -each[0].system.scores["UA"].value)


def _head(drawing: Drawing) -> int:
    drawing.text(16, 28, "Best zero-shot systems on real speech", 16, is_bold=True)
    drawing.text(
        16, 48,
        "UA (mean recall of the emotions) in percent, with its 95 % interval over speakers. No "
        "emotion label of the language was trained on.",
        11, _GREY,
    )  # fmt: skip

    legend = 68
    drawing.dot(22, legend - 4, _BLUE)
    drawing.text(33, legend, "blind: chosen without a look at the corpus", 11, _GREY)
    drawing.dot(290, legend - 4, _ORANGE, is_filled=False)
    drawing.text(301, legend, "development: the corpus was used in choosing", 11, _GREY)
    drawing.line(580, legend - 4, 602, legend - 4, _RED, 1.5, is_dashed=True)
    drawing.text(608, legend, "chance", 11, _GREY)

    return legend + 10


def _task(drawing: Drawing, section: Section, top: int) -> int:
    """Draw one task below `top`; return where it ends."""
    rows = _chosen(section)
    title = top + 24
    drawing.text(16, title, section.question.name, 13, is_bold=True)
    drawing.text(_LEFT, title, summary.speech(section), 11, _GREY)

    first = title + 22
    end = first + _ROW * (len(rows) - 1) + 14
    for share in (0, 0.25, 0.5, 0.75, 1):
        drawing.line(_at(share), title + 8, _at(share), end, _PALE)
        drawing.text(_at(share), end + 13, f"{100 * share:.0f}", 10, _GREY, "middle")

    if section.constant:
        chance = _at(section.constant.metrics["UA"])
        drawing.line(chance, title + 8, chance, end, _RED, 1.5, is_dashed=True)

    for number, (row, name, is_blind) in enumerate(rows):
        _system(drawing, row, name, is_blind, first + _ROW * number)

    return end + 18


def _system(drawing: Drawing, row: Row, name: str, is_blind: bool, y: int) -> None:
    score, colour = row.system.scores["UA"], _BLUE if is_blind else _ORANGE
    drawing.text(_LEFT - 12, y + 4, _cut(name), 12, _INK, "end")

    # An interval over clips says nothing of other speakers, and would look like those that do.
    if score.interval and not score.by_clip:
        low, high = map(_at, score.interval)
        drawing.line(low, y, high, y, colour, 2)
        for tip in (low, high):
            drawing.line(tip, y - 4, tip, y + 4, colour, 2)

    drawing.dot(_at(score.value), y, colour, is_filled=is_blind)
    interval = None if score.by_clip else score.interval
    drawing.text(_VALUES, y + 4, percent(score.value, interval), 11, _INK, "end")


def _at(share: float) -> float:
    return _LEFT + share * (_RIGHT - _LEFT)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
