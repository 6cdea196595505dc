"""A model of one feature vector a clip and the linear classifier, with or without speaker normalisation."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.features import FeatureCache, FeatureSet, extract
from mserbench.labels import CANONICAL
from mserbench.model import TrainableModel, TrainingItem
from mserbench_baselines import linear
from mserbench_baselines.model_file import read_model, write_model

Normalise = Literal["training", "speaker"]
Labels = Literal["canonical", "all"]
_Speaker = TypeVar("_Speaker", bound=Hashable)


@dataclass(frozen=True)
class LinearOptions:
    """Options of the feature-statistics models.

    `normalise`: "training" maps features by the training clips alone; "speaker" first standardises each clip by
    all clips of its speaker, which uses statistics of the target. The others matter in training only. `labels`:
    "canonical" leaves out training clips with other labels than the seven, "all" learns those too. `C`: inverse
    strength of the penalty; None takes the one that was best on the sources, `linear.C` or `linear.C_SPEAKER`.
    """

    normalise: Normalise = "training"
    labels: Labels = "canonical"
    C: float | None = None

    def __post_init__(self) -> None:
        if self.normalise not in get_args(Normalise):
            raise UsageError(f"option normalise is {self.normalise!r}, but must be one of {get_args(Normalise)}")
        if self.labels not in get_args(Labels):
            raise UsageError(f"option labels is {self.labels!r}, but must be one of {get_args(Labels)}")
        if self.C is not None and not self.C > 0:
            raise UsageError(f"option C is {self.C}, but must be above 0: give a larger one")

    @property
    def penalty(self) -> float:
        """The inverse strength of the penalty to train with."""
        if self.C is not None:
            return self.C
        return linear.C_SPEAKER if self.normalise == "speaker" else linear.C


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and standard deviation of each feature over the clips of one speaker: float64, (n_features,)."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def apply(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardise features of shape (..., n_features); a feature that never varied becomes 0."""
        return (features - self.mean) / self.scale


class FeatureModel(TrainableModel):
    """Scores from one feature vector a clip; a subclass gives `name`, `card` and `features`."""

    Options: ClassVar[type[Any]] = LinearOptions
    needs_weights: ClassVar[bool] = True
    decodes_ahead: ClassVar[bool] = False
    name: ClassVar[str]

    def __init__(self, options: Any = None, weights: Path | None = None, device: str = "cpu") -> None:
        super().__init__(options, weights, device)
        self._features = self.features()
        self._cache = FeatureCache(self._features)
        self._speakers: dict[int | None, Statistics] = {}
        self._classifier = self._load(weights) if weights else None

    @abstractmethod
    def features(self) -> FeatureSet:
        """Return the feature set; the part of its version before `+` is the definition that weights rest on."""

    @abstractmethod
    def feature_names(self) -> Sequence[str]:
        """Return one name a feature, in order."""

    @property
    def transductive(self) -> bool:
        """Whether each speaker of the target is normalised by his own clips."""
        return bool(self.options.normalise == "speaker")

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Fill the feature cache on all cores; with speaker normalisation, gather each speaker's statistics."""
        groups: list[int | None] = []
        features = extract(_noting_groups(clips(), groups), self._features, self._cache)
        if self.transductive:
            self._speakers = speaker_statistics(features, groups)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return a probability for each label: float64, shape (n_clips, n_labels), see `LinearClassifier`."""
        if self._classifier is None:
            raise ModelError(f"model {self.name!r} has no weights: train it first, or name some by --weights")
        features = extract(clips, self._features, self._cache)
        if self.transductive:
            features = _standardised(features, [clip.group for clip in clips], self._speakers)
        return self._classifier.probabilities(features, labels)

    def fit(self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path) -> None:
        """Train the classifier on `training`; `validation` is not looked at, as nothing is left to choose.

        Raises DataError where fewer than two labels are left.
        """
        left_out = Counter(item.label for item in training if not self._is_learnt(item.label))
        training = [item for item in training if self._is_learnt(item.label)]
        features = extract((item.clip for item in training), self._features, self._cache)
        if self.transductive:
            speakers = [(item.corpus, item.speaker) for item in training]
            features = _standardised(features, speakers, speaker_statistics(features, speakers))
        classifier = linear.fit(features, [item.label for item in training], self.options.penalty)
        made_with = {"name": self._features.name, "version": self._features.version}
        content = {
            "features": {**made_with, "names": list(self.feature_names())},
            "normalise": self.options.normalise,
            "C": self.options.penalty,
            "left_out": dict(sorted(left_out.items())),
            **classifier.to_json(),
        }
        write_model(out, self.name, content)

    def _is_learnt(self, label: str) -> bool:
        return self.options.labels == "all" or label in CANONICAL

    def _load(self, folder: Path) -> linear.LinearClassifier:
        record = read_model(folder, self.name)
        self._check_features(folder, record.get("features"))
        if record.get("normalise") != self.options.normalise:
            raise UsageError(
                f"weights {str(folder)!r} were trained with normalise={record.get('normalise')!r}, but "
                f"{self.options.normalise!r} was asked for: give '--option normalise={record.get('normalise')}' "
                f"or other weights"
            )
        try:
            return linear.LinearClassifier.from_json(record, self._features.dim)
        except DataError as error:
            raise DataError(f"weights {str(folder)!r} cannot be used: {error}") from error

    def _check_features(self, folder: Path, made_with: object) -> None:
        """Refuse weights of another feature set; the version of the library after `+` may differ."""
        found = made_with if isinstance(made_with, Mapping) else {}
        name, version = found.get("name"), str(found.get("version")).partition("+")[0]
        wanted = self._features.version.partition("+")[0]
        if name != self._features.name or version != wanted:
            raise DataError(
                f"weights {str(folder)!r} were trained on features {name!r}, version {version!r}, but "
                f"{self._features.name!r}, version {wanted!r}, are computed now: train the model again"
            )


def speaker_statistics(features: NDArray[np.float64], speakers: Sequence[_Speaker]) -> dict[_Speaker, Statistics]:
    """Return the statistics of each speaker's rows of `features`, shape (n_clips, n_features)."""
    rows: dict[_Speaker, list[int]] = {}
    for row, speaker in enumerate(speakers):
        rows.setdefault(speaker, []).append(row)
    return {speaker: _statistics(features[chosen]) for speaker, chosen in rows.items()}


def _statistics(features: NDArray[np.float64]) -> Statistics:
    features = np.sort(features, axis=0)  # the order of the clips must not show in the last bit of a sum
    scale = features.std(axis=0)
    # Of a constant feature, rounding may leave a tiny deviation: relative to the values, not to 0.
    varies = scale > 1e-6 * np.abs(features).max(axis=0)
    return Statistics(features.mean(axis=0), np.where(varies, scale, np.inf))


def _standardised(
    features: NDArray[np.float64], speakers: Sequence[_Speaker], statistics: Mapping[_Speaker, Statistics]
) -> NDArray[np.float64]:
    unseen = set(speakers) - set(statistics)
    if unseen:
        raise ModelError(
            f"{len(unseen)} speaker(s) of the clips to predict were not among those prepared: with "
            f"normalise=speaker, call 'prepare' with all clips first"
        )
    rows = [statistics[speaker].apply(row) for speaker, row in zip(speakers, features, strict=True)]
    return np.stack(rows) if rows else features


def _noting_groups(clips: Iterable[Clip], groups: list[int | None]) -> Iterator[Clip]:
    for clip in clips:
        groups.append(clip.group)
        yield clip
