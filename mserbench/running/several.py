"""`mserbench.evaluate`: models and tasks, one or several of each, with progress for who waits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypedDict, Unpack, overload

from mserbench.contracts import Task
from mserbench.data import corpus, dataset
from mserbench.data.index import Progress
from mserbench.errors import UsageError
from mserbench.model import Model
from mserbench.report.watched import watched
from mserbench.results.runs import Run
from mserbench.results.several import Runs
from mserbench.running import arguments, batches, evaluation
from mserbench.running.lookup import model_entry

AnyModel: TypeAlias = str | Model
AnyTask: TypeAlias = str | Path | Task
Models: TypeAlias = Sequence[AnyModel]
Tasks: TypeAlias = Sequence[AnyTask]
Shown: TypeAlias = Progress | bool


class How(TypedDict, total=False):
    """How models are evaluated; see `evaluate`."""

    data: str | Path | None
    weights: str | Path | None
    options: Mapping[str, object] | None
    out: str | Path
    device: str
    batch_seconds: float
    limit: int | None
    allow_partial: bool
    fresh: bool
    progress: Shown | None
    adapt: int
    adapt_from: str
    draw: int


# A text is a sequence of texts to the checker of types: the first signature that fits counts.
@overload
def evaluate(  # type: ignore[overload-overlap]
    model: AnyModel, task: AnyTask, **how: Unpack[How]
) -> Run: ...


@overload
def evaluate(model: Models, task: AnyTask | Tasks, **how: Unpack[How]) -> Runs: ...


@overload
def evaluate(model: AnyModel, task: Tasks, **how: Unpack[How]) -> Runs: ...


def evaluate(
    model: AnyModel | Models,
    task: AnyTask | Tasks,
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
    progress: Shown | None = None,
    adapt: int = 0,
    adapt_from: str = "",
    draw: int = 0,
) -> Run | Runs:
    """Score a model on a task and return the run. Where `model`, `task` or both are lists, score
    each model on each task and return `Runs`: a list with a row a run in `.frame`, task by task.

    An unfinished run of the same contents is resumed, and a finished one is shown again
    (`Run.shown_again`), unless `fresh`; so after an error nothing that was done is done again.

    Args:
        model: names, as `egemaps` or `hf:FOLDER`, or Model objects (`mserbench.from_function`).
        task: names, paths of TOML files, or Task objects.
        data: folder with a folder for each corpus; else that of MSERBENCH_DATA.
        weights: a folder, or the name of weights that ship with the model.
        options: texts as they are typed, or plain values, by name; of each model.
        out: folder of run folders. device: as `cpu` or `cuda:0`. batch_seconds: of audio at once.
        limit: that many clips only, chosen by a hash of their ids.
        allow_partial: score what is there of an incomplete corpus, marked so.
        progress: called with clips done and clips in all; False for silence. Else a bar is drawn in
            a notebook or on a terminal, and a line is told each minute where there is neither.
        adapt, adapt_from, draw: unlabelled clips that are heard first, from "same speakers" or
            "other speakers", and of which draw (docs/adaptation.md).

    Raises:
        UsageError: arguments of other types, unknown names and options, folders in use.
        DataError: every problem of the corpora, before a model loads.
        ModelError: a model fails or breaks its contract.
    """
    models = [arguments.model_or_name(entry) for entry in _listed("model", model)]
    folder = corpus.data_folder(arguments.folder_or_none("data", data))
    questions = [arguments.task(entry, folder) for entry in _listed("task", task)]
    arguments.check_numbers(limit, batch_seconds)
    texts, runs_folder = arguments.options(options), arguments.folder("out", out)
    named_weights = None if weights is None else str(arguments.folder("weights", weights))
    wish = arguments.adaptation(adapt, adapt_from, draw)
    # A name that nobody knows is told before a corpus of gigabytes is indexed.
    for entry in models:
        if isinstance(entry, str):
            model_entry(entry)

    finished = Runs()
    indexing = partial(_reporting, progress=_silent(progress))
    for target in dataset.load_all(questions, folder, allow_partial, limit, indexing):
        for entry in models:
            with _reporting(f"{_called(entry)} on {target.task.name}", progress) as report:
                finished.append(
                    evaluation.run_model(
                        entry, target, named_weights, texts, device, runs_folder, batch_seconds,
                        fresh, report, wish.of(target),
                    )
                )  # fmt: skip

    return finished if _is_several(model) or _is_several(task) else finished[0]


def _is_several(argument: object) -> bool:
    # A text and a path are one name, never a list of letters or of parts.
    return isinstance(argument, Iterable) and not isinstance(argument, str | os.PathLike)


def _listed(argument: str, one_or_several: object) -> list[object]:
    """Return what was given as a list. Raises UsageError for an empty one."""
    if not (isinstance(one_or_several, Iterable) and _is_several(one_or_several)):
        return [one_or_several]

    entries = list(one_or_several)
    if not entries:
        raise UsageError(f"{argument} is an empty list, but one or more were expected")

    return entries


def _silent(progress: Shown | None) -> Shown | None:
    """Return how indexing is shown: who counts clips that are answered is not told of others."""
    return False if callable(progress) else progress


def _reporting(title: str, progress: Shown | None) -> AbstractContextManager[Progress | None]:
    if progress is None or progress is True:
        return watched(title)
    return nullcontext(progress if callable(progress) else None)


def _called(model: AnyModel) -> str:
    return model if isinstance(model, str) else type(model).__name__
