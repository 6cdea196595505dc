"""How far the emotions of a language lie from those of the English originals, by centroids."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench_m5ser.analysing.points import Point, in_order, languages_of

SHUFFLES = 200
"""Orders of labels that say what chance gives: 2.5 % of them are five at either end."""


@dataclass(frozen=True, slots=True)
class Distance:
    """Of one language: how far its emotions lie from the same, and from other, English emotions.

    `same` and `different` are root mean squares over bands, by emotion, in the unit of the
    vectors. `ratio` is the mean of `same` over that of `different`: below 1, an emotion lies
    nearest to itself. `chance` is the range that holds 95 % of the ratios of shuffled labels.
    `own` counts the emotions whose nearest English centroid is their own.
    """

    same: dict[str, float]
    different: dict[str, float]
    ratio: float
    chance: tuple[float, float]
    own: int

    @property
    def is_below_chance(self) -> bool:
        """Whether shuffled labels hardly ever give so low a ratio."""
        return self.ratio < self.chance[0]


def distances(vectors: NDArray[np.float64], points: Sequence[Point]) -> dict[str, Distance]:
    """Return the distance of each generated language that shares two emotions with the originals.

    Speakers are parted in two halves. The centroids of one half in the language are put to those of
    the other half in English, both ways, and the distances averaged: an original and its own
    translation share voice and words, and would lie together whatever their label. For chance,
    labels are shuffled over the source clips of each corpus, and translations go with their source.
    """
    halves = _halves(points)
    is_original = np.array([not point.is_generated for point in points])
    names = in_order(point.emotion for point in points)
    codes = np.array([names.index(point.emotion) for point in points])
    shuffled = _shuffled(codes, points)

    result = {}
    for language in languages_of(points, is_generated=True):
        is_spoken = ~is_original & np.array([point.language == language for point in points])
        labels = np.intersect1d(codes[is_spoken], codes[is_original])
        if len(labels) < 2:
            continue

        ways = [
            (
                np.flatnonzero(is_original & (halves != half)),
                np.flatnonzero(is_spoken & (halves == half)),
            )
            for half in (0, 1)
        ]
        table, *by_chance = (_table(vectors, order, ways, labels) for order in (codes, *shuffled))
        # An emotion that one half lacks in either language cannot be compared.
        if np.isnan(table).any():
            continue

        lower, upper = np.nanquantile(
            [_ratio(shuffled_table) for shuffled_table in by_chance], [0.025, 0.975]
        )
        result[language] = _distance(
            table, [names[label] for label in labels], (float(lower), float(upper))
        )

    return result


def _halves(points: Sequence[Point]) -> NDArray[np.int64]:
    """Return the half of each point, 0 or 1: of a speaker all, of a lone one clip by clip."""
    persons = [point.person or point.source for point in points]
    if len(set(persons)) < 2:
        persons = [point.source for point in points]

    numbers = {person: number for number, person in enumerate(sorted(set(persons)))}
    return np.array([numbers[person] % 2 for person in persons], dtype=np.int64)


def _shuffled(codes: NDArray[np.int64], points: Sequence[Point]) -> list[NDArray[np.int64]]:
    """Return the codes of all points in other orders; those of one source stay together."""
    sources = sorted({(point.corpus, point.source) for point in points})
    numbers = {pair: number for number, pair in enumerate(sources)}
    source = np.array([numbers[point.corpus, point.source] for point in points])
    corpora = np.array([corpus for corpus, _ in sources])
    code_of = np.empty(len(sources), dtype=np.int64)
    code_of[source] = codes

    # Always the same orders, so that a report is the same each time.
    generator, orders = np.random.default_rng(0), []
    for _ in range(SHUFFLES):
        shuffled = code_of.copy()
        # Within a corpus, as another one may have other emotions.
        for corpus in np.unique(corpora):
            shuffled[corpora == corpus] = generator.permutation(code_of[corpora == corpus])

        orders.append(shuffled[source])

    return orders


def _table(
    vectors: NDArray[np.float64],
    codes: NDArray[np.int64],
    ways: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    labels: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the distances of centroids, of the language in rows to English ones in columns.

    `ways`: rows of originals and of the language to compare, whose tables are averaged. The result
    is (n_labels, n_labels); NaN where no way has clips of both labels.
    """
    tables = []
    for originals, spoken in ways:
        english = _centroids(vectors[originals], codes[originals], labels)
        foreign = _centroids(vectors[spoken], codes[spoken], labels)
        apart = foreign[:, None, :] - english[None, :, :]
        tables.append(np.sqrt((apart**2).mean(axis=2)))

    # Of a label that one half alone has, the other way tells nothing.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mean of empty slice")
        return np.asarray(np.nanmean(tables, axis=0))


def _centroids(
    vectors: NDArray[np.float64], codes: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    indicator = (codes[None, :] == labels[:, None]).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(indicator @ vectors / indicator.sum(axis=1, keepdims=True))


def _different(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each row the mean of what lies beside the diagonal."""
    return np.asarray(np.nanmean(np.where(np.eye(len(table)) > 0, np.nan, table), axis=1))


def _ratio(table: NDArray[np.float64]) -> float:
    return float(np.nanmean(np.diag(table)) / np.nanmean(_different(table)))


def _distance(
    table: NDArray[np.float64], labels: Sequence[str], chance: tuple[float, float]
) -> Distance:
    return Distance(
        dict(zip(labels, np.diag(table).tolist(), strict=True)),
        dict(zip(labels, _different(table).tolist(), strict=True)),
        _ratio(table),
        chance,
        int((table.argmin(axis=1) == np.arange(len(labels))).sum()),
    )
