"""A long recording cut at its pauses: which parts of it are speech, and where to cut between them.

The levels of frames of 20 ms are parted into two by Otsu's threshold (IEEE Trans. SMC 9, 1979),
over the 50 dB below the loud ones. Where that is not 15 dB below these, speech may be what is
quiet, so everything that is not as quiet counts as speech: a segment too much costs less than one
that nobody hears.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.data.audio import Recording, mix_down
from mserbench.data.windows import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME = 0.02  # seconds
PAUSE = 0.3  # seconds without speech; the closure of a plosive is shorter
LEAST = 3.0  # seconds of a segment, after which it ends at the next pause
MOST = 15.0  # seconds of a segment; a longer one is cut where it is quietest
APART = 1.0  # seconds of a pause that ends a segment, however short that is
_MARGIN = 0.1  # seconds kept before and after speech, so that soft sounds are not cut
_BELOW, _RANGE = 15.0, 50.0  # dB under the loud frames: pauses at least, and all that is looked at
_SHORTEST = 0.2  # seconds of speech; less is a click
_FLOOR = 1e-10  # power, -100 dB

Span = tuple[int, int]


def levels(blocks: Iterable[Recording]) -> NDArray[np.float64]:
    """Return the level of each frame of a recording in dB of full scale: float64, (n_frames,)."""
    pieces = []
    buffered = np.zeros(0, dtype=np.float32)
    rate = SAMPLE_RATE
    for block in blocks:
        rate = block.rate
        buffered = np.concatenate([buffered, mix_down(block.samples)])
        # Of whole samples, so at 11,025 Hz not quite 20 ms: `frame_seconds` says how long.
        size = round(FRAME * rate)
        n_frames = len(buffered) // size
        frames = buffered[: n_frames * size].reshape(n_frames, size).astype(np.float64)
        pieces.append(np.square(frames).mean(axis=1))
        buffered = buffered[n_frames * size :]

    power = np.concatenate(pieces) if pieces else np.zeros(0)
    return np.asarray(10 * np.log10(np.maximum(power, _FLOOR)))


def frame_seconds(rate: int) -> float:
    """Return how long a frame of `levels` is at a rate."""
    return round(FRAME * rate) / rate


def spans(level: NDArray[np.float64], seconds: float) -> list[Span]:
    """Return the segments of a recording in samples of 16 kHz, in order and apart.

    `level`, (n_frames,), as `levels` gives them; `seconds`, the length of a frame. At least one
    segment, where there is a frame: a recording without speech is cut as one that is all speech.
    """
    speech = _speech(level, seconds)
    joined = _joined(speech, seconds) if speech else [(0, len(level))]
    parts = [part for span in joined for part in _halved(span, level, seconds)]

    return [
        (round(start * seconds * SAMPLE_RATE), round(end * seconds * SAMPLE_RATE))
        for start, end in parts
    ]


def cut(pieces: Iterable[NDArray[np.float32]], chosen: Sequence[Span]) -> Iterator[Window]:
    """Yield the segments of consecutive pieces of 16 kHz mono; memory holds about one of them."""
    position = 0
    buffered = np.zeros(0, dtype=np.float32)
    waiting = list(chosen)

    for piece in pieces:
        buffered = np.concatenate([buffered, piece])
        while waiting and position + len(buffered) >= waiting[0][1]:
            start, end = waiting.pop(0)
            # A copy: a view would keep all that is buffered.
            yield Window(start, buffered[start - position : end - position].copy(), not waiting)

        # What no segment that is still to come holds is forgotten.
        needed = waiting[0][0] if waiting else position + len(buffered)
        gone = min(max(0, needed - position), len(buffered))
        position, buffered = position + gone, buffered[gone:]

    # The resampler may end a sample early.
    for start, end in waiting:
        last = buffered[max(0, start - position) : end - position]
        if len(last):
            yield Window(start, last.copy(), (start, end) == waiting[-1])


def _threshold(level: NDArray[np.float64]) -> float:
    loud = float(np.percentile(level, 95))
    counts, edges = np.histogram(np.clip(level, loud - _RANGE, loud), bins=100)
    centres = (edges[:-1] + edges[1:]) / 2

    # Otsu: the cut with the largest variance between the two classes.
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = sums[:-1] / below - (sums[-1] - sums[:-1]) / above
        between = np.nan_to_num(below * above * gap**2)

    # Speech in steady noise has no valley: there only what is far below counts as a pause.
    return min(float(edges[1 + int(between.argmax())]), loud - _BELOW)


def _speech(level: NDArray[np.float64], seconds: float) -> list[Span]:
    """Return the runs of frames with speech, with margins, short gaps closed."""
    if not len(level):
        return []

    # Digital silence is no speech, however little is above it.
    active = np.concatenate([[False], level > max(_threshold(level), -95.0), [False]])
    edges = np.flatnonzero(np.diff(active.astype(np.int8)))
    margin, pause = round(_MARGIN / seconds), round(PAUSE / seconds)
    runs: list[Span] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and start - runs[-1][1] < pause:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))

    shortest = _SHORTEST / seconds
    return [
        (max(0, start - margin), min(len(level), end + margin))
        for start, end in runs
        if end - start >= shortest
    ]


def _joined(runs: Sequence[Span], seconds: float) -> list[Span]:
    """Join runs of speech over short pauses until a segment lasts `LEAST`."""
    joined = [runs[0]]
    for start, end in runs[1:]:
        first, last = joined[-1]
        # A long pause parts what was said before and after it, however short these are.
        is_short = (last - first) * seconds < LEAST
        fits = (end - first) * seconds <= MOST
        if is_short and fits and (start - last) * seconds < APART:
            joined[-1] = (first, end)
        else:
            joined.append((start, end))

    return joined


def _halved(span: Span, level: NDArray[np.float64], seconds: float) -> Iterator[Span]:
    """Yield a segment, cut at its quietest places while it is longer than `MOST`."""
    start, end = span
    while (end - start) * seconds > MOST:
        # Not near its edges, and so that neither part is too short.
        first = start + round(LEAST / seconds)
        last = min(start + int(MOST / seconds), end - round(LEAST / seconds))
        quiet = np.convolve(level[first:last], np.ones(5) / 5, mode="same")
        middle = first + int(quiet[2:-2].argmin()) + 2
        yield start, middle
        start = middle

    yield start, end
