"""Finished runs of before that are not shown again: what has changed, or cannot be checked."""

from __future__ import annotations

import glob
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mserbench.data.dataset import Dataset
from mserbench.errors import DataError, ModelError
from mserbench.results import recording, runs
from mserbench.results.record import WeightsPart
from mserbench.running.adapting import Adaptation
from mserbench.running.spec import Spec
from mserbench.running.subject import Identity

_CODE = "the code of the model"


def passed_over(
    identity: Identity, target: Dataset, out: Path, adaptation: Adaptation | None = None
) -> str:
    """Return one sentence on the last run of this model, these options and weights on these clips,
    which another key has; empty where there is none.
    """
    key = identity.key(target.task, target.digest, adaptation)
    own = runs.run_folder(out, target.task.name, identity.name, key)
    options = identity.record().to_json()["options"]
    alike = _alike(identity.name, options, identity.weights, target, out, adaptation)
    if not alike or own in {folder for _, folder, _ in alike}:
        return ""

    created, folder, record = alike[-1]
    return (
        f"the run of {created or 'an unknown day'} in {str(folder)!r} is not shown again, as "
        f"{_changed(record['model'], identity)}: it is run anew"
    )


@contextmanager
def finished_named(
    spec: Spec, target: Dataset, out: Path, adaptation: Adaptation | None = None
) -> Iterator[None]:
    """Stand around what tells the identity of a model: where a server or a worker is not there to
    tell it, the error names the last finished run, which nobody can check now.

    It is not shown in place of an error: what answered then may be another model today.
    """
    try:
        yield
    except (ModelError, DataError) as error:
        weights = spec.weights_record
        alike = _alike(spec.called, spec.recorded, weights, target, out, adaptation)
        title = spec.title
        alike = [run for run in alike if title in (None, run[2]["model"].get("title"))]
        if not alike:
            raise

        created, folder, _ = alike[-1]
        kind = ModelError if isinstance(error, ModelError) else DataError
        raise kind(
            f"{error}; the finished run of {created or 'an unknown day'} cannot be checked against "
            f"it, so it is not shown as its result: mserbench report {shlex.quote(str(folder))} "
            "shows that run"
        ) from error


def _alike(
    name: str,
    options: dict[str, Any],
    weights: WeightsPart | None,
    target: Dataset,
    out: Path,
    adaptation: Adaptation | None,
) -> list[tuple[str, Path, dict[str, Any]]]:
    """Return the finished runs of a model of this name, these options and weights on these clips,
    with day, folder and record; the last one last.
    """
    # A folder's name ends in its key, whatever that is.
    prefix = runs.run_folder(out, target.task.name, name, "")
    return sorted(
        (
            (record.get("created") or "", folder, record)
            for folder in prefix.parent.glob(f"{glob.escape(prefix.name)}*")
            if (record := _record(folder))
            and _is_alike(record, options, weights, target, adaptation)
        ),
        key=lambda run: run[:2],
    )


def _record(folder: Path) -> dict[str, Any]:
    """Return the record of a run folder; empty where there is none that can be read."""
    try:
        record = json.loads((folder / runs.RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}

    return record if isinstance(record, dict) else {}


def _is_alike(
    record: dict[str, Any],
    options: dict[str, Any],
    own_weights: WeightsPart | None,
    target: Dataset,
    adaptation: Adaptation | None,
) -> bool:
    model, task, heard = (record.get(name) for name in ("model", "task", "adaptation"))
    adapted = (adaptation.clips, adaptation.way, adaptation.draw) if adaptation else None
    before = tuple(map(heard.get, ("clips", "way", "draw"))) if isinstance(heard, dict) else None
    if not isinstance(model, dict) or not isinstance(task, dict):
        return False

    weights = model.get("weights") or {}
    return (
        before == adapted
        and task.get("hash") == recording.task_hash(target.task.hash, target.digest)
        and model.get("options") == json.loads(json.dumps(options))
        and weights.get("hash") == (own_weights.hash if own_weights else None)
    )


def _changed(model: dict[str, Any], identity: Identity) -> str:
    """Say what is another one, in the words of a sentence."""
    if not model.get("source"):
        return f"its key is from before {_CODE} was part of it"

    files = model.get("files") or {}
    changed = [_CODE] if model["source"] != identity.source else []
    changed += [
        f"what option {name!r} names"
        for name in sorted({*files, *identity.files})
        if files.get(name) != identity.files.get(name)
    ]
    # The version, or what the verdict rests on.
    return f"{' and '.join(changed) or 'what the model says of itself'} has changed since"
