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
    features: NDArray[np.float64], speakers: Sequence[_Speaker]
) -> dict[_Speaker, Statistics]:
    """Return the statistics of each speaker's rows of `features`, shape (n_clips, n_features)."""
    rows: dict[_Speaker, list[int]] = {}
    for row, speaker in enumerate(speakers):
        rows.setdefault(speaker, []).append(row)

    return {speaker: statistics(features[chosen]) for speaker, chosen in rows.items()}


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
