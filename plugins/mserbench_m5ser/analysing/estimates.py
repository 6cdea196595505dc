"""Numbers with an interval over speakers and the value that chance would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics import intervals

Interval = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of `clips` clips; `interval` is 95 % over speakers, None where it cannot be had.

    `chance` is what labels without meaning would give, None where the number has no such value.
    """

    value: float
    interval: Interval
    chance: float | None
    clips: int
    speakers: int

    @property
    def is_above_chance(self) -> bool | None:
        """Whether the whole interval lies above chance; None where there is no interval."""
        if self.interval is None or self.chance is None:
            return None
        return self.interval[0] > self.chance

    def to_json(self) -> dict[str, Any]:
        """Return the parts, rounded to what another machine's last bits do not change."""
        ends = None if self.interval is None else [rounded(end) for end in self.interval]
        chance = None if self.chance is None else rounded(self.chance)
        return {
            "value": rounded(self.value), "interval": ends, "chance": chance, "clips": self.clips,
            "speakers": self.speakers,
        }  # fmt: skip


def rounded(value: float) -> float:
    """Round to six digits after the point."""
    # Adding 0 turns a negative zero, which prints otherwise, into a positive one.
    return round(float(value), 6) + 0.0


def mean_of(
    values: NDArray[np.float64], persons: Sequence[str | None], chance: float | None,
    is_share: bool,
) -> Estimate:  # fmt: skip
    """Return the mean of values of clips, (n,), with the delete-one jackknife over speakers.

    `is_share`: the values lie in [0, 1], and the interval is on the logit scale as those of UA;
    else they lie in [-1, 1] and it is on their own. The cloud around the clips stays whole when a
    speaker is left out. A clip whose speaker is not known is one by itself.
    """
    numbers = intervals.row_numbers(persons, len(values))
    sizes = np.bincount(numbers)
    sums = np.bincount(numbers, weights=values)
    value, speakers = float(values.mean()), len(sizes)
    # The range of three speakers says little of a fourth.
    if speakers < intervals.FEWEST:
        return Estimate(value, None, chance, len(values), speakers)

    without = (sums.sum() - sums) / (len(values) - sizes)
    freedom = intervals.freedom_of(sizes)
    if is_share:
        variance = intervals.over_clusters(intervals.logit(without, len(values)), freedom)
        ends = intervals.logit_interval(value, variance, speakers, len(values))
    else:
        variance = intervals.over_clusters(without, freedom)
        reach = intervals.t_quantile(intervals.LEVEL, freedom) * variance.value**0.5
        ends = (max(-1.0, value - reach), min(1.0, value + reach))

    return Estimate(value, ends, chance, len(values), speakers)
