"""Maps that run ahead of whoever takes their results: in order, by threads, and only so far that
memory is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mserbench.engine.cores import available_cores

A = TypeVar("A")
B = TypeVar("B")
G = TypeVar("G")


def ahead(
    work: Callable[[A], B], inputs: Iterable[A], depth: int, workers: int | None = None
) -> Generator[B, None, None]:
    """Yield `work` of each input, in order, while threads do it for the next `depth` inputs.

    `work` should leave the interpreter lock, as reading files, decoding and NumPy do. What it
    raises is raised in the place of its result. `workers` threads, by default one a core.
    """
    groups = ((None, (value,)) for value in inputs)
    # By map, as a loop's variable would hold a result for as long as the next one is waited for.
    yield from map(_single, groups_ahead(work, groups, depth, workers))


def groups_ahead(
    work: Callable[[A], B],
    groups: Iterable[tuple[G, Sequence[A]]],
    depth: int,
    workers: int | None = None,
) -> Generator[tuple[G, list[B]], None, None]:
    """Yield each group with `work` of all its members, in order, while threads do the next `depth`
    groups.

    Members are given to the threads one by one, so that one long member does not hold up the
    others. `groups` are taken as they are needed, in the caller's thread. What `work` raises is
    raised in the place of its group. Closed before its end, it drops what was not begun.
    """
    pool = ThreadPoolExecutor(max_workers=workers or available_cores())  # no thread until used
    coming: deque[tuple[G, list[Future[B]]]] = deque()
    try:
        for group, members in groups:
            coming.append((group, [pool.submit(work, member) for member in members]))
            if len(coming) > depth:
                yield _finished(*coming.popleft())

        while coming:
            yield _finished(*coming.popleft())
    finally:
        # Also where the caller stops early, which closes this generator.
        pool.shutdown(wait=True, cancel_futures=True)


def _single(group: tuple[None, list[B]]) -> B:
    return group[1][0]


def _finished(group: G, futures: Sequence[Future[B]]) -> tuple[G, list[B]]:
    return group, [future.result() for future in futures]
