"""Every choice of mser-llm by name, with its default and where that is from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

from mserbench.errors import UsageError
from mserbench.options import later
from mserbench_mser_llm.choices import Calibration, LossOptions, Reading, Reduction
from mserbench_training.encoders.base import Length, Precision
from mserbench_training.loop_options import LoopOptions

NAMING = "What emotion does the speaker express, {labels}? Answer:"


@dataclass(frozen=True)
class Settings:
    """The choices of the paper (arXiv 2503.21806) and those it leaves open; the defaults are the
    preset `paper`.

    Evidence: [P] the paper; [S] SECap, the nearest public system (frozen HuBERT, Q-Former from
    BERT, frozen LLaMA); [B] BLIP-2 and its code, where the Q-Former is from; [M] MRDF, code of the
    paper's first author with the same margin loss; [E] EmoBox, 32 corpora; [F] figures of this
    project, docs/mser-llm.md; [A] an assumption of ours.

    Stages. `stage`: 1 learns from human-annotated speech, 2 goes on with synthetic multilingual
    speech [P]; stage 2 starts from `init`, the weights folder of stage 1, whose architecture and
    prompt it keeps.

    Speech encoder, frozen [P]. `encoder`: name of pretrained weights, a folder, or "tiny";
    whisper-large-v3 [E; the paper says Whisper]. `length`: "padded" to 30 s, as Whisper was trained
    [A], or "trimmed" to the clip, many times faster. `layers`: "last" [P], "all", one as "2",
    several as "1-3", mixed by learned shares [F: the middle ones carry emotion]. `pooling`: "none",
    the Q-Former hears all frames [P]; "mean+loud", two vectors a clip, the mean over all and over
    those within `loud_decibels` of its loudest, 20 [F]. `reduce`: neighbouring frames averaged into
    one, 1 [P: none named]. `standardise`: by mean and deviation of the training frames, or of the
    two vectors, before the LayerNorm; false [P: none named]. `longest_seconds`: what is heard of a
    clip, 30 [A]. `encoder_precision`: float32 [A], or bfloat16.

    Emotion Q-Former. `bert`: what it starts from [P], bert-base-uncased [A; B]; "none" starts at
    random. `qformer_layers` 12, `cross_frequency` 2 [B, S]; `hidden_size` 768, `attention_heads`
    12, `intermediate_size` 3072: those of the BERT. `num_queries`: 256, the reading of "a query
    embedding size of 256" that leaves BERT's width [A]; 32 in [B, S]. `contrastive_dim`: 0, the
    mean query is compared [M]; 256 is the other reading [B]. `dropout` 0.1 [B]. `frame_dropout`:
    the share of frames hidden in training, 0 [P: none named]. `noise`: deviation of normal noise
    that training adds to what is heard, after standardising, 0 [P: none named; F].

    LLM, frozen [P]. `language_model`: llama-3-8b [A; the paper says LLaMA 3]. `language_precision`:
    bfloat16 [A], or float32. `prompt`: text between audio and answer, `{labels}` stands for the
    candidates; not given in the paper [A]. `answer`: "score" takes the likeliest label [A];
    "generate" lets the LLM write, as the paper words it, and what is no label counts as wrong;
    `max_new_tokens` of it, 4 [A]. `label_reading`: log-probabilities of a label's tokens are
    summed, or their "mean" [A]. `synonyms`: each label is read through several words, synonyms.py;
    false [P: none named]. `calibration`: what is taken out of a label's score, "none" [P: none
    named], its mean over the "training" clips, or over those of the "target", which makes the model
    transductive.

    Losses. `same_weight` w1, `different_weight` w2, `margin` m: 1, 1, 0 [M]; both weights 0 leave
    Eq 1 out. `reduction`: mean over ordered pairs [M]; "sum" is as printed, and grows with the
    batch. `exclude_self`: false, pairs of a clip with itself count in the mean [M].
    `decoding_weight`: lambda of Eqs 2-3, 1 [M]. `aligned`: the share of the steps, from the first,
    in which audio learns to be near the soft prompt that makes the LLM answer its label, in place
    of the decoding loss, 0 [P]: many times faster than through the LLM [F]. `decoded`: clips of a
    batch that the LLM is then asked of, drawn; 0, all [P].

    Batches. `sampler`: "hierarchical", `batch_languages` x `batch_emotions` x `batch_samples` = 1 x
    4 x 4 [A: 16 of S, balanced, as Eq 1 wants pairs]; stage 2: 2 x 4 x 2 [A]; or "shuffled", of
    `batch_size`. `missing`: see HierarchicalSampler.

    Data. `labels`: "canonical" leaves out clips with other labels than the seven [P], "all" learns
    those. `crop_seconds`: a random stretch in training, 30: none [P: none named]. `copies`:
    augmented copies of each clip that take turns with it, `mask_width`, `mask_seconds`: the widest
    band and longest stretch hidden; 0 [P: none named]. `held_out`: the share of clips, in whole
    speakers of each source, kept to stop by where no validation clips are given [A].

    Optimisation. AdamW, `learning_rate` 1e-5, `weight_decay` 1e-6 [P]. `schedule` constant [S]
    after `warmup` 500 [A]. `steps` 50,000, `evaluate_every` 2,000, `patience` 3 [A]; `clip` 1.0
    [A]; `accumulation`, `precision` of the connector, float32 [B], `checkpointing`, `seed`,
    `tensorboard` [A]. Checkpointing: blocks of LLM and Q-Former are computed again on the way back,
    which saves memory and costs time; false. The weights with the best mean UAR over the source
    languages are kept [A]; without held-out speakers the last, or the average over the last steps,
    a share `averaged` of all, 0 [A]; as numbers of `stored`: float32, or float16, which halves the
    file [A].
    """

    stage: Literal[1, 2] = 1
    init: str = ""
    encoder: str = "whisper-large-v3"
    length: Length = "padded"
    layers: str = "last"
    pooling: Literal["none", "mean+loud"] = "none"
    loud_decibels: float = 20.0
    reduce: int = 1
    standardise: bool = False
    longest_seconds: float = 30.0
    bert: str = "bert-base-uncased"
    qformer_layers: int = 12
    cross_frequency: int = 2
    hidden_size: int = 768
    attention_heads: int = 12
    intermediate_size: int = 3072
    num_queries: int = 256
    contrastive_dim: int = 0
    dropout: float = 0.1
    frame_dropout: float = 0.0
    noise: float = 0.0
    language_model: str = "llama-3-8b"
    language_precision: Precision = "bfloat16"
    encoder_precision: Precision = field(default="float32", metadata=later(before="float32"))
    prompt: str = NAMING
    answer: Literal["score", "generate"] = "score"
    max_new_tokens: int = 4
    label_reading: Reading = "sum"
    synonyms: bool = False
    calibration: Calibration = "none"
    same_weight: float = 1.0
    different_weight: float = 1.0
    margin: float = 0.0
    reduction: Reduction = "mean"
    exclude_self: bool = False
    decoding_weight: float = 1.0
    aligned: float = 0.0
    decoded: int = 0
    sampler: Literal["hierarchical", "shuffled"] = "hierarchical"
    batch_languages: int = 1
    batch_emotions: int = 4
    batch_samples: int = 4
    batch_size: int = 16
    missing: Literal["fill", "skip", "error"] = "fill"
    labels: Literal["canonical", "all"] = "canonical"
    crop_seconds: float = 30.0
    copies: int = 0
    mask_width: int = 0
    mask_seconds: float = 0.0
    held_out: float = 0.15
    learning_rate: float = 1e-5
    weight_decay: float = 1e-6
    steps: int = 50_000
    warmup: int = 500
    schedule: Literal["cosine", "constant"] = "constant"
    clip: float = 1.0
    accumulation: int = 1
    precision: Precision = "float32"
    checkpointing: bool = field(default=False, metadata=later(before=False))
    evaluate_every: int = 2_000
    patience: int = 3
    averaged: float = 0.0
    seed: int = 0
    tensorboard: bool = False
    stored: Literal["float32", "float16"] = "float32"

    def __post_init__(self) -> None:
        for name in (
            "reduce",
            "qformer_layers",
            "cross_frequency",
            "num_queries",
            "batch_size",
            "max_new_tokens",
        ):
            self._require(name, getattr(self, name) >= 1, "at least 1")

        for name in ("crop_seconds", "longest_seconds", "loud_decibels"):
            self._require(name, getattr(self, name) > 0, "above 0")

        for name in (
            "same_weight", "different_weight", "decoding_weight", "contrastive_dim", "copies",
            "mask_width", "mask_seconds", "clip", "noise", "decoded",
        ):  # fmt: skip
            self._require(name, getattr(self, name) >= 0, "0 or more")

        for name in ("dropout", "frame_dropout", "held_out"):
            self._require(name, 0 <= getattr(self, name) < 1, "in [0, 1)")

        self._require("aligned", 0 <= self.aligned <= 1, "in [0, 1]")
        whole = self.pooling == "none" or (self.mask_seconds == 0 and self.frame_dropout == 0)
        self._require(
            "pooling", whole, "none where frames are hidden, by mask_seconds or frame_dropout"
        )
        self._require("margin", -1 <= self.margin <= 1, "in [-1, 1], as cosines are")
        fits = (
            self.hidden_size >= 1
            and self.attention_heads >= 1
            and self.hidden_size % self.attention_heads == 0
        )
        self._require("hidden_size", fits, f"a multiple of attention_heads, {self.attention_heads}")

        for name, off in (("synonyms", False), ("calibration", "none")):
            free = self.answer == "score" or getattr(self, name) == off
            self._require(
                name,
                free,
                f"{str(off).lower()} with answer=generate, as written text has no scores",
            )

        self.loop()

    def _require(self, name: str, holds: bool, what: str) -> None:
        if not holds:
            raise UsageError(
                f"option {name} is {getattr(self, name)}, but must be {what}: give another value"
            )

    def loop(self) -> LoopOptions:
        """Return the options of the training loop."""
        names = {field.name for field in dataclasses.fields(LoopOptions)} - {"shape"}
        return LoopOptions(shape=self.schedule, **{name: getattr(self, name) for name in names})

    def losses(self) -> LossOptions:
        """Return the options of the losses."""
        return LossOptions(
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(LossOptions)}
        )
