"""What a person is shown: stdout and stderr let no text from outside command the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from mserbench.report import foreign

_STREAMS = 3  # stdin, stdout, stderr, as the system numbers them


class Screen:
    """A text stream that escapes and cuts what is written to it, for people.

    All else is that of `raw`, the stream behind it, by which programs are written to.
    """

    def __init__(self, raw: TextIO, keeps_returns: bool) -> None:
        self.raw = raw
        self._keeps_returns = keeps_returns

    def write(self, text: str) -> int:
        """Write text; returns how many characters of it."""
        # A bar of a library draws itself anew by a return; a name with one would hide what stands
        # before it.
        if self._keeps_returns and "\r" in text:
            safe = "\r".join(map(foreign.lines, text.split("\r")))
        else:
            safe = foreign.lines(text.replace("\r\n", "\n"))

        self.raw.write(safe)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for text in lines:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        # Who writes bytes writes past the screen, as click does in a locale of ASCII.
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self.raw, name)


def raw(stream: TextIO) -> TextIO:
    """Return the stream behind a screen, for JSON, csv and bars, which escape by themselves."""
    return getattr(stream, "raw", stream) if isinstance(stream, Screen) else stream


def open_streams() -> None:
    """Open the streams that the caller closed, so that no file of ours takes the place of one.

    Otherwise the first file that is opened would be the stderr of every library below Python.
    """
    handle = os.open(os.devnull, os.O_RDWR)
    while handle < _STREAMS:
        handle = os.open(os.devnull, os.O_RDWR)

    os.close(handle)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for good


@contextmanager
def guarded() -> Iterator[None]:
    """While the body runs, let stdout and stderr be screens."""
    before = sys.stdout, sys.stderr
    for stream in before:
        # An ASCII locale or half a character must not end a command: it is shown as an escape.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    sys.stdout = Screen(before[0], keeps_returns=False)
    sys.stderr = Screen(before[1], keeps_returns=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
