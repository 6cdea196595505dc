"""`mserbench models`: list the models, or the options of one."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from mserbench.cli import _common
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.options import OptionDescription

_INDENT = " " * 4
_WIDEST = 100  # longer lines are hard to read, however wide the terminal


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

    options = described_class(name).Options
    descriptions = describe_options(options)
    about = " ".join((options.__doc__ or "").split())

    if as_json:
        _common.print_json([_record(description) for description in descriptions])
    elif markdown:
        click.echo(page(name, about, descriptions), nl=False)
    elif descriptions:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        click.echo("\n".join(_lines(about, descriptions, width)))
    else:
        _common.say(f"model {name!r} has no options")


def _record(option: OptionDescription) -> dict[str, Any]:
    return {
        "option": option.name,
        "type": option.type,
        "default": option.default,
        "presets": dict(option.presets),
        "help": option.help,
        "evidence": option.evidence,
    }


def _lines(about: str, options: Sequence[OptionDescription], width: int) -> Iterator[str]:
    """Return an entry for each option, no line of it wider than the width."""
    yield from textwrap.wrap(about, width)
    for option in options:
        if option.group:
            yield from ("", *textwrap.wrap(option.group.upper(), width))

        yield ""
        default = "" if option.over_preset else f"; default {_text(option.default)}"
        yield from textwrap.wrap(
            f"{option.name}  {option.words}{default}", width, subsequent_indent=_INDENT
        )
        yield from _preset_lines(option.presets, width)
        for paragraph in (option.help, f"Evidence: {option.evidence}." * bool(option.evidence)):
            yield from textwrap.wrap(
                paragraph, width, initial_indent=_INDENT, subsequent_indent=_INDENT
            )


def _preset_lines(presets: Mapping[str, Any], width: int) -> list[str]:
    """Return the value of each preset: in columns where they fit, else one below the other."""
    values = {preset: _text(value) for preset, value in presets.items()}
    if len(set(values.values())) == 1:
        values = {"all presets:": next(iter(values.values()))}

    cells = [f"{preset} {text}" for preset, text in values.items()]
    column = (width - len(_INDENT)) // max(len(cells), 1)
    # A gap of two spaces, else two values read as one.
    if all(len(cell) + 2 <= column for cell in cells):
        return [(_INDENT + "".join(cell.ljust(column) for cell in cells)).rstrip()] if cells else []

    return [
        line
        for cell in cells
        for line in textwrap.wrap(
            cell, width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2
        )
    ]


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
        values = [f"`{_text(option.presets[preset])}`" for preset in presets]
    elif presets:
        # The option that names the preset has no value in any.
        values = [""] * len(presets)
    else:
        values = [f"`{_text(option.default)}`"]

    return [f"`{option.name}`", option.words, *values, option.help, option.evidence]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _text(value: object) -> str:
    """Return a value as it is typed at a command line; an empty text as two quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value) or '""'
