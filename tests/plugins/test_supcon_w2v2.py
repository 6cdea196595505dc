"""supcon-w2v2: the network of the paper, its options, weights that are checked, and training that
learns.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")
pytest.importorskip("peft")

from made_clips import LABELS, clip, items  # noqa: E402

from mserbench import train  # noqa: E402
from mserbench.errors import ModelError, UsageError  # noqa: E402
from mserbench.options import make_options  # noqa: E402
from mserbench.testing import assert_model  # noqa: E402
from mserbench_supcon_w2v2 import assembly, backbones, feeding, inside  # noqa: E402
from mserbench_supcon_w2v2.model import SupconW2V2  # noqa: E402
from mserbench_supcon_w2v2.network import Batch, LossOptions, Network, total_loss  # noqa: E402
from mserbench_supcon_w2v2.settings import PRESETS, Settings, SupconOptions, resolve  # noqa: E402
from mserbench_training.encoders.base import parse_layers  # noqa: E402
from mserbench_training.encoders.logmel import LogMelEncoder  # noqa: E402
from mserbench_training.encoders.wav2vec import Wav2VecModel  # noqa: E402
from mserbench_training.frames.computed import Frames, statistics  # noqa: E402
from mserbench_training.frames.loudness import WithLoudness  # noqa: E402

QUICK = {"preset": "tiny", "steps": 25, "evaluate_every": 5, "batch_emotions": 3, "reduce": 2}
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "conv_dim": [16] * 7,
}  # fmt: skip


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def save_wav2vec(folder: Path, norm: str = "group") -> Path:
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        **SMALL, feat_extract_norm=norm, do_stable_layer_norm=norm == "layer"
    )
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)

    return folder


def trained(tmp_path: Path, name: str = "w", **changes: object) -> tuple[SupconW2V2, Path]:
    out = tmp_path / name
    out.mkdir()
    options = SupconOptions(**{**QUICK, **changes})
    SupconW2V2(options).fit(items(), [], out)

    return SupconW2V2(weights=out), out


# Training and weights


def test_training_separates_what_can_be_separated(tmp_path):
    """Else encoder, losses or loop lose what the clips differ by."""
    model, out = trained(tmp_path)
    scores = model.predict([clip(i) for i in range(60, 90)], LABELS)
    assert (scores.argmax(axis=1) == np.arange(60, 90) % 3).mean() > 0.8
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    record = json.loads((out / "model.json").read_text())
    assert record["outcome"]["best"] > 0.6
    assert record["held_out"], "some speakers were kept to stop by"
    assert not set(out.iterdir()) - {
        out / name for name in ("model.json", "model.safetensors", "training.csv")
    }


@pytest.mark.parametrize("adaptation", ["weighted", "adapter", "clip", "convolution"])
@pytest.mark.parametrize(("norm", "pooling"), [("group", "mean"), ("layer", "mean+loud")])
def test_a_wav2vec_folder_serves_as_frozen_encoder(tmp_path, adaptation, norm, pooling):
    encoder = str(save_wav2vec(tmp_path / "encoder", norm))
    model, _ = trained(
        tmp_path,
        encoder=encoder,
        layers="all",
        adaptation=adaptation,
        pooling=pooling,
        reduce=1,
        steps=4,
    )
    clips = [clip(i, 0.3 + 0.1 * i) for i in range(5)]
    together, alone = (
        model.predict(clips, LABELS),
        np.vstack([model.predict([clip_alone], LABELS) for clip_alone in clips]),
    )
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_parts_inside_wav2vec_are_trained_saved_and_loaded(tmp_path, norm):
    """The paper's way; what lies inside the encoder must survive the weights folder, and nothing
    else be in it.
    """
    encoder = str(save_wav2vec(tmp_path / "encoder", norm))
    model, out = trained(
        tmp_path, encoder=encoder, adaptation="inside", steps=6, evaluate_every=3, length_step=0.1
    )
    assert (out / "model.safetensors").stat().st_size < 200_000
    clips = [clip(i, 0.3 + 0.1 * i) for i in range(5)]
    together, alone = (
        model.predict(clips, LABELS),
        np.vstack([model.predict([clip_alone], LABELS) for clip_alone in clips]),
    )
    np.testing.assert_allclose(together, alone, atol=1e-5)
    network, _ = model._loaded()
    moved = [
        p
        for name, p in network.named_parameters()
        if "lora_B" in name or name.endswith("up.weight")
    ]
    assert len(moved) == 2 * (6 + 1)
    assert all(bool(p.any()) for p in moved), "each part inside the encoder has learnt something"
    assert not model.card.exposure_complete, "of a folder of somebody's own nothing is known"


def test_another_encoder_under_the_weights_is_refused(tmp_path):
    """Scores on another encoder's frames would be noise that looks like a result."""
    encoder = save_wav2vec(tmp_path / "encoder")
    _, out = trained(tmp_path, encoder=str(encoder), adaptation="weighted", layers="all", steps=2)
    moved = encoder.rename(tmp_path / "moved")
    assert SupconW2V2(SupconOptions(encoder=str(moved)), out).labels == tuple(LABELS)
    save_wav2vec(moved, norm="layer")

    with pytest.raises(UsageError, match="stand on encoder"):
        SupconW2V2(SupconOptions(encoder=str(moved)), out)


def test_options_that_differ_from_the_weights_are_refused(tmp_path):
    _, out = trained(tmp_path, steps=2)
    assert SupconW2V2(SupconOptions(steps=2), out).settings.steps == 2
    with pytest.raises(UsageError, match=r"trained with temperature=0\.07, but 0\.2 was asked for"):
        SupconW2V2(SupconOptions(temperature=0.2), out)


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Weights that a test may copy and damage."""
    folder = tmp_path_factory.mktemp("ready")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSERBENCH_CACHE", str(folder / "cache"))
        return trained(folder, steps=2)[1]


def test_labels_never_trained_get_nothing_and_alone_are_an_error(ready):
    model = SupconW2V2(weights=ready)
    scores = model.predict([clip(1), clip(2)], ["sad", "boredom", "neutral"])
    assert (scores[:, 1] == 0).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1)

    with pytest.raises(ModelError, match="none of those asked for"):
        model.predict([clip(1)], ["boredom"])


def test_it_passes_the_kit_and_trains_through_the_harness(tmp_path, no_settings):
    """What a user types, and what every model must keep to."""
    options = {"preset": "tiny", "steps": "10", "evaluate_every": "5"}
    folder = train("supcon-w2v2", ["emodb-sample"], tmp_path / "w", options=options)
    assert_model("supcon-w2v2", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["options"]["preset"] == "tiny"
    assert set(manifest["files"]) == {"model.json", "model.safetensors", "training.csv"}


# Settings


def test_the_paper_preset_holds_the_published_values():
    """Else `--option preset=paper` would train something else under its name."""
    paper = PRESETS["paper"]
    assert (paper.alpha, paper.beta, paper.cross_language_weight) == (1.0, 0.3, 2.5)
    assert (paper.batch_languages, paper.batch_emotions, paper.batch_samples) == (3, 4, 3)
    assert (paper.layers, paper.adaptation, paper.lora_rank, paper.adapter_width) == (
        "last",
        "inside",
        8,
        48,
    )


def test_every_setting_is_an_option():
    """A choice that is not told cannot be judged."""
    names = {field.name for field in fields(Settings)}
    assert {field.name for field in fields(SupconOptions)} == names | {"preset"}


def test_given_settings_win_over_the_preset():
    options = make_options(
        SupconW2V2, {"preset": "tiny", "beta": "0", "gate": "false"}, "supcon-w2v2"
    )
    assert resolve(options).beta == 0
    assert resolve(options).gate is False
    assert resolve(options).encoder == "logmel"
    assert resolve(SupconOptions()) == PRESETS["small"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.0},
        {"beta": -1.0},
        {"dropout": 1.0},
        {"steps": 0},
        {"held_out": 1.0},
        {"reduce": 0},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        SupconW2V2(SupconOptions(**wrong))


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("last", (5,)),
        ("all", (0, 1, 2, 3, 4, 5)),
        ("2", (2,)),
        ("1-3", (1, 2, 3)),
        ("0,4-5", (0, 4, 5)),
    ],
)
def test_layers_are_read(text, layers):
    assert parse_layers(text, 6, "e") == layers


@pytest.mark.parametrize("text", ["6", "first", "", "1-", "-1"])
def test_layers_that_are_none_are_refused(text):
    with pytest.raises(UsageError, match=r"option layers|layers \["):
        parse_layers(text, 6, "e")


def test_parts_inside_need_an_encoder_that_has_an_inside():
    with pytest.raises(UsageError, match="adaptation=adapter"):
        assembly.build(Settings(encoder="logmel"))


# The network


def test_the_trio_has_the_published_size_and_starts_as_the_frozen_model(tmp_path):
    """LoRA 8 on six projections, bottleneck and gate in each block; all else is frozen."""
    model = Wav2VecModel.from_folder(save_wav2vec(tmp_path / "m"))
    hear = [model.input(clip(1).load())]
    before = model(hear, [2])[0]
    inside.adapt(model, rank=8, width=5, gate_start=None)
    after = model(hear, [2])[0]
    torch.testing.assert_close(after, before)
    lora = 8 * (4 * (32 + 32) + 2 * (32 + 64))
    bottleneck = 32 * 5 + 5 + 5 * 32 + 32
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 2 * (lora + bottleneck)


def test_the_gate_multiplies_the_input_of_each_block_by_its_sigmoid(tmp_path):
    model = Wav2VecModel.from_folder(save_wav2vec(tmp_path / "m"))
    inside.adapt(model, gate_start=1.0)
    block = model.module.encoder.layers[0]
    x = torch.randn(1, 4, 32)
    ungated = Wav2VecModel.from_folder(tmp_path / "m").module.encoder.layers[0]
    torch.testing.assert_close(block(x), ungated(x / (1 + math.exp(-1))), atol=1e-5, rtol=1e-5)


def test_the_layer_below_a_gate_is_kept_without_it(tmp_path):
    """A mix of layers is one of the blocks' outputs, not of what the next block makes of them."""
    model = Wav2VecModel.from_folder(save_wav2vec(tmp_path / "m"))
    hear = [model.input(clip(1).load())]
    before = model(hear, [0])[0]
    inside.adapt(model, gate_start=1.0)
    torch.testing.assert_close(model(hear, [0])[0], before)


def test_lora_in_wavlm_only_goes_where_it_is_called(tmp_path):
    """WavLM reads its projections' weights without calling them: LoRA there would never learn."""
    torch.manual_seed(0)
    transformers.WavLMModel(transformers.WavLMConfig(**SMALL)).save_pretrained(tmp_path / "m")
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "m")
    model = Wav2VecModel.from_folder(tmp_path / "m")
    inside.adapt(model)
    model([model.input(clip(1).load())], [2])[0].sum().backward()
    learnt = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert not [name for name in learnt if "attention" in name]
    assert not [name for name, p in learnt.items() if p.grad is None]


def network(n_speakers: int = 5) -> tuple[Network, Batch]:
    torch.manual_seed(0)
    net = Network(
        backbones.FrameBackbone(2, 6, "adapter", 3), 4, n_speakers, hidden=8, speaker_dropout=0.0
    )
    codes = torch.arange(12)
    mask = torch.arange(9) < torch.randint(2, 10, (12, 1))

    return net, Batch(torch.randn(12, 2, 9, 6), mask, (), codes % 4, codes % 3, codes % 5)


def test_the_total_is_equation_12():
    net, batch = network()
    losses = total_loss(net, batch, LossOptions(alpha=0.7, beta=0.2))
    parts = losses["emotion"] + 0.7 * losses["contrastive"] + 0.2 * losses["speaker"]
    torch.testing.assert_close(losses["total"], parts)


def test_the_speaker_loss_pushes_the_encoder_the_other_way_and_the_classifier_its_own():
    """With the sign lost, the model would learn who speaks."""
    gradients = {}
    for strength in (1.0, 0.5, -1.0):  # -1 undoes the reversal
        net, batch = network()
        total_loss(net, batch, LossOptions(strength=strength))["speaker"].backward()
        gradients[strength] = (net.backbone.mix.weights.grad, net.speaker[0].weight.grad)

    torch.testing.assert_close(gradients[1.0][0], -gradients[-1.0][0])
    torch.testing.assert_close(gradients[0.5][0], 0.5 * gradients[1.0][0])
    torch.testing.assert_close(gradients[1.0][1], gradients[-1.0][1])


def test_a_rising_reversal_begins_with_nothing():
    net, batch = network()
    total_loss(net, batch, LossOptions(rising=True), progress=0.0)["speaker"].backward()
    assert not net.backbone.mix.weights.grad.any()


def test_parts_without_weight_are_left_out():
    """The ablations: without the contrastive loss, without the adversary."""
    net, batch = network(n_speakers=0)
    assert net.speaker is None
    assert set(total_loss(net, batch, LossOptions(alpha=0.0))) == {"emotion", "total"}


@pytest.mark.parametrize("pooling", ["mean", "loud", "mean+loud"])
def test_padding_changes_no_vector(pooling):
    """Scores must not depend on how long the longest clip of a batch is."""
    frames, mask = torch.rand(3, 2, 9, 7), torch.arange(9) < torch.tensor([[9], [4], [1]])
    frames = frames * mask[:, None, :, None]
    frames = frames[..., :-1] if pooling == "mean" else frames

    for adaptation in ("adapter", "clip", "convolution", "weighted"):
        torch.manual_seed(0)
        backbone = backbones.FrameBackbone(2, 6, adaptation, 3, pooling).eval()
        backbone.centre += 3.0
        together = backbone(frames, mask)

        for i, n in enumerate((9, 4, 1)):
            alone = backbone(frames[i : i + 1, :, :n], mask[i : i + 1, :n])
            torch.testing.assert_close(together[i : i + 1], alone, atol=1e-5, rtol=1e-5)


def test_pooling_is_the_mean_over_true_frames():
    frames, mask = (
        torch.randn(2, 5, 3),
        torch.tensor([[True] * 5, [True, True, False, False, False]]),
    )
    pooled = backbones.mean_over_frames(frames, mask)
    torch.testing.assert_close(pooled, torch.stack([frames[0].mean(0), frames[1, :2].mean(0)]))


def test_pooling_loud_frames_is_their_mean_and_that_of_all_where_none_is():
    """Else pauses and room noise count as much as the voice, or a quiet stretch becomes no
    number.
    """
    frames, mask = (
        torch.randn(2, 5, 3),
        torch.tensor([[True] * 5, [True, True, False, False, False]]),
    )
    loud = torch.tensor([[0.0, 1, 0, 0.5, 0], [0, 0, 0, 0, 0]])
    pooled = backbones.mean_over_loud(frames, mask, loud)
    weighted = (frames[0, 1] + 0.5 * frames[0, 3]) / 1.5
    torch.testing.assert_close(pooled, torch.stack([weighted, frames[1, :2].mean(0)]))


# What it is fed


def test_frames_say_which_of_them_are_loud():
    """A second of noise after one 30 dB below: the first half is quiet at 20 dB, and not at 36."""
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    noise[:16_000] *= 10 ** (-30 / 20)
    for decibels, share in ((20.0, 0.0), (36.0, 1.0)):
        encoder = WithLoudness(LogMelEncoder(), decibels)
        (heard,) = encoder.frames([noise], [0])
        assert heard.shape == (1, 201, 81)
        assert heard[0, 2:98, -1].mean() == share
        assert heard[0, 102:198, -1].mean() == 1
        np.testing.assert_array_equal(heard[..., :-1], LogMelEncoder().frames([noise], [0])[0])


def feeder(hold: int, **changes: object) -> feeding.FrameFeeder:
    settings = Settings(
        **{"encoder": "logmel", "adaptation": "clip", "crop_seconds": 0.3, **changes}
    )
    return feeding.FrameFeeder(Frames(LogMelEncoder(), [0]), settings, hold)


def test_frames_held_in_memory_are_those_read_from_disk():
    """Holding is for speed alone: where the bound falls must not show in a result."""
    clips = [clip(i) for i in range(6)]
    frames_a_clip = clips[0].load().size // 160 + 1
    for hold in (0, 2 * 160 * frames_a_clip, 2**20):
        holding, read = feeder(hold), feeder(0)
        for epoch in (None, 0, 1):
            for _ in range(2):
                for from_memory, expected in zip(
                    holding.heard(clips, epoch)[:2], read.heard(clips, epoch)[:2], strict=True
                ):
                    assert torch.equal(from_memory, expected)


def test_memory_stops_growing_at_the_bound(monkeypatch):
    """A corpus larger than memory must still train: what is beyond the bound is read each time."""
    clips, clip_counts = [clip(i) for i in range(6)], []
    small = feeder(2 * 160 * 41 + 1)  # room for two clips of 41 frames
    of = small.frames.of
    monkeypatch.setattr(
        small.frames,
        "of",
        lambda clips, copies=None: clip_counts.append(len(clips)) or of(clips, copies),
    )

    for _ in range(3):
        small.heard(clips, None)

    assert clip_counts == [6, 4, 4]
    assert sum(array.nbytes for array in small._held.values()) == 2 * 160 * 41


def test_hiding_parts_of_frames_leaves_their_loudness():
    heard = feeder(0, mask_width=81, mask_seconds=0.2, pooling="loud")
    heard.frames, heard._told = Frames(WithLoudness(LogMelEncoder(), 20.0), [0]), 1
    plain = feeder(0, pooling="loud")
    plain.frames = heard.frames
    plain_frames, hidden = (fed.heard([clip(1)], 0)[0] for fed in (plain, heard))
    assert torch.equal(plain_frames[..., -1], hidden[..., -1])
    assert not torch.equal(plain_frames, hidden)


def test_clips_are_standardised_by_their_own_means():
    """With "clips", h of the sources has mean 0 and deviation 1 before anything is learnt."""
    clips = [clip(i) for i in range(8)]
    fed = feeder(0, reduce=1)
    means = np.stack([views[0].astype(np.float64).mean(axis=0) for views in fed.read(clips)])
    centre, spread = statistics(fed.read, clips, "clips", 80)
    np.testing.assert_allclose(centre[0], means.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(spread[0], means.std(axis=0), rtol=1e-3)
    frames = np.concatenate([views[0].astype(np.float64) for views in fed.read(clips)])
    centre, spread = statistics(fed.read, clips, "frames", 80)
    np.testing.assert_allclose(centre[0], frames.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(spread[0], frames.std(axis=0), rtol=1e-3)
