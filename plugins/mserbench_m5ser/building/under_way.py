"""A build under way: jobs to an engine, results to the disk, parts to shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from mserbench.engine.base import Engine, Outcome, Shard
from mserbench.errors import ModelError
from mserbench.report import progress
from mserbench_m5ser.building import finishing, work
from mserbench_m5ser.building.counts import Tally
from mserbench_m5ser.building.plan import Batch, Job, Part, Plan
from mserbench_m5ser.building.request import Request
from mserbench_m5ser.building.store import Store
from mserbench_m5ser.building.work import Result

_TRIES = 3  # of a job whose worker dies
# Shards that are written at once, as those of all languages come to their end together. Their
# bytes are written, and read for their hash, outside of the interpreter's lock.
_WRITERS = 4


@dataclass
class Run:
    """One run of a plan: what is under way, and what is done."""

    request: Request
    plan: Plan
    store: Store
    engine: Engine
    tally: Tally = field(default_factory=Tally)
    clips: int = 0
    seconds: float = 0.0
    _report: progress.Report = field(init=False)
    _writers: ThreadPoolExecutor = field(init=False)
    _last_failure: str = ""
    _jobs: dict[str, Job] = field(default_factory=dict)
    _open: Counter[str] = field(default_factory=Counter)  # jobs that a part waits for
    _finishing: list[Future[Tally]] = field(default_factory=list)

    def carry_out(self) -> Tally:
        """Do what is not done yet; return the counts of all parts."""
        title = f"{self.request.translator}: clips"
        with (
            progress.counting(title) as self._report,
            ThreadPoolExecutor(_WRITERS) as self._writers,  # no thread until used
        ):
            retry = self._round(self._coming())
            # In the end each by itself: a worker that dies takes those beside it along.
            for _ in range(_TRIES - 2):
                retry = self._round(retry)

            for shard in retry:
                for lost in self._round([shard]):
                    self._give_up(lost)

            self._gather(self._finishing)

        return self.tally

    def _coming(self) -> Iterator[Shard[work.Done]]:
        """Yield the jobs that are not done, clips by clips; what is done is counted."""
        for parts in self.plan.rounds():
            open_parts = [part for part in parts if not self._is_finished(part)]
            done = {part.name: self.store.numbers(part.name) for part in open_parts}
            jobs: dict[str, Job] = {}
            for number, whole in enumerate(self.plan.jobs(open_parts)):
                job = tuple(pair for pair in whole if not self._is_done(pair, done))
                if job:
                    jobs[f"{parts[0].index}/{number}"] = job

            # All are known before one is handed out, as a part ends with the last of its own.
            self._jobs.update(jobs)
            self._open.update(name for job in jobs.values() for name in _parts_of(job))
            for part in open_parts:
                if not self._open[part.name]:
                    self._finish(part)

            tasks = {part.name: self.request.job(part.language) for part in open_parts}
            for key, job in jobs.items():
                batches = [(tasks[part.name], batch) for part, batch in job]
                yield Shard(key, work.results, (batches,), on_device=True)

    def _is_finished(self, part: Part) -> bool:
        """Whether the shard of a part is whole: then it is counted."""
        note = self.store.finished(part.name)
        if note is None:
            return False

        self.store.forget(part.name)
        self._count(part.pieces)
        self.tally.merge(Tally.from_json(note["tally"]))
        return True

    def _is_done(self, pair: tuple[Part, Batch], done: dict[str, set[int]]) -> bool:
        """Whether all results of a batch are here: then it is counted."""
        part, batch = pair
        if not done[part.name].issuperset(piece.number for piece in batch):
            return False

        self._count(batch)
        return True

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
        reason = f"failed {_TRIES} times: {self._last_failure}"
        pieces = [piece for _, batch in self._jobs[shard.key] for piece in batch]
        self._keep(shard.key, [Result(piece.number, "failed", reason) for piece in pieces])

    def _keep(self, key: str, results: list[Result]) -> None:
        """Keep the results of a job, which are in its order, and make the shards that they end."""
        job = self._jobs.pop(key)
        names = [part.name for part, batch in job for _ in batch]
        self.store.add(list(zip(names, results, strict=True)))
        for _, batch in job:
            self._count(batch)

        for part in _parts_of(job).values():
            self._open[part.name] -= 1
            if not self._open[part.name]:
                self._finish(part)

    def _finish(self, part: Part) -> None:
        """Have the shard of a part made whose clips are all done, while workers go on."""
        # What a full disk did to an earlier one stops the build now, not after days.
        written = [future for future in self._finishing if future.done()]
        self._finishing = [future for future in self._finishing if not future.done()]
        self._gather(written)

        del self._open[part.name]
        self._finishing.append(self._writers.submit(self._written, part))

    def _written(self, part: Part) -> Tally:
        # First the shard, then the note of it: killed in between, it is written again.
        note, tally = finishing.finish_part(self.store, part)
        self.store.finish(part.name, note)
        return tally

    def _gather(self, written: Iterable[Future[Tally]]) -> None:
        """Add the counts of shards; raises what stopped one of them."""
        for future in written:
            self.tally.merge(future.result())

    def _count(self, pieces: Iterable[Any]) -> None:
        for piece in pieces:
            self.clips += 1
            self.seconds += piece.item.facts.seconds

        hours, total = self.seconds / 3600, self.plan.seconds / 3600
        self._report(self.clips, self.plan.clips, f"{hours:.2f} of {total:.2f} h")


def _parts_of(job: Job) -> dict[str, Part]:
    """Return the parts that a job has batches of, by name."""
    return {part.name: part for part, _ in job}
