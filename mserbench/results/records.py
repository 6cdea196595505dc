"""The parts of a run record (`run.json`), as documented in docs/results.md."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mserbench.contracts import CorpusCard, ModelCard, Task
from mserbench.results.exposure import Verdict
from mserbench.results.scoring import Scores
from mserbench.statistics.intervals import LEVEL

_PACKAGES = (
    "mserbench",
    "numpy",
    "scipy",
    "scikit-learn",
    "soundfile",
    "soxr",
    "opensmile",
    "torch",
    "transformers",
)

METHOD = "jackknife t, logit"  # of the intervals, as docs/results.md describes it


def of_model(
    card: ModelCard, version: str, options: Mapping[str, Any], weights: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Describe the model; its exposure without the long lists of clips."""
    return {
        "name": card.name,
        "title": card.title,
        "version": version,
        "options": dict(options),
        "weights": dict(weights) if weights else None,
        "licence": card.licence,
        "citation": card.citation,
        "development": list(card.development),
        "exposure_complete": card.exposure_complete,
        "exposure": [
            {
                "corpus": one.corpus,
                "languages": list(one.languages),
                "kind": one.kind,
                "evidence": one.evidence,
                "clips": len(one.clips),
            }
            for one in card.exposure
        ],
    }


def task_hash(question: str, digest: str | None) -> str:
    """SHA-256 (hex) of a question (`Task.hash`) and the audio it was put to; the question's where none was read."""
    return question if digest is None else hashlib.sha256(f"{question} {digest}".encode()).hexdigest()


def of_target(task: Task, card: CorpusCard, digest: str | None) -> dict[str, Any]:
    """Describe task and corpus; `digest` is that of the scored clips' audio, None where it was not read."""
    return {
        "task": {
            "name": task.name,
            "title": task.title,
            "version": task.version,
            "hash": task_hash(task.hash, digest),
            "question": task.hash,
            "corpus": task.corpus,
            "languages": list(task.languages),
            "labels": list(task.labels),
        },
        "corpus": {
            "name": card.name,
            "title": card.title,
            "licence": card.licence,
            "citation": card.citation,
            "synthetic": card.synthetic,
            "index_digest": digest,
        },
    }


def of_scores(scores: Scores, expected: int, partial: bool, clusters: Sequence[int | None] | None) -> dict[str, Any]:
    """Describe the numbers; `clusters` are the speaker numbers of the rows, so that anyone can recompute."""
    return {
        "counts": {
            "expected": expected,
            "scored": scores.n,
            "unparsed": scores.unparsed,
            "partial": partial,
        },
        "metrics": scores.metrics,
        "intervals": scores.intervals,
        "statistics": {
            "method": METHOD,
            "level": LEVEL,
            "cluster": scores.cluster,
            "clusters": scores.clusters,
            "unattributed": scores.unattributed,
            "freedom": scores.freedom,
        },
        "canonical": scores.canonical,
        "clusters": None if clusters is None else list(clusters),
    }


def of_verdict(verdict: Verdict) -> dict[str, Any]:
    """Describe the verdict with its reasons."""
    return {"verdict": {**asdict(verdict), "reasons": list(verdict.reasons)}}


def of_machine(device: str) -> dict[str, Any]:
    """Describe device, versions and the time: facts of provenance, no part of any key."""
    return {
        "device": device,
        "environment": _environment(),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform(terse=True)}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
