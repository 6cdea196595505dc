"""`mserbench data download`: fetches an open corpus, checks and unpacks it, and says whether it is
complete.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mserbench.cli import _common

_SHOWN = 20  # problems that are printed for people; --json has all


@click.command(name="download")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--to",
    "data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="MSERBENCH_DATA",
    required=True,
    help="Folder with one folder a corpus (else $MSERBENCH_DATA).",
)
@click.option(
    "--from",
    "copy",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Local copy of the hub dataset of the corpus (parquet files), instead of the hub.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1, 100),
    default=6,
    show_default=True,
    help="Tries of each transfer.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 3_600, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds without a byte after which a transfer counts as broken.",
)
@_common.json_option
def command(
    names: tuple[str, ...],
    data: Path,
    copy: Path | None,
    attempts: int,
    timeout: float,
    as_json: bool,
) -> None:
    """Fetch each open corpus NAME into its folder; of the others, say whom to ask.

    What broke goes on where it was when the same command is started again. Exit 1 if a corpus is
    not complete.
    """
    from mserbench.errors import UsageError
    from mserbench.fetching.transfer import Patience

    if copy is not None and len(names) > 1:
        raise UsageError(f"--from is the copy of one corpus, but {len(names)} were named: give one")

    records = [
        _get(name, data, copy, Patience(attempts=attempts, timeout=timeout)) for name in names
    ]
    if as_json:
        _common.print_json(records)
    else:
        for record in records:
            _show(record)

    if any(record["problems"] for record in records):
        raise click.exceptions.Exit(1)


def _get(name: str, data: Path, copy: Path | None, patience: Any) -> dict[str, Any]:
    """Fetch a corpus unless it is complete; return what its folder then holds."""
    from mserbench.data import corpus, lookup

    source = lookup.corpus(name)
    root = _root(source, data)
    reading = corpus.read(source, root) if root.is_dir() else None
    # A complete corpus is left alone, so that the command can stand in scripts.
    was_there = reading is not None and not reading.problems

    if source.provide is None and not was_there:
        _fetch(source, root, copy, patience)
        reading = corpus.read(source, root)

    assert reading is not None
    return {
        "corpus": source.card.name,
        "folder": str(root),
        "fetched": source.provide is None and not was_there,
        "utterances": len(reading.utterances),
        "variant": reading.variant,
        "problems": reading.problems,
        "notes": reading.notes,
    }


def _root(source: Any, data: Path) -> Path:
    """Return the folder of a corpus where there is one, else the one it gets."""
    from mserbench.data import corpus
    from mserbench.errors import DataError

    try:
        # A folder of that name in other letters (EmoDB) is the one, and none is made beside it.
        root: Path = corpus.find(source, data)
    except DataError:
        root = data / source.card.name

    return root


def _fetch(source: Any, root: Path, copy: Path | None, patience: Any) -> None:
    from mserbench.fetching import download, hub

    card = source.card
    # Files that the card names come before a dataset of the hub.
    if copy is not None or (card.hub and not card.files):
        with _common.progress(card.name) as report:
            hub.export(copy or card.hub, root, report)
    else:
        with _common.progress(card.name, megabytes=True) as report:
            download.obtain(source, root, lambda what, done, total: report(done, total), patience)


def _show(record: dict[str, Any]) -> None:
    from mserbench.report import alike

    problems = alike.together(record["problems"])
    for line in problems[:_SHOWN]:
        click.echo(f"problem: {line}")

    if len(problems) > _SHOWN:
        click.echo(f"and {len(problems) - _SHOWN} more, which 'mserbench data verify' lists")

    for line in alike.together(record["notes"]):
        click.echo(f"note: {line}")

    state = (
        f"{len(record['problems'])} problem(s)"
        if record["problems"]
        else f"complete ({record['variant']})"
    )
    how = "fetched into" if record["fetched"] else "nothing was fetched, it is in"
    click.echo(
        f"{record['corpus']}: {state}, {record['utterances']} utterances; {how} {record['folder']}"
    )
