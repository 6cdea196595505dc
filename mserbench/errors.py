"""Errors a user can act on; each class carries the exit code of the command line.

Messages are one sentence: what is wrong, in which item, what was expected, what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SHOWN = 500  # characters of a foreign error's text: what is longer holds data, not words

_MUTE = ", whose text cannot be made"

# Controls (a terminal obeys ESC, OSC and their eight-bit kin), what turns the direction of writing,
# what breaks lines unseen, halves of characters, and tags that nobody sees. Joiners stay: Persian
# and many an emoji are written with them.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def words(error: BaseException, limit: int = SHOWN) -> str:
    """Return an error as one line for a person: its class and its text.

    Whatever the text does is met: it may raise, hold line ends, controls, halves of characters, or
    megabytes (cut to `limit` characters).
    """
    name, text = type(error).__name__, why(error, limit)
    return text if text in (name, name + _MUTE) else f"{name}: {text}"


def why(error: BaseException, limit: int = SHOWN) -> str:
    """Return the text of a foreign error as `words` does, without its class.

    Where there is no text, that is the class.
    """
    name = type(error).__name__
    try:
        return plain(str(error), limit) or name
    # The text is made by the code that failed, which may fail again.
    except BaseException:
        return name + _MUTE


def plain(text: str, limit: int = SHOWN) -> str:
    """Return foreign text as one line that any terminal can show, of at most `limit` characters."""
    # Cut before the rest is done to it: a text may be megabytes.
    safe = escaped(" ".join(text[: 2 * limit].split()))
    is_cut = len(safe) > limit or len(text) > 2 * limit

    return f"{safe[:limit]} ..." if is_cut else safe


def escaped(text: str) -> str:
    """Return text with every sign that a terminal would obey as a visible escape.

    Line ends and tabs stay.

    >>> escaped("\\x1b[31mred")
    '\\\\x1b[31mred'
    """
    return _OBEYED.sub(lambda match: ascii(match[0])[1:-1], text)


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


class ClipError(ModelError):
    """A model failed at one clip of a batch (exit 4): `position` is its place there, from 0.

    A model does not know what a clip is called; who asked it names the clip in front of the
    sentence.
    """

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.sentence, self.position = sentence, position


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
