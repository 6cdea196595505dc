"""How far the clips of a run lie from what its model was trained on, by the model's own measure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from mserbench.contracts import Clip
from mserbench.data.dataset import Dataset
from mserbench.errors import ModelError
from mserbench.model import Model, Remoteness
from mserbench.results.conditions import RemotenessPart
from mserbench.running.asking import timed
from mserbench.running.elsewhere import Elsewhere
from mserbench.running.subject import Subject, as_model_error

# The mean of a thousand clips lies where that of all does, and a model without a cache hears each
# of them once more.
MOST = 1_000


def remoteness(
    subject: Subject, target: Dataset, seconds: dict[str, float]
) -> RemotenessPart | None:
    """Return how far the clips of a target lie, a thousand of them by a hash where there are more;
    None where the model does not know.

    `seconds` takes the time. Raises ModelError where the model fails or breaks its contract.
    """
    if not tells(subject.model):
        return None

    with timed(seconds, "remoteness"):
        grouped = subject.model.transductive
        return of_clips(subject, list(target.clips(_positions(target), grouped)))


def of_clips(subject: Subject, clips: Sequence[Clip]) -> RemotenessPart | None:
    """Return how far some clips lie; None where the model does not know. Raises as `remoteness`."""
    if not clips or not tells(subject.model):
        return None

    with as_model_error(subject.name, "telling how far the clips lie from its training"):
        # As before `predict`: it may have been prepared with other clips, or with none.
        subject.model.prepare(lambda: iter(clips))
        remote = subject.model.remoteness(clips)

    if remote is None:
        return None
    lengths = (remote.distance, remote.reach) if isinstance(remote, Remoteness) else (None,)
    if not all(map(_is_length, lengths)):
        raise ModelError(
            f"model {subject.name!r} gave {str(remote)[:80]!r} as remoteness, but a Remoteness "
            f"with finite distances from 0 was expected"
        )

    # Six digits, as scores have.
    return RemotenessPart(
        distance=float(f"{remote.distance:.6g}"),
        reach=float(f"{remote.reach:.6g}"),
        nearest=str(remote.nearest),
        clips=len(clips),
    )


def tells(model: Model) -> bool:
    """Whether a model, or the one that it stands for, may know."""
    if isinstance(model, Elsewhere):
        return model.introduced.tells_remoteness
    return type(model).remoteness is not Model.remoteness


def _positions(target: Dataset) -> list[int]:
    """Return at most `MOST` positions, by a hash of the audio."""
    keys = [item.facts.key for item in target.items]
    ranked = sorted(range(len(keys)), key=lambda at: hashlib.sha256(keys[at].encode()).digest())
    return sorted(ranked[:MOST])


def _is_length(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value) and value >= 0
