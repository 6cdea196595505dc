"""The card of a corpus for a person to read: lines wrapped to the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from mserbench.cards import CorpusCard

_INDENT = 14  # columns of the names on the left


def record(card: CorpusCard) -> dict[str, Any]:
    """Return the card as JSON takes it, without empty fields, with the parts of its divisions and
    its tasks.
    """
    from mserbench.data import divisions

    fields = {
        key: value for key, value in asdict(card).items() if value not in ("", None, {}, (), False)
    }
    for name, division in fields.get("divisions", {}).items():
        # The table may have a row a clip; the names of its parts say what can be asked for.
        division.pop("rows", None)
        division["parts"] = divisions.parts(card, name).names

    # Of what made its speech no clips are known.
    for part in fields.get("exposure", ()):
        part.pop("clips")

    return {**fields, "tasks": list(_tasks(card))}


def lines(card: CorpusCard) -> Iterator[str]:
    """Yield the lines of the card; raises PluginError where the table of a division is not the
    published one.
    """
    # Prose of more than 100 columns is hard to read, and of fewer than 40 as well.
    width = max(40, min(100, shutil.get_terminal_size().columns))
    yield from textwrap.wrap(f"{card.title} ({card.name})", width)
    for name, paragraphs in _paragraphs(card).items():
        for number, text in enumerate(paragraphs):
            yield from textwrap.wrap(
                text,
                width,
                initial_indent=f"{name if not number else '':<{_INDENT}}",
                subsequent_indent=" " * _INDENT,
                # Links and digests are copied from here: a broken one is of no use.
                break_long_words=False,
                break_on_hyphens=False,
            )


def _paragraphs(card: CorpusCard) -> dict[str, list[str]]:
    """Return what is said under each name on the left, each text a paragraph."""
    size = [f"{card.speakers} speakers"] if card.speakers is not None else []
    size += [f"{card.hours:g} h"] if card.hours is not None else []
    paragraphs = {
        "languages": [", ".join(card.languages)],
        "size": [", ".join(size)] if size else [],
        "licence": [f"{card.licence} ({card.access})"],
        "citation": [card.citation],
        "source": [card.source],
        "how to get": [card.how_to_get],
        "how to unpack": [card.unpack],
        "download": _download(card),
        "expected": list(_expected(card)),
        "divisions": list(_divisions(card)),
        "tasks": [f"{name}: {title}" for name, title in _tasks(card).items()],
        "left out": [f"{pattern}: {reason}" for pattern, reason in card.skipped.items()],
        "editions": [f"audio digest {digest}: {name}" for digest, name in card.editions.items()],
        "notes": [card.notes],
        "synthetic": ["yes: not people; it shows that things work and proves nothing else"]
        if card.synthetic
        else [],
    }

    return {name: [text for text in texts if text] for name, texts in paragraphs.items()}


def _download(card: CorpusCard) -> list[str]:
    if card.hub:
        return [
            f"'mserbench data download {card.name} --to DATA' exports the hub dataset {card.hub}"
        ]
    if not card.files:
        return []

    size = sum(file.bytes for file in card.files) / 1e6
    return [
        f"'mserbench data download {card.name} --to DATA' fetches {len(card.files)} file(s), "
        f"{size:,.0f} MB"
    ]


def _expected(card: CorpusCard) -> Iterator[str]:
    for name, counts in card.counts.items():
        yield f"{name}: {sum(counts.values()):,} utterances; {histogram(counts)}"

    if card.releases_vary:
        yield "other releases have other counts, which are no error"


def histogram(counts: Mapping[str, int]) -> str:
    """Say a histogram in one line: `A 69, E 46`."""
    return ", ".join(f"{label} {count:,}" for label, count in counts.items())


def _divisions(card: CorpusCard) -> Iterator[str]:
    from mserbench.data import divisions

    for name, division in card.divisions.items():
        parts = ", ".join(divisions.parts(card, name).names)
        yield f"{name} ({division.kind}): {division.title}; parts {parts}; {division.source}"


def _tasks(card: CorpusCard) -> dict[str, str]:
    from mserbench.data import lookup

    return lookup.tasks_of(card.name)
