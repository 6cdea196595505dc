"""What the page shows across its tasks: the best of each, stress, where the rest of it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.errors import DataError, why
from mserbench.stress import wording
from mserbench.stress.record import Stressed
from mserbench_leaderboard import board, stressed, summary
from mserbench_leaderboard.board import DEVELOPMENT, Section
from mserbench_leaderboard.site import shortened
from mserbench_leaderboard.site.shortened import cut, percent

README = "README.md"
RECORD = "record.json"  # what an experiment's folder has beside its README.md

# What parts a system from the blind ones, in the order in which the board asks for it.
_APART = ("transductive", "development")


def best(section: Section) -> dict[str, str]:
    """Return the places of the best zero-shot systems of a task by their kind, those that the
    first table of README.md names.
    """
    rows = {
        "zero-shot": summary.blind(section),
        "development": section.groups.get(DEVELOPMENT, []),
        "adapted": summary.adapted(section),
    }
    return {kind: of_kind[0].system.place for kind, of_kind in rows.items() if of_kind}


def stress(sections: Sequence[Section], stresses: Sequence[Stressed]) -> list[dict[str, Any]]:
    """Return the rows of what was lost under stress, in the order of README.md; percent."""
    questions = {section.question.name: section.question for section in sections}
    lines = []
    for each in stressed.ordered(stresses):
        record, costs = each.record, each.costs
        question = questions.get(record.task.name)
        lines.append(
            {
                "task": cut(record.task.name),
                "languages": list(question.languages) if question else [],
                "synthetic": record.corpus.synthetic,
                "name": cut(each.name),
                "kind": kind_of(each),
                "verdict": record.verdict.verdict,
                "marks": [cut(mark, 40) for mark in record.marks if mark != "synthetic"],
                "byClip": each.by_clip,
                "clean": [percent(value)
                          for value in (costs.clean.ua, *(costs.clean.interval or ()))],
                "mean": percent(costs.mean.ua),
                "change": wording.change(costs.mean, each.by_clip),
                "worst": cut(stressed.worst_condition(each)),
                "worstUa": percent(costs.worst.ua),
                "worstChange": wording.change(costs.worst, each.by_clip),
            }
        )  # fmt: skip

    return lines


def kind_of(each: Stressed) -> str:
    """Return by what a record of stress is filtered: the kind that a run of its system has."""
    verdict, marks = each.record.verdict.verdict, {mark.partition(":")[0]
                                                   for mark in each.record.marks}  # fmt: skip
    if each.record.model.name in board.FLOORS:
        return shortened.FLOOR
    if "adapted" in marks:
        return "adapted"
    if verdict != "zero-shot":
        return verdict if verdict == "cross-corpus" else "other"

    return next((mark for mark in _APART if mark in marks), verdict)


def elsewhere(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield title and file of the parts of a board that are no part of its page: the board as
    Markdown, then the experiments that lie in it.

    Raises DataError where the first line of an experiment cannot be read.
    """
    # Written with the page, so it is there by the time that the page is.
    yield "Leaderboard", folder / README

    for record in sorted(folder.glob(f"*/{RECORD}")):
        text = record.with_name(README)
        if text.is_file() and not record.parent.is_symlink():
            yield _title(text), text


def _title(path: Path) -> str:
    try:
        text = outside.read(path, outside.CARD).decode("utf-8", "replace")
    except OSError as error:
        raise DataError(
            f"the experiment {str(path)!r} cannot be linked from the page, as it cannot be read "
            f"({why(error)}): remake it, or remove its folder"
        ) from error

    return cut(text.partition("\n")[0].lstrip("# ").strip() or path.parent.name)
