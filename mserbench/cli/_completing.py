"""What can follow at each place of the command line: commands, options, values known by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from mserbench.plugins import registry
from mserbench.plugins.hookspecs import (
    CorpusEntry,
    ExperimentEntry,
    ModelEntry,
    TaskEntry,
    TranslatorEntry,
    WeightsEntry,
)

Named = type[
    CorpusEntry | ExperimentEntry | ModelEntry | TaskEntry | TranslatorEntry | WeightsEntry
]

# By the flag, or by the name of the argument where the command stands beside it.
_OF_FLAGS: dict[str, Named] = {
    "--model": ModelEntry,
    "--task": TaskEntry,
    "--on": TaskEntry,
    "--sources": CorpusEntry,
    "--translator": TranslatorEntry,
}
_OF_COMMANDS: dict[tuple[str, ...], Named] = {
    ("models",): ModelEntry,
    ("tasks",): TaskEntry,
    ("corpora",): CorpusEntry,
    ("translators",): TranslatorEntry,
    ("experiment",): ExperimentEntry,
    ("croissant",): TaskEntry,
    ("data", "show"): CorpusEntry,
    ("data", "verify"): CorpusEntry,
    ("weights", "get"): WeightsEntry,
    ("weights", "show"): WeightsEntry,
}


@dataclass(frozen=True)
class Flag:
    """An option by its longest flag; `values` are the names that it takes, where they are known."""

    flag: str
    about: str
    takes_value: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A command by its words after the program's name, and what may follow it.

    `commands`: name and title of each command below it; `values`: what its arguments name, empty
    where they are anything, as files are.
    """

    words: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    flags: tuple[Flag, ...]
    values: tuple[str, ...]

    @property
    def path(self) -> str:
        """The words, each after a slash; empty for the program itself."""
        return "".join(f"/{word}" for word in self.words)


def places(group: click.Group, words: Sequence[str] = ()) -> Iterator[Place]:
    """Yield the place of a group of commands, then those of all commands below it."""
    context = click.Context(group, info_name="mserbench")
    below: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            below.append((name, command))

    titles = tuple((name, command.get_short_help_str(60)) for name, command in below)
    yield Place(tuple(words), titles, _flags(group), ())

    for name, command in below:
        if isinstance(command, click.Group):
            yield from places(command, (*words, name))
        else:
            own_words = (*words, name)
            arguments = _names(_OF_COMMANDS.get(own_words))
            yield Place(own_words, (), _flags(command), arguments)


def _flags(command: click.Command) -> tuple[Flag, ...]:
    context = click.Context(command)
    parameters = command.get_params(context)
    options = [option for option in parameters if isinstance(option, click.Option)]
    return tuple(_flag(option) for option in options if not option.hidden)


def _flag(option: click.Option) -> Flag:
    flag = max(option.opts, key=len)
    if isinstance(option.type, click.Choice):
        values = tuple(str(choice) for choice in option.type.choices)
    else:
        values = _names(_OF_FLAGS.get(flag))

    about = (option.help or "").split(". ")[0].rstrip(".")
    return Flag(flag, about, not (option.is_flag or option.count), values)


def _names(record: Named | None) -> tuple[str, ...]:
    return () if record is None else tuple(registry.entries(record))
