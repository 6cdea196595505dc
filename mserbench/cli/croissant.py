"""`mserbench croissant`: print a task as a document of the Croissant format (JSON-LD)."""

from __future__ import annotations

from pathlib import Path

import click

from mserbench.cli import _common, _streams


@click.command(name="croissant", short_help="print a task as Croissant JSON-LD")
@click.argument("task_name", metavar="TASK")
@click.option("--data", type=click.Path(path_type=Path), help="Folder with one folder a corpus.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, in place of stdout.",
)
def command(task_name: str, data: Path | None, out: Path | None) -> None:
    """Describe TASK by the Croissant format: licence, citation, files, labels; and its utterances
    where the licence of the corpus lets ids and labels be passed on. No audio.

    With --data the types of files, counts and lengths are those of the corpus that is there.
    """
    from mserbench.data import lookup
    from mserbench.data.croissant import document
    from mserbench.disk.files import write_atomic

    task = lookup.task(task_name)
    with _common.progress(f"decoding {task.corpus}") as report:
        described = document.describe(task, data, report)

    if out is None:
        _common.print_json(described.document)
    else:
        write_atomic(out, _common.as_json(described.document) + "\n")
        click.echo(f"{task.name}: written to {out}", file=_streams.results())

    if described.withheld:
        click.echo(f"{task.name}: no utterances are in it: {described.withheld}", err=True)
