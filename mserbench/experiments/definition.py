"""From the TOML file of an experiment, a preset and the wishes of a user to a definition."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from mserbench import registry
from mserbench.errors import UnknownName
from mserbench.experiments import toml_file
from mserbench.experiments.shapes import AVERAGE, ROLES, Definition, Options, Place, Reported, Setting, Spread, System
from mserbench.experiments.toml_file import Table

_TOP = (
    "title", "text", "metrics", "labels", "seeds", "reference", "reported", "reported_title", "options", "corpora",
    "settings", "systems", "spreads", "presets",
)  # fmt: skip
_METRICS = ("UA", "MF1")
Named = TypeVar("Named", Setting, System)


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for: empty means as the file has it; `options` are by model."""

    preset: str = ""
    seeds: tuple[int, ...] = ()
    systems: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)


def load(name: str, wishes: Wishes | None = None) -> Definition:
    """Return the experiment of a name, or of a TOML file of one's own.

    Raises UnknownName, and UsageError for the first mistake in the file: one sentence that names file and key.
    What the names in it mean is not looked up here: see `validating`.
    """
    wishes = wishes or Wishes()
    file = registry.experiment_file(name)
    top = toml_file.read(file)
    top.require(_TOP, ("title", "reference", "corpora", "settings", "systems"))
    preset = _preset(top, wishes.preset)
    corpora = {one.name: one for one in map(_place, top.tables("corpora"))}
    corpora |= {one.name: one for one in map(_place, preset.tables("corpora"))}
    settings = _unique(top, map(_setting, top.tables("settings")))
    systems = _unique(top, map(_system, top.tables("systems")))
    metrics = _metrics(top)
    full = Definition(
        name=Path(name).stem if name.endswith(registry.OWN) else name,
        file=file,
        title=top.text("title"),
        text=top.text("text").strip(),
        metrics=metrics,
        labels=preset.texts("labels", top.texts("labels")),
        seeds=wishes.seeds or preset.numbers("seeds", top.numbers("seeds", (0,))),
        reference=top.text("reference"),
        reported_title=top.text("reported_title", "as reported"),
        reported=_reported(top, settings, systems),
        corpora=corpora,
        settings=tuple(settings.values()),
        systems=tuple(systems.values()),
        options=top.options_by_model("options"),
        last_options=_merged(preset.options_by_model("options"), wishes.options),
        spreads=_spreads(top, systems, metrics),
        preset=wishes.preset,
        note=preset.text("text").strip(),
    )
    _check_names(top, full)
    return _restricted(full, wishes)


def _merged(first: Options, second: Options) -> Options:
    return {model: {**first.get(model, {}), **second.get(model, {})} for model in {**first, **second}}


def _preset(top: Table, wanted: str) -> Table:
    known = top.table("presets")
    if not wanted:
        return Table(top.file, "presets", {})
    if wanted not in known.values:
        raise UnknownName("preset", wanted, known.values, f"{str(top.file)!r}")
    preset = known.table(wanted)
    preset.require(("text", "labels", "seeds", "corpora", "options"))
    return preset


def _place(table: Table) -> Place:
    table.require(("name", "title", "train", "validate", "test", "whole", "folds"), ("test",))
    test = table.text("test")
    return Place(
        name=table.text("name"),
        title=table.text("title", table.text("name")),
        train=table.texts("train", (test,)),
        test=test,
        validate=table.texts("validate"),
        whole=table.text("whole"),
        folds=table.texts("folds"),
    )


def _setting(table: Table) -> Setting:
    table.require(("name", "source", "others", "target", "options"), ("name", "source", "target"))
    return Setting(
        name=_name(table),
        source=table.texts("source"),
        target=table.text("target"),
        others=table.texts("others"),
        options=table.options_by_model("options"),
    )


def _system(table: Table) -> System:
    table.require(("name", "title", "model", "train", "options", "asked"), ("name", "model"))
    name, train = _name(table), table.texts("train")
    strange = [role for role in train if role not in ROLES]
    if strange:
        raise table.error("train", f"has {strange[0]!r}, but only {', '.join(map(repr, ROLES))} are known")
    if len(train) > 1 and not set(train) <= {"source", "others"}:
        raise table.error("train", f"is {list(train)}, but 'target' and 'one source' stand alone")
    asked = table.options("asked")
    if asked and not train:
        raise table.error("asked", "is for a system that is trained: give the 'options' of one that is not")
    return System(name, table.text("title", name), table.text("model"), train, table.options("options"), asked)


def _spreads(top: Table, systems: Mapping[str, System], metrics: Sequence[str]) -> tuple[Spread, ...]:
    """Read which systems are compared with one another: two or more each, by UA, which the table must then have."""
    found = []
    for table in top.tables("spreads"):
        table.require(("title", "systems"), ("title", "systems"))
        spread = Spread(table.text("title"), table.texts("systems"))
        for name in spread.systems:
            if name not in systems:
                raise table.error("systems", f"names {name!r}, which is no system: {_listed(systems.values())} are")
        if len(spread.systems) < 2:
            raise table.error("systems", f"is {list(spread.systems)}, but a spread is over two systems or more")
        found.append(spread)
    if found and "UA" not in metrics:
        raise top.error("spreads", "are of UA, which is not among 'metrics': add it there, or leave them away")
    return tuple(found)


def _name(table: Table) -> str:
    name = table.text("name")
    if not name or set(name) & set("/,\n") or name == AVERAGE:
        raise table.error("name", f"is {name!r}, but a word without '/' and ',', other than {AVERAGE!r}, was expected")
    return name


def _unique(top: Table, found: Iterable[Named]) -> dict[str, Named]:
    by_name: dict[str, Named] = {}
    for one in found:
        if one.name in by_name:
            raise top.error(f"{type(one).__name__.lower()}s", f"has the name {one.name!r} twice: change one")
        by_name[one.name] = one
    return by_name


def _metrics(top: Table) -> tuple[str, ...]:
    metrics = top.texts("metrics", _METRICS)
    for metric in metrics:
        if metric not in _METRICS:
            raise top.error("metrics", f"has {metric!r}, but only {' and '.join(_METRICS)} are known")
    return metrics


def _reported(top: Table, settings: Mapping[str, Any], systems: Mapping[str, Any]) -> tuple[Reported, ...]:
    """Read the table of published numbers beside the file: setting, system, metric, value, note."""
    name = top.text("reported")
    if not name:
        return ()
    try:
        rows = list(csv.DictReader((top.file.parent / name).read_text(encoding="utf-8").splitlines()))
        found = tuple(
            Reported(row["system"], row["setting"], row["metric"], float(row["value"]), row["note"]) for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        expected = "a file of the columns setting, system, metric, value and note"
        raise top.error("reported", f"is {name!r}, but {expected} was expected beside it ({error!r})") from error
    for one in found:
        known = one.system in systems and one.setting in (*settings, AVERAGE) and one.metric in _METRICS
        if not known:
            raise top.error("reported", f"is {name!r}, whose row {one.system}, {one.setting}, {one.metric} is no cell")
    return found


def _check_names(top: Table, full: Definition) -> None:
    """Refuse names that nothing bears, and a target that is among the sources."""
    if full.reference not in {system.name for system in full.systems}:
        raise top.error("reference", f"is {full.reference!r}, which is no system: {_listed(full.systems)} are")
    for setting in full.settings:
        table = Table(top.file, f"settings {setting.name!r}", {})
        for key, names in (("source", setting.source), ("others", setting.others), ("target", (setting.target,))):
            for name in names:
                if name not in full.corpora:
                    raise table.error(key, f"names {name!r}, which is none of the corpora {', '.join(full.corpora)}")
        if setting.target in (*setting.source, *setting.others):
            raise table.error(
                "target", f"is {setting.target!r}, which is among the sources: only a system with train = ['target'] "
                f"may learn from the target",
            )  # fmt: skip
        if not setting.source or set(setting.source) & set(setting.others):
            raise table.error("source", "must name corpora that are not among 'others'")


def _restricted(full: Definition, wishes: Wishes) -> Definition:
    """Keep the systems and settings that were asked for."""
    systems = _kept("system", full.systems, wishes.systems)
    settings = _kept("setting", full.settings, wishes.settings)
    left_out = (
        *(one.title for one in full.systems if one not in systems),
        *(one.name for one in full.settings if one not in settings),
    )
    kept = {one.name for one in systems}
    narrowed = (replace(one, systems=tuple(name for name in one.systems if name in kept)) for one in full.spreads)
    spreads = tuple(one for one in narrowed if len(one.systems) > 1)
    return replace(full, systems=systems, settings=settings, spreads=spreads, left_out=left_out)


def _kept(kind: str, known: Sequence[Named], wanted: Sequence[str]) -> tuple[Named, ...]:
    names = [one.name for one in known]
    for name in wanted:
        if name not in names:
            raise UnknownName(kind, name, names, "'mserbench experiment NAME --plan'")
    return tuple(one for one in known if not wanted or one.name in wanted)


def _listed(found: Iterable[System]) -> str:
    return ", ".join(one.name for one in found)
