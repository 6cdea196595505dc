"""`mserbench data`: which corpora are here, where to get them, what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mserbench.cli import _common


@click.group(name="data", short_help="which corpora are here, where to get them, what is wrong with them")
def command() -> None:
    """Say which corpora are here, where to get them, and what is wrong with them."""


@command.command(name="status")
@_common.data_option
@_common.json_option
def status(data: Path | None, as_json: bool) -> None:
    """Look at every corpus by its names, without opening audio: absent, complete, or what is wrong."""
    from mserbench import registry
    from mserbench.hookspecs import CorpusEntry

    records = [_status(name, data) for name in registry.entries(CorpusEntry)]
    if as_json:
        _common.print_json(records)
        return
    columns = ["corpus", "state", "utterances", "folder"]
    _common.print_table([[record[name] for name in columns] for record in records], columns, right=("utterances",))
    click.echo("'mserbench data show NAME' says where to get one; 'mserbench data verify NAME' opens every file")


@command.command(name="show")
@click.argument("name")
@_common.json_option
def show(name: str, as_json: bool) -> None:
    """Print the card of corpus NAME: licence, citation, where to get it, how to unpack it, what to expect."""
    from dataclasses import asdict

    from mserbench import registry

    card = registry.corpus(name).card
    record = {key: value for key, value in asdict(card).items() if value not in ("", None, {}, ())}
    if as_json:
        _common.print_json(record)
        return
    for key, value in record.items():
        click.echo(f"{key.replace('_', ' ') + ':':<14}{_plain(value)}")


@command.command(name="verify")
@click.argument("name")
@_common.data_option
@_common.json_option
def verify(name: str, data: Path | None, as_json: bool) -> None:
    """Open every file of corpus NAME; list all that is missing, extra, unreadable or miscounted; exit 1 if any."""
    from mserbench import corpus, index, registry

    source = registry.corpus(name)
    reading = corpus.read(source, corpus.find(source, data))
    facts = index.index(reading.root, list(reading.utterances.values()))
    digest = index.digest(facts)
    extra = [f"{path!r} is an audio file, but no utterance of this corpus" for path in reading.extra]
    problems = [*reading.problems, *extra, *(one.problem for one in facts.values() if one.problem)]
    warnings = [*reading.notes, *(one.warning for one in facts.values() if one.warning)]
    edition = source.card.editions.get(digest[:8], "not one we have seen")
    if as_json:
        record = {"corpus": name, "utterances": len(facts), "variant": reading.variant, "digest": digest}
        _common.print_json({**record, "edition": edition, "problems": problems, "warnings": warnings})
    else:
        for line in problems:
            click.echo(f"problem: {line}")
        for line in warnings:
            click.echo(f"note: {line}")
        click.echo(
            f"{name}: {len(facts)} utterances, {index.describe(facts.values())}, variant "
            f"{reading.variant or 'unknown'}, {len(problems)} problem(s); audio digest {digest[:8]} ({edition})"
        )
    if problems:
        raise click.exceptions.Exit(1)


def _status(name: str, data: Path | None) -> dict[str, Any]:
    from mserbench import corpus, registry
    from mserbench.errors import DataError, MserbenchError

    source = registry.corpus(name)
    empty = {"corpus": name, "utterances": "", "folder": ""}
    if source.card.access == "generated":
        return {**empty, "state": "made on the spot when needed"}
    try:
        root = corpus.find(source, data)
    except DataError:
        return {**empty, "state": "absent"}
    try:
        reading = corpus.read(source, root)
    except MserbenchError as error:
        return {**empty, "state": str(error), "folder": str(root)}
    state = f"complete ({reading.variant})" if not reading.problems else _first_of(reading.problems)
    return {**empty, "state": state, "utterances": len(reading.utterances), "folder": str(root)}


def _first_of(problems: list[str]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return problems[0] + more


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
