"""A run whose batches go by shards to the workers of an engine, each of which makes the model once.

Batches are those of a run in one process, and a batch is one shard, so that scores do not depend on
the engine, the number of workers or their deaths. Workers read the audio where they are; they get
no label and no speaker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mserbench.data.dataset import Dataset, Item
from mserbench.engine.base import Engine, Shard
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.model import Model, Remoteness
from mserbench.results.journal import Answer
from mserbench.running import batches
from mserbench.running.answers import check_output, clip_named
from mserbench.running.elsewhere import (
    Elsewhere,
    answered,
    introduced,
    plain_facts,
    plain_remoteness,
    value_of,
)
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, as_model_error, device_for

TRIES = 3  # times that a batch is handed out whose worker was lost
# Of a worker: the model that it made last, by what it was made from and the clips that it heard.
_own: dict[tuple[Spec, tuple[str, ...]], Subject] = {}


@dataclass(frozen=True)
class Spread:
    """A model by name, and the engine whose workers make it and are asked."""

    spec: Spec
    engine: Engine

    def subject(self, target: Dataset) -> Subject:
        """Return a stand-in for the model, after one worker has made it.

        Raises UsageError for a model that rests on all clips of the target together, DataError
        where a machine lacks the data or the weights, ModelError where the model fails.
        """
        self._require(target)
        model = _Spread(self, target)
        if model.transductive:
            raise UsageError(
                f"model {self.spec.model!r} rests on all clips of the target together, which no "
                "worker has: run it without --engine and --workers"
            )

        return self.spec.subject_of(model, model.card)

    def answers(
        self, target: Dataset, pending: Sequence[Sequence[int]], heard: Sequence[int] = ()
    ) -> Iterator[tuple[Sequence[int], list[Answer]]]:
        """Yield batches (positions in the target) with their answers, as workers are done; each
        hears the clips at the positions `heard` before.

        A batch whose workers died is passed over until all others are done. Raises ModelError for
        it then, and at once where the model's own code fails.
        """
        batch_of = {self._key(target, batch): batch for batch in pending}
        failures = dict.fromkeys(batch_of, "")
        to_do = list(batch_of)
        for _ in range(TRIES):
            shards = (self._shard(key, target, batch_of[key], heard) for key in to_do)
            lost = []
            for outcome in self.engine.do(shards):
                failures[outcome.key] = outcome.failure
                if outcome.lost:
                    # Local processes die together: the batch itself may be without fault.
                    lost.append(outcome.key)
                elif not outcome.failure:
                    yield batch_of[outcome.key], value_of(outcome, outcome.key)

            to_do = lost
            if not to_do:
                break

        reasons = [reason for reason in failures.values() if reason]
        if reasons:
            raise ModelError(
                f"{len(reasons)} of {len(batch_of)} batches have no answers, the first: "
                f"{reasons[0]}; those of all others are kept: start the same command again"
            )

    def ask(self, doing: str, work: Any, *arguments: Any) -> Any:
        """Return what a function of one worker's model gives."""
        shard: Shard[Any] = Shard(
            doing, _with_model, (_told, self._sent, work, *arguments), on_device=True
        )
        (outcome,) = self.engine.do([shard])
        return value_of(outcome, f"model {self.spec.model!r} failed while {doing}")

    @property
    def _sent(self) -> Spec:
        # Absolute, as workers may stand in another folder.
        folder = self.spec.folder
        return self.spec if folder is None else replace(self.spec, folder=folder.absolute())

    def _key(self, target: Dataset, batch: Sequence[int]) -> str:
        return f"the batch with clip {target.items[batch[0]].utterance.id!r}"

    def _shard(
        self, key: str, target: Dataset, batch: Sequence[int], heard: Sequence[int]
    ) -> Shard[Any]:
        items, before = _unlabelled(target, batch), _unlabelled(target, heard)
        arguments = (_predict, self._sent, target.card.name, items, target.task.labels, before)
        return Shard(key, _with_model, arguments, on_device=True)

    def _require(self, target: Dataset) -> None:
        """Raise DataError where a machine lacks the corpus, the weights or a pretrained part."""
        folders = {item.root for item in target.items}
        self.engine.require([*folders, *filter(None, [self.spec.folder])])
        names = tuple(self.spec.kind.pretrained(self.spec.settings))
        for machine, faults in self.engine.everywhere(_absent_parts, names).items():
            if faults:
                raise DataError(f"{machine}: {faults[0]}")


class _Spread(Elsewhere):
    """Stands for a model that workers make, and of which one has told."""

    def __init__(self, spread: Spread, target: Dataset) -> None:
        self._spread, self._target = spread, target
        super().__init__(spread.spec, spread.ask("loading", introduced, spread.spec))

    def predict(self, clips: Sequence[Any], labels: Sequence[str]) -> list[str]:
        raise NotImplementedError("workers predict, batch by batch")

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self._spread.ask(
            "telling the facts of the run", plain_facts, labels
        )
        return facts

    def remoteness(self, clips: Sequence[Any]) -> Remoteness | None:
        corpus, seeds = self._target.card.name, {clip.seed for clip in clips}
        # A clip's decoder stays in its process: a worker reads the file.
        positions = [
            at for at, item in enumerate(self._target.items) if item.clip(corpus).seed in seeds
        ]
        remote = self._spread.ask(
            "telling how far the clips lie from its training",
            _remoteness,
            corpus,
            _unlabelled(self._target, positions),
        )
        return None if remote is None else Remoteness(*remote)


def _unlabelled(target: Dataset, positions: Sequence[int]) -> list[Item]:
    """Return clips without what a model must not know: where they lie and what they sound like."""
    return [
        replace(item, label="", utterance=replace(item.utterance, raw_label="", speaker=None))
        for item in map(target.items.__getitem__, positions)
    ]


def _with_model(work: Any, spec: Spec, *arguments: Any) -> tuple[str, Any]:
    """Do a work with the model of this process, made at the first asking; the last argument is the
    device.
    """
    *arguments_of_work, device = arguments
    own = replace(spec, device=device_for(spec.kind, device))
    return answered(_on_spec, own, work, *arguments_of_work)


def _on_spec(spec: Spec, work: Any, *arguments: Any) -> Any:
    return work(spec, *arguments)


def _told(spec: Spec, work: Any, *arguments: Any) -> Any:
    """Return what a function of the model gives, whatever the model has heard: what it tells of
    itself does not depend on that.
    """
    for (own, _), subject in _own.items():
        if own == spec:
            return work(subject, *arguments)

    return work(_subject(spec), *arguments)


def _subject(spec: Spec, corpus: str = "", heard: Sequence[Item] = ()) -> Subject:
    """Return the model of this process, which has heard these clips and no others."""
    known_as = (spec, tuple(item.facts.key for item in heard))
    if known_as not in _own:
        # Two models may not fit into memory.
        _own.clear()
        subject = spec.for_a_worker()
        if heard:
            with as_model_error(subject.name, "adapting"):
                subject.model.adapt([item.clip(corpus) for item in heard])

        _own[known_as] = subject

    return _own[known_as]


def _remoteness(
    subject: Subject, corpus: str, items: Sequence[Item]
) -> tuple[float, float, str] | None:
    clips = [item.clip(corpus) for item in items]
    with as_model_error(subject.name, "preparing"):
        subject.model.prepare(lambda: iter(clips))

    return plain_remoteness(subject, clips)


def _predict(
    spec: Spec,
    corpus: str,
    items: Sequence[Item],
    labels: Sequence[str],
    heard: Sequence[Item],
) -> list[Answer]:
    """Return the answers to one batch, in order, after the clips `heard`."""
    subject = _subject(spec, corpus, heard)
    model, first = subject.model, items[0].utterance.id
    if type(model).prepare is not Model.prepare:
        # Of a model that is not transductive, a score depends on its own clip alone.
        with as_model_error(subject.name, "preparing"):
            model.prepare(lambda: (item.clip(corpus) for item in items))

    clips: Sequence[Any] = [item.clip(corpus) for item in items]
    if model.decodes_ahead:
        (clips,) = batches.decoded_ahead([clips])

    named = clip_named([item.utterance.id for item in items])
    with as_model_error(subject.name, f"predicting a batch with clip {first!r}"), named:
        return check_output(subject.name, model.predict(clips, labels), len(clips), labels)


def _absent_parts(names: Sequence[str]) -> list[str]:
    """Return why pretrained parts cannot be used on this machine, one sentence each."""
    from mserbench.weights import lookup
    from mserbench.weights.named import weights_names

    faults = []
    registered = weights_names()
    # A model may name what no plugin registers; of that nobody can say whether it is here.
    for name in filter(registered.__contains__, names):
        try:
            lookup.folder(name)
        except DataError as error:
            faults.append(str(error))

    return faults
