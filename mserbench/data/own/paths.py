"""Paths as tables write them, and the files on disk that they mean: one rule for loading and
proposing.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

_UNTIDY = re.compile(r"\\|//|(^|/)\.|/$")  # normpath is slow, and most paths need none
_OUTSIDE = re.compile(r"/|[A-Za-z]:|\.\.(/|$)")


def plain(path: str, strip: str = "") -> str:
    """Return a path as POSIX writes it, without `strip`, which another machine had before it.

    >>> plain("./wav\\\\a.wav"), plain("C:\\\\mine\\\\wav\\\\a.wav", "C:/mine/")
    ('wav/a.wav', 'wav/a.wav')
    """
    tidy = posixpath.normpath(path.replace("\\", "/")) if _UNTIDY.search(path) else path
    return tidy.removeprefix(strip) if strip else tidy


def leads_out(path: str) -> bool:
    """Whether a plain path is absolute or leaves its folder, or no system can hold it."""
    return _OUTSIDE.match(path) is not None or "\0" in path


def composed(text: str) -> str:
    """Return a text in the Unicode form NFC: macOS writes names of files in another (NFD)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def key(path: str) -> str:
    """Return what is equal for spellings of one name: NFC or NFD, `.WAV` or `.wav`."""
    stem, ending = posixpath.splitext(path)
    return composed(stem) + composed(ending).casefold()


class Names:
    """The files of a folder, found by any spelling of their names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.exact = frozenset(names)
        self._by_key: dict[str, list[str]] | None = None

    def match(self, path: str) -> str | None:
        """Return the file that a plain path means: itself, else the only one spelled so."""
        if path in self.exact:
            return path

        # Made when it is needed: nearly all tables spell names as the disk does.
        if self._by_key is None:
            self._by_key = defaultdict(list)
            for name in self.exact:
                self._by_key[key(name)].append(name)

        # Two files of one spelling: which was meant is not known.
        spelled = self._by_key.get(key(path), ())
        return spelled[0] if len(spelled) == 1 else None
