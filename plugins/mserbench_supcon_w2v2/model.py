"""`supcon-w2v2`: trained by language-aware contrastive learning against a speaker adversary (arXiv 2606.06200)."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import filelock
import numpy as np
import torch
from numpy.typing import NDArray

from mserbench.contracts import Clip, ModelCard
from mserbench.errors import ModelError, UsageError
from mserbench.files import cache_dir
from mserbench.model import TrainableModel, TrainingItem
from mserbench.processes import place
from mserbench_supcon_w2v2 import assembly, weights_folder
from mserbench_supcon_w2v2.feeding import HOLD, FrameFeeder, digest, statistics
from mserbench_supcon_w2v2.network import Network
from mserbench_supcon_w2v2.objective import Objective, embeddings_of, logits_of
from mserbench_supcon_w2v2.settings import Settings, SupconOptions, resolve
from mserbench_training import loop, training_log
from mserbench_training.bar import counting
from mserbench_training.encoders import named
from mserbench_training.label_scores import asked_for, softmax
from mserbench_training.machine import own_device
from mserbench_training.sampler import HierarchicalSampler, Sampler, ShuffledSampler
from mserbench_training.sets import Codes, hold_out_speakers, learnable


class SupconW2V2(TrainableModel):
    """Paper 2's model, with its own encoder or one that can be had everywhere; see `Settings` for every choice."""

    Options: ClassVar[type[Any]] = SupconOptions
    version: ClassVar[str] = "1"
    needs_weights: ClassVar[bool] = True
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    decodes_ahead: ClassVar[bool] = False  # frames are cached; waveforms are decoded by threads of its own
    name: ClassVar[str] = "supcon-w2v2"

    def __init__(self, options: Any = None, weights: Path | None = None, device: str = "cpu") -> None:
        super().__init__(options, weights, own_device(device))
        self.settings: Settings = resolve(self.options)
        self.labels: tuple[str, ...] = ()
        self._network: Network | None = None
        self._parts: assembly.Parts | None = None
        if weights is not None:
            self._load(weights)

    @property
    def card(self) -> ModelCard:
        """The exposure is that of its encoder; its weights add what they were trained on."""
        exposure, complete = named.exposure_of(self.settings.encoder)
        return ModelCard(
            self.name,
            f"Language-aware contrastive, speaker-adversarial, on {Path(self.settings.encoder).name}",
            self.version,
            "MIT; the encoder has its own licence",
            "Mi, Ma and Toda, arXiv 2606.06200, Interspeech 2026",
            exposure=exposure,
            exposure_complete=complete,
        )

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Compute the frames that are not cached yet."""
        if self._parts is not None and self._parts.frames is not None:
            with counting("frames") as progress:
                self._parts.frames.fill(clips(), progress=progress)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return a probability for each label: float64, (n_clips, n_labels).

        The softmax is over those of the trained labels that are asked for; another label gets 0. Raises ModelError
        where none of them was trained.
        """
        network, parts = self._loaded()
        columns, trained = asked_for(self.labels, labels)
        logits = logits_of(network, parts.feeder, clips)[:, trained]
        scores = np.zeros((len(clips), len(labels)))
        scores[:, columns] = [softmax(row) for row in logits]
        return scores

    def embeddings(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the vectors h of clips, of which the heads are functions: float64, (n_clips, dim)."""
        network, parts = self._loaded()
        return embeddings_of(network, parts.feeder, clips)

    def fit(self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path) -> None:
        """Train, and keep the weights with the best UAR of held-out speakers of the sources.

        `validation` are those speakers, or, if empty, a share of the sources' own. A training that was killed goes on
        when the same is asked for again. Raises DataError where fewer than two labels are left.
        """
        settings = self.settings
        items, left_out = list(training), dict[str, int]()
        if settings.labels == "canonical":
            items, left_out = learnable(items)
        held_out: list[TrainingItem] = list(validation)
        if not held_out:
            items, held_out = hold_out_speakers(items, settings.held_out, settings.seed)
        codes = Codes.of(items)
        torch.manual_seed(settings.seed)
        parts = assembly.build(settings, self.device, HOLD)
        network = assembly.network_of(parts, settings, len(codes.labels), len(codes.speakers))
        _fill(parts, items, held_out, settings)
        objective = Objective(items, held_out, codes, parts.feeder, settings)
        identity = digest(
            [self.version, settings, parts.encoder_version, *map(_identity, items), *map(_identity, held_out)]
        )
        with _own_folder(f"{self.name}-{identity[:20]}") as folder:
            sampler = sampler_of(settings, codes, items)
            outcome = loop.train(
                network, objective, sampler, settings.loop(), folder, self.device, settings.tensorboard
            )
            network.cpu()
            record = {
                "settings": dataclasses.asdict(settings),
                "codes": codes.to_json(),
                "encoder": {"name": settings.encoder, "version": parts.encoder_version},
                "left_out": left_out,
                "held_out": sorted({f"{item.language} {item.speaker}" for item in held_out}),
                "outcome": dataclasses.asdict(outcome),
            }
            weights_folder.write(out, self.name, network, record)
            if place().is_main and (folder / training_log.NAME).exists():  # of others it may be gone already
                shutil.copyfile(folder / training_log.NAME, out / training_log.NAME)

    def _load(self, folder: Path) -> None:
        record = weights_folder.read(folder, self.name)
        self.settings = weights_folder.settings_of(folder, record, self.options)
        self.labels = tuple(record["codes"]["labels"])
        self._parts = assembly.build(self.settings, self.device)
        if self._parts.encoder_version != record["encoder"]["version"]:
            raise UsageError(
                f"weights {str(folder)!r} stand on encoder {record['encoder']['name']!r}, version "
                f"{record['encoder']['version']!r}, but {self._parts.encoder_version!r} is here: give that encoder by "
                f"'--option encoder=FOLDER', or train again"
            )
        speakers = len(record["codes"]["speakers"])
        self._network = assembly.network_of(self._parts, self.settings, len(self.labels), speakers)
        weights_folder.load(folder, self._network)
        self._network.eval().to(self.device)

    def _loaded(self) -> tuple[Network, assembly.Parts]:
        if self._network is None or self._parts is None:
            raise ModelError(f"model {self.name!r} has no weights: train it first, or name some by --weights")
        return self._network, self._parts


def sampler_of(settings: Settings, codes: Codes, items: Sequence[TrainingItem]) -> Sampler:
    """Return the sampler that the settings name."""
    if settings.sampler == "shuffled":
        return ShuffledSampler(len(items), settings.batch_size, settings.seed)
    coded = codes.encode(items)
    return HierarchicalSampler(
        coded.languages.tolist(),
        coded.labels.tolist(),
        settings.batch_languages,
        settings.batch_emotions,
        settings.batch_samples,
        settings.missing,
        settings.seed,
    )


def _fill(
    parts: assembly.Parts, items: Sequence[TrainingItem], held_out: Sequence[TrainingItem], settings: Settings
) -> None:
    """Compute the frames of all clips once; several processes share the work. Then standardise by the sources."""
    if parts.frames is None:
        return
    rank, n_processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    with counting("frames") as progress:
        parts.frames.fill([item.clip for item in items][rank::n_processes], range(settings.copies + 1), progress)
        parts.frames.fill([item.clip for item in held_out][rank::n_processes], progress=progress)
    assert isinstance(parts.feeder, FrameFeeder)
    backbone: Any = parts.backbone
    found = statistics(parts.feeder, [item.clip for item in items], settings.standardise, backbone.centre.shape[1])
    backbone.centre.copy_(torch.from_numpy(found[0]))
    backbone.spread.copy_(torch.from_numpy(found[1]))


def _identity(item: TrainingItem) -> tuple[str | None, ...]:
    return item.clip.key, item.label, item.speaker, item.language, item.corpus


@contextmanager
def _own_folder(name: str) -> Iterator[Path]:
    """Give the folder of a training in the cache, named by its contents; it goes away when the training is done."""
    folder = cache_dir() / "training" / name
    folder.mkdir(parents=True, exist_ok=True)
    main = os.environ.get("RANK", "0") == "0"
    lock = filelock.FileLock(folder / ".lock")
    try:
        if main:
            lock.acquire(timeout=0)
    except filelock.Timeout:
        raise UsageError(f"the same training runs in another process, in {str(folder)!r}: wait for it") from None
    try:
        yield folder
    finally:
        lock.release()
    if main:
        shutil.rmtree(folder, ignore_errors=True)
