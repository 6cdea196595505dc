"""What the connector hears of clips: frames of the frozen encoder, standardised by those of the training clips."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mserbench.model import TrainingItem
from mserbench_mser_llm.connector import Connector
from mserbench_training.frame_reader import FrameReader
from mserbench_training.frames import statistics


def standardise(connector: Connector, reader: FrameReader, items: Sequence[TrainingItem]) -> None:
    """Let the connector standardise frames by their mean and deviation over the training clips."""
    centre, spread = statistics(reader.read, [item.clip for item in items])
    connector.mix.centre.copy_(torch.from_numpy(centre))
    connector.mix.spread.copy_(torch.from_numpy(spread))
