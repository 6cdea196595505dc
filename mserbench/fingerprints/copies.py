"""Which tested clips are copies of clips that were trained on, by their fingerprints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mserbench.fingerprints.search import COMMON, THRESHOLD, VOTES, blocks, error_rates
from mserbench.fingerprints.words import BITS, LENGTH, OVERLAP, RATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 3_072  # tested clips at once: bounds the memory


def copies(tested: NDArray[np.uint32], trained: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return for each tested clip the row of `trained` that it is a copy of, -1 for none: shape
    (n_clips,).

    `tested`: uint32, shape (n_clips, len(RATES) * LENGTH), as `words.of_clips` gives `AT_RATES`;
    `trained`: uint32, shape (n_trained, LENGTH), as it gives `FEATURES`. Of several rows the one
    with the fewest different bits counts.
    """
    best = np.full(len(tested), -1, dtype=np.int64)
    if not len(trained):
        return best

    stored = _fresh(trained)
    for start in range(0, len(tested), _BATCH):
        part = tested[start : start + _BATCH].reshape(-1, LENGTH)
        best[start : start + _BATCH] = _of_part(part, trained, *stored)

    return best


def _fresh(words: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the words that begin, and their places in the flat array."""
    fresh = words != 0
    # A word that lasts counts once: else a held vowel would vote at every step.
    fresh[:, 1:] &= words[:, 1:] != words[:, :-1]
    places = np.flatnonzero(fresh)
    return words.ravel()[places], places


def _of_part(
    tested: NDArray[np.uint32],
    trained: NDArray[np.uint32],
    stored: NDArray[np.uint32],
    places: NDArray[np.int64],
) -> NDArray[np.int64]:
    best = np.full(len(tested) // len(RATES), -1, dtype=np.int64)
    lowest = np.full(len(best), THRESHOLD)

    for first, second, shift in _proposals(tested, stored, places, len(trained)):
        rate, overlap = error_rates(tested[first], trained, second, shift)
        clip = first // len(RATES)
        good = np.flatnonzero((overlap >= OVERLAP) & (rate <= lowest[clip]))

        # The best one last, so that it stands.
        worst_first = good[np.argsort(-rate[good], kind="stable")]
        best[clip[worst_first]] = second[worst_first]
        lowest[clip[worst_first]] = rate[worst_first]

    return best


def _proposals(
    tested: NDArray[np.uint32],
    stored: NDArray[np.uint32],
    places: NDArray[np.int64],
    n_kept: int,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield rows of both sides and shifts at which at least VOTES words are equal."""
    words, at = _fresh(tested)
    order = np.argsort(words)
    at = at[order]
    asked_words, first, count = np.unique(words[order], return_index=True, return_counts=True)

    # A table of all words costs a third of a search in millions; most of the stored are not tested.
    number = np.zeros(2**BITS + 1, dtype=np.int32)
    number[asked_words] = np.arange(1, len(asked_words) + 1)
    number_of = number[stored]
    hit = np.flatnonzero(number_of)
    start, counts = first[number_of[hit] - 1], count[number_of[hit] - 1]
    counts[counts > COMMON * len(RATES)] = 0

    # Blocks of stored clips, as the votes of a pair must be counted together.
    clip = places[hit] // LENGTH
    for block in blocks(np.bincount(clip, counts, n_kept).astype(np.int64)):
        chosen = slice(*np.searchsorted(clip, (block.start, block.stop)))
        yield _voted(at, start[chosen], counts[chosen], places[hit[chosen]], len(tested))


def _voted(
    at: NDArray[np.int64],
    start: NDArray[np.int64],
    counts: NDArray[np.int64],
    places: NDArray[np.int64],
    rows: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows and shifts that enough words vote for; `at`, from `start` on, are the places
    of the tested words that equal the one at each of `places`.
    """
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    mine = at[np.repeat(start, counts) + step]
    partner = np.repeat(places, counts)
    shift = mine % LENGTH - partner % LENGTH + LENGTH

    # One whole number for both rows and the shift, so that equal ones are counted at once.
    code = ((partner // LENGTH) * rows + mine // LENGTH) * (2 * LENGTH) + shift
    code.sort()
    earlier, later = code[: 1 - VOTES], code[VOTES - 1 :]
    pair, shift = np.divmod(np.unique(earlier[earlier == later]), 2 * LENGTH)

    return pair % rows, pair // rows, shift - LENGTH
