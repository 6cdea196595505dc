"""Sources in, a folder of weights out, with a manifest of every clip that was trained on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mserbench import corpus, dataset, exposure, registry
from mserbench.dataset import Dataset
from mserbench.errors import UsageError
from mserbench.model import TrainableModel, TrainingItem
from mserbench.subject import as_model_error, pick_device


def train(
    model: str,
    on: Sequence[str],
    out: str | Path,
    *,
    validate_on: Sequence[str] = (),
    data: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    device: str = "cpu",
    allow_partial: bool = False,
) -> Path:
    """Train a model on the clips of some tasks and return the folder of its weights.

    `out` must not exist or be empty; it appears whole or not at all. `validate_on` names tasks that `fit` may
    look at to stop or to choose; they are sources too, and stand in the manifest. Raises UsageError for
    unknown names and a model that cannot be trained, DataError with every problem of the sources.
    """
    kind = registry.model_class(model)
    if not issubclass(kind, TrainableModel):
        raise UsageError(f"model {model!r} cannot be trained: it has no 'fit'")
    settings = registry.make_options(kind, dict(options or {}), model)
    twice = sorted(set(on) & set(validate_on))
    if twice:
        raise UsageError(f"task {twice[0]!r} is given to train and to validate on: validation needs clips of its own")
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"output folder {str(out)!r} is not empty: give another --out, or remove it first")
    folder = corpus.data_folder(data)
    tasks = {name: registry.task(name) for name in (*on, *validate_on)}
    sources = {name: dataset.load(task, folder, allow_partial) for name, task in tasks.items()}
    with as_model_error(model, "loading"):
        trainee = kind(settings, None, pick_device(kind, model, device))
    out.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: two processes that train into one folder do not mix, and the second one fails whole.
    building = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        with as_model_error(model, f"training on {', '.join(on)}"):
            trainee.fit(_items(sources, on), _items(sources, validate_on), building)
        record = {
            "model": model,
            "model_version": kind.version,
            "options": asdict(settings),
            "transductive": trainee.transductive,
            "sources": [_source(sources[name]) for name in tasks],
            "validated_on": list(validate_on),
        }
        exposure.write_manifest(building, record)
        building.chmod(0o755)
        building.replace(out)  # onto nothing or an empty folder
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def _items(sources: Mapping[str, Dataset], names: Sequence[str]) -> list[TrainingItem]:
    return [
        TrainingItem(clip, item.label, item.utterance.speaker, item.utterance.language, source.card.name)
        for source in (sources[name] for name in names)
        for item, clip in zip(source.items, source.clips(range(len(source.items))), strict=True)
    ]


def _source(source: Dataset) -> dict[str, Any]:
    return {
        "task": source.task.name,
        "task_hash": source.task.hash,
        "corpus": source.card.name,
        "family": source.card.same_as,
        "languages": sorted({item.utterance.language for item in source.items}),
        "synthetic": source.card.synthetic,
        "partial": source.partial,
        "index_digest": source.digest,
        "clips": sorted(item.facts.key for item in source.items),
    }
