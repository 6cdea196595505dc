"""The model `mser-llm`, a Q-Former between a frozen Whisper and a frozen LLaMA, and its four
experiments.
"""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import ExperimentEntry, ModelEntry, hookimpl

MSERBENCH_API = 1

WEIGHTS = {"mini-real": "emodb,emovo,aesdd", "mini-demo": "demo-train"}
"""The connectors that ship with the model, and what they were trained on; docs/cards has a card of
each.
"""


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    return [
        ModelEntry(
            "mser-llm",
            "mserbench_mser_llm.model:MserLlm",
            "Whisper, Emotion Q-Former and LLaMA, in two stages",
            needs=dict.fromkeys(
                ("torch", "torchaudio", "transformers", "whisper", "accelerate"), "train"
            ),
            described="mserbench_mser_llm.described:DescribedMserLlm",
            weights={name: f"mserbench_mser_llm:weights/{name}" for name in WEIGHTS},
        )
    ]


@hookimpl
def register_experiments() -> Iterable[ExperimentEntry]:
    """Return what is there of the two tables of the paper, and three over corpora that can be had
    everywhere.
    """
    return [
        ExperimentEntry(
            "mser-table1",
            "mserbench_mser_llm:experiments/mser-table1.toml",
            "Table I of paper 1, its stage 1: IEMOCAP, MELD, four corpora not trained on",
        ),
        ExperimentEntry(
            "mser-table2",
            "mserbench_mser_llm:experiments/mser-table2.toml",
            "Table II of paper 1, its six rows: the loss, and one stage of training or two",
        ),
        ExperimentEntry(
            "mser-real",
            "mserbench_mser_llm:experiments/mser-real.toml",
            "mser-llm (mini), one language left out of four corpora",
        ),
        ExperimentEntry(
            "mser-stages",
            "mserbench_mser_llm:experiments/mser-stages.toml",
            "The six rows with mser-llm (mini): RAVDESS, its rendering in five languages, three "
            "targets",
        ),
        ExperimentEntry(
            "mser-prompts",
            "mserbench_mser_llm:experiments/mser-prompts.toml",
            "Six prompts put to one trained mser-llm (mini), four corpora",
        ),
    ]
