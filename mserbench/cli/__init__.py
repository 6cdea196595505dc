"""The command line: finds the command, runs it, and turns errors into one sentence and an exit
code.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mserbench import __version__
from mserbench.cli import _faults, _streams
from mserbench.errors import UnknownName
from mserbench.plugins import probing
from mserbench.report import progress, screens

if TYPE_CHECKING:
    from mserbench.plugins.hookspecs import CommandEntry

# By what a person comes to do, in the order in which a newcomer needs it. A title fits one line of
# 80 columns, and the group of a plugin's command is one of these where its record says so.
GROUPS: dict[str, dict[str, str]] = {
    "Score": {
        "run": "score models on tasks",
        "score": "score a file of predictions of your own",
        "report": "tell all of one run: labels, speakers, ceiling, verdict",
        "compare": "compare two runs on the same utterances",
        "stress": "score models on clips through noise, codecs, rooms",
        "check": "compare runs with their baselines: did anything get worse",
        "baseline": "keep runs as what later ones of the device are compared with",
        "predict": "say the emotion of any audio file",
        "export": "write runs for the model hub, as CSV or JSON-LD",
    },
    "Train and remake": {
        "train": "train a model on the clips of some tasks",
        "experiment": "remake a table: each system trained and scored",
        "plot": "draw the embeddings of runs",
    },
    "Look up": {
        "tasks": "list the tasks",
        "models": "list the models",
        "corpora": "list the corpora",
        "translators": "list what speaks a corpus in other languages",
        "plugins": "list the plugins, their versions and failures",
        "exposures": "say what public checkpoints were trained on",
        "weights": "get pretrained weights by name, say which are here, verify them",
    },
    "Data": {
        "data": "get corpora, say which are here and what is wrong with them",
        "audit": "say what the parts of a split share: speakers, sentences, audio",
        "init-task": "propose a task for a corpus of your own",
        "croissant": "print a task as Croissant JSON-LD",
    },
    "For authors": {
        "conform": "run the conformance kit on a model, task or corpus",
        "packages": "load all packages; say which do not fit one another",
        "completion": "print a script that completes the command line",
    },
}
COMMANDS = {name: title for group in GROUPS.values() for name, title in group.items()}

# Where a plugin's command stands whose record names no group.
OF_PLUGINS = "Of plugins"


class Program(click.Group):
    """A group whose commands, ours and those of plugins, are imported only when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return our commands in order, then those of plugins."""
        return [*COMMANDS, *_plugin_commands()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command. Raises UnknownName with the nearest names."""
        # Ours come first: no plugin takes the place of a command that scripts rely on.
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"mserbench.cli.{cmd_name.replace('-', '_')}")
            command: click.Command = module.command
            return command

        plugin_commands = _plugin_commands()
        if cmd_name not in plugin_commands:
            raise UnknownName(
                "command", cmd_name, [*COMMANDS, *plugin_commands], "'mserbench --help'"
            )

        from mserbench.cli._of_plugins import guarded
        from mserbench.plugins import registry
        from mserbench.plugins.hookspecs import CommandEntry

        return guarded(registry.resolve(registry.entry(CommandEntry, cmd_name)))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in groups, without importing any of them."""
        groups = _all_groups()

        # The titles of all groups begin in one column, as of one list.
        width = max(len(name) for group in groups.values() for name in group)
        for heading, group in groups.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), title) for name, title in group.items()])


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    invoke_without_command=False,
)
@click.version_option(__version__, prog_name="mserbench")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--strict-plugins", is_flag=True, help="Stop if any plugin fails to load.")
def program(debug: bool, strict_plugins: bool) -> None:
    """Score speech emotion recognition models on languages and corpora they have never seen.

    Every number comes with its interval, and with a verdict on whether the model really never saw
    the language. Data: --data or $MSERBENCH_DATA, one folder a corpus.
    """
    if strict_plugins:
        from mserbench.plugins import registry

        registry.installed(strict=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit: 0 done, 1 a check found something, 2 usage, 3 data, 4 model or
    plugin.
    """
    # A corpus is many objects that stay: looking through them for waste every 700 takes a tenth of
    # the start.
    gc.set_threshold(100_000)
    is_the_program = arguments is None
    if is_the_program:
        screens.open_streams()
        probing.switch_on()

    arguments = list(sys.argv[1:] if arguments is None else arguments)

    # Both flags are accepted anywhere, as that is where people put them.
    flags = [flag for flag in ("--debug", "--strict-plugins") if flag in arguments]
    arguments = [*flags, *(word for word in arguments if word not in flags)]
    with screens.guarded():
        code = _faults.ended(_run(arguments, flags, is_the_program))

    sys.exit(code)


def _run(arguments: Sequence[str], flags: Sequence[str], is_the_program: bool) -> int:
    """Run the command; returns the exit code, after an error was told."""
    try:
        with progress.lines(), _streams.results_alone(arguments, is_the_program):
            # By itself click would print and exit with codes of its own.
            code = program.main(arguments, prog_name="mserbench", standalone_mode=False)
    except Exception as error:
        if "--debug" in flags:
            raise

        return _faults.report(error)
    except KeyboardInterrupt:
        return _faults.interrupted()

    return code if isinstance(code, int) else 0


def _plugin_commands() -> dict[str, CommandEntry]:
    from mserbench.plugins import registry
    from mserbench.plugins.hookspecs import CommandEntry

    registered = registry.entries(CommandEntry)
    return {name: entry for name, entry in registered.items() if name not in COMMANDS}


def _all_groups() -> dict[str, dict[str, str]]:
    """Return our groups with the commands of plugins in them, then the groups that plugins add."""
    groups = {heading: dict(group) for heading, group in GROUPS.items()}
    for name, entry in _plugin_commands().items():
        groups.setdefault(entry.group or OF_PLUGINS, {})[name] = entry.title

    return groups
