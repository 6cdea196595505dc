"""The endless batches of one process, from any place on, each made while the last is learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mserbench_training.learning.sampler import Sampler

StreamPosition = tuple[list[int], int, int]  # indices, epoch, and place in the epoch


def places(
    sampler: Sampler, part: Callable[[Sequence[int]], list[int]], epoch: int = 0, position: int = 0
) -> Iterator[StreamPosition]:
    """Yield `part` of each batch from a place on, for ever, with its epoch and place."""
    while True:
        batches = sampler.batches(epoch)
        for at in range(position, len(batches)):
            yield part(batches[at]), epoch, at

        # Only the epoch that a training was resumed in begins in its middle.
        epoch, position = epoch + 1, 0


def made_ahead(
    planned: Iterator[StreamPosition],
    make: Callable[[Sequence[int], int], Any],
    pool: ThreadPoolExecutor,
) -> Iterator[tuple[Any, int, int]]:
    """Yield the batches that `make` gives, with epoch and place; a thread is one batch ahead."""
    indices, epoch, at = next(planned)
    coming = pool.submit(make, indices, epoch)
    while True:
        following = next(planned)
        batch = coming.result()

        # Ordered before this batch is handed out, so that it is made while this one is learnt.
        coming = pool.submit(make, following[0], following[1])
        yield batch, epoch, at
        _, epoch, at = following
