"""A model asked about clips, batch by batch, after it heard those that it is adapted to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mserbench.contracts import Clip
from mserbench.data.dataset import Dataset
from mserbench.data.index import Progress
from mserbench.errors import UsageError
from mserbench.model import Model
from mserbench.report.progress import doing
from mserbench.results.journal import Answer, Journal
from mserbench.running import batches
from mserbench.running.adapting import Fold
from mserbench.running.answers import check_output, clip_named
from mserbench.running.subject import Subject, as_model_error

Batch = Sequence[int]  # positions in a target

# Batches and the positions of the clips heard before in; batches with their answers out, as they
# come.
Answered = Callable[[Sequence[Batch], Batch], Iterator[tuple[Batch, Sequence[Answer]]]]


@dataclass(frozen=True)
class Asked:
    """Who is asked: `made` gives the model, one that has heard nothing at each call.

    `answered` gives the answers to batches in place of the model.
    """

    made: Callable[[], Subject]
    answered: Answered | None = None


def fill(
    asked: Asked,
    target: Dataset,
    folds: Sequence[Fold],
    journal: Journal,
    batch_seconds: float,
    seconds: dict[str, float],
    progress: Progress | None,
) -> Subject:
    """Fill the journal with the answers that it lacks; return the model that was asked last.

    `seconds` takes the time of each phase, `progress` hears of the clips that are answered.
    """
    ids = [item.utterance.id for item in target.items]
    subject: Subject | None = None
    for fold in folds:
        pending = _pending(target, fold, journal, batch_seconds)
        if not pending:
            continue

        # Before the next is made: two may not fit into memory.
        subject = None
        spent: dict[str, float] = {}  # since the last batch, for the journal
        subject = asked.made()
        if asked.answered is None:
            hear(subject, target, fold, spent)
            prepare(subject, target, fold, spent)

        source = (
            asked.answered(pending, fold.heard)
            if asked.answered
            else answers(subject, target, pending)
        )
        start = time.perf_counter()
        for batch, outputs in source:
            start, before = time.perf_counter(), start
            spent["predict"] = start - before
            journal.add(zip((ids[i] for i in batch), outputs, strict=True), spent)
            for phase, value in spent.items():
                seconds[phase] = seconds.get(phase, 0.0) + value

            spent = {}
            if progress:
                progress(len(journal.answers), len(ids))

    return subject or asked.made()


def _pending(
    target: Dataset, fold: Fold, journal: Journal, batch_seconds: float
) -> list[list[int]]:
    """Return the batches of a fold without what was answered before.

    The plan is made over all clips of the fold, so that a resumed run sees the batches of an
    uninterrupted one.
    """
    lengths = [target.items[at].facts.seconds for at in fold.scored]
    planned = ([fold.scored[i] for i in batch] for batch in batches.plan(lengths, batch_seconds))
    unanswered = [
        [at for at in batch if target.items[at].utterance.id not in journal.answers]
        for batch in planned
    ]
    return [batch for batch in unanswered if batch]


def hear(subject: Subject, target: Dataset, fold: Fold, spent: dict[str, float]) -> None:
    """Hand the clips of a fold that are to be heard to a model, without labels and speakers."""
    if not fold.heard:
        return

    with timed(spent, "adapt"), doing("adapting"), as_model_error(subject.name, "adapting"):
        subject.model.adapt(list(target.clips(fold.heard)))


def prepare(subject: Subject, target: Dataset, fold: Fold, spent: dict[str, float]) -> None:
    """Let a model look at the clips of a fold that are scored."""
    model = subject.model
    with timed(spent, "prepare"), doing("preparing"), as_model_error(subject.name, "preparing"):
        model.prepare(lambda: target.clips(fold.scored, grouped=model.transductive))


def answers(
    subject: Subject, target: Dataset, pending: Sequence[Batch]
) -> Iterator[tuple[Batch, list[Answer]]]:
    """Yield batches with what the model of this process answers, while the next ones are
    decoded.
    """
    model, labels = subject.model, target.task.labels
    # Only a transductive model may know which clips are of one speaker.
    parts = (list(target.clips(batch, grouped=model.transductive)) for batch in pending)
    for batch, part in zip(pending, _decoded(model, parts), strict=True):
        ids = [target.items[position].utterance.id for position in batch]
        step = f"predicting a batch with clip {ids[0]!r}"
        with as_model_error(subject.name, step), clip_named(ids):
            outputs = check_output(subject.name, model.predict(part, labels), len(part), labels)

        yield batch, outputs


def _decoded(model: Model, parts: Iterable[Sequence[Clip]]) -> Iterator[Sequence[Clip]]:
    if not model.decodes_ahead:
        return iter(parts)
    return batches.decoded_ahead(parts)


def anew(subject: Subject) -> Subject:
    """Return a model like another one that has heard nothing. Raises ModelError."""
    model = subject.model
    with as_model_error(subject.name, "loading"):
        made = type(model)(model.options, model.weights, model.device)

    return replace(subject, model=made)


def require_adapts(subject: Subject | type[Model], name: str, others: Sequence[str] = ()) -> None:
    """Raise UsageError for a model that cannot be adapted; `others` are the names of those that
    can.
    """
    kind = subject.model if isinstance(subject, Subject) else subject
    if not kind.adapts:
        can = f"take one that can ({', '.join(others)})" if others else "take another model"
        raise UsageError(
            f"model {name!r} cannot adapt to unlabelled clips: {can}, or leave --adapt out"
        )
    if isinstance(subject, Subject) and subject.model.transductive:
        raise UsageError(
            f"model {name!r} is transductive with these options, it hears all clips of the target "
            f"as it is: leave --adapt out, or choose options or weights without that"
        )


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Add the time that the body takes to a phase."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - start
