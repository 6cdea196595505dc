"""What several commands share: options, lists of names, tables on stdout, progress on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mserbench.cli import _streams
from mserbench.errors import UsageError
from mserbench.report import foreign, screens
from mserbench.report.progress import counting as progress

if TYPE_CHECKING:
    from mserbench.contracts import Task
    from mserbench.report.blocks import Block

# `progress` is the core's, offered here with what else commands share.
__all__ = [
    "adapt_options",
    "can_be_written",
    "card_option",
    "data_option",
    "device_option",
    "engine_options",
    "json_option",
    "models",
    "names",
    "option_option",
    "pairs",
    "preset_option",
    "print_blocks",
    "print_json",
    "print_table",
    "progress",
    "say",
    "settings",
    "wide_option",
]

_DATA = "MSERBENCH_DATA"
_WIDE = "wide"
_HINT = f"--{_WIDE} shows all columns"

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON, and nothing else on stdout."
    )(command)


def wide_option(command: F) -> F:
    """Add --wide, which `print_table` asks for: no command passes it on."""

    def remember(context: click.Context, _: click.Parameter, is_wide: bool) -> None:
        context.meta[_WIDE] = is_wide

    return click.option(
        f"--{_WIDE}",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Show all columns of a table, however narrow the terminal is.",
    )(command)


def data_option(command: F) -> F:
    """Add --data, which falls back to $MSERBENCH_DATA, and stands in its place for the command."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar=_DATA,
        callback=_stand_for_data,
        help="Folder with one folder a corpus (else $MSERBENCH_DATA).",
    )(command)


def _stand_for_data(
    context: click.Context, parameter: click.Parameter, folder: Path | None
) -> Path | None:
    """Let $MSERBENCH_DATA be what --data is, until the command ends.

    A task's name alone may need the corpora, as a frozen subset is drawn from its whole one.
    """
    if folder is None:
        return None

    before = os.environ.get(_DATA)
    os.environ[_DATA] = str(folder)

    @context.call_on_close
    def restore() -> None:
        if before is None:
            del os.environ[_DATA]
        else:
            os.environ[_DATA] = before

    return folder


def device_option(command: F) -> F:
    """Add --device, of a single model or of a training."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        help="cpu, cuda or cuda:N; auto takes a GPU where the model can use one.",
    )(command)


def engine_options(command: F) -> F:
    """Add --engine and --workers."""
    count = click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Workers of the engine.  [default: as many as it has room for]",
    )
    name = click.option(
        "--engine",
        default="local",
        show_default=True,
        metavar="NAME[:DETAIL]",
        help="Who does the work: local[:N], or ray[:HOST:PORT], a Ray cluster.",
    )
    return name(count(command))


def adapt_options(command: F) -> F:
    """Add --adapt, --adapt-from and --draw."""
    clips = click.option(
        "--adapt",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Let the model hear N unlabelled clips of the task first, none that it scores.",
    )
    way = click.option(
        "--adapt-from",
        type=click.Choice(["same-speakers", "other-speakers"]),
        help="Whose clips these are, of a task that has both.",
    )
    draw = click.option(
        "--draw",
        type=click.IntRange(min=0),
        default=0,
        metavar="K",
        help="Which of the draws of N clips.  [default: 0]",
    )
    return clips(way(draw(command)))


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


def card_option(command: F) -> F:
    """Add --card, a short way to write --option card=FILE."""
    return click.option(
        "--card",
        metavar="FILE",
        help="Model card (JSON) of a checkpoint of your own, such as hf:FOLDER, or registry:NAME: "
        "the same as --option card=FILE.",
    )(command)


def labels_option(command: F) -> F:
    """Add --labels, which asks a task with some of its labels alone."""
    return click.option(
        "--labels",
        metavar="LABELS",
        help="Ask for these labels of the task alone, comma separated, on the clips that bear "
        "them; marked, and never compared with the task.",
    )(command)


def with_labels(task: Task, labels: str | None) -> Task:
    """Return a task as --labels asks it. Raises UsageError for labels that it does not have."""
    from mserbench.data import fewer_labels

    if labels is None:
        return task
    return fewer_labels.asked(task, [label.strip() for label in labels.split(",")])


def names(text: str, option: str) -> list[str]:
    """Split the comma list of names that an option has. Raises UsageError where it is empty or
    repeats one.
    """
    listed = [name.strip() for name in text.split(",") if name.strip()]
    if not listed or len(set(listed)) < len(listed):
        raise UsageError(
            f"--{option} is {text!r}, but a comma list of different names was expected"
        )

    return listed


def models(text: str) -> list[str]:
    """Split the comma list of models that `--model` has; an address may hold commas itself.

    A comma begins a new model where a model's name follows it, alone or with an address. Raises
    UsageError as `names`.
    """
    from mserbench.plugins import registry
    from mserbench.plugins.hookspecs import ModelEntry

    registered = registry.entries(ModelEntry)
    joined: list[str] = []
    for part in text.split(","):
        is_named = part.partition(":")[0].strip() in registered
        if joined and ":" in joined[-1] and not is_named:
            joined[-1] += f",{part}"
        else:
            joined.append(part)

    listed = [name.strip() for name in joined if name.strip()]
    if not listed or len(set(listed)) < len(listed):
        raise UsageError(f"--model is {text!r}, but a comma list of different names was expected")

    return listed


def pairs(options: Iterable[str]) -> dict[str, str]:
    """Turn KEY=VALUE strings into a mapping. Raises UsageError for one without '='."""
    values = {}
    for text in options:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--option {text!r} is not understood: KEY=VALUE was expected")

        # Options are fields of a dataclass, but people type them as they type flags.
        values[key.strip().replace("-", "_")] = value.strip()

    return values


def settings(
    options: Iterable[str], preset: str | None, models: Iterable[str], card: str | None = None
) -> dict[str, str]:
    """Turn KEY=VALUE strings, a preset and a card into a mapping of options.

    Raises UsageError where one is given twice, or to a model that has no such option.
    """
    values = pairs(options)
    for option, value in (("card", card), ("preset", preset)):
        if value is None:
            continue
        if option in values:
            raise UsageError(
                f"--{option} {value} and --option {option}={values[option]} are both given: "
                f"leave one away"
            )

        for name in models:
            if not _has_option(name, option):
                choice = "presets" if option == "preset" else f"option {option!r}"
                raise UsageError(
                    f"model {name!r} has no {choice}: leave --{option} away; 'mserbench models "
                    f"{name}' lists its options"
                )

        values = {option: value, **values}

    return values


def _has_option(model: str, option: str) -> bool:
    import dataclasses

    from mserbench.running.lookup import described_class

    return any(field.name == option for field in dataclasses.fields(described_class(model).Options))


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    out = screens.raw(_streams.results())
    click.echo(as_json(value, getattr(out, "encoding", None)), file=out)


def as_json(value: Any, encoding: str | None = None) -> str:
    """Return a value as JSON that can be written in an encoding (UTF-8 for None)."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    # Where the terminal or the locale cannot have a sign, JSON has its own escape for it.
    if foreign.shown(text) != text or not can_be_written(text, encoding):
        text = json.dumps(value, indent=1)

    return text


def can_be_written(text: str, encoding: str | None) -> bool:
    """Say whether an encoding (UTF-8 for None) has all signs of a text."""
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False

    return True


def say(text: str, err: bool = False) -> None:
    """Print prose, each line of it broken to the width of the terminal."""
    from mserbench.report import terminal

    click.echo(terminal.wrapped(text, terminal.width_at_hand()), err=err)


def print_table(
    rows: Sequence[Sequence[Any]],
    head: Sequence[str],
    right: Sequence[str] = (),
    least: Sequence[str] = (),
) -> None:
    """Print a table on stdout, at the width of the terminal.

    Args:
        rows: cells of any type that has a text.
        head: the names of the columns.
        right: the columns that are aligned to the right.
        least: the columns that are left out where there is no room, the least important one first,
            of a command that has `--wide`.
    """
    from mserbench.report.blocks import Column, Table

    importance = [*reversed(least)]
    columns = [
        Column(name, name in right, importance.index(name) + 1 if name in importance else 0)
        for name in head
    ]
    print_blocks([Table(columns, [[str(cell) for cell in row] for row in rows])])


def print_blocks(blocks: Sequence[Block]) -> None:
    """Print a report on stdout, at the width of the terminal."""
    from mserbench.report import terminal

    width = None if _is_wide() else terminal.width_at_hand()
    click.echo(terminal.text_of(blocks, width, _HINT if _has_wide() else ""))


def _has_wide() -> bool:
    # A command without the option must leave nothing out that it could not show then.
    context = click.get_current_context(silent=True)
    return context is not None and any(
        parameter.name == _WIDE for parameter in context.command.params
    )


def _is_wide() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_WIDE))
