"""Options of a model or a translator, as a terminal and JSON tell them."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mserbench.options import OptionDescription

_INDENT = " " * 4
_WIDEST = 100  # longer lines are hard to read, however wide the terminal


def width() -> int:
    """Return how many columns a paragraph may have here."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def record(option: OptionDescription) -> dict[str, Any]:
    """Return an option as JSON tells it."""
    return {
        "option": option.name,
        "type": option.type,
        "default": option.default,
        "presets": dict(option.presets),
        "help": option.help,
        "evidence": option.evidence,
    }


def lines(about: str, options: Sequence[OptionDescription], columns: int) -> Iterator[str]:
    """Return an entry for each option, no line of it wider than the columns."""
    yield from textwrap.wrap(about, columns)
    for option in options:
        if option.group:
            yield from ("", *textwrap.wrap(option.group.upper(), columns))

        yield ""
        default = "" if option.over_preset else f"; default {text(option.default)}"
        yield from textwrap.wrap(
            f"{option.name}  {option.words}{default}", columns, subsequent_indent=_INDENT
        )
        yield from _preset_lines(option.presets, columns)
        for paragraph in (option.help, f"Evidence: {option.evidence}." * bool(option.evidence)):
            yield from textwrap.wrap(
                paragraph, columns, initial_indent=_INDENT, subsequent_indent=_INDENT
            )


def _preset_lines(presets: Mapping[str, Any], columns: int) -> list[str]:
    """Return the value of each preset: in columns where they fit, else one below the other."""
    values = {preset: text(value) for preset, value in presets.items()}
    if len(set(values.values())) == 1:
        values = {"all presets:": next(iter(values.values()))}

    cells = [f"{preset} {shown}" for preset, shown in values.items()]
    place = (columns - len(_INDENT)) // max(len(cells), 1)
    # A gap of two spaces, else two values read as one.
    if all(len(cell) + 2 <= place for cell in cells):
        return [(_INDENT + "".join(cell.ljust(place) for cell in cells)).rstrip()] if cells else []

    return [
        line
        for cell in cells
        for line in textwrap.wrap(
            cell, columns, initial_indent=_INDENT, subsequent_indent=_INDENT * 2
        )
    ]


def text(value: object) -> str:
    """Return a value as it is typed at a command line; an empty text as two quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value) or '""'
