"""`mserbench data`: which corpora are here, where to get them, what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mserbench.cli import _common

# Each in a module of its own, imported on use: what fetches and unpacks takes time to import.
_LATE = {
    "download": "fetch a corpus that is open, check and unpack it",
    "list": "print the clips of a task: ids, files, speakers",
}

_MODULES = {"list": "mserbench.cli.data_list"}


class _Group(click.Group):
    """A group of which some commands are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_LATE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LATE:
            return super().get_command(ctx, cmd_name)

        import importlib

        late: click.Command = importlib.import_module(
            _MODULES.get(cmd_name, f"mserbench.cli.{cmd_name}")
        ).command
        return late


@click.group(
    name="data",
    cls=_Group,
    short_help="which corpora are here, where to get them, what is wrong with them",
)
def command() -> None:
    """Say which corpora are here, where to get them, and what is wrong with them."""


@command.command(name="status", short_help="the state of every corpus, in one table")
@_common.data_option
@_common.wide_option
@_common.json_option
def status(data: Path | None, as_json: bool) -> None:
    """Look at every corpus by its names and label files, without opening audio: absent, complete,
    or what is wrong.
    """
    from mserbench.data import corpus_state
    from mserbench.plugins import registry
    from mserbench.plugins.hookspecs import CorpusEntry

    records = [corpus_state.status(name, data) for name in registry.entries(CorpusEntry)]
    if as_json:
        _common.print_json(records)
        return

    rows = [
        [
            record["corpus"],
            record["state"],
            "" if record["utterances"] is None else record["utterances"],
            Path(record["folder"]).name,
        ]
        for record in records
    ]
    head = ["corpus", "state", "utterances", "folder"]
    _common.print_table(rows, head, right=("utterances",), least=("folder", "utterances"))

    folders = (
        f"Folders are those in {str(data)!r}; "
        if data
        else "No data folder: give --data or set MSERBENCH_DATA; "
    )
    _common.say(f"{folders}corpora that ship with a package lie in it.")
    _common.say(
        "'mserbench data show NAME' says where to get one; "
        "'mserbench data verify NAME' opens every file."
    )


@command.command(
    name="show", short_help="the card of a corpus: licence, where to get it, what to expect"
)
@click.argument("name")
@_common.json_option
def show(name: str, as_json: bool) -> None:
    """Print the card of corpus NAME (or of a .toml file): licence, citation, where to get it, what
    to expect.
    """
    from mserbench.cli import _card
    from mserbench.data import lookup

    card = lookup.corpus(name).card
    if as_json:
        _common.print_json(_card.record(card))
        return

    for line in _card.lines(card):
        _common.say(line)


@command.command(name="verify", short_help="open every file of a corpus and list all that is wrong")
@click.argument("name")
@_common.data_option
@click.option(
    "--list",
    "as_list",
    is_flag=True,
    help="List every problem and note, not one line for all of a kind.",
)
@_common.engine_options
@_common.json_option
def verify(
    name: str, data: Path | None, as_list: bool, engine: str, workers: int | None, as_json: bool
) -> None:
    """Open every file of corpus NAME (or a .toml file, or the folder of a set); list what is wrong.

    Exit 1 if there is a problem, which is what stops a run; notes are what a run says and scores
    all the same, such as audio files that are no utterance.
    """
    from dataclasses import asdict

    from mserbench.data import corpus, lookup, verification
    from mserbench.engine.base import Workers
    from mserbench.engine.named import engine_asked

    source = lookup.corpus(name)
    # A file of one's own describes one task too, which may select a part of its corpus.
    task = lookup.task(name) if lookup.own_file(name) else None
    is_spread = engine != "local" or workers is not None
    carrying = engine_asked(engine, workers, Workers(0, kind="threads"))
    with carrying as hired, _common.progress(f"decoding {source.card.name}") as report:
        root = corpus.find(source, data)
        verified = verification.verify(source, root, report, task, hired if is_spread else None)

    # Editions differ in bytes and not in speech; one that we have not seen is no fault.
    edition = verified.edition or "not one we have seen"
    if as_json:
        _common.print_json({"corpus": source.card.name, **asdict(verified), "edition": edition})
    else:
        _say_all("problem", verified.problems, as_list)
        _say_all("note", verified.warnings, as_list)
        _common.say(
            f"{source.card.name}: {verified.utterances} utterances, {verified.hours:.2f} h, "
            f"{verified.speakers} speaker(s), variant {verified.variant or 'unknown'}, "
            f"{len(verified.problems)} problem(s); "
            f"audio digest {verified.digest[:8]} ({edition})"
        )
        if verified.scored is not None:
            counts = ", ".join(f"{label} {count}" for label, count in verified.scored.items())
            _common.say(
                f"its task: {sum(verified.scored.values())} of {verified.utterances} clips are "
                f"scored ({counts})"
            )

    if verified.problems:
        raise click.exceptions.Exit(1)


def _say_all(kind: str, sentences: Sequence[str], as_list: bool) -> None:
    """Print sentences, those that differ in names alone as one unless `as_list`."""
    from mserbench.report import alike

    for sentence in sentences if as_list else alike.together(sentences):
        _common.say(f"{kind}: {sentence}")
