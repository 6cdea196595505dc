"""`mserbench compare`: compare two runs on the same utterances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common
from mserbench.errors import DataError

if TYPE_CHECKING:
    from mserbench.results.predictions import Prediction
    from mserbench.results.runs import Run
    from mserbench.statistics.compare import Comparison


@click.command(name="compare", short_help="compare two runs on the same utterances")
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@_common.wide_option
@_common.json_option
def command(run_a: Path, run_b: Path, as_json: bool) -> None:
    """Compare the run folders RUN_A and RUN_B: a paired t test over speakers, then McNemar over
    clips.

    Where one scored fewer clips, as with --limit, both are compared on those that they share.
    """
    from mserbench.results import runs
    from mserbench.statistics.compare import compare

    first, second = runs.read(run_a), runs.read(run_b)
    _check_same_question(first, second)
    pairs = _shared(first, second)
    clusters = first.record.clusters
    truth = [row.label for row, _, _ in pairs]
    answers_a = [row.prediction for row, _, _ in pairs]
    answers_b = [row.prediction for _, row, _ in pairs]
    result = compare(
        truth,
        answers_a,
        answers_b,
        first.labels,
        None if clusters is None else [clusters[at] for _, _, at in pairs],
    )
    # Not those of the records: a difference beside them must be theirs.
    scores = [_metrics(truth, predicted, first.labels) for predicted in (answers_a, answers_b)]

    if len(pairs) < max(len(first.rows), len(second.rows)):
        _common.say(
            f"note: compared on the {len(pairs)} clips that both scored: A has {len(first.rows)}, "
            f"B has {len(second.rows)}",
            err=True,
        )

    if as_json:
        shared = {"a": scores[0], "b": scores[1]}
        record = {"a": first.summary(), "b": second.summary(), "shared": shared, **asdict(result)}
        _common.print_json(record)
    else:
        _show(first, second, scores, result)


def _check_same_question(first: Run, second: Run) -> None:
    a, b = first.record.task, second.record.task
    if (a.question, a.labels) != (b.question, b.labels):
        raise DataError(
            f"{str(first.folder)!r} is of task {a.name} version {a.version}, "
            f"{str(second.folder)!r} of {b.name} version {b.version}: "
            f"only runs of one task and version can be compared"
        )


def _shared(first: Run, second: Run) -> list[tuple[Prediction, Prediction, int]]:
    """Return the rows of both runs for each clip that both scored, with its position in the first.

    Raises DataError where there is none, and where a run holds another truth than the other.
    """
    by_id = {row.id: row for row in second.rows}
    pairs = [(row, by_id[row.id], at) for at, row in enumerate(first.rows) if row.id in by_id]
    if not pairs:
        raise DataError(
            f"{str(first.folder)!r} and {str(second.folder)!r} scored no clip in common: run both "
            f"without --limit and --allow-partial"
        )

    differing = [row_a.id for row_a, row_b, _ in pairs if row_a.label != row_b.label]
    if differing:
        raise DataError(
            f"{str(first.folder)!r} and {str(second.folder)!r} hold different labels of "
            f"{len(differing)} clip(s), such as {differing[0]!r}: one of the two was changed, "
            f"score it again"
        )

    return pairs


def _metrics(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]
) -> dict[str, float]:
    """Return the metrics of one run on the shared clips, as fractions of 1."""
    from mserbench.statistics.metrics import confusion, metrics

    return {
        name: float(value) for name, value in metrics(confusion(truth, predicted, labels)).items()
    }


def _show(
    first: Run, second: Run, scores: Sequence[Mapping[str, float]], result: Comparison
) -> None:
    from mserbench.statistics.intervals import FEWEST

    _common.say(
        f"A: {first.name}   B: {second.name}   task {first.record.task.name}, n {result.n}\n"
    )
    rows = []

    # A difference is in points and has a sign, else it would be read as a third score.
    for name, difference in result.differences.items():
        ends = result.intervals[name]
        interval = "-" if ends is None else f"[{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]"
        a, b = scores[0][name], scores[1][name]
        rows.append(
            [name, f"{100 * a:.1f}", f"{100 * b:.1f}", f"{100 * difference:+.1f}", interval]
        )

    _common.print_table(
        rows, ["metric", "A", "B", "A - B", "95 % interval"], right=("A", "B", "A - B")
    )
    unit = "clip" if result.by_clip else "speaker"
    p_value = (
        f"needs at least {FEWEST} {unit}s" if result.ua_p is None else f"p = {result.ua_p:.4g}"
    )
    _common.say(f"\nUA, paired t test over {result.clusters} {unit}s: {p_value}")

    # Then the interval over clips is all there is, and nobody should take it for one of people.
    if result.by_clip:
        _common.say(
            "no speaker is known: intervals and test take clips as independent and are too "
            "sure of themselves"
        )

    _common.say(
        f"both right {result.both_right}, only A {result.only_a}, only B {result.only_b}, "
        f"both wrong {result.both_wrong}; of these clips alone, taken as independent: "
        f"exact McNemar p = {result.mcnemar_p:.4g}"
    )
