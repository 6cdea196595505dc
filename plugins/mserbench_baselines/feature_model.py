"""The feature-statistics models: one vector a clip and the linear classifier of normal scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mserbench.cards import ModelCard
from mserbench.errors import UsageError
from mserbench.model import TrainingItem
from mserbench.options import later, option
from mserbench_baselines import linear
from mserbench_training.models.feature_classifier import cell_weights
from mserbench_training.models.feature_model import FeatureModel
from mserbench_training.models.feature_options import (
    BALANCE_HELP,
    LABELS_HELP,
    NORMALISE_HELP,
    SPEAKER_PRIOR,
    SPEAKER_PRIOR_EVIDENCE,
    SPEAKER_PRIOR_HELP,
    Balance,
    Labels,
    Normalise,
    check_choices,
)


@dataclass(frozen=True)
class LinearOptions:
    """Options of the feature-statistics models; all but `normalise` matter in training only."""

    normalise: Normalise = option(
        "training", NORMALISE_HELP, "the target's statistics are not taken unless asked for"
    )
    speaker_prior: float = option(
        SPEAKER_PRIOR, SPEAKER_PRIOR_HELP, SPEAKER_PRIOR_EVIDENCE, metadata=later(before=0.0)
    )
    balance: Balance = option(
        "labels", BALANCE_HELP, "as it was before", metadata=later(before="labels")
    )
    labels: Labels = option("canonical", LABELS_HELP, "assumed")
    C: float | None = option(
        None,
        f"Inverse strength of the penalty, above 0. none: {linear.C:g}, and {linear.C_SPEAKER:g} "
        f"with normalise=speaker.",
        "chosen on EmoDB and EMOVO, each trained on the other, figures of RAVDESS printed beside: "
        "python -m mserbench_baselines.choose_penalty",
    )

    def __post_init__(self) -> None:
        check_choices(self.normalise, self.labels, self.speaker_prior, self.balance)
        if self.C is not None and not self.C > 0:
            raise UsageError(f"option C is {self.C}, but must be above 0: give a larger one")

    @property
    def penalty(self) -> float:
        """The inverse strength of the penalty to train with."""
        if self.C is not None:
            return self.C
        return linear.C_SPEAKER if self.normalise == "speaker" else linear.C


class LinearModel(FeatureModel):
    """Scores from one feature vector a clip.

    A subclass gives `name`, `title`, `licence`, `citation`, `features` and `feature_names`.
    """

    Options: ClassVar[type[Any]] = LinearOptions
    # None: features are mapped by the classifier, after each speaker was standardised.
    _scores: linear.NormalScores | None = None
    title: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str] = ""

    @classmethod
    def card_of(cls, options: LinearOptions, weights: Path | None) -> ModelCard:
        """Return that of a model that has learnt nothing; its weights say what they have."""
        return ModelCard(
            cls.name,
            cls.title,
            cls.version,
            cls.licence,
            cls.citation,
            exposure=(),
            exposure_complete=True,
            development=linear.CHOSEN_ON,
        )

    @abstractmethod
    def feature_names(self) -> Sequence[str]:
        """Return one name a feature, in order."""

    def description(self) -> dict[str, Any]:
        """Return the names of the features."""
        return {"names": list(self.feature_names())}

    def settings(self) -> dict[str, Any]:
        """Return the penalty."""
        return {"C": self.options.penalty}

    def learn_space(self, features: NDArray[np.float64]) -> None:
        """Learn the quantiles of the features; with normalise=speaker they are of what comes after.

        A corpus is centred by normal scores, as the mean of raw functionals rests on a few extreme
        clips.
        """
        if not self.transductive:
            self._scores = linear.NormalScores.of(features)

    def in_space(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the features' normal scores, or with normalise=speaker themselves."""
        return self._scores(features) if self._scores else features

    def learn(
        self, features: NDArray[np.float64], training: Sequence[TrainingItem]
    ) -> dict[str, Any]:
        """Train the linear classifier on features of shape (n_clips, n_features)."""
        labels = [item.label for item in training]
        counts = (
            cell_weights(labels, [item.corpus for item in training])
            if self.options.balance == "corpora"
            else None
        )
        return linear.fit(features, labels, self.options.penalty, self._scores, counts).to_json()

    def read(self, record: Mapping[str, Any]) -> linear.LinearClassifier:
        """Return the classifier of a record; DataError names the entry that is not right."""
        classifier = linear.LinearClassifier.from_json(record, self._features.dim)
        if self.transductive:
            return classifier

        self._scores = classifier.scores
        return replace(classifier, hears_scores=True)
