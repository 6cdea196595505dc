"""Scores speech emotion recognition models on languages and corpora they have never seen."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mserbench.cards import CorpusCard, Division, Exposure, ModelCard, Remote
    from mserbench.contracts import Clip, Corpus, Fault, Task, Tree, Utterance
    from mserbench.embeddings.plotting import plot
    from mserbench.errors import (
        ClipError,
        DataError,
        MissingExtra,
        ModelError,
        MserbenchError,
        PackageMisfit,
        PluginError,
        UnknownName,
        UsageError,
    )
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
    from mserbench.predicting.files import Predicted, predict
    from mserbench.results.comparing import Compared, compare
    from mserbench.results.runs import Run
    from mserbench.results.several import Runs
    from mserbench.running.functions import from_function
    from mserbench.running.listing import models, tasks
    from mserbench.running.several import evaluate
    from mserbench.running.submission import score_file as score
    from mserbench.running.training import train
    from mserbench.translator import Refusal, SourceClip, Speech, Translator, TranslatorCard

# Public names by module: imported on first use, so that `import mserbench` costs next to nothing.
_WHERE = {
    "cards": ("CorpusCard", "Division", "Exposure", "ModelCard", "Remote"),
    "contracts": ("Clip", "Corpus", "Fault", "Task", "Tree", "Utterance"),
    "embeddings.plotting": ("plot",),
    "errors": (
        "ClipError", "DataError", "MissingExtra", "ModelError", "MserbenchError", "PackageMisfit",
        "PluginError", "UnknownName", "UsageError",
    ),
    "predicting.files": ("Predicted", "predict"),
    "results.comparing": ("Compared", "compare"),
    "results.runs": ("Run",),
    "results.several": ("Runs",),
    "running.functions": ("from_function",),
    "running.listing": ("models", "tasks"),
    "running.several": ("evaluate",),
    "running.submission": ("score",),
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
# What its module calls otherwise, where the name alone would not tell of what it is.
_CALLED = {"score": "score_file"}

__all__ = [
    "CANONICAL",
    "DROP",
    "Clip",
    "ClipError",
    "CommandEntry",
    "Compared",
    "Corpus",
    "CorpusCard",
    "CorpusEntry",
    "DataError",
    "Division",
    "ExperimentEntry",
    "Exposure",
    "Fault",
    "MissingExtra",
    "Model",
    "ModelCard",
    "ModelEntry",
    "ModelError",
    "MserbenchError",
    "PackageMisfit",
    "PluginError",
    "Predicted",
    "Refusal",
    "Remote",
    "Run",
    "Runs",
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
    "UnknownName",
    "UsageError",
    "Utterance",
    "WeightsEntry",
    "compare",
    "evaluate",
    "from_function",
    "hookimpl",
    "models",
    "plot",
    "predict",
    "score",
    "tasks",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module 'mserbench' has no attribute {name!r}")

    module = importlib.import_module(f"mserbench.{_MODULE[name]}")
    value = getattr(module, _CALLED.get(name, name))
    # Kept, so that the next access does not come here again.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
