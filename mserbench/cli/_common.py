"""What several commands share: options, lists of names, tables on stdout, progress on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from mserbench.errors import UsageError
from mserbench.report.progress import counting as progress

__all__ = [  # `progress` is the core's, offered here with what else commands share
    "data_option",
    "device_option",
    "json_option",
    "names",
    "option_option",
    "pairs",
    "preset_option",
    "print_json",
    "print_table",
    "progress",
    "settings",
]

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON, and nothing else on stdout."
    )(command)


def data_option(command: F) -> F:
    """Add --data, which falls back to $MSERBENCH_DATA."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="MSERBENCH_DATA",
        help="Folder with one folder a corpus (else $MSERBENCH_DATA).",
    )(command)


def device_option(command: F) -> F:
    """Add --device, of a single model or of a training."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        help="cpu, cuda or cuda:N; auto takes a GPU where the model can use one.",
    )(command)


def option_option(command: F) -> F:
    """Add --option key=value, repeatable."""
    return click.option(
        "--option",
        "options",
        multiple=True,
        metavar="KEY=VALUE",
        help="An option of the model; repeatable.",
    )(command)


def preset_option(command: F) -> F:
    """Add --preset, a short way to write --option preset=NAME."""
    return click.option("--preset", metavar="NAME", help="The same as --option preset=NAME.")(
        command
    )


def names(text: str, what: str) -> list[str]:
    """Split a comma list of names. Raises UsageError where it is empty or repeats one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found or len(set(found)) < len(found):
        raise UsageError(f"--{what} is {text!r}, but a comma list of different names was expected")
    return found


def pairs(options: Iterable[str]) -> dict[str, str]:
    """Turn KEY=VALUE strings into a mapping. Raises UsageError for one without '='."""
    found = {}
    for text in options:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--option {text!r} is not understood: KEY=VALUE was expected")

        found[key.strip().replace("-", "_")] = value.strip()

    return found


def settings(options: Iterable[str], preset: str | None, models: Iterable[str]) -> dict[str, str]:
    """Turn KEY=VALUE strings and a preset into a mapping of options.

    Raises UsageError where the preset is given twice, or to a model that has none.
    """
    found = pairs(options)
    if preset is None:
        return found
    if "preset" in found:
        raise UsageError(
            f"--preset {preset} and --option preset={found['preset']} are both given: leave "
            f"one away"
        )

    for name in models:
        if not _has_presets(name):
            raise UsageError(
                f"model {name!r} has no presets: leave --preset away; 'mserbench models "
                f"{name}' lists its options"
            )

    return {"preset": preset, **found}


def _has_presets(model: str) -> bool:
    import dataclasses

    from mserbench.running.lookup import described_class

    return any(
        field.name == "preset" for field in dataclasses.fields(described_class(model).Options)
    )


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))


def print_table(
    rows: Sequence[Sequence[Any]], head: Sequence[str], right: Sequence[str] = ()
) -> None:
    """Print a table on stdout; the columns named in `right` are aligned to the right."""
    import tabulate

    align = ["right" if name in right else "left" for name in head]
    click.echo(
        tabulate.tabulate(rows, head, tablefmt="simple", colalign=align, disable_numparse=True)
    )
