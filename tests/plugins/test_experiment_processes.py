"""A table whose trainings are each done by several processes: the weights of one, and nobody left
when it is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import soundfile
from processes import is_alive, wait_for
from small_tables import toml_setting, toml_system

torch = pytest.importorskip("torch")
for needed in ("accelerate", "whisper", "transformers"):
    pytest.importorskip(needed)
safetensors = pytest.importorskip("safetensors.torch")

TOLERANCE = 2e-5  # see test_several_processes
LABELS = ("neutral", "happy", "sad", "angry", "surprise", "disgust", "fear")
# The options of a training of seconds.
QUICK = (
    'options = { preset = "tiny", steps = 6, evaluate_every = 3, warmup = 1, batch_samples = 2 }'
)
TABLE = f"""
title = "One source"
reference = "many"

[corpora.A]
test = "emodb-sample"

[corpora.B]
test = "mine.toml"

{toml_setting("A-B", "A", "B")}
{toml_system("many", "mser-llm", "source", QUICK)}
{toml_system("floor", "prior", "source")}"""
OWN = """
    language = "it"
    audio = "mine"
    pattern = '(?P<speaker>[a-z])_(?P<label>[a-z]+)\\.wav'
    labels = { LABELS }
"""


@pytest.fixture
def folder(tmp_path: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a corpus of four speakers and a table."""
    (tmp_path / "mine").mkdir()
    for number, speaker in enumerate("abcd"):
        for at, label in enumerate(LABELS):
            wave = 0.2 * np.sin(2 * np.pi * (120 + 40 * at + 7 * number) * np.arange(8000) / 16000)
            soundfile.write(
                tmp_path / "mine" / f"{speaker}_{label}.wav", wave.astype(np.float32), 16_000
            )

    pairs = ", ".join(f'{label} = "{label}"' for label in LABELS)
    (tmp_path / "mine.toml").write_text(dedent(OWN).replace("LABELS", pairs))
    (tmp_path / "table.toml").write_text(dedent(TABLE))
    monkeypatch.chdir(tmp_path)

    return tmp_path


def started(folder: Path, n: int, *more: str) -> subprocess.Popen[str]:
    words = [
        "experiment",
        "table.toml",
        "--out",
        f"o{n}",
        "--jobs",
        "1",
        "--processes",
        str(n),
        *more,
    ]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MSERBENCH_CACHE": str(folder / f"cache{n}"),
    }
    command = [sys.executable, "-m", "mserbench", *words]

    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def of(folder: Path, n: int) -> tuple[dict[str, object], Path]:
    """Return what is noted beside the one training of mser-llm, and its weights."""
    (note,) = (folder / f"o{n}/trainings").glob("mser-llm-*.json")
    return json.loads(note.read_text()), note.with_suffix("")


def test_two_processes_a_training_give_the_table_of_one(folder: Path) -> None:
    """Else the same command on another machine would be another experiment."""
    for n in (1, 2):
        done = started(folder, n)
        _, log = done.communicate(timeout=600)
        assert done.returncode == 0, log
        assert "training 2/2" in log

    (alone, its), (two, their) = of(folder, 1), of(folder, 2)
    assert (alone["processes"], two["processes"]) == (1, 2)
    assert alone["key"] == two["key"], "found again whatever the number of processes"
    (prior,) = (folder / "o2/trainings").glob("prior-*.json")
    assert json.loads(prior.read_text())["processes"] == 1, (
        "what cannot train together is trained alone"
    )
    first, second = (
        safetensors.load_file(weights / "model.safetensors") for weights in (its, their)
    )

    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, rtol=0, atol=TOLERANCE, msg=name)

    assert sorted(path.name for path in their.iterdir()) == sorted(
        path.name for path in its.iterdir()
    )
    assert list((folder / "o2/trainings").glob(".*")) == []


def test_what_all_processes_find_wrong_is_told_once_in_its_cell(folder: Path) -> None:
    text = (folder / "table.toml").read_text()
    (folder / "table.toml").write_text(text.replace("steps = 6", 'steps = 6, layers = "9"'))
    done = started(folder, 2)
    _, log = done.communicate(timeout=600)
    assert done.returncode == 4
    page = (folder / "o2/README.md").read_text()
    (line,) = [line for line in page.splitlines() if line.startswith("- many in A-B: ")]
    assert "layers" in line
    assert "the layers 0 to 2" in line
    assert log.count("failed:") == 1


SLOW = """
    import os

    class Slow(Trainee):
        trains_together = True
        devices = ("cpu",)

        @property
        def card(self):
            return _card("slow")

        def fit(self, training, validation, out):
            with open(os.environ["STARTED"], "a") as log:
                log.write(f"{os.getpid()} {os.environ['RANK']} of {os.environ['WORLD_SIZE']}\\n")
            time.sleep(300)
"""


def test_a_killed_table_leaves_nobody_training(
    plugin: Callable[..., Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight processes that train on for nobody hold eight GPUs until somebody looks."""
    plugin(SLOW, models=["Slow"])
    monkeypatch.setenv("STARTED", str(folder / "started"))
    text = (folder / "table.toml").read_text().replace('"mser-llm"', '"slow"')
    (folder / "table.toml").write_text(
        "".join(line for line in text.splitlines(True) if "preset" not in line)
    )
    process = started(folder, 2, "--only", "many")
    path = folder / "started"
    wait_for(lambda: path.exists() and len(path.read_text().splitlines()) == 2)
    lines = sorted(line.split(maxsplit=1)[1] for line in path.read_text().splitlines())
    assert lines == ["0 of 2", "1 of 2"]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    workers = [int(line.split()[0]) for line in path.read_text().splitlines()]
    wait_for(lambda: not any(map(is_alive, workers)))
