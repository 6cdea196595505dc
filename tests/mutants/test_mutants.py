"""A wrong value in the core is seen by the tests of its module, whichever line it comes from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from mutants.explained import EXPLAINED
from mutants.making import mutants
from mutants.trying import source_of

TESTS = Path(__file__).parent.parent
# Loading each model's parts takes 12 s and shows nothing of the verdict.
SLOW_ONES = "--deselect=tests/core/test_exposure.py::test_every_model_names_corpora_that_there_are"
TRIED = [  # module, its tests, the share of its mutants that is tried: a minute or two each
    ("mserbench.labels", "labels", 0.5),
    ("mserbench.results.journal", "journal", 1.0),
    ("mserbench.running.batches", "batches", 1.0),
    ("mserbench.results.exposure", "exposure", 0.3),
    ("mserbench.data.audio", "audio", 0.3),
    ("mserbench.statistics.metrics", "metrics", 0.2),
    ("mserbench.statistics.intervals", "intervals", 0.2),
    ("mserbench.statistics.averages", "averages", 0.4),
    ("mserbench.statistics.compare", "compare", 0.3),
]


def survivors(module: str, tests: str, share: float) -> tuple[list[str], str]:
    """Return the mutants of a sample that no test sees, and what is told of the sample."""
    command = [sys.executable, "-m", "mutants.trying", module, f"tests/core/test_{tests}.py"]
    done = subprocess.run(
        [*command, str(share), *([SLOW_ONES] if tests == "exposure" else [])],
        cwd=TESTS,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

    *alive, summary = done.stdout.splitlines()
    return [key for key in alive if key], summary


@pytest.mark.slow
@pytest.mark.parametrize(("module", "tests", "share"), TRIED)
def test_no_mutant_survives_unexplained(module: str, tests: str, share: float) -> None:
    """If one did, the same slip in a change would pass the tests too."""
    alive, summary = survivors(module, tests, share)
    print(summary)
    unexplained = [key for key in alive if key not in EXPLAINED.get(module, {})]
    assert not unexplained, "\n".join([summary, *unexplained])


@pytest.mark.parametrize("module", sorted(EXPLAINED))
def test_what_is_explained_is_a_mutant_still(module: str) -> None:
    """A reason for a line that is gone would excuse whatever takes its place."""
    keys = {mutant.key for mutant in mutants(source_of(module).read_text(encoding="utf-8"))}
    assert not set(EXPLAINED[module]) - keys


def test_each_kind_of_change_is_made() -> None:
    source = dedent("""
        Kind = Literal["a", "b"]
        def f(a, b):
            'Text.'
            if a < -b and g(a, key=1):
                g(b)
            return a + b
    """)
    changes = {mutant.key.rpartition(" -> ")[2] for mutant in mutants(source)}
    assert changes == {
        "LtE", "no sign", "and/or", "without key", "1 + 1", "never", "left out", "Sub",
        "returns None",
    }  # fmt: skip
