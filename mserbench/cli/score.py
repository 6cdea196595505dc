"""`mserbench score`: score a file of predictions of your own."""

from __future__ import annotations

from pathlib import Path

import click

from mserbench.cli import _common


@click.command(name="score", short_help="score a file of predictions of your own")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--task", required=True, help="Name of the task.")
@click.option("--name", required=True, help="Name of your model, for tables.")
@click.option(
    "--card",
    type=click.Path(path_type=Path),
    help="Model card (JSON) that says what it was trained on, or registry:NAME for an entry of "
    "'mserbench exposures'.",
)
@_common.data_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Run folders.",
)
@_common.wide_option
@_common.json_option
def command(
    file: Path, task: str, name: str, card: Path | None, data: Path | None, out: Path, as_json: bool
) -> None:
    """Score FILE: a table with `id` and either `prediction`, `answer`, or a `score_LABEL` for
    every label.

    Comma, semicolon or tab between fields, or an object of JSON a line. Every id of the task must
    occur once. Without a card the verdict is `unknown`. See docs/results.md.
    """
    from mserbench.cli.run import show
    from mserbench.running.submission import score_file

    run = score_file(file, task, name, card=card, data=data, out=out)
    for note in run.record.notes or ():
        _common.say(f"note: {file.name}: {note}", err=True)

    if as_json:
        _common.print_json([run.summary()])
    else:
        show([run])
