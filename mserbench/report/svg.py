"""Drawings as SVG: the same bytes on every machine, with text as text and no font of our own."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

FONT = "-apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"


class Drawing:
    """Shapes on a white ground, in pixels from the upper left corner.

    A picture of a viewer's own colours would be lost on a dark page, hence the ground.
    """

    def __init__(self, width: int, title: str) -> None:
        self._width = width
        self._title = title
        self._shapes: list[str] = []

    def text(
        self, x: float, y: float, content: str, size: int = 12, colour: str = "#1f2328",
        anchor: str = "start", is_bold: bool = False,
    ) -> None:  # fmt: skip
        """Write one line; `y` is that of its base line, `anchor` says which end of it `x` is."""
        bold = ' font-weight="600"' if is_bold else ""
        self._shapes.append(
            f'<text x="{_number(x)}" y="{_number(y)}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}"{bold}>{escape(_printable(content))}</text>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1,
        is_dashed: bool = False,
    ) -> None:  # fmt: skip
        """Draw a straight line."""
        dashes = ' stroke-dasharray="4 3"' if is_dashed else ""
        self._shapes.append(
            f'<line x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}" '
            f'stroke="{colour}" stroke-width="{_number(width)}"{dashes}/>'
        )

    def dot(self, x: float, y: float, colour: str, is_filled: bool = True) -> None:
        """Draw a dot, or a ring."""
        fill = colour if is_filled else "#ffffff"
        self._shapes.append(
            f'<circle cx="{_number(x)}" cy="{_number(y)}" r="4.5" fill="{fill}" '
            f'stroke="{colour}" stroke-width="2"/>'
        )

    def finish(self, height: int) -> str:
        """Return the picture as text; its title is what a screen reader reads."""
        # A size of its own and a view box: shown at that size, and smaller where there is no room.
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self._width}" height="{height}" '
            f'viewBox="0 0 {self._width} {height}" font-family={quoteattr(FONT)} role="img">'
        )
        ground = f'<rect width="{self._width}" height="{height}" rx="6" fill="#ffffff"/>'
        title = f"<title>{escape(_printable(self._title))}</title>"

        return "\n".join([head, title, ground, *self._shapes, "</svg>", ""])


def _number(value: float) -> str:
    # One digit: what another processor's arithmetic may change lies far behind it.
    return f"{value:.1f}".removesuffix(".0")


def _printable(text: str) -> str:
    # XML has no way to write most control characters, and names come from strangers' records.
    return "".join(sign if sign.isprintable() else " " for sign in text)
