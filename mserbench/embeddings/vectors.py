"""Asking a model for the vectors of clips, and checking that they are what the contract says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mserbench.data.dataset import Dataset
from mserbench.data.index import Progress
from mserbench.errors import ModelError
from mserbench.running import batches
from mserbench.running.subject import Subject, as_model_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mserbench.contracts import Clip


def vectors_of(
    subject: Subject, target: Dataset, positions: Sequence[int], progress: Progress | None = None
) -> NDArray[np.float64]:
    """Return the vectors of the clips at some positions of a dataset, in order: float64,
    (n_positions, dim).

    A transductive model is prepared with all clips of the dataset, as in a run, another with the
    wanted ones alone. Raises ModelError where the model fails or its vectors are not as they should
    be, UsageError where it has none.
    """
    import numpy as np

    model, grouped = subject.model, subject.model.transductive
    prepared = range(len(target.items)) if grouped else positions
    with as_model_error(subject.name, "preparing"):
        model.prepare(lambda: target.clips(prepared, grouped))

    plan = batches.plan([target.items[i].facts.seconds for i in positions])
    parts: Iterable[Sequence[Clip]] = (
        list(target.clips([positions[i] for i in part], grouped)) for part in plan
    )
    if model.decodes_ahead:
        parts = batches.decoded_ahead(parts)

    rows: dict[int, NDArray[np.float64]] = {}
    for part, clips in zip(plan, parts, strict=True):
        with as_model_error(subject.name, "giving embeddings"):
            vectors = check_vectors(subject.name, model.embeddings(clips), len(part))

        rows.update(zip(part, vectors, strict=True))
        if progress:
            progress(len(rows), len(positions))

    if len({len(row) for row in rows.values()}) > 1:
        raise ModelError(
            f"model {subject.name!r} gave embeddings of different lengths: one dimension was "
            "expected"
        )

    return np.stack([rows[i] for i in range(len(positions))])


def check_vectors(model: str, output: object, n: int) -> NDArray[np.float64]:
    """Return what `Model.embeddings` gave for `n` clips. Raises ModelError where it breaks the
    contract.
    """
    import numpy as np

    if (
        not isinstance(output, np.ndarray)
        or output.dtype != np.float64
        or output.ndim != 2
        or len(output) != n
    ):
        description = (
            f"{output.dtype} of shape {output.shape}"
            if isinstance(output, np.ndarray)
            else type(output).__name__
        )
        raise ModelError(
            f"model {model!r} gave embeddings that are {description}, but float64 of shape ({n}, "
            "dim) was expected"
        )
    if output.shape[1] == 0:
        raise ModelError(
            f"model {model!r} gave embeddings of dimension 0: leave the method away if it has none"
        )
    if not np.isfinite(output).all():
        raise ModelError(f"model {model!r} gave NaN or infinite embeddings: they must be finite")

    return output
