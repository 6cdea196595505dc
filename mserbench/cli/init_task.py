"""`mserbench init-task`: propose a task for a corpus of your own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from mserbench.errors import UsageError


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
    from mserbench.disk.files import write_atomic

    # A folder named in a script other than Latin leaves no letter, hence the fallback.
    name = (
        name or re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "my-corpus"
    )
    target = out or Path(f"{name}.toml")
    _check(target, language, force)
    examined = proposal.examine(folder)

    for sentence in examined.sentences:
        click.echo(sentence)

    code = language or ("" if examined.knows_language else _asked())
    text = proposal.write(examined, target, name, code)
    # What is written must load: a proposal that fails later would cost its reader more.
    loaded = definition.build(settings.parse(text.encode(), target))
    write_atomic(target, text)

    for doubt in examined.findings.doubts:
        click.echo(f"look: {doubt}")

    for line in text.splitlines():
        if "# look" in line:
            click.echo(f"look: {line}")

    click.echo(f"{target}: task {loaded.task.name!r}, labels {', '.join(loaded.task.labels)}")
    click.echo(f"check it: mserbench data verify {target}")
    click.echo(f"score a model: mserbench run --model egemaps --task {target}")


def _check(target: Path, language: str | None, force: bool) -> None:
    from mserbench.data.own.keys import is_language

    if target.suffix != ".toml":
        raise UsageError(f"--out is {str(target)!r}, but a name that ends in .toml was expected")
    if target.exists() and not force:
        raise UsageError(
            f"{str(target)!r} is there already: give another --out, or --force to overwrite it"
        )
    if language is not None and not is_language(language):
        raise UsageError(
            f"--language is {language!r}, but an ISO 639 code such as 'de' was expected"
        )


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
