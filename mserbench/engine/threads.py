"""Threads of this process, as an engine for work that leaves the interpreter lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from mserbench.engine.base import Engine, Outcome, Shard, T, Workers, carried_out


class Threads(Engine):
    """Up to `number` threads, on one device; a single one is the caller's own."""

    def __init__(self, workers: Workers) -> None:
        self._device = workers.devices[0]
        # Without a second worker a thread would only cost.
        self._pool = ThreadPoolExecutor(workers.number) if workers.number > 1 else None

    def do(self, shards: Iterable[Shard[T]]) -> Iterator[Outcome[T]]:
        """Yield the outcomes as they come; by one thread, in order."""
        if self._pool is None:
            for shard in shards:
                yield carried_out(shard, self._device)
            return

        pool, device = self._pool, self._device
        futures = [pool.submit(carried_out, shard, device) for shard in shards]
        for future in as_completed(futures):
            yield future.result()

    def close(self, at_once: bool = False) -> None:
        """Wait for the shards that are begun; `at_once` leaves the others undone."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=at_once)
