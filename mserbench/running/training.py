"""Sources in, a folder of weights out, with a manifest of every clip that was trained on."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mserbench.contracts import Task
from mserbench.data import corpus, dataset, lookup
from mserbench.data.corpus import DERIVED_AUDIO, DERIVED_FROM
from mserbench.data.dataset import Dataset
from mserbench.disk import folders
from mserbench.engine import processes
from mserbench.engine.processes import Place
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.model import TrainableModel, TrainingItem
from mserbench.options import make_options, told
from mserbench.report import progress
from mserbench.report.watched import telling
from mserbench.results.manifest import (
    Heard,
    Manifest,
    Source,
    Stage,
    read_manifest,
    write_manifest,
)
from mserbench.running import arguments, finished, recipes
from mserbench.running.lookup import model_class
from mserbench.running.subject import as_model_error, pick_device

TaskOrName = str | Path | Task  # a path is that of a TOML file
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@telling()
def train(
    model: str,
    on: TaskOrName | Sequence[TaskOrName],
    out: str | Path,
    *,
    validate_on: TaskOrName | Sequence[TaskOrName] = (),
    chosen_on: str | Sequence[str] | None = None,
    data: str | Path | None = None,
    options: Mapping[str, object] | None = None,
    device: str = "auto",
    allow_partial: bool = False,
) -> Path:
    """Train a model on the clips of some tasks and return the folder of its weights.

    `out` must not exist or be empty; it appears whole or not at all. Where it holds the weights of
    this very training, as after a kill in its last moment, nothing is trained. `validate_on` names
    tasks that `fit` may look at to stop or to choose; they are sources too, and in the manifest.
    `chosen_on` names the corpora that the options were chosen on, `()` for none; it replaces what
    the model's card says of its defaults (`development`). Of several processes that train together
    (torchrun, accelerate launch) each calls this; the main one alone looks at `out` and writes it,
    the others return when their part is done. `on` and `validate_on` are one task or several, by
    name, path of a TOML file or object; `options` as in `evaluate`.

    Raises UsageError for arguments of other types, unknown names and a model that cannot be
    trained, DataError with every problem of the sources, where `out` cannot be written, and where
    the option `init` of a model names a folder of weights that are damaged.
    """
    kind = model_class(arguments.model_name(model))
    if not issubclass(kind, TrainableModel):
        raise UsageError(f"model {model!r} cannot be trained: it has no 'fit'")

    settings = make_options(kind, arguments.options(options), model)
    training, validation = arguments.tasks("on", on), arguments.tasks("validate_on", validate_on)
    _check_tasks(training, validation)
    out, place = arguments.folder("out", out), processes.place()
    is_done = finished.may_be_done(out, place)
    if place.is_main and not is_done:
        _require_free(out)

    # Before the corpora are indexed, which may take an hour, as it may be damaged.
    start = _start(settings)
    names = () if chosen_on is None else arguments.names("chosen_on", chosen_on)
    chosen = None if chosen_on is None else [lookup.corpus(name).card.same_as for name in names]
    folder = corpus.data_folder(arguments.folder_or_none("data", data))
    tasks = {**training, **validation}
    sources = {name: _loaded(task, folder, allow_partial) for name, task in tasks.items()}

    with progress.doing(f"loading {model}"), as_model_error(model, "loading"):
        trainee = kind(settings, None, pick_device(kind, model, device))

    stage = Stage(
        model=model,
        on=tuple(recipes.named_task(name) for name in training),
        validated_on=tuple(recipes.named_task(name) for name in validation),
        options=_told(told(settings), start),
        partial=any(source.partial for source in sources.values()),
        chosen_on=_chosen_on(chosen, start, trainee.card.development),
    )
    if is_done:
        finished.require_same(out, stage, trainee.version, map(_source, sources.values()))
        return out

    with _building(out, place) as building:
        doing = f"training on {', '.join(training)}"
        with progress.doing(f"training {model}"), as_model_error(model, doing):
            trainee.fit(_items(sources, training), _items(sources, validation), building)

        manifest = Manifest(
            model=model,
            model_version=trainee.version,
            options=stage.options,
            transductive=trainee.transductive,
            sources=tuple(_source(sources[name]) for name in tasks),
            on=stage.on,
            validated_on=stage.validated_on,
            chosen_on=stage.chosen_on,
            earlier=start.all_sources if start else None,
            before=start.stages if start else None,
            files={},  # hashed when it is written
        )
        if place.is_main:
            _keep_fingerprints(building, list(sources.values()), settings, start)
            write_manifest(building, manifest)

    return out


def _check_tasks(training: Mapping[str, Task], validation: Mapping[str, Task]) -> None:
    """Raise UsageError where there is nothing to train on, or it is validated on too."""
    twice = sorted(set(training) & set(validation))
    if not training:
        raise UsageError("on names no task, but one or more to train on were expected")
    if twice:
        raise UsageError(
            f"task {twice[0]!r} is given to train and to validate on: validation needs clips "
            f"of its own"
        )


def _loaded(task: Task, folder: Path | None, allow_partial: bool) -> Dataset:
    with progress.counting(f"indexing {task.corpus}") as report:
        return dataset.load(task, folder, allow_partial, progress=report)


def _start(settings: Any) -> Manifest | None:
    """Return the manifest of the weights that the option `init` names to go on from. Raises
    DataError if damaged.
    """
    start = getattr(settings, "init", None)
    if not isinstance(start, str) or not start or not Path(start).is_dir():
        return None
    return read_manifest(Path(start))


def _chosen_on(
    chosen: Sequence[str] | None, start: Manifest | None, development: Sequence[str]
) -> tuple[str, ...] | None:
    """Return what a manifest says of the corpora that options were chosen on; None where the
    model's card holds.

    Weights to go on from had options too: what those were chosen on is added.
    """
    before = start.chosen_on if start else None
    if chosen is None and before is None:
        return None

    earlier = development if before is None else before
    names = {*(development if chosen is None else chosen), *(earlier if start else ())}
    return tuple(sorted(names))


def _told(options: dict[str, Any], start: Manifest | None) -> dict[str, Any]:
    """Return options as a manifest has them: weights to go on from are told by their hash, not by
    their folder.

    A path tells of a machine, and another training may lie there tomorrow.
    """
    return {**options, "init": f"weights {start.weights_hash}"} if start else options


def _require_free(out: Path) -> None:
    """Raise UsageError unless weights can appear at `out`, before hours are spent on them."""
    above = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"output folder {str(out)!r} is not empty: give another --out, or remove it first"
        )
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise UsageError(
            f"output folder {str(out)!r} cannot be made in {str(above)!r}: give another --out"
        )


@contextmanager
def _building(out: Path, place: Place) -> Iterator[Path]:
    """Give a folder that becomes `out` if all goes well and goes away if not; beside the main
    process it always does.

    Its name is its own: two trainings into one folder do not mix, and the second one fails whole.
    """
    try:
        with folders.whole(out, replace=False) if place.is_main else _thrown_away() as building:
            yield building
    except ModelError as error:  # what a model met in writing its weights is no fault of the model
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_ROOM:
            raise _cannot_write(out, error.__cause__) from error

        raise
    except OSError as error:  # corpora's own errors have other classes
        raise _cannot_write(out, error) from error


@contextmanager
def _thrown_away() -> Iterator[Path]:
    """Give a folder for what a process beside the main one writes: nobody reads it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _cannot_write(out: Path, error: OSError) -> DataError:
    return DataError(
        f"output folder {str(out)!r} cannot be written ({error.strerror or error}): make room or "
        f"give another --out, and train again"
    )


def _items(sources: Mapping[str, Dataset], names: Iterable[str]) -> list[TrainingItem]:
    return [
        TrainingItem(
            clip, item.label, item.utterance.speaker, item.utterance.language, source.card.name
        )
        for source in (sources[name] for name in names)
        for item, clip in zip(source.items, source.clips(range(len(source.items))), strict=True)
    ]


def _keep_fingerprints(
    building: Path, sources: Sequence[Dataset], settings: Any, start: Manifest | None
) -> None:
    """Write the fingerprints of all clips that the manifest names, so that a changed copy among
    tested clips is known again.
    """
    from mserbench.fingerprints import kept
    from mserbench.fingerprints import words as fingerprints

    parts = []
    for source in sources:
        # In the order of the manifest's keys.
        items = sorted(source.items, key=lambda item: item.facts.key)
        clips = [item.clip(source.card.name) for item in items]
        with progress.counting(f"fingerprints of {source.card.name}") as report:
            parts.append(fingerprints.of_clips(clips, report))

    if start is not None:
        parts.append(kept.read(Path(settings.init), start))

    kept.write(building, parts)


def _source(source: Dataset) -> Source:
    """Return what the manifest tells of a source."""
    card = source.card
    extras = [item.utterance.extra for item in source.items]
    origins = {extra[DERIVED_FROM] for extra in extras if DERIVED_FROM in extra}
    heard = [
        Heard(corpus=part.corpus, languages=part.languages, kind=part.kind, evidence=part.evidence)
        for part in card.exposure
    ]

    return Source(
        task=source.task.name,
        task_hash=source.task.hash,
        corpus=source.card.name,
        family=source.card.same_as,
        languages=tuple(sorted({item.utterance.language for item in source.items})),
        synthetic=source.card.synthetic,
        partial=source.partial,
        index_digest=source.digest,
        clips=tuple(sorted(item.facts.key for item in source.items)),
        origins=tuple(sorted(origins)),
        derived_audio=tuple(sorted(set(filter(None, map(_derived_audio, extras))))),
        exposure=tuple(heard) or None,
        exposure_complete=card.exposure_complete,
    )


def _derived_audio(extra: Mapping[str, str]) -> str:
    """Return the audio key of what a clip was made from, behind its corpus; empty where there is
    none.
    """
    key = extra.get(DERIVED_AUDIO, "")
    name = extra.get(DERIVED_FROM, "").partition(":")[0]
    return f"{name}:{key}" if name and key else key
