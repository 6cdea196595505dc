"""The build itself: jobs to an engine, results to the disk, parts to shards, the folder whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mserbench.disk import folders
from mserbench.disk.files import write_atomic
from mserbench.engine.base import Engine, Outcome, Shard, Workers
from mserbench.engine.named import engine_asked
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.report import progress
from mserbench.running.translators import devices_of
from mserbench_m5ser import layout
from mserbench_m5ser.building import finishing, work
from mserbench_m5ser.building.counts import Tally
from mserbench_m5ser.building.plan import Batch, Part, Plan
from mserbench_m5ser.building.protected import as_spoken, check_targets, protected
from mserbench_m5ser.building.request import Request
from mserbench_m5ser.building.sources import gathered
from mserbench_m5ser.building.store import Store
from mserbench_m5ser.building.work import Result

_REQUEST = "request.json"
_TRIES = 3  # of a job whose worker dies


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
            tally = _Run(request, plan, store, hands).carry_out()

        _require_clips(tally, store, request.translator)
        manifest = finishing.finish(store, plan, order, tally, guard)
        folders.put_in_place(store.set_folder, out, replace=False)

    shutil.rmtree(store.folder, ignore_errors=True)
    return Built(out, manifest, material.notes)


@dataclass
class _Run:
    """One run of a plan: what is under way, and what is done."""

    request: Request
    plan: Plan
    store: Store
    engine: Engine
    tally: Tally = field(default_factory=Tally)
    clips: int = 0
    seconds: float = 0.0
    _report: progress.Report = field(init=False)
    _last_failure: str = ""
    _jobs: dict[str, tuple[Part, tuple[Batch, ...]]] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)  # jobs that a part waits for

    def carry_out(self) -> Tally:
        """Do what is not done yet; return the counts of all parts."""
        title = f"{self.request.translator}: clips"
        with progress.counting(title) as self._report:
            retry = self._round(self._coming())
            # In the end each by itself: a worker that dies takes those beside it along.
            for _ in range(_TRIES - 2):
                retry = self._round(retry)

            for shard in retry:
                for lost in self._round([shard]):
                    self._give_up(lost)

        return self.tally

    def _coming(self) -> Iterator[Shard[work.Done]]:
        """Yield the jobs that are not done, part by part; what is done is counted."""
        for part in self.plan.parts():
            note = self.store.finished(part.name)
            if note is not None:
                self.store.forget(part.name)
                self._count(part.pieces)
                self.tally.merge(Tally.from_json(note["tally"]))
                continue

            done = self.store.numbers(part.name)
            jobs = {}
            for number, batches in enumerate(self.plan.jobs(part)):
                pieces = [piece for batch in batches for piece in batch]
                if done.issuperset(piece.number for piece in pieces):
                    self._count(pieces)
                else:
                    jobs[f"{part.name}/{number}"] = (part, batches)

            self._open[part.name] = len(jobs)
            self._jobs.update(jobs)
            if not jobs:
                self._finish(part)

            task = self.request.job(part.language)
            for key, (_, batches) in jobs.items():
                yield Shard(key, work.results, (task, batches), on_device=True)

    def _round(self, shards_to_do: Iterable[Shard[work.Done]]) -> list[Shard[work.Done]]:
        """Carry jobs out; return those that failed."""
        order: dict[str, Shard[work.Done]] = {}

        def noted() -> Iterator[Shard[work.Done]]:
            for shard in shards_to_do:
                order[shard.key] = shard
                yield shard

        # By key, as outcomes come in any order and a failed job is handed out again.
        failed = []
        for outcome in self.engine.do(noted()):
            shard = order.pop(outcome.key)
            if not self._take(outcome):
                failed.append(shard)
                self._last_failure = outcome.failure

        return failed

    def _take(self, outcome: Outcome[work.Done]) -> bool:
        """Keep what came of a job; False where nothing did."""
        if outcome.failure or outcome.value is None:
            return False
        if outcome.value.stopped:
            raise ModelError(outcome.value.stopped)

        self._keep(outcome.key, outcome.value.results)
        return True

    def _give_up(self, shard: Shard[work.Done]) -> None:
        """Note the clips of a job as failed: it was tried often enough."""
        _, batches = self._jobs[shard.key]
        reason = f"failed {_TRIES} times: {self._last_failure}"
        pieces = [piece for batch in batches for piece in batch]
        self._keep(shard.key, [Result(piece.number, "failed", reason) for piece in pieces])

    def _keep(self, key: str, results: list[Result]) -> None:
        part, batches = self._jobs.pop(key)
        self.store.add(part.name, results)
        self._count([piece for batch in batches for piece in batch])

        self._open[part.name] -= 1
        if not self._open[part.name]:
            self._finish(part)

    def _finish(self, part: Part) -> None:
        """Make the shard of a part whose clips are all done."""
        # First the shard, then the note of it: killed in between, it is written again.
        del self._open[part.name]
        note, tally = finishing.finish_part(self.store, part)
        self.tally.merge(tally)
        self.store.finish(part.name, note)

    def _count(self, pieces: Iterable[Any]) -> None:
        for piece in pieces:
            self.clips += 1
            self.seconds += piece.item.facts.seconds

        hours, total = self.seconds / 3600, self.plan.seconds / 3600
        self._report(self.clips, self.plan.clips, f"{hours:.2f} of {total:.2f} h")


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
