"""The words that qualify a number, what each means, and how the model of a run is called wherever
it stands.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mserbench.contracts import FEWER, FROZEN

if TYPE_CHECKING:
    from mserbench.results.record import RunRecord

# Of an interval without the mark `wide`, as a fraction of 1. Of two systems 15 points apart nobody
# could say then which is better.
WIDEST = 0.15

VERDICT = {
    "zero-shot": "no clip of the corpus and no emotion label of its language was trained on",
    "in-corpus": "trained on other clips of the corpus: an upper bound, not a zero-shot number",
    "leaked": "test clips were trained on: the number means nothing",
    "cross-corpus": "another corpus of the language was trained on",
    "unknown": "it is not known all that the model was trained on",
}
"""What is said of each verdict."""

MEANING = {
    "synthetic": "rule-based speech, not people; it shows that things work and proves nothing else",
    "transductive": "statistics of the target's clips were used, without their labels",
    "adapted": "so many unlabelled clips of the target were heard before, none of them "
    "by the model that scored it (docs/adaptation.md)",
    "development": "the target was used in choosing the model's defaults, "
    "or its figures were seen meanwhile",
    "development not stated": "nobody says what the model's defaults were chosen on",
    "covers": "the model can give so many of the task's labels: answers to clips of the others are "
    "wrong, whatever it hears",
    "partial": "not all clips of the task were scored: not comparable with others",
    "unknown speakers": "no speaker is known: "
    "the range is over clips and says nothing of other speakers",
    "few speakers": "at most three, so no interval of 95 % can be given",
    "wide": "the interval spans more than 15 points: too few speakers or clips for conclusions",
    "submitted": "the predictions were made elsewhere, and cannot be made again from here",
    "weights not shipped": "only who trained these weights has them; what trains them again stands "
    "below the tables",
}
"""What is said of each mark, in the order in which they are shown."""

MIXED = "mixed"  # of a run that more than one system answered, by its facts

OFF_BOARD = {
    "fewer labels": "only some labels of the task were asked for, on the clips that bear them: not "
    "comparable with the task",
    MIXED: "what answers behind the model's name changed in mid-run: the answers are of more than "
    "one system, counted in the record",
    "frozen": "a fixed subset of the task, to be compared with its own baseline: no result",
}
"""What is said of marks that no run of a board has."""

HEARD = {
    "yes": "the language was heard in training, with emotion labels or without",
    "text": "the language was read in training, and not heard",
    "no": "the language was met in no way",
    "unknown": "it is not known all that the model was trained on",
}
"""What is said of each value of `heard`."""


def of_record(record: RunRecord) -> list[str]:
    """Return the marks of a run, by its record (docs/results.md)."""
    verdict, interval = record.verdict, record.intervals["UA"]

    # In the order of MEANING, so that a mark stands at one place wherever it is shown.
    flags = {
        "synthetic": record.corpus.synthetic,
        "transductive": verdict.transductive,
        "adapted": record.adaptation is not None,
        "development": bool(verdict.development),
        "development not stated": record.model.development is None,
        "covers": record.knows is not None and len(record.knows) < len(record.task.labels),
        "partial": record.counts.partial,
        "unknown speakers": record.statistics.cluster == "clip",
        "few speakers": interval is None,
        "wide": is_wide(interval),
        "fewer labels": FEWER in record.task.name,
        MIXED: (record.facts or {}).get(MIXED) is True,
        "frozen": record.task.name.endswith(FROZEN),
    }

    return [_numbered(name, record) for name, is_set in flags.items() if is_set]


def _numbered(name: str, record: RunRecord) -> str:
    """Return a mark with the number that it has, if any: `adapted:10`, `covers:4/7`."""
    if name == "adapted" and record.adaptation is not None:
        return f"{name}:{record.adaptation.clips}"
    if name == "covers" and record.knows is not None:
        return f"{name}:{len(record.knows)}/{len(record.task.labels)}"

    return name


def is_wide(interval: Collection[float] | None) -> bool:
    """Whether there is an interval, as fractions of 1, and it is too wide for conclusions."""
    return interval is not None and max(interval) - min(interval) > WIDEST


def meanings(used: Collection[str]) -> list[str]:
    """Return a line for each mark that occurs: its name, a colon, its meaning.

    The number of a mark that has one, as `adapted:10`, is left out.
    """
    explained, names = MEANING | OFF_BOARD, {mark.partition(":")[0] for mark in used}
    return [f"{mark}: {text}" for mark, text in explained.items() if mark in names]


def meanings_of_heard(used: Collection[str]) -> list[str]:
    """Return a line for each value of `heard` that occurs, and what it means."""
    return [f"heard {value}: {text}" for value, text in HEARD.items() if value in used]


def model_of(record: RunRecord) -> str:
    """Return the name of a run's model, with the preset of its weights: a preset may be another
    size of the model.
    """
    model = record.model

    # Of several stages of training the last one made the weights that answer.
    stages = model.weights.trained if model.weights else ()
    preset = stages[-1].options.get("preset") if stages else None

    return f"{model.called} ({preset})" if preset else model.called


def name_of(record: RunRecord) -> str:
    """Return the name of a run's model with its weights, if it has any: `mser-llm (mini),
    mini-real`.
    """
    weights = record.model.weights
    return f"{model_of(record)}, {weights.name}" if weights else model_of(record)
