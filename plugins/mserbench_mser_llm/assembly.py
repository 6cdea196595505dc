"""Puts the frozen parts, the feeder and the connector together as the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from mserbench_mser_llm import names, parts
from mserbench_mser_llm.bert_start import start_from_bert
from mserbench_mser_llm.connector import Connector, Shape
from mserbench_mser_llm.feeding import PooledReader
from mserbench_mser_llm.language_model import FrozenLanguageModel
from mserbench_mser_llm.network import Network
from mserbench_mser_llm.settings import Settings
from mserbench_training.encoders.base import parse_layers
from mserbench_training.frames.augment import Augmentation
from mserbench_training.frames.computed import Frames
from mserbench_training.frames.frame_reader import FrameReader
from mserbench_training.frames.loudness import WithLoudness
from mserbench_training.resources.recomputing import recompute_blocks


@dataclass(frozen=True)
class FrozenParts:
    """The frozen parts ready for use, and their versions."""

    feeder: FrameReader
    llm: FrozenLanguageModel
    encoder_version: str
    llm_version: str

    def versions(self) -> dict[str, str]:
        """Return the versions by the option that names the part."""
        return {"encoder": self.encoder_version, "language_model": self.llm_version}


def open_parts(settings: Settings, device: str = "cpu", hold: int = 0) -> FrozenParts:
    """Load the frozen parts; `hold` bytes of frames may stay in memory.

    Raises UnknownName, UsageError for settings that do not fit the parts, or DataError.
    """
    encoder = parts.open_encoder(
        settings.encoder, settings.length, device, settings.encoder_precision
    )
    layers = parse_layers(settings.layers, encoder.layers, encoder.name)
    augmentation = Augmentation() if settings.copies else None
    pooled = settings.pooling != "none"
    heard = WithLoudness(encoder, settings.loud_decibels) if pooled else encoder
    frames = Frames(heard, layers, settings.reduce, settings.longest_seconds, augmentation, device)
    llm, version = parts.open_language_model(
        settings.language_model, settings.language_precision, device
    )
    reader = PooledReader if pooled else FrameReader

    return FrozenParts(reader(frames, settings, hold), llm, encoder.version, version)


def network_of(ready: FrozenParts, settings: Settings) -> Network:
    """Return the network with a connector of random weights."""
    frames, pooled = ready.feeder.frames, settings.pooling != "none"
    dim = frames.encoder.dim - int(pooled)  # less the number that tells how loud a frame is
    shape = shape_of(settings, len(frames.layers), dim, ready.llm.dim)

    return Network(Connector(shape, ready.llm.embedding_norm()), ready.llm)


def shape_of(settings: Settings, n_layers: int, frame_dim: int, llm_dim: int) -> Shape:
    """Return the shape of the connector between an encoder and an LLM."""
    return Shape(
        n_layers,
        frame_dim,
        llm_dim,
        settings.num_queries,
        settings.qformer_layers,
        settings.hidden_size,
        settings.attention_heads,
        settings.intermediate_size,
        settings.cross_frequency,
        settings.contrastive_dim,
        settings.dropout,
        settings.frame_dropout,
        1 if settings.pooling == "none" else 2,
        settings.noise,
    )


def recompute(network: Network) -> None:
    """Let the blocks of LLM and Q-Former be computed again on the way back, in place: less memory,
    more time.
    """
    network.llm.recompute()
    recompute_blocks(network.connector.qformer)


def start(network: Network, settings: Settings) -> None:
    """Start the Q-Former from its BERT, in place; the projection is scaled to what then comes out
    of it.
    """
    if settings.bert != names.NO_BERT:
        start_from_bert(network.connector.qformer, parts.folder_of(settings.bert, "bert"))
        network.connector.scale_projection(network.llm.embedding_norm())
