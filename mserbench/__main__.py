"""`python -m mserbench` is the program `mserbench`, which begins here in any case."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_SAID = b"interrupted: what was done is kept, the same command goes on\n"


def main() -> None:
    """Run the program, and exit. Ctrl-C while it is still being imported has its sentence too."""
    _in_utf_8()
    # Nothing is under way yet, and an import that is broken off may be told as anything.
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _end)

    from mserbench.cli import main as run

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    run()


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    try:
        os.write(2, _SAID)
    finally:
        os._exit(130)


def _in_utf_8() -> None:
    """Start again in UTF-8 where the locale is ASCII: no name with other letters could be opened.

    Python does so by itself for the locales C and POSIX, unless the environment forbids it.
    """
    if sys.getfilesystemencoding() != "ascii" or sys.flags.utf8_mode:
        return

    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
