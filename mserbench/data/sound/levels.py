"""What the samples of a clip tell of how they were made: silence, wrong scales, lost channels.

Thresholds: none of the 3,167 recordings of EmoDB, EMOVO, AESDD and RAVDESS comes near. Their peaks
lie above 0.0045, at most 0.03 % of a recording has its highest or lowest value, and the longest run
of zeros takes 30 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEP = 1 / 32_768  # of 16 bit
FAINT = 8 * _STEP  # from the lowest to the highest sample; -78 dB
LIMITED, RUINED = 0.001, 0.1  # shares of the samples beyond full scale
FLAT, SQUARE = 0.05, 0.5  # shares of the samples that are the highest or the lowest one
EMPTY = 0.5  # share of a clip that is one run of zeros
_EACH = 17  # samples from one that is looked at to the next
CANCELLED = 0.02  # power of the mix, of that of channels which have nothing in common


@dataclass(frozen=True)
class Level:
    """What is to be said of a clip, as the rest of a sentence that begins with it.

    `ruined`: a model would not hear what was recorded, so the clip cannot be scored.
    """

    sentence: str = ""
    ruined: bool = False


def level_of(
    samples: NDArray[np.float32], mix: NDArray[np.float32], weights: NDArray[np.float32]
) -> Level:
    """Return the worst that is to be said of a clip.

    `samples` as published, (n_samples, n_channels); `mix`, (n_samples,), is their sum with
    `weights`, (n_channels,).
    """
    high, low = float(samples.max()), float(samples.min())
    if high == low:
        return Level(_constant(high))
    if high - low < FAINT:
        return Level(_faint(high, low))

    # The mix cannot reach further than its channels: most clips need not be looked through.
    share = float(np.mean(np.abs(mix) > 1.0)) if max(high, -low) > 1.0 else 0.0
    if share > LIMITED:
        return Level(_limited(share, max(high, -low)), ruined=share > RUINED)

    few = samples[::_EACH]
    flat = _flat(few, high, low)
    # A few samples show that there is nothing; what they show is then counted in all.
    flat = _flat(samples, high, low) if flat > FLAT / 2 else 0.0
    if flat > SQUARE:
        return Level(
            f"is a square wave, {flat:.0%} of its samples are the highest or the lowest one: "
            "get it from the publisher again",
            ruined=True,
        )

    if samples.shape[1] > 1 and _is_cancelled(samples, mix, weights):
        return Level(
            "has channels in opposite phase, which cancel when they are mixed to mono: turn one "
            "of them, or keep one alone",
            ruined=True,
        )
    may_be_empty = np.mean(few == 0) > EMPTY / 2
    if may_be_empty and (empty := _longest_zeros(samples)) > EMPTY:
        return Level(f"has one run of zeros over {empty:.0%} of its length: check the file")
    if flat > FLAT:
        return Level(f"was clipped, {flat:.0%} of its samples are at its limits: check the file")

    return Level()


def _constant(value: float) -> str:
    if value == 0.0:
        return "is digital silence: it is scored as it is, check the file"
    return f"is silence with an offset of {value:.3g}: it is scored as it is, check the file"


def _faint(high: float, low: float) -> str:
    level = 20 * np.log10(max(high, -low))
    return (
        f"is nearly silence, its peak level is {level:.0f} dB: it is scored as it is, check "
        "whether its samples were divided by 32,768 twice"
    )


def _limited(share: float, peak: float) -> str:
    guess = (
        "they seem to be on the scale of 16 bit, divide them by 32,768"
        if peak > 128
        else "make it softer"
    )
    return (
        f"has {share:.1%} of its samples above full scale, up to {peak:,.4g}, where they are "
        f"limited to 1: {guess}"
    )


def _flat(samples: NDArray[np.float32], high: float, low: float) -> float:
    return float(np.mean((samples == high) | (samples == low)))


def _is_cancelled(
    samples: NDArray[np.float32], mix: NDArray[np.float32], weights: NDArray[np.float32]
) -> bool:
    """Whether channels cancel: without anything in common their powers would add."""
    powers = np.mean(np.square(samples, dtype=np.float64), axis=0)
    apart = float(np.square(weights, dtype=np.float64) @ powers)
    # Only what is in the mix at all counts: a channel of low frequencies may be alone.
    return apart > 0 and float(np.mean(np.square(mix, dtype=np.float64))) < CANCELLED * apart


def _longest_zeros(samples: NDArray[np.float32]) -> float:
    """Return the longest run of zeros in all channels, as a share of the length."""
    sounding = np.flatnonzero(samples.any(axis=1))
    gaps = np.diff(np.concatenate([[-1], sounding, [len(samples)]])) - 1
    return float(gaps.max()) / len(samples)
