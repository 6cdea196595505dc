"""All numbers of an analysis as JSON: no path, no time, and the same digits each time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mserbench_m5ser.analysing.analysis import Analysis
from mserbench_m5ser.analysing.clusters import NEIGHBOURS, Clustering
from mserbench_m5ser.analysing.distances import SHUFFLES, Distance
from mserbench_m5ser.analysing.estimates import rounded
from mserbench_m5ser.analysing.points import Tally
from mserbench_m5ser.analysing.preservation import FOLDS, PENALTY, Preservation

SCHEMA = 1


def to_json(analysis: Analysis) -> dict[str, Any]:
    """Return the numbers as JSON takes them. Sources that are not at hand are named, not why."""
    originals = sum(not point.is_generated for point in analysis.points)
    return {
        "schema": SCHEMA,
        "manifest_sha256": analysis.digest,
        "sources": list(analysis.sources),
        "sources_not_at_hand": sorted(analysis.missing),
        "controls_not_at_hand": sorted(analysis.missing_controls),
        "sources_of_other_sound": analysis.other_sound,
        "generated": _tally(analysis.generated),
        "originals": None if analysis.english is None else _tally(analysis.english),
        "looked_at": {
            "limit": analysis.limit, "originals": originals,
            "generated": len(analysis.points) - originals,
        },
        "variance_of_the_plane": [rounded(share) for share in analysis.shares],
        "neighbours": NEIGHBOURS,
        "clusters": {
            space: {field: _clustering(clustering) for field, clustering in fields.items()}
            for space, fields in analysis.clustered.items()
        },
        "shuffles": SHUFFLES,
        "distances": {
            space: {language: _distance(distance) for language, distance in languages.items()}
            for space, languages in analysis.of_languages.items()
        },
        "preservation": None if analysis.preserved is None else _preservation(analysis.preserved),
    }  # fmt: skip


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "clips": sum(tally.clips.values()),
        "hours": rounded(sum(tally.hours_by(0).values())),
        "clips_by_emotion": tally.by(1),
        "clips_by_language": tally.by(0),
        "clips_by_corpus": tally.by(2),
        "hours_by_language": {name: rounded(hours) for name, hours in tally.hours_by(0).items()},
    }


def _clustering(clustering: Clustering) -> dict[str, Any]:
    silhouette, purity = clustering.silhouette, clustering.purity
    return {
        "groups": clustering.groups,
        "silhouette": None if silhouette is None else silhouette.to_json(),
        "purity": None if purity is None else purity.to_json(),
    }


def _distance(distance: Distance) -> dict[str, Any]:
    return {
        "same": {name: rounded(value) for name, value in distance.same.items()},
        "different": {name: rounded(value) for name, value in distance.different.items()},
        "ratio": rounded(distance.ratio),
        "chance": [rounded(end) for end in distance.chance],
        "own": distance.own,
        "emotions": len(distance.same),
    }


def _preservation(preserved: Preservation) -> dict[str, Any]:
    return {
        "folds": FOLDS,
        "penalty": PENALTY,
        **{name: value for name, value in asdict(preserved).items() if name != "ua"},
        "ua": {
            scale: {name: estimate.to_json() for name, estimate in estimates.items()}
            for scale, estimates in preserved.ua.items()
        },
    }
