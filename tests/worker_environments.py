"""Environments of other packages for tests: ready ones by `$MSERBENCH_WORKER_ENVS`, else made.

They take torch, and what it stands on, from this one: gigabytes that are here already.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path
from textwrap import dedent

import pytest

NEEDS = {  # packages that are installed alone, and those with what they need
    "funasr": (
        [
            "funasr",
            "umap-learn",
            "pynndescent",
            "jieba",
            "modelscope",
            "oss2",
            "rapidfuzz",
            "tiktoken",
        ],
        ["omegaconf", "hydra-core", "librosa", "kaldiio", "tensorboardX", "torch_complex"],
    ),
    "speechbrain": (["speechbrain"], ["hyperpyyaml"]),
    "nkululeko": (["nkululeko"], []),
    "serve": ([], ["openai", "librosa", "python-multipart"]),
}


def python_of(name: str, tmp_path: Path) -> str:
    """Return the Python of an environment with a package; skips where none can be made."""
    ready = Path(os.environ.get("MSERBENCH_WORKER_ENVS", tmp_path)) / name
    if (ready / "bin/python").exists():
        return str(ready / "bin/python")

    venv.create(ready, with_pip=True)
    own = sysconfig.get_path("purelib", vars={"base": str(ready)})
    (Path(own) / "shared.pth").write_text(sysconfig.get_path("purelib"))
    alone, whole = NEEDS[name]
    for packages, flags in ((alone, ["--no-deps"]), (whole, [])):
        command = [str(ready / "bin/pip"), "install", "-q", *flags, *packages]
        if packages and subprocess.run(command, capture_output=True).returncode:
            pytest.skip(f"{name} cannot be installed here: no package index")

    return str(ready / "bin/python")


def run(python: str, program: str, *arguments: object) -> None:
    """Run a program in an environment; it must end well."""
    command = [python, "-c", dedent(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]
