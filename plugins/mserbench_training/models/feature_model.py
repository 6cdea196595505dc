"""A model of one feature vector a clip and a classifier of vectors, with or without speaker
normalisation.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.features import FeatureCache, FeatureSet, extract
from mserbench.labels import CANONICAL
from mserbench.model import Described, Remoteness, TrainableModel, TrainingItem
from mserbench_training.models.adapting import adapted, moved
from mserbench_training.models.corpora import FEWEST, Corpora
from mserbench_training.models.feature_classifier import Classifier
from mserbench_training.models.model_file import read_model, write_model
from mserbench_training.models.speakers import Statistics, speaker_statistics, standardised


class FeatureModel(TrainableModel):
    """Scores from one feature vector a clip; its options have `normalise`, `speaker_prior` and
    `labels`.

    A subclass gives `name`, `card_of`, `features`, and how its classifier is learnt and read.
    """

    needs_weights: ClassVar[bool] = True
    bound_by_weights: ClassVar[tuple[str, ...]] = ("normalise", "speaker_prior")
    adapts: ClassVar[bool] = True
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
        self._target: Statistics | None = None
        # Which of the features `learn` kept, where it chose among them.
        self.kept = slice(None)
        self._corpora: Corpora | None = None
        self._classifier = self._load(weights, self.record) if weights and self.record else None
        self.labels = self._classifier.labels if self._classifier else ()

    @abstractmethod
    def features(self) -> FeatureSet:
        """Return the feature set; the part of its version before `+` is the definition that weights
        rest on.
        """

    def learn_space(self, features: NDArray[np.float64]) -> None:
        """Learn the space in which corpora are centred, before `learn`: (n_clips, n_features)."""

    def in_space(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return features, (n_clips, n_features), in the space in which corpora are centred.

        It is that of the features themselves, unless a subclass has learnt or read another.
        """
        return features

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

    def adapt(self, clips: Sequence[Clip]) -> None:
        """Take the mean of unlabelled clips of the target, and from 30 on their deviation, for its
        own: see `adapted`.

        Raises UsageError with normalise=speaker, where that is done for each speaker, and
        ModelError without weights.
        """
        if self.transductive:
            raise UsageError(
                f"model {self.name!r} with normalise=speaker standardises each speaker by his own "
                f"clips, so that there is nothing to adapt: leave --adapt out, or take weights "
                f"trained with normalise=corpus"
            )

        if not clips:
            raise UsageError(
                f"model {self.name!r} was given no clip to adapt to: give one or more, or leave "
                f"--adapt out"
            )

        features, classifier = self._placed(clips), self._trained()

        def answers(place: Statistics) -> NDArray[np.float64]:
            return classifier.probabilities(self._of(features, place), classifier.labels)

        if self._corpora and self._corpora.labels == classifier.labels:
            self._target = adapted(features, self._origin, self._corpora.centres, answers)
        else:
            # Weights of before the corpora were kept do not know what labels sound like.
            self._target = adapted(features, self._origin)

    def remoteness(self, clips: Sequence[Clip]) -> Remoteness | None:
        """Return how far clips lie from every training corpus; None for weights that do not tell.

        See `Corpora.remoteness`. With normalise=speaker it is None: there all corpora lie in one
        place.
        """
        if self._corpora is None or self.transductive:
            return None

        slopes = self._slopes(self._trained(), self._origin)
        return self._corpora.remoteness(self._placed(clips), slopes)

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Fill the feature cache on all cores; with speaker normalisation, gather each speaker's
        statistics.
        """
        # A list, so that their number is known; no clip holds its audio before it is loaded.
        everything = list(clips())
        features = self._extract(everything)
        if self.transductive:
            self._speakers = speaker_statistics(
                features, [clip.group for clip in everything], self.options.speaker_prior
            )

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
        n_clips = len(training)
        features, training = self.taught_by(training)
        self.learn_space(features)
        features = self.in_space(features)
        names = [item.corpus for item in training]
        corpora = Corpora.of(features, [item.label for item in training], names)
        learnt = self.learn(self._taught(features, training, corpora), training)
        if not (self.transductive or self.chooses):
            corpora = replace(corpora, reach=self._reach(features, training, n_clips))

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
            "corpora": corpora.part(self.kept).to_json(),
        }
        write_model(out, self.name, content)

    @property
    def chooses(self) -> bool:
        """Whether `learn` searches for options, which is too long to be done more than once."""
        return False

    def taught_by(
        self, training: Sequence[TrainingItem]
    ) -> tuple[NDArray[np.float64], Sequence[TrainingItem]]:
        """Return what is learnt from, (n_items, n_features), and the item of each row.

        A subclass that learns from altered copies too names their items again.
        """
        return self._extract([item.clip for item in training]), training

    def description(self) -> dict[str, Any]:
        """Return what the weights say of their features, beside name and version."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Return the options of training that the weights tell of, beside `normalise`."""
        return {}

    @cached_property
    def _origin(self) -> Statistics:
        """Where clips of unknown conditions are taken to lie."""
        classifier = self._trained()
        return self._corpora.origin if self._corpora else classifier.origin

    def _trained(self) -> Classifier:
        if self._classifier is None:
            raise ModelError(
                f"model {self.name!r} has no weights: train it first, or name some by --weights"
            )

        return self._classifier

    def _features_of(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the features of clips, (n_clips, n_features), as the classifier learnt them."""
        features = self._placed(clips)
        if self.transductive:
            return standardised(features, [clip.group for clip in clips], self._speakers)
        return self._of(features, self._target)

    def _of(self, features: NDArray[np.float64], place: Statistics | None) -> NDArray[np.float64]:
        """Return features of conditions that lie at `place`, or are unknown, as they are learnt."""
        if self.options.normalise == "corpus":
            return (place or self._origin).apply(features)
        return moved(features, place, self._origin) if place else features

    def _placed(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        return self.in_space(self._extract(clips))

    def _taught(
        self,
        features: NDArray[np.float64],
        training: Sequence[TrainingItem],
        corpora: Corpora,
    ) -> NDArray[np.float64]:
        """Return training features, (n_clips, n_features), as the classifier learns them."""
        if self.transductive:
            return self._by_speaker(features, training)
        if self.options.normalise == "corpus":
            return corpora.standardised(features, [item.corpus for item in training])
        return features

    def _slopes(self, classifier: Classifier, origin: Statistics) -> NDArray[np.float64]:
        """Return what a step of each feature changes in each logit: (n_labels, n_features)."""
        slopes = classifier.slopes
        return slopes / origin.scale if self.options.normalise == "corpus" else slopes

    def _reach(
        self, features: NDArray[np.float64], training: Sequence[TrainingItem], n_clips: int
    ) -> float:
        """Return how far a corpus lies from the others for a classifier that learnt without it, of
        all corpora the furthest; 0 for fewer corpora than tell, and where a label would be left
        alone.

        The first `n_clips` rows are clips as they are, the others copies, which lie elsewhere.
        """
        corpus = np.array([item.corpus for item in training])
        names = sorted(set(corpus.tolist()))
        if len(names) < FEWEST:
            return 0.0

        distances = []
        for name in names:
            others = np.flatnonzero(corpus != name)
            items = [training[row] for row in others.tolist()]
            labels = [item.label for item in items]
            if len(set(labels)) < 2:
                return 0.0

            rows = features[others]
            corpora = Corpora.of(rows, labels, [item.corpus for item in items])
            classifier = self.read(self.learn(self._taught(rows, items, corpora), items))
            heard = features[:n_clips][corpus[:n_clips] == name]
            slopes = self._slopes(classifier, corpora.origin)
            distances.append(corpora.nearest(heard, slopes)[0])

        return max(distances)

    def _by_speaker(
        self, features: NDArray[np.float64], training: Sequence[TrainingItem]
    ) -> NDArray[np.float64]:
        """Return training features, (n_clips, n_features), each speaker's standardised."""
        speakers = [(item.corpus, item.speaker) for item in training]
        if not self.options.speaker_prior:
            return standardised(features, speakers, speaker_statistics(features, speakers))

        # Towards the speakers of his own corpus alone, as when a target is heard.
        result = np.empty_like(features)
        for name in {item.corpus for item in training}:
            rows = [row for row, item in enumerate(training) if item.corpus == name]
            own = [speakers[row] for row in rows]
            statistics_of = speaker_statistics(features[rows], own, self.options.speaker_prior)
            result[rows] = standardised(features[rows], own, statistics_of)

        return result

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
            classifier = self.read(record)
            # Weights of before the corpora were kept do not have them.
            if "corpora" in record:
                self._corpora = Corpora.from_json(record["corpora"], self._features.dim)
            elif self.options.normalise == "corpus":
                raise DataError("they hold no 'corpora': train the model again")

            return classifier
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
