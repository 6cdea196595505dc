"""From a built set to all that its report says: clips chosen, spectra taken, numbers computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mserbench.features import FeatureCache, extract
from mserbench_m5ser.analysing import originals, sampling, spaces, spectra
from mserbench_m5ser.analysing.built import BuiltSet
from mserbench_m5ser.analysing.clusters import Clustering, clusterings
from mserbench_m5ser.analysing.distances import Distance, distances
from mserbench_m5ser.analysing.originals import Recordings
from mserbench_m5ser.analysing.points import Point, Tally
from mserbench_m5ser.analysing.preservation import Preservation, preservation

SAMPLE = 20_000  # clips looked at; distances between all of more would take hours


@dataclass(frozen=True, eq=False)
class Analysis:
    """All that is computed of a set.

    `english` counts the originals, None where none of them is at hand. `points` are the clips
    looked at, originals first, and `places` where each lies on the first two principal components,
    (n_points, 2), which hold `shares` of the variance. `of_languages` and `preserved` want
    originals.
    """

    digest: str
    generated: Tally
    english: Tally | None
    sources: tuple[str, ...]
    missing: Mapping[str, str]
    missing_controls: Mapping[str, str]
    other_sound: int
    limit: int
    points: tuple[Point, ...]
    places: NDArray[np.float64]
    shares: NDArray[np.float64]
    clustered: dict[str, dict[str, Clustering]]
    of_languages: dict[str, dict[str, Distance]]
    preserved: Preservation | None


def analyse(
    folder: Path,
    data: Path | None = None,
    controls: Sequence[str] = (),
    limit: int = SAMPLE,
    sources: Sequence[str] = (),
) -> Analysis:
    """Analyse a built set; `controls` names tasks of human speech to put the classifier to.

    `sources` are the tasks that it was made from, by default those that its manifest names. About
    `limit` clips are looked at, the originals among them. Raises DataError where the set is not in
    order, UsageError for a source or control that is no task. Those that are not at hand are named
    in the result.
    """
    built = BuiltSet(folder)
    named = dict.fromkeys(sources, True) if sources else built.sources
    english = originals.load(named, data, is_typed=bool(sources))
    human = originals.load(dict.fromkeys(controls, True), data, is_typed=True)
    generated = built.tally()
    points, vectors = _looked_at(built, generated, english, limit)
    means = vectors[:, : spectra.BANDS]
    views = spaces.views(means, points)
    places, shares = spaces.on_a_plane(views[spaces.BY_CORPUS])
    # A sample of very few clips may have no original in it, though the sources are at hand.
    has_english = any(not point.is_generated for point in points)

    return Analysis(
        digest=built.digest,
        generated=generated,
        english=english.tally() if has_english else None,
        sources=tuple(map(originals.shown, named)),
        missing=english.missing,
        missing_controls=human.missing,
        other_sound=originals.of_other_sound(
            [point for point in points if point.is_generated], english.points
        ),
        limit=limit,
        points=tuple(points),
        places=places,
        shares=shares,
        clustered={name: clusterings(view, points) for name, view in views.items()},
        of_languages={name: distances(view, points) for name, view in views.items()}
        if has_english
        else {},
        preserved=preservation(_by_features(vectors), points, _by_task(human))
        if has_english
        else None,
    )


def _looked_at(
    built: BuiltSet, generated: Tally, english: Recordings, limit: int
) -> tuple[list[Point], NDArray[np.float64]]:
    """Return the clips looked at, originals first, and their statistics, (n_points, 250)."""
    places = sampling.quotas(generated.clips + english.tally().clips, limit)
    spoken = sampling.chosen(english.points, places)
    synthetic = sampling.chosen(built.points(), places)
    named = originals.with_speakers(synthetic, english.points)
    features = spectra.features()
    cache = FeatureCache(features)

    # The cache keeps what was computed, so that a second report of a set takes seconds.
    with spectra.on_one_thread():
        parts = [
            extract(english.clips_of(spoken), features, cache),
            extract(built.clips(synthetic), features, cache),
        ]

    return [*spoken, *named], np.concatenate(parts)


def _by_features(vectors: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the parts of the statistics that a classifier is taught by: what translators carry
    over differs.
    """
    return {"spectrum": vectors[:, : spectra.SPECTRUM], "prosody": vectors[:, spectra.SPECTRUM :]}


def _by_task(human: Recordings) -> dict[str, tuple[dict[str, NDArray[np.float64]], list[Point]]]:
    """Return statistics and clips of human speech, by corpus and language."""
    features = spectra.features()
    parts: dict[str, list[Point]] = {}
    for point in human.points:
        parts.setdefault(f"{point.corpus} ({point.language})", []).append(point)

    with spectra.on_one_thread():
        return {
            name: (_by_features(extract(human.clips_of(points), features)), points)
            for name, points in sorted(parts.items())
        }
