"""`mserbench compare`: compare two runs on the same utterances."""

from __future__ import annotations

from pathlib import Path

import click

from mserbench.cli import _common


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
    from mserbench.results import comparing

    compared = comparing.compare(run_a, run_b)
    for note in compared.notes:
        _common.say(f"note: {note}", err=True)

    if as_json:
        _common.print_json(compared.summary())
        return

    _common.say(f"{compared.heading}\n")
    _common.print_table(compared.rows, comparing.HEAD, right=("A", "B", "A - B"))
    click.echo()
    for sentence in compared.tests:
        _common.say(sentence)
