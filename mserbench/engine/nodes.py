"""What runs on the nodes of a Ray cluster, and how it is said that something is wrong with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

from mserbench.engine.base import Outcome, Shard, T, carried_out
from mserbench.errors import MserbenchError

# What decides numbers, beside the packages that bring plugins.
_NUMERIC = ("numpy", "scipy", "scikit-learn", "soundfile", "soxr", "torch", "torchaudio")


class Worker:
    """What an actor is: a process of its own that keeps what it has loaded."""

    def begin(self, folder: str, log: str) -> None:
        """Stand where the command stands, as paths in options may count from there; send what is
        printed to the end of a file. Neither where it is not seen from here.
        """
        if Path(folder).is_dir():
            os.chdir(folder)

        if log and Path(log).parent.is_dir():
            handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            for stream in (1, 2):
                os.dup2(handle, stream)

    def carry_out(self, shard: Shard[T]) -> Outcome[T]:
        """Do a shard on the device that Ray lends: the GPUs of others are not seen from here."""
        import ray

        gpus = ray.get_runtime_context().get_accelerator_ids().get("GPU")
        # The exception stays here, as with local processes: many cannot be pickled.
        return replace(carried_out(shard, "cuda:0" if gpus else "cpu"), cause=None)


def call(work: Callable[..., T], *arguments: Any) -> T:
    """Call a function: Ray takes ours, and none that is built in."""
    return work(*arguments)


def packages() -> dict[str, str]:
    """Return the versions of Python, of the packages that decide numbers, and of all plugins."""
    plugins = {
        entry.dist.name: entry.dist.version
        for entry in entry_points(group="mserbench")
        if entry.dist is not None
    }
    versions = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", **plugins}
    for name in _NUMERIC:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"

    return versions


def unlike(name: str, own: dict[str, str], theirs: dict[str, str]) -> str:
    """Return the sentence on the first package that a node has otherwise."""
    package = min(key for key in {*own, *theirs} if own.get(key) != theirs.get(key))
    return (
        f"{name} has {package} {theirs.get(package, 'none')}, but this machine "
        f"{own.get(package, 'none')}: install the same there, as numbers depend on it"
    )


def unreachable(address: str, error: BaseException) -> MserbenchError:
    """Return the error of a cluster that is not to be had; an empty address is one of our own."""
    if not address:
        return MserbenchError(f"no Ray cluster could be started on this machine ({reason(error)})")
    return MserbenchError(
        f"no head of a Ray cluster can be reached at {address!r} from this machine "
        f"({reason(error)}): 'ray start --head' starts one, and 'ray start --address=HOST:PORT' "
        "makes this machine one of its nodes"
    )


def deadly(key: str, tries: int, error: BaseException) -> str:
    """Return the sentence on a shard that is not tried again."""
    return (
        f"{key}: its worker died {tries} times (killed, or out of memory? {reason(error)}): it is "
        "left out, all else goes on"
    )


def reason(error: BaseException) -> str:
    """Return the first line that says something, of pages that Ray has for an error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200].rstrip(".:") if lines else type(error).__name__
