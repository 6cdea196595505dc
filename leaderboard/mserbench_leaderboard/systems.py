"""The rows of the board: runs of one model on one task that differ in the seed of its training
alone are one system.
"""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.results import marks
from mserbench.results.record import TrainingPart
from mserbench.statistics import averages, metrics
from mserbench.statistics.intervals import counts_of_cells
from mserbench_leaderboard import ties
from mserbench_leaderboard.entries import BoardRun, Score

SEED = "seed"
"""The option of a model's training whose values make no other system."""

_NO_PART_OF_A_NAME = (SEED, "preset")


@dataclass(frozen=True, eq=False)
class System:
    """One row: its runs over the same clips, in the order of their seeds, at least one."""

    entries: tuple[BoardRun, ...]

    @property
    def first(self) -> BoardRun:
        """The run that stands for what all of them share: question, model, options, verdict."""
        return self.entries[0]

    @property
    def place(self) -> str:
        """TASK/FOLDER of the first run: unique on the board."""
        return self.first.place

    @property
    def seeds(self) -> list[str]:
        """The seed of each run; `default` where none was given."""
        return [_seed_of(entry) for entry in self.entries]

    @property
    def is_random(self) -> bool | None:
        """Whether something in its training is random; None where nobody says how it was
        trained.
        """
        return None if not _trained(self.first) else _has_seed(self.first)

    @cached_property
    def scores(self) -> Mapping[str, Score]:
        """Each metric's mean over the runs; that of UA with its interval."""
        if len(self.entries) == 1:
            return self.first.scores

        means = {name: Score(_mean(entry.scores[name].value for entry in self.entries), None)
                 for name in metrics.METRICS}  # fmt: skip
        return {**means, "UA": _over_speakers(self.entries)}

    @cached_property
    def canonical(self) -> Score | None:
        """The UA among the canonical labels; of several runs the mean, without an interval."""
        values = [entry.canonical for entry in self.entries if entry.canonical]
        if len(values) < len(self.entries) or len(values) == 1:
            return self.first.canonical
        return Score(_mean(score.value for score in values), None)

    @property
    def spread(self) -> float | None:
        """The standard deviation of UA between seeds, as a fraction; None of one run."""
        values = [entry.scores["UA"].value for entry in self.entries]
        return float(np.std(values, ddof=1)) if len(values) > 1 else None

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The corpora whose emotion labels it learnt from, each once."""
        exposure = self.first.run.record.model.exposure or ()
        labelled = (part.corpus for part in exposure if part.kind == "emotion-labels")
        return tuple(dict.fromkeys(labelled))

    @property
    def is_shipped(self) -> bool | None:
        """Whether all of its weights ship; None of a model without weights, or where its records do
        not say.
        """
        if self.recipe:
            return False

        weights = [entry.run.record.model.weights for entry in self.entries]
        flags = [part.shipped for part in weights if part and part.shipped is not None]
        return all(flags) if flags else None

    @property
    def recipe(self) -> str:
        """The commands that make a model again that no plugin brings; "" where nobody says them."""
        return self.first.run.record.model.recipe or ""

    @property
    def confusion(self) -> NDArray[np.int64]:
        """int64, (K, K + 1), as `mserbench.statistics.metrics.confusion`, all runs together."""
        return np.asarray(np.stack([entry.confusion for entry in self.entries]).sum(axis=0))


def of(entries: Iterable[BoardRun]) -> list[System]:
    """Return the systems of some runs, each run in one of them, in the order of their first
    runs.
    """
    kin: dict[str, list[BoardRun]] = defaultdict(list)
    for entry in entries:
        kin[_identity(entry)].append(entry)

    return [System(tuple(sorted(runs, key=_by_seed))) for runs in kin.values()]


def top(groups: Sequence[Sequence[System]]) -> set[str]:
    """Return the places of the systems that cannot be told from the best of their group, the best
    included.

    The groups of a task share one level, so that all of them together lose an equal system in as
    few cases as one.
    """
    compared = sum(len(systems) > 1 for systems in groups)
    close = set()
    for systems in groups:
        tied = ties.top([system.entries for system in systems], ties.LEVEL / max(compared, 1))
        close |= {systems[position].place for position in tied}

    return close


def twice(entries: Iterable[BoardRun]) -> list[str]:
    """Name the runs of one system and one seed: their mean would count one training twice."""
    problems = []
    for system in of(entries):
        places: dict[str, str] = {}
        for entry, seed in zip(system.entries, system.seeds, strict=True):
            if seed in places:
                problems.append(
                    f"run {entry.place!r} is of the same system and the same seed ({seed}) "
                    f"as {places[seed]!r}: remove one of them"
                )

            places[seed] = entry.place

    return problems


def names(systems: Sequence[System]) -> dict[str, str]:
    """Return by place how to call each system: its model, the options of its training, and those it
    was asked with.

    Options are named that differ from the model's defaults; where a record does not tell, those in
    which its kin differ, and the weights. So are systems that would look alike.
    """
    by_model: dict[str, list[System]] = defaultdict(list)
    for system in systems:
        by_model[marks.model_of(system.first.run.record)].append(system)

    return {
        place: name
        for model, kin in by_model.items()
        for place, name in _names_of_kin(model, kin).items()
    }


def _names_of_kin(model: str, kin: Sequence[System]) -> dict[str, str]:
    values: dict[str, set[str | None]] = defaultdict(set)
    for key in {key for system in kin for key in system.first.variant}:
        values[key] = {system.first.variant.get(key) for system in kin}

    parts = {}
    for system in kin:
        entry, variant = system.first, dict(system.first.variant)
        options = {key: text for key, text in variant.items() if len(values[key]) > 1}
        weights = [entry.weights] if entry.weights and not _trained(entry) else []
        if (typed := _typed(entry)) is not None:
            # The options of a run of trained weights are unset, unless it was asked with a preset.
            has_options = "preset" in entry.run.record.model.options
            recorded = variant if has_options else {}
            version = {key: text for key, text in options.items() if key == "version"}
            without_version = {key: text for key, text in recorded.items() if key != "version"}
            options = {**typed, **without_version, **version}

        words = [
            f"{key}={text}"
            for key, text in sorted(options.items())
            if key not in _NO_PART_OF_A_NAME
        ]
        parts[system.place] = [model, *weights, *words, *filter(None, [entry.adapted_to])]

    looks: dict[tuple[object, ...], list[System]] = defaultdict(list)
    for system in kin:
        table = (system.first.question.hash, system.first.development, system.trained_on)
        looks[(*table, *parts[system.place])].append(system)

    for alike in looks.values():
        for system in alike if len(alike) > 1 else []:
            parts[system.place].append(
                f"weights {system.first.weights_hash}" if system.first.weights else system.place
            )

    return {place: ", ".join(words) for place, words in parts.items()}


def _typed(entry: BoardRun) -> dict[str, str] | None:
    """Return the options in the command that trains a run's weights again, of its last stage; None
    without one.
    """
    weights = entry.run.record.model.weights
    recipe = weights.recipe if weights else None
    if not recipe or not _trained(entry):
        return None

    try:
        words = shlex.split(recipe.rpartition(" && ")[2])
    except ValueError:
        # A quote is left open: no command of ours.
        return None

    pairs = [text.partition("=") for word, text in pairwise(words) if word == "--option"]
    return {name: value for name, _, value in pairs}


def _identity(entry: BoardRun) -> str:
    """Return a text that is the same for runs of one system; another for each run whose training is
    not told.
    """
    trained, model, verdict = _trained(entry), entry.run.record.model, entry.run.record.verdict
    if not trained or not _has_seed(entry):
        return entry.place

    steps = [{**step.to_json(), "options": _without_seed(step.options)} for step in trained]
    shared = [
        entry.question.name, entry.question.hash, entry.partial, entry.model, model.version, steps,
        _without_seed(model.options), model.development,
        [verdict.verdict, verdict.heard, verdict.transductive, entry.development],
        entry.adapted_to,
    ]  # fmt: skip

    return json.dumps(shared, sort_keys=True)


def _trained(entry: BoardRun) -> tuple[TrainingPart, ...]:
    """Return the trainings behind a run's weights, as its record tells them; none where it does
    not.
    """
    weights = entry.run.record.model.weights
    return weights.trained if weights else ()


def _has_seed(entry: BoardRun) -> bool:
    return any(SEED in options for options in _options(entry))


def _options(entry: BoardRun) -> list[Mapping[str, Any]]:
    return [entry.run.record.model.options, *(step.options for step in _trained(entry))]


def _without_seed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are set, so that one which a model got later makes no other system of
    an old run.
    """
    return {name: value for name, value in options.items() if name != SEED and value is not None}


def _seed_of(entry: BoardRun) -> str:
    """Return the seed of a run's training, of several stages all of them."""
    seeds = [step.options.get(SEED) for step in _trained(entry)]
    return " and ".join("default" if seed is None else str(seed) for seed in seeds) or "default"


def _by_seed(entry: BoardRun) -> tuple[bool, int, str, str]:
    seed = _seed_of(entry)
    return seed != "default", len(seed), seed, entry.place


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _over_speakers(entries: Sequence[BoardRun]) -> Score:
    """Return the mean UA of runs over the same clips, with its interval of other speakers and other
    trainings.
    """
    items, labels = entries[0].items, len(entries[0].question.labels)
    counts = np.stack(
        [counts_of_cells(entry.cells, labels, items.clusters) for entry in entries], axis=1
    )

    # Counts of speakers, models, labels and answers: (S, M, K, K + 1).
    scored = averages.target(counts, by_clip=items.clusters is None)
    figure = averages.figure(
        [averages.Part(scored, tuple((at,) for at in range(len(entries))))], "UA"
    )

    return Score(figure.value, figure.interval, figure.by_clip)
