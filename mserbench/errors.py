"""Errors a user can act on; each class carries the exit code of the command line.

Messages are one sentence: what is wrong, in which item, what was expected, what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 500  # characters of a foreign error's text: what is longer holds data, not words


def words(error: BaseException, limit: int = SHOWN) -> str:
    """Return an error as one line for a person: its class and its text.

    Whatever the text does is met: it may raise, hold line ends, controls, halves of characters, or
    megabytes (cut to `limit` characters).
    """
    name = type(error).__name__
    try:
        text = str(error)
    # The text is made by the code that failed, which may fail again.
    except BaseException:
        return f"{name}, whose text cannot be made"

    shown = plain(text, limit)
    return f"{name}: {shown}" if shown else name


def plain(text: str, limit: int = SHOWN) -> str:
    """Return foreign text as one line that any terminal can show, of at most `limit` characters.

    Controls, halves of characters and what turns the direction of text are written as escapes.
    """
    # Cut before the rest is done to it: a text may be megabytes.
    line = " ".join(text[: 2 * limit].split())
    safe = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)
    is_cut = len(safe) > limit or len(text) > 2 * limit

    return f"{safe[:limit]} ..." if is_cut else safe


class MserbenchError(Exception):
    """Base of all errors that a user or a plugin author can mend."""

    exit_code = 4


class UsageError(MserbenchError):
    """The request itself is wrong: an unknown name, a bad option, a folder in use (exit 2)."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that no plugin registered; the message offers the nearest ones (exit 2)."""

    def __init__(self, kind: str, name: str, names: Iterable[str], listing: str) -> None:
        # Only a wrong name pays for this import.
        import difflib

        names = sorted(names)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = (
            f"; did you mean {' or '.join(repr(candidate) for candidate in near)}?" if near else ";"
        )
        super().__init__(f"{kind} {name!r} is not known{hint} {listing} lists all {len(names)}")
        self.near = near


class DataError(MserbenchError):
    """Data on disk are missing or invalid (exit 3)."""

    exit_code = 3


class ModelError(MserbenchError):
    """A model broke its contract or failed while it ran (exit 4)."""


class PluginError(MserbenchError):
    """A plugin could not be loaded or contradicts another (exit 4)."""


class MissingExtra(PluginError):
    """An optional package is absent; the message names the command that installs it (exit 4)."""

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: run pip install "
            f"'mserbench[{extra}]'"
        )


class PackageMisfit(PluginError):
    """A package cannot be loaded beside another; says both and what to install (exit 4)."""
