"""Runs as the model hub shows them: `.eval_results/*.yaml`, and the older `model-index`.

Both are made and checked by `huggingface_hub` itself (its `EvalResultEntry` and `EvalResult`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mserbench.errors import UsageError, why
from mserbench.plugins import misfits
from mserbench.report.numbers import percent
from mserbench.results.runs import Run

_TASK_TYPE = "audio-classification"
# Of the hub, which knows these by a name of its own; the others are called as we call them.
_METRIC_TYPES = {"UA": "recall", "WA": "accuracy", "WF1": "f1", "MF1": "f1"}
# Which mean over classes it is, in the words of the hub's metrics.
_AVERAGES = {"UA": "macro", "WF1": "weighted", "MF1": "macro", "precision": "weighted"}
_TITLES = {
    "UA": "Unweighted average recall (UA)",
    "WA": "Accuracy (WA)",
    "WF1": "Weighted F1",
    "MF1": "Macro F1",
    "precision": "Weighted precision",
    "unparsed": "Unparsed answers",
}


def eval_results(runs: Sequence[Run], dataset: str, ascii_only: bool = False) -> str:
    """Return the YAML of `.eval_results/NAME.yaml`: UA of each run in percent, with its notes.

    `dataset` is the id of the benchmark dataset on the hub, `OWNER/NAME`. With `ascii_only` all
    other signs are escapes of YAML. Raises UsageError where it is no id, the runs are of several
    models or two of one task, MissingExtra without `huggingface-hub`.
    """
    with misfits.optional("the hub's format of results", "huggingface_hub", "train"):
        from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    _check(dataset)
    _name_of(runs, "an .eval_results file")
    entries = [
        EvalResultEntry(
            dataset_id=dataset,
            task_id=run.record.task.name,
            value=_percent(run.metrics["UA"]),
            date=run.record.created,
            notes=note(run),
        )
        for run in runs
    ]

    return _yaml(eval_result_entries_to_yaml(entries), ascii_only)


def model_index(runs: Sequence[Run], dataset: str | None = None, ascii_only: bool = False) -> str:
    """Return the YAML of a model card's `model-index`: all metrics of each run, in percent.

    `dataset` is the id on the hub of the runs' dataset; None names it as the task is called here.
    Raises as `eval_results`.
    """
    with misfits.optional("the hub's format of results", "huggingface_hub", "train"):
        from huggingface_hub import EvalResult
        from huggingface_hub.repocard_data import eval_results_to_model_index

    name_of_model = _name_of(runs, "a model-index")
    if dataset is not None:
        _check(dataset)

    results = [
        EvalResult(
            task_type=_TASK_TYPE,
            task_name="Speech emotion recognition",
            dataset_type=dataset or run.record.task.name,
            dataset_name=run.record.task.title or run.record.task.name,
            dataset_config=run.record.task.name,
            metric_type=_METRIC_TYPES.get(name, name),
            metric_name=_TITLES[name],
            metric_value=_percent(value),
            metric_args=_arguments(run, name),
        )
        for run in runs
        for name, value in run.metrics.items()
    ]

    return _yaml({"model-index": eval_results_to_model_index(name_of_model, results)}, ascii_only)


def note(run: Run) -> str:
    """Return what a reader of the number alone must know: interval, verdict, marks, clips."""
    interval = percent(run.metrics["UA"], run.intervals["UA"], run.by_clip)
    facts = [
        f"UA {interval} % (mean recall of the classes)",
        f"verdict {run.verdict}",
        *run.marks,
        f"{run.record.counts.scored} clips",
        "mserbench",
    ]

    return ", ".join(facts)


def _arguments(run: Run, metric: str) -> dict[str, Any]:
    interval = run.intervals[metric]
    ends = {} if interval is None else {"interval": [_percent(end) for end in interval]}
    average = {"average": _AVERAGES[metric]} if metric in _AVERAGES else {}
    return {**average, **ends, "verdict": run.verdict, "marks": list(run.marks)}


def _name_of(runs: Sequence[Run], form: str) -> str:
    """Return the name of the model that all runs are of, no two of them of one task."""
    names = sorted({run.name for run in runs})
    if len(names) > 1:
        raise UsageError(
            f"{form} is of one model, but the runs are of {len(names)}: "
            f"{', '.join(names)}; export those of each model by themselves"
        )

    # Of two results of one task the hub would show whichever it reads last.
    folders: dict[str, Run] = {}
    for run in runs:
        task = run.record.task.name
        first = folders.setdefault(task, run)
        if first is not run:
            raise UsageError(
                f"{form} has one result of a task, but {str(first.folder)!r} and "
                f"{str(run.folder)!r} are both of task {task!r}: leave one of them away"
            )

    return names[0]


def _check(dataset: str) -> None:
    """Raise UsageError where the hub's own code takes an id for none."""
    with misfits.optional("the hub's format of results", "huggingface_hub", "train"):
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    # Its rule also lets through what has no owner, as old models have none.
    reason = "" if dataset.count("/") == 1 else "it has no owner"
    try:
        validate_repo_id(dataset)
    except HFValidationError as error:
        reason = why(error).rstrip(".")

    if reason:
        raise UsageError(
            f"--dataset is {dataset!r}, but the id of a dataset on the hub was expected, as "
            f"OWNER/NAME: its page shows it ({reason})"
        )


def _percent(fraction: float) -> float:
    return round(100 * fraction, 2)


def _yaml(content: Any, ascii_only: bool) -> str:
    import yaml  # huggingface_hub needs it too

    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=not ascii_only))
