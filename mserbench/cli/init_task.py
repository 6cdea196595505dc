"""`mserbench init-task`: propose a task for a corpus of your own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.errors import DataError, UsageError

if TYPE_CHECKING:
    from mserbench.data.own.proposal import Proposal

_WIDEST = 200  # characters of a line of the file that is shown


@click.command(name="init-task", short_help="propose a task for a corpus of your own")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write; NAME.toml without it.")
@click.option("--language", help="ISO 639 code of the speech, such as de.")
@click.option("--name", help="Name of corpus and task; that of the folder without it.")
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def command(
    folder: Path, out: Path | None, language: str | None, name: str | None, force: bool
) -> None:
    """Look at the files and tables of FOLDER and write a TOML file that `run`, `train`, `audit` and
    `data` take.

    It reads an audformat database, a csv, tsv or jsonl table that lists the files, or emotion words
    in the names of files and folders. Lines to look at are marked. See docs/your-own-corpus.md.
    """
    from mserbench.data.own import definition, proposal, settings

    name = name or _name(folder)
    target = out or Path(f"{name}.toml")
    _check(target, language, force)
    examined = proposal.examine(folder)

    for sentence in examined.sentences:
        click.echo(sentence)

    code = language or _language(examined)
    text = proposal.write(examined, target, name, code)
    # A file to be completed is more than nothing, but no task: the exit code says so.
    if examined.refusal:
        _write(target, text)
        raise DataError(
            f"{examined.refusal}; a skeleton to be completed was written to {str(target)!r}"
        )

    # What is written must load: a proposal that fails later would cost its reader more.
    loaded = definition.build(settings.parse(text.encode(), target))
    _write(target, text)

    for doubt in (*examined.findings.doubts, *definition.doubts(loaded)):
        click.echo(f"look: {doubt}")

    for line in text.splitlines():
        if "# look" in line:
            click.echo(f"look: {line if len(line) <= _WIDEST else f'{line[:_WIDEST]} ...'}")

    click.echo(f"{target}: task {loaded.task.name!r}, labels {', '.join(loaded.task.labels)}")
    click.echo(f"check it: mserbench data verify {target}")
    click.echo(f"score a model: mserbench run --model egemaps --task {target}")


def _name(folder: Path) -> str:
    """Return a name for the task, that of the folder. Raises DataError where it has gone."""
    try:
        plain = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower())
    except OSError as error:
        raise DataError(
            f"the folder {str(folder)!r} cannot be found ({error.strerror}): give its whole path"
        ) from error

    # A folder named in a script other than Latin leaves no letter, hence the fallback.
    return plain.strip("-")[:60] or "my-corpus"


def _write(target: Path, text: str) -> None:
    """Write the file. Raises DataError where the system refuses."""
    from mserbench.disk.files import write_atomic

    try:
        write_atomic(target, text)
    except OSError as error:
        raise DataError(
            f"{str(target)[-200:]!r} cannot be written ({error.strerror}): give another --out"
        ) from error


def _check(target: Path, language: str | None, force: bool) -> None:
    from mserbench.data.own.keys import is_language

    if target.suffix != ".toml":
        raise UsageError(f"--out is {str(target)!r}, but a name that ends in .toml was expected")
    try:
        is_there = os.path.lexists(target)
    except ValueError:  # a NUL in the name
        is_there = False

    if is_there and not force:
        raise UsageError(
            f"{str(target)!r} is there already: give another --out, or --force to overwrite it"
        )
    if language is not None and not is_language(language):
        raise UsageError(
            f"--language is {language!r}, but an ISO 639 code such as 'de' was expected"
        )


def _language(examined: Proposal) -> str:
    """Return the language that the folder names; empty where its table or header has it."""
    if examined.findings.language_from:
        return examined.findings.languages[0]

    return "" if examined.knows_language else _asked()


def _asked() -> str:
    """Ask for the language where somebody is there to answer; `und` otherwise."""
    from mserbench.data.own.keys import is_language
    from mserbench.languages import UNDECLARED

    # A script must not wait for an answer to a question that nobody sees.
    if not sys.stdin.isatty():
        return UNDECLARED

    while True:
        code = str(
            click.prompt(
                "Language of the speech (ISO 639 code such as de; und if not known)",
                default=UNDECLARED,
            )
        )
        if is_language(code):
            return code

        click.echo(f"{code!r} is no ISO 639 code")
