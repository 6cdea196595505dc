"""From predictions to numbers: metrics, intervals, and the canonical subset; a pure function of the
rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mserbench.labels import canonical_subset
from mserbench.results.predictions import Prediction, best_label
from mserbench.statistics import intervals, metrics


@dataclass(frozen=True)
class Scores:
    """Metrics and intervals as fractions of 1; an interval is None where there are too few
    clusters.

    `unattributed` counts the clips without a speaker among others that have one: each is a cluster
    of its own. `freedom` are the degrees of freedom of the intervals' t quantile.
    """

    n: int
    unparsed: int
    metrics: dict[str, float]
    intervals: dict[str, list[float] | None]
    cluster: str  # "speaker" or "clip"
    clusters: int
    unattributed: int
    freedom: float
    canonical: dict[str, Any] | None

    def record(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return asdict(self)


def score(
    rows: Sequence[Prediction], labels: Sequence[str], clusters: Sequence[int | None] | None
) -> Scores:
    """Score predictions; `clusters` numbers the speaker of each row, or is None where no speaker is
    known.

    The number of a row is None where its speaker alone is unknown.

    Where the task has labels beyond the seven canonical ones, `canonical` holds the same for the
    subset of canonical clips and labels: a model that gave scores is asked again among the
    canonical labels only.
    """
    full = _score(rows, labels, clusters)
    subset = canonical_subset(labels)
    canonical = None
    positions = [at for at, row in enumerate(rows) if row.label in subset]

    # A partial run may hold no clip with a canonical label.
    if positions and 1 < len(subset) < len(labels):
        inner = among(rows, labels, subset, clusters)
        canonical = {"labels": list(subset), **inner.record()}
        del canonical["canonical"]

    return Scores(**{**vars(full), "canonical": canonical})


def among(
    rows: Sequence[Prediction],
    labels: Sequence[str],
    subset: Sequence[str],
    clusters: Sequence[int | None] | None,
) -> Scores:
    """Score the clips whose label is in `subset` alone, as `score`.

    A model that gave scores is asked again among these labels; an answer in text stays. Raises
    ValueError where there is no such clip.
    """
    positions = [at for at, row in enumerate(rows) if row.label in subset]
    chosen = [_among(rows[at], labels, subset) for at in positions]
    return _score(chosen, subset, [clusters[at] for at in positions] if clusters else None)


def _among(row: Prediction, labels: Sequence[str], subset: Sequence[str]) -> Prediction:
    # An answer in text names one label and no second best: outside the subset it stays wrong.
    if not row.scores:
        return row

    scores = tuple(row.scores[labels.index(label)] for label in subset)
    return Prediction(row.id, row.label, best_label(scores, subset), scores, row.answer)


def _score(
    rows: Sequence[Prediction], labels: Sequence[str], clusters: Sequence[int | None] | None
) -> Scores:
    answers = [row.label for row in rows], [row.prediction for row in rows]
    counts = intervals.cluster_counts(*answers, labels, clusters)
    point = metrics.metrics(counts.sum(0))
    bounds = intervals.intervals(counts)

    return Scores(
        n=len(rows),
        unparsed=sum(not row.prediction for row in rows),
        metrics={name: float(value) for name, value in point.items()},
        intervals={name: None if ends is None else list(ends) for name, ends in bounds.items()},
        cluster="clip" if clusters is None else "speaker",
        clusters=len(counts),
        unattributed=sum(number is None for number in clusters) if clusters else 0,
        freedom=round(intervals.freedom_of(counts.sum((-2, -1))), 6),
        canonical=None,
    )
