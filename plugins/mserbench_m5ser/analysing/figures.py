"""Figure 1: how many clips there are of each emotion, and how many hours of each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mserbench.report.png import png
from mserbench_m5ser.analysing.points import Tally, in_order

DPI = 110
ENGLISH, GENERATED = "#0072B2", "#E69F00"  # blue and orange of Okabe and Ito, for all readers
_PALETTE = 64
_INK = "#404040"


def figure_1(generated: Tally, originals: Tally | None) -> bytes:
    """Return figure 1 as PNG: (a) clips by emotion, (b) hours by language, with the originals.

    `originals` is None where they are not at hand.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.9), dpi=DPI, facecolor="white", layout="constrained")
    by_emotion, by_language = figure.subplots(1, 2)
    parts = {"generated": generated.by(1)}
    hours = {"generated": generated.hours_by(0)}
    if originals is not None:
        parts = {"English originals": originals.by(1), **parts}
        hours = {"English originals": originals.hours_by(0), **hours}

    emotions = in_order(name for counts in parts.values() for name in counts)
    languages = sorted({name for sums in hours.values() for name in sums})
    _bars(by_emotion, emotions, parts, "{:,.0f}")
    by_emotion.set_title("(a) clips by emotion", fontsize=10)
    _stack(by_language, languages, hours)
    by_language.set_title("(b) hours by language", fontsize=10)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)

    return png(FigureCanvasAgg(figure), _PALETTE)


def _bars(
    axes: Any, names: Sequence[str], parts: Mapping[str, Mapping[str, float]], text: str
) -> None:
    """Draw a bar a name and part, side by side, with its number on it."""
    width = 0.8 / len(parts)
    for number, (part, values) in enumerate(parts.items()):
        places = [at + (number - (len(parts) - 1) / 2) * width for at in range(len(names))]
        heights = [values.get(name, 0) for name in names]
        bars = axes.bar(places, heights, width, color=_colour(part), label=part)
        axes.bar_label(bars, [text.format(height) for height in heights], fontsize=6.5, padding=1)

    _finish(axes, names)


def _stack(axes: Any, names: Sequence[str], parts: Mapping[str, Mapping[str, float]]) -> None:
    """Draw a bar a name, its parts on one another, with their sum on it."""
    below = [0.0] * len(names)
    for part, values in parts.items():
        heights = [values.get(name, 0.0) for name in names]
        axes.bar(range(len(names)), heights, 0.7, bottom=below, color=_colour(part))
        below = [low + height for low, height in zip(below, heights, strict=True)]

    for at, total in enumerate(below):
        axes.annotate(
            f"{total:.3g}", (at, total), (0, 2), textcoords="offset points", ha="center",
            fontsize=8,
        )  # fmt: skip

    _finish(axes, names)


def _colour(part: str) -> str:
    return GENERATED if part == "generated" else ENGLISH


def _finish(axes: Any, names: Sequence[str]) -> None:
    axes.set_xticks(range(len(names)), names, fontsize=8.5, parse_math=False)
    # Long names beside one another would run together.
    if max(map(len, names)) * len(names) > 60:
        axes.tick_params(axis="x", rotation=30)

    axes.tick_params(axis="y", labelsize=8, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.12)
