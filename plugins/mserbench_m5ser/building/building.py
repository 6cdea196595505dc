"""The build itself: what is asked, what is there of it already, the folder whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mserbench.disk import folders
from mserbench.disk.files import write_atomic
from mserbench.engine.base import Workers
from mserbench.engine.named import engine_asked
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.running.translators import devices_of
from mserbench_m5ser import layout
from mserbench_m5ser.building import finishing
from mserbench_m5ser.building.counts import Tally
from mserbench_m5ser.building.plan import Plan
from mserbench_m5ser.building.protected import as_spoken, check_targets, protected
from mserbench_m5ser.building.request import Request
from mserbench_m5ser.building.sources import gathered
from mserbench_m5ser.building.store import Store
from mserbench_m5ser.building.under_way import Run

_REQUEST = "request.json"


@dataclass(frozen=True)
class Built:
    """A finished set: its folder, its manifest, notes on sources, whether it was there before."""

    folder: Path
    manifest: dict[str, Any]
    notes: tuple[str, ...] = ()
    was_there: bool = False


def build(
    request: Request,
    out: Path,
    data: Path | None = None,
    engine: str = "local",
    workers: int | None = None,
    fresh: bool = False,
) -> Built:
    """Build a set into the folder `out`, which appears whole or not at all.

    Where the same request was killed before, it goes on; where its set is there, that is returned.
    `fresh` forgets what was done of an unfinished build. Raises UsageError for a request that makes
    no sense and a folder in use, DataError for what is wrong with the sources, for clips that
    systems are tested on, and for a full disk; ModelError where no clip was made.
    """
    spoken = request.card.languages
    check_targets(request.languages, spoken, (), request.protect)
    request = replace(request, languages=as_spoken(request.languages, spoken))
    _require_free(out)
    guard = protected(data)
    material = gathered(request.sources, data, request.allow_partial, guard)
    check_targets(request.languages, spoken, material.languages, request.protect)

    order = request.record(material)
    # Only now, as what was asked for is known by the audio of its sources.
    store = Store(out.absolute().parent / f".{out.absolute().name}.work")
    standing = _standing(out, order)
    if standing is not None:
        # Of a build that was killed in its last moment.
        shutil.rmtree(store.folder, ignore_errors=True)
        return Built(out, standing, material.notes, was_there=True)

    plan = Plan(material.pieces, request.languages, request.kind.batch_size, request.part_clips)
    with _alone(store, out), _writable(out):
        _take_up(store, order, out, fresh)
        # Threads of arithmetic change the last digits of numbers, so there is one a worker.
        crew = Workers(0, "processes", devices_of(request.kind), log=store.folder / "workers.log")
        with engine_asked(engine, workers, crew) as hands:
            hands.require(material.roots)
            tally = Run(request, plan, store, hands).carry_out()

        _require_clips(tally, store, request.translator)
        manifest = finishing.finish(store, plan, order, tally, guard)
        folders.put_in_place(store.set_folder, out, replace=False)

    shutil.rmtree(store.folder, ignore_errors=True)
    return Built(out, manifest, material.notes)


def _require_free(out: Path) -> None:
    """Raise UsageError where a folder is in use for something else than a set."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {str(out)!r} is a file: give the name of a new folder")
    if out.is_dir() and any(out.iterdir()) and not (out / layout.MANIFEST).is_file():
        raise UsageError(
            f"output folder {str(out)!r} is not empty: give another --out, or remove it first"
        )


def _standing(out: Path, order: dict[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of the set that is there, None for none. Raises UsageError where it is
    that of another request.
    """
    path = out / layout.MANIFEST
    if not path.is_file():
        return None

    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        before = manifest["asked"]
    except (ValueError, KeyError, TypeError):
        before = {}

    if before == order:
        return manifest
    raise UsageError(
        f"output folder {str(out)!r} holds a set that was asked for otherwise "
        f"({_differing(before, order)}): give another --out, or remove it first"
    )


def _differing(before: Any, order: dict[str, Any]) -> str:
    if not isinstance(before, dict):
        return "all"
    return ", ".join(name for name in order if before.get(name) != order[name])


def _take_up(store: Store, order: dict[str, Any], out: Path, fresh: bool) -> None:
    """Make the folder of the build ready, or go on with what it holds of the same request."""
    path = store.folder / _REQUEST
    if fresh:
        for name in ("set", "parts"):
            shutil.rmtree(store.folder / name, ignore_errors=True)
        for leftover in (path, *store.folder.glob("results.sqlite*")):
            leftover.unlink(missing_ok=True)

    if not path.is_file():
        write_atomic(path, json.dumps(order, sort_keys=True))
        return

    before = json.loads(path.read_text(encoding="utf-8"))
    if before != order:
        raise UsageError(
            f"an unfinished build of {str(out)!r} was asked for otherwise "
            f"({_differing(before, order)}): give --fresh to forget it, or another --out"
        )


@contextmanager
def _alone(store: Store, out: Path) -> Iterator[None]:
    try:
        with folders.held(store.folder / "lock"):
            yield
    except folders.Busy:
        raise UsageError(
            f"{str(out)!r} is being built by another process: wait for it, or give another --out"
        ) from None


@contextmanager
def _writable(out: Path) -> Iterator[None]:
    """Raise DataError for a disk that is full or cannot be written."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"set {str(out)!r} cannot be written ({reason}): make room, and give the same command "
            f"again; what is done is kept"
        ) from error


def _require_clips(tally: Tally, store: Store, translator: str) -> None:
    """Raise ModelError where no clip is left, with the most frequent reason."""
    if tally.n_kept:
        return

    # The record of failures must not make the next try fail too.
    shutil.rmtree(store.folder, ignore_errors=True)
    reasons = tally.failed or tally.dropped
    reason, count = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    total = tally.failed.total() + tally.dropped.total()
    became = "failed" if tally.failed else "was left out"
    raise ModelError(
        f"no clip of {translator!r} can be kept, of {total:,}: {count:,} {became} for one reason, "
        f"{reason}"
    )
