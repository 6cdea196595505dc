"""A finished run whose server or worker is gone: named, never shown as if it had been checked."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai_server import MODEL, served

import mserbench
from mserbench.errors import DataError, ModelError

Cli = Callable[..., Any]
TASK = "emodb-sample"
WORKER = """
LABELS = ["anger", "happiness"]
def predict(path, labels):
    return {"anger": 1, "happiness": 0}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_the_finished_run_of_a_server_that_is_gone_is_named(cli: Cli, tmp_path: Path) -> None:
    """Its numbers may be those of other weights by now, but the user has them and must know."""
    words = ["run", "--task", TASK, "--limit", 4, "--out", tmp_path / "my runs"]
    with served() as state:
        address = f"openai:{state.address}"
        assert cli(*words, "--model", address).code == 0

    gone = cli(*words, "--model", address)
    assert (gone.code, gone.out) == (4, "")
    sentence = " ".join(gone.err.split())
    assert "cannot be asked (Connection refused): start it, or give another address" in sentence
    assert "cannot be checked against it, so it is not shown as its result" in sentence

    command = sentence.partition("mserbench ")[2].removesuffix(" shows that run")
    report = cli(*shlex.split(command))
    assert report.code == 0
    assert f"model {MODEL}, fingerprint fp_1, answers 4" in " ".join(report.out.split())

    # Of other clips, options or another address it says nothing.
    for change in (["--limit", 5], ["--option", "prompt=feels"]):
        assert "mserbench report" not in cli(*words, "--model", address, *change).err
    elsewhere = cli(*words, "--model", f"openai:http://127.0.0.1:9/v1#{MODEL}")
    assert "mserbench report" not in elsewhere.err

    with pytest.raises(ModelError, match="mserbench report"):
        mserbench.evaluate(address, TASK, out=tmp_path / "my runs", limit=4, progress=False)


@pytest.mark.parametrize("way", [[], pytest.param(["--isolated"], marks=pytest.mark.slow)])
def test_the_finished_run_of_a_worker_that_is_gone_is_named(
    cli: Cli, tmp_path: Path, way: list[str]
) -> None:
    program = tmp_path / "mine.py"
    program.write_text(WORKER)
    words = ["run", "--task", TASK, "--limit", 4, "--out", tmp_path, *way]
    assert cli(*words, "--model", f"worker:{program}").code == 0

    program.write_text("raise ImportError('its package is gone')")
    gone = cli(*words, "--model", f"worker:{program}")
    assert gone.code == 4
    sentence = " ".join(gone.err.split())
    assert "its package is gone" in sentence
    assert "shows that run" in sentence

    program.unlink()
    with pytest.raises(DataError, match="shows that run"):
        mserbench.evaluate(f"worker:{program}", TASK, out=tmp_path, limit=4, progress=False)
