"""What plugins import of the core is what it exports."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import mserbench
from mserbench.plugins.exports import EXPORTED, INSIDE
from mserbench.plugins.kinds import KINDS

ROOT = Path(__file__).parent.parent
PLUGINS = {
    "mserbench_tasks": ROOT / "tasks/mserbench_tasks",
    **{path.name: path for path in sorted((ROOT / "plugins").glob("mserbench_*"))},
    "mserbench_leaderboard": ROOT / "leaderboard/mserbench_leaderboard",
    "mserbench_stranger": ROOT / "tests/extension_package/src/mserbench_stranger",
}
ENTRY_POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def imported(path: Path) -> Iterator[str]:
    """Yield every module of the core that a file imports, also inside of functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import module` imports the module, `from module import name` does not.
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if is_module(name) else node.module for name in inner]
        else:
            continue

        yield from (name for name in names if name.partition(".")[0] == "mserbench")


@pytest.mark.parametrize("package", PLUGINS)
def test_a_plugin_imports_what_is_exported(package: str) -> None:
    """What our own plugins take from the inside, a stranger will take too, and break with it."""
    debts = INSIDE.get(package, ())
    wrong = {
        (path.name, name)
        for path in PLUGINS[package].rglob("*.py")
        for name in imported(path)
        if name not in EXPORTED
        and not any(name == debt or name.startswith(f"{debt}.") for debt in debts)
    }
    assert wrong == set()


def test_no_debt_is_listed_that_is_paid() -> None:
    """A list that only grows hides what is still owed."""
    used = {
        package: {name for path in PLUGINS[package].rglob("*.py") for name in imported(path)}
        for package in INSIDE
    }
    assert {
        (package, debt)
        for package, debts in INSIDE.items()
        for debt in debts
        if not any(name == debt or name.startswith(f"{debt}.") for name in used[package])
    } == set()


@pytest.mark.parametrize(
    "name", [*EXPORTED, *sorted({debt for debts in INSIDE.values() for debt in debts})]
)
def test_what_is_exported_exists_and_is_explained(name: str) -> None:
    assert is_module(name)
    if name in EXPORTED:
        assert f"`{name}`" in (ROOT / "docs/design/plugins.md").read_text(encoding="utf-8")


def test_public_names_are_where_the_package_looks_for_them() -> None:
    """They are imported on first use, from modules named by strings."""
    assert [name for name in mserbench.__all__ if getattr(mserbench, name, None) is None] == []
    records = {kind.record.__name__ for kind in KINDS}
    assert records <= set(mserbench.__all__)


@pytest.mark.parametrize("module", ENTRY_POINTS["mserbench"].values())
def test_every_plugin_says_for_which_interface_it_was_made(module: str) -> None:
    """Without it a plugin for an older core is loaded, and fails somewhere inside."""
    assert importlib.import_module(module).MSERBENCH_API == 1
