"""Augmentation of training clips, seeded by clip and copy: speed, noise, rooms, masks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import scipy.signal
import soxr
import torch
import torchaudio.functional
from numpy.typing import NDArray
from torch import Tensor

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import UsageError

VERSION = "1"  # raise it whenever an augmented clip changes: caches rest on it
_BANDS = np.geomspace(60, SAMPLE_RATE / 2, 8)  # Hz, about an octave apart
_GRID = 100  # speeds are rounded to hundredths, so that both rates are whole numbers


@dataclass(frozen=True)
class Augmentation:
    """Speed and noise, each with probability `probability`.

    The defaults are those that lost nothing where a source was left out. `slowest` to `fastest`:
    speed, which moves the pitch with it, as in Ko et al. (Interspeech 2015). `quietest_noise` and
    `loudest_noise`: the signal-to-noise ratio of white noise, in dB.
    """

    slowest: float = 0.85
    fastest: float = 1.18
    loudest_noise: float = 10.0  # dB
    quietest_noise: float = 50.0  # dB
    probability: float = 0.8

    def __post_init__(self) -> None:
        if (
            not 0.1 <= self.slowest <= self.fastest <= 10
            or self.loudest_noise > self.quietest_noise
        ):
            raise UsageError(
                f"speeds {self.slowest} to {self.fastest} and noise at "
                f"{self.loudest_noise} to {self.quietest_noise} "
                f"dB are no ranges: give the smaller one first, speeds of 0.1 to 10"
            )

    @property
    def name(self) -> str:
        """Everything that decides what a copy of a clip is, as text for keys of caches."""
        return (
            f"{VERSION}-speed{self.slowest}-{self.fastest}-noise{self.loudest_noise}-{self.quietest_noise}"
            f"-p{self.probability}"
        )

    def apply(self, waveform: NDArray[np.float32], key: str, copy: int) -> NDArray[np.float32]:
        """Return the copy numbered `copy` of a clip: float32, (n_samples / speed,), in [-1, 1].

        `key` and `copy` alone decide what is done, whatever the process, thread or order. Copy 0 is
        the clip itself.
        """
        if copy == 0 or not len(waveform):
            return waveform

        # What follows draws in this order: another one would make other clips, and wants a new
        # VERSION.
        draw = generator(self.name, key, copy)
        if _chance(draw) < self.probability:
            waveform = change_speed(waveform, _between(draw, self.slowest, self.fastest))

        wave = torch.from_numpy(np.array(waveform, dtype=np.float32))
        if _chance(draw) < self.probability:
            wave = add_noise(wave, _between(draw, self.loudest_noise, self.quietest_noise), draw)

        augmented: NDArray[np.float32] = wave.clamp(-1, 1).numpy()
        return augmented


@dataclass(frozen=True)
class Room:
    """Another room and another microphone for every copy: reverberation, coloured response, noise.

    `driest` to `longest`: reverberation time (T60), in seconds; `farthest` to `nearest`: the level
    of the direct sound over the reverberation, in dB. `colour`: the standard deviation of the
    microphone's response, in dB at each of eight frequencies an octave apart. `loudest_noise` to
    `quietest_noise`: the signal-to-noise ratio of white noise, in dB.
    """

    driest: float = 0.1  # seconds
    longest: float = 0.7  # seconds
    farthest: float = 0.0  # dB
    nearest: float = 20.0  # dB
    colour: float = 5.0  # dB
    loudest_noise: float = 15.0  # dB
    quietest_noise: float = 50.0  # dB

    def __post_init__(self) -> None:
        ranges = {
            "driest, longest": (self.driest, self.longest),
            "farthest, nearest": (self.farthest, self.nearest),
            "loudest_noise, quietest_noise": (self.loudest_noise, self.quietest_noise),
        }
        wrong = [name for name, (low, high) in ranges.items() if low > high]
        if wrong or self.driest <= 0 or self.colour < 0:
            raise UsageError(
                f"of a room, {'; '.join(wrong) or 'driest or colour'} cannot be: give the smaller "
                "one first, driest above 0, colour 0 or more"
            )

    @property
    def name(self) -> str:
        """Everything that decides what a copy of a clip is, as text for keys of caches."""
        return (
            f"{VERSION}-room{self.driest}-{self.longest}-{self.farthest}-{self.nearest}-colour{self.colour}"
            f"-noise{self.loudest_noise}-{self.quietest_noise}"
        )

    def apply(self, waveform: NDArray[np.float32], key: str, copy: int) -> NDArray[np.float32]:
        """Return the copy numbered `copy`, as loud as the clip: float32, (n_samples,), in [-1, 1].

        `key` and `copy` alone decide what is done, whatever the process, thread or order. Copy 0 is
        the clip itself.
        """
        if copy == 0 or not waveform.any():
            return waveform

        draw = generator(self.name, key, copy)
        seconds = _between(draw, self.driest, self.longest)
        near = _between(draw, self.farthest, self.nearest)
        in_room = reverberate(waveform, seconds, near, draw)
        wave = torch.from_numpy(respond(in_room, self.colour, draw))

        # As loud as before, so that the noise added next has the level that was drawn for it.
        wave *= float(np.linalg.norm(waveform)) / wave.norm()
        wave = add_noise(wave, _between(draw, self.loudest_noise, self.quietest_noise), draw)
        heard: NDArray[np.float32] = wave.clamp(-1, 1).numpy()

        return heard


def reverberate(
    waveform: NDArray[np.float32], seconds: float, near: float, draw: torch.Generator
) -> NDArray[np.float32]:
    """Let a waveform sound in a room: float32, (n_samples,); what rings on behind it is cut off.

    The room answers with noise that falls by 60 dB in `seconds` (Polack's model) and lies `near` dB
    below the direct sound.
    """
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = torch.randn(len(times), generator=draw).numpy() * 10 ** (-3 * times / seconds)
    # Of an impulse the direct sound has the norm 1, so the tail's norm is its level against it.
    tail *= 10 ** (-near / 20) / max(float(np.linalg.norm(tail)), 1e-9)

    return np.asarray(
        waveform + scipy.signal.fftconvolve(waveform, tail)[: len(waveform)], dtype=np.float32
    )


def respond(
    waveform: NDArray[np.float32], colour: float, draw: torch.Generator
) -> NDArray[np.float32]:
    """Hear a waveform by a microphone whose response varies by `colour` dB.

    Returns float32, (n_samples,).
    """
    decibels = colour * torch.randn(len(_BANDS), generator=draw).numpy()
    frequencies = np.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE)

    # Straight lines over octaves; below the lowest band the response stays level.
    octaves = np.log(np.maximum(frequencies, _BANDS[0]))
    gains = 10 ** (np.interp(octaves, np.log(_BANDS), decibels) / 20)

    return np.fft.irfft(np.fft.rfft(waveform) * gains, len(waveform)).astype(np.float32)


def drawn_number(draw: torch.Generator, n: int) -> int:
    """Draw a number from 0 to n - 1."""
    return int(torch.randint(n, (), generator=draw))


def generator(*parts: object) -> torch.Generator:
    """Return a generator seeded by the parts, the same on every machine.

    Global random numbers, which threads share, are not touched.
    """
    # Parts are kept apart by a byte that no name holds: "a", "bc" is not "ab", "c".
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") % 2**63)


def change_speed(waveform: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Play a waveform faster by `speed`, taken in hundredths: float32, (n_samples / speed,).

    soxr, which also decodes for the harness: torchaudio's resampling takes over a hundred times as
    long here, as its filters grow with the terms of the ratio.
    """
    faster: NDArray[np.float32] = soxr.resample(waveform, round(speed * _GRID), _GRID)
    return faster if len(faster) else waveform


def add_noise(waveform: Tensor, snr: float, draw: torch.Generator) -> Tensor:
    """Add white noise `snr` dB below the waveform: float32, (n_samples,); silence stays silent."""
    if not bool(waveform.any()):
        return waveform

    noise = torch.randn(waveform.shape, generator=draw)
    noisy: Tensor = torchaudio.functional.add_noise(waveform, noise, torch.tensor(snr))
    return noisy


def crop(
    waveform: NDArray[np.float32], seconds: float, draw: torch.Generator | None
) -> NDArray[np.float32]:
    """Return `seconds` of a longer waveform, from a random place; its beginning without `draw`."""
    n = max(1, round(seconds * SAMPLE_RATE))
    if len(waveform) <= n:
        return waveform

    start = 0 if draw is None else int(torch.randint(len(waveform) - n + 1, (), generator=draw))
    return waveform[start : start + n]


def mask_frames(frames: Tensor, draw: torch.Generator, widest: int = 0, longest: int = 0) -> Tensor:
    """Hide one band of numbers and one stretch of frames, as SpecAugment does.

    `frames`: float, (..., n_frames, dim). The band has up to `widest` numbers, the stretch up to
    `longest` frames; the result is a copy in which the clip's own mean stands where something is
    hidden. As torchaudio's `mask_along_axis`, which would draw from the global generator.
    """
    masked, mean = frames.clone(), frames.mean(dim=-2, keepdim=True).expand_as(frames)
    for axis, most in ((-1, widest), (-2, longest)):
        size = masked.shape[axis]
        width = min(size - 1, int(_chance(draw) * (most + 1)))  # Never all of it.
        start = int(_chance(draw) * (size - width + 1))
        if width > 0:
            masked.narrow(axis, start, width).copy_(mean.narrow(axis, start, width))

    return masked


def _chance(draw: torch.Generator) -> float:
    return float(torch.rand((), generator=draw, dtype=torch.float64))


def _between(draw: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * _chance(draw)
