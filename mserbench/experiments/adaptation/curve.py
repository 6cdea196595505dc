"""The definition of a curve: which models hear how many clips of which tasks, in how many draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mserbench.contracts import ADAPT_WAYS
from mserbench.errors import UsageError
from mserbench.experiments import toml_file
from mserbench.experiments.lookup import OWN, experiment_file
from mserbench.experiments.toml_file import Table
from mserbench.running.adapting import Adaptation
from mserbench.running.lookup import adaptable, described_class, model_entry

KIND = "adaptation"  # the value of `kind` in a file of this sort
_KEYS = ("kind", "title", "text", "models", "tasks", "clips", "draws", "draws_of", "adapt_from")


@dataclass(frozen=True)
class Point:
    """One adaptation of a curve: so many clips (0: none are heard), by this draw."""

    clips: int
    draw: int = 0

    def adaptation(self, way: str) -> Adaptation | None:
        """Return what a run of this point is adapted to."""
        return Adaptation(self.clips, way, self.draw) if self.clips else None


@dataclass(frozen=True)
class Curve:
    """A definition as read: `clips` sorted, with 0; `adapt_from` is "" for that of each task;
    `draws_of` has the draws of models that take long.
    """

    name: str
    title: str
    text: str
    models: tuple[str, ...]
    tasks: tuple[str, ...]
    clips: tuple[int, ...]
    draws: int
    adapt_from: str = ""
    draws_of: Mapping[str, int] = field(default_factory=dict)

    def points(self, model: str) -> Iterator[Point]:
        """Yield the points of a model's curve, that without adaptation once."""
        draws = self.draws_of.get(model, self.draws)
        for clips in self.clips:
            for draw in range(draws if clips else 1):
                yield Point(clips, draw)


def is_curve(name: str) -> bool:
    """Whether an experiment, by its name or its TOML file, is of this kind. Raises as `load`."""
    return toml_file.read(experiment_file(name)).values.get("kind") == KIND


def load(name: str, models: Sequence[str] = (), tasks: Sequence[str] = ()) -> Curve:
    """Return the curve of a name or a TOML file, of these models and tasks alone where any are
    named.

    A file without `models` is of all that can be adapted. Raises UnknownName, and UsageError for
    the first mistake in the file.
    """
    top = toml_file.read(experiment_file(name))
    top.require(_KEYS, ("kind", "title", "tasks"))
    way = top.text("adapt_from")
    if way not in ("", *ADAPT_WAYS):
        raise top.error("adapt_from", f"is {way!r}, but {' or '.join(ADAPT_WAYS)} was expected")

    of_models = top.table("draws_of")
    curve = Curve(
        name=Path(name).stem if name.endswith(OWN) else name,
        title=top.text("title"),
        text=top.text("text").strip(),
        models=top.texts("models") or _ready(),
        tasks=top.texts("tasks"),
        clips=tuple(sorted({0, *top.numbers("clips", (0, 1, 3, 10, 30, 100))})),
        draws=_draws(top, "draws"),
        draws_of={model: _draws(of_models, model) for model in of_models.values},
        adapt_from=way,
    )
    for model in curve.models:
        model_entry(model)

    return replace(
        curve,
        models=_among(top, "models", models, curve.models),
        tasks=_among(top, "tasks", tasks, curve.tasks),
    )


def plan(curve: Curve) -> dict[str, object]:
    """Return what a curve asks, for people and as JSON."""
    points = sum(len(list(curve.points(model))) for model in curve.models)
    return {
        "title": curve.title,
        "models": list(curve.models),
        "tasks": list(curve.tasks),
        "clips heard": list(curve.clips),
        "draws": curve.draws,
        "clips of": curve.adapt_from or "as each task says",
        "adaptations": points * len(curve.tasks),
    }


def _ready() -> tuple[str, ...]:
    """Return the models that can be adapted as they come: those that need weights ship some."""
    return tuple(
        name
        for name in adaptable()
        if model_entry(name).weights or not described_class(name).needs_weights
    )


def _draws(table: Table, key: str) -> int:
    draws = table.values.get(key, 20)
    if type(draws) is not int or draws < 1:  # true is a whole number in Python
        raise table.error(key, f"is {draws!r}, but a whole number from 1 was expected")
    return draws


def _among(top: Table, key: str, chosen: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    strange = [name for name in chosen if name not in names]
    if strange:
        raise top.error(key, f"do not have {strange[0]!r}: {', '.join(names)} are there")
    if not names:
        raise UsageError(f"{str(top.file)!r}: no {key} are there to compare: name one or more")

    return tuple(name for name in names if not chosen or name in chosen)
