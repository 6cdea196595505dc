"""Runs as JSON-LD of schema.org: what was measured, of which model, on which corpus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mserbench import __version__
from mserbench.data import licences
from mserbench.results.runs import Run

_MEANS = {
    "UA": "mean recall of the classes",
    "WA": "accuracy",
    "WF1": "F1 of each class, weighted by its clips",
    "MF1": "mean F1 of the classes",
    "precision": "precision of each class, weighted by its clips",
    "unparsed": "answers that name no label, of all",
}


def document(runs: Sequence[Run], ascii_only: bool = False) -> str:
    """Return one JSON-LD document with a schema.org `Dataset` for each run, in the order given.

    Metrics are percent, `minValue` and `maxValue` the ends of the 95 % interval. With `ascii_only`
    all other signs are escapes of JSON.
    """
    graph = [_dataset(run) for run in runs]
    content = {"@context": {"@vocab": "https://schema.org/"}, "@graph": graph}
    return json.dumps(content, indent=1, ensure_ascii=ascii_only, allow_nan=False) + "\n"


def _dataset(run: Run) -> dict[str, Any]:
    record = run.record
    described: dict[str, Any] = {
        "@type": "Dataset",
        "identifier": record.key,
        "name": f"{run.name} on {record.task.name}",
        "description": f"Predictions of {run.name} on {record.counts.scored} clips of "
        f"{record.task.title or record.task.name}; verdict {run.verdict}",
        "dateCreated": record.created,
        "keywords": [run.verdict, *run.marks],
        "creator": {"@type": "SoftwareApplication", "name": "mserbench", "version": __version__},
        "about": _model(run),
        "isBasedOn": _corpus(run),
        "measurementTechnique": f"{record.statistics.method} over {record.statistics.clusters} "
        f"{record.statistics.cluster}s, level {record.statistics.level:g}",
        "variableMeasured": [_value(run, name) for name in run.metrics],
        "distribution": {
            "@type": "DataDownload",
            "name": record.predictions.file,
            "encodingFormat": "text/csv",
            "sha256": record.predictions.sha256,
        },
    }

    return {name: _without_nothing(part) for name, part in described.items() if part}


def _model(run: Run) -> dict[str, Any]:
    model = run.record.model
    return {
        "@type": "SoftwareApplication",
        "name": run.name,
        "softwareVersion": model.version,
        "license": licences.for_schema_org(model.licence) if model.licence else None,
        "citation": model.citation,
    }


def _corpus(run: Run) -> dict[str, Any]:
    corpus = run.record.corpus
    return {
        "@type": "Dataset",
        "name": corpus.title or corpus.name,
        "license": licences.for_schema_org(corpus.licence) if corpus.licence else None,
        "citation": corpus.citation,
        "inLanguage": list(run.record.task.languages),
    }


def _value(run: Run, name: str) -> dict[str, Any]:
    low, high = run.intervals[name] or (None, None)
    return {
        "@type": "PropertyValue",
        "name": name,
        "description": _MEANS[name],
        "unitText": "percent",
        "value": 100 * run.metrics[name],
        "minValue": None if low is None else 100 * low,
        "maxValue": None if high is None else 100 * high,
    }


def _without_nothing(value: Any) -> Any:
    """Return nested objects without the entries that nobody knows: None, and texts of nothing."""
    if isinstance(value, dict):
        return {
            name: _without_nothing(part) for name, part in value.items() if part not in (None, "")
        }
    return [_without_nothing(part) for part in value] if isinstance(value, list) else value
