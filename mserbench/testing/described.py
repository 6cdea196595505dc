"""The check that a model is what its class says of it before it is made."""

from __future__ import annotations

import dataclasses

from mserbench.model import Described, Model
from mserbench.options import told
from mserbench.running.source import is_in_files, source_of
from mserbench.testing.findings import require
from mserbench.testing.probe import Probe

_MOVE = "give each class a module of the package, and its helpers a package beside it"

# What the command line asks the class that tells of a model, in place of the model's own.
_CLASS_FACTS = ("Options", "needs_weights", "bound_by_weights", "devices")
_ADVICE = "let both rest on one function, as a finished run is looked up by what 'describe' says"


def check_described(probe: Probe) -> str:
    """Check that card, version, options and `transductive` of the instance are those that
    `describe` gave.
    """
    _check_telling_class(probe)
    settings = probe.settings(probe.telling)
    described = probe.telling.describe(settings, probe.weights)
    if described is None:
        return "says nothing of itself before it is made, so an instance is made to ask it"

    require(
        isinstance(described, Described),
        f"'describe' returned {described!r}, but a mserbench.model.Described, or None, was "
        "expected",
    )
    for field in dataclasses.fields(Described):
        _require_same(field.name, getattr(described, field.name), getattr(probe.model, field.name))

    # Both as records hold them: those are what the key of a run is made of.
    _require_same("options", told(settings), told(probe.model.options))
    return "card, version, options and transductive are as 'describe' said before it was made"


def check_source(probe: Probe) -> str:
    """Check that the code of the model is known, as a change of it must be another run."""
    source = source_of(probe.kind)
    require(
        is_in_files(probe.kind),
        f"{probe.kind.__name__} stands in no file, so what it uses is no part of a run's key: "
        f"{_MOVE}",
    )
    require(
        source_of(probe.telling) == source,
        f"{probe.telling.__name__}, which tells of it, comes from other code than "
        f"{probe.kind.__name__}, so its change would show old results again: {_MOVE}",
    )

    return f"a change of its code makes its runs anew (now {source[:12]})"


def _check_telling_class(probe: Probe) -> None:
    telling: type[Model] = probe.telling
    require(
        issubclass(probe.kind, telling),
        f"{telling.__name__} tells of it (ModelEntry.described), but is no base class of "
        f"{probe.kind.__name__}: what it says could not hold for the model",
    )
    for name in _CLASS_FACTS:
        before, of_model = getattr(telling, name), getattr(probe.kind, name)
        require(
            before == of_model,
            f"{name} is {before!r} in {telling.__name__}, which tells of it, but {of_model!r} in "
            f"{probe.kind.__name__}: set it in the former alone",
        )


def _require_same(name: str, before: object, of_model: object) -> None:
    require(
        before == of_model,
        f"its {name} is {of_model!r}, but {before!r} by 'describe' before it was made: {_ADVICE}",
    )
