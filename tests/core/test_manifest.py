"""The typed manifest of weights: what ships is written as it was read, and its hash is that of its
files.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results.manifest import Manifest, read_manifest
from mserbench.running.lookup import shipped_weights

SHIPPED = [
    shipped_weights(entry, name)
    for entry in registry.entries(ModelEntry).values()
    for name in entry.weights
]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: "/".join(folder.parts[-2:]))
def test_a_shipped_manifest_is_written_as_it_was_read(folder: Path) -> None:
    """Its hash is in the key of every published run: it must be the one of the file, whatever reads
    it.
    """
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    manifest = read_manifest(folder)
    assert json.dumps(manifest.to_json(), indent=1, sort_keys=True) + "\n" == text
    assert manifest.unknown == {}
    files = json.dumps(json.loads(text)["files"], sort_keys=True)
    assert manifest.weights_hash == hashlib.sha256(files.encode()).hexdigest()


def test_what_a_later_version_adds_is_kept() -> None:
    value = json.loads((SHIPPED[0] / "manifest.json").read_text(encoding="utf-8"))
    value["more"], value["sources"][0]["more"] = {"a": [1]}, None
    assert Manifest.from_json(value).to_json() == value


@pytest.mark.parametrize("before", [["nonsense"], [{"model": "m"}], [{"on": "x"}]])
def test_a_stage_that_is_none_is_refused(before: list[object]) -> None:
    with pytest.raises(ValueError, match="before"):
        Manifest.from_json({"files": {}, "sources": [], "before": before})
