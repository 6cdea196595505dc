"""What a function is, for the key of its runs: its source, what it uses, what cannot be told."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import json
import operator
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from mserbench.running.source import INSTALLED, compiled, digest_of_place, place_of, place_of_module

_DEPTH = 8  # of functions that use functions; deeper ones are told as values that are not known
_loaded: dict[Path, tuple[list[Any], str]] = {}  # of packages and files, with their modules' specs
_PLAIN = (str, bytes, int, float, complex, bool, type(None))


@dataclasses.dataclass
class Basis:
    """What the key of a function's runs rests on.

    `parts` are texts or digests by a name; `unknown` names what decides its answers too, perhaps,
    and has no contents that can be told: a loaded model, an open file; `sources` says what was read
    of its code.
    """

    parts: dict[str, str] = dataclasses.field(default_factory=dict)
    unknown: list[str] = dataclasses.field(default_factory=list)
    sources: list[str] = dataclasses.field(default_factory=list)
    visited: set[int] = dataclasses.field(default_factory=set)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all parts."""
        return hashlib.sha256(json.dumps(self.parts, sort_keys=True).encode()).hexdigest()

    @property
    def sentence(self) -> str:
        """What the key rests on, for a reader of the record."""
        start = f"the key rests on {', '.join(dict.fromkeys(self.sources)) or 'its name alone'}"
        if not self.unknown:
            return start
        names = ", ".join(dict.fromkeys(self.unknown))
        return f"{start}; not on what these hold, whose contents cannot be told: {names}"


def basis_of(function: Callable[..., Any]) -> Basis:
    """Return what the key of runs of a function rests on.

    Of a function in a file that is its package or file, as of any model (`source.source_of`). Of
    one that was typed in, as in a notebook, its text, and of what it uses by name: texts of
    functions and classes typed in too, plain values, arrays. Where no text can be had, what it was
    compiled to, which another version of Python compiles otherwise.
    """
    basis = Basis()
    _add(basis, "function", function, 0)
    return basis


def _add(basis: Basis, name: str, value: Any, depth: int) -> None:
    if name in basis.parts:
        return
    if isinstance(value, functools.partial):
        basis.parts[name] = "partial"
        _add(basis, f"{name}.function", value.func, depth + 1)
        _add_values(basis, name, {**dict(enumerate(value.args)), **value.keywords}, depth + 1)
    elif isinstance(value, MethodType):
        _add(basis, f"{name}.function", value.__func__, depth + 1)
        _add_object(basis, f"{name}.self", value.__self__)
    elif isinstance(value, FunctionType | type):
        _add_code(basis, name, inspect.unwrap(value), depth)
    elif isinstance(value, ModuleType):
        _add_module(basis, name, value)
    elif not _is_plain(basis, name, value):
        _add_object(basis, name, value)


def _add_code(basis: Basis, name: str, code: Any, depth: int) -> None:
    """Add a function or a class: its file, or its text and what it uses by name."""
    basis.parts[name] = f"{code.__module__}.{code.__qualname__}"
    # Functions may use one another in a circle.
    if id(code) in basis.visited:
        return

    basis.visited.add(id(code))
    place = place_of(code)
    if place is not None and depth and (version := _version(code.__module__)):
        basis.parts[f"{name}.source"] = version
        return
    if place is not None:
        _add_place(basis, name, place)
    else:
        _add_text(basis, name, code)

    if not isinstance(code, FunctionType):
        return

    # A file does not hold what a closure or a default was made with.
    _add_values(basis, name, _closed_over(code), depth + 1)
    values = _named_globals(code)
    if place is not None:
        in_file = FunctionType | type | ModuleType
        values = {key: value for key, value in values.items() if not isinstance(value, in_file)}

    _add_values(basis, name, values, depth + 1)


def _add_module(basis: Basis, name: str, module: ModuleType) -> None:
    version = _version(module.__name__)
    basis.parts[name] = f"module {module.__name__} {version}"
    place = None if version else place_of_module(module)
    if place is not None:
        _add_place(basis, name, place)


def _add_place(basis: Basis, name: str, place: Path) -> None:
    basis.parts[f"{name}.source"] = _as_loaded(place)
    basis.sources.append(f"the source of {place.name}")


def _as_loaded(place: Path) -> str:
    """Return the digest of a package or a file as it was when its modules were last loaded.

    A file that is changed and not loaded anew decides nothing yet; a reload, as by a notebook's
    autoreload, makes another spec of the module.
    """
    beside = f"{place.parent}{os.sep}"
    specs = [
        module.__spec__
        for module in list(sys.modules.values())
        if str(getattr(module, "__file__", None) or "").startswith(beside)
    ]
    before, digest = _loaded.get(place, ([], ""))
    is_same = len(before) == len(specs) and all(map(operator.is_, before, specs))
    if not (digest and is_same):
        digest = digest_of_place(place)
        _loaded[place] = specs, digest

    return digest


def _add_text(basis: Basis, name: str, code: Any) -> None:
    try:
        basis.parts[f"{name}.source"] = inspect.getsource(code)
        basis.sources.append(f"the source of {code.__name__}")
    except (OSError, TypeError):
        _add_compiled(basis, name, code)


def _version(module: str) -> str:
    """Return which package of others a module is of, with its version; empty for one's own code.

    To read all of such a package may take minutes, and its version says as much.
    """
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__":
        return f"Python {sys.version_info.major}.{sys.version_info.minor}"

    file = getattr(sys.modules.get(top), "__file__", None) or ""
    if top != "mserbench" and not INSTALLED & set(Path(file).parts):
        return ""
    return f"{top} {getattr(sys.modules[top], '__version__', '')}"


def _add_compiled(basis: Basis, name: str, code: Any) -> None:
    if isinstance(code, FunctionType):
        basis.parts[f"{name}.compiled"] = repr(compiled(code.__code__))
        basis.sources.append(f"what {code.__name__} was compiled to, as its source cannot be had")
    else:
        basis.unknown.append(code.__name__)


def _add_values(basis: Basis, name: str, values: Mapping[Any, Any], depth: int) -> None:
    for key, value in values.items():
        if depth > _DEPTH:
            basis.unknown.append(str(key))
        else:
            _add(basis, f"{name}.{key}", value, depth)


def _add_object(basis: Basis, name: str, value: Any) -> None:
    """Add an object of which its class is all that can be told."""
    kind = type(value)
    basis.parts[name] = f"object of {kind.__module__}.{kind.__qualname__}"
    called = getattr(value, "__name__", None)
    if inspect.isbuiltin(value) and called:
        # Of C: its name, and nobody sees when it changes.
        basis.parts[name] = f"{value.__module__}.{called}"

    basis.unknown.append(called if isinstance(called, str) else _last(name, kind))
    version = _version(kind.__module__)
    place = None if version else place_of(kind)
    if place is not None:
        _add_place(basis, name, place)
    elif version:
        basis.parts[f"{name}.source"] = version


def _last(name: str, kind: type) -> str:
    last = name.rpartition(".")[2]
    return f"an object of {kind.__name__}" if last in ("function", "self") else last


def _is_plain(basis: Basis, name: str, value: Any) -> bool:
    """Add a value whose contents can be told; return whether it is one."""
    import numpy as np

    if isinstance(value, np.ndarray) and value.dtype != object:
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        basis.parts[name] = f"{value.dtype} {value.shape} {content}"
        return True
    # Its name, as a key must be the same where the folder lies elsewhere.
    if isinstance(value, Path):
        basis.parts[name] = f"path {value.name}"
        return True
    # A set has no order of its own.
    if _is_plain_data(value):
        basis.parts[name] = repr(sorted(value) if isinstance(value, set | frozenset) else value)
        return True

    return False


def _is_plain_data(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain_data, (*value, *value.values())))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_plain_data, value))
    return type(value) in _PLAIN


def _closed_over(function: FunctionType) -> dict[str, Any]:
    values: dict[str, Any] = {}
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError:  # filled later, as by a function that calls itself
            continue

    defaults = enumerate(function.__defaults__ or ())
    return {**values, **{f"default {at}": value for at, value in defaults},
            **(function.__kwdefaults__ or {})}  # fmt: skip


def _named_globals(function: FunctionType) -> dict[str, Any]:
    """Return the globals that a function names, and the functions inside of it."""
    names = _names(function.__code__)
    return {name: function.__globals__[name] for name in names if name in function.__globals__}


def _names(code: CodeType) -> list[str]:
    inner = [name for const in code.co_consts if isinstance(const, CodeType)
             for name in _names(const)]  # fmt: skip
    return sorted({*code.co_names, *inner})
