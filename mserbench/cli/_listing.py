"""Listings of what is registered, by the row of each kind in `mserbench.plugins.kinds`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mserbench.cli import _common
from mserbench.errors import MserbenchError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import Entry
from mserbench.plugins.kinds import Kind, kind_of

# What a name tells already, or what the own page of an entry tells better, goes first.
_LEAST = ("plugin", "weights", "needs", "languages", "labels", "clips")


def listing(record: type[Entry], as_json: bool) -> None:
    """Print all entries of one kind with the plugin that brings them, as a table or as JSON."""
    kind = kind_of(record)
    failures: list[str] = []
    records = [
        {**asdict(entry), **_facts(kind, entry, failures), "plugin": plugin.name}
        for plugin in registry.installed()
        for entry in plugin.entries
        if isinstance(entry, record)
    ]
    records.sort(key=lambda row: str(row["name"]))

    if as_json:
        _common.print_json(records)
    else:
        rows = [[_text(row.get(column)) for column in kind.columns] for row in records]
        _common.print_table(rows, kind.columns, right=("clips",), least=_LEAST)

    for failure in failures:
        click.echo(f"failed: {failure}", err=True)

    failed = [plugin for plugin in registry.installed() if plugin.failures]
    if failed and not as_json:
        click.echo(
            f"{len(failed)} plugin(s) failed, so names may be missing: see 'mserbench plugins'",
            err=True,
        )


def _facts(kind: Kind, entry: Entry, failures: list[str]) -> dict[str, Any]:
    """Return what only the object itself says; one that cannot be had is listed by its record, with
    the reason.
    """
    if kind.facts is None:
        return {}

    try:
        return dict(kind.facts(registry.resolve(entry)))
    except MserbenchError as error:
        failures.append(str(error))
        return {}


def _text(value: object) -> str:
    if isinstance(value, (list, tuple, dict)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
