"""Text from outside - names, cards, errors, answers - as a terminal or a csv cell may have it.

Markdown has its own escapes, in `mserbench.report.markdown`, which begins with those of here.
"""

from __future__ import annotations

from typing import TextIO

from mserbench.errors import escaped

LONGEST = 4_000  # characters of a line for people; what is longer holds data, not words

# By what a spreadsheet begins a formula, also in the wide letters of East Asia.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def shown(text: str, longest: int | None = None) -> str:
    """Return text with every sign that a terminal would obey as a visible escape.

    Line ends and tabs stay. With `longest` a text of more characters is cut, and says how many are
    left out.

    >>> shown("\\x1b[31mred")
    '\\\\x1b[31mred'
    """
    left_out = len(text) - longest if longest is not None else 0
    # Cut first: of megabytes only what is shown is looked at.
    safe = escaped(text if left_out <= 0 else text[:longest])
    return safe if left_out <= 0 else f"{safe} ... ({left_out:,} more characters)"


def line(text: str, longest: int | None = LONGEST) -> str:
    """Return text as `shown` does, as one line."""
    # Before white space shrinks, as a text may be all white space.
    cut = text if longest is None else shown(text, longest)
    return shown(" ".join(cut.split()))


def lines(text: str) -> str:
    """Return text as `shown` does, each line cut after `LONGEST` characters."""
    if len(text) <= LONGEST:
        return shown(text)
    return "".join(
        shown(part.rstrip("\n"), LONGEST) + "\n" * part.endswith("\n")
        for part in text.splitlines(keepends=True)
    )


def cell(text: str, stream: TextIO | None = None) -> str:
    """Return text as a csv cell that a spreadsheet takes for text, and a terminal for harmless.

    What would begin a formula - `=`, `+`, `-`, `@`, a tab - gets an apostrophe before it, unless it
    is a number, or that sign alone. Where `stream` cannot write a sign, that is escaped too.
    """
    safe = shown(text)
    if len(safe) > 1 and safe.startswith(_FORMULA) and not _is_number(safe):
        safe = f"'{safe}"

    encoding = getattr(stream, "encoding", None) or "utf-8"
    return safe.encode(encoding, "backslashreplace").decode(encoding)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False

    return True
