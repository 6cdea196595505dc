"""The model `supcon-w2v2`, contrastive over languages against a speaker adversary, and its two
experiments.
"""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import ExperimentEntry, ModelEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    return [
        ModelEntry(
            "supcon-w2v2",
            "mserbench_supcon_w2v2.model:SupconW2V2",
            "Language-aware contrastive learning, speaker-adversarial",
            described="mserbench_supcon_w2v2.described:DescribedSupcon",
            needs=dict.fromkeys(
                ("torch", "torchaudio", "transformers", "accelerate", "peft"), "train"
            ),
        )
    ]


@hookimpl
def register_experiments() -> Iterable[ExperimentEntry]:
    """Return the table of the paper, and one over corpora that can be had everywhere."""
    return [
        ExperimentEntry(
            "supcon-table2",
            "mserbench_supcon_w2v2:experiments/supcon-table2.toml",
            "Table 2 of paper 2: nine settings, six systems",
        ),
        ExperimentEntry(
            "transfer-real",
            "mserbench_supcon_w2v2:experiments/transfer-real.toml",
            "Leave one language out over EmoDB, EMOVO, AESDD and RAVDESS",
        ),
    ]
