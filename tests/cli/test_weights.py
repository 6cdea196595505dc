"""`mserbench weights`: what is here, where it is, whether it is whole, and what to do where it is
not.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mserbench.plugins import registry
from mserbench.plugins.hookspecs import WeightsEntry
from mserbench.weights.named import weights_named

TENSORS = (2).to_bytes(8, "little") + b"{}"
CODE = """
    import shutil
    from mserbench.plugins.hookspecs import WeightsEntry
    from mserbench.weights.record import Hub, Weights


    def assemble(found, out):
        for name in ("config.json", "model.safetensors"):
            shutil.copy(found / name, out / name)


    TOY = Weights(
        "toy", "a toy", "MIT", "https://example.org/toy", 2_000_000, (), True, __name__ + ":assemble", "config.json",
        {}, Hub("toys/toy", ("*",)), needs={}
    )


    @hookimpl
    def register_weights():
        return [WeightsEntry("toy", __name__ + ":TOY", "a toy")]
"""


@pytest.fixture
def own(plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Register the weights `toy`; returns a folder that holds them. The cache is empty, the hub is
    not asked.
    """
    plugin(CODE)
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("MSERBENCH_WEIGHTS", raising=False)
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(TENSORS)

    return folder


def test_list_tells_what_there_is_and_what_is_here(cli, own: Path) -> None:
    """If it did not, a user could not see licence and size before a download of gigabytes."""
    done = cli("weights", "list")
    assert done.code == 0
    assert "llama-3-8b" in done.out
    assert "16,070" in done.out
    rows = {
        line.split()[0]: " ".join(line.split()) for line in done.out.splitlines() if line.strip()
    }
    assert rows["llama-3-8b"].endswith("no model hub (gated)")
    assert rows["toy"].endswith("no model hub (not pinned)")
    assert rows["minilm-l6"].endswith("no model hub, package index")
    assert "'mserbench weights get NAME' gets one" in done.err
    assert f"0 of {len(rows) - 2} are on this machine" in done.err, (
        "head and rule stand above the names"
    )
    cli("weights", "get", "toy", "--from", own)
    assert "1 of " in cli("weights", "list").err
    records = {
        record["name"]: record for record in json.loads(cli("weights", "list", "--json").out)
    }
    assert records["toy"]["state"] == "ready"
    assert records["toy"]["source"] == "a folder"
    assert records["whisper-base"]["state"] == "absent"
    assert records["whisper-base"]["exposure"][0]["kind"] == "speech"
    assert records["whisper-base"]["page"].startswith("https://")


def test_get_path_and_verify(cli, own: Path, tmp_path: Path) -> None:
    """If 'path' printed more than the path, a shell could not use it."""
    done = cli("weights", "get", "toy", "--from", own)
    assert done.code == 0
    assert "toy: from a folder, making it ready" in done.err
    folder = tmp_path / "cache/weights/toy"
    assert done.out == f"toy: ready in {folder}, from a folder\n"
    assert cli("weights", "path", "toy").out == f"{folder}\n"
    assert cli("weights", "verify", "toy").out == "toy: 2 files, all as they were got\n"
    (folder / "model.safetensors").write_bytes(TENSORS[:-1] + b"]")
    done = cli("weights", "verify")
    assert done.code == 1
    assert done.out == (
        "problem: toy: file 'model.safetensors' was changed since it was got: its SHA-256 "
        "is another one: "
        "'mserbench weights get toy' gets it again\n"
    )


def test_absent_unknown_and_unreachable_have_their_exit_codes(
    cli, own: Path, tmp_path: Path
) -> None:
    """If they had one, a script could not tell a typing error from a machine without network."""
    assert cli("weights", "path", "toi").code == 2
    for verb in ("path", "verify"):
        done = cli("weights", verb, "toy")
        assert done.code == 3
        assert "'mserbench weights get toy' gets them (2 MB)" in done.err

    done = cli("weights", "get", "toy")
    assert done.code == 3
    assert "model hub toys/toy is not in the hub's cache" in done.err
    assert "--from FOLDER" in done.err
    assert cli("weights", "get", "toy", "--from", tmp_path / "nowhere").code == 3
    done = cli("weights", "verify")
    assert done.code == 0
    assert done.out.startswith("no weights are on this machine")


def test_a_name_resolves_to_its_record(own: Path) -> None:
    """If one did not, 'weights list' would end in an error on every machine."""
    for name in registry.entries(WeightsEntry):
        assert weights_named(name).name == name


def test_the_program_lists_without_heavy_packages(program, own: Path) -> None:
    """If it imported them, a listing would take seconds, and fail without the extra."""
    done = program("weights", "list", PYTHONPROFILEIMPORTTIME="1")
    assert done.code == 0
    assert not [
        name
        for name in ("torch", "transformers", "whisper", "huggingface_hub")
        if f" {name}\n" in done.err
    ]
