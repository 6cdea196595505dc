"""What a training of mser-llm takes, told without weights: parameters, memory, disk, and time where
it was measured.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import torch

from mserbench.footprint import ADAMW_BYTES, Footprint
from mserbench.labels import CANONICAL
from mserbench_mser_llm import architectures, assembly
from mserbench_mser_llm.connector import Connector, Shape
from mserbench_mser_llm.described import DescribedMserLlm
from mserbench_mser_llm.language_model import FrozenLanguageModel
from mserbench_mser_llm.network import Network
from mserbench_mser_llm.presets import PRESETS, resolve
from mserbench_mser_llm.scoring import LABELS
from mserbench_mser_llm.settings import Settings
from mserbench_training.encoders.base import Precision, parse_layers
from mserbench_training.resources.planned import CACHED_BYTES, NOT_MEASURED, bytes_of
from mserbench_training.resources.quiet import quietly
from mserbench_training.resources.saved import count, kept_bytes, without_memory

FRAMES_A_SECOND = 50
MINI_SECONDS = 132.0
MEASURED = (
    "one training of `mini` took 2.2 minutes of one core of an AVX2 EPYC, torch 2.11, on "
    "1,646 clips whose frames were "
    "there; once for an LLM and labels 40 s of soft prompts come to that"
)
BOUNDED = (
    "cached frames are kept up to $MSERBENCH_FRAME_CACHE_GB (20 if it is not set); those "
    "beyond it are computed again"
)
RECOMPUTED = (
    "with checkpointing the inputs of blocks are counted; on the way back those of one "
    "block at a time come on top"
)
PARTLY_TRACED = (
    "activations are counted on the full-size model without its numbers; as traced, the "
    "LLM keeps keys and values of "
    "all heads, which the attention that runs shares, so this is a few per cent more than it needs"
)


class Planned(DescribedMserLlm):
    """The part of mser-llm that plans ask of its size, before any weights or data are here."""

    @classmethod
    def footprint(cls, options: Any) -> Footprint:
        """Return what one training takes; see `footprint_of`."""
        return footprint_of(resolve(options))


class _Sketch(FrozenLanguageModel):
    """A language model without numbers and without a tokenizer: shapes are all that is asked of
    it.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.bos, self.end, self.dim = (0,), 1, int(module.config.hidden_size)


def footprint_of(settings: Settings) -> Footprint:
    """Build the model without memory for its numbers, run one batch, and count.

    Raises UsageError for parts of which neither weights are here nor the shape is known.
    """
    clips = settings.largest_batch()
    speech = architectures.encoder_sizes(settings.encoder)
    config = architectures.language_config(settings.language_model)

    with without_memory():
        llm = _Sketch(_language_model(config, settings.language_precision))
        layers = len(parse_layers(settings.layers, speech.layers, settings.encoder))
        shape = assembly.shape_of(settings, layers, speech.width, llm.dim)
        connector = _Unscaled(shape, 1.0).train()

        if settings.checkpointing:
            with quietly():
                assembly.recompute(Network(connector, llm))

        heard, answered = _kept(connector, llm, settings, clips)
        trainable, words = count(connector.parameters()), count(llm.module.parameters())

    return Footprint(
        trainable={"connector": trainable},
        frozen={
            f"speech encoder {settings.encoder}": speech.parameters,
            f"LLM {settings.language_model}": words,
        },
        memory={
            "LLM": words * bytes_of(settings.language_precision),
            "speech encoder": speech.parameters * bytes_of(settings.encoder_precision),
            "connector with AdamW": trainable * ADAMW_BYTES,
            "activations of the connector": heard,
            "activations of the LLM": answered,
        },
        clips=clips,
        cache=_cache(settings, layers, shape),
        weights=trainable * bytes_of(settings.stored),
        seconds=MINI_SECONDS if _is_mini(settings) else None,
        basis=_basis(settings),
    )


def _basis(settings: Settings) -> tuple[str, ...]:
    time = MEASURED if _is_mini(settings) else NOT_MEASURED
    return (time, PARTLY_TRACED, BOUNDED, *([RECOMPUTED] if settings.checkpointing else []))


class _Unscaled(Connector):
    """A connector that does not look at its numbers when it is made: it has none."""

    def scale_projection(self, length: float) -> None:
        """Leave the projection as it is."""


def _language_model(config: Any, precision: Precision) -> Any:
    from transformers import AutoModelForCausalLM

    making: Any = AutoModelForCausalLM  # it has no types
    dtype = getattr(torch, precision)
    module = making.from_config(config, dtype=dtype, attn_implementation="sdpa")

    return module.eval().requires_grad_(False)


def _kept(connector: Connector, llm: _Sketch, settings: Settings, clips: int) -> tuple[int, int]:
    """Return the bytes that connector and LLM keep for the gradient of one batch of the longest
    clips.
    """
    shape = connector.shape
    frames = torch.zeros(clips, shape.n_layers, _frames(settings, shape), shape.frame_dim)
    mask = torch.ones(frames.shape[0], frames.shape[2], dtype=torch.bool)
    n_answered = settings.decoded if 0 < settings.decoded < clips else clips
    audio = torch.zeros(n_answered, shape.n_queries, llm.dim, requires_grad=True)
    prompt = (0,) * _prompt_tokens(settings.prompt)

    def answer() -> Any:
        return llm.answer_losses(audio * 1.0, prompt, [(0,)] * n_answered)

    heard = kept_bytes(lambda: connector(frames, mask), connector.parameters())
    return heard, kept_bytes(answer, llm.module.parameters()) if settings.aligned < 1 else 0


def _frames(settings: Settings, shape: Shape) -> int:
    """Return how many frames of a clip the connector hears: two means, or those of the longest
    stretch.
    """
    if shape.n_views > 1:
        return shape.n_views

    seconds = min(settings.longest_seconds, settings.crop_seconds)
    return math.ceil(seconds * FRAMES_A_SECOND / settings.reduce)


def _prompt_tokens(prompt: str) -> int:
    """Return how many tokens a prompt has where each word and each mark is one, as in a large
    vocabulary.
    """
    return len(re.findall(r"\w+|[^\w\s]", prompt.replace(LABELS, ", ".join(CANONICAL))))


def _cache(settings: Settings, layers: int, shape: Shape) -> dict[str, float]:
    """Return the bytes of frames that are kept on disk for a second of audio, by what decides
    them.
    """
    # The share of a frame that is loud is kept beside its numbers.
    n_loudness = 0 if settings.pooling == "none" else 1
    rate = (
        FRAMES_A_SECOND / settings.reduce * layers * (shape.frame_dim + n_loudness) * CACHED_BYTES
    )
    name = (
        f"{settings.encoder} {settings.length} {settings.layers} /{settings.reduce} +{n_loudness}"
    )

    return {name: rate * (1 + settings.copies)}


def _is_mini(settings: Settings) -> bool:
    """Whether these are the settings of which a training was measured, whatever the seed."""
    plain = dataclasses.replace(settings, seed=PRESETS["mini"].seed)
    return plain == PRESETS["mini"]
