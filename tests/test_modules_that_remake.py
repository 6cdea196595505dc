"""What remakes published figures is a module of its package: each says how it is used, and none
lies beside one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TORCH = (
    "mserbench_whisper_linear.choosing",
    "mserbench_supcon_w2v2.choosing",
    "mserbench_mser_llm.choosing",
    "mserbench_mser_llm.remake_weights",
)
LIGHT = (
    "mserbench_baselines.choose_penalty",
    "mserbench_baselines.remake_weights",
    "mserbench_m5ser.measuring",
    "mserbench_tasks.remake_splits",
)


@pytest.mark.parametrize("module", [*LIGHT, *TORCH])
def test_a_module_that_remakes_figures_says_how_it_is_used(module: str) -> None:
    """A script that nobody runs rots; its help must at least come without data and without work."""
    if module in TORCH:
        pytest.importorskip("torch", reason="it is of the extra train")
        pytest.importorskip("whisper", reason="it is of the extra train")

    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")
    assert "emakes" in done.stdout or "ompares" in done.stdout


@pytest.mark.parametrize("folder", ["tasks", "plugins", "leaderboard", "docs"])
def test_no_script_lies_beside_a_package(folder: str) -> None:
    """Beside a package neither types nor sizes nor imports are checked."""
    assert sorted(path.name for path in (ROOT / folder).glob("*.py")) == []
