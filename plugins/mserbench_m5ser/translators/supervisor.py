"""Runs a command, and ends it with all that it started once nobody waits for it any more.

Run as a program: `python -I supervisor.py COMMAND ARGUMENT...`. Its input is a pipe of the process
that waits: when that closes it, or is killed, a tool of hours must not go on for nobody.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    """Run the command and return its exit status, 127 where it cannot be started."""
    try:
        # A session of its own, so that it can be ended with its children.
        process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]} cannot be started: {error.strerror}\n")
        return 127

    threading.Thread(target=_end_with_input, args=(process.pid,), daemon=True).start()
    status = process.wait()
    _end(process.pid)

    return status if status >= 0 else 128 - status


def _end_with_input(group: int) -> None:
    # Not sys.stdin.read: a thread inside that keeps Python from ending.
    while os.read(0, 1):
        pass

    _end(group)


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
