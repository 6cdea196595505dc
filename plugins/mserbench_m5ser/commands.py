"""`mserbench m5ser`: make, verify and analyse multilingual training speech."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

import click

from mserbench.cli import for_plugins

# Each in a module of its own, imported on use: what draws pictures takes time to import.
_LATE = {
    "analyse": ("mserbench_m5ser.analysing.command", "show what is in a set, and what it kept"),
}


class _Group(click.Group):
    """A group of which some commands are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, without importing any command."""
        return [*super().list_commands(ctx), *_LATE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported where it is a late one."""
        if cmd_name not in _LATE:
            return super().get_command(ctx, cmd_name)

        late: click.Command = importlib.import_module(_LATE[cmd_name][0]).command
        return late

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their titles, without importing any late one."""
        titles = {name: command.get_short_help_str() for name, command in self.commands.items()}
        titles |= {name: title for name, (_, title) in _LATE.items()}
        with formatter.section("Commands"):
            formatter.write_dl(list(titles.items()))


@click.group(name="m5ser", cls=_Group, short_help="make, verify and analyse training speech")
def command() -> None:
    """Make multilingual training speech from English emotional speech, verify and analyse it.

    The method is M5SER's (arXiv 2503.21806, section III). `mserbench translators` lists what can
    speak.
    """


@command.command(name="build", short_help="translate and speak labelled clips; resumes if killed")
@click.option(
    "--sources",
    required=True,
    help="Names of tasks or TOML files, as train --on takes them, comma separated.",
)
@click.option("--languages", required=True, help="Languages to speak, comma separated: fr,de,zh.")
@click.option("--translator", required=True, help="Name of a translator.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the translator; repeatable.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder.")
@for_plugins.data_option
@click.option("--allow-partial", is_flag=True, help="Take what is there of an incomplete corpus.")
@click.option("--protect", default="", help="Further languages that may not be spoken.")
@click.option("--min-seconds", type=float, default=0.5, show_default=True, help="Least length.")
@click.option(
    "--min-kb",
    "sizes",
    multiple=True,
    metavar="CORPUS=KB",
    help="Least size by source corpus, as 16 kHz PCM16 wav; repeatable. Published: iemocap and "
    "meld 20, mead, mosei and msp-podcast 50.",
)
@click.option("--silence-db", type=float, help="Leave out what is quieter, in dBFS. Off.")
@click.option("--max-clipped", type=float, help="Greatest share of samples at full scale. Off.")
@click.option(
    "--duration-ratio", metavar="LEAST:GREATEST", help="Length as a multiple of the source's. Off."
)
@click.option(
    "--agree-by",
    metavar="MODEL[,WEIGHTS]",
    help="Leave out clips in which a model hears another emotion. Off.",
)
@for_plugins.engine_options
@click.option("--fresh", is_flag=True, help="Forget an unfinished build: start anew.")
@for_plugins.json_option
def build(
    sources: str,
    languages: str,
    translator: str,
    options: Sequence[str],
    out: Path,
    data: Path | None,
    allow_partial: bool,
    protect: str,
    min_seconds: float,
    sizes: Sequence[str],
    silence_db: float | None,
    max_clipped: float | None,
    duration_ratio: str | None,
    agree_by: str | None,
    engine: str,
    workers: int | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Translate labelled clips into other languages, speak them, filter them, write a set.

    A build that was killed goes on where it stopped, by the same command; the set has the same
    bytes then. No clip that systems are tested on gets in, nor speech made from one.
    """
    from mserbench_m5ser.building import asking
    from mserbench_m5ser.building.building import build as build_set

    request = asking.request(
        sources=sources,
        languages=languages,
        translator=translator,
        options=options,
        protect=protect,
        allow_partial=allow_partial,
        agree_by=agree_by,
        filters=asking.filters(min_seconds, sizes, silence_db, max_clipped, duration_ratio),
    )
    built = build_set(request, out, data, engine, workers, fresh)
    for note in built.notes:
        click.echo(f"note: {note}", err=True)

    if as_json:
        for_plugins.print_json({"folder": str(out), **built.manifest})
        return

    for line in asking.summary(built):
        click.echo(line)


@command.command(name="verify", short_help="compare a set with its manifest; look for leaks")
@click.argument("folder", type=click.Path(path_type=Path))
@for_plugins.data_option
@for_plugins.json_option
def verify(folder: Path, data: Path | None, as_json: bool) -> None:
    """Decode every clip of a set: counts, hours, hashes, keys, labels, leaks.

    Exit 1 if there is a problem. With --data the audio keys of tested corpora are compared too.
    """
    from mserbench_m5ser import verifying

    verified = verifying.verify(folder, data)
    if as_json:
        for_plugins.print_json(verified.record())
    else:
        for line in verified.lines():
            click.echo(line)

    if verified.problems:
        raise click.exceptions.Exit(1)
