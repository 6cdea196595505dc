"""What `--replay` and `--add` prove of a run: its numbers follow from its predictions, and it tells
the truth.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import cast

from mserbench.cards import Exposure, ExposureKind, ModelCard
from mserbench.errors import DataError
from mserbench.results import exposure, predictions, recording, runs, scoring
from mserbench.results.record import ModelPart
from mserbench_leaderboard import floors, registered
from mserbench_leaderboard.entries import BoardRun

# The parts of a record that follow from the predictions.
_COMPUTED = ("metrics", "intervals", "canonical", "counts", "statistics")

# What another processor's order of summation may change, and no reader can see.
CLOSE = 1e-9


def findings(entry: BoardRun) -> list[str]:
    """Return a sentence for each thing about a run that is not so: scores, labels and speakers,
    verdict.
    """
    name = f"run {entry.place!r}"
    try:
        rows = predictions.read(entry.run.folder / runs.PREDICTIONS, entry.question.labels)
    except DataError as error:
        return [str(error)]

    faults = [
        *_hash_findings(name, entry),
        *_score_findings(name, entry, rows),
        *_answer_findings(name, entry, rows),
        *_weights_findings(name, entry),
    ]

    # Of a task that no plugin here registers, or of an older version, the truth is not known.
    current = registered.question(entry.question.name)
    if current is not None and current.hash == entry.question.hash:
        faults += [
            *_truth_findings(name, entry),
            *_verdict_findings(name, entry),
            *floors.findings(entry, rows),
        ]

    return faults


def _hash_findings(name: str, entry: BoardRun) -> list[str]:
    task, corpus = entry.run.record.task, entry.run.record.corpus
    if task.hash == recording.task_hash(task.question, corpus.index_digest):
        return []
    return [f"{name}: its task hash is not that of its question and its audio: score it again"]


def _score_findings(name: str, entry: BoardRun, rows: list[predictions.Prediction]) -> list[str]:
    clusters = entry.items.clusters
    scores = scoring.score(
        rows, entry.question.labels, None if clusters is None else list(clusters)
    )
    stated, counts = entry.run.record, entry.run.record.counts
    numbers = recording.numbers(scores, counts.expected, counts.partial, stated.clusters)
    record, true = stated.to_json(), dataclasses.replace(stated, **numbers).to_json()

    return [
        f"{name}: its {part} are {_first_difference(record.get(part), true[part])} "
        f"when they are computed again from its predictions: score it again"
        for part in _COMPUTED
        if not _same(record.get(part), true[part])
    ]


def _answer_findings(name: str, entry: BoardRun, rows: list[predictions.Prediction]) -> list[str]:
    """Scores are kept in six digits, which may tie; so the prediction need only be one of the
    highest.
    """
    labels = entry.question.labels
    for row in rows:
        bad = [score for score in row.scores if not math.isfinite(score)]
        if bad or (
            row.scores
            and (not row.prediction or row.scores[labels.index(row.prediction)] < max(row.scores))
        ):
            return [
                f"{name}: the prediction of {row.id!r} is not the label with its highest "
                f"score: score it again"
            ]

    return []


def _truth_findings(name: str, entry: BoardRun) -> list[str]:
    true = registered.items(entry.question.name)
    if true is None:
        return []

    labels = dict(zip(true.ids, true.truth, strict=True))
    for identity, label in zip(entry.items.ids, entry.items.truth, strict=True):
        if labels.get(identity) != label:
            return [
                f"{name}: clip {identity!r} has the label {label!r}, but the task says "
                f"{labels.get(identity)!r}"
            ]

    # A partial run says that it lacks clips, and is not ranked.
    if entry.partial:
        return []
    if entry.items.ids != true.ids:
        return [
            f"{name}: it holds {entry.n} of {len(true.ids)} clips, "
            f"but is not marked as partial: score it again"
        ]
    if entry.items.clusters != true.clusters:
        return [
            f"{name}: its speakers are not those of the corpus, "
            f"so its intervals are wrong: score it again"
        ]

    return []


def _verdict_findings(name: str, entry: BoardRun) -> list[str]:
    """Judge again from the exposure in the record; a leak shows in lists of clips that the record
    lacks.
    """
    task_and_card = registered.task(entry.question.name)
    if task_and_card is None or entry.verdict == "leaked":
        return []

    verdict = entry.run.record.verdict
    model = entry.run.record.model
    if model.exposure is None or model.exposure_complete is None:
        return [f"{name}: its record states no exposure, so its verdict cannot be computed again"]

    judged = exposure.judge(
        _card(model), *task_and_card, keys=(), transductive=verdict.transductive
    )
    stated = (verdict.verdict, verdict.heard, bool(verdict.development))
    if (judged.verdict, judged.heard, judged.development) == stated:
        return []

    return [
        f"{name}: its verdict is {_in_words(*stated)}, "
        f"but from what its record says of its model it is "
        f"{_in_words(judged.verdict, judged.heard, judged.development)}: score it again"
    ]


def _in_words(verdict: str, heard: str, development: bool) -> str:
    return f"{verdict!r} (heard: {heard}, development: {'yes' if development else 'no'})"


def _weights_findings(name: str, entry: BoardRun) -> list[str]:
    """Weights that are said to ship can be looked for; what is wrong here is that nobody could have
    them.
    """
    weights, shipped = entry.run.record.model.weights, registered.shipped(entry.model)
    if shipped is None or weights is None or weights.shipped in (None, weights.hash in shipped):
        return []

    ships = "ship" if weights.shipped else "do not ship"
    return [
        f"{name}: its weights {ships}, it says, but of model {entry.model!r} others do: "
        f"score it again"
    ]


def _card(model: ModelPart) -> ModelCard:
    """Return the card that a record tells; what it does not say of `development` is none (schema of
    old records).
    """
    exposures = tuple(
        Exposure(part.corpus, part.languages, cast(ExposureKind, part.kind), part.evidence)
        for part in model.exposure or ()
    )
    complete, development = model.exposure_complete is True, model.development or ()
    return ModelCard(
        model.name, model.title, model.version, "", "", exposures, complete, development
    )


def _same(stated: object, true: object) -> bool:
    if isinstance(true, Mapping):
        return (
            isinstance(stated, Mapping)
            and stated.keys() == true.keys()
            and all(_same(stated[k], true[k]) for k in true)
        )
    if isinstance(true, list | tuple):
        return (
            isinstance(stated, list) and len(stated) == len(true) and all(map(_same, stated, true))
        )
    if isinstance(true, float) and isinstance(stated, int | float):
        return math.isclose(stated, true, rel_tol=0, abs_tol=CLOSE)
    return stated == true


def _first_difference(stated: object, true: object) -> str:
    if isinstance(stated, Mapping) and isinstance(true, Mapping):
        for key in true:
            if key in stated and not _same(stated[key], true[key]):
                return f"{key}: {_first_difference(stated[key], true[key])}"

    return f"{str(stated)[:80]!r} in its record, but {str(true)[:80]!r}"
