"""From the TOML file of an experiment, a preset and the wishes of a user to a definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mserbench.data import lookup
from mserbench.errors import UnknownName
from mserbench.experiments import definition_tables, sets, toml_file
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
    # What a preset says of a corpus, a title or an option is stronger than the file's own word.
    preset = _preset(top, wishes.preset)
    # A later one replaces that of the same name: a preset may put another corpus in its place.
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
    # Until they are looked for: whoever plans a table need not have made them.
    sets.stand_in(full)

    return _restricted(full, wishes)


def _merged(first: Options, second: Options) -> Options:
    return {
        model: {**first.get(model, {}), **second.get(model, {})} for model in {**first, **second}
    }


def _preset(top: Table, name: str) -> Table:
    presets = top.table("presets")
    if not name:
        return Table(top.file, "presets", {})
    if name not in presets.values:
        raise UnknownName("preset", name, presets.values, f"{str(top.file)!r}")

    preset = presets.table(name)
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
    return tuple(number for number in numbers if systems[number.system].model not in wishes.options)


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

        if not full.corpora[setting.target].test:
            raise table.error(
                "target",
                f"is {setting.target!r}, which has no 'test': give its corpus the task to ask",
            )
        if (
            setting.target in (*setting.source, *setting.others)
            and not full.corpora[setting.target].folds
        ):
            raise table.error(
                "target",
                f"is {setting.target!r}, which is among the sources: only a system with train = "
                f"['target'] may learn from the target, or give it 'folds', each of which is then "
                f"left out in turn",
            )
        if not setting.source or set(setting.source) & set(setting.others):
            raise table.error("source", "must name corpora that are not among 'others'")


def _restricted(full: Definition, wishes: Wishes) -> Definition:
    """Keep the systems and settings that were asked for."""
    systems = _chosen("system", full.systems, wishes.systems)
    settings = _chosen("setting", full.settings, wishes.settings)
    left_out = (
        *(system.title for system in full.systems if system not in systems),
        *(setting.name for setting in full.settings if setting not in settings),
    )
    names = {system.name for system in systems}
    narrowed = (
        replace(spread, systems=tuple(name for name in spread.systems if name in names))
        for spread in full.spreads
    )
    # A spread of one system tells nothing, and of a contrast both sides are needed.
    spreads = tuple(spread for spread in narrowed if len(spread.systems) > 1)
    contrasts = tuple(
        contrast for contrast in full.contrasts if {contrast.system, contrast.reference} <= names
    )

    return replace(
        full,
        systems=systems,
        settings=settings,
        spreads=spreads,
        contrasts=contrasts,
        left_out=left_out,
    )


def _chosen(kind: str, rows: Sequence[Named], names: Sequence[str]) -> tuple[Named, ...]:
    """Return the systems or settings of some names, all where none are named."""
    listed = [row.name for row in rows]
    for name in names:
        if name not in listed:
            raise UnknownName(kind, name, listed, "'mserbench experiment NAME --plan'")

    return tuple(row for row in rows if not names or row.name in names)


def _listed(systems: Iterable[System]) -> str:
    return ", ".join(system.name for system in systems)
