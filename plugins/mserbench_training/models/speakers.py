"""Mean and deviation of each speaker's features, and features standardised by them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import ModelError

_Speaker = TypeVar("_Speaker", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and deviation of each feature over one speaker's clips: float64, (n_features,) each."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def apply(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardise features, (..., n_features); a feature that never varied becomes 0."""
        return (features - self.mean) / self.scale


def statistics(features: NDArray[np.float64]) -> Statistics:
    """Return the statistics of some rows of features: (n_clips, n_features)."""
    # The order of the clips must not show in the last bit of a sum.
    features = np.sort(features, axis=0)
    scale = features.std(axis=0)

    # Of a constant feature, rounding may leave a tiny deviation: relative to the values, not to 0.
    varies = scale > 1e-6 * np.abs(features).max(axis=0)
    return Statistics(features.mean(axis=0), np.where(varies, scale, np.inf))


def speaker_statistics(
    features: NDArray[np.float64], speakers: Sequence[_Speaker], prior: float = 0.0
) -> dict[_Speaker, Statistics]:
    """Return the statistics of each speaker's rows of `features`, shape (n_clips, n_features).

    Those of n clips are n / (n + prior) his own, the rest those of all speakers together.
    """
    rows: dict[_Speaker, list[int]] = {}
    for row, speaker in enumerate(speakers):
        rows.setdefault(speaker, []).append(row)

    own = {speaker: statistics(features[chosen]) for speaker, chosen in rows.items()}
    if not prior:
        return own

    # Every speaker counts alike, however many clips he has.
    everyone = statistics(features)
    mean = np.mean(np.sort(np.stack([each.mean for each in own.values()]), axis=0), axis=0)
    common = Statistics(mean, everyone.scale)
    return {
        speaker: _shrunk(each, common, len(rows[speaker]) / (len(rows[speaker]) + prior))
        for speaker, each in own.items()
    }


def _shrunk(own: Statistics, common: Statistics, share: float) -> Statistics:
    """Return statistics that are `share`, in [0, 1], a speaker's own, and for the rest common."""
    mean = common.mean + share * (own.mean - common.mean)
    # Around the shrunk mean, not around his own: a single clip has no deviation of its own.
    own_square = np.where(np.isfinite(own.scale), own.scale, 0.0) ** 2 + (own.mean - mean) ** 2
    common_square = np.where(np.isfinite(common.scale), common.scale, 0.0) ** 2
    scale = np.sqrt(share * own_square + (1 - share) * common_square)

    varies = scale > 1e-6 * np.abs(mean)
    return Statistics(mean, np.where(varies, scale, np.inf))


def standardised(
    features: NDArray[np.float64],
    speakers: Sequence[_Speaker],
    statistics_of: Mapping[_Speaker, Statistics],
) -> NDArray[np.float64]:
    """Standardise each row by its speaker's statistics; ModelError for a speaker without any."""
    unseen = set(speakers) - set(statistics_of)
    if unseen:
        raise ModelError(
            f"{len(unseen)} speaker(s) of the clips to predict were not among those prepared: with "
            f"normalise=speaker, call 'prepare' with all clips first"
        )

    rows = [
        statistics_of[speaker].apply(row) for speaker, row in zip(speakers, features, strict=True)
    ]
    return np.stack(rows) if rows else features
