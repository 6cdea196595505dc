"""The one loop: a model and a task in, a finished run out; killed and started again, it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mserbench.contracts import Clip, Task
from mserbench.data import corpus, dataset
from mserbench.data.dataset import Dataset
from mserbench.data.index import Progress
from mserbench.engine.base import Engine
from mserbench.errors import ModelError
from mserbench.labels import read_answer
from mserbench.model import Model
from mserbench.report.progress import doing
from mserbench.results import exposure, machine, predictions, recording, runs, scoring
from mserbench.results.journal import Answer, Journal
from mserbench.results.parts import are_facts
from mserbench.results.predictions import Prediction, best_label
from mserbench.results.record import SCHEMA, ModelPart, RunRecord
from mserbench.results.runs import Run
from mserbench.running import arguments, batches, leaks
from mserbench.running.answers import check_output
from mserbench.running.elsewhere import Elsewhere
from mserbench.running.lookup import model_entry
from mserbench.running.spec import Spec
from mserbench.running.subject import Identity, Subject, as_model_error, of_instance

# Batches of positions in; those with their answers out, as they come.
Answered = Callable[[Sequence[Sequence[int]]], Iterator[tuple[Sequence[int], Sequence[Answer]]]]


def evaluate(
    model: str | Model,
    task: str | Path | Task,
    *,
    data: str | Path | None = None,
    weights: str | Path | None = None,
    options: Mapping[str, object] | None = None,
    out: str | Path = "runs",
    device: str = "auto",
    batch_seconds: float = batches.BATCH_SECONDS,
    limit: int | None = None,
    allow_partial: bool = False,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Score a model on a task and return the run; an unfinished run of the same contents is
    resumed, and a finished one is shown again (`Run.shown_again`), unless `fresh`.

    `model` and `task` are names or objects, or for `task` the path of a TOML file; `weights` a
    folder or the name of shipped weights; `options` texts as they are typed, or plain values. The
    corpus is checked first: DataError lists all its problems before the model loads. Raises
    UsageError for arguments of other types, unknown names, options and folders in use, ModelError
    where the model fails or breaks its contract.
    """
    question, model = arguments.task(task), arguments.model_or_name(model)
    arguments.check_numbers(limit, batch_seconds)
    texts, runs_folder = arguments.options(options), arguments.folder("out", out)
    folder = corpus.data_folder(arguments.folder_or_none("data", data))
    named_weights = None if weights is None else str(arguments.folder("weights", weights))
    # A name that nobody knows is told before a corpus of gigabytes is indexed.
    if isinstance(model, str):
        model_entry(model)

    target = dataset.load(question, folder, allow_partial, limit)
    if isinstance(model, Model):
        return run_subject(of_instance(model), target, runs_folder, batch_seconds, fresh, progress)

    spec = Spec.of(model, target, named_weights, texts, device)
    return run_spec(spec, target, runs_folder, batch_seconds, fresh, progress)


def run_spec(
    spec: Spec,
    target: Dataset,
    out: Path,
    batch_seconds: float = batches.BATCH_SECONDS,
    fresh: bool = False,
    progress: Progress | None = None,
    isolated: bool = False,
    engine: Engine | None = None,
) -> Run:
    """Show a finished run of the same contents again; the model is made only where there is none,
    or if `fresh`; in a child process if `isolated`, by the workers of an `engine` where there is
    one.
    """
    if engine is not None:
        from mserbench.running.spread import Spread

        if not fresh and spec.tells and (run := finished_run(spec.identity, target, out)):
            return run

        spread = Spread(spec, engine)
        subject = spread.subject(target)
        return run_subject(
            subject, target, out, batch_seconds, fresh, progress, partial(spread.answers, target)
        )

    if isolated:
        from mserbench.running.isolated import isolated as made_in_a_child

        # A class that does not tell its identity is made for it, which happens in the child.
        if not fresh and spec.tells and (run := finished_run(spec.identity, target, out)):
            return run
        with made_in_a_child(spec) as subject:
            return run_subject(subject, target, out, batch_seconds, fresh, progress)

    finished = None if fresh else finished_run(spec.identity, target, out)
    if finished is not None:
        return finished
    return run_subject(spec.subject, target, out, batch_seconds, fresh, progress)


def finished_run(identity: Identity, target: Dataset, out: Path) -> Run | None:
    """Return the finished run of a model on a task, or None. Raises DataError where it is
    damaged.
    """
    key = identity.key(target.task, target.digest)
    folder = runs.run_folder(out, target.task.name, identity.name, key)
    if not (folder / runs.RECORD).exists():  # a folder is made only by a run that begins
        return None

    with runs.locked(folder):
        if not (folder / runs.RECORD).exists():
            return None

        # Of a run that was killed between its record and its end.
        (folder / runs.JOURNAL).unlink(missing_ok=True)
        return replace(runs.read(folder), shown_again=True)


def run_subject(
    subject: Subject,
    target: Dataset,
    out: Path,
    batch_seconds: float = batches.BATCH_SECONDS,
    fresh: bool = False,
    progress: Progress | None = None,
    answered: Answered | None = None,
) -> Run:
    """Ask the model about every clip, journal each batch, score, and finish the run folder.

    `answered` gives the answers to batches in place of the model.
    """
    identity = subject.identity
    key = identity.key(target.task, target.digest)
    folder = runs.run_folder(out, target.task.name, subject.name, key)

    with runs.locked(folder):
        if fresh:
            _clear(folder)

        # Looked at again under the lock: another process may have finished it meanwhile.
        if (folder / runs.RECORD).exists():
            return replace(runs.read(folder), shown_again=True)

        journal = Journal(folder / runs.JOURNAL, key, len(target.task.labels))
        # A run that goes on took the time of all its sessions.
        seconds = dict(journal.seconds)
        try:
            _ask(subject, target, journal, batch_seconds, seconds, progress, answered)
        finally:
            journal.close()

        return _finish(folder, key, identity.record(), subject, target, journal.answers, seconds)


def _ask(
    subject: Subject,
    target: Dataset,
    journal: Journal,
    batch_seconds: float,
    seconds: dict[str, float],
    progress: Progress | None,
    answered: Answered | None,
) -> None:
    """Fill the journal with the answers that it lacks."""
    ids = [item.utterance.id for item in target.items]
    lengths = [item.facts.seconds for item in target.items]

    # The plan is made over all clips, so that a resumed run sees the batches of an uninterrupted
    # one.
    planned = [
        [i for i in batch if ids[i] not in journal.answers]
        for batch in batches.plan(lengths, batch_seconds)
    ]
    pending = [batch for batch in planned if batch]
    if not pending:
        return

    spent: dict[str, float] = {}  # since the last batch, for the journal
    if answered is None:
        _prepare(subject, target, spent)

    start = time.perf_counter()
    source = answered(pending) if answered else _answers(subject, target, pending)
    for batch, answers in source:
        start, before = time.perf_counter(), start
        spent["predict"] = start - before
        journal.add(zip((ids[i] for i in batch), answers, strict=True), spent)
        for phase, value in spent.items():
            seconds[phase] = seconds.get(phase, 0.0) + value

        spent = {}
        if progress:
            progress(len(journal.answers), len(ids))


def _prepare(subject: Subject, target: Dataset, spent: dict[str, float]) -> None:
    model = subject.model
    with _timed(spent, "prepare"), doing("preparing"), as_model_error(subject.name, "preparing"):
        model.prepare(lambda: target.clips(range(len(target.items)), grouped=model.transductive))


def _answers(
    subject: Subject, target: Dataset, pending: Sequence[Sequence[int]]
) -> Iterator[tuple[Sequence[int], list[Answer]]]:
    """Yield batches with what the model of this process answers, while the next ones are
    decoded.
    """
    model, labels = subject.model, target.task.labels
    # Only a transductive model may know which clips are of one speaker.
    parts = (list(target.clips(batch, grouped=model.transductive)) for batch in pending)
    for batch, part in zip(pending, _decoded(model, parts), strict=True):
        first = target.items[batch[0]].utterance.id
        with as_model_error(subject.name, f"predicting a batch with clip {first!r}"):
            answers = check_output(subject.name, model.predict(part, labels), len(part), labels)

        yield batch, answers


def _decoded(model: Model, parts: Iterable[Sequence[Clip]]) -> Iterator[Sequence[Clip]]:
    if not model.decodes_ahead:
        return iter(parts)
    return batches.decoded_ahead(parts)


def _predictions(target: Dataset, answers: Mapping[str, Answer]) -> list[Prediction]:
    labels = target.task.labels
    rows = []
    for item in target.items:
        scores, answer = answers[item.utterance.id]
        label = best_label(scores, labels) if scores else read_answer(answer, labels) or ""

        # Six digits, as in the file, so that the numbers are those of the file.
        rounded = tuple(float(f"{score:.6g}") for score in scores)
        rows.append(Prediction(item.utterance.id, item.label, label, rounded, answer))

    return rows


def _finish(
    folder: Path,
    key: str,
    model: ModelPart,
    subject: Subject,
    target: Dataset,
    answers: Mapping[str, Answer],
    seconds: dict[str, float],
) -> Run:
    rows = _predictions(target, answers)
    verdict = _verdict(subject, target)
    clusters = dataset.cluster_numbers(target.speakers)

    # Counted here, not by the model: of a run that was cut off it saw a part of the clips.
    ties = predictions.count_ties(answers[item.utterance.id][0] for item in target.items)
    facts = {
        **_facts(subject, target.task.labels),
        **({"ties": ties} if rows and rows[0].scores else {}),
    }
    with _timed(seconds, "score"):
        scores = scoring.score(rows, target.task.labels, clusters)

    record = RunRecord(
        schema=SCHEMA,
        key=key,
        model=model,
        task=recording.task_part(target.task, target.digest),
        corpus=recording.corpus_part(target.card, target.digest),
        **recording.numbers(scores, target.expected, target.partial, clusters),
        verdict=recording.verdict_part(verdict),
        facts=facts or None,
        warnings=tuple(target.warnings),
        notes=tuple(target.notes),
        seconds={name: round(value, 3) for name, value in seconds.items()},
        device=subject.model.device,
        environment=recording.environment(),
        created=recording.now(),
        machine=machine.machine_part(
            subject.model,
            sum(item.facts.seconds for item in target.items),
            is_here=not isinstance(subject.model, Elsewhere),
        ),
        predictions=recording.UNWRITTEN,
    )

    return runs.finish(folder, record, rows)


def _verdict(subject: Subject, target: Dataset) -> exposure.Verdict:
    """Judge a run, copies of training clips looked for where the weights keep fingerprints."""
    target = target.as_recorded
    folder = None if subject.model.weights is None else Path(subject.model.weights)
    copied = leaks.copied_clips(folder, subject.manifest, target)
    judged = leaks.judged(subject.card, target, subject.model.transductive, copied)
    note = leaks.unseen(subject.card, judged.verdict, folder, subject.manifest)
    return replace(judged, note=note)


def _facts(subject: Subject, labels: Sequence[str]) -> dict[str, Any]:
    """Return what a model tells of a run, as JSON has it. Raises ModelError where it is of another
    form.
    """
    with as_model_error(subject.name, "telling the facts of the run"):
        facts = subject.model.facts(labels)
        # A tuple or a key that is no text would come back from the file as something else.
        plain = json.loads(json.dumps(facts))

    if not are_facts(plain):
        raise ModelError(
            f"model {subject.name!r} returned {str(facts)[:100]!r} as facts, but a dict of "
            f"texts, finite numbers, flags, None, and lists and dicts of them was expected"
        )

    return dict(plain)


def _clear(folder: Path) -> None:
    """Forget an earlier run of the same contents; the lock file stays."""
    for name in (runs.RECORD, runs.PREDICTIONS, runs.JOURNAL):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - start
