"""The one loop: a model and a task in, a finished run out; killed and started again, it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mserbench.data import dataset
from mserbench.data.dataset import Dataset
from mserbench.data.index import Progress
from mserbench.engine.base import Engine
from mserbench.errors import ModelError
from mserbench.labels import read_answer
from mserbench.model import Model
from mserbench.results import exposure, machine, predictions, reach, recording, runs, scoring
from mserbench.results.conditions import AdaptationPart
from mserbench.results.doubts import one_sided
from mserbench.results.journal import Answer, Journal
from mserbench.results.parts import are_facts
from mserbench.results.predictions import Prediction, best_label
from mserbench.results.record import SCHEMA, ModelPart, RunRecord
from mserbench.results.runs import Run
from mserbench.running import adapting, batches, earlier, leaks
from mserbench.running.adapting import Adaptation
from mserbench.running.asking import Answered, Asked, anew, fill, require_adapts, timed
from mserbench.running.elsewhere import Elsewhere
from mserbench.running.lookup import adaptable
from mserbench.running.remote import remoteness
from mserbench.running.spec import Spec
from mserbench.running.subject import Identity, Subject, as_model_error, of_instance


def run_model(
    model: str | Model,
    target: Dataset,
    weights: str | None,
    options: Mapping[str, str],
    device: str,
    out: Path,
    batch_seconds: float = batches.BATCH_SECONDS,
    fresh: bool = False,
    progress: Progress | None = None,
    adaptation: Adaptation | None = None,
) -> Run:
    """Score a model, or the one of a name, on clips that were loaded, and return the run; an
    unfinished run of the same contents is resumed, and a finished one is shown again
    (`Run.shown_again`), unless `fresh`.

    `weights` is a folder or the name of shipped weights, `options` are texts as they are typed.
    Raises UsageError for unknown names, options and folders in use, ModelError where the model
    fails or breaks its contract.
    """
    if isinstance(model, Model):
        subject = of_instance(model)
        return run_subject(
            subject, target, out, batch_seconds, fresh, progress, adaptation=adaptation
        )

    spec = Spec.of(model, target, weights, options, device)
    return run_spec(spec, target, out, batch_seconds, fresh, progress, adaptation=adaptation)


def run_spec(
    spec: Spec,
    target: Dataset,
    out: Path,
    batch_seconds: float = batches.BATCH_SECONDS,
    fresh: bool = False,
    progress: Progress | None = None,
    isolated: bool = False,
    engine: Engine | None = None,
    adaptation: Adaptation | None = None,
) -> Run:
    """Show a finished run of the same contents again; the model is made only where there is none,
    or if `fresh`; in a child process if `isolated`, by the workers of an `engine` where there is
    one.

    Raises UsageError for an adaptation of a model that cannot adapt.
    """
    if adaptation is not None:
        require_adapts(spec.kind, spec.model, adaptable())

    named = partial(earlier.finished_named, spec, target, out, adaptation)
    finished = partial(finished_run, target=target, out=out, adaptation=adaptation)
    run = partial(
        _run, target=target, out=out, batch_seconds=batch_seconds, fresh=fresh, progress=progress,
        adaptation=adaptation,
    )  # fmt: skip
    # Elsewhere, a class that does not tell its identity is made for it there.
    is_elsewhere = engine is not None or isolated
    if not fresh and (spec.tells or not is_elsewhere):
        with named():
            identity = spec.identity
        if run_shown := finished(identity):
            return run_shown

    if engine is not None:
        from mserbench.running.spread import Spread

        spread = Spread(spec, engine)
        with named():
            subject = spread.subject(target)
        return run(subject.identity, asked=Asked(lambda: subject, partial(spread.answers, target)))

    if isolated:
        from mserbench.running.isolated import isolated as made_in_a_child

        with ExitStack() as stack:
            with named():
                made_there = stack.enter_context(made_in_a_child(spec))
            return run(made_there.identity, asked=Asked(lambda: made_there))

    # Made before a folder is: one that fails leaves nothing behind.
    _ = spec.subject
    made = _new_each_time(spec) if adaptation else lambda: spec.subject
    return run(spec.identity, asked=Asked(made))


def _new_each_time(spec: Spec) -> Callable[[], Subject]:
    """Return a function that gives the model which is there at first, then one made anew: one that
    has heard some clips is of no use for the others.
    """
    was_given = False

    def made() -> Subject:
        nonlocal was_given
        is_first, was_given = not was_given, True
        return spec.subject if is_first else spec.anew()

    return made


def finished_run(
    identity: Identity, target: Dataset, out: Path, adaptation: Adaptation | None = None
) -> Run | None:
    """Return the finished run of a model on a task, or None. Raises DataError where it is
    damaged.
    """
    key = identity.key(target.task, target.digest, adaptation)
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
    adaptation: Adaptation | None = None,
    answered: Answered | None = None,
) -> Run:
    """Ask a model that was made about every clip, journal each batch, score, and finish the run
    folder.

    With an adaptation models like it are asked, and it hears nothing itself. `answered` gives the
    answers in place of the loop. Raises UsageError where it cannot adapt.
    """
    if adaptation is not None:
        require_adapts(subject, subject.name)

    asked = Asked(partial(anew, subject) if adaptation else lambda: subject, answered)
    return _run(subject.identity, target, out, batch_seconds, fresh, progress, adaptation, asked)


def _run(
    identity: Identity,
    target: Dataset,
    out: Path,
    batch_seconds: float,
    fresh: bool,
    progress: Progress | None,
    adaptation: Adaptation | None,
    asked: Asked,
) -> Run:
    key = identity.key(target.task, target.digest, adaptation)
    folder = runs.run_folder(out, target.task.name, identity.name, key)
    # Told before anything is locked or made, where the clips are too few.
    folds = adapting.folds(target, adaptation)

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
            subject = fill(asked, target, folds, journal, batch_seconds, seconds, progress)
        finally:
            journal.close()

        heard = recording.adaptation_part(
            adaptation.identity if adaptation else None,
            [[target.items[at].utterance.id for at in fold.heard] for fold in folds],
        )
        return _finish(
            folder, key, identity.record(), subject, target, journal.answers, seconds, heard
        )


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
    heard: AdaptationPart | None,
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
    with timed(seconds, "score"):
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
        knows=reach.known_labels(rows, target.task.labels, subject.model.labels),
        adaptation=heard,
        remoteness=remoteness(subject, target, seconds),
        one_sided=one_sided(rows),
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
