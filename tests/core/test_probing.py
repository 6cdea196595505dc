"""A plugin that ends or hangs the process is named, by a child, and probed for once alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mserbench.plugins import probing
from mserbench.plugins.probing import Candidate


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Switch probing on, and note which plugins a child is probed about; 'bad' ends it."""
    names: list[list[str]] = []

    def probe(new: list[str]) -> dict[str, str]:
        names.append(new)
        return {name: "ends the process" for name in new if name == "bad"}

    monkeypatch.setattr(probing, "_switched_on", [True])
    monkeypatch.setattr(probing, "_probe", probe)
    return names


def loaded(folder: Path, *names: str) -> dict[str, str]:
    candidates = [Candidate(name, name, "1", name) for name in names]
    with probing.watched(candidates, folder) as reasons:
        return dict(reasons)


def test_a_plugin_is_probed_until_it_was_sound_once(
    tmp_path: Path, probed: list[list[str]]
) -> None:
    """If each start had a child, every command would take twice as long."""
    assert loaded(tmp_path, "good", "bad") == {"bad": "ends the process"}
    loaded(tmp_path, "good", "bad")
    assert loaded(tmp_path, "good") == {}
    assert probed == [["good", "bad"], ["bad"]]


def test_after_a_process_that_ended_all_are_probed(tmp_path: Path, probed: list[list[str]]) -> None:
    """If what was sound once were trusted for ever, a changed one would end every command."""
    loaded(tmp_path, "good")
    (tmp_path / "plugins" / "loading-999999999").touch()
    loaded(tmp_path, "good")
    loaded(tmp_path, "good")
    assert probed == [["good"], ["good"]]
    assert os.listdir(tmp_path / "plugins") == ["probed.json"]


def test_a_changed_file_is_probed_again(
    tmp_path: Path, probed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were not, an edit that hangs would be found by nobody."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "editable_plugin.py").write_text("")
    loaded(tmp_path, "editable_plugin")
    (tmp_path / "editable_plugin.py").write_text("while True: pass\n")
    loaded(tmp_path, "editable_plugin")
    assert len(probed) == 2


def test_a_cache_that_cannot_be_written_ends_probing(probed: list[list[str]]) -> None:
    """If it did not, each start on such a machine would pay for a child."""
    assert loaded(Path("/proc/nowhere"), "good") == {}
    assert probed == []
