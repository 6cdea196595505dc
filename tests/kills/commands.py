"""The commands that are killed: what each needs, its words, and what of its folder is compared."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Small weights by name, and a model that is asked in many batches; both as a user's plugin.
PLUGIN = """
    import shutil
    from mserbench.cards import Exposure
    from mserbench.plugins.hookspecs import WeightsEntry
    from mserbench.weights.record import Hub, Weights


    def assemble(found, out):
        for name in ("config.json", "model.safetensors"):
            shutil.copy(found / name, out / name)


    TOY = Weights(
        name="toy", title="a toy", licence="MIT", page="https://example.org/toy", bytes=2_000,
        exposure=(Exposure("web", ("en",), "speech", "said so"),), exposure_complete=True,
        assemble=__name__ + ":assemble", described_by="config.json",
        expected={"model_type": "toy"}, hub=Hub("toys/toy", ("*",)), needs={},
    )


    @hookimpl
    def register_weights():
        return [WeightsEntry("toy", __name__ + ":TOY", "a toy")]
"""
EXPERIMENT = """
title = "One baseline and a floor"
labels = ["neutral", "happy", "sad", "angry", "disgust", "fear", "boredom"]
seeds = [0]
reference = "prior"

[corpora.DE]
train = "emodb-sample"
test = "emodb-sample"

[corpora.EL]
test = "other.toml"

[[settings]]
name = "DE-EL"
source = ["DE"]
target = "EL"

[[systems]]
name = "logmel"
model = "logmel"
train = ["source"]

[[systems]]
name = "prior"
model = "prior"
train = ["source"]
"""
OTHER = """
title = "Sentences of some people"
language = "el"
audio = "sentences"
pattern = '(?P<speaker>\\d\\d)(?P<text>[ab]\\d\\d)(?P<label>[A-Z])[a-z]\\.flac'

[labels]
W = "angry"
F = "happy"
T = "sad"
N = "neutral"
E = "disgust"
A = "fear"
L = "boredom"
"""
# A row of an experiment's table of systems: its last two columns are seconds.
_SYSTEM = re.compile(rb"^(\|.*\|) \d+ \| \d+ \|$", re.MULTILINE)
DEMO_CLIPS = 8
TIMES = ("seconds", "machine", "created")  # keys of records; all else must be the same


@dataclass(frozen=True)
class Command:
    """A command with what it needs; `kills` is its share of a thousand, by what it takes."""

    words: tuple[str, ...]
    prepare: Callable[[Path], None]
    kills: int


def _nothing(folder: Path) -> None:
    pass


def _sample() -> Path:
    import mserbench_tasks

    return Path(mserbench_tasks.__file__).parent / "sample"


def _experiment(folder: Path) -> None:
    """Lay a table of one setting, and a second corpus: the packaged sample, a noise added."""
    import numpy as np
    import soundfile

    (folder / "table.toml").write_text(EXPERIMENT)
    (folder / "other.toml").write_text(OTHER)
    (folder / "sentences").mkdir()
    chance = np.random.default_rng(0)
    for path in sorted(_sample().glob("0[389]*.flac")):
        wave, rate = soundfile.read(path)
        noise = 0.01 * chance.standard_normal(len(wave))
        soundfile.write(folder / "sentences" / path.name, np.clip(wave + noise, -1, 1), rate)


def _weights_to_get(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "config.json").write_text('{"model_type": "toy"}')
    (folder / "mine" / "model.safetensors").write_bytes(
        (2).to_bytes(8, "little") + b"{}" + bytes(1_000)
    )


def _board(folder: Path) -> None:
    """Lay an empty board, the page before it, and a finished run to add."""
    (folder / "board" / "results").mkdir(parents=True)
    (folder / "README.md").write_text("# mine\n<!-- board -->\n<!-- /board -->\n")
    shutil.copytree(_finished_run(), folder / "finished")


def _finished_run() -> Path:
    """Return the folder of a run that is made once for all kills."""
    from mserbench import evaluate

    out = Path(os.environ["MSERBENCH_CACHE"]) / "finished"
    if not out.is_dir():
        evaluate("prior", "emodb-sample", out=out)

    return next(out.rglob("run.json")).parent


BATCHES = ("--batch-seconds", "10")  # many small ones, each a line of the journal

COMMANDS = {
    "run": Command(
        ("run", "--model", "steady", "--task", "emodb-sample", *BATCHES, "--out", "out"),
        _nothing,
        400,
    ),
    "train": Command(
        ("train", "--model", "logmel", "--on", "emodb-sample", "--out", "out"), _nothing, 150
    ),
    "leaderboard --add": Command(
        ("leaderboard", "--dir", "board", "--add", "finished"), _board, 200
    ),
    "weights get": Command(("weights", "get", "toy", "--from", "mine"), _weights_to_get, 150),
    "experiment": Command(
        ("experiment", "table.toml", "--jobs", "1", "--out", "out"), _experiment, 30
    ),
    "demo build": Command(("a demo corpus",), _nothing, 70),
}


def call(words: Sequence[str]) -> None:
    """Do what the words say, as the program does; a demo corpus has no command of its own."""
    if words[0] == "a demo corpus":
        from mserbench_tasks.demo.build import build
        from mserbench_tasks.demo.plan import plan

        # A few clips of the 560, which take 12 seconds.
        build("demo-el", plan("demo-el")[:DEMO_CLIPS], Path("demo").absolute(), 2)
        return

    from mserbench.cli import main

    main(list(words))


def snapshot(folder: Path) -> dict[str, str]:
    """Return what each file and folder below a folder is: its mode, and a hash of its bytes.

    Of records and pages the times that they tell of a run are left out. A store of SQLite and the log of the
    workers count by their names: pages may lie in another order, and a log grows.
    """
    listing = {}
    for path in sorted(folder.rglob("*")):
        name, mode = path.relative_to(folder).as_posix(), oct(path.stat().st_mode)
        if path.is_dir() or path.suffix in (".sqlite3", ".log"):
            listing[name] = mode
        else:
            listing[name] = f"{mode} {hashlib.sha256(_timeless(path)).hexdigest()}"

    return listing


def _timeless(path: Path) -> bytes:
    if path.suffix == ".md":
        return _SYSTEM.sub(rb"\1", path.read_bytes())
    if path.suffix != ".json":
        return path.read_bytes()

    return json.dumps(_without_times(json.loads(path.read_text(encoding="utf-8")))).encode()


def _without_times(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_times(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_times(each) for key, each in value.items() if key not in TIMES}

    return value
