"""`mserbench corpora`: list the corpora."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="corpora", short_help="list the corpora")
@_common.json_option
def command(as_json: bool) -> None:
    """List the corpora of all installed plugins."""
    from mserbench.cli._listing import listing
    from mserbench.hookspecs import CorpusEntry

    listing(CorpusEntry, ("name", "title", "languages", "plugin"), as_json)
