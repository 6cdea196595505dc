"""From the TOML file of an experiment, a preset and the wishes of a user to a definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mserbench.data import lookup
from mserbench.errors import UnknownName
from mserbench.experiments import definition_tables, toml_file
from mserbench.experiments.definition_tables import Named
from mserbench.experiments.lookup import experiment_file
from mserbench.experiments.shapes import Definition, Options, Reported, System
from mserbench.experiments.toml_file import Table

_TOP = (
    "title", "text", "metrics", "tested", "labels", "seeds", "reference", "reported",
    "reported_title", "options",
    "corpora", "settings", "systems", "spreads", "contrasts", "presets",
)  # fmt: skip


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

    Raises UnknownName, and UsageError for the first mistake in the file: one sentence that names
    file and key. What the names in it mean is not looked up here: see `validating`.
    """
    wishes = wishes or Wishes()
    file = experiment_file(name)
    top = toml_file.read(file)
    top.require(_TOP, ("title", "reference", "corpora", "settings", "systems"))
    preset = _preset(top, wishes.preset)
    corpora = map(definition_tables.place, (*top.tables("corpora"), *preset.tables("corpora")))
    settings = definition_tables.unique(top, map(definition_tables.setting, top.tables("settings")))
    systems = definition_tables.unique(top, map(definition_tables.system, top.tables("systems")))
    titles = definition_tables.titled(preset, systems)
    metrics = definition_tables.metrics(top, "metrics", ("UA", "MF1"))
    full = Definition(
        name=Path(name).stem if name.endswith(lookup.OWN) else name,
        file=file,
        title=preset.text("title", top.text("title")),
        text=preset.text("text", top.text("text")).strip(),
        metrics=metrics,
        tested=definition_tables.metrics(top, "tested", ("UA",)),
        labels=preset.texts("labels", top.texts("labels")),
        seeds=wishes.seeds or preset.numbers("seeds", top.numbers("seeds", (0,))),
        reference=top.text("reference"),
        reported_title=top.text("reported_title", "as reported"),
        reported=_comparable(definition_tables.reported(top, settings, systems), systems, wishes),
        corpora={place.name: place for place in corpora},
        settings=tuple(settings.values()),
        systems=tuple(
            replace(row, title=titles.get(row.name, row.title)) for row in systems.values()
        ),
        options=top.options_by_model("options"),
        last_options=_merged(preset.options_by_model("options"), wishes.options),
        spreads=definition_tables.spreads(top, systems, metrics),
        contrasts=definition_tables.contrasts(top, systems),
        preset=wishes.preset,
        note=_note(wishes),
    )
    _check_names(top, full)

    return _restricted(full, wishes)


def _merged(first: Options, second: Options) -> Options:
    return {
        model: {**first.get(model, {}), **second.get(model, {})} for model in {**first, **second}
    }


def _preset(top: Table, wanted: str) -> Table:
    known = top.table("presets")
    if not wanted:
        return Table(top.file, "presets", {})
    if wanted not in known.values:
        raise UnknownName("preset", wanted, known.values, f"{str(top.file)!r}")

    preset = known.table(wanted)
    preset.require(("title", "text", "titles", "labels", "seeds", "corpora", "options"))
    return preset


def _comparable(
    numbers: Sequence[Reported], systems: Mapping[str, System], wishes: Wishes
) -> tuple[Reported, ...]:
    """Keep the published numbers of systems as the file has them: beside another model they would
    mislead.
    """
    if wishes.preset:
        return ()
    return tuple(one for one in numbers if systems[one.system].model not in wishes.options)


def _note(wishes: Wishes) -> str:
    """Say what the command line changed, as title, text and titles of rows speak of the table
    without it.
    """
    options = [
        f"`{model}.{key}={value}`"
        for model, values in wishes.options.items()
        for key, value in values.items()
    ]
    if not options:
        return ""
    return (
        f"**Changed on the command line: {', '.join(options)}.** Title, text and the names of rows "
        f"speak of the table without that; no published number stands beside what it changes."
    )


def _check_names(top: Table, full: Definition) -> None:
    """Refuse names that nothing bears, and a target among the sources of which no part can be left
    out.
    """
    if full.reference not in {system.name for system in full.systems}:
        raise top.error(
            "reference", f"is {full.reference!r}, which is no system: {_listed(full.systems)} are"
        )

    for setting in full.settings:
        table = Table(top.file, f"settings {setting.name!r}", {})
        for key, names in (
            ("source", setting.source),
            ("others", setting.others),
            ("target", (setting.target,)),
        ):
            for name in names:
                if name not in full.corpora:
                    raise table.error(
                        key,
                        f"names {name!r}, which is none of the corpora {', '.join(full.corpora)}",
                    )

        if (
            setting.target in (*setting.source, *setting.others)
            and not full.corpora[setting.target].folds
        ):
            raise table.error(
                "target",
                f"is {setting.target!r}, which is among the sources: only a system with train = "
                f"['target'] "
                f"may learn from the target, or give it 'folds', each of which is then left out in "
                f"turn",
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
    narrowed = (
        replace(one, systems=tuple(name for name in one.systems if name in kept))
        for one in full.spreads
    )
    spreads = tuple(one for one in narrowed if len(one.systems) > 1)
    contrasts = tuple(one for one in full.contrasts if {one.system, one.reference} <= kept)

    return replace(
        full,
        systems=systems,
        settings=settings,
        spreads=spreads,
        contrasts=contrasts,
        left_out=left_out,
    )


def _kept(kind: str, known: Sequence[Named], wanted: Sequence[str]) -> tuple[Named, ...]:
    names = [one.name for one in known]
    for name in wanted:
        if name not in names:
            raise UnknownName(kind, name, names, "'mserbench experiment NAME --plan'")

    return tuple(one for one in known if not wanted or one.name in wanted)


def _listed(found: Iterable[System]) -> str:
    return ", ".join(one.name for one in found)
