"""From the answers under all conditions to UA and what each alteration costs, paired over
speakers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mserbench.statistics import averages
from mserbench.statistics.averages import Part
from mserbench.statistics.intervals import cluster_counts

METRIC = "UA"
_DIGITS = 6  # of fractions: the same file on every machine


@dataclass(frozen=True)
class Cost:
    """UA under a condition, or the mean over some, and its difference from UA of the clean clips.

    Fractions of 1; intervals of 95 % over speakers, None with too few of them. `difference` is
    paired: altered less clean, below 0 where something is lost; `p` is that of no difference.
    """

    name: str
    ua: float
    interval: tuple[float, float] | None
    difference: float
    difference_interval: tuple[float, float] | None
    p: float | None


@dataclass(frozen=True)
class Costs:
    """What a model loses: `conditions` at each severity, `alterations` over their severities.

    `worst` is the condition of the lowest UA. Its interval is that of a condition named beforehand:
    the lowest of many is by chance a little lower than it would be again.
    """

    clean: Cost
    conditions: tuple[Cost, ...]
    alterations: tuple[Cost, ...]
    mean: Cost
    worst: Cost


def costs(
    truth: Sequence[str],
    answers: Mapping[str, Sequence[str]],
    labels: Sequence[str],
    clusters: Sequence[Hashable | None] | None,
) -> Costs:
    """Score a model under all conditions.

    Args:
        truth: the label of each of n clips. answers: for each condition, the clean one first, n
        labels, "" where an answer could not be read. labels: of the task. clusters: the speaker of
        each clip, as `cluster_counts`.

    Raises:
        ValueError: as `cluster_counts`.
    """
    names = list(answers)
    tables = [cluster_counts(truth, answers[name], labels, clusters) for name in names]
    target = averages.target(np.stack(tables, axis=1), by_clip=clusters is None)
    parts = {name: Part(target, ((at,),)) for at, name in enumerate(names)}
    clean, *altered = names

    def cost(name: str, over: Iterable[str]) -> Cost:
        return _cost(name, [parts[condition] for condition in over], parts[clean])

    single = tuple(cost(name, [name]) for name in altered)
    groups: dict[str, list[str]] = {}
    for name in altered:
        groups.setdefault(name.partition(":")[0], []).append(name)

    return Costs(
        clean=cost(clean, [clean]),
        conditions=single,
        alterations=tuple(cost(name, over) for name, over in groups.items()),
        mean=cost("mean", altered),
        # The first of equal ones, in the order of the suite.
        worst=min(single, key=lambda condition: condition.ua),
    )


def _cost(name: str, parts: Sequence[Part], clean: Part) -> Cost:
    figure = averages.figure(parts, METRIC)
    apart = averages.difference(parts, [clean], METRIC)
    return Cost(
        name=name,
        ua=round(figure.value, _DIGITS),
        interval=_rounded(figure.interval),
        difference=round(apart.value, _DIGITS),
        difference_interval=_rounded(apart.interval),
        p=None if apart.p is None else float(f"{apart.p:.4g}"),
    )


def _rounded(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    if interval is None:
        return None
    return round(interval[0], _DIGITS), round(interval[1], _DIGITS)
