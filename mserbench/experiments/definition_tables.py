"""Reads the tables of an experiment's file: places, settings, systems, spreads, and reported
numbers.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from mserbench.errors import UsageError, words
from mserbench.experiments.shapes import (
    AVERAGE,
    ROLES,
    Contrast,
    CorpusRole,
    Reported,
    Setting,
    Spread,
    Stage,
    System,
)
from mserbench.experiments.toml_file import Table
from mserbench.running.lookup import addressed
from mserbench.statistics.metrics import METRICS

Named = TypeVar("Named", Setting, System)


def place(table: Table) -> CorpusRole:
    """Read what a corpus is for the table: one that is a source alone has no test."""
    known = ("name", "title", "train", "validate", "test", "whole", "folds", "build")
    # Whoever gives clips to train on need not be asked; a target without a test is found later.
    table.require(known, () if "train" in table.values else ("test",))
    test = table.text("test")
    return CorpusRole(
        name=table.text("name"),
        title=table.text("title", table.text("name")),
        train=table.texts("train", (test,)),
        test=test,
        validate=table.texts("validate"),
        whole=table.text("whole"),
        folds=table.texts("folds"),
        build=table.text("build"),
    )


def setting(table: Table) -> Setting:
    """Read one column."""
    table.require(("name", "source", "others", "target", "options"), ("name", "source", "target"))
    return Setting(
        name=_name(table),
        source=table.texts("source"),
        target=table.text("target"),
        others=table.texts("others"),
        options=table.options_by_model("options"),
    )


def system(table: Table) -> System:
    """Read one row."""
    known = ("name", "title", "model", "train", "stages", "options", "asked")
    table.require(known, ("name", "model"))
    name, stages = _name(table), _stages(table)
    train = _roles(table)
    for stage in stages:
        train += tuple(role for role in stage.train if role not in train)

    model, options = _addressed(table)
    of_run = table.options("asked")
    # Of a system without a training the options are those of the run: two tables would contradict.
    if of_run and not train:
        raise table.error(
            "asked", "is for a system that is trained: give the 'options' of one that is not"
        )

    return System(
        name,
        table.text("title", name),
        model,
        train,
        options,
        of_run,
        stages,
    )


def _addressed(table: Table) -> tuple[str, dict[str, str]]:
    """Read the model of a system, whose address, if it has one, is an option from here on."""
    try:
        return addressed(table.text("model"), table.options("options"))
    except UsageError as error:
        raise table.error("model", str(error)) from error


def _stages(table: Table) -> tuple[Stage, ...]:
    """Read the trainings of a system that go on from one another: none, or two or more."""
    stages = []
    for number, values in enumerate(table.tables("stages"), start=1):
        stage = dataclasses.replace(values, where=f"{table.where}, stage {number}")
        stage.require(("train", "options"), ("train",))
        stages.append(Stage(_roles(stage), stage.options("options")))

    if stages and "train" in table.values:
        raise table.error("train", "stands beside 'stages': say there what each is trained on")
    if len(stages) == 1:
        raise table.error(
            "stages", "holds one training: a system of one has 'train' and 'options' of its own"
        )

    return tuple(stages)


def _roles(table: Table) -> tuple[str, ...]:
    """Read what a system, or a stage of it, is trained on."""
    train = table.texts("train")
    strange = [role for role in train if role not in ROLES]
    if strange:
        raise table.error(
            "train", f"has {strange[0]!r}, but only {', '.join(map(repr, ROLES))} are known"
        )
    if len(train) > 1 and not set(train) <= {"source", "others"}:
        raise table.error("train", f"is {list(train)}, but 'target' and 'one source' stand alone")

    return train


def titled(preset: Table, systems: Mapping[str, System]) -> dict[str, str]:
    """Read the titles that a preset gives to systems. Raises UsageError for one of no system."""
    table = preset.table("titles")
    table.require(tuple(systems))
    return {name: table.text(name) for name in table.values}


def spreads(
    top: Table, systems: Mapping[str, System], metrics: Sequence[str]
) -> tuple[Spread, ...]:
    """Read which systems are compared with one another: two or more each, by UA, which the table
    must then have.
    """
    rows = []
    for table in top.tables("spreads"):
        table.require(("title", "systems"), ("title", "systems"))
        spread = Spread(table.text("title"), table.texts("systems"))
        for name in spread.systems:
            if name not in systems:
                raise table.error(
                    "systems", f"names {name!r}, which is no system: {', '.join(systems)} are"
                )

        if len(spread.systems) < 2:
            raise table.error(
                "systems",
                f"is {list(spread.systems)}, but a spread is over two systems or more",
            )

        rows.append(spread)

    if rows and "UA" not in metrics:
        raise top.error(
            "spreads", "are of UA, which is not among 'metrics': add it there, or leave them away"
        )

    return tuple(rows)


def contrasts(top: Table, systems: Mapping[str, System]) -> tuple[Contrast, ...]:
    """Read which pairs of systems are shown as differences beside those from the reference."""
    pairs = []
    for table in top.tables("contrasts"):
        table.require(("title", "system", "reference"), ("title", "system", "reference"))
        pair = Contrast(table.text("title"), table.text("system"), table.text("reference"))
        for key, name in (("system", pair.system), ("reference", pair.reference)):
            if name not in systems:
                raise table.error(key, f"is {name!r}, which is no system: {', '.join(systems)} are")

        if pair.system == pair.reference:
            raise table.error(
                "reference", f"is {pair.reference!r} like 'system': give another system"
            )

        pairs.append(pair)

    return tuple(pairs)


def metrics(top: Table, key: str, otherwise: Sequence[str]) -> tuple[str, ...]:
    """Read a choice of metrics of a run, in order."""
    chosen = top.texts(key, otherwise)
    for metric in chosen:
        if metric not in METRICS:
            raise top.error(key, f"has {metric!r}, but only {', '.join(METRICS)} are known")

    return chosen


def reported(
    top: Table, settings: Mapping[str, Any], systems: Mapping[str, Any]
) -> tuple[Reported, ...]:
    """Read the table of published numbers beside the file: setting, system, metric, value, note."""
    name = top.text("reported")
    if not name:
        return ()

    try:
        lines = (top.file.parent / name).read_text(encoding="utf-8").splitlines()
        numbers = tuple(map(_reported, csv.DictReader(lines)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        expected = "a file of the columns setting, system, metric, value and note"
        raise top.error(
            "reported", f"is {name!r}, but {expected} was expected beside it ({words(error)})"
        ) from error

    for number in numbers:
        cell = number.system in systems and number.setting in (*settings, AVERAGE)
        if not (cell and number.metric in METRICS):
            row = f"{number.system}, {number.setting}, {number.metric}"
            raise top.error("reported", f"is {name!r}, whose row {row} is no cell")

    return numbers


def unique(top: Table, rows: Iterable[Named]) -> dict[str, Named]:
    """Return settings or systems by name. Raises UsageError for a name that comes twice."""
    by_name: dict[str, Named] = {}
    for row in rows:
        if row.name in by_name:
            raise top.error(
                f"{type(row).__name__.lower()}s", f"has the name {row.name!r} twice: change one"
            )

        by_name[row.name] = row

    return by_name


def _reported(row: Mapping[str, str]) -> Reported:
    value = float(row["value"])
    return Reported(row["system"], row["setting"], row["metric"], value, row["note"])


def _name(table: Table) -> str:
    name = table.text("name")
    if not name or set(name) & set("/,\n") or name == AVERAGE:
        raise table.error(
            "name",
            f"is {name!r}, but a word without '/' and ',', other than {AVERAGE!r}, was expected",
        )

    return name
