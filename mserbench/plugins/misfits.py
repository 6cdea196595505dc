"""Compiled packages that do not fit one another, told apart from every other fault."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from mserbench.errors import MissingExtra, PackageMisfit, why, words

TRIED = {
    ("2.11.0", "2.11.0"): True,
    ("2.11.0", "2.11.1"): False,  # undefined symbol: torch_exception_get_what_without_backtrace
    ("2.14.1", "2.11.1"): True,
    ("2.15.0", "2.11.1"): True,
}
"""Releases of torch and torchaudio that were installed together: whether both load. The metadata do
not tell.
"""
PAIR = ("2.14.1", "2.11.1")  # what to install where two do not fit: the pair of requirements/

CORE = ("numpy", "pandas", "scipy", "sklearn", "soundfile", "soxr")
"""The compiled packages of the base install."""

# Each release of these is built for some releases of torch only.
_ON_TORCH = ("torchaudio", "torchcodec", "torchvision")
_SIGNS = re.compile(
    r"undefined symbol|symbol not found|cannot open shared object|cannot load library|"
    r"wrong ELF class|invalid ELF header|version `[\w.]+' not found|DLL load failed|"
    r"incompatible architecture|image not found|multiarray failed to import|"
    r"binary incompatibility|compiled using NumPy|different CUDA versions|"
    r"operator \w+::\w+ does not exist",
    re.IGNORECASE,
)
# A loader's sentence may come after pages of advice, as that of NumPy does.
_LONGEST = 20_000
_FOLDER = re.compile(r"(?:site|dist)-packages[/\\](\w+)[/\\.]")
# What loading a compiled part raises: it depends on the package.
_KINDS = (ImportError, OSError, RuntimeError, ValueError)


def told(error: BaseException) -> PackageMisfit | None:
    """Return the error to raise where `error` or its cause is a package that does not fit.

    Returns None for every other error.
    """
    for cause in _chain(error):
        if isinstance(cause, PackageMisfit):
            return cause
        if isinstance(cause, _KINDS) and _SIGNS.search(words(cause, _LONGEST)):
            return _misfit(_package(cause), cause)

    return None


def refuse(error: BaseException) -> None:
    """Raise PackageMisfit where `error` is one: before it is blamed on anything else.

    A file, a plugin or a folder is not at fault where a package could not be loaded to look at it.
    """
    misfit = told(error)
    if misfit is not None:
        raise misfit from error


@contextmanager
def optional(purpose: str, package: str, extra: str) -> Iterator[None]:
    """Stand around the import of an optional package.

    Raises MissingExtra where it is absent, else PackageMisfit.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(purpose, package, extra) from error
    except Exception as error:
        raise told(error) or _misfit(package, error) from error


def load(packages: Iterable[str]) -> dict[str, str]:
    """Import those of some packages that are installed, and return their versions.

    They are named as pip names them.

    Raises PackageMisfit for the first that cannot be loaded.
    """
    versions = {}
    for package in packages:
        if importlib.util.find_spec(package) is not None:
            with optional("this", package, "all"):
                importlib.import_module(package)

            name, version = _installed(package)
            versions[name] = version

    return versions


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it, each once."""
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
        yield error
        # As Python prints a traceback: `raise ... from None` hides what was before.
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _package(error: BaseException) -> str:
    """Return the package that could not be loaded: of the file named, or where it was raised."""
    named = _FOLDER.search(str(error))
    if named:
        return named[1]

    package, trace = "", error.__traceback__
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if _FOLDER.search(trace.tb_frame.f_code.co_filename) and name not in ("torch", "numpy"):
            package = name

        trace = trace.tb_next

    return package or "torch"


def _misfit(package: str, error: BaseException) -> PackageMisfit:
    """Return the error that names a package, what it does not fit, and what to install."""
    reason = _reason(error)
    partner = _partner(package, reason)
    name, version = _installed(package)
    if partner is None:
        return PackageMisfit(
            f"package {name!r} {version} cannot be loaded ({reason}), as it fits neither this "
            f"machine nor what is installed beside it: run pip install --force-reinstall {name}, "
            "or install what requirements/ names"
        )

    return PackageMisfit(
        f"package {name!r} {version} does not fit {partner!r} {_installed(partner)[1]} and cannot "
        f"be loaded beside it ({reason}): {_remedy(name, partner)}"
    )


def _remedy(name: str, partner: str) -> str:
    if name == "torchaudio":
        return f"run pip install 'torch=={PAIR[0]}' 'torchaudio=={PAIR[1]}', a pair that was tried"
    if name in _ON_TORCH:
        return (
            f"run pip uninstall {name}, without which mserbench does, or install its release for "
            f"this {partner}"
        )

    return (
        f"run pip install --upgrade --force-reinstall {name}, or install what requirements/ names"
    )


def _partner(package: str, reason: str) -> str | None:
    """Return the package that another one was not built for, or None where nothing tells."""
    if package in _ON_TORCH or (package != "torch" and re.search(r"torch|c10|at::", reason)):
        return "torch"
    return (
        "numpy"
        if package != "numpy" and re.search(r"numpy|multiarray", reason, re.IGNORECASE)
        else None
    )


def _reason(error: BaseException) -> str:
    """Return what is wrong in a few words, without the folders of this machine."""
    return re.sub(r"(?:[\w.+-]*/)+(?=[\w.+-]+)", "", why(error))[:200]


def _installed(package: str) -> tuple[str, str]:
    """Return the name that pip has for a package, and its version."""
    for name in (package, *importlib.metadata.packages_distributions().get(package, ())):
        with suppress(importlib.metadata.PackageNotFoundError):
            return name, importlib.metadata.version(name)

    return package, "of no known version"
