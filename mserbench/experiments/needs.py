"""What a table needs on this machine: corpora and pretrained parts, whether they are here, and
their licences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mserbench.data import corpus_state
from mserbench.data import lookup as data_lookup
from mserbench.experiments.learning import Pairs
from mserbench.experiments.plan import Cell, questions, tasks, trainings
from mserbench.model import Model
from mserbench.options import make_options
from mserbench.running.lookup import described_class, model_class
from mserbench.weights import lookup
from mserbench.weights.named import weights_named


def corpora(cells: Sequence[Cell], data: Path | None) -> list[dict[str, Any]]:
    """Return of each corpus its state, whether it is here, access, licence, hours, and where it is
    from.
    """
    names = sorted({data_lookup.task(name).corpus for name in tasks(list(cells))})
    return [_corpus(name, data) for name in names]


def _corpus(name: str, data: Path | None) -> dict[str, Any]:
    card, state = data_lookup.corpus(name).card, corpus_state.status(name, data)
    return {
        "name": name,
        "title": card.title,
        "here": bool(state["folder"]) or state["state"] == corpus_state.MADE,
        "state": state["state"],
        "access": card.access,
        "licence": card.licence,
        "hours": card.hours,
        "source": card.source,
    }


def parts(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return of each pretrained part whether it is here, its size in MB, its licence, and whether
    it is gated.
    """
    jobs = [(training.model, training.options) for training in trainings(list(cells))]
    jobs += [(question.model, question.options) for question in questions(list(cells))]
    names = {name for model, options in dict.fromkeys(jobs) for name in _pretrained(model, options)}

    return [_part(name) for name in sorted(names)]


def _pretrained(model: str, options: Pairs) -> Iterable[str]:
    from mserbench.weights.named import weights_names

    kind = described_class(model)
    settings = make_options(kind, dict(options), model)
    registered = weights_names()

    # A model may name what no plugin registers; of that nobody can say whether it is here.
    return [name for name in kind.pretrained(settings) if name in registered]


def made_options(model: str, options: Pairs) -> tuple[type[Model], Any]:
    """Return the class of a model and its options dataclass."""
    kind = model_class(model)
    return kind, make_options(kind, dict(options), model)


def _part(name: str) -> dict[str, Any]:
    record = weights_named(name)
    return {
        "name": name,
        "title": record.title,
        "here": lookup.read_record(name) is not None,
        "megabytes": record.bytes // 1_000_000,
        "licence": record.licence,
        "gated": record.hub.gated,
        "page": record.page,
    }
