"""`mserbench compare`: compare two runs on the same utterances, as text or as a page."""

from __future__ import annotations

from pathlib import Path

import click

from mserbench.cli import _common
from mserbench.errors import plain


@click.command(name="compare", short_help="compare two runs on the same utterances")
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write FILE: all of it as one page, with the clips on which they disagree.",
)
@click.option(
    "--task", help="TOML file of the task, where the runs are of a corpus of your own: for names."
)
@_common.data_option
@_common.wide_option
@_common.json_option
def command(
    run_a: Path, run_b: Path, page: Path | None, task: str | None, data: Path | None, as_json: bool
) -> None:
    """Compare the run folders RUN_A and RUN_B: a paired t test over speakers, then McNemar over
    clips, and who is right label by label and speaker by speaker.

    Where one scored fewer clips, as with --limit, both are compared on those that they share. Where
    the corpus is here, speakers and files have their names.
    """
    from mserbench.report import html
    from mserbench.results import comparing
    from mserbench.telling import clips, comparison_page
    from mserbench.telling.comparison import ComparisonFacts

    compared = comparing.compare(run_a, run_b)
    for note in compared.notes:
        _common.say(f"note: {note}", err=True)

    question = compared.a.record.task.name
    with _common.progress(f"looking at the clips of {question}") as progress:
        facts = ComparisonFacts(compared, clips.look_up(compared.a, data, task, progress))

    if page is not None:
        title = comparison_page.title(compared)
        _common.write(page, html.page(comparison_page.report(facts), title))

    if as_json:
        _common.print_json(facts.to_json())
        return

    _common.say(f"{compared.heading}\n")
    whole = {"page": plain(str(page))} if page else {}
    _common.print_blocks(comparison_page.short(facts, **whole))
