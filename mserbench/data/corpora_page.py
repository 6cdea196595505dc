"""The page of all corpora in Markdown: one table, and a section for each, from their cards."""

from __future__ import annotations

from collections.abc import Iterator

from mserbench.cards import CorpusCard
from mserbench.data import divisions, lookup
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry
from mserbench.report import markdown
from mserbench.report.blocks import Column, Table, Written
from mserbench.statistics.compare import smallest_difference

_HEAD = """# Corpora

Written by `mserbench corpora --markdown` from the cards of the corpora; do not edit it. Labels: how many different
ones the publisher gives. Clips and hours are those of the whole corpus, as published. Access: *open* is published for
everyone to fetch, *request* is given by its authors on request, *bundled* ships with mserbench, *generated* is made on
the spot. `mserbench data show NAME` prints the same for one corpus, `mserbench data download NAME --to DATA` fetches
what can be fetched, `mserbench data verify NAME --data DATA` compares what is there with what is published.
"""  # noqa: E501 - published text
_COLUMNS = (
    "corpus",
    "language",
    "speakers",
    "clips",
    "hours",
    "labels",
    "access",
    "licence",
    "tasks",
)
_RIGHT = {"speakers", "clips", "hours", "labels"}


def page() -> str:
    """Return the page. Raises PluginError where a corpus cannot be imported."""
    cards = [lookup.corpus(name).card for name in registry.entries(CorpusEntry)]
    columns = [Column(name, right=name in _RIGHT) for name in _COLUMNS]
    table = Table(columns, [_cells(card) for card in cards])
    sections = ["\n".join(_section(card)) for card in cards]

    return "\n".join([_HEAD, markdown.block(table), "", *sections])


def _cells(card: CorpusCard) -> list[Written]:
    """Return the cells of one corpus; cards are ours, and mean the Markdown in them."""
    largest = max(card.counts.values(), key=lambda counts: sum(counts.values()), default={})
    texts = [
        f"[{card.name}](#{card.name})",
        " ".join(card.languages),
        _number(card.speakers),
        _number(sum(largest.values()) or None)
        + (" (releases vary)" if card.releases_vary and largest else ""),
        "" if card.hours is None else f"{card.hours:g}",
        _number(len(largest) or None),
        card.access,
        card.licence,
        " ".join(f"`{name}`" for name in _tasks(card)),
    ]
    return [Written(text) for text in texts]


def _section(card: CorpusCard) -> Iterator[str]:
    """Yield the lines of one section: where to get it, what is expected, what is known to be wrong
    with it.
    """
    yield f"## {card.name}"
    yield f"\n{card.title}. {_sentence(card.citation)}\n"
    yield f"- Source: {_link(card.source)}"
    yield f"- How to get it: {_sentence(card.how_to_get)}"

    if card.unpack:
        yield f"- How to unpack it: {_sentence(card.unpack)}"

    for name, counts in card.counts.items():
        histogram = ", ".join(f"{label} {count:,}" for label, count in counts.items())
        yield f"- Expected, {name}: {sum(counts.values()):,} utterances: {histogram}."

    for name in _tasks(card):
        yield f"- Task `{name}`: {_smallest(card, name)}"

    for name, division in card.divisions.items():
        parts = ", ".join(divisions.parts(card, name).names)
        yield (
            f"- Division `{name}` ({division.kind}): {division.title}; parts {parts}. Source: "
            f"{division.source}."
        )

    for pattern, reason in card.skipped.items():
        yield f"- Left out, `{pattern}`: {_sentence(reason)}"

    if card.notes:
        yield f"- Known of it: {_sentence(card.notes)}"

    yield ""


def _smallest(card: CorpusCard, name: str) -> str:
    """Say what difference of UA between two systems a task can show:
    `compare.smallest_difference`.
    """
    task = lookup.task(name)
    if task.part or task.select or task.expected is None or card.speakers is None:
        return (
            "the smallest difference of UA that shows depends on its speakers, "
            "which are not those of the card."
        )

    smallest = smallest_difference(task.expected, card.speakers)
    if smallest is None:
        return f"{card.speakers} speaker(s), too few to show any difference of UA."

    return (
        f"{task.expected:,} clips of {card.speakers} speakers show a difference of UA "
        f"between two usual systems from {100 * smallest:.0f} points on."
    )


def _tasks(card: CorpusCard) -> list[str]:
    return list(lookup.tasks_of(card.name))


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _link(source: str) -> str:
    return f"<{source}>" if source.startswith("http") else source


def _sentence(text: str) -> str:
    # Stars of file names, which Markdown would take for emphasis.
    text = text.replace("*", r"\*")
    return text if text.endswith(".") else f"{text}."
