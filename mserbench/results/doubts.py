"""What makes the answers to some clips doubtful as a whole: far from all training, or one-sided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mserbench.results.record import OneSidedPart

if TYPE_CHECKING:
    from mserbench.results.conditions import RemotenessPart
    from mserbench.results.predictions import Prediction
    from mserbench.results.record import RunRecord

# Clips from which on anything is told: the mean of fewer lies anywhere, and ten answers may well
# be one label.
LEAST = 20
MOST_OF_ONE = 0.8  # share of the answers that one label may have


def one_sided(rows: Sequence[Prediction]) -> OneSidedPart | None:
    """Return the label that over 80 % of the answers to 20 clips or more have; None without one.

    Answers that could not be read count as none.
    """
    label, share = most_frequent([row.prediction for row in rows])
    if not label:
        return None

    truth = sum(row.label == label for row in rows) / len(rows)
    return OneSidedPart(label=label, share=round(share, 6), truth=round(truth, 6))


def most_frequent(answers: Sequence[str]) -> tuple[str, float]:
    """Return the label of over 80 % of 20 answers or more, and its share in (0.8, 1]; "" and 0
    where there is none. An empty answer could not be read.
    """
    labels = Counter(filter(None, answers))
    if len(answers) < LEAST or not labels:
        return "", 0.0

    label, count = labels.most_common(1)[0]
    share = count / len(answers)
    return (label, share) if share > MOST_OF_ONE else ("", 0.0)


def is_far(part: RemotenessPart | None) -> bool:
    """Whether enough clips lie further from every training corpus than these from one another."""
    return part is not None and part.clips >= LEAST and part.distance > part.reach


def of_record(record: RunRecord) -> list[str]:
    """Return what is to be said of a run's answers as a whole, a sentence each."""
    sentences = [far_sentence(part)] if (part := record.remoteness) and is_far(part) else []
    if sided := record.one_sided:
        sentences.append(
            f"{one_sided_sentence(sided.label, sided.share)}, which "
            f"{100 * sided.truth:.0f} % of the clips are"
        )

    return advised(sentences, "" if record.adaptation else ADVICE_RUN)


def advised(sentences: Sequence[str], advice: str) -> list[str]:
    """Return the sentences, the last of them with what to do, if there is anything."""
    if not sentences or not advice:
        return list(sentences)
    return [*sentences[:-1], f"{sentences[-1]}; {advice}"]


ADVICE_RUN = (
    "where a model can adapt, --adapt 10 lets it hear ten unlabelled clips first "
    "(docs/adaptation.md)"
)
ADVICE_PREDICT = (
    "--adapt FOLDER lets it hear unlabelled recordings of the same room first (docs/adaptation.md)"
)


def one_sided_sentence(label: str, share: float) -> str:
    """Return the sentence on answers most of which have one label."""
    return f"{100 * share:.0f} % of its answers are {label!r}"


def far_sentence(part: RemotenessPart) -> str:
    """Return the sentence on clips that are far."""
    return (
        f"the recordings are far from all that it was trained on: their mean lies "
        f"{_times(part)} as far from the nearest corpus ({part.nearest}) as its training corpora "
        f"from one another at most"
    )


def _times(part: RemotenessPart) -> str:
    return f"{part.distance / part.reach:.1f} times" if part.reach else "many times"
