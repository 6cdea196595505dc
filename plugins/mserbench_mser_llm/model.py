"""`mser-llm`: frozen Whisper, Emotion Q-Former, frozen LLaMA, trained in two stages (arXiv 2503.21806)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from mserbench import exposure
from mserbench.contracts import Clip, ModelCard
from mserbench.errors import ModelError, UsageError
from mserbench.model import TrainableModel, TrainingItem
from mserbench_mser_llm import assembly, lineage, parts, weights_folder
from mserbench_mser_llm.feeding import standardise
from mserbench_mser_llm.network import Network
from mserbench_mser_llm.objective import Objective, answers_of, embeddings_of, scores_of
from mserbench_mser_llm.presets import MserLlmOptions, resolve
from mserbench_mser_llm.scoring import Question
from mserbench_mser_llm.settings import Settings
from mserbench_training import loop
from mserbench_training.label_scores import softmax
from mserbench_training.machine import own_device
from mserbench_training.sampler import sampler_of
from mserbench_training.sets import Codes, hold_out_speakers, learnable
from mserbench_training.training_folder import identity, keep_log, own_folder


class MserLlm(TrainableModel):
    """Paper 1's model, at the paper's size or one that runs anywhere; see `Settings` for every choice."""

    Options: ClassVar[type[Any]] = MserLlmOptions
    version: ClassVar[str] = "1"
    needs_weights: ClassVar[bool] = True
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    decodes_ahead: ClassVar[bool] = False  # frames are cached; waveforms are decoded by threads of its own
    name: ClassVar[str] = "mser-llm"

    def __init__(self, options: Any = None, weights: Path | None = None, device: str = "cpu") -> None:
        super().__init__(options, weights, own_device(device))
        self.settings: Settings = resolve(self.options)
        self.labels: tuple[str, ...] = ()
        self._earlier: list[dict[str, Any]] = []
        self._network: Network | None = None
        self._parts: assembly.Parts | None = None
        self._questions: dict[tuple[str, ...], Question] = {}
        if weights is not None:
            self._load(weights)

    @property
    def card(self) -> ModelCard:
        """The exposure is that of its frozen parts, of its BERT, and of earlier stages; weights add their own."""
        chosen = self.settings
        found, complete = parts.exposure_of(chosen.encoder, chosen.language_model, chosen.bert)
        speech, words = Path(chosen.encoder).name, Path(chosen.language_model).name
        card = ModelCard(
            self.name,
            f"Emotion Q-Former between frozen {speech} and frozen {words}",
            self.version,
            "MIT; the frozen parts have their own licences",
            "Zou et al., arXiv 2503.21806, ICME 2025",
            exposure=found,
            exposure_complete=complete,
        )
        return lineage.exposed(card, self._earlier)

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Compute the frames that are not cached yet."""
        if self._parts is not None:
            self._parts.feeder.fill(clips())

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64] | list[str]:
        """Return a probability for each label, float64, (n_clips, n_labels); with `answer=generate`, one text a clip.

        Any label can be asked for, trained or not: the LLM knows the word. The softmax is over those asked for.
        """
        network, ready = self._loaded()
        question = self.question(labels)
        if self.settings.answer == "generate":
            return answers_of(network, ready.feeder, clips, question, self.settings)
        scores = scores_of(network, ready.feeder, clips, question, self.settings)
        return np.stack([softmax(row) for row in scores])

    def question(self, labels: Sequence[str]) -> Question:
        """Return what is asked of the LLM for these labels; its `record()` tells prompt, hash and token counts."""
        _, ready = self._loaded()
        key = tuple(labels)
        if key not in self._questions:
            self._questions[key] = Question.of(ready.llm, self.settings.prompt, key)
        return self._questions[key]

    def embeddings(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the vectors h of clips, which the contrastive loss compares: float64, (n_clips, dim)."""
        network, ready = self._loaded()
        return embeddings_of(network, ready.feeder, clips)

    def fit(self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path) -> None:
        """Train the connector, and keep the weights with the best UAR of held-out speakers of the sources.

        `validation` are those speakers, or, if empty, a share of the sources' own. With `init`, it goes on from those
        weights. A training that was killed goes on when the same is asked for again. Raises DataError where fewer than
        two labels are left, UsageError for a second stage without a first.
        """
        settings, before = self._stage()
        items, left_out = list(training), dict[str, int]()
        if settings.labels == "canonical":
            items, left_out = learnable(items)
        held_out = list(validation)
        if not held_out:
            items, held_out = hold_out_speakers(items, settings.held_out, settings.seed)
        codes = Codes.of(items)
        torch.manual_seed(settings.seed)
        ready = assembly.open_parts(settings, self.device)
        network = assembly.network_of(ready, settings)
        question = Question.of(ready.llm, settings.prompt, codes.labels)
        ready.feeder.fill_for_training(items, held_out)
        self._start(network, ready, settings, items)
        facts = [self.version, _told(settings), ready.versions(), before and exposure.weights_hash(before[-1])]
        objective = Objective(items, held_out, codes, ready.feeder, question, settings)
        with own_folder(identity(self.name, facts, [*items, *held_out])) as folder:
            sampler = sampler_of(settings, codes.encode(items))
            outcome = loop.train(
                network, objective, sampler, settings.loop(), folder, self.device, settings.tensorboard
            )
            record = {
                "settings": _told(settings),
                "codes": codes.to_json(),
                "parts": ready.versions(),
                "question": question.record(),
                "left_out": left_out,
                "held_out": sorted({f"{item.language} {item.speaker}" for item in held_out}),
                "outcome": dataclasses.asdict(outcome),
            }
            weights_folder.write(out, self.name, network.cpu(), record)
            lineage.write(out, before)
            keep_log(folder, out)

    def _stage(self) -> tuple[Settings, list[dict[str, Any]]]:
        """Return the settings of this training and the manifests of the stages before it."""
        chosen = self.settings
        if not chosen.init:
            if chosen.stage == 2:
                raise UsageError("stage 2 goes on from stage 1: give its weights folder by --init FOLDER")
            return chosen, []
        folder = Path(chosen.init)
        before = lineage.with_last(folder)
        return weights_folder.continued(chosen, folder, weights_folder.read(folder, self.name), self.options), before

    def _start(
        self, network: Network, ready: assembly.Parts, settings: Settings, items: Sequence[TrainingItem]
    ) -> None:
        """Start from the stage before, with its standardisation; or from BERT, with that of the training clips."""
        if settings.init:
            folder = Path(settings.init)
            weights_folder.check_parts(folder, weights_folder.read(folder, self.name), ready.versions())
            weights_folder.load(folder, network)
            return
        assembly.start(network, settings)
        if settings.standardise:
            standardise(network.connector, ready.feeder, items)

    def _load(self, folder: Path) -> None:
        record = weights_folder.read(folder, self.name)
        self.settings = weights_folder.settings_of(folder, record, self.options)
        self.labels = tuple(record["codes"]["labels"])
        self._earlier = lineage.of(folder)
        self._parts = assembly.open_parts(self.settings, self.device)
        weights_folder.check_parts(folder, record, self._parts.versions())
        self._network = assembly.network_of(self._parts, self.settings)
        weights_folder.load(folder, self._network)
        self._network.eval().to(self.device)

    def _loaded(self) -> tuple[Network, assembly.Parts]:
        if self._network is None or self._parts is None:
            raise ModelError(f"model {self.name!r} has no weights: train it first, or name some by --weights")
        return self._network, self._parts


def _told(settings: Settings) -> dict[str, Any]:
    """Return the settings as they are recorded: `init` is a place on this machine, its contents are in the lineage."""
    return dataclasses.asdict(dataclasses.replace(settings, init=""))
