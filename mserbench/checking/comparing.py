"""Two tables of predictions of one question, clip by clip: what flipped, drifted, came or went."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mserbench.errors import DataError
from mserbench.results.predictions import Prediction
from mserbench.statistics import changes
from mserbench.statistics.changes import Scale, Scores
from mserbench.statistics.metrics import confusion, metrics


@dataclass(frozen=True, slots=True)
class Flip:
    """A clip with another answer than before.

    Margins are log-probabilities: by how much the answer of a run led that of the other one, in the
    run itself. `is_tie`: both lie within epsilon, so that a last digit decided. Margins are None
    where an answer could not be read or is text alone: then nothing is a tie.
    """

    id: str
    label: str
    before: str
    after: str
    scores_before: tuple[float, ...]
    scores_after: tuple[float, ...]
    margin_before: float | None
    margin_after: float | None
    is_tie: bool

    @property
    def lost(self) -> bool:
        """Whether it was right before."""
        return self.before == self.label

    @property
    def gained(self) -> bool:
        """Whether it is right now."""
        return self.after == self.label


@dataclass(frozen=True)
class Comparison:
    """A run beside its baseline; `before` is the baseline's.

    `missing`, `added`, `relabelled`: ids that only the baseline has, only the run has, and those
    with another truth; where there are any, nothing else is compared. `drift`: the largest change
    of a log-probability (natural logarithm) and `drift_id` its clip, None without scores. `scale`:
    how scores became log-probabilities. Metrics are fractions of 1.
    """

    n: int
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    relabelled: tuple[str, ...] = ()
    flips: tuple[Flip, ...] = ()
    drift: float | None = None
    drift_id: str = ""
    scale: Scale | None = None
    epsilon: float = 0.0
    metrics_before: Mapping[str, float] | None = None
    metrics_after: Mapping[str, float] | None = None
    unparsed_before: int = 0
    unparsed_after: int = 0
    scores_gone: bool = False  # the baseline has scores, the run has none
    supports: Mapping[str, int] | None = None  # clips of each true label

    @property
    def same_clips(self) -> bool:
        """Whether both hold the same ids with the same truth."""
        return not (self.missing or self.added or self.relabelled)

    @property
    def off_ties(self) -> tuple[Flip, ...]:
        """The flips that nothing excuses."""
        return tuple(flip for flip in self.flips if not flip.is_tie)

    @property
    def lost(self) -> int:
        """How many clips were right before and are wrong now, those at ties left out."""
        return sum(flip.lost for flip in self.off_ties)

    @property
    def gained(self) -> int:
        """How many clips were wrong before and are right now, those at ties left out."""
        return sum(flip.gained for flip in self.off_ties)

    @property
    def p(self) -> float:
        """One-sided exact McNemar: how likely so many losses are if nothing got worse."""
        return changes.one_sided_mcnemar(self.lost, self.gained)


def compare(
    before: Sequence[Prediction],
    after: Sequence[Prediction],
    labels: Sequence[str],
    epsilon: float,
) -> Comparison:
    """Compare the predictions of a run with those of its baseline, both of the task's `labels`.

    Args:
        epsilon: margin (log-probability, >= 0) within which a flip is one of a tie, in both runs:
            twice the largest drift that changes nothing, as two labels may move apart by that.

    Raises:
        DataError: a score is NaN or infinite, some rows of a table have scores and some have none,
            an id stands twice, or there is no row.
    """
    rows_before, rows_after = _by_id(before, "baseline"), _by_id(after, "run")
    missing = tuple(sorted(rows_before.keys() - rows_after.keys()))
    added = tuple(sorted(rows_after.keys() - rows_before.keys()))
    shared = sorted(rows_before.keys() & rows_after.keys())
    relabelled = tuple(key for key in shared if rows_before[key].label != rows_after[key].label)
    if missing or added or relabelled:
        return Comparison(len(shared), missing, added, relabelled)

    return _of_same_clips(
        [rows_before[key] for key in shared], [rows_after[key] for key in shared], labels, epsilon
    )


def _by_id(rows: Sequence[Prediction], whose: str) -> dict[str, Prediction]:
    by_id = {row.id: row for row in rows}
    if not rows or len(by_id) < len(rows):
        raise DataError(
            f"the predictions of the {whose} hold {len(rows)} rows with {len(by_id)} ids: "
            "at least one row, and each id once, were expected"
        )

    for row in rows:
        if not all(map(math.isfinite, row.scores)):
            raise DataError(
                f"the predictions of the {whose} hold a score that is NaN or infinite for clip "
                f"{row.id!r}: finite numbers were expected, so look at the model before its answers"
            )

    return by_id


def _of_same_clips(
    before: Sequence[Prediction], after: Sequence[Prediction], labels: Sequence[str], epsilon: float
) -> Comparison:
    truth = [row.label for row in before]
    tables = [
        confusion(truth, [row.prediction for row in rows], labels) for rows in (before, after)
    ]
    moved = _moved(before, after)
    flips = _flips(before, after, labels, moved, epsilon)
    drift = None if moved is None else changes.drift(moved[0], moved[1])

    return Comparison(
        n=len(truth),
        flips=flips,
        drift=None if drift is None else drift.value,
        drift_id="" if drift is None else before[drift.at].id,
        scale=None if moved is None else moved[2],
        epsilon=epsilon,
        scores_gone=bool(before[0].scores) and not after[0].scores,
        metrics_before={name: float(value) for name, value in metrics(tables[0]).items()},
        metrics_after={name: float(value) for name, value in metrics(tables[1]).items()},
        unparsed_before=int(tables[0][:, -1].sum()),
        unparsed_after=int(tables[1][:, -1].sum()),
        supports=dict(zip(labels, map(int, tables[0].sum(axis=1)), strict=True)),
    )


def _moved(
    before: Sequence[Prediction], after: Sequence[Prediction]
) -> tuple[Scores, Scores, Scale] | None:
    """Return the log-probabilities of both, and how they were read; None without scores.

    A run that has scores where its baseline has none is compared by its answers alone.
    """
    if not all(row.scores for row in (*before, *after)):
        for rows, whose in ((before, "baseline"), (after, "run")):
            if any(row.scores for row in rows) and not all(row.scores for row in rows):
                raise DataError(
                    f"some predictions of the {whose} have scores and some have none: scores for "
                    "all clips or for none were expected"
                )

        return None

    scores = [changes.as_array([row.scores for row in rows]) for rows in (before, after)]
    # The baseline says how: a run whose scores are no probabilities any more has drifted.
    how = changes.scale(scores[0])
    first, second = (changes.log_probabilities(table, how) for table in scores)
    return first, second, how


def _flips(
    before: Sequence[Prediction],
    after: Sequence[Prediction],
    labels: Sequence[str],
    moved: tuple[Scores, Scores, Scale] | None,
    epsilon: float,
) -> tuple[Flip, ...]:
    flips = []
    for at, (old, new) in enumerate(zip(before, after, strict=True)):
        if old.prediction == new.prediction:
            continue

        margins = None
        if moved is not None and old.prediction and new.prediction:
            first, second = labels.index(old.prediction), labels.index(new.prediction)
            margins = (
                float(moved[0][at, first] - moved[0][at, second]),
                float(moved[1][at, second] - moved[1][at, first]),
            )

        flips.append(
            Flip(
                id=old.id,
                label=old.label,
                before=old.prediction,
                after=new.prediction,
                scores_before=old.scores,
                scores_after=new.scores,
                margin_before=None if margins is None else margins[0],
                margin_after=None if margins is None else margins[1],
                # Below 0 an answer is not the likeliest label: then the answering itself is broken.
                is_tie=margins is not None and all(0 <= margin <= epsilon for margin in margins),
            )
        )

    return tuple(flips)
