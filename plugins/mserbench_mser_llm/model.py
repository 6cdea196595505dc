"""`mser-llm`: frozen Whisper, Emotion Q-Former, frozen LLaMA, trained in two stages (arXiv
2503.21806).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import ModelError, UsageError
from mserbench.model import TrainingItem
from mserbench.options import told
from mserbench.results.manifest import Manifest, read_manifest
from mserbench_mser_llm import assembly, calibration, weights_folder
from mserbench_mser_llm.described import described, version_of
from mserbench_mser_llm.feeding import standardise
from mserbench_mser_llm.network import Network
from mserbench_mser_llm.objective import Objective, answers_of, embeddings_of, scores_of
from mserbench_mser_llm.planning import Planned
from mserbench_mser_llm.presets import resolve
from mserbench_mser_llm.scoring import Question
from mserbench_mser_llm.settings import Settings
from mserbench_mser_llm.soft_prompts import soft_prompts
from mserbench_mser_llm.teaching import Alignment, Decoding, Teacher
from mserbench_training.frames.frame_reader import HOLD, FrameReader
from mserbench_training.learning.machine import own_device
from mserbench_training.models import network_folder
from mserbench_training.models.centred_network import CentredNetwork, Places, centre_each, places_of
from mserbench_training.models.fitting import Sources, train_and_write
from mserbench_training.models.label_scores import softmax


class MserLlm(CentredNetwork, Planned):
    """Paper 1's model, at the paper's size or one that runs anywhere; see `Settings` for every
    choice.
    """

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, own_device(device))
        self._take(resolve(self.options))
        self.labels: tuple[str, ...] = ()
        self._network: Network | None = None
        self._parts: assembly.FrozenParts | None = None
        self._questions: dict[tuple[str, ...], Question] = {}

        # What the weights tell of label scores over their training clips; checked when it is asked
        # for, as most runs never do.
        self._measured: object = None
        self._target: Callable[[], Iterable[Clip]] | None = None
        self._target_means: dict[tuple[str, ...], NDArray[np.float64]] = {}
        if weights is not None:
            self._load(weights)

    @property
    def card(self) -> ModelCard:
        """The card of the settings by which it asks; see `described`."""
        return described(self.settings, self.options, self.weights).card

    @property
    def transductive(self) -> bool:
        """Whether scores are calibrated by all clips of the target; never by their labels."""
        return described(self.settings, self.options, self.weights).transductive

    @property
    def precision(self) -> str:
        """Of its frozen parts the coarser."""
        both = {self.settings.language_precision, self.settings.encoder_precision}
        return "bfloat16" if "bfloat16" in both else "float32"

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Compute the frames that are not cached yet; these are the clips that `calibration=target`
        is of.
        """
        if self._parts is not None:
            self._parts.feeder.fill(clips())

        # Not measured yet: which labels will be asked for is known in `predict` alone.
        self._target = clips
        self._target_means.clear()

    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        """Return a probability for each label, float64, (n_clips, n_labels); with
        `answer=generate`, one text a clip.

        Any label can be asked for, trained or not: the LLM knows the word. The softmax is over
        those asked for. Raises UsageError where `calibration=training` was not measured for a label
        or for what is asked now.
        """
        question = self.question(labels)
        if self.settings.answer == "generate":
            network, ready = self._loaded()
            return answers_of(network, ready.feeder, clips, question, self.settings)

        scores = self._scores(question, clips) - self._liking(question)
        return np.stack([softmax(row) for row in scores])

    def question(self, labels: Sequence[str]) -> Question:
        """Return what is asked of the LLM for these labels; `facts` tells of it."""
        _, ready = self._loaded()
        key = tuple(labels)
        if key not in self._questions:
            self._questions[key] = Question.of(
                ready.llm, self.settings.prompt, key, self.settings.synonyms
            )

        return self._questions[key]

    def facts(self, labels: Sequence[str]) -> dict[str, Any]:
        """Return what was asked: prompt, its SHA-256, the tokens of each word, and how answers are
        read.
        """
        chosen = self.settings
        reading = {
            name: getattr(chosen, name)
            for name in ("answer", "label_reading", "synonyms", "calibration")
        }

        return {**self.question(labels).record(), **reading}

    def _scores(self, question: Question, clips: Sequence[Clip]) -> NDArray[np.float64]:
        network, ready = self._loaded()
        return scores_of(network, ready.feeder, clips, question, self.settings)

    def _liking(self, question: Question) -> NDArray[np.float64]:
        """Return what is taken out of each label's score: float64, (n_labels,); 0 without
        calibration.
        """
        chosen = self.settings
        if chosen.calibration == "none":
            return np.zeros(len(question.labels))
        if chosen.calibration == "training":
            return calibration.of_training(
                self._measured, question, chosen.label_reading, str(self.weights)
            )
        if self._target is None:
            raise ModelError(
                "calibration=target needs all clips of the target, but 'prepare' was given "
                "none before"
            )

        if question.labels not in self._target_means:
            self._target_means[question.labels] = calibration.of_target(
                self._target(), partial(self._scores, question)
            )

        return self._target_means[question.labels]

    def embeddings(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the vectors h of clips, which the contrastive loss compares: float64, (n_clips,
        dim).
        """
        network, ready = self._loaded()
        return embeddings_of(network, ready.feeder, clips)

    def fit(
        self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path
    ) -> None:
        """Train the connector, and keep the weights with the best UAR of held-out speakers of the
        sources.

        `validation` are those speakers, or, if empty, a share of the sources' own. With `init`, it
        goes on from those weights. A training that was killed goes on when the same is asked for
        again. Raises DataError where fewer than two labels are left, UsageError for a second stage
        without a first.
        """
        settings, start = self._stage()
        sources = Sources.of(training, validation, settings)

        # The connector is drawn from here on, so this stands before any part is made.
        torch.manual_seed(settings.seed)
        ready = assembly.open_parts(settings, self.device, HOLD)
        network = assembly.network_of(ready, settings)
        if settings.checkpointing:
            assembly.recompute(network)

        # Both questions are measured, as either may be asked with these weights.
        questions = [
            Question.of(ready.llm, settings.prompt, sources.codes.labels, synonyms)
            for synonyms in (False, True)
        ]
        question = questions[settings.synonyms]
        ready.feeder.fill_for_training(sources.items, sources.held_out)
        places = self._start(network, ready, settings, sources)

        train_and_write(
            self,
            network,
            Objective(
                sources.items,
                sources.held_out,
                sources.codes,
                ready.feeder,
                question,
                settings,
                _teachers(ready, question, settings),
            ),
            sources,
            settings,
            facts=[
                self.version,
                _told(settings),
                ready.versions(),
                start and start.weights_hash,
            ],
            out=out,
            record=lambda: {
                "settings": _told(settings),
                "parts": ready.versions(),
                "question": question.record(),
                "calibration": _calibrations(network, ready, questions, settings, sources.items),
                **places.to_json(),
            },
            stored=getattr(torch, settings.stored),
        )

    def _stage(self) -> tuple[Settings, Manifest | None]:
        """Return the settings of this training and the manifest of the weights that it goes on
        from.
        """
        chosen = self.settings
        if not chosen.init:
            if chosen.stage == 2:
                raise UsageError(
                    "stage 2 goes on from stage 1: give its weights folder by --init FOLDER"
                )

            return chosen, None

        folder = Path(chosen.init)
        start = read_manifest(folder)
        return weights_folder.continued(
            chosen, folder, weights_folder.read(folder, self.name), self.options
        ), start

    def _start(
        self,
        network: Network,
        ready: assembly.FrozenParts,
        settings: Settings,
        sources: Sources,
    ) -> Places:
        """Start from the stage before, with its standardisation; or from BERT, with that of the
        training clips. Return where the corpora of all stages lie.
        """
        own = Places.measured(ready.feeder, sources.items)
        places = own
        if settings.init:
            folder = Path(settings.init)
            record = weights_folder.read(folder, self.name)
            weights_folder.check_parts(folder, record, ready.versions())
            network_folder.load(folder, network)
            start = places_of(folder, record, *_centre(network, settings))
            places = own if start is None else own.going_on_from(start)

        if settings.centring == "corpus":
            centre_each(ready.feeder, own, places.origin, [*sources.items, *sources.held_out])

        if not settings.init:
            assembly.start(network, settings)
            if settings.standardise:
                standardise(network.connector, ready.feeder, sources.items)

        return places

    def _take(self, settings: Settings) -> None:
        """Ask by these settings; the version is that of the scores which they give."""
        self.settings = settings
        self.version = version_of(settings)  # type: ignore[misc]

    def _load(self, folder: Path) -> None:
        record = weights_folder.read(folder, self.name)
        # Before any part is opened: an option that does not fit the weights is told in a moment,
        # not after gigabytes were read.
        self._take(weights_folder.settings_of(folder, record, self.options))
        self.labels = tuple(record["codes"]["labels"])
        self._measured = record.get("calibration")
        self._parts = assembly.open_parts(self.settings, self.device)
        weights_folder.check_parts(folder, record, self._parts.versions())
        self._network = assembly.network_of(self._parts, self.settings)
        network_folder.load_for_scoring(folder, self._network, self.device)
        self._places = places_of(folder, record, *_centre(self._network, self.settings))

    def _reader(self) -> FrameReader:
        return self._loaded()[1].feeder

    def _loaded(self) -> tuple[Network, assembly.FrozenParts]:
        if self._network is None or self._parts is None:
            raise self.no_weights()

        return self._network, self._parts


def _centre(network: Network, settings: Settings) -> tuple[NDArray[np.float64], bool]:
    """Return the mean by which a network standardises, and whether it was measured."""
    return network.connector.mix.centre.double().cpu().numpy(), settings.standardise


def _teachers(
    ready: assembly.FrozenParts, question: Question, settings: Settings
) -> list[tuple[float, Teacher]]:
    """Return what audio is held against, each with the share of the training at which its turn
    ends.
    """
    decoding = Decoding(ready.llm, question.prompt_tokens, question.answers, settings.decoded)
    if settings.aligned == 0:
        return [(1.0, decoding)]

    prompts = soft_prompts(ready.llm, ready.llm_version, question, settings.num_queries)
    return [(settings.aligned, Alignment(prompts)), (1.0, decoding)]


def _calibrations(
    network: Network,
    ready: assembly.FrozenParts,
    questions: Sequence[Question],
    settings: Settings,
    items: Sequence[TrainingItem],
) -> list[dict[str, Any]]:
    """Return what the LLM likes to answer over the training clips, by question, as weights tell."""
    score = partial(scores_of, network, ready.feeder, settings=settings)
    return [
        calibration.measured(
            items, question, settings.label_reading, partial(score, question=question)
        )
        for question in questions
    ]


def _told(settings: Settings) -> dict[str, Any]:
    """Return the settings as they are recorded: `init` is a place on this machine, its hash is in
    the manifest.
    """
    return told(dataclasses.replace(settings, init=""))
