"""`mserbench stress`: what models lose on the same clips through noise, codecs, rooms and tempo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common
from mserbench.cli._workers import spread
from mserbench.errors import MserbenchError, UsageError

if TYPE_CHECKING:
    from mserbench.stress.numbers import Cost
    from mserbench.stress.record import Stressed


@click.command(name="stress", short_help="score models on clips through noise, codecs, rooms")
@click.option("--model", "model_names", help="Names of models, comma separated.")
@click.option("--task", "task_names", help="Names of tasks, comma separated.")
@click.option("--weights", help="Folder of weights, or the name of weights that ship.")
@_common.preset_option
@_common.option_option
@_common.data_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("stress"),
    show_default=True,
    help="Folders of what was found, TASK/MODEL-KEY.",
)
@_common.device_option
@click.option(
    "--batch-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds of audio in a batch.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Only N clips, chosen by a hash of their ids."
)
@click.option("--allow-partial", is_flag=True, help="Take what is there of an incomplete corpus.")
@click.option("--fresh", is_flag=True, help="Do not resume or reuse: start anew.")
@click.option("--list", "is_list", is_flag=True, help="List the alterations, and run nothing.")
@_common.engine_options
@_common.wide_option
@_common.json_option
def command(
    model_names: str | None,
    task_names: str | None,
    weights: str | None,
    preset: str | None,
    options: Sequence[str],
    data: Path | None,
    out: Path,
    device: str,
    batch_seconds: float | None,
    limit: int | None,
    allow_partial: bool,
    fresh: bool,
    is_list: bool,
    engine: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Score models on clips that are altered in ways that leave their emotion as it was.

    Each alteration has three severities. UA is shown for each, and what is lost against the clean
    clips, paired over speakers. What was killed goes on where it stopped; what is finished is shown
    again.
    """

    from mserbench.data import dataset, lookup
    from mserbench.running import batches
    from mserbench.running.lookup import model_entry
    from mserbench.running.spec import Spec
    from mserbench.stress.answering import nothing_kept
    from mserbench.stress.stressing import stress

    if is_list:
        _list(as_json)
        return
    if model_names is None or task_names is None:
        raise UsageError("--model and --task are both wanted: name what is put under stress")
    if batch_seconds is not None and math.isnan(batch_seconds):
        raise UsageError("--batch-seconds is nan, but a number above 0 was expected")

    models = _common.models(model_names)
    tasks = [lookup.task(name) for name in _common.names(task_names, "task")]
    for name in models:
        model_entry(name)

    typed = _common.settings(options, preset, models)
    seconds = batch_seconds or batches.BATCH_SECONDS
    finished: list[Stressed] = []
    # Before workers start, which are to keep nothing either.
    with nothing_kept(), spread(engine, workers, models, device, False, out) as hired:
        targets = dataset.load_all(tasks, data, allow_partial, limit, _common.progress)
        try:
            for target in targets:
                for name in models:
                    spec = Spec.of(name, target, weights, typed, device)
                    with _common.progress(f"{name} on {target.task.name}, altered") as report:
                        stressed = stress(spec, target, out, seconds, fresh, report, hired)

                    _note(stressed)
                    finished.append(stressed)
        except MserbenchError:
            # An error in one must not hide the numbers of those before it.
            if finished:
                _report(finished, as_json)

            raise

    _report(finished, as_json)


def _note(stressed: Stressed) -> None:
    if stressed.shown_again:
        click.echo(
            f"note: {stressed.record.task.name}: {stressed.name} is shown again as of "
            f"{stressed.record.created}, nothing was computed: --fresh runs it anew",
            err=True,
        )


def _report(finished: Sequence[Stressed], as_json: bool) -> None:
    if as_json:
        _common.print_json([stressed.summary() for stressed in finished])
        return

    for stressed in finished:
        _conditions(stressed)

    # Last, where it stays on the screen.
    _summary(finished)


def _conditions(stressed: Stressed) -> None:
    """Print a row for each condition of one model."""
    record, by_clip = stressed.record, stressed.by_clip
    click.echo(f"{stressed.name} on {record.task.name}, {record.clips} clips\n")
    head = ["alteration", "what is done", "UA", "change [95 % interval]", "p"]
    rows = [
        [cost.name, record.done.get(cost.name, ""), *_figures(cost, by_clip)]
        for cost in stressed.costs.conditions
    ]
    _common.print_table(rows, head, right=("UA", "p"), least=("p", "what is done"))
    click.echo()


def _figures(cost: Cost, by_clip: bool) -> list[str]:
    from mserbench.report.numbers import percent
    from mserbench.stress.wording import change

    p = "" if cost.p is None else f"{cost.p:.2g}"
    return [percent(cost.ua), change(cost, by_clip), p]


def _summary(finished: Sequence[Stressed]) -> None:
    """Print a row for each model and task, with what a reader must know of it below."""
    from mserbench.report.numbers import percent
    from mserbench.results import marks
    from mserbench.stress.wording import change

    head = ["task", "model", "clean UA", "mean UA", "change", "worst", "worst UA", "verdict"]
    rows = [
        [
            stressed.record.task.name,
            stressed.name,
            percent(stressed.costs.clean.ua, stressed.costs.clean.interval, stressed.by_clip),
            percent(stressed.costs.mean.ua),
            change(stressed.costs.mean, stressed.by_clip),
            stressed.costs.worst.name,
            percent(stressed.costs.worst.ua),
            stressed.record.verdict.verdict,
        ]
        for stressed in finished
    ]
    _common.print_table(
        rows, head, right=("mean UA", "worst UA"), least=("verdict", "change", "worst UA")
    )
    click.echo()

    lines = [
        "Percent. UA: mean recall over the classes. change: points of UA against the clean clips, "
        "with the 95 % interval of the paired difference over speakers. mean: over all alterations "
        "and severities. worst: the condition of the lowest UA, whose chance of being picked its "
        "interval does not count.",
        *marks.meanings({mark for stressed in finished for mark in stressed.record.marks}),
    ]
    for stressed in finished:
        verdict = stressed.record.verdict
        if verdict.verdict != "zero-shot":
            lines.append(
                f"{stressed.name} on {stressed.record.task.name}: {verdict.verdict}: "
                f"{'; '.join(verdict.reasons)}"
            )

    folders = sorted({str(stressed.folder.parent) for stressed in finished})
    for line in [*lines, f"Answers and provenance: {', '.join(folders)}"]:
        _common.say(line)


def _list(as_json: bool) -> None:
    from mserbench.stress.alterations import ALTERATIONS
    from mserbench.stress.wording import described

    if as_json:
        _common.print_json([described(alteration) for alteration in ALTERATIONS.values()])
        return

    for alteration in ALTERATIONS.values():
        _common.say(f"{alteration.name}: {alteration.title}: {'; '.join(alteration.severities)}")
        _common.say(f"    why the label stays: {alteration.why}")
        _common.say(f"    limits: {alteration.limits}")
