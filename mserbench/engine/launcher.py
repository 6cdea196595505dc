"""Starts `mserbench` as several processes that train together, and ends them when nobody waits for
them any more.

Run as a program: `python -m mserbench.engine.launcher N ARGUMENT...`. Its input is a pipe of
the process that waits: when that is killed the pipe closes, and a training of hours must not go on
for nobody.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence


def launched(count: int, arguments: Sequence[str]) -> tuple[int, list[str]]:
    """Carry `mserbench ARGUMENT...` out as `count` processes; return the exit status and the lines
    of stderr.

    The lines are passed on as they come. Should this process be killed, so are those.
    """
    program = [sys.executable, "-m", "mserbench.engine.launcher", str(count), *arguments]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            sys.stderr.write(line)
            lines.append(line.rstrip("\n"))

    return process.returncode, lines


def command(count: int, arguments: Sequence[str]) -> list[str]:
    """Return what launches `mserbench ARGUMENT...` as `count` processes of this machine.

    The launcher is torch's, which `accelerate launch` calls too; accelerate inside each process
    joins them.
    """
    program = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    return [sys.executable, *program, "-m", "mserbench", *arguments]


def main() -> int:
    """Launch, wait, and return the exit status."""
    count, *arguments = sys.argv[1:]
    process = subprocess.Popen(command(int(count), arguments), stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, args=(process,), daemon=True).start()

    return process.wait()


def _end_with_input(process: subprocess.Popen[bytes]) -> None:
    """End the processes once the input is closed; torch's launcher passes SIGTERM on."""
    # Not sys.stdin.read: a thread inside that keeps Python from ending.
    while os.read(sys.stdin.fileno(), 1):
        pass

    # By SIGTERM and not by SIGKILL, or its children would train on without it.
    process.terminate()


if __name__ == "__main__":
    sys.exit(main())
