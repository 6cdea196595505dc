"""`mserbench compare`: compare two runs on the same utterances, as text or as a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _files
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.telling.comparison import ComparisonFacts


@click.command(name="compare", short_help="compare two runs on the same utterances")
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page to look at, one file, in place of text: with the clips on which they "
    "disagree.",
)
@click.option(
    "--task", help="TOML file of the task, where the runs are of a corpus of your own: for names."
)
@_common.data_option
@_common.wide_option
@_common.json_option
def command(
    run_a: Path, run_b: Path, html: Path | None, task: str | None, data: Path | None, as_json: bool
) -> None:
    """Compare the run folders RUN_A and RUN_B: a paired t test over speakers, then McNemar over
    clips, and who is right label by label and speaker by speaker.

    Where one scored fewer clips, as with --limit, both are compared on those that they share. Where
    the corpus is here, speakers and files have their names.
    """
    if as_json and html:
        raise UsageError("--html and --json are both given: leave one away")

    from mserbench.results import comparing
    from mserbench.telling import clips, comparison_page
    from mserbench.telling.comparison import ComparisonFacts

    compared = comparing.compare(run_a, run_b)
    for note in compared.notes:
        _common.say(f"note: {note}", err=True)

    question = compared.a.record.task.name
    with _common.progress(f"looking at the clips of {question}") as progress:
        facts = ComparisonFacts(compared, clips.look_up(compared.a, data, task, progress))

    if html:
        _write(html, facts)
    elif as_json:
        _common.print_json(facts.to_json())
    else:
        _common.say(f"{compared.heading}\n")
        _common.print_blocks(comparison_page.short(facts))


def _write(path: Path, facts: ComparisonFacts) -> None:
    """Write the page of a comparison, and say what a page must not: where files of this machine
    lie.
    """
    from mserbench.telling import comparison_page

    why_not = facts.looked_up.why_not
    without_paths = replace(facts, looked_up=replace(facts.looked_up, why_not=""))
    title = f"{comparison_page.title(facts.compared)}: comparison by mserbench"
    _files.write_page(path, comparison_page.report(without_paths), title)
    if why_not:
        _common.say(f"without names of speakers and files: {why_not}", err=True)
