"""`mserbench models`: list the models, or the options of one."""

from __future__ import annotations

import click

from mserbench.cli import _common, _option_page, _shown
from mserbench.errors import UsageError


@click.command(name="models", short_help="list the models, or the options of one")
@click.argument("name", required=False)
@_common.wide_option
@click.option(
    "--markdown",
    is_flag=True,
    help="Print the page of its options, as docs/options/ has it, and nothing else.",
)
@_common.json_option
def command(name: str | None, markdown: bool, as_json: bool) -> None:
    """List the models of all installed plugins; with NAME, the options of that model."""
    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import ModelEntry

    if markdown and as_json:
        raise UsageError("--markdown and --json were both given: give one of them")
    if markdown and name is None:
        raise UsageError("--markdown prints the page of one model: name it, 'models NAME'")

    if name is None:
        listing(ModelEntry, as_json)
    else:
        _options(name, markdown, as_json)


def _options(name: str, markdown: bool, as_json: bool) -> None:
    from mserbench.options import describe_options
    from mserbench.running.lookup import described_class
    from mserbench.stress import measured

    options = described_class(name).Options
    descriptions = describe_options(options)
    about = " ".join((options.__doc__ or "").split())

    if as_json:
        _common.print_json([_shown.record(description) for description in descriptions])
    elif markdown:
        written = f"mserbench models {name} --markdown"
        click.echo(_option_page.page(name, written, about, descriptions), nl=False)
    elif descriptions:
        click.echo("\n".join(_shown.lines(about, descriptions, _shown.width())))
    else:
        _common.say(f"model {name!r} has no options")

    if not (as_json or markdown):
        for line in measured.lines(name):
            _common.say(line)
