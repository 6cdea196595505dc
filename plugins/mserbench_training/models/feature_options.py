"""The options that all models of one vector a clip have: values, help, and how they are checked."""

from __future__ import annotations

from typing import Literal, get_args

from mserbench.errors import UsageError

Normalise = Literal["training", "speaker", "corpus"]
Labels = Literal["canonical", "all"]
Balance = Literal["labels", "corpora"]
NORMALISE_HELP = (
    "training maps features by the training clips alone; speaker first standardises each clip by "
    "all clips of its speaker, a statistic of the target; corpus standardises each training corpus "
    "by itself, and a target by the mean over these, or by the clips of --adapt."
)
LABELS_HELP = (
    "canonical leaves out training clips with other labels than the seven, all learns those too."
)
SPEAKER_PRIOR_HELP = (
    "With normalise=speaker, how many clips the statistics of all speakers count for in a "
    "speaker's: of n clips, n / (n + this) are his own. 0 or more."
)
SPEAKER_PRIOR = 10.0
SPEAKER_PRIOR_EVIDENCE = (
    "where each speaker has one label alone UA is 48.6 in place of 17.8 (3: 34.5), and where they "
    "have all it costs nothing: docs/measured/whisper-linear.md"
)
BALANCE_HELP = (
    "labels: every label counts alike, however rare; corpora: and within it every corpus that has "
    "it, however large."
)
"""What the options do that all feature models have; each states its own default."""


def check_choices(normalise: str, labels: str, speaker_prior: float, balance: str) -> None:
    """Raise UsageError where an option that all feature models have is none of its values."""
    if balance not in get_args(Balance):
        raise UsageError(f"option balance is {balance!r}, but must be one of {get_args(Balance)}")
    if not 0 <= speaker_prior < float("inf"):
        raise UsageError(
            f"option speaker_prior is {speaker_prior}, but must be 0 or more: give another value"
        )
    if normalise not in get_args(Normalise):
        raise UsageError(
            f"option normalise is {normalise!r}, but must be one of {get_args(Normalise)}"
        )
    if labels not in get_args(Labels):
        raise UsageError(f"option labels is {labels!r}, but must be one of {get_args(Labels)}")
