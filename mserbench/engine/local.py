"""Worker processes of this machine: each does one shard after another on its device, and dies with
its parent.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from mserbench.engine.base import (
    Engine,
    Outcome,
    Shard,
    T,
    Workers,
    as_they_come,
    carried_out,
    sentence,
    thread_variables,
)

_DIED = "a worker process died (killed, or out of memory?): start again, with fewer workers"
_own = {"device": "cpu"}  # of this process, once it is a worker


class Processes(Engine):
    """Worker processes that are started anew (spawn), so that nothing of the parent's state gets
    into results.

    They start with the first shards and are kept for the next ones: what a worker has loaded is
    there again. If one dies, the outcomes of the shards that were handed out are lost, as the pool
    of Python ends the others too.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def do(self, shards: Iterable[Shard[T]]) -> Iterator[Outcome[T]]:
        """Yield the outcomes as they come."""
        for key, future in as_they_come(self._submitted, shards, 2 * self._workers.number):
            outcome = _outcome(key, future)
            if outcome.lost:
                self._forget_the_dead()

            yield outcome

    def close(self, at_once: bool = False) -> None:
        """Wait for the workers to end; `at_once` ends them."""
        if self._pool is None:
            return
        if at_once:
            # The pool itself has no way before Python 3.14 to end what is at work.
            for process in list((self._pool._processes or {}).values()):
                process.terminate()

        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def _submitted(self, shard: Shard[T]) -> Future[Outcome[T]]:
        # New processes inherit the variables; the libraries of arithmetic read them when loaded.
        with _environment(thread_variables(self._workers.threads)):
            try:
                self._pool = self._pool or self._started()
                return self._pool.submit(_carry_out, shard)
            except BrokenProcessPool as error:
                failed: Future[Outcome[T]] = Future()
                failed.set_exception(error)
                return failed

    def _started(self) -> ProcessPoolExecutor:
        workers = self._workers
        context = multiprocessing.get_context("spawn")
        devices = context.Queue()  # each process takes one when it begins
        for number in range(workers.number):
            devices.put(workers.devices[number % len(workers.devices)])

        if workers.log is not None:
            workers.log.parent.mkdir(parents=True, exist_ok=True)

        log = str(workers.log) if workers.log is not None else ""
        return ProcessPoolExecutor(
            workers.number, mp_context=context, initializer=_begin, initargs=(devices, log)
        )

    def _forget_the_dead(self) -> None:
        """Let the next call have new workers: a broken pool takes no work, and has ended the
        others.
        """
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _outcome(key: str, future: Future[Outcome[T]]) -> Outcome[T]:
    try:
        return future.result()
    except BrokenProcessPool:
        return Outcome(key, failure=_DIED, lost=True)
    except Exception as error:  # a shard or a value that no other process can be given
        return Outcome(key, failure=sentence(error))


def _carry_out(shard: Shard[T]) -> Outcome[T]:
    # The exception stays here: many cannot be pickled, and some break the pool when they are read.
    return replace(carried_out(shard, _own["device"]), cause=None)


def _begin(devices: Any, log: str) -> None:
    _own["device"] = devices.get()
    if log:
        # Streams 1 and 2, so that what C libraries print goes there too.
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream in (1, 2):
            os.dup2(handle, stream)

    # A thread, as the work may be hours inside a library.
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """Stop at once where the parent is gone: the same command must find nobody at work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment while the body runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
