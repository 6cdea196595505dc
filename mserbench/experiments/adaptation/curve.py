"""The definition of a curve: which models hear how many clips of which tasks, in how many draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.contracts import ADAPT_WAYS
from mserbench.errors import UsageError
from mserbench.experiments import toml_file
from mserbench.experiments.lookup import OWN, experiment_file
from mserbench.experiments.toml_file import Table
from mserbench.running.adapting import Adaptation
from mserbench.running.lookup import adaptable, model_entry

KIND = "adaptation"  # the value of `kind` in a file of this sort
_KEYS = ("kind", "title", "text", "models", "tasks", "clips", "draws", "adapt_from")


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
    """A definition as read: `clips` sorted, with 0; `adapt_from` is "" for that of each task."""

    name: str
    title: str
    text: str
    models: tuple[str, ...]
    tasks: tuple[str, ...]
    clips: tuple[int, ...]
    draws: int
    adapt_from: str = ""

    def points(self) -> Iterator[Point]:
        """Yield the points of a curve, that without adaptation once."""
        for clips in self.clips:
            for draw in range(self.draws if clips else 1):
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

    curve = Curve(
        name=Path(name).stem if name.endswith(OWN) else name,
        title=top.text("title"),
        text=top.text("text").strip(),
        models=top.texts("models") or tuple(adaptable()),
        tasks=top.texts("tasks"),
        clips=tuple(sorted({0, *top.numbers("clips", (0, 1, 3, 10, 30, 100))})),
        draws=_draws(top),
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
    points = len(list(curve.points()))
    return {
        "title": curve.title,
        "models": list(curve.models),
        "tasks": list(curve.tasks),
        "clips heard": list(curve.clips),
        "draws": curve.draws,
        "clips of": curve.adapt_from or "as each task says",
        "adaptations": points * len(curve.models) * len(curve.tasks),
    }


def _draws(top: Table) -> int:
    draws = top.values.get("draws", 20)
    if type(draws) is not int or draws < 1:  # true is a whole number in Python
        raise top.error("draws", f"is {draws!r}, but a whole number from 1 was expected")
    return draws


def _among(top: Table, key: str, chosen: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    strange = [name for name in chosen if name not in names]
    if strange:
        raise top.error(key, f"do not have {strange[0]!r}: {', '.join(names)} are there")
    if not names:
        raise UsageError(f"{str(top.file)!r}: no {key} are there to compare: name one or more")

    return tuple(name for name in names if not chosen or name in chosen)
