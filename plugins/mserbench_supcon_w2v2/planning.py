"""What a training of supcon-w2v2 takes, told without weights: parameters, memory, disk, and
measured time.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mserbench.contracts import SAMPLE_RATE
from mserbench.footprint import ADAMW_BYTES, Footprint
from mserbench.labels import CANONICAL
from mserbench.weights import lookup
from mserbench.weights.named import weights_names
from mserbench_supcon_w2v2.backbones import FrameBackbone, WaveBackbone
from mserbench_supcon_w2v2.described import DescribedSupcon
from mserbench_supcon_w2v2.inside import adapt
from mserbench_supcon_w2v2.settings import PRESETS, Preset, Settings, resolve
from mserbench_training.encoders.base import parse_layers
from mserbench_training.encoders.logmel import LogMelEncoder
from mserbench_training.encoders.named import LOGMEL
from mserbench_training.encoders.wav2vec import Wav2VecModel
from mserbench_training.encoders.whisper_sizes import sizes_of
from mserbench_training.resources.planned import CACHED_BYTES, NOT_MEASURED, bytes_of
from mserbench_training.resources.recomputing import recompute_blocks
from mserbench_training.resources.saved import count, kept_bytes

SECONDS: Mapping[Preset, float] = {"small": 11.0, "logmel": 9.0}
MEASURED = (
    "trainings of `small` and `logmel` took up to 11 and 9 s of processor time (300 and "
    "200 steps, frames there; one "
    "thread of an AMD EPYC, torch 2.11)"
)
TRACED = (
    "activations of wav2vec 2.0 are counted on the full-size model without its numbers, "
    "with attention as matrices of "
    "all pairs: more than it needs where a kernel keeps none; the speaker head is that of "
    "300 speakers"
)
SPEAKERS = 300  # of a head whose training speakers are not known before the corpora are read
WHISPER_STEP = 0.02  # seconds a frame


class Planned(DescribedSupcon):
    """The part of supcon-w2v2 that plans ask of its size, before any weights or data are here."""

    @classmethod
    def footprint(cls, options: Any) -> Footprint | None:
        """Return what one training takes; None for an encoder whose shape is not known here."""
        settings = resolve(options)
        return _inside(settings) if settings.adaptation == "inside" else _on_frames(settings)


def _inside(settings: Settings) -> Footprint | None:
    """Count a wav2vec 2.0 with trainable parts inside, and what one batch of the longest crops
    keeps.
    """
    config = _wave_config(settings.encoder)
    if config is None:
        return None

    with torch.device("meta"):
        model = _wave_model(config)
        layers = parse_layers(settings.layers, model.layers, settings.encoder)
        gate = settings.gate_start if settings.gate else None
        adapt(
            model, settings.lora_rank, settings.lora_alpha, settings.lora_dropout,
            settings.adapter_width, gate,
        )  # fmt: skip

        if settings.checkpointing:
            recompute_blocks(model.module)

        backbone = WaveBackbone(model, layers).train()
        inputs = [torch.zeros(round(settings.crop_seconds * SAMPLE_RATE))]
        activation_bytes = kept_bytes(lambda: backbone(inputs), backbone.parameters())

    learnt = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
    frozen = count(backbone.parameters()) - count(learnt)
    return _footprint(
        settings, count(learnt), backbone.dim, {settings.encoder: frozen}, activation_bytes
    )


def _wave_config(name: str) -> Any:
    """Return the configuration of an encoder: its own where it is here, else that of a base model
    by name.
    """
    from transformers import AutoConfig, Wav2Vec2Config

    if name in weights_names():
        if lookup.read_record(name) is not None:
            return AutoConfig.from_pretrained(lookup.folder(name), local_files_only=True)
        return Wav2Vec2Config() if "wav2vec2" in name else None

    folder = Path(name)
    return AutoConfig.from_pretrained(folder, local_files_only=True) if folder.is_dir() else None


def _wave_model(config: Any) -> Wav2VecModel:
    from transformers import AutoModel

    config.apply_spec_augment, config.layerdrop = False, 0.0
    making: Any = AutoModel  # it has no types
    module: nn.Module = making.from_config(config)

    return Wav2VecModel(module.eval().requires_grad_(False), normalise=True)


def _on_frames(settings: Settings) -> Footprint | None:
    """Count a small network on frames of a frozen encoder, and what it keeps of the longest
    clips.
    """
    frozen, whisper = dict[str, int](), sizes_of(settings.encoder)
    if settings.encoder == LOGMEL:
        logmel = LogMelEncoder()
        width, n_layers, step = logmel.dim, logmel.layers, logmel.frame_seconds
    elif whisper is not None:
        width, n_layers, step = whisper.width, whisper.layers, WHISPER_STEP
        frozen = {settings.encoder: whisper.parameters}
    else:
        return None

    layers = len(parse_layers(settings.layers, n_layers, settings.encoder))
    # The share of a frame that is loud stands beside its numbers.
    n_loudness = int(settings.pooling != "mean")
    backbone = FrameBackbone(
        layers, width, settings.adaptation, settings.adapter_width, settings.pooling
    ).train()
    seconds = min(settings.crop_seconds, settings.longest_seconds)
    n_frames = math.ceil(seconds / step / settings.reduce)
    frames = torch.zeros(1, layers, n_frames, width + n_loudness)
    mask = torch.ones(1, n_frames, dtype=torch.bool)
    activation_bytes = kept_bytes(lambda: backbone(frames, mask), backbone.parameters())
    rate = (
        layers
        * (width + n_loudness)
        * CACHED_BYTES
        / step
        / settings.reduce
        * (1 + settings.copies)
    )
    cache = {f"{settings.encoder} {settings.layers} /{settings.reduce} +{n_loudness}": rate}
    learnt = count(backbone.parameters())

    return _footprint(settings, learnt, backbone.dim, frozen, activation_bytes, cache)


def _footprint(
    settings: Settings,
    backbone: int,
    dim: int,
    frozen: Mapping[str, int],
    activation_bytes: int,
    cache: Mapping[str, float] | None = None,
) -> Footprint:
    """Put together what is counted of a backbone, `kept` bytes a clip, and the heads on its vectors
    of `dim`.
    """
    clips, measured = settings.largest_batch(), _measured(settings)
    emotion = (dim + 1) * len(CANONICAL)
    hidden = settings.speaker_hidden
    speaker = (dim + 1) * hidden + (hidden + 1) * SPEAKERS if settings.beta > 0 else 0
    trainable = backbone + emotion + speaker

    return Footprint(
        trainable={
            "in and on the encoder": backbone,
            "emotion head": emotion,
            "speaker head": speaker,
        },
        frozen=frozen,
        memory={
            "encoder": sum(frozen.values()) * bytes_of(settings.encoder_precision),
            "trained parts with AdamW": trainable * ADAMW_BYTES,
            "activations": activation_bytes * clips,
        },
        clips=clips,
        cache=cache or {},
        weights=trainable * bytes_of("float32"),
        seconds=measured,
        basis=(NOT_MEASURED if measured is None else MEASURED, TRACED),
    )


def _measured(settings: Settings) -> float | None:
    """Return the seconds of a training with these settings, whatever the seed and the weights of
    the losses.
    """
    plain = dataclasses.replace(settings, seed=0, alpha=1.0, beta=0.3, sampler="hierarchical")
    return next((seconds for name, seconds in SECONDS.items() if plain == PRESETS[name]), None)
