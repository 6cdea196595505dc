"""Puts encoder, backbone and feeder together as the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from mserbench.errors import UsageError
from mserbench_supcon_w2v2.backbones import FrameBackbone, WaveBackbone
from mserbench_supcon_w2v2.feeding import Feeder, FrameFeeder, WaveFeeder
from mserbench_supcon_w2v2.inside import adapt
from mserbench_supcon_w2v2.network import Network
from mserbench_supcon_w2v2.settings import Settings
from mserbench_training.encoders import named
from mserbench_training.encoders.base import parse_layers
from mserbench_training.encoders.wav2vec import Wav2VecModel, fingerprint
from mserbench_training.frames.augment import Augmentation
from mserbench_training.frames.computed import Frames
from mserbench_training.frames.loudness import WithLoudness
from mserbench_training.resources.recomputing import recompute_blocks


@dataclass(frozen=True)
class NetworkParts:
    """The backbone, what feeds it, and the version of its encoder."""

    backbone: FrameBackbone | WaveBackbone
    feeder: Feeder
    encoder_version: str


def build(settings: Settings, device: str = "cpu", hold: int = 0) -> NetworkParts:
    """Load the encoder and build what stands on it. Raises UsageError for settings that do not fit
    the encoder.

    `hold`: bytes of frames that may stay in memory, see FrameFeeder.
    """
    augmentation = Augmentation() if settings.copies else None
    if settings.adaptation == "inside":
        return _inside(settings, augmentation)

    encoder = named.open_encoder(settings.encoder, device, settings.encoder_precision)
    layers = parse_layers(settings.layers, encoder.layers, encoder.name)
    backbone = FrameBackbone(
        len(layers), encoder.dim, settings.adaptation, settings.adapter_width, settings.pooling
    )
    loud = settings.pooling != "mean"
    heard = WithLoudness(encoder, settings.loud_decibels) if loud else encoder
    frames = Frames(heard, layers, settings.reduce, settings.longest_seconds, augmentation, device)

    return NetworkParts(
        backbone, FrameFeeder(frames, settings, hold, unmaskable=int(loud)), encoder.version
    )


def _inside(settings: Settings, augmentation: Augmentation | None) -> NetworkParts:
    if named.kind_of(settings.encoder) != "wav2vec":
        raise UsageError(
            f"adaptation 'inside' needs an encoder of the wav2vec 2.0 family, which "
            f"{settings.encoder!r} is not: give "
            f"'--option adaptation=adapter' or another encoder"
        )

    model = Wav2VecModel.from_folder(named.folder_of(settings.encoder))
    # Before anything is put into it: it is the version of the pretrained numbers alone.
    version = fingerprint(model)[:16]
    layers = parse_layers(settings.layers, model.layers, settings.encoder)
    gate = settings.gate_start if settings.gate else None
    adapt(
        model,
        settings.lora_rank,
        settings.lora_alpha,
        settings.lora_dropout,
        settings.adapter_width,
        gate,
    )

    if settings.checkpointing:
        recompute_blocks(model.module)

    return NetworkParts(
        WaveBackbone(model, layers), WaveFeeder(model, settings, augmentation), version
    )


def network_of(parts: NetworkParts, settings: Settings, n_labels: int, n_speakers: int) -> Network:
    """Return the network on a backbone; without a speaker head where the speaker loss has no
    weight.
    """
    return Network(
        parts.backbone,
        n_labels,
        n_speakers if settings.beta > 0 else 0,
        settings.speaker_hidden,
        settings.speaker_dropout,
        settings.dropout,
    )
