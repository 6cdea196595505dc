"""The options of `whisper-linear`, their defaults, and what each default rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from mserbench.errors import UsageError
from mserbench.options import later
from mserbench_training.encoders.base import Length, Precision
from mserbench_training.feature_model import Labels, Normalise, check_choices
from mserbench_training.pooled import Pooling

Auto = Literal["auto"]
AUTO: Auto = "auto"
DIRECTIONS = 3
CHOSEN_ON = ("emodb", "emovo", "aesdd", "ravdess")
"""The defaults were chosen on the first three, by a rule that was settled after figures of RAVDESS
had been seen.
"""
Kind = Literal["discriminant", "logistic"]
Centres = Literal["clips", "speakers"]
Mix = Literal["joined", "averaged"]


@dataclass(frozen=True)
class WhisperLinearOptions:
    """Options of `whisper-linear`; all but `normalise` matter in training only, weights remember
    theirs.

    `encoder`: name of Whisper weights, as `mserbench weights list` shows them; `encoder_precision`:
    what it computes in, "float32" or "bfloat16". `length`: "trimmed" hears the clip alone, "padded"
    pads it to 30 s as Whisper was trained, many times slower. `layers`: numbers with commas, 0 is
    the output of the first block. `mix`: several layers are "joined" in one classifier, or each has
    its own and their log-probabilities are "averaged". `pooling`: of mean, loud20, loud36 (means
    over frames within so many dB of the loudest) and std, with "+" between. `directions`: how many
    directions in which speakers differ are projected out; none: 3, and 0 with normalise=speaker,
    after which what is left of them is labels that some speakers lack. `classifier`:
    "discriminant", linear with one covariance, shrunk by `shrinkage` towards a multiple of the
    identity, or "logistic" regression with inverse strength `C` of its penalty. `centres`: a
    discriminant's label means are over all "clips", or over "speakers", each of whom then counts
    alike. "auto" for layers, directions, shrinkage or C: the best on the training clips, each
    source left out in turn (groups of speakers where there is one source only). `normalise`:
    "training" or "speaker", which standardises each clip by all clips of its speaker, a statistic
    of the target. `labels`: "canonical" leaves out training clips with other labels than the seven,
    "all" learns those too. Figures for all of them, and how the defaults were chosen:
    docs/whisper-linear.md.
    """

    encoder: str = "whisper-base"
    encoder_precision: Precision = field(default="float32", metadata=later(before="float32"))
    length: Length = "trimmed"
    layers: str = "2"
    mix: Mix = field(default="averaged", metadata=later(before="joined", always_told=True))
    pooling: str = "mean+loud20"
    directions: int | Auto | None = None
    classifier: Kind = "discriminant"
    centres: Centres = field(default="clips", metadata=later(before="clips", always_told=True))
    shrinkage: float | Auto = 0.8
    C: float | Auto = 0.001
    normalise: Normalise = "training"
    labels: Labels = "canonical"

    def __post_init__(self) -> None:
        check_choices(self.normalise, self.labels)
        kinds = {
            "length": Length,
            "mix": Mix,
            "classifier": Kind,
            "centres": Centres,
            "encoder_precision": Precision,
        }
        for name, choices in kinds.items():
            if getattr(self, name) not in get_args(choices):
                raise UsageError(
                    f"option {name} is {getattr(self, name)!r}, but must be one of "
                    f"{get_args(choices)}"
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
            return 0 if self.normalise == "speaker" else DIRECTIONS
        return self.directions

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
        return tuple(int(one) for one in text.split(","))
    except ValueError:
        raise UsageError(
            f"option layers is {text!r}, but whole numbers with commas between, or 'auto', "
            f"were expected, as in '1,2'"
        ) from None
