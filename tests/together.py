"""One script in several processes that train together, as a launcher would start them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from textwrap import dedent
from typing import Any


def run_processes(script: str, n: int) -> dict[str, Any]:
    """Run a script of torch in `n` processes on the CPU; returns what the main one prints last.

    That is a line of JSON.
    """
    # The system picks a port; until the first process takes it, nobody else is likely to.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    base = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    started = []
    for rank in range(n):
        # A single process gets none of these, as without a launcher.
        of = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(n)} if n > 1 else {}
        if n > 1:
            of |= {"ACCELERATE_USE_CPU": "true", "LOCAL_WORLD_SIZE": str(n)}

        command = [sys.executable, "-c", dedent(script)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, env={**base, **of}, text=True, **pipes))

    results = [process.communicate(timeout=180) for process in started]
    assert all(process.returncode == 0 for process in started), results
    # The last line: libraries may print before it.
    return json.loads(results[0][0].strip().splitlines()[-1])
