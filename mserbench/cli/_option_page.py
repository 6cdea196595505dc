"""The page of the options of a model or a translator, as docs/options/ has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mserbench.cli import _shown

if TYPE_CHECKING:
    from mserbench.options import OptionDescription


def page(name: str, command: str, about: str, options: Sequence[OptionDescription]) -> str:
    """Return options in Markdown: a table, or one for each group.

    `command` is what writes the page, `about` what the options are together.
    """
    lines = [
        f"# Options of {name}",
        "",
        f"Written by `{command}` from the code; do not edit it. At a command line: `--option "
        "NAME=VALUE`.",
        "",
        about if options else "It has none.",
    ]
    presets = list(dict.fromkeys(preset for option in options for preset in option.presets))
    head = ["option", "type", *(presets or ["default"]), "what it does"]
    # A column that nothing stands in tells nothing.
    is_founded = any(option.evidence for option in options)
    head += ["what that rests on"] if is_founded else []

    for number, option in enumerate(options):
        if option.group or number == 0:
            title = ["", f"## {option.group}"] if option.group else []
            lines += [*title, "", _row(head), _row(["---"] * len(head))]

        evidence = [option.evidence] if is_founded else []
        lines.append(_row([*_cells(option, presets), *evidence]))

    return "\n".join(lines) + "\n"


def _cells(option: OptionDescription, presets: Sequence[str]) -> list[str]:
    if option.presets:
        values = [f"`{_shown.text(option.presets[preset])}`" for preset in presets]
    elif presets:
        # The option that names the preset has no value in any.
        values = [""] * len(presets)
    else:
        values = [f"`{_shown.text(option.default)}`"]

    return [f"`{option.name}`", option.words, *values, option.help]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
