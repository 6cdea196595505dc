"""What a model returned, held to its contract: one answer a clip, in scores or in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mserbench.errors import ClipError, ModelError, why
from mserbench.labels import LONGEST
from mserbench.results.journal import Answer


@contextmanager
def clip_named(ids: Sequence[str]) -> Iterator[None]:
    """Stand around a model's prediction of clips, so that an error at one of them names it."""
    try:
        yield
    except ClipError as error:
        raise ModelError(f"at clip {ids[error.position]!r}, {error.sentence}") from error


def check_output(model: str, output: object, n: int, labels: Sequence[str]) -> list[Answer]:
    """Turn what `predict` returned into answers. Raises ModelError where it breaks the contract."""
    import numpy as np

    if isinstance(output, list) and all(isinstance(answer, str) for answer in output):
        if len(output) != n:
            raise ModelError(
                f"model {model!r} gave {len(output)} answers for {n} clips: one a clip was expected"
            )

        longest = max(map(len, output), default=0)
        if longest > LONGEST:
            raise ModelError(
                f"model {model!r} gave an answer of {longest:,} characters: at most {LONGEST:,} "
                "were expected, as an answer is a label or a sentence"
            )

        # Half a character (a lone surrogate) cannot be written, and NUL not be read by csv readers.
        return [
            ((), answer.encode("utf-8", "replace").decode("utf-8").replace("\0", "?"))
            for answer in output
        ]

    try:
        scores = np.asarray(output)
    except ValueError as error:
        raise ModelError(
            f"model {model!r} returned rows of different lengths ({why(error)})"
        ) from error

    if scores.shape != (n, len(labels)) or scores.dtype.kind not in "fiu":
        raise ModelError(
            f"model {model!r} returned {scores.dtype} of shape {scores.shape}, but numbers "
            f"of shape {(n, len(labels))} or {n} text answers were expected"
        )
    if not np.isfinite(scores).all():
        raise ModelError(f"model {model!r} returned NaN or infinite scores: they must be finite")

    return [(tuple(float(score) for score in row), "") for row in scores]
