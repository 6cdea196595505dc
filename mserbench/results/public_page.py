"""The page of the registry of public checkpoints in Markdown, and the verdicts that it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mserbench.data import lookup
from mserbench.report import markdown
from mserbench.report.blocks import Column, Table, Written
from mserbench.results import exposure
from mserbench.results.exposure import Verdict
from mserbench.results.public import Claim, Match, Part, PublicModel, Registry

TASKS = ("ravdess", "aesdd", "resd", "shemo", "iemocap-4", "meld", "emodb-4")
"""Tasks that the table of verdicts has: the six corpora of the M5SER paper, and a German one."""

_HEAD = """# What public checkpoints were trained on

Written by `mserbench exposures list --markdown` from the registry; do not edit it. The registry
says which corpora public checkpoints learnt from, so that the verdict of a run does not rest on
what authors call it. How it is used: [public-checkpoints.md](public-checkpoints.md).

{entries} entries. {complete} are complete: all corpora with labels of emotion are named, those of
base models too. Of {parts} statements {read} were read in a copy of the page that is linked. *Not
read* marks the others, which come from a digest, from a name or from memory; no list of labels with
such a statement counts as complete. *unknown*: nobody says, or it was not found.
"""
_CLAIMED = """## Claimed and computed

What papers and pages say of a checkpoint on a task, and the verdict that follows from its exposure.
"""
_VERDICTS = """## Verdicts by task

What a run may claim, by the registry alone: no clip was compared. A checkpoint that learnt no
labels of emotion is left out, as the verdict is then that of the head which is trained upon it.
"""
_ENTRIES = """## Entries

*learnt*: corpora with labels of emotion. *heard*: other speech. A base model hands both on.
"""


@dataclass(frozen=True)
class Judged:
    """A claim on one task beside the verdict that is computed for it."""

    model: PublicModel
    task: str
    claim: Claim
    verdict: Verdict


def verdict_of(registry: Registry, model: PublicModel, task: str) -> Verdict:
    """Return the verdict of an entry on a task, as if it was found by its id: without its clips.

    Raises UnknownName for no task.
    """
    question = lookup.task(task)
    # As a user's own word: the entry itself is meant, not what may bear its name.
    card = registry.card(Match(model, "card"), model.name)
    card = exposure.with_families(card, lookup.family)
    return exposure.judge(card, question, lookup.corpus(question.corpus).card, ())


def claims(registry: Registry) -> list[Judged]:
    """Return every claim of the registry with its computed verdict."""
    return [
        Judged(model, task, claim, verdict_of(registry, model, task))
        for model in registry.models.values()
        for claim in model.claims
        for task in claim.tasks
    ]


def learns_labels(registry: Registry, model: PublicModel) -> bool:
    """Whether an entry or one of its bases learnt labels of emotion."""
    lineage = [model, *registry.lineage(model)]
    return any(part.exposure.kind == "emotion-labels" for each in lineage for part in each.parts)


def is_complete(registry: Registry, model: PublicModel) -> bool:
    """Whether all labels of emotion of an entry and its bases are told."""
    return all(each.complete for each in [model, *registry.lineage(model)])


def page(registry: Registry) -> str:
    """Return the page. Raises UnknownName where a task of the tables is not installed."""
    models = list(registry.models.values())
    parts = [part for model in models for part in model.parts]
    head = _HEAD.format(
        entries=len(models),
        complete=sum(is_complete(registry, model) for model in models),
        parts=len(parts),
        read=sum(part.is_read for part in parts),
    )
    sections = [
        (_CLAIMED, _claimed(registry)),
        (_VERDICTS, _by_task(registry)),
        (_ENTRIES, _entries(registry)),
    ]
    tables = [f"{text}\n{markdown.block(table)}\n" for text, table in sections]
    return "\n".join([head, *tables])


def _claimed(registry: Registry) -> Table:
    columns = ("checkpoint", "task", "claimed", "computed", "why")
    return _table(
        columns,
        [
            (
                judged.model.title,
                f"`{judged.task}`",
                f"[{judged.claim.says}]({judged.claim.evidence}){_unread(judged.claim)}",
                f"**{judged.verdict.verdict}**",
                _why(judged),
            )
            for judged in claims(registry)
        ],
    )


def _why(judged: Judged) -> str:
    """Return the first reason in few words, without the address that the entry has."""
    # The address of the evidence stands in the entry, and would fill the cell.
    reason = judged.verdict.reasons[0].split(" (")[0]
    return reason if len(reason) < 100 else f"{reason[:96]} ..."


def _by_task(registry: Registry) -> Table:
    # What learnt no labels would be zero-shot on everything, and is no recogniser of emotions.
    models = [model for model in registry.models.values() if learns_labels(registry, model)]
    return _table(
        ("checkpoint", *TASKS),
        [
            (model.title, *(verdict_of(registry, model, task).verdict for task in TASKS))
            for model in models
        ],
    )


def _entries(registry: Registry) -> Table:
    columns = ("entry", "ids", "learnt", "heard", "base", "complete", "date", "remark")
    return _table(
        columns,
        [
            (
                f"`{model.name}`",
                " ".join(f"`{identifier}`" for identifier in model.ids),
                ", ".join(_learnt(model, "emotion-labels")),
                ", ".join(_learnt(model, "speech")),
                " ".join(f"`{base}`" for base in model.bases),
                "yes" if is_complete(registry, model) else "no",
                model.checked.isoformat(),
                model.remark,
            )
            for model in registry.models.values()
        ],
    )


def _learnt(model: PublicModel, kind: str) -> Iterator[str]:
    for part in model.parts:
        if part.exposure.kind == kind:
            # Whisper alone has a hundred.
            few = " ".join(part.exposure.languages[:3])
            more = len(part.exposure.languages) - 3
            spoken = f"{few} and {more} more" if more > 0 else few
            link = f"[{part.exposure.corpus}]({part.exposure.evidence})"
            yield f"{link} ({spoken}{_unread(part, ', ')})"


def _unread(part: Part | Claim, before: str = " ") -> str:
    return "" if part.is_read else f"{before}*not read*"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of cells that we wrote, and mean the Markdown in."""
    return Table(
        [Column(name) for name in columns], [[Written(cell) for cell in row] for row in rows]
    )
