"""A manifest and its weights are bound: neither is changed, or put beside another, unseen."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mserbench.errors import DataError
from mserbench.results import binding
from mserbench.results.manifest import Manifest, read_manifest, write_manifest

SOURCE = {"task": "emovo", "family": "emovo", "languages": ["it"], "clips": ["k1"]}
FORMS = ("model.json", "model.safetensors")


def weights(folder: Path, form: str = "model.json", **more: Any) -> Path:
    folder.mkdir()
    if form == "model.json":
        (folder / form).write_text('{\n"schema": 1,\n"rate": 0.30000000000000004\n}\n')
    else:
        save = pytest.importorskip("safetensors.numpy").save_file
        save({"a": np.arange(5.0), "b": np.ones((2, 3))}, folder / form, {"model": "m"})

    write_manifest(
        folder, Manifest.from_json({"model": "m", "sources": [SOURCE], "files": {}, **more})
    )
    return folder


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("form", FORMS)
def test_a_manifest_that_was_edited_is_refused(tmp_path: Path, form: str) -> None:
    """A line left out of the manifest made trained-on corpora unseen ones."""
    folder = weights(tmp_path / "w", form)
    assert binding.bound_to(folder) is not None
    read_manifest(folder)
    for changes in ({"sources": []}, {"chosen_on": []}, {"transductive": True}, {"more": 1}):
        edit(folder, **changes)
        with pytest.raises(DataError, match="is not the one that these weights were written with"):
            read_manifest(folder)

        write_manifest(folder, Manifest.from_json({"sources": [SOURCE], "files": {}}))


@pytest.mark.parametrize("form", FORMS)
def test_the_manifest_of_other_weights_is_refused(tmp_path: Path, form: str) -> None:
    """Even where the hashes of the files were put in."""
    trained = weights(tmp_path / "a", form)
    stranger = weights(tmp_path / "b", form, sources=[{**SOURCE, "family": "x"}])
    manifest = json.loads((stranger / "manifest.json").read_text())
    manifest["files"] = {form: hashlib.sha256((trained / form).read_bytes()).hexdigest()}
    (trained / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="was edited, or is that of others"):
        read_manifest(trained)


def test_what_was_learnt_is_as_it_was_written(tmp_path: Path) -> None:
    """Binding writes into weights, which must stay the same to the last bit."""
    folder = weights(tmp_path / "json")
    text = (folder / "model.json").read_text()
    assert text.startswith('{\n"mserbench_manifest": "')
    assert text.endswith('\n"schema": 1,\n"rate": 0.30000000000000004\n}\n')

    load = pytest.importorskip("safetensors.numpy").load_file
    tensors = load(weights(tmp_path / "tensors", "model.safetensors") / "model.safetensors")
    assert np.array_equal(tensors["a"], np.arange(5.0))
    assert np.array_equal(tensors["b"], np.ones((2, 3)))


def test_bound_again_it_is_bound_once(tmp_path: Path) -> None:
    folder = weights(tmp_path / "w")
    write_manifest(folder, read_manifest(folder))
    assert (folder / "model.json").read_text().count("mserbench_manifest") == 1
    read_manifest(folder)


@pytest.mark.parametrize("text", ["[1]", "no JSON", "", "{}", '{"a": NaN}'])
def test_weights_of_any_form_are_written_and_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    write_manifest(tmp_path, Manifest.from_json({"sources": [SOURCE], "files": {}}))
    read_manifest(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\xff" * 64, b"\2" + b"\0" * 7 + b"[]"])
def test_a_damaged_file_of_tensors_is_not_bound_and_no_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(data)
    write_manifest(tmp_path, Manifest.from_json({"sources": [SOURCE], "files": {}}))
    assert binding.bound_to(tmp_path) is None
    assert (tmp_path / "model.safetensors").read_bytes() == data
    read_manifest(tmp_path)
