"""Tries mutants: the tests of a module run in a fork, in which the module is a mutant.

`python -m mutants.trying MODULE TESTS [SHARE [LIMITS]]` (from the folder `tests`) prints each survivor;
LIMITS are options of pytest that leave tests out.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from mutants.making import Mutant, mutants

# Imported once, before the forks; nothing of the program is, as it must import the mutant.
HEAVY = (
    "hypothesis.strategies", "numpy.testing", "pandas", "pytest", "scipy.stats", "sklearn.metrics",
    "soundfile", "soxr", "av", "click", "langcodes", "filelock", "hypothesis.extra.numpy",
)  # fmt: skip
LIMIT = 60  # seconds of processor time for the tests of one mutant; a loop without end is killed
_ROOT = Path(__file__).resolve().parent.parent.parent


class _Loader(SourceFileLoader):
    """Loads a module of which the syntax tree was changed."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.tree(), self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, module: str, path: Path, mutant: Mutant) -> None:
        self._module, self._path, self._mutant = module, str(path), mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._module:
            return None
        loader = _Loader(name, self._path, self._mutant)
        return importlib.util.spec_from_file_location(name, self._path, loader=loader)


def source_of(module: str) -> Path:
    """Return the file of a module of the core, without importing it."""
    return _ROOT / (module.replace(".", "/") + ".py")


def survives(module: str, mutant: Mutant | None, tests: Sequence[str], place: Path) -> bool:
    """Say whether all tests pass although the module is a mutant; None is the module as it is."""
    child = os.fork()
    if child == 0:
        _quiet(place)
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(module, source_of(module), mutant))

        import resource

        import pytest

        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        signal.alarm(5 * LIMIT)
        # The cache is another command's, and a plugin of several processes has none here.
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow"]
        code = pytest.main([*arguments, f"--basetemp={place}/tmp", *tests])
        os._exit(int(code))

    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _quiet(place: Path) -> None:
    os.chdir(_ROOT)
    log = os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    # Examples that kill a mutant must not be kept for the tests of the module itself.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(place / "hypothesis")


def sample(module: str, share: float, seed: int = 0) -> list[Mutant]:
    """Return a share of the mutants of a module, the same each time."""
    everyone = mutants(source_of(module).read_text(encoding="utf-8"))
    chosen = random.Random(seed).sample(everyone, max(1, round(share * len(everyone))))
    return [mutant for mutant in everyone if mutant in chosen]


def survivors(
    module: str, tests: Sequence[str], chosen: Sequence[Mutant], place: Path
) -> Iterator[str]:
    """Yield the keys of the mutants that no test sees, in the order of the file."""
    for name in HEAVY:
        importlib.import_module(name)

    assert survives(module, None, tests, place), (place / "log").read_text()[-2_000:]
    for mutant in chosen:
        if survives(module, mutant, tests, place):
            yield mutant.key


def main(module: str, tests: str, share: str = "1", *limits: str) -> None:
    """Print the survivors, one a line, and on the last line how many were tried, in what time."""
    tried = sample(module, float(share))
    start = time.monotonic()
    alive = 0
    with tempfile.TemporaryDirectory() as folder:
        for key in survivors(module, [tests, *limits], tried, Path(folder)):
            # At once, as somebody waits for minutes.
            print(key, flush=True)
            alive += 1

    seconds = time.monotonic() - start
    print(f"{module}: {len(tried)} mutants, {alive} survived, {seconds:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
