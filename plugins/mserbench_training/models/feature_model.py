"""A model of one feature vector a clip and a classifier of vectors, with or without speaker
normalisation.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.features import FeatureCache, FeatureSet, extract
from mserbench.labels import CANONICAL
from mserbench.model import Described, TrainableModel, TrainingItem
from mserbench_training.models.model_file import read_model, write_model
from mserbench_training.models.speakers import Statistics, speaker_statistics, standardised

Normalise = Literal["training", "speaker"]
Labels = Literal["canonical", "all"]
NORMALISE_HELP = (
    "training maps features by the training clips alone; speaker first standardises each clip by "
    "all clips of its speaker, a statistic of the target."
)
LABELS_HELP = (
    "canonical leaves out training clips with other labels than the seven, all learns those too."
)
"""What the two options do that all feature models have; each states its own default."""


class Classifier(Protocol):
    """Vectors in, a probability for each label out."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that were trained."""

    def probabilities(
        self, features: NDArray[np.float64], labels: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return float64, (n_clips, n_labels), for features of shape (n_clips, n_features)."""

    def inputs(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the classifier weighs, its features standardised its own way: float64,
        (n_clips, n_features).
        """


class FeatureModel(TrainableModel):
    """Scores from one feature vector a clip; its options have `normalise` and `labels`.

    A subclass gives `name`, `card_of`, `features`, and how its classifier is learnt and read.
    """

    needs_weights: ClassVar[bool] = True
    bound_by_weights: ClassVar[tuple[str, ...]] = ("normalise",)
    decodes_ahead: ClassVar[bool] = False
    name: ClassVar[str]

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, device)
        self.record = read_model(weights, self.name) if weights else None
        self._features = self.features()
        self._cache = FeatureCache(self._features)
        self._speakers: dict[int | None, Statistics] = {}
        self._classifier = self._load(weights, self.record) if weights and self.record else None
        self.labels = self._classifier.labels if self._classifier else ()

    @abstractmethod
    def features(self) -> FeatureSet:
        """Return the feature set; the part of its version before `+` is the definition that weights
        rest on.
        """

    @abstractmethod
    def learn(
        self, features: NDArray[np.float64], training: Sequence[TrainingItem]
    ) -> dict[str, Any]:
        """Train the classifier on features of shape (n_clips, n_features); return what `read`
        needs, for JSON.
        """

    @abstractmethod
    def read(self, record: Mapping[str, Any]) -> Classifier:
        """Return the classifier of what `learn` gave. Raises DataError naming the entry that is not
        as it should be.
        """

    @classmethod
    @abstractmethod
    def card_of(cls, options: Any, weights: Path | None) -> ModelCard:
        """Return the card of a model with these options and weights, without making one."""

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described:
        """Return card, version, and whether each speaker of the target is normalised by his own
        clips.
        """
        return Described(cls.card_of(options, weights), cls.version, options.normalise == "speaker")

    @property
    def card(self) -> ModelCard:
        """The card of `card_of`."""
        return self.card_of(self.options, self.weights)

    @property
    def transductive(self) -> bool:
        """Whether each speaker of the target is normalised by his own clips."""
        return bool(self.options.normalise == "speaker")

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Fill the feature cache on all cores; with speaker normalisation, gather each speaker's
        statistics.
        """
        # A list, so that their number is known; no clip holds its audio before it is loaded.
        everything = list(clips())
        features = self._extract(everything)
        if self.transductive:
            self._speakers = speaker_statistics(features, [clip.group for clip in everything])

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return a probability for each label: float64, shape (n_clips, n_labels), see
        `Classifier`.
        """
        return self._trained().probabilities(self._features_of(clips), labels)

    def embeddings(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the standardised features as the classifier weighs them: float64, (n_clips,
        n_features).

        With speaker normalisation, after that. Speaker directions that training took out are still
        in them: weights do not hold those directions, as a classifier that is blind to them has no
        need to.
        """
        return self._trained().inputs(self._features_of(clips))

    def fit(
        self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path
    ) -> None:
        """Train the classifier on `training`; `validation` is not looked at, as nothing is left to
        choose.

        Raises DataError where fewer than two labels are left.
        """
        left_out = Counter(item.label for item in training if not self._is_learnt(item.label))
        training = [item for item in training if self._is_learnt(item.label)]
        features = self._extract([item.clip for item in training])
        if self.transductive:
            speakers = [(item.corpus, item.speaker) for item in training]
            features = standardised(features, speakers, speaker_statistics(features, speakers))

        learnt = self.learn(features, training)
        content = {
            "features": {
                "name": self._features.name,
                "version": self._features.version,
                **self.description(),
            },
            "normalise": self.options.normalise,
            **self.settings(),
            "left_out": dict(sorted(left_out.items())),
            **learnt,
        }
        write_model(out, self.name, content)

    def description(self) -> dict[str, Any]:
        """Return what the weights say of their features, beside name and version."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Return the options of training that the weights tell of, beside `normalise`."""
        return {}

    def _trained(self) -> Classifier:
        if self._classifier is None:
            raise ModelError(
                f"model {self.name!r} has no weights: train it first, or name some by --weights"
            )

        return self._classifier

    def _features_of(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the features of clips, (n_clips, n_features); each speaker's standardised if so
        wanted.
        """
        features = self._extract(clips)
        if self.transductive:
            features = standardised(features, [clip.group for clip in clips], self._speakers)

        return features

    def _extract(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        return extract(clips, self._features, self._cache)

    def _is_learnt(self, label: str) -> bool:
        return self.options.labels == "all" or label in CANONICAL

    def _load(self, folder: Path, record: Mapping[str, Any]) -> Classifier:
        self._check_features(folder, record.get("features"))
        # Scores of features that were standardised otherwise look like scores, and mean nothing.
        if record.get("normalise") != self.options.normalise:
            raise UsageError(
                f"weights {str(folder)!r} were trained with "
                f"normalise={record.get('normalise')!r}, but "
                f"{self.options.normalise!r} was asked for: give '--option "
                f"normalise={record.get('normalise')}' "
                f"or other weights"
            )

        try:
            return self.read(record)
        except DataError as error:
            raise DataError(f"weights {str(folder)!r} cannot be used: {error}") from error

    def _check_features(self, folder: Path, made_with: object) -> None:
        """Refuse weights of another feature set; the version of the library after `+` may
        differ.
        """
        trained_on = made_with if isinstance(made_with, Mapping) else {}
        name, version = trained_on.get("name"), str(trained_on.get("version")).partition("+")[0]
        version_here = self._features.version.partition("+")[0]
        if name != self._features.name or version != version_here:
            raise DataError(
                f"weights {str(folder)!r} were trained on features {name!r}, version "
                f"{version!r}, but "
                f"{self._features.name!r}, version {version_here!r}, are computed now: train the "
                f"model again"
            )


def check_choices(normalise: str, labels: str) -> None:
    """Raise UsageError where an option that all feature models have is none of its values."""
    if normalise not in get_args(Normalise):
        raise UsageError(
            f"option normalise is {normalise!r}, but must be one of {get_args(Normalise)}"
        )
    if labels not in get_args(Labels):
        raise UsageError(f"option labels is {labels!r}, but must be one of {get_args(Labels)}")
