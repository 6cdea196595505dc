"""How many GPUs this machine lends, asked without loading torch into this process."""

from __future__ import annotations

import shutil
import subprocess
import sys

_QUESTION = "import torch; print(torch.cuda.device_count())"


def count() -> int:
    """Return how many CUDA devices torch sees; 0 where there is no driver, no torch, or one without
    CUDA.

    A process of its own asks, as the core never loads torch; without the driver's program nothing
    is started.
    """
    if shutil.which("nvidia-smi") is None:
        return 0

    # A torch that cannot be loaded answers by its exit status: then there is no GPU to use.
    answer = subprocess.run(
        [sys.executable, "-c", _QUESTION], capture_output=True, text=True, check=False
    )
    return int(answer.stdout) if answer.returncode == 0 and answer.stdout.strip().isdecimal() else 0
