"""By what clips lie together: silhouette, and the labels of the nearest neighbours of each clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench_m5ser.analysing.estimates import Estimate, mean_of
from mserbench_m5ser.analysing.points import Point

NEIGHBOURS = 10
MEMORY = 64  # MiB of distances at a time
ACROSS = "emotion, among clips of other languages"

FIELDS: dict[str, Callable[[Point], str | None]] = {
    "emotion": lambda point: point.emotion,
    "language": lambda point: point.language,
    "corpus": lambda point: point.corpus,
    "speaker": lambda point: point.person,
}


@dataclass(frozen=True, slots=True)
class Clustering:
    """How clips lie by one field: None where there are not two groups of it to tell apart."""

    groups: int
    silhouette: Estimate | None
    purity: Estimate | None


def clusterings(vectors: NDArray[np.float64], points: Sequence[Point]) -> dict[str, Clustering]:
    """Return how clips lie by each of `FIELDS`, and by emotion across languages (`ACROSS`).

    `vectors`: float64, (n_points, dim). Distances are Euclidean.
    """
    persons = [point.person for point in points]
    codes = {name: _codes([field(point) for point in points]) for name, field in FIELDS.items()}
    told_apart = {name: numbers for name, numbers in codes.items() if _can_be_told_apart(numbers)}
    sources = _codes([point.source for point in points])
    purities = _purities(vectors, told_apart, sources, codes["language"], persons)

    # A field of one group, or of a group a clip, is counted but has nothing to measure.
    result = {
        name: Clustering(
            len(set(numbers[numbers >= 0].tolist())),
            _silhouette(vectors, numbers, persons) if name in told_apart else None,
            purities.get(name),
        )
        for name, numbers in codes.items()
    }
    return {**result, ACROSS: Clustering(result["emotion"].groups, None, purities.get(ACROSS))}


def _codes(values: Sequence[str | None]) -> NDArray[np.int64]:
    """Number the values by name, -1 for None."""
    names = sorted({value for value in values if value is not None})
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([-1 if value is None else numbers[value] for value in values], dtype=np.int64)


def _can_be_told_apart(codes: NDArray[np.int64]) -> bool:
    labelled = codes[codes >= 0]
    return 2 <= len(np.unique(labelled)) < len(labelled)


def _silhouette(
    vectors: NDArray[np.float64], codes: NDArray[np.int64], persons: Sequence[str | None]
) -> Estimate:
    """Return the mean silhouette (Rousseeuw 1987) of the clips whose group is known.

    Of labels without meaning it is 0, or a little below.
    """
    from sklearn import config_context
    from sklearn.metrics import silhouette_samples
    from threadpoolctl import threadpool_limits

    rows = np.flatnonzero(codes >= 0)
    with threadpool_limits(1), config_context(working_memory=MEMORY):
        values = silhouette_samples(vectors[rows], codes[rows], metric="euclidean")

    return mean_of(values, [persons[row] for row in rows.tolist()], 0.0, is_share=False)


def _purities(
    vectors: NDArray[np.float64],
    fields: dict[str, NDArray[np.int64]],
    sources: NDArray[np.int64],
    languages: NDArray[np.int64],
    persons: Sequence[str | None],
) -> dict[str, Estimate]:
    """Return for each field the share of the nearest neighbours of a clip that have its value.

    A clip's own source, and what else was made of that, are no neighbours of it: they have its
    emotion whatever the audio says. Chance is the share of the value among all that may be
    neighbours. A clip without any such is left out.
    """
    shares: dict[str, list[NDArray[np.float64]]] = {}
    chances: dict[str, list[NDArray[np.float64]]] = {}
    for rows, distances in _distances(vectors):
        # Whole rows of pairs at once: for numpy that is faster than a list of neighbours a clip.
        may_be = sources[rows, None] != sources[None, :]
        abroad = may_be & (languages[rows, None] != languages[None, :])
        questions = {name: (codes, may_be & (codes >= 0)) for name, codes in fields.items()}
        if "emotion" in fields and "language" in fields:
            questions[ACROSS] = (fields["emotion"], abroad & (fields["emotion"] >= 0))

        for name, (codes, is_candidate) in questions.items():
            share, chance = _shares(distances, is_candidate, codes[rows, None] == codes[None, :])
            # Of a clip whose own value nobody knows, no neighbour can be alike.
            is_unknown = codes[rows] < 0
            share[is_unknown], chance[is_unknown] = np.nan, np.nan
            shares.setdefault(name, []).append(share)
            chances.setdefault(name, []).append(chance)

    return {
        name: estimate
        for name, parts in shares.items()
        if (estimate := _purity(np.concatenate(parts), np.concatenate(chances[name]), persons))
    }


def _purity(
    shares: NDArray[np.float64], chances: NDArray[np.float64], persons: Sequence[str | None]
) -> Estimate | None:
    rows = np.flatnonzero(~np.isnan(shares))
    if not len(rows):
        return None

    chance = float(chances[rows].mean())
    return mean_of(shares[rows], [persons[row] for row in rows.tolist()], chance, is_share=True)


def _distances(
    vectors: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield some rows at a time with their distances to all, (n_rows, n)."""
    from sklearn.metrics import pairwise_distances_chunked
    from threadpoolctl import threadpool_limits

    first = 0
    with threadpool_limits(1):
        for distances in pairwise_distances_chunked(vectors, working_memory=MEMORY):
            yield np.arange(first, first + len(distances)), distances
            first += len(distances)


def _shares(
    distances: NDArray[np.float64], is_candidate: NDArray[np.bool_], is_alike: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of alike clips among the nearest candidates, and among all; NaN without
    any.

    All arrays are (n_rows, n); the results (n_rows,).
    """
    k = min(NEIGHBOURS, distances.shape[1])
    masked = np.where(is_candidate, distances, np.inf)
    nearest = np.argpartition(masked, k - 1, axis=1)[:, :k]
    # Where there are fewer candidates than neighbours, the others were put at an infinite distance.
    is_near = np.isfinite(np.take_along_axis(masked, nearest, axis=1))
    is_hit = np.take_along_axis(is_alike, nearest, axis=1) & is_near
    candidates = is_candidate.sum(axis=1)

    with np.errstate(invalid="ignore"):
        return (
            is_hit.sum(axis=1) / is_near.sum(axis=1),
            (is_candidate & is_alike).sum(axis=1) / candidates,
        )
