"""`mserbench croissant`: print the metadata of a task as Croissant JSON-LD."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mserbench.cli import _streams


@click.command(name="croissant", short_help="print the metadata of a task as Croissant JSON-LD")
@click.argument("task_name", metavar="TASK")
@click.option("--data", type=click.Path(path_type=Path), help="Folder with one folder a corpus.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, in place of stdout.",
)
def command(task_name: str, data: Path | None, out: Path | None) -> None:
    """Describe TASK by the Croissant format: licence, citation, files, fields, labels; no audio and
    no records.

    With --data the file types and counts are those of the corpus that is there.
    """
    from mserbench.data import croissant, lookup
    from mserbench.disk.files import write_atomic

    task = lookup.task(task_name)
    text = json.dumps(croissant.metadata(task, data), indent=1, ensure_ascii=False) + "\n"
    if out is None:
        # The text ends in a line break of its own, as the file does.
        click.echo(text, nl=False, file=_streams.results())
        return

    write_atomic(out, text)
    click.echo(f"{task.name}: written to {out}", file=_streams.results())
