"""mser-llm: training that learns in two stages, weights that hold the connector alone, and what it
says of itself.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("whisper")
pytest.importorskip("accelerate")

from made_clips import LABELS, clip, items  # noqa: E402
from safetensors import safe_open  # noqa: E402
from together import run_processes  # noqa: E402

from mserbench.errors import DataError, UnknownName, UsageError  # noqa: E402
from mserbench.options import make_options  # noqa: E402
from mserbench.results.manifest import Manifest, write_manifest  # noqa: E402
from mserbench.testing import assert_model  # noqa: E402
from mserbench_mser_llm import assembly, objective, parts, presets, tiny_parts, weights_folder  # noqa: E402
from mserbench_mser_llm.model import MserLlm  # noqa: E402
from mserbench_mser_llm.presets import PRESETS, MserLlmOptions, resolve  # noqa: E402
from mserbench_mser_llm.scoring import Question  # noqa: E402
from mserbench_mser_llm.settings import Settings  # noqa: E402
from mserbench_mser_llm.teaching import Decoding  # noqa: E402

QUICK = {"preset": "tiny", "steps": 30, "evaluate_every": 10, "batch_emotions": 3, "reduce": 2}


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def manifest(folder: Path, *sources: str, clips: tuple[str, ...] = ()) -> Path:
    """Write what the harness adds to a folder of weights."""
    told_sources = [
        {"task": name, "family": name, "languages": ["de"], "clips": list(clips)}
        for name in sources
    ]
    write_manifest(
        folder, Manifest.from_json({"model": "mser-llm", "sources": told_sources, "files": {}})
    )
    return folder


def trained(tmp_path: Path, name: str = "w", **changes: object) -> tuple[MserLlm, Path]:
    out = tmp_path / name
    out.mkdir()
    MserLlm(MserLlmOptions(**{**QUICK, **changes})).fit(items(), [], out)

    return MserLlm(weights=out), out


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Weights that a test may copy and damage."""
    folder = tmp_path_factory.mktemp("ready")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSERBENCH_CACHE", str(folder / "cache"))
        return trained(folder, steps=2)[1]


def copied(ready: Path, to: Path) -> Path:
    to.mkdir()
    for path in ready.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_the_version_tells_scores_of_a_rounded_llm_from_those_of_before(ready):
    """Their head became float32: a run of the old scores must not be taken for one of the new;
    others stay as kept.
    """
    assert MserLlm(MserLlmOptions(preset="mini")).version == MserLlm.version == "1"
    assert MserLlm(MserLlmOptions(preset="paper")).version == "2"
    assert MserLlm(MserLlmOptions(preset="paper", language_precision="float32")).version == "1"
    assert MserLlm(MserLlmOptions(language_precision="bfloat16"), ready).version == "2"
    assert MserLlm(MserLlmOptions(), ready).version == "1"


# Training


def test_training_separates_what_can_be_separated(tmp_path):
    """Else no gradient comes through the frozen LLM to the connector, or it comes to the wrong
    place.
    """
    model, out = trained(tmp_path, steps=60)
    heard = [clip(i) for i in range(60, 90)]
    scores = model.predict(heard, LABELS)
    assert (scores.argmax(axis=1) == np.arange(60, 90) % 3).mean() > 0.8
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    record = json.loads((out / "model.json").read_text())
    assert record["outcome"]["best"] > 0.6
    assert record["held_out"], "some speakers were kept to stop by"
    assert not set(out.iterdir()) - {
        out / name for name in ("model.json", "model.safetensors", "training.csv")
    }
    writing = MserLlm(MserLlmOptions(answer="generate"), out)
    written = writing.predict(heard, LABELS)
    assert np.mean([answer == LABELS[(60 + i) % 3] for i, answer in enumerate(written)]) > 0.8, (
        "it writes what it scores"
    )
    vectors = model.embeddings(heard)
    assert vectors.dtype == np.float64
    assert vectors.shape == (30, 32)


def test_frozen_parts_get_no_gradient_no_state_and_no_dropout():
    """Else the LLM would learn in silence, or be heard through noise after `.train()`."""
    settings = resolve(MserLlmOptions(**QUICK))
    ready = assembly.open_parts(settings)
    network = assembly.network_of(ready, settings).train()
    question = Question.of(ready.llm, settings.prompt, LABELS)
    decoding = Decoding(ready.llm, question.prompt_tokens, question.answers)
    ingredients = (items(), [], objective.Codes.of(items()), ready.feeder, question, settings)
    coded = objective.Objective(*ingredients, [(1.0, decoding)])
    coded.losses(network, coded.batch([0, 1, 2], 0), 0.0)["total"].backward()
    frozen = [*ready.llm.module.parameters(), *ready.feeder.frames.encoder._module.parameters()]
    assert not any(p.requires_grad or p.grad is not None for p in frozen)
    assert not ready.llm.module.training
    assert not ready.feeder.frames.encoder._module.training
    mine = {id(p) for p in network.parameters()}
    assert mine == {id(p) for p in network.connector.parameters()}
    assert mine.isdisjoint(map(id, frozen)), "the optimiser is made of the network's parameters"
    assert all(p.grad is not None for p in network.parameters())


def test_clips_beside_a_clip_change_nothing(tmp_path):
    model, _ = trained(tmp_path, steps=4)
    clips = [clip(i, 0.1 + 0.2 * i) for i in range(6)]
    for labels in (LABELS, ["sad", "enthusiasm", "no_agreement"]):
        together = model.predict(clips, labels)
        alone = np.vstack([model.predict([clip_alone], labels) for clip_alone in clips])
        np.testing.assert_allclose(together, alone, atol=1e-5)

    np.testing.assert_allclose(
        model.embeddings(clips), np.vstack([model.embeddings([c]) for c in clips]), atol=1e-5
    )


def test_long_clips_are_heard_in_windows(tmp_path):
    model, _ = trained(tmp_path, steps=2, longest_seconds=45.0, crop_seconds=45.0)
    frames = model._loaded()[1].feeder.batch([clip(1, 40.0)], None)[0]
    assert frames.shape[2] == 40 * 50 / 2
    assert np.isfinite(model.predict([clip(1, 40.0)], LABELS)).all()


@pytest.mark.parametrize("length", ["padded", "trimmed"])
def test_padded_and_trimmed_are_other_models(tmp_path, length):
    """Features of one must never be scored by weights of the other."""
    _, out = trained(tmp_path, steps=2, length=length)
    mismatched = {"padded": "trimmed", "trimmed": "padded"}[length]
    with pytest.raises(UsageError, match=f"trained with length='{length}', but '{mismatched}'"):
        MserLlm(MserLlmOptions(length=mismatched), out)


TWO = """
    import json
    import torch
    from mserbench_mser_llm import tiny_parts
    from mserbench_mser_llm.connector import Connector, Shape
    from mserbench_mser_llm.language_model import FrozenLanguageModel
    from mserbench_mser_llm.losses import LossOptions
    from mserbench_mser_llm.network import Batch, Network, losses_of
    from mserbench_mser_llm.scoring import Question
    from mserbench_mser_llm.teaching import Decoding
    from mserbench_training.learning.machine import Machine
    from mserbench_training.learning.sampler import shard

    torch.set_num_threads(1)
    llm = FrozenLanguageModel.from_folder(tiny_parts.tiny_folder("llama"))
    question = Question.of(llm, "The speaker feels", ["happy", "sad", "enthusiasm"])  # of unequally many tokens
    torch.manual_seed(0)
    shape = Shape(2, 5, llm.dim, 3, 2, 32, 2, 64, dropout=0.0)
    network = Network(Connector(shape, llm.embedding_norm()), llm)
    machine = Machine("cpu")
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    prepared = machine.prepare(network, optimizer)
    frames, labels = torch.randn(12, 2, 7, 5), torch.arange(12) // 4
    at = torch.tensor(shard(range(12), machine.rank, machine.n_processes))
    batch = Batch(frames[at], torch.ones(len(at), 7, dtype=torch.bool), labels[at])
    asked = Decoding(llm, question.prompt_tokens, question.answers), LossOptions(reduction="sum")
    losses = machine.backward(prepared, lambda: losses_of(prepared, batch, *asked))
    if machine.is_main:
        print(json.dumps({
            "losses": {name: float(value.detach()) for name, value in losses.items()},
            "gradients": [p.grad.flatten().tolist() for p in network.parameters()],
        }))
"""


def test_two_processes_give_the_loss_and_gradient_of_one():
    """Else the pairs of Eq 1, and with them the model, would depend on how many GPUs there are."""
    alone, two = run_processes(TWO, 1), run_processes(TWO, 2)
    assert two["losses"] == pytest.approx(alone["losses"], rel=1e-5)
    for single, double in zip(alone["gradients"], two["gradients"], strict=True):
        scale = max(map(abs, single))
        assert double == pytest.approx(single, rel=1e-3, abs=1e-5 * scale + 1e-7)


# Two stages


def test_stage_2_goes_on_from_stage_1(tmp_path):
    """Else the second stage would begin at random; that the manifest keeps the first is of
    test_training.py.
    """
    _, first = trained(tmp_path, "first", num_queries=5)
    manifest(first, "iemocap", clips=("key-1",))
    out = tmp_path / "second"
    out.mkdir()
    stage_2 = MserLlm(
        MserLlmOptions(**{**QUICK, "steps": 1, "learning_rate": 1e-9}, stage=2, init=str(first))
    )
    stage_2.fit(items(first=36), [], out)
    manifest(out, "m5ser", clips=("key-2",))
    model = MserLlm(weights=out)
    assert model.settings.num_queries == 5, "the architecture is that of stage 1"

    with (
        safe_open(first / "model.safetensors", "pt") as a,
        safe_open(out / "model.safetensors", "pt") as b,
    ):
        for name in a.keys():  # noqa: SIM118 - no mapping
            torch.testing.assert_close(a.get_tensor(name), b.get_tensor(name), atol=1e-4, rtol=1e-3)

    third = tmp_path / "third"
    third.mkdir()
    MserLlm(MserLlmOptions(**{**QUICK, "steps": 1}, init=str(out))).fit(items(), [], third)
    assert str(tmp_path) not in (third / "model.json").read_text(), (
        "a place on this machine is no part of the weights"
    )


def test_stage_2_needs_stage_1_and_keeps_its_structure(tmp_path, ready):
    with pytest.raises(UsageError, match="stage 2 goes on from stage 1"):
        MserLlm(MserLlmOptions(**QUICK, stage=2)).fit(items(), [], tmp_path)

    first = manifest(copied(ready, tmp_path / "first"), "iemocap")
    with pytest.raises(UsageError, match="have num_queries=4, but 9 was asked for"):
        MserLlm(MserLlmOptions(**QUICK, stage=2, init=str(first), num_queries=9)).fit(
            items(), [], tmp_path / "w"
        )

    with pytest.raises(DataError, match="have no manifest"):
        MserLlm(MserLlmOptions(**QUICK, stage=2, init=str(ready))).fit(items(), [], tmp_path / "w")

    assert resolve(MserLlmOptions(preset="paper", stage=2)).batch_languages == 2


# Weights


def test_weights_hold_the_connector_alone(ready):
    """A checkpoint of 16 GB, or of gated weights that must not be handed on, would be useless to
    others.
    """
    with safe_open(ready / "model.safetensors", "pt") as file:
        names = set(file.keys())

    assert all(name.startswith("connector.") for name in names)
    settings = resolve(MserLlmOptions(**QUICK))
    network = assembly.network_of(assembly.open_parts(settings), settings)
    assert names == set(network.state_dict())


def test_weights_of_half_the_size_say_the_same(tmp_path):
    model, half = trained(tmp_path, "half", steps=10, stored="float16")
    full, whole = trained(tmp_path, "whole", steps=10, stored="float32")
    heard = [clip(i) for i in range(6)]
    np.testing.assert_allclose(model.predict(heard, LABELS), full.predict(heard, LABELS), atol=5e-3)
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (half, whole)]
    assert sizes[0] < 0.6 * sizes[1]


def make_part(role: str, folder: Path, seed: int) -> Path:
    folder.mkdir()
    tiny_parts.make(role, folder, seed)
    return folder


@pytest.mark.parametrize(("role", "option"), [("whisper", "encoder"), ("llama", "language_model")])
def test_other_frozen_parts_are_refused_and_the_same_elsewhere_are_not(
    tmp_path, ready, role, option
):
    """Scores by another LLM or on another encoder's frames would be noise that looks like a
    result.
    """
    same = make_part(role, tmp_path / "same", seed=0)
    assert MserLlm(MserLlmOptions(**{option: str(same)}), ready).labels == tuple(LABELS)
    different = make_part(role, tmp_path / "other", seed=1)

    with pytest.raises(UsageError, match=f"stand on {option} 'tiny'"):
        MserLlm(MserLlmOptions(**{option: str(different)}), ready)


def test_bert_is_not_needed_to_score(ready, monkeypatch):
    """What it gave is in the weights: a fresh machine need not fetch it."""
    roles = []
    folder_of = parts.folder_of
    monkeypatch.setattr(
        parts, "folder_of", lambda name, role: roles.append(role) or folder_of(name, role)
    )
    MserLlm(weights=ready)
    assert sorted(roles) == ["llama", "whisper"]


def test_options_that_differ_from_the_weights_are_refused_but_asking_is_free(tmp_path):
    model, out = trained(tmp_path, steps=2)
    heard = [clip(1), clip(2)]
    reworded = MserLlm(MserLlmOptions(prompt="Emotion:"), out)
    assert (reworded.predict(heard, LABELS) != model.predict(heard, LABELS)).all()
    assert reworded.question(LABELS).record()["sha256"] != model.question(LABELS).record()["sha256"]

    with pytest.raises(UsageError, match=r"trained with margin=0\.0, but 0\.2 was asked for"):
        MserLlm(MserLlmOptions(margin=0.2), out)


def test_frozen_parts_may_be_rounded_in_scoring(tmp_path):
    """Half the memory for the same answer but for rounding; frames of one precision are not read as
    the other's.
    """
    model, out = trained(tmp_path, steps=2)
    heard = [clip(1), clip(2)]
    exact = model.predict(heard, LABELS)

    for option in ("encoder_precision", "language_precision"):
        coarse = MserLlm(MserLlmOptions(**{option: "bfloat16"}), out)
        assert 0 < np.abs(coarse.predict(heard, LABELS) - exact).max() < 0.2, option

    assert model._loaded()[1].feeder.frames.encoder.name == "tiny-trimmed"
    rounded = MserLlm(MserLlmOptions(encoder_precision="bfloat16"), out)
    assert rounded._loaded()[1].feeder.frames.encoder.name == "tiny-trimmed-bfloat16"
    np.testing.assert_array_equal(MserLlm(weights=out).predict(heard, LABELS), exact)


def test_parts_that_are_not_there_are_told_in_a_sentence(tmp_path):
    with pytest.raises(UnknownName, match="language_model 'smollm' is not known"):
        assembly.open_parts(Settings(encoder="tiny", language_model="smollm"))

    with pytest.raises(DataError, match="mserbench weights get llama-3-8b"):
        assembly.open_parts(Settings(encoder="tiny"))

    with pytest.raises(UsageError, match=r"is no Whisper: its folder holds no dims\.json"):
        assembly.open_parts(Settings(encoder=str(make_part("bert", tmp_path / "bert", 0))))


# What it says of itself


def test_exposure_is_that_of_all_parts():
    """Whisper heard Persian and SmolLM2 read English: neither may be lost, nor unknown folders pass
    as known.
    """
    card = MserLlm(MserLlmOptions(preset="mini")).card
    assert card.exposure_complete
    assert {exposure.kind for exposure in card.exposure} == {"speech", "text"}
    assert len(card.exposure) >= 3
    assert MserLlm(MserLlmOptions(preset="tiny")).card.exposure == ()
    assert not MserLlm(MserLlmOptions(preset="tiny", bert=".")).card.exposure_complete


def test_it_passes_the_kit(tmp_path):
    """What every model must keep to, and what a stranger's program relies on."""
    _, out = trained(tmp_path, steps=10)
    assert_model(MserLlm, manifest(out, "corpus"))


# Settings


def test_the_paper_preset_holds_the_published_values():
    """Else `--option preset=paper` would train something else under its name."""
    paper = PRESETS["paper"]
    assert paper == Settings()
    assert (paper.learning_rate, paper.weight_decay, paper.num_queries) == (1e-5, 1e-6, 256)
    assert (paper.layers, paper.bert, paper.language_model) == (
        "last",
        "bert-base-uncased",
        "llama-3-8b",
    )
    assert (paper.hidden_size, paper.qformer_layers, paper.cross_frequency) == (768, 12, 2)


def test_every_setting_is_an_option():
    """A choice that is not told cannot be judged."""
    names = {field.name for field in fields(Settings)}
    assert {field.name for field in fields(MserLlmOptions)} == names | {"preset"}
    assert set(weights_folder.STRUCTURE) | weights_folder.PLACES | weights_folder.ASKING <= names


def test_given_settings_win_over_the_preset():
    options = make_options(MserLlm, {"preset": "tiny", "stage": "2", "margin": "0.5"}, "mser-llm")
    assert (resolve(options).stage, resolve(options).margin, resolve(options).encoder) == (
        2,
        0.5,
        "tiny",
    )
    assert resolve(MserLlmOptions()) == PRESETS["mini"]
    assert presets.given(options) == {"stage": 2, "margin": 0.5}


def test_no_bert_can_be_asked_for_over_a_preset_that_has_one():
    """The word "none" was read as an option that is not given, and BERT was taken all the same."""
    options = make_options(
        MserLlm, {"preset": "mini", "bert": "none", "margin": "none"}, "mser-llm"
    )
    assert PRESETS["mini"].bert != "none"
    assert resolve(options) == replace(PRESETS["mini"], bert="none")


WRONG = [
    {"margin": 2.0}, {"same_weight": -1.0}, {"dropout": 1.0}, {"steps": 0}, {"held_out": 1.0},
    {"num_queries": 0},
    {"hidden_size": 770}, {"reduce": 0},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        replace(Settings(), **wrong)


def test_tiny_parts_are_the_same_wherever_they_are_made(tmp_path):
    """Else weights of one machine would be refused on another."""
    state = torch.random.get_rng_state()
    for role in ("whisper", "bert", "llama"):
        first, two = (
            make_part(role, tmp_path / f"{role}1", 0),
            make_part(role, tmp_path / f"{role}2", 0),
        )
        assert parts.language_version("tiny", first) == parts.language_version("tiny", two)
        assert tiny_parts.tiny_folder(role) == tiny_parts.tiny_folder(role)

    assert torch.equal(torch.random.get_rng_state(), state)
