"""Takes the LLM's liking for a word out of label scores: its mean over training clips or over those
of the target.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.errors import DataError, UsageError, why
from mserbench.model import TrainingItem
from mserbench_mser_llm.choices import Reading
from mserbench_mser_llm.scoring import Question

# Log-probabilities of clips: (n_clips, n_labels).
Scorer = Callable[[Sequence[Clip]], NDArray[np.float64]]

# Training clips of each label that are measured: seconds of work, and the mean is a rough one.
CLIPS_A_LABEL = 20
_TOGETHER = 256  # target clips held at a time


def measured(
    items: Sequence[TrainingItem], question: Question, reading: Reading, score: Scorer
) -> dict[str, Any]:
    """Return the mean log-probability of each label over training clips, balanced, and what was
    asked; for JSON.

    Balanced: the mean over labels of the mean over the clips of that label, so that frequent labels
    do not weigh more. Of each label at most `CLIPS_A_LABEL` clips, drawn by their keys, which are
    digests.
    """
    # By digests, so that which clips are measured depends neither on their order nor on the corpus
    # that is read first.
    by_label: dict[str, list[Clip]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.clip.key):
        if len(by_label[item.label]) < CLIPS_A_LABEL:
            by_label[item.label].append(item.clip)

    means = np.mean([score(clips).mean(axis=0) for clips in by_label.values()], axis=0)
    return {
        **_asked(question, reading),
        "means": dict(zip(question.labels, means.tolist(), strict=True)),
    }


def of_training(
    record: object, question: Question, reading: Reading, folder: str
) -> NDArray[np.float64]:
    """Return the means of `measured` for the labels of a question: float64, (n_labels,).

    `record` is the list of what was measured. Raises UsageError where labels were not trained or
    another question was measured, DataError where the record is missing or damaged.
    """
    # Means of another prompt or reading are of another scale: taken out they would do harm unseen.
    asked_now = _asked(question, reading)
    try:
        for measurement in record if isinstance(record, list) else ():
            unknown = [label for label in question.labels if label not in measurement["means"]]
            if unknown:
                raise UsageError(
                    f"weights {folder!r} were not trained on the label {unknown[0]!r}, so "
                    f"calibration=training has no "
                    f"measure of it: give '--option calibration=none', or 'target'"
                )

            measured_words = {label: measurement["words"][label] for label in question.labels}
            if {**measurement, "words": measured_words, "means": None} == {
                **asked_now,
                "means": None,
            }:
                return np.array([float(measurement["means"][label]) for label in question.labels])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"weights {folder!r} hold a damaged 'calibration' ({why(error)}): train the model again"
        ) from error

    raise UsageError(
        f"weights {folder!r} were not measured for this prompt and reading of labels, as "
        f"calibration=training needs: "
        f"ask as in training, or give '--option calibration=none', or 'target'"
    )


def of_target(clips: Iterable[Clip], score: Scorer) -> NDArray[np.float64]:
    """Return the mean log-probability of each label over all clips of the target: float64,
    (n_labels,).
    """
    remaining, total, n = iter(clips), np.float64(0), 0
    while chunk := list(islice(remaining, _TOGETHER)):
        total, n = total + score(chunk).sum(axis=0), n + len(chunk)

    return np.asarray(total / n)


def _asked(question: Question, reading: Reading) -> dict[str, Any]:
    """Return what log-probabilities rest on beside the audio: prompt, words of each label, how they
    are read.
    """
    words: Mapping[str, list[str]] = {
        label: list(words) for label, words in zip(question.labels, question.words, strict=True)
    }
    return {
        "prompt": question.record()["sha256"],
        "words": words,
        "label_reading": reading,
        "end": question.ambiguous,
    }
