"""A kind of plugin is one row: every part of the core that goes over kinds goes by the table."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

import pytest

from mserbench.cli._listing import listing
from mserbench.errors import PluginError, UnknownName
from mserbench.plugins import kinds, loading, registry
from mserbench.plugins.hookspecs import Entry, hookimpl, hookspec
from mserbench.plugins.kinds import KINDS, Kind


@dataclass(frozen=True)
class Noise:
    """What the seventh kind resolves to."""

    name: str
    decibels: int


@dataclass(frozen=True, slots=True)
class NoiseEntry(Entry):
    """The record of the seventh kind."""


@hookspec
def register_noises() -> Iterable[NoiseEntry]:  # type: ignore[empty-body]
    """Return the noises this plugin brings."""


ROW = Kind(
    "noise",
    NoiseEntry,
    register_noises,
    listed_by="'mserbench noises'",
    columns=("name", "title", "decibels", "plugin"),
    form="instance",
    resolves=f"{__name__}:Noise",
    facts=lambda noise: {"decibels": noise.decibels},
)


@pytest.fixture
def seventh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the row, and install one plugin with two noises and one target that is no noise."""
    plugin = ModuleType("noisy")
    entries = [
        NoiseEntry("street", "noisy:TABLE[street]", "A street"),
        NoiseEntry("hum", "noisy:HUM", "A hum"),
        NoiseEntry("silence", "noisy:TABLE", "No noise"),
    ]
    vars(plugin).update(
        TABLE={"street": Noise("street", 70)},
        HUM=Noise("hum", 40),
        register_noises=hookimpl(lambda: entries),
    )
    plugin.register_noises.__module__ = "noisy"
    monkeypatch.setitem(sys.modules, "noisy", plugin)

    point = importlib.metadata.EntryPoint("noisy", "noisy", loading.GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    monkeypatch.setattr(kinds, "KINDS", (*KINDS, ROW))
    plugins = tuple(loading.load_plugins())
    monkeypatch.setattr(registry, "installed", lambda strict=False: plugins)


def test_a_seventh_kind_is_one_row_one_record_and_one_hook(seventh: None) -> None:
    """If loading, looking up or resolving kept a list of its own, the new kind would be unknown to
    it.
    """
    assert [plugin.failures for plugin in registry.installed()] == [[]]
    assert list(registry.entries(NoiseEntry)) == ["hum", "silence", "street"]
    assert registry.resolve(registry.entry(NoiseEntry, "street")) == Noise("street", 70)

    with pytest.raises(UnknownName, match="noise 'hmu' is not known; did you mean 'hum'"):
        registry.entry(NoiseEntry, "hmu")

    with pytest.raises(PluginError, match="'silence': its target 'noisy:TABLE' is not a Noise"):
        registry.resolve(registry.entry(NoiseEntry, "silence"))


def test_a_seventh_kind_is_listed(seventh: None, capsys: pytest.CaptureFixture[str]) -> None:
    """What the object alone knows is asked of it; one that cannot be had is listed, and the reason
    said.
    """
    listing(NoiseEntry, as_json=False)
    output = capsys.readouterr()
    rows = {line.split()[0]: line.split() for line in output.out.splitlines()}
    assert rows["hum"][-2:] == ["40", "noisy"]
    assert rows["silence"] == ["silence", "No", "noise", "noisy"]
    assert "failed: 'silence': its target 'noisy:TABLE' is not a Noise" in output.err


def test_a_record_without_a_row_is_named() -> None:
    """If it were not, who adds a kind would look for its entries in vain."""
    with pytest.raises(PluginError, match=r"NoiseEntry is the record of no kind: give it a row"):
        kinds.kind_of(NoiseEntry)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_a_row_names_what_exists(kind: Kind) -> None:
    """The class that a row names is a string, as it lies in a room above: it must not outlive a
    move.
    """
    assert (
        kind.resolves == ""
        if kind.form == "file"
        else isinstance(registry.load(kind.word, kind.resolves), type)
    )
    assert set(kind.columns) >= {"name", "title", "plugin"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_everything_installed_resolves(kind: Kind) -> None:
    """A name that a listing shows, and nothing behind it, is found out by a user."""
    for entry in registry.entries(kind.record).values():
        try:
            registry.resolve(entry)
        except PluginError as error:
            if "ModuleNotFoundError" not in str(error):  # of an extra that is not installed
                raise
