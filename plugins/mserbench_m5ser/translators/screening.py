"""Which source clips a translator is not given: too short, too long, silent, or not numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import MserbenchError
from mserbench.translator import Refusal, SourceClip

SHORTEST = 0.3  # seconds; below it the tools have failed on too few frames
SILENT = 1e-4  # of full scale, -80 dB: the loudest sample of a clip in which nobody speaks


@dataclass(frozen=True, eq=False, slots=True)
class Heard:
    """A clip that may be translated: its place among those given, and its samples at 16 kHz."""

    place: int
    source: SourceClip
    waveform: NDArray[np.float32]


def screened(clips: Sequence[SourceClip], longest: float) -> tuple[list[Heard], dict[int, Refusal]]:
    """Return the clips that may be translated, in order, and the refusals of the others by place.

    `longest` is in seconds. A clip that cannot be decoded is refused with the reason.
    """
    passed: list[Heard] = []
    refused: dict[int, Refusal] = {}
    for place, source in enumerate(clips):
        try:
            waveform = source.clip.waveform
        except MserbenchError as error:
            refused[place] = Refusal(f"its audio cannot be decoded: {error}")
            continue

        reason = _reason(waveform, longest)
        if reason:
            refused[place] = Refusal(reason)
        else:
            passed.append(Heard(place, source, waveform))

    return passed, refused


def spoken_reason(waveform: NDArray[np.float32]) -> str:
    """Return why speech that a translator made is none, or an empty text where it is fine."""
    if not waveform.size:
        return "its translation has no sound"
    if not np.isfinite(waveform).all():
        return "its translation holds samples that are not numbers"
    if float(np.abs(waveform).max()) < SILENT:
        return "its translation is silent"

    return ""


def _reason(waveform: NDArray[np.float32], longest: float) -> str:
    seconds = len(waveform) / SAMPLE_RATE
    if seconds < SHORTEST:
        return f"it is shorter than {SHORTEST:g} s"
    if seconds > longest:
        return f"it is longer than {longest:g} s, beyond which speech is lost"
    if not np.isfinite(waveform).all():
        return "it holds samples that are not numbers"
    if float(np.abs(waveform).max()) < SILENT:
        return "it is silent"

    return ""
