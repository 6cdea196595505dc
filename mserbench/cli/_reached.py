"""What stands beside a run's numbers: floors, the labels its model can give, what clips show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mserbench.results.runs import Run


def floor_rows(run: Run, width: int) -> list[list[object]]:
    """Return two rows of the table of runs, `width` cells each: a constant and random answers."""
    from mserbench.report.numbers import percent
    from mserbench.results import reach

    task, floors = run.record.task.name, reach.floors(_truth(run), run.labels)
    constant = [percent(floors.constant[name]) for name in ("UA", "WA", "WF1", "MF1")]
    chance = percent(floors.chance)
    rows = [[f"always {floors.label!r}", constant], ["random answers", [chance, chance]]]

    # Columns: task, model, clips, speakers, then the metrics; of the others nothing can be said.
    cells = [[task, name, "", "", *metrics] for name, metrics in rows]
    return [[*row, *[""] * (width - len(row))] for row in cells]


def of_task(run: Run) -> list[str]:
    """Say what anyone reaches on the clips of a run, and what difference between systems shows."""
    from mserbench.report.numbers import percent
    from mserbench.results import reach

    name, floors = run.record.task.name, reach.floors(_truth(run), run.labels)
    lowest, highest = map(percent, floors.range)
    sentences = [
        f"{name}: always {floors.label!r} is the best constant answer; of random answerers 19 of "
        f"20 have a UA of {lowest} to {highest}"
    ]

    smallest = reach.smallest_difference(run)
    clusters, clips = run.record.statistics.clusters, run.record.counts.scored
    if smallest is not None:
        size = f"from {100 * smallest:.0f} points on" if smallest < 1 else "of no size"
        sentences.append(
            f"{name}: {clips} clips of {clusters} speakers show a difference of UA between two "
            f"usual systems {size} (in 4 of 5 tries)"
        )

    return sentences


def of_labels(run: Run) -> list[str]:
    """Say which labels of the task a model cannot give, and what that costs; empty for none.

    Nothing is said where a model does not tell and its answers are few or all one label.
    """
    from mserbench.report.numbers import percent
    from mserbench.results import reach

    covered = reach.coverage(run)
    if not covered.is_told:
        return []

    subject = f"{run.name} on {run.record.task.name}"
    count = f"{len(covered.labels)} of {len(run.labels)} labels"
    ceiling = percent(covered.ceiling["UA"])
    if covered.by_answers:
        sentences = [
            f"{subject}: {count} occur among its answers (answers only: it does not tell which it "
            f"knows); if it cannot say {_listed(covered.lacking)}, its UA cannot pass {ceiling}"
        ]
    else:
        sentences = [
            f"{subject}: it can give {count}, not {_listed(covered.lacking)}: its UA cannot pass "
            f"{ceiling}"
        ]

    if covered.shared:
        value = percent(covered.shared.metrics["UA"], covered.shared.intervals["UA"], run.by_clip)
        sentences.append(
            f"{subject}, clips of the shared labels only: UA {value}, n {covered.shared.n} "
            f"(another question than the task)"
        )

    return sentences


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels)


def _truth(run: Run) -> list[str]:
    return [row.label for row in run.rows]
