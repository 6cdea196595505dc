"""`mserbench run`: score models on tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _runs_shown
from mserbench.cli._adapting import wish_of
from mserbench.cli._workers import spread
from mserbench.errors import MserbenchError, UsageError

if TYPE_CHECKING:
    from mserbench.data.dataset import Dataset
    from mserbench.engine.base import Engine
    from mserbench.results.runs import Run
    from mserbench.running.adapting import Wish
    from mserbench.running.spec import Spec


@click.command(name="run", short_help="score models on tasks")
@click.option(
    "--model",
    "model_names",
    required=True,
    help="Names of models, comma separated; of some with an address, such as hf:FOLDER.",
)
@click.option("--task", "task_names", required=True, help="Names of tasks, comma separated.")
@click.option(
    "--weights", help="Folder of weights, or the name of weights that ship with the model."
)
@_common.preset_option
@_common.card_option
@_common.option_option
@_common.data_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Run folders.",
)
@_common.device_option
@click.option(
    "--batch-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds of audio in a batch.",
)
@_common.adapt_options
@_common.labels_option
@click.option(
    "--limit", type=click.IntRange(min=1), help="Score only N clips, chosen by a hash of their ids."
)
@click.option(
    "--allow-partial",
    is_flag=True,
    help="Score what is there of an incomplete corpus; marked as partial.",
)
@click.option("--fresh", is_flag=True, help="Do not resume or reuse: start anew.")
@click.option(
    "--isolated",
    is_flag=True,
    help="Run the model's code in a child process, which is given arrays of audio alone.",
)
@_common.engine_options
@_common.wide_option
@_common.json_option
def command(
    model_names: str,
    task_names: str,
    weights: str | None,
    preset: str | None,
    card: str | None,
    options: Sequence[str],
    data: Path | None,
    out: Path,
    device: str,
    batch_seconds: float | None,
    adapt: int,
    adapt_from: str | None,
    draw: int,
    labels: str | None,
    limit: int | None,
    allow_partial: bool,
    fresh: bool,
    isolated: bool,
    engine: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Score models on tasks: predictions, metrics with intervals, and a verdict on zero-shot, for
    each pair.

    A run that was killed goes on where it stopped; a finished one of the same contents is shown
    again. With --adapt N a model hears N unlabelled clips of the task first, and scores others.
    With --workers, or an --engine other than local, batches go to workers that each make
    the model.
    """
    from mserbench.data import dataset, lookup
    from mserbench.running.asking import require_adapts
    from mserbench.running.lookup import adaptable, described_class, model_entry
    from mserbench.running.spec import Spec

    models = _common.models(model_names)
    wish = wish_of(adapt, adapt_from, draw)
    tasks = [
        _common.with_labels(lookup.task(name), labels) for name in _common.names(task_names, "task")
    ]
    # A misspelt name must not be found only after the corpora were indexed, which takes minutes.
    for name in models:
        model_entry(name)
        if wish.clips:
            require_adapts(described_class(name), name, adaptable())

    typed = _common.settings(options, preset, models, card)
    if batch_seconds is not None and math.isnan(batch_seconds):
        raise UsageError("--batch-seconds is nan, but a number above 0 was expected")

    finished: list[Run] = []
    with spread(engine, workers, models, device, isolated, out) as hired:
        way = _Way(out, batch_seconds, fresh, isolated, hired, wish)
        targets = dataset.load_all(tasks, data, allow_partial, limit, _common.progress)
        try:
            for target in targets:
                for name in _announced(target, models):
                    finished.append(way.run(Spec.of(name, target, weights, typed, device), target))
        except MserbenchError:
            # An error in one run must not hide the numbers of those before it.
            if finished:
                _report(finished, as_json)

            raise

    _report(finished, as_json)


@dataclass(frozen=True)
class _Way:
    """How models are run: where to, in what batches, and by whom."""

    out: Path
    batch_seconds: float | None
    fresh: bool
    isolated: bool
    engine: Engine | None
    wish: Wish

    def run(self, spec: Spec, target: Dataset) -> Run:
        """Run a model on a task, with progress and notes on stderr."""
        from mserbench.running import batches, evaluation
        from mserbench.running.earlier import finished_named, passed_over

        adaptation = self.wish.of(target)
        # What does not tell of itself would be made for it, in this process.
        is_elsewhere = self.isolated or self.engine is not None
        is_asked = not self.fresh and (spec.tells or not is_elsewhere)
        before = ""
        if is_asked:
            with finished_named(spec, target, self.out, adaptation):
                identity = spec.identity

            before = passed_over(identity, target, self.out, adaptation)

        _note(target, before)
        with _common.progress(f"{spec.called} on {target.task.name}") as report:
            run = evaluation.run_spec(
                spec,
                target,
                self.out,
                self.batch_seconds or batches.BATCH_SECONDS,
                self.fresh,
                report,
                self.isolated,
                self.engine,
                adaptation,
            )

        _note(target, _shown_again(run))
        return run


def _announced(target: Dataset, models: Sequence[str]) -> Sequence[str]:
    """Say what is to be known of a target, and return the models."""
    from mserbench.report import alike

    for note in alike.together((*target.notes, *target.warnings)):
        _common.say(f"note: {target.task.name}: {note}", err=True)

    return models


def _note(target: Dataset, sentence: str) -> None:
    if sentence:
        click.echo(f"note: {target.task.name}: {sentence}", err=True)


def _shown_again(run: Run) -> str:
    """Say when a run was made that nothing was computed for now; empty for any other."""
    if not run.shown_again:
        return ""
    return (
        f"{run.name} is shown again as it was run on {run.record.created}, nothing was computed: "
        "--fresh runs it anew"
    )


def _report(finished: Sequence[Run], as_json: bool) -> None:
    if as_json:
        _common.print_json([run.summary() for run in finished])
    else:
        _runs_shown.show(finished)
