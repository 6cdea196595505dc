"""Shared fixtures: own caches, synthetic corpora with official names, own plugins, the program."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from mserbench.cli import main
from mserbench.data import corpus, lookup
from mserbench.disk.files import cache_dir
from mserbench.plugins import registry

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
FOLDERS = {  # the publisher's folder of a file name
    "ravdess": lambda stem: f"Actor_{stem[-2:]}",
    "emodb": lambda stem: "wav",
    "emovo": lambda stem: stem[4:6],
    "aesdd": lambda stem: {
        "a": "anger",
        "d": "disgust",
        "f": "fear",
        "h": "happiness",
        "s": "sadness",
    }[stem[0]],
}
# 16 kHz mono, 16 bit, 2,400 samples.
WAV_HEADER = struct.pack(
    "<4sI4s4sIHHIIHH4sI",
    b"RIFF",
    4_836,
    b"WAVE",
    b"fmt ",
    16,
    1,
    1,
    16_000,
    32_000,
    2,
    16,
    b"data",
    4_800,
)


# A busy machine is slow, not wrong: examples have no time limit of their own.
settings.register_profile("mserbench", deadline=None)
settings.load_profile("mserbench")

USERS_CACHE = cache_dir()  # before the tests take their own


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests away from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("cache")
        patch.setenv("MSERBENCH_CACHE", str(cache))
        yield cache


@pytest.fixture(autouse=True, scope="session")
def interrupted_as_on_a_terminal() -> Iterator[None]:
    """Take SIGINT as Python does: whoever starts the tests in the background ignores it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give no width, as a pipe has none: whoever starts the tests, or pytest-xdist, sets one."""
    monkeypatch.delenv("COLUMNS", raising=False)
    # readline, which pytest imports, sets it behind the back of `os.environ`: children inherit it.
    os.unsetenv("COLUMNS")


@pytest.fixture(scope="session")
def pretrained(own_cache: Path) -> Path:
    """Return the folder of the pretrained weights that the user has; it may be empty."""
    # Linked, not copied: they are large, and the caches beside them must stay the tests' own.
    (own_cache / "weights").mkdir(exist_ok=True)
    for folder in (USERS_CACHE / "weights").glob("[!.]*"):
        link = own_cache / "weights" / folder.name
        if folder.is_dir() and not link.exists():
            link.symlink_to(folder.resolve(), target_is_directory=True)

    return own_cache / "weights"


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the user's environment says of data and plugins."""
    for name in ("MSERBENCH_DATA", "MSERBENCH_PLUGINS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tone() -> Callable[..., NDArray[np.float32]]:
    """Make a tone: float32, shape (n,) or (n, channels)."""

    def make(
        seconds: float = 0.2, rate: int = 16_000, hertz: float = 220.0, channels: int = 1
    ) -> NDArray[np.float32]:
        wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
        return (
            np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)
            if channels > 1
            else wave.astype(np.float32)
        )

    return make


@pytest.fixture
def build_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Build a complete corpus with official names and tiny audio; returns the data folder."""

    def build(name: str = "emodb", data: Path = tmp_path / "data") -> Path:
        noise = np.random.default_rng(0).integers(-3_000, 3_000, 2_400).astype("<i2")  # 0.15 s
        for number, stem in enumerate(corpus.inventory(lookup.corpus(name).card)):
            path = data / name / FOLDERS[name](stem) / f"{stem}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            wave = noise.copy()
            wave[: number + 1] *= -1  # Another recording each: equal ones would be duplicates.

            # By hand, which is much faster than a library for 500 files.
            path.write_bytes(WAV_HEADER + wave.tobytes())

        return data

    return build


@dataclass(frozen=True)
class Outcome:
    """What one call of the program gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], no_settings: None) -> Callable[..., Outcome]:
    """Run the program in this process; returns exit code, stdout and stderr."""

    def call(*arguments: object) -> Outcome:
        # What was printed before is another call's.
        capfd.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])

        out, err = capfd.readouterr()
        assert "Traceback" not in err, "a user must never see a traceback"
        assert "mserbench itself failed" not in err, f"no sentence for a foreseeable fault: {err}"

        return Outcome(int(stopped.value.code or 0), out, err)

    return call


@pytest.fixture
def program(no_settings: None) -> Callable[..., Outcome]:
    """Run the program in a process of its own."""

    def call(*arguments: object, **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "mserbench", *map(str, arguments)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


PLUGIN = """
    import time
    from pathlib import Path

    import numpy as np

    from mserbench import (
        CANONICAL, Corpus, CorpusCard, CorpusEntry, Model, ModelCard, ModelEntry, Task, TaskEntry, TrainableModel,
        Utterance, hookimpl,
    )


    def _card(name):
        return ModelCard(name, name, "1", "MIT", "", (), True)


    def _scores(clips, labels):
        # From the audio alone, so that they are the same in every batch and process.
        return np.array([[int(clip.key[2 * i : 2 * i + 2], 16) / 256 for i in range(len(labels))] for clip in clips])


    class Steady(Model):
        @property
        def card(self):
            return _card("steady")

        def predict(self, clips, labels):
            return _scores(clips, labels)


    class Trainee(TrainableModel):
        needs_weights = True

        @property
        def card(self):
            return _card("trainee")

        def fit(self, training, validation, out):
            (out / "weights.json").write_text(str(len(training)))

        def predict(self, clips, labels):
            return _scores(clips, labels)

"""


@pytest.fixture
def plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_settings: None
) -> Iterator[Callable[..., Path]]:
    """Install a plugin of the test's own from its code and its classes' names; returns the folder.

    The code stands below `PLUGIN`, which brings imports and the models `steady` and `trainee`.
    """
    names: list[str] = []

    def install(
        code: str = "",
        models: Sequence[str] = (),
        corpora: Sequence[str] = (),
        tasks: Sequence[str] = (),
    ) -> Path:
        # Another name each time: Python keeps a module that it has imported once.
        module = f"mserbench_probe_{len(names)}_{os.getpid()}"
        names.append(module)
        folder = tmp_path / module
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[mserbench]\n{module} = {module}\n")
        lines = [dedent(PLUGIN), dedent(code)]

        for hook, entry, classes in (
            (
                "register_models",
                "ModelEntry",
                [*(("Steady", "Trainee") if len(names) == 1 else ()), *models],
            ),
            ("register_corpora", "CorpusEntry", corpora),
            ("register_tasks", "TaskEntry", tasks),
        ):
            entries = ", ".join(
                f"{entry}({name.lower()!r}, '{module}:{name}', {name!r})" for name in classes
            )
            lines.append(f"@hookimpl\ndef {hook}():\n    return [{entries}]\n")

        (folder / f"{module}.py").write_text("\n\n".join(lines))
        monkeypatch.syspath_prepend(folder)

        # For processes that the test starts; this one has the folder on its path.
        before = os.environ.get("PYTHONPATH", "")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), before])))
        registry.installed.cache_clear()

        return folder

    yield install
    for name in names:
        sys.modules.pop(name, None)

    registry.installed.cache_clear()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of the real corpora, or skip."""
    named = os.environ.get("MSERBENCH_DATA")
    folder = Path(named) if named else SHARED / "corpora"
    if not folder.is_dir():
        pytest.skip("real corpora are not here: set MSERBENCH_DATA")

    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of label-for-label truth, which is no part of the project, or skip."""
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip("the reference labels are not here; they are no part of the project")

    return folder
