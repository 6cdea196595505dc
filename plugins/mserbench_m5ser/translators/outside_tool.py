"""A command-line tool of another environment, run with a time limit; it ends with this process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.errors import plain

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_LOG = "tool.log"
_TAIL = 4096  # bytes of a log in which its last words are looked for
# What leads a Python of another environment to the packages of this one.
_OURS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool ended: its exit status, None where its time was up, and its last words."""

    status: int | None
    last_words: str


def run(command: Sequence[str], folder: Path, environment: dict[str, str], limit: float) -> Ended:
    """Run a command in a folder for at most `limit` seconds; its output goes to a log there.

    What it started is ended with it, and with this process, however that ends.
    """
    log = folder / _LOG
    program = [sys.executable, "-I", str(_SUPERVISOR), *command]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            cwd=folder, env=environment,
        ) as supervisor,
    ):  # fmt: skip
        try:
            status = supervisor.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            status = None
        # Leaving the block closes the pipe, upon which the supervisor ends the tool.

    # Without the folder, whose name is another each time: equal faults shall read alike.
    return Ended(status, last_words(log).replace(f"{folder}{os.sep}", ""))


def environment_of(folder: Path, device: str) -> dict[str, str]:
    """Return the variables for a tool in the folder of another environment's programs.

    `device` is cpu, cuda or cuda:N; the tools have no option for it.
    """
    variables = {name: value for name, value in os.environ.items() if name not in _OURS}
    variables["PATH"] = os.pathsep.join([str(folder), variables.get("PATH", os.defpath)])

    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = ""
    elif ":" in device:
        variables["CUDA_VISIBLE_DEVICES"] = device.partition(":")[2]

    return variables


def last_words(log: Path) -> str:
    """Return the last line that a tool wrote, without its bars of progress."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - _TAIL, 0))
        text = file.read().decode("utf-8", "replace")

    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    # tqdm writes `  7%|...` over and over in one line.
    words = [line for line in lines if line and not re.match(r"\d+%\|", line)]

    return plain(words[-1], 300) if words else "it said nothing"
