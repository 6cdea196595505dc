"""Threads of this process, as an engine for work that leaves the interpreter lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mserbench.engine.base import Engine, Outcome, Shard, T, Workers, as_they_come, carried_out

_AHEAD = 4  # shards a thread that are handed out before: none waits, and memory is bounded


class Threads(Engine):
    """Up to `number` threads, on one device; a single one is the caller's own."""

    def __init__(self, workers: Workers) -> None:
        self._device, self._number = workers.devices[0], workers.number
        # Without a second worker a thread would only cost.
        self._pool = ThreadPoolExecutor(workers.number) if workers.number > 1 else None

    def do(self, shards: Iterable[Shard[T]]) -> Iterator[Outcome[T]]:
        """Yield the outcomes as they come; by one thread, in order."""
        if self._pool is None:
            for shard in shards:
                yield carried_out(shard, self._device)
            return

        pool, device = self._pool, self._device

        def submit(shard: Shard[T]) -> Future[Outcome[T]]:
            return pool.submit(carried_out, shard, device)

        for _, future in as_they_come(submit, shards, _AHEAD * self._number):
            yield future.result()

    def close(self, at_once: bool = False) -> None:
        """Wait for the shards that are begun; `at_once` leaves the others undone."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=at_once)
