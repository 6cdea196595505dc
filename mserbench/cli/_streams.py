"""Where results go that programs read: to stdout alone, whatever plugins and libraries print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

# What makes a command's output one for programs, in which a foreign line is an error.
_FOR_PROGRAMS, _HELP = {"--json", "croissant"}, {"-h", "--help"}
_STDOUT, _STDERR = 1, 2  # as the system numbers them, for what is written past Python

_results: list[TextIO] = []


def results() -> TextIO:
    """Return the stream of results: stdout, also while that of everybody else is stderr."""
    return _results[-1] if _results else sys.stdout


@contextmanager
def results_alone(arguments: Sequence[str], whole_process: bool) -> Iterator[None]:
    """Let `results` alone write to stdout, where the arguments ask for output for programs.

    What plugins and libraries print goes to stderr meanwhile; of the `whole_process` also what
    compiled code prints, and what is printed at its very end.
    """
    # Help is for people, of any command.
    words = set(arguments)
    # Of `predict` and `data list` alone csv goes to stdout; of `plot` it is a file.
    prints_csv = "--csv" in words and words & {"predict", "list"}
    is_for_programs = _FOR_PROGRAMS & words or prints_csv
    is_for_people = not is_for_programs or _HELP & words
    if is_for_people or sys.stdout is None:
        yield
        return

    _results.append(_own_stream(sys.stdout) if whole_process else sys.stdout)
    try:
        with redirect_stdout(sys.stderr or sys.stdout):
            yield
    finally:
        if not whole_process:
            _results.pop()


def _own_stream(stdout: TextIO) -> TextIO:
    """Return a stream to what stdout is, which then is what stderr is."""
    stdout.flush()
    own = os.dup(_STDOUT)
    try:
        os.dup2(_STDERR, _STDOUT)
    except OSError:  # stderr is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)

    return open(own, "w", encoding=stdout.encoding, errors=stdout.errors)
