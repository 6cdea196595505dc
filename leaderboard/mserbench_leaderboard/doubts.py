"""Results that are hardly possible, for a person to look at: none of it proves a run wrong, so none
is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench.results import predictions, runs
from mserbench_leaderboard.board import FLOORS
from mserbench_leaderboard.entries import BoardRun
from mserbench_leaderboard.published import Published

ENOUGH = 30  # clips: of fewer, equal answers and patterns come by chance

PERFECT = 0.999  # of all answers right: no system is, on speech that people label alike
ABOVE = 0.05  # fraction of UA above the best figure of a model that was trained on the corpus
REPEATED = 0.9  # of answers that equal those some clips before them
"""Share of answers that repeat at one distance in the order of ids. Of the 85 runs of the board
none has more than 0.65 while giving several answers.
"""

_LONGEST = 24  # clips after which an order may repeat


def doubts(
    entry: BoardRun, neighbours: Sequence[BoardRun], published: Sequence[Published]
) -> list[str]:
    """Return a sentence for each thing about a run that a person should look at.

    `neighbours`: runs of the same task; `published`: results of papers on it.
    """
    if entry.n < ENOUGH or entry.model in FLOORS:
        return []

    name = f"run {entry.place!r}, to be looked at by a person"
    sentences = (*_perfect(entry), *_too_good(entry, neighbours, published), *_in_order(entry))
    return [f"{name}: {doubt}" for doubt in (*sentences, *_constant(entry))]


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


def _in_order(entry: BoardRun) -> Iterator[str]:
    width = len(entry.question.labels) + 1
    truth, answers = entry.cells // width, entry.cells % width
    if len(np.unique(answers)) < 2:
        return

    for distance in range(1, min(_LONGEST, entry.n // 3) + 1):
        repeated, labels = _repeats(answers, distance), _repeats(truth, distance)
        # Labels that repeat themselves make right answers do so.
        if repeated >= REPEATED and repeated - labels > 1 - REPEATED:
            yield (
                f"{100 * repeated:.0f} % of its answers equal the one {distance} clip(s) before in "
                f"the order of names, of the labels only {100 * labels:.0f} %: do they follow the "
                f"order of the files?"
            )
            return


def _repeats(values: NDArray[np.int64], distance: int) -> float:
    return float((values[distance:] == values[:-distance]).mean())


def _constant(entry: BoardRun) -> Iterator[str]:
    rows = predictions.read(entry.run.folder / runs.PREDICTIONS, entry.question.labels)
    if rows[0].scores and len({row.scores for row in rows}) == 1:
        yield "all clips have the same scores, so nothing was heard"
    elif len({(row.prediction, row.answer) for row in rows}) == 1 and not rows[0].scores:
        yield "all clips have the same answer, so nothing was heard"
