"""`mserbench check`, the old spelling of two commands: it says where they went."""

from __future__ import annotations

from collections.abc import Sequence

import click

from mserbench.errors import UsageError


# No help of its own: `mserbench check --help` too shall say where to look.
@click.command(
    name="check",
    hidden=True,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: Sequence[str]) -> None:
    """Say what the command is called now."""
    if words[:1] == ("packages",):
        raise UsageError("'mserbench check packages' is called 'mserbench packages' now")

    arguments = " ".join(words) or "model|task|corpus NAME"
    raise UsageError(
        f"'mserbench check' is called 'mserbench conform' now: give 'mserbench conform {arguments}'"
    )
