"""The endless batches of one process, from any place on, each made while the last is learnt."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from mserbench.engine.ahead import ahead
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
    planned: Iterator[StreamPosition], make: Callable[[Sequence[int], int], Any]
) -> Generator[tuple[Any, int, int], None, None]:
    """Yield the batches that `make` gives, with epoch and place; a thread is one batch ahead.

    Close it, which ends the thread.
    """

    def with_place(position: StreamPosition) -> tuple[Any, int, int]:
        indices, epoch, at = position
        return make(indices, epoch), epoch, at

    return ahead(with_place, planned, depth=1, workers=1)
