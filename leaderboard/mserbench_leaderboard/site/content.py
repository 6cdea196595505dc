"""What the page shows, as plain values: tasks, systems with their cards, published numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mserbench.results import marks
from mserbench.statistics.compare import smallest_difference
from mserbench.stress.record import Stressed
from mserbench_leaderboard import board, cells, recipes, registered, summary, words
from mserbench_leaderboard.board import (
    ADAPTED,
    DEVELOPMENT,
    TRANSDUCTIVE,
    ZERO_SHOT,
    Constant,
    Row,
    Section,
)
from mserbench_leaderboard.entries import Score
from mserbench_leaderboard.published import METRICS, Published
from mserbench_leaderboard.site import across
from mserbench_leaderboard.site.shortened import APART, FLOOR, LONGEST, cut, percent

SCHEMA = 1

KINDS = {
    ZERO_SHOT: "zero-shot",
    DEVELOPMENT: "development",
    TRANSDUCTIVE: "transductive",
    "Cross-corpus": "cross-corpus",
    "In-corpus or unknown": "other",
}
"""What a group of the board is filtered by; those that heard clips of the target are `adapted`."""

FLOORS, PARTIAL, OLDER = "Floors", "Partial runs, not comparable", "Older versions, not comparable"

_OF_EXPOSURE = {"zero-shot": "zero-shot", "cross-corpus": "cross-corpus"}


class Texts:
    """Texts by number, as the records of a board repeat the same few sentences."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str, longest: int = LONGEST) -> int:
        """Return the number of a text, at most `longest` characters of it."""
        return self._numbers.setdefault(cut(text, longest), len(self._numbers))

    @property
    def all(self) -> list[str]:
        """The texts in the order of their numbers."""
        return list(self._numbers)


def of(
    sections: Sequence[Section],
    results: str = "",
    stresses: Sequence[Stressed] = (),
    elsewhere: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Return what the page shows of a board, as values that JSON can hold.

    All numbers are percent with one digit, rounded as in README.md. `results` is the path from the
    page to the folder of runs; without one the page links no predictions. `elsewhere` holds titles
    and paths of what the page links besides.
    """
    texts = Texts()
    groups: dict[str, dict[str, str]] = {}
    systems: list[dict[str, Any]] = []
    for at, section in enumerate(sections):
        for title, kind, rows in _groups(section):
            groups.setdefault(title, {"title": title, "kind": kind, "note": _note(title)})
            number = list(groups).index(title)
            systems += [
                {"task": at, "group": number, **_system(row, name, texts)}
                for row, name in zip(rows, cells.apart(rows), strict=True)
            ]

    return {
        "schema": SCHEMA,
        "results": results,
        "tasks": [_task(section) for section in sections],
        "groups": list(groups.values()),
        "systems": systems,
        "stress": across.stress(sections, stresses),
        "elsewhere": [list(title_and_path) for title_and_path in elsewhere],
        "texts": texts.all,
        "verdicts": marks.VERDICT,
        "marks": marks.MEANING,
        "heard": marks.HEARD,
    }


def _groups(section: Section) -> Iterator[tuple[str, str, Sequence[Row]]]:
    """Yield title, kind and rows of each group of a section, in the order of the board."""
    for title, rows in section.groups.items():
        base, adapted, _ = title.partition(ADAPTED)
        yield title, "adapted" if adapted else KINDS[base], rows

    for title, kind, rows in (
        (FLOORS, FLOOR, section.floors),
        (PARTIAL, APART, section.partial),
        (OLDER, APART, section.older),
    ):
        if rows:
            yield title, kind, rows


def _note(title: str) -> str:
    if title in (PARTIAL, OLDER):
        return ""
    return words.FLOORS if title == FLOORS else " ".join(words.group_note(title).split())


def _task(section: Section) -> dict[str, Any]:
    question, constant = section.question, section.constant
    return {
        "name": question.name,
        "title": cut(question.title),
        "languages": list(question.languages),
        "labels": [cut(label, 40) for label in question.labels],
        "synthetic": question.synthetic,
        "version": question.version,
        "hash": question.hash[:8],
        "speech": summary.speech(section) if section.complete else "",
        "smallest": _smallest(section),
        "unattributed": _unattributed(section),
        "clips": constant.n if constant else None,
        "constant": _constant(constant) if constant else [],
        "best": across.best(section),
        "corpus": _corpus(section),
        "published": [_published(result) for result in section.published],
    }


def _constant(constant: Constant) -> list[Any]:
    """Return the label of the best constant answer, its UA, and the metrics beside that."""
    metrics = ("UA", *cells.OTHERS)
    return [cut(constant.label, 40), *(percent(constant.metrics[name]) for name in metrics)]


def _smallest(section: Section) -> int | None:
    """Return how many points two usual systems must differ by to be told apart; 0 where the
    speakers are too few to show any difference, None if they are unknown.
    """
    if not section.complete:
        return None

    record = section.complete[0].system.first.run.record
    if record.statistics.cluster == "clip":
        return None

    smallest = smallest_difference(record.counts.scored, record.statistics.clusters)
    return round(100 * (smallest or 0.0))


def _unattributed(section: Section) -> int:
    """Return how many clips of a task have no known speaker, where others have one."""
    if not section.complete:
        return 0

    statistics = section.complete[0].system.first.run.record.statistics
    return 0 if statistics.cluster == "clip" else statistics.unattributed


def _corpus(section: Section) -> dict[str, str]:
    """Return title, licence, citation and source of a corpus: of its card, or of a record."""
    task_and_card = registered.task(section.question.name)
    if task_and_card is not None:
        card = task_and_card[1]
        facts = {"licence": card.licence, "citation": card.citation, "source": card.source}
    else:
        rows = [*section.complete, *section.partial, *section.older]
        part = rows[0].system.first.run.record.corpus
        facts = {"licence": part.licence or "", "citation": part.citation or "", "source": ""}

    return {"title": cut(section.question.corpus), **{key: cut(facts[key]) for key in facts}}


def _published(result: Published) -> dict[str, Any]:
    return {
        "system": cut(result.system),
        "kind": _OF_EXPOSURE.get(result.exposure, "other"),
        "exposure": result.exposure,
        "values": [float(result.values[name]) if name in result.values else None
                   for name in METRICS],
        "source": cut(f"{result.paper}, table {result.table}; {result.source}"),
        "note": cut(result.note),
    }  # fmt: skip


def _system(row: Row, name: str, texts: Texts) -> dict[str, Any]:
    system, entry = row.system, row.system.first
    record = entry.run.record
    facts: dict[str, Any] = {
        "place": system.place,
        "name": cut(name),
        # By this a model with one training is the same on all tasks, whoever its neighbours are.
        "called": cut(row.name) if row.name != name else None,
        "rank": row.rank,
        "tied": row.tied,
        "ua": _with_interval(system.scores["UA"]),
        "byClip": system.scores["UA"].by_clip,
        "more": [percent(system.scores[metric].value) for metric in cells.OTHERS],
        "unparsed": percent(system.scores["unparsed"].value),
        "canonical": _with_interval(system.canonical) if system.canonical else None,
        "verdict": entry.verdict,
        "heard": entry.heard,
        "reasons": [texts.number(reason) for reason in record.verdict.reasons],
        "marks": [] if entry.model in board.FLOORS else cells.flags(row),
        "trained": texts.number(", ".join(system.trained_on)),
        "n": entry.n,
        # Not False: what is empty is left out below.
        "fixed": True if system.is_random is False else None,
        "confusion": system.confusion.ravel().tolist(),
        "options": {key: texts.number(value) for key, value in entry.variant.items()},
        "title": texts.number(record.model.title),
        "licence": texts.number(record.model.licence or ""),
        "citation": texts.number(record.model.citation or ""),
        "weights": texts.number(_weights(row), 2 * recipes.LONGEST),
        "created": entry.created[:10],
    }
    if len(system.entries) > 1:
        facts["seeds"] = [
            [seed, percent(run.scores["UA"].value), run.place]
            for seed, run in zip(system.seeds, system.entries, strict=True)
        ]
        facts["spread"] = percent(system.spread or 0.0)

    # What is empty says nothing, and most of it is, so that 2,000 runs need half the bytes. A zero
    # is not empty.
    return {
        key: value
        for key, value in facts.items()
        if not (value is None or value is False or value in ([], {}))
    }


def _weights(row: Row) -> str:
    """Return in a sentence how to come by the weights; empty where there are none."""
    pieces = [piece if isinstance(piece, str) else getattr(piece, "text", "")
              for piece in recipes.way_of(row)]  # fmt: skip
    return "".join(pieces)


def _with_interval(score: Score) -> list[float]:
    return [percent(value) for value in (score.value, *(score.interval or ()))]
