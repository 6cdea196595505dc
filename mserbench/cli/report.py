"""`mserbench report`: all that is to be told of one run, as text or as a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _files
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.results.runs import Run
    from mserbench.telling.clips import LookedUp

_WIDTH = 80  # columns where the output is no terminal


@click.command(name="report", short_help="tell all of one run: labels, speakers, ceiling, verdict")
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--task", help="TOML file of the task, where RUN is of a corpus of your own: for durations."
)
@_common.data_option
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page to look at, one file, in place of text.",
)
@click.option(
    "--audio",
    is_flag=True,
    help="Let the page hold the worst clips, to listen to and to look at.",
)
@_common.json_option
def command(
    run_folder: Path,
    task: str | None,
    data: Path | None,
    html: Path | None,
    audio: bool,
    as_json: bool,
) -> None:
    """Tell all of the run in folder RUN: metrics and recall with intervals, confusion, what could
    have been reached, speakers, verdict, provenance, and the wrong answers that it is surest of.

    Where the corpus is here, also names of speakers and files, and short clips beside long ones.
    """
    from mserbench.report import terminal
    from mserbench.results import runs
    from mserbench.telling import clips, page
    from mserbench.telling.facts import RunFacts

    if as_json and html:
        raise UsageError("--html and --json are both given: leave one away")
    if audio and not html:
        raise UsageError("--audio is for a page: give the file to write it to by --html FILE")

    run = runs.read(run_folder)
    with _common.progress(f"looking at the clips of {run.record.task.name}") as progress:
        # What is to be heard must be here; all else is told without it.
        look_up = clips.look_up_all if audio else clips.look_up
        looked_up = look_up(run, data, task, progress)

    if html:
        _write(html, run, looked_up, audio)
        return

    facts = RunFacts(run, looked_up)
    if as_json:
        _common.print_json(facts.to_json())
        return

    width = terminal.width_at_hand() or _WIDTH
    click.echo(terminal.text_of(page.report(facts), width))


def _write(path: Path, run: Run, looked_up: LookedUp, with_audio: bool) -> None:
    """Write the page of a run, and say what a page must not: where files of this machine lie."""
    from mserbench.telling import listening, page
    from mserbench.telling.facts import RunFacts

    facts = RunFacts(run, replace(looked_up, why_not=""))
    heard = None
    if with_audio and looked_up.corpus:
        heard = listening.blocks(facts, looked_up.corpus)
        if not heard.clips:
            _common.say("no clip to listen to: the page says why", err=True)

    title = f"{run.name} on {run.record.task.name}: report of mserbench"
    _files.write_page(path, page.report(facts, heard), title)
    if looked_up.why_not:
        _common.say(f"without names of speakers and files: {looked_up.why_not}", err=True)
