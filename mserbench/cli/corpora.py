"""`mserbench corpora`: list the corpora."""

from __future__ import annotations

import click

from mserbench.cli import _common
from mserbench.errors import UsageError


@click.command(name="corpora", short_help="list the corpora")
@click.option(
    "--markdown",
    is_flag=True,
    help="Print the page of all corpora, docs/corpora.md, from their cards.",
)
@_common.wide_option
@_common.json_option
def command(markdown: bool, as_json: bool) -> None:
    """List the corpora of all installed plugins."""
    if markdown and as_json:
        raise UsageError("--markdown and --json were both given: give one of them")
    if markdown:
        from mserbench.data.corpora_page import page

        click.echo(page(), nl=False)
        return

    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import CorpusEntry

    listing(CorpusEntry, as_json)
