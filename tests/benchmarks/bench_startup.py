"""Start-up of the command line with 20 plugins installed, as processes, against `import click`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

PLUGINS, ROUNDS = 20, 25
CLICK = [sys.executable, "-c", "import click"]
PROGRAM = [str(Path(sys.executable).with_name("mserbench"))]
HEAVY = ("torch", "numpy", "pandas", "scipy", "sklearn")
LOADED = f"""
import sys
from mserbench.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
"""
MODULE = '''"""A plugin with one task, one model and one command."""

from mserbench.plugins.hookspecs import CommandEntry, ModelEntry, TaskEntry, hookimpl


@hookimpl
def register_tasks():
    return [TaskEntry("task-{n}", "stranger_{n}_tasks:TASK", "A task")]


@hookimpl
def register_models():
    return [ModelEntry("model-{n}", "absent:Model", "A model")]


@hookimpl
def register_commands():
    return [CommandEntry("command-{n}", "absent:command", "A command")]
'''


# The list of tasks tells their languages and labels, so that each is looked at.
TASKS = """
from mserbench.contracts import Task

TASK = Task("task-{n}", "A task", "corpus-{n}", ("eo",), ("happy", "sad"), {{"h": "happy", "s": "sad"}})
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of a process that finds `PLUGINS` installed distributions more than this one."""
    folder = tmp_path_factory.mktemp("plugins")
    for n in range(PLUGINS):
        info = folder / f"stranger_{n}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: stranger-{n}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[mserbench]\nstranger-{n} = stranger_{n}\n")
        (folder / f"stranger_{n}.py").write_text(MODULE.format(n=n))
        (folder / f"stranger_{n}_tasks.py").write_text(TASKS.format(n=n))

    # Bytecode is kept, as it is after any installation; the first round, which writes it, is a
    # warm-up.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**environment, "PYTHONPATH": str(folder)}


def seconds_of(command: Sequence[str], environment: dict[str, str]) -> float:
    """Run a process to its end and return how long that took."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def ratio(
    benchmark: BenchmarkFixture,
    environment: dict[str, str],
    command: Sequence[str],
    reference: Sequence[str],
) -> float:
    """Return the median time of `command` over that of `reference`."""
    # Run in turns: the machine is never idle, and what hinders one must hinder the other.
    references: list[float] = []
    benchmark.pedantic(
        seconds_of,
        args=(command, environment),
        setup=lambda: references.append(seconds_of(reference, environment)),
        rounds=ROUNDS,
        warmup_rounds=1,
    )
    median, against = benchmark.stats.stats.median, statistics.median(references)
    benchmark.extra_info.update(reference_seconds=against, ratio=median / against)
    print(
        f"\n{command[-1]} {median * 1000:.0f} ms, reference {against * 1000:.0f} ms, ratio "
        f"{median / against:.2f}"
    )

    return float(median / against)


def bench_help_against_import_click(
    benchmark: BenchmarkFixture, environment: dict[str, str]
) -> None:
    """`mserbench --help` takes at most 3 times as long as Python with click alone."""
    assert ratio(benchmark, environment, [*PROGRAM, "--help"], CLICK) <= 3


@pytest.mark.parametrize("command", ["tasks", "models"])
def bench_listing_against_help(
    benchmark: BenchmarkFixture, environment: dict[str, str], command: str
) -> None:
    """`mserbench tasks` and `mserbench models` take at most twice as long as `mserbench --help`."""
    assert ratio(benchmark, environment, [*PROGRAM, command], [*PROGRAM, "--help"]) <= 2


@pytest.mark.parametrize("command", ["--help", "tasks", "models"])
def bench_nothing_heavy_is_loaded(environment: dict[str, str], command: str) -> None:
    """No listing imports a numeric package, and each shows what the plugins bring."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.split() == []
    kind = {"--help": "command", "tasks": "task", "models": "model"}[command]
    assert all(f"{kind}-{n} " in done.stdout for n in range(PLUGINS))
