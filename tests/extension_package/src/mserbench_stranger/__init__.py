"""A stranger's plugin: the model `stranger-model`, and the task `stranger-task` on the corpus
`stranger`.
"""

from __future__ import annotations

from mserbench import CorpusEntry, ModelEntry, TaskEntry, hookimpl


@hookimpl
def register_models() -> list[ModelEntry]:
    """Register the model."""
    return [ModelEntry("stranger-model", "mserbench_stranger.model:Loudness", "Angry is loud")]


@hookimpl
def register_corpora() -> list[CorpusEntry]:
    """Register the corpus."""
    return [
        CorpusEntry(
            "stranger", "mserbench_stranger.corpus:CORPUS", "A stranger's corpus of tones", ("cy",)
        )
    ]


@hookimpl
def register_tasks() -> list[TaskEntry]:
    """Register the task."""
    return [TaskEntry("stranger-task", "mserbench_stranger.corpus:TASK", "Angry or sad tones")]
