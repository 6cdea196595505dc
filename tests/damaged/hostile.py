"""The registry of hostile and broken input: what is made in a folder, which commands meet it, and
what they must answer within which time and memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Literal

from damaged.own_corpus import OwnCorpus, build

VERIFY = ("data", "verify", "./t.toml")
RUN = ("run", "--model", "prior", "--task", "./t.toml", "--json")
PROPOSE = ("init-task", "c", "--out", "new.toml", "--language", "de")
STATUS = ("data", "status", "--data", "data")
SCORE = ("score", "p.csv", "--task", "./t.toml", "--name", "mine", "--json")
SECONDS = 30.0  # of wall clock, for one command on a busy machine
MEMORY = 3 << 30  # bytes of address space
DATA, FAILED, DONE = (3,), (4,), (0,)

PLUGIN = """
import time, os, sys
import numpy as np
from mserbench import (
    CANONICAL, CommandEntry, Corpus, CorpusCard, CorpusEntry, Exposure, Model, ModelCard,
    ModelEntry, Task, TaskEntry, TrainableModel, Utterance, hookimpl,
)

def good_card(name="bad"):
    return ModelCard(name, name, "1", "MIT", "", (), True)

def good_scores(clips, labels):
    return np.zeros((len(clips), len(labels))) + np.arange(len(labels))
"""


@dataclass
class Place:
    """Where a case happens: the working folder of the program, with a good corpus and a task on
    it.
    """

    folder: Path
    corpus: OwnCorpus
    environment: dict[str, str] = field(default_factory=dict)

    def plugin(self, code: str, name: str = "hostile_plugin") -> None:
        """Install a plugin; its code stands below `PLUGIN`."""
        place = self.folder / "site"
        info = place / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[mserbench]\n{name} = {name}\n")
        (place / f"{name}.py").write_text(PLUGIN + dedent(code))

    def model(self, body: str, name: str = "hostile_plugin") -> None:
        """Install a plugin with the model `bad`, a class of this body over a good model."""
        self.plugin(
            "class Good(Model):\n"
            "    card = property(lambda self: good_card())\n"
            "    def predict(self, clips, labels):\n"
            "        return good_scores(clips, labels)\n"
            f"class Bad(Good):\n{body}\n"
            "@hookimpl\n"
            "def register_models():\n"
            f"    return [ModelEntry('bad', '{name}:Bad', 'bad')]\n",
            name,
        )

    def predictions(self, header: str = "id,prediction") -> list[str]:
        """Return the lines of a good file of predictions, without line ends."""
        stems = [row["file"].removesuffix(".wav") for row in self.corpus.rows]
        return [header, *(f"{stem},sad" for stem in stems)]


def place(folder: Path) -> Place:
    """Make the working folder of a case, with a good corpus."""
    corpus = build(folder)
    corpus.write()
    return Place(folder, corpus)


Make = Callable[[Place], None]


@dataclass(frozen=True)
class Hostile:
    """One case: each of `commands` must end in time with one of `codes`, and say `says`."""

    name: str
    make: Make
    commands: tuple[tuple[str, ...], ...]
    codes: tuple[int, ...] = DATA
    says: str = ""
    seconds: float = SECONDS
    memory: int = MEMORY
    stdout: Literal["pipe", "closed", "full"] = "pipe"
    stderr: Literal["pipe", "closed"] = "pipe"
    limits: tuple[tuple[str, int], ...] = ()  # names of `resource`, and values


HOSTILE: dict[str, Hostile] = {}


def hostile(
    name: str,
    *commands: tuple[str, ...],
    codes: tuple[int, ...] = DATA,
    says: str = "",
    **more: object,
) -> Callable[[Make], Make]:
    """Register a function that makes a hostile place."""

    def register(make: Make) -> Make:
        assert name not in HOSTILE, f"two cases are called {name!r}"
        HOSTILE[name] = Hostile(name, make, commands, codes, says, **more)  # type: ignore[arg-type]
        return make

    return register


def load() -> dict[str, Hostile]:
    """Return all cases by name."""
    from damaged import (
        hostile_audio,
        hostile_files,
        hostile_parquet,
        hostile_plugins,
        hostile_system,
        hostile_texts,
    )

    modules = (
        hostile_audio,
        hostile_files,
        hostile_parquet,
        hostile_plugins,
        hostile_system,
        hostile_texts,
    )
    assert all(modules)
    return HOSTILE
