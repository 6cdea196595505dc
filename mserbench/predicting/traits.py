"""What a recording is like that a reader of its scores must know: channels that differ, a narrow
band.

Measured on 600 clips of EmoDB, EMOVO, AESDD and RAVDESS: from 4.5 to 7 kHz the mean power lies at
most 29 dB below that of the telephone's band, so `_QUIETER` is reached by none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.data.audio import Recording, mix_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIFFER, NARROW = "differ", "narrow"

_ALIKE = 0.3  # correlation of two channels, below which they hold different sounds
_FAINTER = 1e-4  # power of a channel, of that of the loudest: with less it is empty
_FRAME = 1_024  # samples of a spectrum
_EACH, _FEW = 4, 64  # of so many frames one is looked at, of a block of more than so many
_TELEPHONE = (300.0, 3_400.0)  # Hz
_ABOVE = (4_500.0, 7_000.0)  # Hz
_QUIETER = 10**-4.5  # power above the telephone's band, of that in it: -45 dB


@dataclass(frozen=True)
class Trait:
    """What a file is like: `about` is DIFFER, of channels that are mixed, or NARROW; `figure` is
    the number of channels, or the sampling rate in Hz, 0 where that is not what makes it narrow.
    """

    file: str
    about: str
    figure: int


class Look:
    """Looks at the blocks of one recording in passing; memory holds a matrix and a spectrum."""

    def __init__(self) -> None:
        self._rate = self._n = 0
        self._sums: NDArray[np.float64] = np.zeros(0)
        self._products: NDArray[np.float64] = np.zeros((0, 0))
        self._power: NDArray[np.float64] = np.zeros(_FRAME // 2 + 1)

    def through(self, blocks: Iterable[Recording]) -> Iterator[Recording]:
        """Yield the blocks of a recording as they come."""
        for block in blocks:
            self._add(block)
            yield block

    def _add(self, block: Recording) -> None:
        samples = block.samples
        if not self._n:
            self._rate, n_channels = block.rate, samples.shape[1]
            self._sums = np.zeros(n_channels)
            self._products = np.zeros((n_channels, n_channels))

        self._n += len(samples)
        if samples.shape[1] > 1:
            # In float64: of an hour the sums of squares would lose what the channels share.
            exact = samples.astype(np.float64)
            self._sums += exact.sum(axis=0)
            self._products += exact.T @ exact

        mono = mix_down(block.samples)
        n_frames = len(mono) // _FRAME
        # Of a long block some frames are enough: what a telephone passed has none that is wide.
        step = _EACH if n_frames > _FEW else 1
        frames = mono[: n_frames * _FRAME].reshape(n_frames, _FRAME)[::step] * np.hanning(_FRAME)
        self._power += np.square(np.abs(np.fft.rfft(frames, axis=1))).sum(axis=0)

    def traits(self, file: str, mixed: bool) -> Iterator[Trait]:
        """Yield what was seen; `mixed` says whether its channels are heard as one."""
        if mixed and self._channels_differ():
            yield Trait(file, DIFFER, len(self._sums))

        if 0 < self._rate < SAMPLE_RATE:
            yield Trait(file, NARROW, self._rate)
        elif self._is_narrow():
            yield Trait(file, NARROW, 0)

    def _channels_differ(self) -> bool:
        """Whether two channels that sound have little in common, as two sides of a call."""
        if len(self._sums) < 2 or not self._n:
            return False

        # Without their means: an offset of the sound card would make any two channels alike.
        covariance = self._products / self._n - np.outer(self._sums, self._sums) / self._n**2
        power = np.diag(covariance)
        sounding = np.flatnonzero(power > _FAINTER * power.max())
        scale = np.sqrt(power[sounding])
        alike = np.abs(covariance[np.ix_(sounding, sounding)]) / np.outer(scale, scale)
        return len(sounding) > 1 and bool(alike.min() < _ALIKE)

    def _is_narrow(self) -> bool:
        """Whether a recording of a high rate holds no more than a telephone passes."""
        frequencies = np.fft.rfftfreq(_FRAME, 1 / max(self._rate, 1))
        low, high = (
            self._power[(frequencies >= lowest) & (frequencies < highest)]
            for lowest, highest in (_TELEPHONE, _ABOVE)
        )
        if not (low.size and high.size and low.mean() > 0):
            return False

        return bool(high.mean() < _QUIETER * low.mean())


def sentences(traits: Iterable[Trait]) -> list[str]:
    """Return a sentence for each thing that some files are like, with how many are."""
    # A file has a trait once for each of its channels, and is counted once.
    by_kind: dict[str, dict[str, int]] = {DIFFER: {}, NARROW: {}}
    for trait in traits:
        by_kind[trait.about].setdefault(trait.file, trait.figure)

    lines = []
    if differing := by_kind[DIFFER]:
        lines.append(
            f"{_named(differing)} channels that differ, as the two sides of a call do, and they "
            "are mixed to one: --channels each hears each by itself"
        )

    if narrow := by_kind[NARROW]:
        rates = [f"{rate:,}" for rate in sorted(set(narrow.values())) if rate]
        how = [f"sampled at {', '.join(rates)} Hz"] if rates else []
        how += ["nothing above 4 kHz"] if 0 in narrow.values() else []
        lines.append(
            f"{_named(narrow)} a narrow band, as of a telephone ({' or '.join(how)}): models "
            "trained on 16 kHz hear less there, 'mserbench stress' says how much less (bandwidth)"
        )

    return lines


def _named(files: dict[str, int]) -> str:
    first, n_more = next(iter(files)), len(files) - 1
    return f"{first!r} and {n_more:,} more have" if n_more else f"{first!r} has"
