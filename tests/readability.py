"""How the code reads, in numbers: comments, blank lines, long lines, and names that say nothing.

`python tests/readability.py PATH...` prints the table of the given folders and modules, and where
the vague names stand.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# A name that says what is held tells a reader more than that something is.
VAGUE = frozenset(
    [
        "one",
        "ones",
        "found",
        "known",
        "wanted",
        "given",
        "said",
        "told",
        "there",
        "rest",
        "here",
        "thing",
        "things",
        "stuff",
        "some",
        "other",
        "others",
        "what",
        "where",
        "kept",
        "made",
        "left",
        "seen",
        "held",
        "asked",
        "shown",
        "taken",
        "meant",
        "got",
        "again",
    ]
)
WIDTH = 100
Functions = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Functions


@dataclass(frozen=True)
class Reading:
    """Counts of lines, and the names of locals and arguments with where each is bound."""

    lines: int
    code: int
    comments: int
    inside: int  # lines of functions, docstrings left out
    blank: int  # of those
    long: int
    names: tuple[tuple[str, str], ...]  # name, and path:line

    @property
    def comments_per_thousand(self) -> float:
        """Lines that are a comment, per 1,000 lines of code."""
        return 1000 * self.comments / self.code

    @property
    def blank_percent(self) -> float:
        """Blank lines among the lines of functions."""
        return 100 * self.blank / self.inside

    @property
    def long_percent(self) -> float:
        """Lines over 100 columns."""
        return 100 * self.long / self.lines

    @property
    def vague(self) -> list[tuple[str, str]]:
        """The names that say nothing, each with its place."""
        return [(name, place) for name, place in self.names if name in VAGUE]

    @property
    def vague_percent(self) -> float:
        """Bindings of such names among all bindings of locals and arguments."""
        return 100 * len(self.vague) / len(self.names)


def modules(paths: list[Path]) -> Iterator[Path]:
    """Yield the modules of folders, and those named themselves."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def read(paths: list[Path]) -> Reading:
    """Read all modules of `paths`."""
    lines = code = comments = inside = blank = long = 0
    names: list[tuple[str, str]] = []
    for path in modules(paths):
        text = path.read_text(encoding="utf-8")
        rows, tree = text.splitlines(), ast.parse(text)
        documented = set(_docstring_lines(tree))
        of_functions = _function_lines(tree) - documented

        lines += len(rows)
        long += sum(len(row) > WIDTH for row in rows)
        comments += sum(
            row.lstrip().startswith("#") and number not in documented
            for number, row in enumerate(rows, 1)
        )
        code += sum(
            bool(row.strip()) and not row.lstrip().startswith("#") and number not in documented
            for number, row in enumerate(rows, 1)
        )
        inside += len(of_functions)
        blank += sum(not rows[number - 1].strip() for number in of_functions)
        names += [(name, f"{path}:{line}") for name, line in _bound(tree)]

    return Reading(lines, code, comments, inside, blank, long, tuple(names))


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, Documented) and ast.get_docstring(node) is not None:
            yield from range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)


def _function_lines(tree: ast.Module) -> set[int]:
    return {
        number
        for node in ast.walk(tree)
        if isinstance(node, Functions)
        for number in range(node.lineno, (node.end_lineno or 0) + 1)
    }


def _bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every name that is bound with its line: arguments, and what is assigned or looped."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


if __name__ == "__main__":
    reading = read([Path(argument) for argument in sys.argv[1:]])
    print(f"comments per 1,000 lines of code {reading.comments_per_thousand:6.1f}   (20 or more)")
    print(f"blank lines inside functions     {reading.blank_percent:6.1f} % (4 or more)")
    print(f"lines over {WIDTH} columns           {reading.long_percent:6.2f} % (0.5 or less)")
    print(f"names that say nothing           {reading.vague_percent:6.1f} % (2 or less)")
    for name, place in reading.vague:
        print(f"  {place}: {name}")
