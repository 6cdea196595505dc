"""`mserbench models`: list the models, or the options of one."""

from __future__ import annotations

import dataclasses
import typing

import click

from mserbench.cli import _common


@click.command(name="models", short_help="list the models, or the options of one")
@click.argument("name", required=False)
@_common.wide_option
@_common.json_option
def command(name: str | None, as_json: bool) -> None:
    """List the models of all installed plugins; with NAME, the options of that model."""
    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import ModelEntry

    if name is None:
        listing(ModelEntry, as_json)
    else:
        _options(name, as_json)


def _options(name: str, as_json: bool) -> None:
    from mserbench.options import type_name
    from mserbench.running.lookup import described_class

    options = described_class(name).Options
    kinds = typing.get_type_hints(options)
    records = [
        {"option": field.name, "type": type_name(kinds[field.name]), "default": field.default}
        for field in dataclasses.fields(options)
    ]
    if as_json:
        _common.print_json(records)
    elif records:
        _common.print_table(
            [[str(value) for value in record.values()] for record in records], list(records[0])
        )
        click.echo(f"\n{' '.join((options.__doc__ or '').split())}")
    else:
        click.echo(f"model {name!r} has no options")
