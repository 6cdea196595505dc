"""Results that are hardly possible, for a person to look at: none of it proves a run wrong, so none
is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mserbench.results import predictions, runs
from mserbench_leaderboard import regular
from mserbench_leaderboard.board import FLOORS
from mserbench_leaderboard.entries import BoardRun
from mserbench_leaderboard.published import Published

PERFECT = 0.999  # of all answers right: no system is, on speech that people label alike
ABOVE = 0.05  # fraction of UA above the best figure of a model that was trained on the corpus
ALONE = 0.2  # fraction of UA above the best figure of all, where none was trained on the corpus


def doubts(
    entry: BoardRun, neighbours: Sequence[BoardRun], published: Sequence[Published]
) -> list[str]:
    """Return a sentence for each thing about a run that a person should look at.

    `neighbours`: runs of the same task; `published`: results of papers on it.
    """
    # Whoever calls their own file `prior` is no floor: those are made again, files are not.
    is_floor = entry.model in FLOORS and entry.run.record.model.submitted is None
    if entry.n < regular.ENOUGH or is_floor:
        return []

    name = f"run {entry.place!r}, to be looked at by a person"
    sentences = (
        *_perfect(entry),
        *_too_good(entry, neighbours, published),
        *_patterns(entry),
        *_constant(entry),
        *_copied(entry, neighbours),
    )
    return [f"{name}: {doubt}" for doubt in sentences]


def _perfect(entry: BoardRun) -> Iterator[str]:
    share = float(entry.right.mean())
    if share >= PERFECT:
        yield (
            f"{int(entry.right.sum())} of {entry.n} answers equal the labels, which no model "
            f"reaches: did it see them?"
        )


def _too_good(
    entry: BoardRun, neighbours: Sequence[BoardRun], published: Sequence[Published]
) -> Iterator[str]:
    """Yield where a run that saw nothing of the corpus beats by far those trained on it."""
    if entry.verdict in ("in-corpus", "leaked"):
        return

    trained = [
        (neighbour.scores["UA"].value, f"run {neighbour.place!r}")
        for neighbour in neighbours
        if neighbour.verdict == "in-corpus" and neighbour.question.hash == entry.question.hash
    ]
    trained += [
        (float(result.values["UA"]) / 100, result.system)
        for result in published
        if result.exposure == "in-corpus" and "UA" in result.values
    ]
    value = entry.scores["UA"].value
    best, whose = max(trained, default=(1.0, ""))
    if value > best + ABOVE:
        yield (
            f"its UA of {100 * value:.1f} % is far above the {100 * best:.1f} % of the best that "
            f"was trained on the corpus ({whose}), but its verdict is {entry.verdict!r}"
        )

    others = [
        (neighbour.scores["UA"].value, f"run {neighbour.place!r}")
        for neighbour in neighbours
        if neighbour.place != entry.place
        and neighbour.model not in FLOORS
        and neighbour.question.hash == entry.question.hash
    ]
    others += [
        (float(result.values["UA"]) / 100, result.system)
        for result in published
        if "UA" in result.values
    ]
    best, whose = max(others, default=(1.0, ""))
    if not trained and value > best + ALONE:
        yield (
            f"its UA of {100 * value:.1f} % is far above the {100 * best:.1f} % of the best known "
            f"({whose}): did it see the labels?"
        )


def _patterns(entry: BoardRun) -> Iterator[str]:
    width = len(entry.question.labels) + 1
    truth, answers = entry.cells // width, entry.cells % width

    distance, above_chance = regular.repeats(truth, answers)
    if above_chance >= regular.REPEATED:
        yield (
            f"where labels differ, its answers equal the one {distance} clip(s) before in the "
            f"order of names far more often than by chance (kappa {above_chance:.2f}): do they "
            f"follow the order of the files?"
        )

    explained = regular.by_speaker(truth, answers, entry.items.clusters)
    if explained >= regular.BY_SPEAKER:
        yield (
            f"the speaker alone explains {100 * explained:.0f} % of what differs among its "
            f"answers: do they follow the speaker?"
        )


def _copied(entry: BoardRun, neighbours: Sequence[BoardRun]) -> Iterator[str]:
    """Yield the run of another model whose answers these are, mistakes included."""
    width = len(entry.question.labels) + 1
    truth, answers = entry.cells // width, entry.cells % width
    alike = [
        (regular.agreement(truth, answers, neighbour.cells % width), neighbour.place)
        for neighbour in neighbours
        # Seeds and options of one model may well agree.
        if neighbour.model != entry.model
        and neighbour.items == entry.items
        # What a record says itself, and the board shows, is no doubt.
        and not _is_made_of(entry, neighbour)
        and not _is_made_of(neighbour, entry)
    ]
    share, place = max(alike, default=(0.0, ""))
    if share >= regular.COPIED:
        yield (
            f"{100 * share:.1f} % of its answers equal those of run {place!r}, mistakes included: "
            f"is it the same model, or a copy?"
        )


def _is_made_of(entry: BoardRun, other: BoardRun) -> bool:
    """Say whether the commands that make a model begin with those that train another's weights."""
    weights = other.run.record.model.weights
    recipe = weights.recipe if weights else None
    return bool(recipe) and (entry.run.record.model.recipe or "").startswith(f"{recipe} && ")


def _constant(entry: BoardRun) -> Iterator[str]:
    rows = predictions.read(entry.run.folder / runs.PREDICTIONS, entry.question.labels)
    stuck = regular.stuck(np.array([row.scores for row in rows])) if rows[0].scores else 0.0
    if stuck == 1.0:
        yield "all clips have the same scores, so nothing was heard"
    elif stuck > regular.STUCK:
        yield (
            f"{100 * stuck:.0f} % of the clips have the same scores: are they what is written "
            f"where a clip failed?"
        )
    elif len({row.prediction for row in rows}) == 1:
        yield "all clips have the same answer, so nothing was told apart"
