"""What the code of a model is and what options that are paths name, as digests for a run's key."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.metadata
import inspect
import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mserbench.model import Model
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ExperimentEntry
from mserbench.plugins.packages import package_file
from mserbench.results.manifest import MANIFEST

Contents = Mapping[str, Path | Sequence[Path] | str]  # as `Model.contents` tells them

# The core is no model's own code: what of it decides scores has versions of its own.
_CORE = "mserbench"
INSTALLED = frozenset({"site-packages", "dist-packages"})
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([\w., \t]+))", re.MULTILINE)
_NO_CODE = {".pyc", ".pyo", ".md", ".rst"}


def source_of(kind: type[Model]) -> str:
    """Return the SHA-256 (hex) of the code that a model's class comes from.

    That is the package of the class and of each model that it derives from, or the one file where
    it lies in no package; and of those beside it, what these import: packages of the same
    distribution, or of the same folder of sources. So it is the same for a package that is
    installed and for one that is worked on. Of a class that was typed in, its own text.
    """
    places, typed_in = [], []
    for base in kind.__mro__:
        if base is Model or not issubclass(base, Model) or base.__module__.startswith("mserbench."):
            continue

        place = place_of(base)
        if place is None:
            typed_in.append(_text_of(base))
        else:
            places.append(place)

    return _digest({"files": _of_places(tuple(dict.fromkeys(places))), "classes": typed_in})


def is_in_files(kind: type[Model]) -> bool:
    """Return whether a class stands in a file, so that all of its package is part of its code."""
    return place_of(kind) is not None


def files_of(
    options: Any, without: Collection[str] = (), contents: Contents | None = None
) -> dict[str, str]:
    """Return the SHA-256 (hex) of what each option that is a path names, by the option's name, and
    of `contents`, which a model tells (`Model.contents`), by theirs.

    Options of the names `without`, and of those of `contents`, are not looked at. A text counts
    where a file or folder of that name is there, as models take it for one. Raises OSError where it
    cannot be read.
    """
    told_of = contents or {}
    digests = {name: _digest_of_contents(content) for name, content in told_of.items()}
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        is_path = field.name not in {*without, *told_of} and isinstance(value, (str, Path))
        if is_path and names_path(value):
            digests[field.name] = _digest_of_path(Path(value))

    return digests


def names_path(value: str | Path) -> bool:
    """Return whether the value of an option is the path of what is there."""
    # An empty text is the working folder to a path, but no option that names it.
    try:
        return bool(str(value).strip(". ")) and Path(value).exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL: a text like a prompt
        return False


def _digest_of_contents(content: Path | Sequence[Path] | str) -> str:
    """Return the digest of what a model tells that its scores rest on; names of folders do not
    count.
    """
    if isinstance(content, str):
        return hashlib.sha256(content.encode()).hexdigest()
    if isinstance(content, Path):
        return _digest_of_path(content)
    return _digest({path.name: _sha256(path) for path in sorted(content)})


def _digest_of_path(path: Path) -> str:
    if path.is_file():
        return _sha256(path)

    files = sorted(file for file in path.rglob("*") if file.is_file())
    return _digest({file.relative_to(path).as_posix(): _sha256(file) for file in files})


def place_of(kind: type | FunctionType) -> Path | None:
    """Return the outermost package that a class or a function lies in, or its file; None where
    there is none.
    """
    return place_of_module(sys.modules.get(kind.__module__))


def place_of_module(module: ModuleType | None) -> Path | None:
    """Return the outermost package that a module lies in, or its file; None where there is none."""
    name = getattr(module, "__file__", None)
    if name is None or not Path(name).is_file():
        return None

    place = Path(name).resolve()
    while (place.parent / "__init__.py").is_file():
        place = place.parent

    return place


def digest_of_place(place: Path) -> str:
    """Return the SHA-256 (hex) of a package or a file as it is now, and of what it imports beside
    it.
    """
    return _digest(_of_places.__wrapped__((place,)))


@functools.cache
def _of_places(places: tuple[Path, ...]) -> dict[str, str]:
    """Return the digests of all files of some packages and of what they import beside them.

    Once a process: what it has imported does not change any more.
    """
    skipped = _definitions()
    digests: dict[str, str] = {}
    waiting, visited = list(places), set(places)

    while waiting:
        place = waiting.pop()
        beside = _installed_beside(place)
        for file in _files(place):
            if file in skipped:
                continue

            content = file.read_bytes()
            name = file.relative_to(place.parent).as_posix()
            digests[name] = hashlib.sha256(content).hexdigest()
            if file.suffix != ".py":
                continue

            for imported in _imported(content, place.parent, beside) - visited:
                visited.add(imported)
                waiting.append(imported)

    return digests


def _files(place: Path) -> Iterator[Path]:
    """Yield the files of a package, or the one of a module.

    Not of trained weights, whose manifest has a hash of its own in the key.
    """
    if place.is_file():
        yield place
        return
    if (place / MANIFEST).exists():
        return

    for entry in sorted(place.iterdir()):
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _files(entry)
        elif entry.suffix not in _NO_CODE:
            yield entry


def _imported(content: bytes, folder: Path, beside: frozenset[str] | None) -> set[Path]:
    """Return the packages and modules of a folder that a text imports, of those in `beside`."""
    names = set()
    for match in _IMPORT.finditer(content):
        for part in (match[1] or match[2]).split(b","):
            top = part.split(b".")[0].split()
            names |= {top[0].decode()} if top else set()

    if beside is not None:
        names &= beside

    places = set()
    for name in names - {_CORE}:
        if (folder / name / "__init__.py").is_file():
            places.add(folder / name)
        elif (folder / f"{name}.py").is_file():
            places.add(folder / f"{name}.py")

    return places


def _installed_beside(place: Path) -> frozenset[str] | None:
    """Return the packages that were installed together with one; None for a folder of sources.

    Where packages are installed all stand side by side, and most are of others.
    """
    if place.parent.name not in INSTALLED:
        return None

    for plugin in registry.installed():
        if plugin.module.partition(":")[0].partition(".")[0] == place.stem:
            files = importlib.metadata.files(plugin.distribution) or ()
            return frozenset(file.parts[0].removesuffix(".py") for file in files)

    return frozenset()


def _definitions() -> frozenset[Path]:
    """Return the files that define experiments: they say what is asked of models, not how."""
    targets = [entry.target for entry in registry.entries(ExperimentEntry).values()]
    return frozenset(package_file(target).resolve() for target in targets)


def _text_of(kind: type) -> str:
    """Return the text of a class that stands in no file; of one without, what it was compiled
    to.
    """
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        functions = {k: v for k, v in vars(kind).items() if isinstance(v, FunctionType)}
        return repr({name: compiled(function.__code__) for name, function in functions.items()})


def compiled(code: CodeType) -> tuple[object, ...]:
    """Return what a function was compiled to: its steps, names and constants."""
    constants = [compiled(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return code.co_code.hex(), code.co_names, constants


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
