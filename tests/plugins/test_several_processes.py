"""Training by several processes and what training may look at: the same weights as by one, and no
clip of a target.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
safetensors = pytest.importorskip("safetensors.torch")

from mserbench import train  # noqa: E402
from mserbench.data import audio  # noqa: E402
from mserbench.errors import DataError, MissingExtra  # noqa: E402
from mserbench.model import TrainableModel  # noqa: E402
from mserbench.plugins import registry  # noqa: E402
from mserbench.plugins.hookspecs import ModelEntry  # noqa: E402
from mserbench.running.lookup import model_class  # noqa: E402

TASK = "emodb-sample"
# Without what each process draws for itself, and with batches that can be divided.
ALIKE = {
    "supcon-w2v2": ("steps=6", "evaluate_every=3", "batch_samples=2", "speaker_dropout=0"),
    "mser-llm": ("steps=6", "evaluate_every=3", "batch_samples=2"),
}
# the weights are up to 0.2; gathering changes the order of sums, and Adam enlarges that
TOLERANCE = 2e-5
FRACTION = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
COUNTED = """
import atexit, sys
import torch.distributed as together
from mserbench.cli import main
atexit.register(lambda: print(f"one of {together.get_world_size() if together.is_initialized() else 1}", flush=True))
main()
"""


def start(
    script: Path, *arguments: object, processes: int, cache: Path
) -> subprocess.CompletedProcess[str]:
    """Run the program, by the launcher of torch where it is to be several processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [
        sys.executable,
        *(launcher if processes > 1 else ()),
        str(script),
        *map(str, arguments),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MSERBENCH_CACHE": str(cache)}

    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)


@pytest.fixture
def script(tmp_path: Path, no_settings: None) -> Path:
    path = tmp_path / "program.py"
    path.write_text(COUNTED)
    return path


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "error: " in line]


def told(path: Path) -> tuple[str, list[float]]:
    """Return a text without the numbers that have a fraction, and those numbers."""
    text = path.read_text()
    return FRACTION.sub("#", text), [float(number) for number in FRACTION.findall(text)]


@pytest.mark.parametrize(("model", "needed"), [("supcon-w2v2", "peft"), ("mser-llm", "whisper")])
def test_two_processes_give_the_weights_of_one(
    script: Path, tmp_path: Path, model: str, needed: str
) -> None:
    """Else a model of two GPUs would be another than that of one, and its number not comparable."""
    pytest.importorskip(needed)
    options = [word for option in ALIKE[model] for word in ("--option", option)]
    for n in (1, 2):
        arguments = ("train", "--model", model, "--preset", "tiny", *options, "--on", TASK)
        done = start(
            script,
            *arguments,
            "--out",
            tmp_path / f"w{n}",
            processes=n,
            cache=tmp_path / f"cache{n}",
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("weights in") == 1, "the main process alone speaks"
        assert done.stdout.count(f"one of {n}") == n
        assert not list((tmp_path / f"cache{n}/training").iterdir()), "nothing is left to resume"

    alone, together = (safetensors.load_file(tmp_path / f"w{n}/model.safetensors") for n in (1, 2))
    assert alone.keys() == together.keys()
    for name, tensor in alone.items():
        torch.testing.assert_close(together[name], tensor, rtol=0, atol=TOLERANCE, msg=name)

    for name in ("model.json", "training.csv"):
        (text, numbers), (its_text, its_numbers) = (told(tmp_path / f"w{n}" / name) for n in (1, 2))
        assert its_text == text
        assert its_numbers == pytest.approx(numbers, rel=TOLERANCE)


def test_one_that_fails_ends_all_with_one_sentence(
    plugin: Callable[..., Path], script: Path, tmp_path: Path
) -> None:
    """Else the others would wait for ever and pay for it, or each tell another story."""
    plugin(
        """
        import os

        class Uneven(Trainee):
            @property
            def card(self):
                return _card("uneven")

            def fit(self, training, validation, out):
                (out / "half.bin").write_text("half")
                if os.environ["RANK"] == "1":
                    raise ValueError("one device is gone")
                time.sleep(120)
        """,
        models=["Uneven"],
    )
    base = ("train", "--on", TASK, "--out", tmp_path / "deep/w", "--model")
    done = start(script, *base, "uneven", processes=2, cache=tmp_path / "cache")
    assert done.returncode != 0
    assert len(errors(done)) == 1
    assert (
        "failed while training on emodb-sample (ValueError: one device is gone)" in errors(done)[0]
    )
    assert list((tmp_path / "deep").iterdir()) == []
    done = start(script, *base, "unevn", processes=2, cache=tmp_path / "cache")
    assert done.returncode != 0
    assert len(errors(done)) == 1
    assert "did you mean 'uneven'" in errors(done)[0]


# What training may look at


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trainable() -> Iterator[str]:
    for name, entry in registry.entries(ModelEntry).items():
        module = entry.target.partition(":")[0]
        needs = [package for package in entry.needs if importlib.util.find_spec(package) is None]
        if needs or issubclass(model_class(name), TrainableModel):
            yield pytest.param(
                name, marks=pytest.mark.skipif(bool(needs), reason=f"{module} needs {needs}")
            )


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("validate_on", [[], ["emovo"]])
@pytest.mark.parametrize("model", list(trainable()))
def test_training_opens_no_audio_but_that_of_its_sources(
    model: str, validate_on: list[str], build_corpus: Callable[..., Path], pretrained: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A target that is read before the end can be stopped on, normalised by, or chosen for; then it
    is no target.
    """
    data = build_corpus("emodb")
    for corpus_name in ("emovo", "aesdd"):
        build_corpus(corpus_name)

    opened: set[str] = set()

    def watched(path: Path, *bounds: float | None) -> audio.Recording:
        opened.add(path.relative_to(data).parts[0] if path.is_relative_to(data) else "bundled")
        return read(path, *bounds)

    read = audio.read
    monkeypatch.setattr(audio, "read", watched)
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/weights").symlink_to(pretrained, target_is_directory=True)
    options = (
        {"preset": "tiny"}
        if any(option.name == "preset" for option in fields(model_class(model).Options))
        else {}
    )

    try:
        train(model, [TASK], tmp_path / "w", validate_on=validate_on, data=data, options=options)
    except (DataError, MissingExtra) as error:
        if "weights" not in str(error) and not isinstance(error, MissingExtra):
            raise

        pytest.skip(f"{model} cannot be trained here: {error}")

    assert opened == {"bundled", *validate_on}
