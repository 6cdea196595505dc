"""Finished runs of before that are not shown again: which there is, and what has changed since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mserbench.data.dataset import Dataset
from mserbench.results import recording, runs
from mserbench.running.adapting import Adaptation
from mserbench.running.subject import Identity

_CODE = "the code of the model"


def passed_over(
    identity: Identity, target: Dataset, out: Path, adaptation: Adaptation | None = None
) -> str:
    """Return one sentence on the last run of this model, these options and weights on these clips,
    which another key has; empty where there is none.
    """
    key = identity.key(target.task, target.digest, adaptation)
    # A folder's name is made of its key, which differs.
    own = runs.run_folder(out, target.task.name, identity.name, key)
    pattern = f"{own.name.removesuffix(key[:12])}*"
    alike = [
        (record.get("created") or "", folder, record)
        for folder in own.parent.glob(pattern)
        if (record := _record(folder)) and _is_alike(record, identity, target, adaptation)
    ]
    if not alike or own in {folder for _, folder, _ in alike}:
        return ""

    created, folder, record = max(alike, key=lambda run: run[:2])
    return (
        f"the run of {created or 'an unknown day'} in {str(folder)!r} is not shown again, as "
        f"{_changed(record['model'], identity)}: it is run anew"
    )


def _record(folder: Path) -> dict[str, Any]:
    """Return the record of a run folder; empty where there is none that can be read."""
    try:
        record = json.loads((folder / runs.RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}

    return record if isinstance(record, dict) else {}


def _is_alike(
    record: dict[str, Any], identity: Identity, target: Dataset, adaptation: Adaptation | None
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
        and model.get("options") == identity.record().to_json()["options"]
        and weights.get("hash") == (identity.weights.hash if identity.weights else None)
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
