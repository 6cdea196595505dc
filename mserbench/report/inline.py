"""Drawings that stand within a page: intervals beside numbers, a clip's picture with its axes.

Text stays text, and takes the colours of the page around it, in light and in dark. No drawing has
a style of its own, which the policy of a page would refuse.
"""

from __future__ import annotations

import base64
from html import escape

from mserbench.report.blocks import Axes, Drawn, Number

SHADES = 6  # classes of page.css, whose text reads on each of them in light and in dark

_TICKS = 2  # parts of a scale, whose ends are written


def scale(drawn: Drawn) -> str:
    """Return the numbers along the scale of a drawn column, in percent."""
    span = drawn.high - drawn.low
    ends = (100 * (drawn.low + span * part / _TICKS) for part in range(_TICKS + 1))
    texts = "".join(f"<span>{end:.0f}</span>" for end in ends)
    return f'<span class="axis" aria-hidden="true">{texts}</span>'


def interval(number: Number | None, drawn: Drawn) -> str:
    """Return the row of a number in a forest plot; a screen reader reads the number instead.

    `None` stands for a row without a number, where the dashed line alone is drawn.
    """
    shapes = []
    if drawn.line is not None:
        at = _place(drawn.line, drawn)
        shapes.append(f'<line class="chance" x1="{at}" x2="{at}" y1="0" y2="100%"/>')

    if number is not None and number.interval is not None:
        lower, upper = (_place(end, drawn) for end in number.interval)
        kind = ' class="by-clip"' if number.by_clip else ""
        shapes.append(f'<line{kind} x1="{lower}" x2="{upper}" y1="50%" y2="50%"/>')

    if number is not None:
        shapes.append(f'<circle cx="{_place(number.value, drawn)}" cy="50%" r="4.5"/>')

    return f'<svg class="interval" aria-hidden="true" focusable="false">{"".join(shapes)}</svg>'


def _place(value: float, drawn: Drawn) -> str:
    share = (value - drawn.low) / (drawn.high - drawn.low)
    return _percent(min(max(share, 0.0), 1.0))


def _percent(share: float) -> str:
    # One digit: what another processor's arithmetic may change lies far behind it.
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def with_axes(png: bytes, axes: Axes, says: str) -> str:
    """Return a picture with its axes, which keep the size of their letters when it shrinks.

    `says` is text of an attribute, escaped.
    """
    up = "".join(
        f'<text x="2.6rem" y="{_percent(1 - share)}" text-anchor="end" '
        f'dominant-baseline="{_side(1 - share, "hanging", "auto")}">{escape(text)}</text>'
        for share, text in axes.up
    )
    across = "".join(
        f'<text x="{_percent(share)}" y="1rem" '
        f'text-anchor="{_side(share, "start", "end")}">{escape(text)}</text>'
        for share, text in axes.across
    )
    image = f'<img alt="{says}" src="{data_uri(png, "image/png")}">'
    return (
        f'<div class="spectrogram"><svg aria-hidden="true">{up}</svg>{image}'
        f'<svg class="across" aria-hidden="true">{across}</svg></div>'
    )


def _side(share: float, at_start: str, at_end: str) -> str:
    """Return what keeps the text at a place within the picture."""
    if share <= 0:
        return at_start
    if share >= 1:
        return at_end
    return "middle"


def data_uri(data: bytes, media_type: str) -> str:
    """Return bytes as an address that holds them."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def shade(share: float) -> int:
    """Return the level of a ground, from 0 to `SHADES` - 1; only a share of 0 has level 0."""
    return 0 if share <= 0 else min(1 + int(share * (SHADES - 1)), SHADES - 1)
