"""What holds of each model that trains a network: it trains alike twice, resumes exactly, refuses
damaged weights.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

for needed in ("torch", "transformers", "whisper", "accelerate", "peft"):
    pytest.importorskip(needed)

from made_clips import LABELS, clip, items  # noqa: E402
from safetensors import safe_open  # noqa: E402

from mserbench.contracts import Clip  # noqa: E402
from mserbench.errors import DataError, ModelError  # noqa: E402
from mserbench.model import TrainingItem  # noqa: E402
from mserbench_mser_llm import model as mser_llm  # noqa: E402
from mserbench_mser_llm.presets import MserLlmOptions  # noqa: E402
from mserbench_supcon_w2v2 import model as supcon  # noqa: E402
from mserbench_supcon_w2v2.settings import SupconOptions  # noqa: E402

Damage = Callable[[Path], object]
FILES = ("model.json", "model.safetensors", "training.csv")
QUICK = {"preset": "tiny", "steps": 20, "evaluate_every": 5, "batch_emotions": 3, "reduce": 2}
VARIED = {"copies": 1, "mask_width": 10, "mask_seconds": 0.05, "steps": 10}


def edit(**changes: object) -> Damage:
    """Change the record."""

    def apply(out: Path) -> None:
        record = json.loads((out / "model.json").read_text())
        (out / "model.json").write_text(json.dumps({**record, **changes}))

    return apply


def edit_settings(**changes: object) -> Damage:
    """Change the settings in the record."""

    def apply(out: Path) -> None:
        settings = json.loads((out / "model.json").read_text())["settings"]
        edit(settings={**settings, **changes})(out)

    return apply


def without_setting(name: str) -> Damage:
    """Take a setting out of the record."""

    def apply(out: Path) -> None:
        settings = json.loads((out / "model.json").read_text())["settings"]
        del settings[name]
        edit(settings=settings)(out)

    return apply


def overwrite(name: str, data: bytes) -> Damage:
    return lambda out: (out / name).write_bytes(data)


DAMAGE: list[tuple[Damage, str]] = [
    (lambda out: (out / "model.json").unlink(), "holds no model.json"),
    (overwrite("model.json", b"{"), "cannot be read"),
    (overwrite("model.json", b"[" * 100_000), "cannot be read"),
    (lambda out: (out / "model.safetensors").unlink(), "is not there"),
    (overwrite("model.safetensors", b"x" * 9), "is damaged"),
    (edit(model="other"), "not of model"),
    (edit(schema=2), "and schema 1"),
    (edit(codes={"labels": ["sad"], "speakers": []}), "two or more distinct"),
    (edit(codes={"labels": [1, 2], "speakers": []}), "two or more distinct"),
    (edit(settings=[]), "lacks its codes, .* or settings"),
    (edit_settings(steps="many"), "setting 'steps'"),
    (edit_settings(steps=True), "setting 'steps'"),
    (edit_settings(strange=1), "setting 'strange'"),
    (without_setting("steps"), "setting 'steps'"),
    (edit_settings(checkpointing="yes"), "setting 'checkpointing'"),
    (edit_settings(encoder_precision="float16"), "setting 'encoder_precision'"),
]


@dataclass(frozen=True)
class Trainee:
    """A model, what makes its training quick and what varies it, and the damage that it alone can
    have.
    """

    package: str
    module: Any
    model: Any
    options: Any
    dropout: dict[str, float]
    damage: list[tuple[Damage, str]]

    def train(
        self,
        out: Path,
        learnt: list[TrainingItem] | None = None,
        validation: Any = (),
        **changes: object,
    ) -> Path:
        out.mkdir()
        self.model(self.options(**{**QUICK, **changes})).fit(
            learnt or items(), list(validation), out
        )
        return out


MSER_LLM = Trainee(
    "mserbench_mser_llm", mser_llm, mser_llm.MserLlm, MserLlmOptions, {"dropout": 0.1,
    "frame_dropout": 0.2},
    [
        (edit(parts={"encoder": 1}), "'parts' must hold"),
        (edit_settings(stage=3), "setting 'stage'"),
        (edit_settings(num_queries=5), "do not fit the model"),
    ],
)  # fmt: skip
SUPCON = Trainee(
    "mserbench_supcon_w2v2", supcon, supcon.SupconW2V2, SupconOptions, {"dropout": 0.1,
    "speaker_dropout": 0.3},
    [
        (edit(codes={"labels": LABELS, "speakers": 4}), "'speakers' must be"),
        (edit(codes={"labels": LABELS[:2], "speakers": []}), "do not fit the model"),
        (edit(encoder={"name": 1, "version": "1"}), "'encoder' must hold"),
        (edit_settings(adaptation="magic"), "setting 'adaptation'"),
    ],
)  # fmt: skip
ALL = [MSER_LLM, SUPCON]


@pytest.fixture(params=ALL, ids=lambda network: network.package)
def trainee(request: pytest.FixtureRequest) -> Trainee:
    network: Trainee = request.param
    return network


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_hooks_module_imports_nothing_heavy(trainee: Trainee) -> None:
    """Else `mserbench --help` would wait for torch."""
    code = f"import sys, {trainee.package} as s; s.register_models(); print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    heavy = ("numpy", "torch", "transformers", "whisper", "peft", "accelerate")
    assert not [name for name in heavy if f"'{name}'" in loaded]


def test_training_twice_gives_the_same_files(trainee: Trainee, tmp_path: Path) -> None:
    varied = {**trainee.dropout, **VARIED}
    first, second = (trainee.train(tmp_path / name, **varied) for name in "ab")
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes()

    reseeded = trainee.train(tmp_path / "c", **varied, seed=1)
    assert (first / "model.safetensors").read_bytes() != (
        reseeded / "model.safetensors"
    ).read_bytes()


def test_a_training_that_was_cut_off_goes_on_to_the_same_weights(
    trainee: Trainee, tmp_path: Path, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days on a GPU must not be lost, nor end as another model."""
    options = {**trainee.dropout, **VARIED, "steps": 20}
    whole = trainee.train(tmp_path / "whole", **options)
    calls: list[float] = []
    losses = trainee.module.Objective.losses

    def cut(self: object, model: object, batch: object, progress: float) -> object:
        calls.append(progress)
        if len(calls) == 13:
            raise KeyboardInterrupt
        return losses(self, model, batch, progress)

    monkeypatch.setattr(trainee.module.Objective, "losses", cut)
    with pytest.raises(KeyboardInterrupt):
        trainee.train(tmp_path / "cut", **options)

    (checkpoint,) = fresh_cache.glob("training/*/*.safetensors")
    with (
        safe_open(checkpoint, "pt") as stored,
        safe_open(whole / "model.safetensors", "pt") as learnt,
    ):
        names = {name.partition("/")[2] for name in stored.keys() if name.startswith("model/")}  # noqa: SIM118
        assert names == set(learnt.keys()), "a checkpoint holds what is learnt, and no frozen part"

    resumed = trainee.train(tmp_path / "resumed", **options)
    assert len(calls) == 13 + 10, "it went on from step 10, not from the beginning"
    for name in FILES:
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()


def test_it_learns_from_the_items_it_is_given_alone(trainee: Trainee, tmp_path: Path) -> None:
    """A clip of no source must not even be decoded: the target is not read in training."""
    read: list[str] = []

    def watched(item: TrainingItem) -> TrainingItem:
        heard = Clip(
            item.clip.key,
            "",
            item.clip.seconds,
            lambda: read.append(item.clip.key) or item.clip.load(),
        )
        return TrainingItem(heard, item.label, item.speaker, item.language, item.corpus)

    learnt = [watched(item) for item in items()]
    trainee.train(tmp_path / "w", learnt)
    assert sorted(read) == sorted(item.clip.key for item in learnt), (
        "each is decoded once, however many steps there are"
    )


def test_given_validation_clips_stop_it_and_are_not_learnt_from(
    trainee: Trainee, tmp_path: Path
) -> None:
    validation = [
        TrainingItem(clip(i), LABELS[i % 3], "z", "de", "corpus") for i in range(100, 106)
    ]
    record = json.loads(
        (trainee.train(tmp_path / "w", validation=validation) / "model.json").read_text()
    )
    assert record["held_out"] == ["de z"]
    assert ["de", "z"] not in record["codes"]["speakers"]


def test_without_weights_it_says_so(trainee: Trainee) -> None:
    with pytest.raises(ModelError, match="has no weights"):
        trainee.model().predict([clip(1)], LABELS)


# Damaged weights


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Weights of each model that a test may copy and damage."""
    folder = tmp_path_factory.mktemp("ready")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSERBENCH_CACHE", str(folder / "cache"))
        return {
            network.package: network.train(folder / network.package, steps=2) for network in ALL
        }


@pytest.mark.parametrize(
    ("trainee", "damage", "complaint"),
    [
        pytest.param(network, *case, id=f"{network.package}-{case[1]}")
        for network in ALL
        for case in DAMAGE + network.damage
    ],
)
def test_damaged_and_foreign_weights_are_refused_with_a_reason(
    tmp_path: Path, ready: dict[str, Path], trainee: Trainee, damage: Damage, complaint: str
) -> None:
    """A stranger's file is data: it must not run, crash, or score silently wrong."""
    out = tmp_path / "w"
    out.mkdir()
    for path in ready[trainee.package].iterdir():
        (out / path.name).write_bytes(path.read_bytes())

    assert trainee.model(weights=out).labels == tuple(LABELS), "undamaged they load"
    damage(out)
    with pytest.raises(DataError, match=complaint) as caught:
        trainee.model(weights=out)

    assert "\n" not in str(caught.value)
