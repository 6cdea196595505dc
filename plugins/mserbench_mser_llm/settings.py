"""Every choice of mser-llm by name, with its default and what that rests on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from mserbench.options import later, option
from mserbench_mser_llm.choices import Calibration, LossOptions, Reading, Reduction
from mserbench_training.encoders.base import Length, Precision
from mserbench_training.models.network_settings import NOT_NAMED, OURS, NetworkSettings, common

NAMING = "What emotion does the speaker express, {labels}? Answer:"

# SECap is the nearest public system: frozen HuBERT, a Q-Former from BERT, frozen LLaMA. MRDF is
# code of the paper's first author with the same margin loss. The Q-Former is BLIP-2's.
_BLIP2 = "assumed, as BLIP-2 has it"
_SECAP = "assumed, as SECap has it"
_BERT = "assumed, that of BERT base"
_MRDF = "assumed, as MRDF has it, code of the paper's first author"
_PAPER = "the paper"
_BALANCED = "assumed: 16 clips, as SECap has, of 4 emotions; stage 2 takes 2 x 4 x 2"
_FIGURES = "the paper names none; figures: docs/mser-llm.md"


@dataclass(frozen=True)
class Settings(NetworkSettings):
    """The choices of the paper (arXiv 2503.21806) and those it leaves open; the defaults are the
    preset `paper`.
    """

    stage: Literal[1, 2] = option(
        1,
        "1 learns from human-annotated speech; 2 goes on with synthetic multilingual speech, from "
        "the weights that init names.",
        _PAPER,
        group="Stages",
    )
    init: str = option(
        "", "The weights folder to go on from; its architecture and prompt are kept.", _PAPER
    )
    encoder: str = option(
        "whisper-large-v3",
        "The frozen speech encoder: a Whisper by name, a folder, or tiny.",
        "the paper says Whisper; large-v3 is assumed: best of ten on 23 of 32 corpora (EmoBox)",
        group="Speech encoder, frozen",
    )
    length: Length = option(
        "padded",
        "padded hears a clip with silence up to 30 s, as Whisper was trained; trimmed hears the "
        "clip alone, many times faster.",
        OURS,
    )
    layers: str = option(
        "last",
        "Which layers are heard: last, all, one as 2, several as 1-3, mixed by learned shares.",
        "the paper; that middle layers carry emotion: docs/mser-llm.md",
    )
    pooling: Literal["none", "mean+loud"] = option(
        "none",
        "none: the Q-Former hears all frames; mean+loud: two vectors a clip, the mean over all "
        "frames and over the loud ones.",
        "the paper; mean+loud by figures: docs/mser-llm.md",
    )
    loud_decibels: float = common("loud_decibels", 20.0, "figures: docs/mser-llm.md")
    reduce: int = common("reduce", 1, NOT_NAMED)
    standardise: bool = option(
        False,
        "Standardises by mean and deviation of the training frames, or of the two vectors, before "
        "the LayerNorm.",
        NOT_NAMED,
    )
    centring: Literal["none", "corpus"] = common(
        "centring", "none", NOT_NAMED, metadata=later(before="none")
    )
    longest_seconds: float = common("longest_seconds", 30.0, "assumed: what Whisper hears at once")
    bert: str = option(
        "bert-base-uncased",
        "What the Q-Former starts from: a BERT by name, a folder, tiny, or none for random "
        "numbers.",
        "the paper says BERT; which one is assumed, as BLIP-2 has it",
        group="Emotion Q-Former",
    )
    qformer_layers: int = option(
        12, "Layers of the Q-Former.", "assumed, as BLIP-2 and SECap have it", within="at least 1"
    )
    cross_frequency: int = option(
        2,
        "Every how many layers the Q-Former hears the audio.",
        "assumed, as BLIP-2 and SECap have it",
        within="at least 1",
    )
    hidden_size: int = option(
        768, "Width of the Q-Former; a multiple of attention_heads, that of the BERT.", _BERT
    )
    attention_heads: int = option(12, "Attention heads of the Q-Former, those of the BERT.", _BERT)
    intermediate_size: int = option(
        3072, "Width of the Q-Former's feed-forward layers, that of the BERT.", _BERT
    )
    num_queries: int = option(
        256,
        "Learned queries, hence vectors that the LLM is shown of a clip.",
        'assumed: the reading of "a query embedding size of 256" that leaves BERT\'s width; '
        "BLIP-2 and SECap have 32",
        within="at least 1",
    )
    contrastive_dim: int = option(
        0,
        "Width of a head through which clips are compared; 0 compares the mean query.",
        "assumed, as MRDF has it; 256, as in BLIP-2, is another reading of the paper",
        within="0 or more",
    )
    dropout: float = option(0.1, "Dropout in the Q-Former.", _BLIP2, within="in [0, 1)")
    frame_dropout: float = option(
        0.0, "The share of frames hidden in training.", NOT_NAMED, within="in [0, 1)"
    )
    noise: float = option(
        0.0,
        "Deviation of normal noise that training adds to what is heard, after standardising.",
        _FIGURES,
        within="0 or more",
    )
    language_model: str = option(
        "llama-3-8b",
        "The frozen LLM: a LLaMA by name, a folder, or tiny.",
        "the paper says LLaMA 3; 8B, the base model, is assumed",
        group="LLM, frozen",
    )
    language_precision: Precision = option(
        "bfloat16", "What the LLM computes in; its logits are float32 always.", OURS
    )
    encoder_precision: Precision = common(
        "encoder_precision", "float32", OURS, metadata=later(before="float32")
    )
    prompt: str = option(
        NAMING,
        "The text between audio and answer; {labels} stands for the candidates.",
        "assumed: the paper gives none",
    )
    answer: Literal["score", "generate"] = option(
        "score",
        "score takes the likeliest label; generate lets the LLM write, and what is no label "
        "counts as wrong.",
        "assumed: the paper's words fit generate, scores need no reading of free text",
    )
    max_new_tokens: int = option(
        4, "Tokens that the LLM writes at most, with answer=generate.", OURS, within="at least 1"
    )
    label_reading: Reading = option(
        "sum", "The sum of the log-probabilities of a label's tokens, or their mean.", OURS
    )
    synonyms: bool = option(
        False, "Reads each label through several words, those of synonyms.py.", NOT_NAMED
    )
    calibration: Calibration = option(
        "none",
        "What is taken out of a label's score: its mean over the training clips, or over those of "
        "the target, which makes the model transductive.",
        NOT_NAMED,
    )
    same_weight: float = option(
        1.0,
        "w1 of Eq 1, of pairs with the same emotion; with different_weight 0 too, Eq 1 is left "
        "out.",
        _MRDF,
        within="0 or more",
        group="Losses",
    )
    different_weight: float = option(
        1.0, "w2 of Eq 1, of pairs with different emotions.", _MRDF, within="0 or more"
    )
    margin: float = option(
        0.0,
        "m of Eq 1: how similar clips of different emotions may be.",
        _MRDF,
        within="in [-1, 1], as cosines are",
    )
    reduction: Reduction = option(
        "mean",
        "mean over ordered pairs, or the sum, which grows with the batch.",
        "assumed, as MRDF has it; the sum is as printed",
    )
    exclude_self: bool = option(False, "Leaves pairs of a clip with itself out.", _MRDF)
    decoding_weight: float = option(
        1.0, "lambda of Eqs 2-3: weight of the LLM's own loss.", _MRDF, within="0 or more"
    )
    aligned: float = option(
        0.0,
        "The share of the steps, from the first, in which audio learns to be near the soft prompt "
        "that makes the LLM answer its label, in place of the loss through the LLM; many times "
        "faster.",
        _FIGURES,
        within="in [0, 1]",
    )
    decoded: int = option(
        0,
        "Clips of a batch that the LLM is then asked of, drawn; 0: all.",
        "the paper: all; fewer by figures: docs/mser-llm.md",
        within="0 or more",
    )
    sampler: Literal["hierarchical", "shuffled"] = common(
        "sampler", "hierarchical", "assumed: Eq 1 wants pairs of the same emotion", group="Batches"
    )
    batch_languages: int = common("batch_languages", 1, _BALANCED)
    batch_emotions: int = common("batch_emotions", 4, _BALANCED)
    batch_samples: int = common("batch_samples", 4, _BALANCED)
    batch_size: int = common("batch_size", 16, _SECAP)
    missing: Literal["fill", "skip", "error"] = common("missing", "fill", OURS)
    labels: Literal["canonical", "all"] = common(
        "labels", "canonical", "the paper: seven labels", group="Data"
    )
    crop_seconds: float = common("crop_seconds", 30.0, "the paper names none: all that is heard")
    copies: int = common("copies", 0, NOT_NAMED)
    mask_width: int = common("mask_width", 0, NOT_NAMED)
    mask_seconds: float = common("mask_seconds", 0.0, NOT_NAMED)
    held_out: float = common("held_out", 0.15, OURS)
    learning_rate: float = common("learning_rate", 1e-5, _PAPER, group="Optimisation")
    weight_decay: float = common("weight_decay", 1e-6, _PAPER)
    steps: int = common("steps", 50_000, OURS)
    warmup: int = common("warmup", 500, OURS)
    schedule: Literal["cosine", "constant"] = common("schedule", "constant", _SECAP)
    clip: float = common("clip", 1.0, OURS)
    accumulation: int = common("accumulation", 1, OURS)
    precision: Precision = common("precision", "float32", "assumed: BLIP-2 keeps its Q-Former so")
    checkpointing: bool = option(
        False,
        "Computes blocks of LLM and Q-Former again on the way back, which saves memory and costs "
        "time; gradients are the same.",
        OURS,
        metadata=later(before=False),
    )
    evaluate_every: int = common("evaluate_every", 2_000, OURS)
    patience: int = common("patience", 3, OURS)
    averaged: float = common("averaged", 0.0, OURS)
    seed: int = common("seed", 0, OURS)
    tensorboard: bool = common("tensorboard", False, OURS)
    stored: Literal["float32", "float16"] = option(
        "float32", "Numbers of the weights file; float16 halves it.", OURS
    )

    def __post_init__(self) -> None:
        super().__post_init__()

        # Two vectors a clip are no stretch of time in which anything could be hidden.
        hides_frames = self.mask_seconds != 0 or self.frame_dropout != 0
        self._require(
            "pooling",
            self.pooling == "none" or not hides_frames,
            "none where frames are hidden, by mask_seconds or frame_dropout",
        )
        fits = (
            self.hidden_size >= 1
            and self.attention_heads >= 1
            and self.hidden_size % self.attention_heads == 0
        )
        self._require("hidden_size", fits, f"a multiple of attention_heads, {self.attention_heads}")

        for name, off in (("synonyms", False), ("calibration", "none")):
            self._require(
                name,
                self.answer == "score" or getattr(self, name) == off,
                f"{str(off).lower()} with answer=generate, as written text has no scores",
            )

    def losses(self) -> LossOptions:
        """Return the options of the losses."""
        return LossOptions(
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(LossOptions)}
        )
