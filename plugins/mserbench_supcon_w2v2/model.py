"""`supcon-w2v2`: trained by language-aware contrastive learning against a speaker adversary (arXiv
2606.06200).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.model import TrainingItem
from mserbench.options import told
from mserbench_supcon_w2v2 import assembly, weights_folder
from mserbench_supcon_w2v2.described import card_of
from mserbench_supcon_w2v2.feeding import FrameFeeder
from mserbench_supcon_w2v2.network import Network
from mserbench_supcon_w2v2.objective import Objective, embeddings_of, logits_of
from mserbench_supcon_w2v2.planning import Planned
from mserbench_supcon_w2v2.settings import Settings, resolve
from mserbench_training.frames.computed import statistics
from mserbench_training.frames.frame_reader import HOLD, FrameReader
from mserbench_training.learning.machine import own_device
from mserbench_training.models import network_folder
from mserbench_training.models.centred_network import (
    CentredNetwork,
    Places,
    centre_each,
    places_of,
)
from mserbench_training.models.fitting import Sources, train_and_write
from mserbench_training.models.label_scores import asked_for, softmax


class SupconW2V2(CentredNetwork, Planned):
    """Paper 2's model, with its own encoder or one that can be had everywhere; see `Settings` for
    every choice.
    """

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, own_device(device))
        self.settings: Settings = resolve(self.options)
        self.labels: tuple[str, ...] = ()
        self._network: Network | None = None
        self._parts: assembly.NetworkParts | None = None

        if weights is not None:
            self._load(weights)

    @property
    def precision(self) -> str:
        """Of its frozen encoder."""
        return self.settings.encoder_precision

    @property
    def card(self) -> ModelCard:
        """The card of its settings; see `described`."""
        return card_of(self.settings, self.options, self.weights)

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Compute the frames that are not cached yet."""
        if self._parts is not None and isinstance(self._parts.feeder, FrameFeeder):
            self._parts.feeder.fill(clips())

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return a probability for each label: float64, (n_clips, n_labels).

        The softmax is over those of the trained labels that are asked for; another label gets 0.
        Raises ModelError where none of them was trained.
        """
        network, parts = self._loaded()
        columns, trained = asked_for(self.labels, labels)
        logits = logits_of(network, parts.feeder, clips)[:, trained]
        scores = np.zeros((len(clips), len(labels)))
        scores[:, columns] = [softmax(row) for row in logits]

        return scores

    def embeddings(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the vectors h of clips, of which the heads are functions: float64, (n_clips,
        dim).
        """
        network, parts = self._loaded()
        return embeddings_of(network, parts.feeder, clips)

    def fit(
        self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path
    ) -> None:
        """Train, and keep the weights with the best UAR of held-out speakers of the sources.

        `validation` are those speakers, or, if empty, a share of the sources' own. A training that
        was killed goes on when the same is asked for again. Raises DataError where fewer than two
        labels are left.
        """
        settings = self.settings
        sources = Sources.of(training, validation, settings)
        codes = sources.codes

        # The first weights are drawn from here on, so this stands before any part is made.
        torch.manual_seed(settings.seed)
        parts = assembly.build(settings, self.device, HOLD)
        network = assembly.network_of(parts, settings, len(codes.labels), len(codes.speakers))
        places = _fill(parts, sources.items, sources.held_out, settings)
        version = parts.encoder_version

        train_and_write(
            self,
            network,
            Objective(sources.items, sources.held_out, codes, parts.feeder, settings),
            sources,
            settings,
            facts=[self.version, told(settings), version],
            out=out,
            record=lambda: {
                "settings": told(settings),
                "encoder": {"name": settings.encoder, "version": version},
                **(places.to_json() if places else {}),
            },
        )

    def _load(self, folder: Path) -> None:
        record = weights_folder.read(folder, self.name)
        self.settings = weights_folder.settings_of(folder, record, self.options)
        self.labels = tuple(record["codes"]["labels"])
        self._parts = assembly.build(self.settings, self.device)
        weights_folder.check_encoder(folder, record, self._parts.encoder_version)
        speakers = len(record["codes"]["speakers"])
        self._network = assembly.network_of(self._parts, self.settings, len(self.labels), speakers)
        network_folder.load_for_scoring(folder, self._network, self.device)
        if self._reader() is not None:
            backbone: Any = self._parts.backbone
            # The reader's vectors have one view of a clip, the mean over its frames.
            centre = backbone.centre.double().cpu().numpy()[:, None]
            self._places = places_of(folder, record, centre, is_measured=True)

    def _reader(self) -> FrameReader | None:
        feeder = self._loaded()[1].feeder
        return feeder if isinstance(feeder, FrameFeeder) else None

    def _loaded(self) -> tuple[Network, assembly.NetworkParts]:
        if self._network is None or self._parts is None:
            raise self.no_weights()

        return self._network, self._parts


def _fill(
    parts: assembly.NetworkParts,
    items: Sequence[TrainingItem],
    held_out: Sequence[TrainingItem],
    settings: Settings,
) -> Places | None:
    """Compute the frames of all clips once; several processes share the work. Then standardise by
    the sources, and return where these lie.
    """
    if not isinstance(parts.feeder, FrameFeeder):
        return None

    parts.feeder.fill_for_training(items, held_out)
    places = Places.measured(parts.feeder, items)
    if settings.centring == "corpus":
        centre_each(parts.feeder, places, places.origin, [*items, *held_out])

    backbone: Any = parts.backbone
    dim = backbone.centre.shape[1]
    centre, spread = statistics(
        parts.feeder.moved, [item.clip for item in items], settings.standardise, dim
    )
    backbone.centre.copy_(torch.from_numpy(centre))
    backbone.spread.copy_(torch.from_numpy(spread))

    return places
