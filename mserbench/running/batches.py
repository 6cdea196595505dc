"""Clips in batches of like length, decoded ahead of the model by worker threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from mserbench.contracts import Clip
from mserbench.engine.ahead import groups_ahead

BATCH_SECONDS = 240.0  # of audio, padding included; about 60 clips of the usual length
# Least length of a clip, of the longest in its batch: at most 8 % of a batch is padding.
ALIKE = 0.92
AHEAD = 2  # batches decoded while one is computed: bounds the memory


def plan(seconds: Sequence[float], batch_seconds: float = BATCH_SECONDS) -> list[list[int]]:
    """Split clips into batches of like length whose padded length (clips x longest) is at most
    `batch_seconds`.

    Returns indices into `seconds`, longest clips first so that memory peaks at once; no clip of a
    batch is shorter than `ALIKE` times its longest; a clip longer than the bound is a batch of its
    own. The plan depends on the lengths and the bound alone.
    """
    if not batch_seconds > 0:  # NaN too
        raise ValueError(f"batch_seconds is {batch_seconds}, but must be above 0")

    order = sorted(range(len(seconds)), key=lambda i: (-seconds[i], i))
    batches: list[list[int]] = []
    for i in order:
        longest = seconds[batches[-1][0]] if batches else 0.0
        if (
            batches
            and (len(batches[-1]) + 1) * longest <= batch_seconds
            and seconds[i] >= ALIKE * longest
        ):
            batches[-1].append(i)
        else:
            batches.append([i])

    return batches


def padding_waste(seconds: Sequence[float], batches: Sequence[Sequence[int]]) -> float:
    """Return the share of padded audio that is padding, in [0, 1)."""
    padded = sum(len(batch) * max(seconds[i] for i in batch) for batch in batches)
    audio = sum(seconds[i] for batch in batches for i in batch)

    # Sums of floats may differ in the last bit.
    return max(0.0, 1.0 - audio / padded) if padded else 0.0


def decoded_ahead(
    batches: Iterable[Sequence[Clip]], workers: int | None = None
) -> Iterator[Sequence[Clip]]:
    """Yield each batch with its waveforms decoded, while threads decode the next ones.

    A decoding error is raised at its batch. The caller drops a batch before the next, so that
    memory holds `AHEAD` + 1 batches at most. `workers` threads, by default one a core.
    """
    groups = ((batch, batch) for batch in batches)
    # By map, as a loop's variable would hold a batch for as long as the next one is waited for.
    yield from map(itemgetter(0), groups_ahead(_decode, groups, AHEAD, workers))


def _decode(clip: Clip) -> None:
    _ = clip.waveform  # the clip keeps it
