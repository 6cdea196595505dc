"""Listings of what is registered: names from the records alone, nothing imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from mserbench.cli import _common
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import Entry


def listing(kind: type[Entry], columns: Sequence[str], as_json: bool) -> None:
    """Print all entries of one kind with the plugin that brings them, as a table or as JSON."""
    records = [
        {**asdict(entry), "plugin": plugin.name}
        for plugin in registry.installed()
        for entry in plugin.entries
        if isinstance(entry, kind)
    ]
    records.sort(key=lambda record: str(record["name"]))
    if as_json:
        _common.print_json(records)
        return
    rows = [[_text(record[column]) for column in columns] for record in records]
    _common.print_table(rows, columns, right=("clips",))
    failed = [plugin for plugin in registry.installed() if plugin.failures]
    if failed:
        click.echo(f"{len(failed)} plugin(s) failed, so names may be missing: see 'mserbench plugins'", err=True)


def _text(value: object) -> str:
    if isinstance(value, (list, tuple, dict)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
