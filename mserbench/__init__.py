"""Scores speech emotion recognition models on languages and corpora they have never seen."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mserbench.cards import CorpusCard, Division, Exposure, ModelCard, Remote
    from mserbench.contracts import Clip, Corpus, Fault, Task, Tree, Utterance
    from mserbench.labels import CANONICAL, DROP
    from mserbench.model import Model, TrainableModel, TrainingItem
    from mserbench.plugins.hookspecs import (
        CommandEntry,
        CorpusEntry,
        ExperimentEntry,
        ModelEntry,
        TaskEntry,
        TranslatorEntry,
        WeightsEntry,
        hookimpl,
    )
    from mserbench.running.evaluation import evaluate
    from mserbench.running.training import train
    from mserbench.translator import Refusal, SourceClip, Speech, Translator, TranslatorCard

# Public names by module: imported on first use, so that `import mserbench` costs next to nothing.
_WHERE = {
    "cards": ("CorpusCard", "Division", "Exposure", "ModelCard", "Remote"),
    "contracts": ("Clip", "Corpus", "Fault", "Task", "Tree", "Utterance"),
    "running.evaluation": ("evaluate",),
    "plugins.hookspecs": (
        "CommandEntry", "CorpusEntry", "ExperimentEntry", "ModelEntry", "TaskEntry",
        "TranslatorEntry", "WeightsEntry", "hookimpl",
    ),
    "labels": ("CANONICAL", "DROP"),
    "model": ("Model", "TrainableModel", "TrainingItem"),
    "running.training": ("train",),
    "translator": ("Refusal", "SourceClip", "Speech", "Translator", "TranslatorCard"),
}  # fmt: skip
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "CANONICAL",
    "DROP",
    "Clip",
    "CommandEntry",
    "Corpus",
    "CorpusCard",
    "CorpusEntry",
    "Division",
    "ExperimentEntry",
    "Exposure",
    "Fault",
    "Model",
    "ModelCard",
    "ModelEntry",
    "Refusal",
    "Remote",
    "SourceClip",
    "Speech",
    "Task",
    "TaskEntry",
    "TrainableModel",
    "TrainingItem",
    "Translator",
    "TranslatorCard",
    "TranslatorEntry",
    "Tree",
    "Utterance",
    "WeightsEntry",
    "evaluate",
    "hookimpl",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module 'mserbench' has no attribute {name!r}")

    value = getattr(importlib.import_module(f"mserbench.{_MODULE[name]}"), name)
    # Kept, so that the next access does not come here again.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
