"""What the installed plugins say of a task: its question, its clips, its corpus; and of a model:
what ships.
"""

from __future__ import annotations

from functools import cache

from mserbench.cards import CorpusCard
from mserbench.contracts import Task
from mserbench.data import dataset, lookup
from mserbench.errors import DataError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry, TaskEntry
from mserbench.results.manifest import read_manifest
from mserbench.running.lookup import model_entry, shipped_weights
from mserbench_leaderboard.entries import Items, TaskFacts


def task(name: str) -> tuple[Task, CorpusCard] | None:
    """Return a task and the card of its corpus, or None where no plugin registers it."""
    if name not in registry.entries(TaskEntry):
        return None

    resolved = lookup.task(name)
    return resolved, lookup.corpus(resolved.corpus).card


def question(name: str) -> TaskFacts | None:
    """Return the current question of a task, or None where no plugin registers it."""
    task_and_card = task(name)
    if task_and_card is None:
        return None

    current, card = task_and_card
    return TaskFacts(
        name=current.name,
        title=current.title,
        version=current.version,
        hash=current.hash,
        corpus=card.title,
        languages=current.languages,
        labels=current.labels,
        synthetic=card.synthetic,
    )


@cache
def shipped(model: str) -> frozenset[str] | None:
    """Return the hashes of the weights that ship with a model; None where no plugin registers
    it.
    """
    if model not in registry.entries(ModelEntry):
        return None

    entry = model_entry(model)
    folders = [shipped_weights(entry, name) for name in entry.weights]
    return frozenset(read_manifest(folder).weights_hash for folder in folders)


def items(name: str) -> Items | None:
    """Return the clips of a complete task; None where only the recordings themselves would tell.

    Corpora whose names say everything have an inventory, and bundled ones are at hand.
    """
    task_and_card = task(name)
    if task_and_card is None:
        return None

    current, card = task_and_card
    if not (card.inventory or card.access == "bundled"):
        return None

    # Names alone do not say the labels of some corpora: a file beside the recordings does.
    try:
        labelled = dataset.truth(current, None)
    except DataError:
        return None

    numbers = dataset.cluster_numbers([utterance.speaker for utterance, _ in labelled])
    return Items(
        ids=tuple(utterance.id for utterance, _ in labelled),
        truth=tuple(label for _, label in labelled),
        clusters=None if numbers is None else tuple(numbers),
    )
