"""The options of the model `worker`, and the command that they stand for."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from mserbench.errors import DataError, UsageError
from mserbench.options import check_ranges, option
from mserbench_worker.hello import KEY

_SERVE = Path(__file__).parent / "serve.py"


@dataclass(frozen=True)
class Options:
    """Options of `worker`. Raises UsageError for a value out of its range."""

    command: str = option(
        "",
        "A Python file that defines `predict`, or a command that speaks the protocol.",
        "none: it must be given",
    )
    python: str = option(
        "",
        "The Python that runs a file, such as venv/bin/python.",
        "assumed: the one that runs mserbench",
    )
    workers: int = option(
        1,
        "Processes that answer side by side.",
        "assumed: a model fills the memory of a device",
        within="at least 1",
        group="How it is asked, which changes no answer",
        conduct=True,
    )
    gpus: str = option(
        "",
        "GPUs by number, comma separated: each process sees one of them, in turn.",
        "assumed: a process sees what mserbench sees",
        conduct=True,
    )
    timeout: float = option(
        300.0,
        "Seconds that one clip may take; then the process is ended and started anew.",
        "assumed: long clips on a slow machine",
        within="above 0",
        conduct=True,
    )
    start_timeout: float = option(
        900.0,
        "Seconds that a process may take to introduce itself.",
        "assumed: it may download its weights",
        within="above 0",
        conduct=True,
    )

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def words(self) -> list[str]:
        """The command as it is typed, in words. Raises UsageError where there is none."""
        try:
            # A name with blanks is one word where a file is called so.
            is_file = bool(self.command) and Path(self.command).is_file()
            words = [self.command] if is_file else shlex.split(self.command)
        except (ValueError, OSError) as error:
            raise UsageError(
                f"option command of model 'worker' is {self.command!r}, which has a quote without "
                "an end: mend it"
            ) from error

        if not words:
            raise UsageError(
                "model 'worker' has no command: give a file or a command, --model worker:FILE.py"
            )

        return words

    @property
    def arguments(self) -> list[str]:
        """What is started: a file goes through `serve.py` by the Python that was named.

        Raises DataError where the file is not there.
        """
        words = self.words
        if not words[0].endswith(".py"):
            return words
        if not Path(words[0]).is_file():
            raise DataError(f"worker {words[0]!r} is no file: give the path of one")

        return [self.python or sys.executable, "-u", str(_SERVE), *words]

    @property
    def remedy(self) -> str:
        """What to do with a program that does not introduce itself."""
        if self.words[0].endswith(".py"):
            return (
                "mend the file, or name the Python that has its packages by "
                "--option python=FOLDER/bin/python"
            )

        sentence = f"its first line must be JSON with the key {KEY!r} (docs/worker.md)"
        file = next((word for word in self.words if word.endswith(".py")), None)
        if file is None:
            return sentence

        # `python my_worker.py` runs to its end and says nothing.
        return f"{sentence}; a file that defines 'predict' is given alone, as worker:{file}"

    @property
    def paths(self) -> dict[str, Path]:
        """The files and folders that the command names, whose contents decide answers.

        By their place in it: `argument 0` is the command itself.
        """
        return {
            f"argument {place}": Path(word)
            for place, word in enumerate(self.words)
            if word.strip(". ") and os.path.exists(word)
        }

    def gpu_of(self, number: int) -> str | None:
        """Return the GPU that a process sees, by its number from 0; None: what mserbench sees."""
        listed = [part.strip() for part in self.gpus.split(",") if part.strip()]
        return listed[number % len(listed)] if listed else None
