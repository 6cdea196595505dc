"""`mserbench translators`: list the translators of speech, or tell all of one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _option_page, _shown
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.cards import Exposure
    from mserbench.plugins.hookspecs import TranslatorEntry
    from mserbench.translator import Translator, TranslatorCard


@click.command(name="translators", short_help="list the translators of speech, or tell of one")
@click.argument("name", required=False)
@_common.wide_option
@click.option(
    "--markdown",
    is_flag=True,
    help="Print the page of its options, as docs/options/ has it, and nothing else.",
)
@_common.json_option
def command(name: str | None, markdown: bool, as_json: bool) -> None:
    """List the translators of all installed plugins; with NAME, what that one needs, carries over
    and heard, and its options.

    Each speaks labelled utterances in another language; `mserbench m5ser build` makes training
    speech by one. The columns prosody and voice say what of the source clip its speech keeps.
    """
    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import TranslatorEntry

    if markdown and as_json:
        raise UsageError("--markdown and --json were both given: give one of them")
    if markdown and name is None:
        raise UsageError(
            "--markdown prints the page of one translator: name it, 'translators NAME'"
        )

    if name is None:
        listing(TranslatorEntry, as_json)
    else:
        _one(name, markdown, as_json)


def _one(name: str, markdown: bool, as_json: bool) -> None:
    from mserbench.options import describe_options
    from mserbench.plugins import registry
    from mserbench.plugins.hookspecs import TranslatorEntry

    entry = registry.entry(TranslatorEntry, name)
    translator: type[Translator] = registry.resolve(entry)
    card = translator.describe(translator.Options())
    options = describe_options(translator.Options)
    about = " ".join((translator.Options.__doc__ or "").split())

    if markdown:
        written = f"mserbench translators {name} --markdown"
        click.echo(_option_page.page(name, written, about, options), nl=False)
        return
    if as_json:
        record = {
            "card": {**asdict(card), "exposure": [_heard(each) for each in card.exposure]},
            "needs": dict(entry.needs),
            "options": [_shown.record(option) for option in options],
        }
        _common.print_json(record)
        return

    columns = _shown.width()
    click.echo("\n".join(_card_lines(card, entry, columns)))
    if options:
        click.echo("\n" + "\n".join(_shown.lines(about, options, columns)))


def _heard(exposure: Exposure) -> dict[str, object]:
    """Return what a base model heard, as JSON tells it: without the keys of clips."""
    record = asdict(exposure)
    del record["clips"]

    return record


def _card_lines(card: TranslatorCard, entry: TranslatorEntry, columns: int) -> Iterator[str]:
    """Return the card of a translator, no line of it wider than the columns."""
    extras = dict.fromkeys(entry.needs.values())
    facts = [
        ("languages", ", ".join(card.languages)),
        ("prosody of the source", card.prosody),
        ("voice of the source", card.voice),
        ("version", card.version),
        ("licence", card.licence),
        ("citation", card.citation),
        ("install", f"pip install 'mserbench[{','.join(extras)}]'" if extras else ""),
        *(("needs", phrase) for phrase in card.requires),
        *(
            ("heard", f"{heard.corpus} ({', '.join(heard.languages)}): {heard.evidence}")
            for heard in card.exposure
        ),
    ]
    if not card.exposure_complete:
        facts.append(("heard", "and what is not published"))

    yield from textwrap.wrap(f"{card.name}: {card.title}", columns)
    for word, fact in facts:
        if fact:
            yield from textwrap.wrap(f"{word}: {fact}", columns, subsequent_indent="    ")
