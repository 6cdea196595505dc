"""`mserbench translators`: list the translators of speech."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="translators", short_help="list the translators of speech")
@_common.wide_option
@_common.json_option
def command(as_json: bool) -> None:
    """List the translators of all installed plugins.

    Each speaks labelled utterances in another language; `mserbench m5ser build` makes training
    speech by one. The columns prosody and voice say what of the source clip its speech keeps.
    """
    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import TranslatorEntry

    listing(TranslatorEntry, as_json)
