"""`make bench` takes functions by their name: one that it does not take measures nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("bench_*.py")), ids=lambda path: path.stem)
def test_each_file_of_benchmarks_has_some_that_are_run(path: Path) -> None:
    """Three files had theirs called `test_*`, so that `make bench` passed them over."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]

    assert [name for name in names if name.startswith("bench_")]
    assert [name for name in names if name.startswith("test_")] == []
