"""The check of a model's embeddings: what they look like, and what a vector may depend on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mserbench.embeddings.vectors import check_vectors
from mserbench.errors import UsageError
from mserbench.model import Model
from mserbench.testing import sounds
from mserbench.testing.findings import require
from mserbench.testing.probe import SAME, TOLERANCE, Probe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mserbench.testing.sounds import Sound


def check_embeddings(probe: Probe) -> str:
    """Say what was seen of a model's embeddings, or that it gives none. Raises Violation and
    ModelError.
    """
    if probe.kind.embeddings is Model.embeddings:
        return "it gives none, which is allowed"

    heard = sounds.ordinary()
    n = len(heard)
    try:
        usual = _ask(probe, heard)
    # Options may decide whether a model has vectors.
    except UsageError as reason:
        return f"it gives none here, which is allowed ({reason})"

    _same(
        usual,
        _ask(probe, heard, model=probe.make()),
        SAME,
        "in a new instance",
        "let nothing be drawn at random",
    )
    alone = [[i] for i in range(n)]
    if probe.model.transductive:
        apart = _ask(probe, heard, alone)
    else:
        # Of another model the clips that `prepare` sees must not matter either.
        apart = np.concatenate([_ask(probe, [sound]) for sound in heard])

    furthest = _same(
        usual, apart, TOLERANCE, "alone", "mask the padding, and normalise each clip by itself"
    )
    backwards = _ask(probe, heard[::-1])[::-1]
    _same(usual, backwards, TOLERANCE, "in another order", "keep no state between clips")
    odd = list(sounds.extremes().values())
    # One by one: 40 s of sound would pad all others to that length.
    extremes = _ask(probe, odd, [[i] for i in range(len(odd))])
    same_length = extremes.shape[1] == usual.shape[1]
    require(
        same_length,
        f"dimensions {usual.shape[1]} and, of odd clips, {extremes.shape[1]}: one was expected",
    )

    return f"finite, of dimension {usual.shape[1]}; a clip alone: largest difference {furthest:.2g}"


def _ask(
    probe: Probe,
    heard: Sequence[Sound],
    parts: Sequence[Sequence[int]] | None = None,
    model: Model | None = None,
) -> NDArray[np.float64]:
    """Prepare a model with sounds and return their vectors: (n_sounds, dim); `parts` are the
    batches, in order.
    """
    model = model or probe.model
    clips = sounds.clips(heard, model.transductive)
    model.prepare(lambda: iter(clips))
    batches = parts or [range(len(clips))]
    vectors = [
        check_vectors(probe.name, model.embeddings([clips[i] for i in part]), len(part))
        for part in batches
    ]
    lengths = sorted({part.shape[1] for part in vectors})
    require(
        len(lengths) == 1, f"the dimension differs between batches ({lengths}): one was expected"
    )

    return np.concatenate(vectors)


def _same(
    usual: NDArray[np.float64],
    vectors: NDArray[np.float64],
    limit: float,
    situation: str,
    advice: str,
) -> float:
    """Return the largest difference as a fraction of the largest value. Raises Violation where it
    is above `limit`.
    """
    require(
        usual.shape == vectors.shape,
        f"a clip {situation} has a vector of another dimension ({advice})",
    )
    largest = float(np.abs(usual - vectors).max() / (np.abs(usual).max() or 1.0))
    require(
        largest <= limit,
        f"a clip {situation} has another vector: the largest difference is {largest:.2g} "
        f"({advice})",
    )

    return largest
