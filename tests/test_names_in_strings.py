"""Names of modules kept in strings: each is that of a module, or of what a module defines.

A list of what must not be imported guards nothing once a module of it has moved, and a target that
is gone shows only when somebody asks for it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import test_architecture

ROOT = Path(__file__).parent.parent
PACKAGES = {
    init.parent.name: init.parent
    for folder in (".", "tasks", "plugins", "leaderboard")
    for init in (ROOT / folder).glob("mserbench*/__init__.py")
}
DOTTED = re.compile(rf"(?<![\w./])(?:{'|'.join(PACKAGES)})(?:[.:][A-Za-z_]\w*)+")
# A settings file that looks like a module.
FILES = {"mserbench.toml"}
MODULES = [path for folder in PACKAGES.values() for path in sorted(folder.rglob("*.py"))]
TESTS = [
    path for path in sorted((ROOT / "tests").rglob("*.py")) if path.name != Path(__file__).name
]
TEXTS = [
    ROOT / "README.md",
    ROOT / "Makefile",
    ROOT / "pyproject.toml",
    *sorted((ROOT / "docs").rglob("*.md")),
    *(path for folder in PACKAGES.values() for path in sorted(folder.rglob("*.toml"))),
]


def texts(path: Path) -> Iterator[str]:
    """Yield every string of a module, or all of a text."""
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield content
        return

    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def names(path: Path) -> set[str]:
    return {name for text in texts(path) for name in DOTTED.findall(text)} - FILES


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or its first part below a module is bound there.

    Read from the files: what needs torch is checked without it.
    """
    package, *parts = re.split("[.:]", name)
    folder = PACKAGES[package]
    for number, part in enumerate(parts):
        if (folder / part).is_dir():
            folder = folder / part
        elif (folder / f"{part}.py").is_file():
            attributes = parts[number + 1 :]
            return not attributes or attributes[0] in bound(folder / f"{part}.py")
        else:
            return part in bound(folder / "__init__.py")

    return True


@cache
def bound(module: Path) -> frozenset[str]:
    """Return what is bound anywhere in a module: more than what can be imported, never less."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)

    return frozenset(names)


@pytest.mark.parametrize(
    "path", [*MODULES, *TESTS, *TEXTS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_name_of_a_module_in_a_string_exists(path: Path) -> None:
    assert sorted(name for name in names(path) if not exists(name)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mserbench.data.corpus", True),
        ("mserbench.disk.files.write_atomic", True),
        ("mserbench.cards:CorpusCard", True),
        ("mserbench.corpus", False),
        ("mserbench.data.corpus.write_atomic", False),
    ],
)
def test_a_name_that_moved_is_seen(name: str, expected: bool) -> None:
    assert exists(name) is expected


def test_the_lists_are_read() -> None:
    """A pattern that matches nothing would pass too."""
    listed = {name for path in [*MODULES, *TEXTS] for name in names(path)}

    assert {"mserbench.data.corpus", "mserbench.plugins", "mserbench_tasks.tasks:TASKS"} <= listed


def test_every_list_of_packages_names_each_of_them() -> None:
    """A package that is left out is neither shipped, nor typed, nor held to its layer."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    shipped = settings["hatch"]["build"]["targets"]["wheel"]["packages"]

    # Benchmarks are typed as far as what they call, and are no package of ours.
    assert set(settings["mypy"]["packages"]) == {*PACKAGES, "tests.benchmarks"}
    assert set(settings["importlinter"]["root_packages"]) == set(PACKAGES)
    assert {path.rpartition("/")[2] for path in shipped} == set(PACKAGES)
    assert set(test_architecture.PACKAGES) == set(PACKAGES)
