"""A model that another process made: what it tells of itself here, and how its answers come."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.engine.base import Outcome
from mserbench.errors import ClipError, DataError, ModelError, MserbenchError, UsageError
from mserbench.model import Model
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, as_model_error

_KINDS = {kind.__name__: kind for kind in (UsageError, DataError, ModelError)}


@dataclass(frozen=True)
class Introduced:
    """What a model in another process tells of itself when it is made."""

    card: ModelCard
    version: str
    options: Any  # None where they are those of the spec: a class made at run time is not sent
    device: str
    precision: str
    transductive: bool
    prepares: bool
    tells_remoteness: bool = False
    labels: tuple[str, ...] = ()


class Elsewhere(Model):
    """Stands here for a model of another process: of itself it tells what that one told.

    Whoever asks it defines `predict`, `facts`, `remoteness` and, where it is adapted, `adapt`: the
    model is made anew there, and hears the clips.
    """

    def __init__(self, spec: Spec, introduced: Introduced) -> None:
        super().__init__(introduced.options or spec.settings, spec.folder, introduced.device)
        self.introduced = introduced
        # Of the instance, as each stands for another class.
        vars(self).update(
            version=introduced.version,
            devices=spec.kind.devices,
            adapts=spec.kind.adapts,
            labels=introduced.labels,
        )

    @property
    def card(self) -> ModelCard:
        """The card that the model has there."""
        return self.introduced.card

    @property
    def transductive(self) -> bool:
        """Whether the model is there."""
        return self.introduced.transductive

    @property
    def precision(self) -> str:
        """What it computes in there."""
        return self.introduced.precision


def introduced(subject: Subject, spec: Spec) -> Introduced:
    """Return what is told of a model to a process that has its spec and has not made it."""
    model = subject.model
    return Introduced(
        card=subject.card,
        version=model.version,
        options=None if model.options == spec.settings else model.options,
        device=model.device,
        precision=model.precision,
        transductive=model.transductive,
        prepares=type(model).prepare is not Model.prepare,
        tells_remoteness=type(model).remoteness is not Model.remoteness,
        labels=tuple(map(str, model.labels)),
    )


def value_of(outcome: Outcome[tuple[str, Any]], failing: str) -> Any:
    """Return what `answered` gave in another process; raises the error that it told of instead."""
    if outcome.failure:
        raise ModelError(f"{failing} ({outcome.failure})")

    kind, value = outcome.result()
    # Whoever asked knows what the clip is called.
    if kind == ClipError.__name__:
        raise ClipError(*value)
    if kind:
        raise _KINDS.get(kind, ModelError)(value)

    return value


def answered(work: Callable[..., Any], spec: Spec, *arguments: Any) -> tuple[str, Any]:
    """Do a work in another process: returns ("", value), or the class and sentence of an error.

    It is one of ours. An exception itself may hold anything, and is not sent.
    """
    try:
        return "", work(spec, *arguments)
    except ClipError as error:
        return ClipError.__name__, (error.sentence, error.position)
    except MserbenchError as error:
        return type(error).__name__, str(error)


def plain_facts(subject: Subject, labels: Sequence[str]) -> Any:
    """Return the facts of a run as JSON has them, which no class of the model's is among."""
    with as_model_error(subject.name, "telling the facts of the run"):
        return json.loads(json.dumps(subject.model.facts(labels)))


def plain_remoteness(subject: Subject, clips: Sequence[Clip]) -> tuple[float, float, str] | None:
    """Return the distance, the reach and the nearest corpus that a model tells of some clips."""
    with as_model_error(subject.name, "telling how far the clips lie from its training"):
        remote = subject.model.remoteness(clips)
        # Plain values: a class of the model's own is not sent.
        if remote is None:
            return None
        return float(remote.distance), float(remote.reach), str(remote.nearest)
