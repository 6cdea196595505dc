"""Listings of what is registered, by the row of each kind in `mserbench.plugins.kinds`."""

from __future__ import annotations

import click

from mserbench.cli import _common
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import Entry
from mserbench.plugins.kinds import kind_of
from mserbench.running.listing import rows

# What a name tells already, or what the own page of an entry tells better, goes first.
_LEAST = ("plugin", "weights", "needs", "languages", "labels", "clips")


def listing(record: type[Entry], as_json: bool) -> None:
    """Print all entries of one kind with the plugin that brings them, as a table or as JSON."""
    kind = kind_of(record)
    failures: list[str] = []
    records = rows(record, failures)
    if as_json:
        _common.print_json(records)
    else:
        cells = [[_text(row.get(column)) for column in kind.columns] for row in records]
        _common.print_table(cells, kind.columns, right=("clips",), least=_LEAST)

    for failure in failures:
        click.echo(f"failed: {failure}", err=True)

    failed = [plugin for plugin in registry.installed() if plugin.failures]
    if failed and not as_json:
        click.echo(
            f"{len(failed)} plugin(s) failed, so names may be missing: see 'mserbench plugins'",
            err=True,
        )


def _text(value: object) -> str:
    if isinstance(value, (list, tuple, dict)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
