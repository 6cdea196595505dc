"""What decoding makes of recordings of other rates: an answer that is known and committed.

The recordings that ship, and many that people keep, are 16 kHz already, so that no run of them
would show another resampler. Here noise of several rates is made, decoded as any recording is, and
compared with what was committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.data.audio import Recording, to_clip
from mserbench.disk import outside
from mserbench.disk.files import write_atomic
from mserbench.errors import why

FILE = "decoding.json"
RATES = (8_000, 22_050, 44_100, 48_000)  # Hz
SECONDS = 0.02
CLOSE = 1e-4  # of full scale: rounding on another processor changes a hundredth of it
_A, _C, _M = 1_103_515_245, 12_345, 1 << 31  # of the noise: a generator that no library can change


def answers() -> dict[str, list[float]]:
    """Return the samples of each made recording as a clip, by its form."""
    return {
        f"{rate} Hz, {channels} channel(s)": [round(float(sample), 6) for sample in clip]
        for rate in RATES
        for channels in (1, 2)
        for clip in [to_clip(Recording(_noise(round(rate * SECONDS), channels), rate))]
    }


def findings(folder: Path) -> list[str]:
    """Return a sentence on the recordings that are decoded in another way than committed, or none.

    Nothing where a store has no such file.
    """
    path = folder / FILE
    if not path.is_file():
        return []

    try:
        stated = json.loads(outside.read(path, outside.RECORD, folder))
        forms = [form for form, now in answers().items() if not _close(stated.get(form), now)]
    except (OSError, ValueError, AttributeError) as error:
        return [f"{str(path)!r} is damaged ({why(error)}): take it back from version control"]

    if not forms:
        return []
    return [
        f"recordings of {'; '.join(forms)} are decoded to other samples than {str(path)!r} has: "
        "look at the resampler, its version and its quality"
    ]


def write(folder: Path) -> None:
    """Write what decoding gives today."""
    rows = [f"{json.dumps(form)}: {json.dumps(samples)}" for form, samples in answers().items()]
    write_atomic(folder / FILE, "{\n" + ",\n".join(rows) + "\n}\n")


def _noise(n: int, channels: int) -> NDArray[np.float32]:
    state, samples = 1, []
    for _ in range(n * channels):
        state = (_A * state + _C) % _M
        samples.append(state / _M - 0.5)

    return np.array(samples, dtype=np.float32).reshape(n, channels)


def _close(before: Any, after: list[float]) -> bool:
    if not isinstance(before, list) or len(before) != len(after):
        return False
    return bool(np.abs(np.asarray(before, dtype=np.float64) - np.asarray(after)).max() <= CLOSE)
