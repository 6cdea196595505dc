"""Mutants of a module: each is its syntax tree with one small change that a slip could make."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.MatMult: ast.Mult,
}  # fmt: skip

# What only people read, or types: a change there is no wrong value.
_UNSEEN = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Mutant:
    """A changed module; `name` is the line's text and the change, so that it outlives other lines.

    `number` tells mutants of one name apart, in the order of the file. The change is that of the
    `node`-th node that may be changed, by its number among those of the node.
    """

    name: str
    number: int
    source: str
    node: int
    change: int

    @property
    def key(self) -> str:
        """What the committed list calls it."""
        return f"{self.name} #{self.number}" if self.number else self.name

    def tree(self) -> ast.Module:
        """Return the changed syntax tree."""
        tree = ast.parse(self.source)
        target = list(_nodes(tree))[self.node]
        _, replacement = list(_changes(target))[self.change]
        _replace(tree, target, replacement)
        return ast.fix_missing_locations(tree)


def mutants(source: str) -> list[Mutant]:
    """Return all mutants of a module's source, in the order of the file."""
    lines, numbers = source.splitlines(), dict[str, int]()
    changed = []
    for index, node in enumerate(_nodes(ast.parse(source))):
        for change, (words, _) in enumerate(_changes(node)):
            name = f"{lines[node.lineno - 1].strip()} -> {words}"
            numbers[name] = numbers.get(name, -1) + 1
            changed.append(Mutant(name, numbers[name], source, index, change))

    return changed


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield what may be changed: no annotation, no message, no docstring, no default type."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _UNSEEN) or _is_text(child):
                continue
            # The values of a type: the type checker alone looks at them.
            if isinstance(child, ast.Subscript) and ast.unparse(child.value) == "Literal":
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child

            yield from _nodes(child)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _changes(node: ast.expr | ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Yield each change of a node in words, with what stands in its place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        operator = COMPARED[type(node.ops[0])]
        yield operator.__name__, _with(node, ops=[operator(), *node.ops[1:]])
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        arithmetic = COMPUTED[type(node.op)]
        yield arithmetic.__name__, _with(node, op=arithmetic())
    elif isinstance(node, ast.BoolOp):
        yield "and/or", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp):
        yield "no sign", node.operand
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            keywords = [each for each in node.keywords if each is not keyword]
            yield f"without {keyword.arg}", _with(node, keywords=keywords)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "never", _with(node, test=ast.Constant(False))
    elif isinstance(node, ast.Return) and not _is_none(node.value):
        yield "returns None", _with(node, value=ast.Constant(None))
    elif isinstance(node, ast.Expr | ast.AugAssign):
        yield "left out", ast.Pass()
    elif isinstance(node, ast.Continue):
        yield "break", ast.Break()


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{not value}", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield f"{value} + 1", ast.Constant(value + 1)
    elif isinstance(value, str) and value:
        yield f"{value[:20]!r} + 'x'", ast.Constant(value + "x")


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)

    return changed


def _replace(tree: ast.AST, target: ast.AST, replacement: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, replacement)
                return
            if isinstance(value, list) and any(each is target for each in value):
                setattr(parent, name, [replacement if x is target else x for x in value])
                return
