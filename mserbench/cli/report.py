"""`mserbench report`: all that is to be told of one run, as text."""

from __future__ import annotations

from pathlib import Path

import click

from mserbench.cli import _common

_WIDTH = 80  # columns where the output is no terminal


@click.command(name="report", short_help="tell all of one run: labels, speakers, ceiling, verdict")
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--task", help="TOML file of the task, where RUN is of a corpus of your own: for durations."
)
@_common.data_option
@_common.json_option
def command(run_folder: Path, task: str | None, data: Path | None, as_json: bool) -> None:
    """Tell all of the run in folder RUN: metrics and recall with intervals, confusion, what could
    have been reached, speakers, verdict, provenance, and the wrong answers that it is surest of.

    Where the corpus is here, also names of speakers and files, and short clips beside long ones.
    """
    from mserbench.report import terminal
    from mserbench.results import runs
    from mserbench.telling import clips, page
    from mserbench.telling.facts import RunFacts

    run = runs.read(run_folder)
    with _common.progress(f"looking at the clips of {run.record.task.name}") as progress:
        facts = RunFacts(run, clips.look_up(run, data, task, progress))

    if as_json:
        _common.print_json(facts.to_json())
        return

    width = terminal.width_at_hand() or _WIDTH
    click.echo(terminal.text_of(page.report(facts), width))
