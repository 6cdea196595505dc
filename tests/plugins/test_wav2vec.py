"""wav2vec 2.0, HuBERT and WavLM: frames equal transformers' own, alone and in batches, on models
saved by it.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from mserbench.errors import DataError, UnknownName, UsageError  # noqa: E402
from mserbench_training.encoders import named  # noqa: E402
from mserbench_training.encoders.wav2vec import Wav2VecEncoder, Wav2VecModel  # noqa: E402

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "conv_dim": [16] * 7,
}  # fmt: skip
KINDS = {
    "wav2vec2 base": (
        transformers.Wav2Vec2Config,
        transformers.Wav2Vec2Model,
        {"feat_extract_norm": "group"},
    ),
    "wav2vec2 large": (
        transformers.Wav2Vec2Config,
        transformers.Wav2Vec2Model,
        {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True},
    ),
    "hubert base": (
        transformers.HubertConfig,
        transformers.HubertModel,
        {"feat_extract_norm": "group"},
    ),
    "wavlm base": (
        transformers.WavLMConfig,
        transformers.WavLMModel,
        {"feat_extract_norm": "group"},
    ),
    "wavlm large": (
        transformers.WavLMConfig,
        transformers.WavLMModel,
        {"feat_extract_norm": "layer", "do_stable_layer_norm": True},
    ),
}
SECONDS = (0.9, 0.4, 0.9, 0.031, 0.6, 0.4)


def wave(number: int, seconds: float) -> np.ndarray:
    draw = np.random.default_rng(number)
    return (0.2 * draw.normal(size=round(16_000 * seconds)) + 0.05).clip(-1, 1).astype(np.float32)


WAVES = [wave(i, seconds) for i, seconds in enumerate(SECONDS)]


def save(folder: Path, kind: str, normalise: bool = True) -> Path:
    """Save a random model as transformers does."""
    config, model, changes = KINDS[kind]
    torch.manual_seed(0)
    model(config(**SMALL, **changes)).save_pretrained(folder)
    extractor = transformers.Wav2Vec2FeatureExtractor(
        do_normalize=normalise, return_attention_mask=False
    )
    extractor.save_pretrained(folder)

    return folder


@pytest.fixture(params=KINDS)
def folder(request, tmp_path):
    return save(tmp_path / "model", request.param)


def reference(folder: Path) -> list[list[np.ndarray]]:
    """Return what transformers gives for each clip by itself: the hidden states, the last of them
    normalised.
    """
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    frames = []

    for waveform in WAVES:
        inputs = extractor(waveform, sampling_rate=16_000, return_tensors="pt").input_values
        with torch.no_grad():
            output = model(inputs, output_hidden_states=True)

        states = [*output.hidden_states[:-1], output.last_hidden_state]
        frames.append([state[0].numpy() for state in states])

    return frames


@pytest.mark.parametrize("normalise", [True, False])
def test_frames_are_those_of_transformers_alone_and_in_batches(folder, normalise):
    """Else results would not be those of the published encoder, or depend on the clips beside
    one.
    """
    extractor = transformers.Wav2Vec2FeatureExtractor(
        do_normalize=normalise, return_attention_mask=False
    )
    extractor.save_pretrained(folder)
    encoder = Wav2VecEncoder.from_folder(folder, "tiny")
    together = encoder.frames(WAVES, range(encoder.layers))

    for waveform, frames, expected in zip(WAVES, together, reference(folder), strict=True):
        assert frames.shape == (4, len(expected[0]), 32)
        np.testing.assert_allclose(frames, expected, atol=2e-5)
        np.testing.assert_allclose(encoder.frames([waveform], range(4))[0], frames, atol=2e-5)


def test_layers_are_given_in_the_order_asked_for(folder):
    encoder = Wav2VecEncoder.from_folder(folder, "tiny")
    every = encoder.frames(WAVES[:2], [0, 1, 2, 3])
    two_layers = encoder.frames(WAVES[:2], [3, 1])

    for whole, part in zip(every, two_layers, strict=True):
        np.testing.assert_array_equal(part, whole[[3, 1]])

    for wrong in ([4], [-1], []):
        with pytest.raises(UsageError, match="has the layers 0 to 3"):
            encoder.frames(WAVES, wrong)


def test_blocks_that_nobody_asked_for_are_not_computed(folder):
    """The middle layers carry emotion: the upper half would be computed for nothing."""
    model = Wav2VecModel.from_folder(folder)
    ran = []
    for number, block in enumerate(model.module.encoder.layers):
        block.register_forward_hook(lambda *_, number=number: ran.append(number))

    for layers, expected in (([0], []), ([2, 1], [0, 1]), ([3], [0, 1, 2])):
        ran.clear()
        model([model.input(WAVES[0])], layers)
        assert ran == expected


def test_threads_may_share_an_encoder(folder):
    """Frames are computed by a thread a core: one clip's layers must not become another's."""
    encoder = Wav2VecEncoder.from_folder(folder, "tiny")
    alone = [encoder.frames([waveform], [0, 2, 3])[0] for waveform in WAVES]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            together = pool.map(lambda waveform: encoder.frames([waveform], [0, 2, 3])[0], WAVES)
            for frames, expected in zip(together, alone, strict=True):
                np.testing.assert_allclose(frames, expected, atol=1e-5)


def test_group_norm_models_only_hear_clips_of_equal_length_together(tmp_path):
    """Padding goes into the statistics of a group norm, with a mask or without."""
    model = Wav2VecModel.from_folder(save(tmp_path / "m", "wav2vec2 base"))
    lengths = [len(waveform) for waveform in WAVES]
    assert sorted(map(sorted, model.groups(lengths))) == [[0, 2], [1, 5], [3], [4]]

    with pytest.raises(ValueError, match="equal length"):
        model([model.input(waveform) for waveform in WAVES[:2]], [3])

    masking = Wav2VecModel.from_folder(save(tmp_path / "n", "wav2vec2 large"))
    assert sorted(masking.groups(lengths)[0]) == [0, 1, 2, 3, 4, 5]
    assert sorted(i for group in masking.groups(lengths, max_seconds=1.0) for i in group) == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]


def test_training_mode_drops_no_layer_and_masks_nothing(folder):
    """Two passes would differ, and clips below 0.2 s would raise."""
    model = Wav2VecModel.from_folder(folder)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0

    for name in ("attention_dropout", "feat_proj_dropout", "hidden_dropout", "activation_dropout"):
        setattr(model.config, name, 0.0)

    for module in model.modules():
        if isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.0

    model.train()
    inputs = [model.input(WAVES[3])]
    first, second = (model(inputs, [3])[0] for _ in range(2))
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(model.eval()(inputs, [3])[0], first)


@pytest.mark.parametrize("n", [1, 399, 400, 401, 719, 720, 16_000])
def test_every_clip_has_a_frame(folder, n):
    """400 samples give the first one; 16,000 give 49."""
    encoder = Wav2VecEncoder.from_folder(folder, "tiny")
    (frames,) = encoder.frames([wave(1, 1.0)[:n]], [3])
    assert frames.shape[1] == {1: 1, 399: 1, 400: 1, 401: 1, 719: 1, 720: 2, 16_000: 49}[n]
    assert np.isfinite(frames).all()
    assert encoder.frame_seconds == 0.02


def test_silence_gives_numbers(folder):
    assert np.isfinite(
        Wav2VecEncoder.from_folder(folder, "tiny").frames([np.zeros(8_000, np.float32)], [3])[0]
    ).all()


def test_the_version_tells_weights_and_normalising_apart(tmp_path):
    """The cache of frames rests on it."""
    folder = save(tmp_path / "m", "wav2vec2 base")
    versions = {Wav2VecEncoder.from_folder(folder, "tiny").version}
    assert Wav2VecEncoder.from_folder(folder, "other").version in versions
    save(folder, "wav2vec2 base", normalise=False)
    versions.add(Wav2VecEncoder.from_folder(folder, "tiny").version)
    model = transformers.AutoModel.from_pretrained(folder)

    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 0.5

    model.save_pretrained(folder)
    versions.add(Wav2VecEncoder.from_folder(folder, "tiny").version)
    assert len(versions) == 3


# Folders that are none


def edit(name, **changes):
    def apply(folder: Path) -> None:
        record = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**record, **changes}))

    return apply


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "cannot be loaded",
        ),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"\x80\x04"),
            "cannot be loaded",
        ),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
        (
            lambda folder: (folder / "preprocessor_config.json").unlink(),
            "which says whether to normalise",
        ),
        (
            lambda folder: (folder / "preprocessor_config.json").write_text("{}"),
            "says nothing of do_normalize",
        ),
        (edit("preprocessor_config.json", sampling_rate=8_000), "sampling_rate 8000"),
        (
            edit("config.json", num_hidden_layers=4),
            r"tensor\(s\) are missing, such as 'encoder.layers.3",
        ),
        (edit("config.json", model_type="bert"), "holds a 'bert'"),
    ],
)
def test_folders_that_are_no_encoder_are_refused_with_a_reason(tmp_path, damage, complaint):
    """A pickle among the weights would run a stranger's code."""
    folder = save(tmp_path / "m", "wav2vec2 base")
    damage(folder)
    with pytest.raises(DataError, match=complaint):
        Wav2VecModel.from_folder(folder)


def test_encoders_are_found_by_name_or_folder(tmp_path):
    folder = save(tmp_path / "m", "hubert base")
    assert named.kind_of(str(folder)) == "wav2vec"
    assert named.open_encoder(str(folder)).dim == 32
    assert named.open_encoder("logmel").dim == 80

    for name in (str(folder), "logmel"):
        with pytest.raises(
            UsageError, match=r"encoder_precision=bfloat16 is for Whisper encoders, and .* is none"
        ):
            named.open_encoder(name, precision="bfloat16")

    assert named.exposure_of(str(folder)) == ((), False), "of somebody's folder nothing is known"
    assert named.exposure_of("logmel") == ((), True)
    with pytest.raises(UnknownName, match=r"encoder 'logmell' is not known; did you mean 'logmel'"):
        named.kind_of("logmell")

    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"neither dims\.json"):
        named.kind_of(str(tmp_path / "empty"))
