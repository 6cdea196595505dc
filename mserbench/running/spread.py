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
from mserbench.model import Model
from mserbench.results.journal import Answer
from mserbench.running import batches
from mserbench.running.answers import check_output, clip_named
from mserbench.running.elsewhere import Elsewhere, answered, introduced, plain_facts, value_of
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, as_model_error, device_for

TRIES = 3  # times that a batch is handed out whose worker was lost
_own: dict[Spec, Subject] = {}  # of a worker: the model that it made last


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
        model = _Spread(self)
        if model.transductive:
            raise UsageError(
                f"model {self.spec.model!r} rests on all clips of the target together, which no "
                "worker has: run it without --engine and --workers"
            )

        return self.spec.subject_of(model, model.card)

    def answers(
        self, target: Dataset, pending: Sequence[Sequence[int]]
    ) -> Iterator[tuple[Sequence[int], list[Answer]]]:
        """Yield batches (positions in the target) with their answers, as workers are done.

        A batch whose workers died is passed over until all others are done. Raises ModelError for
        it then, and at once where the model's own code fails.
        """
        batch_of = {self._key(target, batch): batch for batch in pending}
        failures = dict.fromkeys(batch_of, "")
        to_do = list(batch_of)
        for _ in range(TRIES):
            shards = (self._shard(key, target, batch_of[key]) for key in to_do)
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
            doing, _with_model, (work, self._sent, *arguments), on_device=True
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

    def _shard(self, key: str, target: Dataset, batch: Sequence[int]) -> Shard[Any]:
        items = [_unlabelled(target.items[position]) for position in batch]
        arguments = (_predict, self._sent, target.card.name, items, target.task.labels)
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

    def __init__(self, spread: Spread) -> None:
        self._spread = spread
        super().__init__(spread.spec, spread.ask("loading", introduced, spread.spec))

    def predict(self, clips: Sequence[Any], labels: Sequence[str]) -> list[str]:
        raise NotImplementedError("workers predict, batch by batch")

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self._spread.ask(
            "telling the facts of the run", plain_facts, labels
        )
        return facts


def _unlabelled(item: Item) -> Item:
    """Return a clip without what a model must not know: where it lies and what it sounds like."""
    return replace(item, label="", utterance=replace(item.utterance, raw_label="", speaker=None))


def _with_model(work: Any, spec: Spec, *arguments: Any) -> tuple[str, Any]:
    """Do a work with the model of this process, made at the first asking; the last argument is the
    device.
    """
    *arguments_of_work, device = arguments
    own = replace(spec, device=device_for(spec.kind, device))
    return answered(_on_subject, own, work, *arguments_of_work)


def _on_subject(spec: Spec, work: Any, *arguments: Any) -> Any:
    if spec not in _own:
        # Two models may not fit into memory.
        _own.clear()
        _own[spec] = spec.subject

    return work(_own[spec], *arguments)


def _predict(
    subject: Subject, corpus: str, items: Sequence[Item], labels: Sequence[str]
) -> list[Answer]:
    """Return the answers to one batch, in order."""
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
