"""`mserbench models`: list the models, or the options of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _shown
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.options import OptionDescription


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
        click.echo(page(name, about, descriptions), nl=False)
    elif descriptions:
        click.echo("\n".join(_shown.lines(about, descriptions, _shown.width())))
    else:
        _common.say(f"model {name!r} has no options")

    if not (as_json or markdown):
        for line in measured.lines(name):
            _common.say(line)


def page(name: str, about: str, options: Sequence[OptionDescription]) -> str:
    """Return the page of a model's options in Markdown: a table, or one for each group."""
    lines = [
        f"# Options of {name}",
        "",
        f"Written by `mserbench models {name} --markdown` from the code; do not edit it. At a "
        f"command line: `--option NAME=VALUE`.",
        "",
        about if options else "It has none.",
    ]
    presets = list(dict.fromkeys(preset for option in options for preset in option.presets))
    head = ["option", "type", *(presets or ["default"]), "what it does", "what that rests on"]
    for number, option in enumerate(options):
        if option.group or number == 0:
            title = ["", f"## {option.group}"] if option.group else []
            lines += [*title, "", _row(head), _row(["---"] * len(head))]

        lines.append(_row(_cells(option, presets)))

    return "\n".join(lines) + "\n"


def _cells(option: OptionDescription, presets: Sequence[str]) -> list[str]:
    if option.presets:
        values = [f"`{_shown.text(option.presets[preset])}`" for preset in presets]
    elif presets:
        # The option that names the preset has no value in any.
        values = [""] * len(presets)
    else:
        values = [f"`{_shown.text(option.default)}`"]

    return [f"`{option.name}`", option.words, *values, option.help, option.evidence]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
