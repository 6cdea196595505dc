"""The options of `whisper-linear`, their defaults, and what each default rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from mserbench.errors import UsageError
from mserbench.options import later, option
from mserbench_training.encoders.base import Precision, Span
from mserbench_training.frames.pauses import Pauses, check_pauses
from mserbench_training.frames.pooled import Pooling
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

Auto = Literal["auto"]
AUTO: Auto = "auto"
DIRECTIONS = 3
CHOSEN_ON = ("emodb", "emovo", "aesdd", "ravdess")
"""The defaults were chosen on the first three, by a rule that was settled after figures of RAVDESS
had been seen.
"""
ClassifierKind = Literal["discriminant", "logistic"]
Centres = Literal["clips", "speakers"]
Mix = Literal["joined", "averaged"]
Tempo = Literal["own", "any"]

_CHOSEN = "chosen on EmoDB, EMOVO and AESDD, each left out in turn: docs/whisper-linear.md"
_STRESSED = "what its worst alteration leaves, sources left out: docs/measured/whisper-linear.md"
_TARGET = "the target's statistics are not taken unless asked for"
_OURS = "assumed"


@dataclass(frozen=True)
class WhisperLinearOptions:
    """Options of `whisper-linear`; all but `normalise` matter in training only, weights remember
    theirs. `auto` takes the best on the training clips, each source left out in turn (groups of
    speakers where there is one source only).
    """

    encoder: str = option(
        "whisper-base",
        "Name of Whisper weights, as 'mserbench weights list' shows them, or a folder.",
        "assumed: the smallest that is offered",
    )
    encoder_precision: Precision = option(
        "float32", "What the encoder computes in.", _OURS, metadata=later(before="float32")
    )
    length: Span = option(
        "trimmed",
        "trimmed hears the clip alone; padded pads it to 30 s as Whisper was trained, many times "
        "slower; whole does so and pools the silence too, as transformers does (docs/hf.md).",
        "some ten times as fast; padded is 2 points better on three source corpora: "
        "docs/whisper-linear.md",
    )
    layers: str = option(
        "2",
        "Numbers of layers with commas between, 0 is the output of the first block; or auto.",
        _CHOSEN,
    )
    mix: Mix = option(
        "averaged",
        "Several layers are joined in one classifier, or each has its own and their "
        "log-probabilities are averaged.",
        "with one layer, as by default, both are the same; figures: docs/whisper-linear.md",
        metadata=later(before="joined", always_told=True),
    )
    pooling: str = option(
        "mean+loud20",
        "Of mean, loud20, loud36 (means over frames within so many dB of the loudest) and std, "
        "with + between.",
        _CHOSEN,
    )
    pauses: Pauses = option(
        "dropped",
        "kept hears the clip as it is; dropped cuts out what lies 35 dB below its loudest 20 ms, "
        "but for 60 ms beside speech.",
        _STRESSED,
        metadata=later(before="kept"),
    )
    tempo: Tempo | None = option(
        None,
        "own trains on clips as they are; any also on a copy of each at 0.6 to 1.6 times its "
        "tempo, the pitch kept. none: any, and own with normalise=speaker, where it loses.",
        _STRESSED,
        metadata=later(before="own"),
    )
    directions: int | Auto | None = option(
        None,
        "How many directions in which speakers differ are projected out. none: 3, and 0 with "
        "normalise=speaker, after which what is left of them is labels that some speakers lack, "
        "and with normalise=corpus.",
        "taken over from a prototype; 1, 2, 5 and 8 are level with it: docs/whisper-linear.md",
    )
    classifier: ClassifierKind = option(
        "discriminant",
        "discriminant: linear with one covariance, shrunk towards a multiple of the identity; "
        "logistic: logistic regression.",
        _CHOSEN,
    )
    centres: Centres = option(
        "clips",
        "A discriminant's label means are over all clips, or over speakers, each of whom then "
        "counts alike.",
        "kept with figures of RAVDESS seen; those of both: docs/whisper-linear.md",
        metadata=later(before="clips", always_told=True),
    )
    shrinkage: float | Auto = option(
        0.8,
        "How far the discriminant's covariance is shrunk, above 0 and at most 1; or auto.",
        "best on its worst of three source corpora, a rule settled after figures of RAVDESS had "
        "been seen: docs/whisper-linear.md",
    )
    C: float | Auto = option(
        0.001,
        "Inverse strength of the penalty of logistic regression, above 0; or auto.",
        "tried beside 0.003 on EmoDB, EMOVO and AESDD: docs/whisper-linear.md",
    )
    normalise: Normalise = option("training", NORMALISE_HELP, _TARGET)
    speaker_prior: float = option(
        SPEAKER_PRIOR, SPEAKER_PRIOR_HELP, SPEAKER_PRIOR_EVIDENCE, metadata=later(before=0.0)
    )
    balance: Balance = option(
        "labels", BALANCE_HELP, "as it was before", metadata=later(before="labels")
    )
    labels: Labels = option("canonical", LABELS_HELP, _OURS)

    def __post_init__(self) -> None:
        check_choices(self.normalise, self.labels, self.speaker_prior, self.balance)
        check_pauses(self.pauses)
        if self.tempo is not None and self.tempo not in get_args(Tempo):
            raise UsageError(
                f"option tempo is {self.tempo!r}, but must be one of {get_args(Tempo)}"
            )

        choices_of = {
            "length": Span,
            "mix": Mix,
            "classifier": ClassifierKind,
            "centres": Centres,
            "encoder_precision": Precision,
        }
        for name, choices in choices_of.items():
            if getattr(self, name) not in get_args(choices):
                raise UsageError(
                    f"option {name} is {getattr(self, name)!r}, but must be one of "
                    f"{get_args(choices)}"
                )

        if self.balance == "corpora" and self.centres == "speakers":
            raise UsageError(
                "options balance=corpora and centres=speakers were both given, but label means "
                "are balanced by one of them: leave one away"
            )
        if self.shrinkage != AUTO and not 0 < self.shrinkage <= 1:
            raise UsageError(
                f"option shrinkage is {self.shrinkage}, but must be above 0 and at most 1"
            )
        if self.C != AUTO and not self.C > 0:
            raise UsageError(f"option C is {self.C}, but must be above 0: give a larger one")
        if isinstance(self.directions, int) and self.directions < 0:
            raise UsageError(f"option directions is {self.directions}, but must be 0 or more")

        if self.layers != AUTO:
            _ = self.layer_numbers

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The layers as numbers. Raises UsageError where they are none."""
        return read_layers(self.layers)

    @property
    def taken_out(self) -> int | Auto:
        """How many speaker directions are projected out."""
        if self.directions is None:
            # What still differs between standardised speakers is labels that some of them lack.
            return DIRECTIONS if self.normalise == "training" else 0
        return self.directions

    @property
    def copied(self) -> bool:
        """Whether a copy of each training clip at another tempo is learnt too."""
        return self.normalise != "speaker" if self.tempo is None else self.tempo == "any"

    @property
    def strength(self) -> float | Auto:
        """How strongly the classifier is held back: `shrinkage` of the discriminant, `C` of
        logistic regression.
        """
        return self.shrinkage if self.classifier == "discriminant" else self.C

    @property
    def parts(self) -> int:
        """In how many parts the features are learnt: the layers, where they are averaged; of "auto"
        one is chosen.
        """
        return 1 if self.layers == AUTO or self.mix == "joined" else len(self.layer_numbers)

    @property
    def poolings(self) -> tuple[Pooling, ...]:
        """The poolings by name."""
        return cast(tuple[Pooling, ...], tuple(self.pooling.split("+")))


def read_layers(text: str) -> tuple[int, ...]:
    """Return layers such as `1,2` as numbers. Raises UsageError where they are none."""
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise UsageError(
            f"option layers is {text!r}, but whole numbers with commas between, or 'auto', "
            f"were expected, as in '1,2'"
        ) from None
