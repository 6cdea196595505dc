"""What every training of a network goes through: items chosen, trained in a folder, written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mserbench.model import TrainingItem
from mserbench_training.learning import loop
from mserbench_training.learning.sampler import sampler_of
from mserbench_training.learning.sets import Codes, hold_out_speakers, learnable
from mserbench_training.learning.training_folder import identity, keep_log, own_folder
from mserbench_training.models import network_folder
from mserbench_training.models.described_network import DescribedNetwork
from mserbench_training.models.network_settings import NetworkSettings


@dataclasses.dataclass(frozen=True)
class Sources:
    """The items of a training: those to learn from, those of other speakers to stop by, and their
    classes.
    """

    items: list[TrainingItem]
    held_out: list[TrainingItem]
    codes: Codes
    left_out: Mapping[str, int]

    @classmethod
    def of(
        cls,
        training: Sequence[TrainingItem],
        validation: Sequence[TrainingItem],
        settings: NetworkSettings,
    ) -> Sources:
        """Leave out the labels that are not learnt; hold out speakers where no `validation` is.

        Raises DataError where fewer than two labels are left.
        """
        items, left_out = list(training), dict[str, int]()
        if settings.labels == "canonical":
            items, left_out = learnable(items)

        held_out = list(validation)
        if not held_out:
            items, held_out = hold_out_speakers(items, settings.held_out, settings.seed)

        return cls(items, held_out, Codes.of(items), left_out)

    def record(self) -> dict[str, Any]:
        """Return what the weights tell of them, JSON-ready."""
        return {
            "codes": self.codes.to_json(),
            "left_out": dict(self.left_out),
            "held_out": sorted({f"{item.language} {item.speaker}" for item in self.held_out}),
        }


def train_and_write(
    model: DescribedNetwork,
    network: nn.Module,
    objective: loop.Objective,
    sources: Sources,
    settings: NetworkSettings,
    *,
    facts: Sequence[object],
    out: Path,
    record: Callable[[], Mapping[str, Any]],
    stored: torch.dtype | None = None,
) -> None:
    """Train a network in place and write its weights, record and log to the folder `out`.

    `facts`: all that decides the outcome beside the sources; a training that was cut off goes on
    where they are the same. `record` is asked when the training is done, while the network is
    still on its device, for what the weights tell beside sources and outcome. `stored`: the kind of
    numbers that are written, else those of the network.
    """
    with own_folder(identity(model.name, facts, [*sources.items, *sources.held_out])) as folder:
        outcome = loop.train(
            network,
            objective,
            sampler_of(settings, sources.codes.encode(sources.items)),
            settings.loop(),
            folder,
            model.device,
            settings.tensorboard,
        )
        # Before the network leaves its device, as some of the record is measured with it.
        content = {**record(), **sources.record(), "outcome": dataclasses.asdict(outcome)}
        network_folder.write(out, model.name, network.cpu(), content, stored)

        # Last, as the folder goes away with its log as soon as the weights are there.
        keep_log(folder, out)
