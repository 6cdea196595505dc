"""What plugins registered, as rows: the record of each entry with what the object itself tells."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mserbench.errors import MserbenchError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import Entry, ModelEntry, TaskEntry
from mserbench.plugins.kinds import Kind, kind_of
from mserbench.report.progress import tell

if TYPE_CHECKING:
    import pandas as pd


def rows(record: type[Entry], failures: list[str]) -> list[dict[str, Any]]:
    """Return a row for each entry of one kind, by name, with the plugin that brings it.

    Why an object cannot be had is added to `failures`; its entry is there all the same.
    """
    kind = kind_of(record)
    listed = [
        {**asdict(entry), **_facts(kind, entry, failures), "plugin": plugin.name}
        for plugin in registry.installed()
        for entry in plugin.entries
        if isinstance(entry, record)
    ]
    return sorted(listed, key=lambda row: str(row["name"]))


def tasks() -> pd.DataFrame:
    """Return the tasks of all installed plugins, a row each: name, title, languages, labels, clips
    (missing where no count is known), plugin. What failed is told on stderr.
    """
    return _frame(TaskEntry)


def models() -> pd.DataFrame:
    """Return the models of all installed plugins, a row each: name, title, weights that ship with
    it, plugin, and more. What failed is told on stderr.
    """
    return _frame(ModelEntry)


def _frame(record: type[Entry]) -> pd.DataFrame:
    import pandas as pd

    failures: list[str] = []
    listed = rows(record, failures)
    for failure in failures:
        tell(failure)

    failed = sum(bool(plugin.failures) for plugin in registry.installed())
    if failed:
        tell(f"{failed} plugin(s) failed, so names may be missing: see 'mserbench plugins'")

    columns = kind_of(record).columns
    frame = pd.DataFrame([{name: row.get(name) for name in columns} for row in listed])
    # Else a count that is not known would make numbers with points of all the others.
    return frame.astype({"clips": "Int64"}) if "clips" in columns else frame


def _facts(kind: Kind, entry: Entry, failures: list[str]) -> dict[str, Any]:
    """Return what only the object itself says; one that cannot be had is listed by its record, with
    the reason.
    """
    if kind.facts is None:
        return {}

    try:
        return dict(kind.facts(registry.resolve(entry)))
    except MserbenchError as error:
        failures.append(str(error))
        return {}
