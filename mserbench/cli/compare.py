"""`mserbench compare`: compare two runs on the same utterances."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common
from mserbench.errors import DataError

if TYPE_CHECKING:
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
    """
    from mserbench.results import runs
    from mserbench.statistics.compare import compare

    first, second = runs.read(run_a), runs.read(run_b)
    _check_same_question(first, second)
    result = compare(
        [row.label for row in first.rows],
        [row.prediction for row in first.rows],
        [row.prediction for row in second.rows],
        first.labels,
        first.record.clusters,
    )
    if as_json:
        _common.print_json({"a": first.summary(), "b": second.summary(), **asdict(result)})
    else:
        _show(first, second, result)


def _check_same_question(first: Run, second: Run) -> None:
    a, b = first.record.task, second.record.task
    if (a.question, a.labels) != (b.question, b.labels):
        raise DataError(
            f"{str(first.folder)!r} is of task {a.name} version {a.version}, "
            f"{str(second.folder)!r} of {b.name} version {b.version}: "
            f"only runs of one task and version can be compared"
        )
    if [(row.id, row.label) for row in first.rows] != [(row.id, row.label) for row in second.rows]:
        raise DataError(
            f"{str(first.folder)!r} and {str(second.folder)!r} did not score the same utterances: "
            f"run both without --limit and --allow-partial"
        )


def _show(first: Run, second: Run, result: Comparison) -> None:
    from mserbench.statistics.intervals import FEWEST

    _common.say(
        f"A: {first.name}   B: {second.name}   task {first.record.task.name}, n {result.n}\n"
    )
    rows = []

    # A difference is in points and has a sign, else it would be read as a third score.
    for name, difference in result.differences.items():
        ends = result.intervals[name]
        interval = "-" if ends is None else f"[{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]"
        a, b = first.metrics[name], second.metrics[name]
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
