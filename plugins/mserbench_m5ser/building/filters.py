"""Which synthetic clips are left out: the published rules, and further ones that are off.

The paper (arXiv 2503.21806, section III) removes what is shorter than 0.5 s, and files under 20 KB
from IEMOCAP and MELD, under 50 KB from MEAD, CMU-MOSEI and MSP-Podcast. It says neither container
nor rate. Here a size is that of the clip as a PCM16 mono wav file at 16 kHz with its header of 44
bytes, and a KB has 1,024 bytes: 20 KB are 0.64 s, 50 KB are 1.60 s. Other readings: at 24 kHz and
16 bit 0.43 and 1.07 s; at 24 kHz in float32 0.21 and 0.53 s; at 16 kHz in float32 0.32 and 0.80 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import UsageError
from mserbench_m5ser.building.flac import pcm16_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

KB = 1_024  # bytes
PUBLISHED: Mapping[str, float] = MappingProxyType(
    {"iemocap": 20.0, "meld": 20.0, "mead": 50.0, "mosei": 50.0, "msp-podcast": 50.0}
)
"""The least size in KB of a clip by the corpus it was made from."""

_FULL = 32_767
# Of full scale: what rounding of a clip that was cut off leaves.
_CLIPPED = 0.999


@dataclass(frozen=True)
class Filters:
    """The rules, each with its threshold; None switches one of the further ones off.

    `min_seconds`: least length. `min_kb`: least size by corpus. `silence_db`: the level in dBFS
    (root mean square) from which a clip is speech. `clipped`: the greatest share of samples at full
    scale, in [0, 1]. `ratio`: least and greatest length, as a multiple of the source clip's.
    """

    min_seconds: float = 0.5
    min_kb: Mapping[str, float] = field(default_factory=lambda: dict(PUBLISHED))
    silence_db: float | None = None
    clipped: float | None = None
    ratio: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a threshold that no clip, or each clip, would pass."""
        numbers = {
            "--min-seconds": self.min_seconds,
            **{f"--min-kb {corpus}": kilobytes for corpus, kilobytes in self.min_kb.items()},
        }
        for name, value in numbers.items():
            if not 0 <= value < float("inf"):
                raise UsageError(f"{name} is {value:g}, but a number from 0 was expected")

        if self.clipped is not None and not 0 <= self.clipped <= 1:
            raise UsageError(f"--max-clipped is {self.clipped:g}, but a share of 1 was expected")
        if self.ratio is not None and not 0 <= self.ratio[0] < self.ratio[1]:
            raise UsageError(
                f"--duration-ratio is {self.ratio[0]:g}:{self.ratio[1]:g}, but LEAST:GREATEST was "
                f"expected"
            )

    def record(self) -> dict[str, Any]:
        """Return the rules as a manifest holds them; those that are off as null."""
        return {**asdict(self), "min_kb": dict(sorted(self.min_kb.items()))}


def reason(filters: Filters, samples: NDArray[np.int16], corpus: str, source_seconds: float) -> str:
    """Return why a clip made from a corpus is left out, by the first rule that it breaks; "" where
    it stays.

    `samples` are 16 kHz; `source_seconds` the length of the clip it was made from.
    """
    return (
        _too_small(filters, len(samples), corpus)
        or _too_quiet(filters, samples)
        or _cut_off(filters, samples)
        or _of_other_length(filters, len(samples), source_seconds)
    )


def _too_small(filters: Filters, n_samples: int, corpus: str) -> str:
    # A clip of exactly the least length or size stays: the paper removes what is under it.
    if n_samples < filters.min_seconds * SAMPLE_RATE:
        return f"shorter than {filters.min_seconds:g} s"

    least = filters.min_kb.get(corpus, 0.0)
    return f"smaller than {least:g} KB" if pcm16_bytes(n_samples) < least * KB else ""


def _too_quiet(filters: Filters, samples: NDArray[np.int16]) -> str:
    if filters.silence_db is None:
        return ""

    power = float(np.mean(np.square(samples.astype(np.float64) / _FULL)))
    level = 10 * np.log10(power) if power > 0 else float("-inf")
    return f"quieter than {filters.silence_db:g} dBFS" if level < filters.silence_db else ""


def _cut_off(filters: Filters, samples: NDArray[np.int16]) -> str:
    if filters.clipped is None:
        return ""

    # In 32 bit, as the least number of 16 bit has no opposite.
    share = float(np.mean(np.abs(samples.astype(np.int32)) >= _CLIPPED * _FULL))
    return f"more than {filters.clipped:g} at full scale" if share > filters.clipped else ""


def _of_other_length(filters: Filters, n_samples: int, source_seconds: float) -> str:
    if filters.ratio is None:
        return ""

    least, greatest = filters.ratio
    seconds = n_samples / SAMPLE_RATE
    if least * source_seconds <= seconds <= greatest * source_seconds:
        return ""
    return f"not within {least:g} to {greatest:g} times the length of its source"
