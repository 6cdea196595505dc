"""`mserbench models`: list the models."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="models", short_help="list the models")
@_common.json_option
def command(as_json: bool) -> None:
    """List the models of all installed plugins."""
    from mserbench.cli._listing import listing
    from mserbench.hookspecs import ModelEntry

    listing(ModelEntry, ("name", "title", "weights", "plugin"), as_json)
