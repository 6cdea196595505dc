"""Worker processes: each takes one job after the other on a device of its own, and dies with its
parent.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mserbench.experiments.work import Result, as_result
from mserbench.report import progress

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_own = {"device": "cpu"}  # of this process, once it is a worker
Job = Callable[..., Result]


class Crew:
    """`n` worker processes; arithmetic runs on `threads` threads in each, as the last digits depend
    on their number.

    They are started anew (spawn), so that nothing of the parent's state gets into results. What
    they print goes to `log`.
    """

    def __init__(self, n: int, devices: Sequence[str], threads: int, log: Path) -> None:
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        for number in range(n):
            queue.put(devices[number % len(devices)])

        log.parent.mkdir(parents=True, exist_ok=True)
        self._pool = ProcessPoolExecutor(
            n, mp_context=context, initializer=_begin, initargs=(queue, str(log))
        )
        self._threads = threads

    def do(self, jobs: Mapping[str, tuple[Job, Sequence[Any]]]) -> Iterator[tuple[str, Result]]:
        """Yield name and result of each job as it is done; a worker that dies fails the jobs that
        are left.
        """
        with _environment(dict.fromkeys(_THREADS, str(self._threads))):
            pending: dict[Future[Result], str] = {}
            for name, (job, arguments) in jobs.items():
                pending[self._submit(job, arguments)] = name

            while pending:
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield pending.pop(future), _result(future)

    def _submit(self, job: Job, arguments: Sequence[Any]) -> Future[Result]:
        try:
            return self._pool.submit(_carry_out, job, *arguments)
        except BrokenProcessPool as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, *others: object) -> None:
        if kind is not None:  # somebody wants to stop: what is done is kept
            for process in list((self._pool._processes or {}).values()):
                process.terminate()

        self._pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except BrokenProcessPool:
        return Result(
            failure="a worker process died (killed, or out of memory?): start again, with fewer "
            "--jobs"
        )


def _carry_out(job: Job, *arguments: Any) -> Result:
    try:
        with progress.lines():  # in the log of the workers
            return job(*arguments, _own["device"])
    except Exception as error:  # one cell that fails must not lose the others
        return as_result(error)


def _begin(queue: Any, log: str) -> None:
    _own["device"] = queue.get()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(handle, stream)

    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """Stop at once where the parent is gone: the same command must find nobody at work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that new processes inherit: the libraries of arithmetic read them when they are
    loaded.
    """
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
