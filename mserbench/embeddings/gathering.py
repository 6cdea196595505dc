"""Finished runs, and tasks beside them, to the vectors that their model gives the clips, with what
is known of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.contracts import Task
from mserbench.data import corpus, dataset, lookup
from mserbench.data.dataset import Dataset, Item
from mserbench.data.index import Progress
from mserbench.embeddings.vectors import vectors_of
from mserbench.errors import DataError, UsageError
from mserbench.model import Model, no_embeddings
from mserbench.results import heard, runs
from mserbench.results.record import WeightsPart
from mserbench.results.runs import Run
from mserbench.running.lookup import model_class, model_entry, shipped_weights
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNPARSED = "unparsed"  # shown for an answer that could not be read


@dataclass(frozen=True, slots=True)
class Point:
    """One clip: `speaker` is None where it is not known, `prediction` where no run asked for
    one.
    """

    id: str
    task: str
    corpus: str
    emotion: str
    language: str
    speaker: str | None
    prediction: str | None


@dataclass(frozen=True, eq=False)
class Cloud:
    """The clips of some tasks as one model sees them: `vectors` is float64, (n_points, dim)."""

    model: str
    weights: str | None
    tasks: tuple[str, ...]
    points: tuple[Point, ...]
    vectors: NDArray[np.float64]
    marks: tuple[str, ...]  # `synthetic`, `transductive`, `partial`
    notes: tuple[str, ...]

    def values(self, field: str) -> list[str | None]:
        """Return what each point has in a field: emotion, language, speaker, prediction or
        corpus.
        """
        return [getattr(point, field) for point in self.points]


@dataclass(frozen=True)
class _Part:
    """The clips of one task, and what the run answered to each if there is one."""

    target: Dataset
    answers: Mapping[str, str] | None


def gather(
    folders: Sequence[Path],
    also: Sequence[str] = (),
    data: Path | None = None,
    weights: str | None = None,
    device: str = "auto",
    limit: int | None = None,
    progress: Progress | None = None,
) -> Cloud:
    """Load the model of some runs and return its vectors of their clips, and of the clips of the
    tasks `also`.

    `limit` keeps that many clips of each task, chosen by a hash of their ids. `weights` is a folder
    or a name, and needed where the run's do not ship with the model. A clip that two tasks share is
    kept once. Raises UsageError where the runs are not of one model and the same weights, or those
    cannot be found, and DataError where the audio is not what was scored.
    """
    finished = [runs.read(Path(folder)) for folder in folders]
    _check_one_model(finished)
    first = finished[0]
    model = first.record.model.name

    # Told before the model is loaded and audio is decoded.
    if model_class(model).embeddings is Model.embeddings:
        raise no_embeddings(model)

    weights_wanted = weights or _weights_of(first)
    # Before the runs, as a run may name a task that only a file of one's own defines.
    named = {task.name: task for task in map(lookup.task, also)}
    folder = corpus.data_folder(data)
    parts = []

    for run in finished:
        name = run.record.task.name
        parts.append(_part_of(run, named[name] if name in named else lookup.task(name), folder))

    scored = {part.target.task.name for part in parts}
    parts += [
        _Part(dataset.load(task, folder), None)
        for name, task in named.items()
        if name not in scored
    ]
    subject = _subject_of(first, parts[0].target, weights_wanted, device)

    return _cloud(first, subject, parts, limit, progress)


def _check_one_model(finished: Sequence[Run]) -> None:
    """Refuse runs that do not show one and the same model."""
    first, *further_runs = finished
    for run in further_runs:
        for fact in ("name", "version", "weights", "options"):
            ours, theirs = (_known(finished_run, fact) for finished_run in (first, run))
            # A reader wants the options that differ, not two whole lists of them.
            if isinstance(ours, dict) and isinstance(theirs, dict):
                ours, theirs = _without_common(ours, theirs), _without_common(theirs, ours)

            if ours != theirs:
                raise UsageError(
                    f"runs {str(first.folder)!r} and {str(run.folder)!r} differ in the {fact} of "
                    f"their models ({ours!r} and {theirs!r}), but only vectors of one model lie in "
                    "one space: give runs of one model"
                )


def _without_common(
    options: dict[str, object], other_options: dict[str, object]
) -> dict[str, object]:
    return {
        name: value
        for name, value in options.items()
        if name not in other_options or other_options[name] != value
    }


def _known(run: Run, name: str) -> object:
    """Return a fact of a run's model; of weights their hash, as a name may be that of any
    folder.
    """
    fact: object = getattr(run.record.model, name)
    return fact.hash if isinstance(fact, WeightsPart) else fact


def _weights_of(run: Run) -> str | None:
    """Return the folder of shipped weights that a run names; None for a model without weights."""
    model = run.record.model
    if model.weights is None:
        return None

    entry, name = model_entry(model.name), model.weights.name
    if name not in entry.weights:
        raise UsageError(
            f"run {str(run.folder)!r} was made with weights {name!r}, which do not ship with model "
            f"{entry.name!r}, and a run does not keep where they lie: give their folder by "
            "--weights"
        )

    return str(shipped_weights(entry, name))


def _part_of(run: Run, task: Task, data: Path | None) -> _Part:
    """Return the clips that a run scored, from the corpus as it is now."""
    record, place = run.record, f"run {str(run.folder)!r}"
    if record.corpus.index_digest is None:
        raise UsageError(
            f"{place} is a scored file of predictions, so its model is not here: give a run of a "
            "model"
        )
    if task.hash != record.task.question:
        raise DataError(
            f"{place} is of another version of task {task.name!r} than the one installed: run it "
            "again"
        )

    whole = dataset.load(task, data, allow_partial=record.counts.partial)
    # Vectors of other audio would be shown under the answers to this.
    items = heard.items(run, whole)
    answers = {row.id: row.prediction or UNPARSED for row in run.rows}

    return _Part(replace(whole, items=items, digest=record.corpus.index_digest), answers)


def _subject_of(run: Run, target: Dataset, weights: str | None, device: str) -> Subject:
    """Load the model that made a run, and make sure that it is that one."""
    record = run.record.model
    options = {name: _as_typed(value) for name, value in record.options.items()}
    subject = Spec.of(record.name, target, weights, options, device).subject
    if subject.model.version != record.version:
        raise UsageError(
            f"run {str(run.folder)!r} was made by version {record.version!r} of model "
            f"{record.name!r}, but {subject.model.version!r} is installed: run it again"
        )

    asked_hash, hash_here = (
        part.hash if part else None for part in (record.weights, subject.weights)
    )
    if asked_hash != hash_here:
        name = subject.weights.name if subject.weights else None
        raise UsageError(
            f"weights {weights or name!r} (hash {str(hash_here)[:12]}) are not those that run "
            f"{str(run.folder)!r} was made with (hash {str(asked_hash)[:12]}): give their folder "
            "by --weights"
        )

    return subject


def _as_typed(value: object) -> str:
    """Return an option's value as `--option` takes it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _cloud(
    run: Run, subject: Subject, parts: Sequence[_Part], limit: int | None, progress: Progress | None
) -> Cloud:
    import numpy as np

    points: list[Point] = []
    vectors: list[NDArray[np.float64]] = []
    notes: list[str] = []
    gathered: set[tuple[str, str]] = set()

    for part in parts:
        task, name = part.target.task.name, part.target.card.name
        items = dataset.limited(part.target.items, limit)
        new = [item for item in items if (name, item.utterance.id) not in gathered]
        if len(new) < len(items):
            notes.append(
                f"{len(items) - len(new)} clip(s) of {task} are in a task before it, and are shown "
                "once"
            )

        if new:
            vectors.append(vectors_of(subject, part.target, _positions(part.target, new), progress))
            points += _points(part, new)
            gathered |= {(name, item.utterance.id) for item in new}

    if _one_to_one({(point.language, point.corpus) for point in points}):
        notes.append(
            "each language is one corpus here, so language, room and speakers cannot be told apart"
        )

    weights = run.record.model.weights
    return Cloud(
        model=subject.name,
        weights=weights.name if weights else None,
        tasks=tuple(part.target.task.name for part in parts),
        points=tuple(points),
        vectors=np.concatenate(vectors),
        marks=tuple(_marks(subject, parts, limit)),
        notes=tuple(notes),
    )


def _one_to_one(pairs: set[tuple[str, str]]) -> bool:
    return len(pairs) > 1 and len(pairs) == len({first for first, _ in pairs}) == len(
        {second for _, second in pairs}
    )


def _positions(target: Dataset, chosen: Sequence[Item]) -> list[int]:
    ids = {item.utterance.id for item in chosen}
    return [i for i, item in enumerate(target.items) if item.utterance.id in ids]


def _points(part: _Part, chosen: Sequence[Item]) -> Iterator[Point]:
    for item in chosen:
        utterance = item.utterance
        answer = part.answers[utterance.id] if part.answers is not None else None
        yield Point(
            utterance.id,
            part.target.task.name,
            part.target.card.name,
            item.label,
            utterance.language,
            utterance.speaker,
            answer,
        )


def _marks(subject: Subject, parts: Sequence[_Part], limit: int | None) -> Iterator[str]:
    if any(part.target.card.synthetic for part in parts):
        yield "synthetic"

    if subject.model.transductive:
        yield "transductive"

    if any(
        part.target.partial or (limit is not None and limit < len(part.target.items))
        for part in parts
    ):
        yield "partial"
