"""The frozen Whisper encoder: openai-whisper's own numbers, the same alone and beside others, and
pooled vectors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
whisper = pytest.importorskip("whisper", reason="the extra train is not installed")

from mserbench.data import corpus, dataset  # noqa: E402
from mserbench.data import lookup as data_lookup  # noqa: E402
from mserbench.errors import DataError, UsageError  # noqa: E402
from mserbench.weights import lookup  # noqa: E402
from mserbench_training.encoders import base  # noqa: E402
from mserbench_training.encoders.whisper import WhisperEncoder, fingerprint, n_frames  # noqa: E402
from mserbench_training.encoders.whisper_model import load  # noqa: E402
from mserbench_training.frames import pooled  # noqa: E402
from mserbench_training.frames.computed import Frames  # noqa: E402
from mserbench_training.resources.threads import one_thread_each  # noqa: E402

LENGTHS = (1, 319, 320, 321, 8_000, 33_333)  # samples


def small(blocks: int = 3, seed: int = 0) -> whisper.model.AudioEncoder:
    """A Whisper encoder of random weights, with all 80 bands and 1500 positions but narrow."""
    torch.manual_seed(seed)
    module = whisper.model.AudioEncoder(80, 1500, 16, 2, blocks)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.2)

    return module.eval()


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, n_samples).astype(np.float32)


def official(module: whisper.model.AudioEncoder, waveform: np.ndarray) -> np.ndarray:
    """What openai-whisper gives for a clip padded to 30 s, all 1500 frames."""
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(waveform)))
    with torch.no_grad():
        return module(mel[None])[0].numpy()


@pytest.fixture(scope="module")
def module() -> whisper.model.AudioEncoder:
    return small()


@pytest.fixture(params=["trimmed", "padded"])
def encoder(request, module) -> WhisperEncoder:
    return WhisperEncoder(module, "small", request.param)


def test_padded_frames_are_those_of_openai_whisper(module):
    """Else what is called Whisper here would be another model."""
    padded = WhisperEncoder(module, "small", "padded")
    for waveform in (noise(8_000), noise(480_000)):
        (frames,) = padded.frames([waveform], [padded.layers - 1])
        expected = official(module, waveform)[: n_frames(len(waveform))]
        np.testing.assert_allclose(frames[0], expected, atol=1e-5)


def test_whole_frames_are_those_of_the_silence_too(module):
    """The head of transformers is over them: a mean that left them out would be another model."""
    whole = WhisperEncoder(module, "small", "whole")
    waveforms = [noise(8_000), noise(480_000 + 8_000)]
    first, second = whole.frames(waveforms, [whole.layers - 1])

    np.testing.assert_allclose(first[0], official(module, waveforms[0]), atol=1e-5)
    # Two windows of 30 s, the second one nearly silent.
    assert second.shape[1] == 2 * len(official(module, waveforms[0]))


def test_middle_layers_are_the_outputs_of_the_blocks(module):
    """A layer that is off by one would make every figure that names a layer wrong."""
    outputs: list[np.ndarray] = []
    hooks = [
        block.register_forward_hook(lambda _, __, out: outputs.append(out[0].numpy()))
        for block in module.blocks
    ]
    waveform = noise(480_000)
    official(module, waveform)

    for hook in hooks:
        hook.remove()

    (frames,) = WhisperEncoder(module, "small", "padded").frames([waveform], [2, 0, 1])
    np.testing.assert_allclose(frames, np.stack([outputs[2], outputs[0], outputs[1]]), atol=1e-5)


def test_trimmed_frames_are_those_of_the_clip_alone(module):
    """A clip of whole frames through whisper's own layers, with the positions cut: nothing else may
    be done to it.
    """
    waveform = noise(16_000)
    mel = whisper.log_mel_spectrogram(torch.from_numpy(waveform))
    gelu = torch.nn.functional.gelu

    with torch.no_grad():
        hidden = (
            gelu(module.conv2(gelu(module.conv1(mel[None])))).permute(0, 2, 1)
            + module.positional_embedding[:50]
        )
        for block in module.blocks:
            hidden = block(hidden)

    (frames,) = WhisperEncoder(module, "small").frames([waveform], [2])
    np.testing.assert_allclose(frames[0], hidden[0].numpy(), atol=1e-5)


def test_a_clip_gives_the_same_frames_alone_and_beside_others(encoder):
    """Else a score would depend on which clips happen to be in the batch."""
    clips = [noise(length, seed) for seed, length in enumerate(LENGTHS)]
    together = encoder.frames(clips, [0, 3])
    for waveform, beside in zip(clips, together, strict=True):
        (alone,) = encoder.frames([waveform], [0, 3])
        assert beside.shape == alone.shape == (2, n_frames(len(waveform)), 16)
        np.testing.assert_allclose(beside, alone, rtol=1e-4, atol=1e-5)


def test_bfloat16_hears_the_same_in_half_the_memory():
    """Rounding is all that may change; norms stay float32, as whisper's own code wants them."""
    waveforms = [noise(length, seed) for seed, length in enumerate(LENGTHS)]
    exact, rounded = (
        WhisperEncoder(small(), "small", precision=name) for name in ("float32", "bfloat16")
    )
    for whole, near in zip(
        exact.frames(waveforms, [0, 3]), rounded.frames(waveforms, [0, 3]), strict=True
    ):
        assert near.dtype == np.float32
        assert 0 < np.abs(near - whole).max() < 0.15 * np.abs(whole).max()
        assert np.corrcoef(near.ravel(), whole.ravel())[0, 1] > 0.999

    sizes = {name: tensor.dtype for name, tensor in rounded._module.named_parameters()}
    assert {name for name, dtype in sizes.items() if dtype == torch.float32} == {
        name for name in sizes if "ln" in name
    }


def test_bfloat16_frames_are_the_same_bits_alone_and_beside_others():
    """Rounded sums depend on the shape of a matrix; a cached frame must not depend on who stood
    beside it.
    """
    encoder = WhisperEncoder(small(), "small", precision="bfloat16")
    clips = [noise(length, seed) for seed, length in enumerate(LENGTHS)]
    for waveform, frames in zip(clips, encoder.frames(clips, [0, 3]), strict=True):
        np.testing.assert_array_equal(frames, encoder.frames([waveform], [0, 3])[0])


def test_frames_of_another_precision_are_kept_apart():
    """They are of the same weights, so of the same version; read for one another, a score would
    rest on history.
    """
    exact, rounded = (
        WhisperEncoder(small(), "small", precision=name) for name in ("float32", "bfloat16")
    )
    assert (exact.name, rounded.name) == ("small-trimmed", "small-trimmed-bfloat16"), (
        "and caches of before are good"
    )
    assert exact.version == rounded.version
    assert Frames(exact, [1]).cache.path != Frames(rounded, [1]).cache.path
    features = [pooled.pooled_features(encoder, [1], ["mean"]) for encoder in (exact, rounded)]
    assert features[0].name != features[1].name


def test_long_clips_are_heard_in_windows(encoder):
    """A meeting of an hour must neither fail nor be cut off at 30 s."""
    waveform = noise(480_000 + 20_000)
    (frames,) = encoder.frames([waveform], [1])
    first, second = encoder.frames([waveform[:480_000], waveform[480_000:]], [1])
    assert frames.shape == (1, 1_563, 16)
    np.testing.assert_allclose(
        frames, np.concatenate([first, second], axis=1), rtol=1e-4, atol=1e-5
    )


def test_blocks_above_the_wanted_ones_are_not_computed():
    """They are most of the time; here the upper blocks would fail."""
    module = small()
    for block in list(module.blocks)[1:]:
        block.forward = None
        block.attn = None

    (frames,) = WhisperEncoder(module, "small").frames([noise(3_200)], [0])
    assert frames.shape == (1, 10, 16)


@pytest.mark.parametrize(
    "waveform", [np.zeros(16_000, np.float32), np.zeros(1, np.float32), np.ones(8_000, np.float32)]
)
def test_silence_and_full_scale_give_finite_frames(encoder, waveform):
    assert np.isfinite(encoder.frames([waveform], [3])[0]).all()


def test_the_waveform_is_left_as_it_is(encoder):
    """Other models read the same samples."""
    waveform = noise(5_000)
    waveform.setflags(write=False)
    before = waveform.copy()
    encoder.frames([waveform], [0])
    np.testing.assert_array_equal(waveform, before)


@pytest.mark.parametrize("layers", [[], [4], [-1], [0, 9]])
def test_layers_that_do_not_exist_are_named(encoder, layers):
    with pytest.raises(UsageError, match=r"has the layers 0 to 3"):
        encoder.frames([noise(400)], layers)


def test_the_version_follows_the_weights_and_not_their_file_format(module):
    """Else features of one encoder would be taken from the cache of another, or computed twice."""
    assert WhisperEncoder(small(seed=1), "small").version != WhisperEncoder(module, "small").version
    halved = small().half().float()
    assert fingerprint(halved) == fingerprint(small())


# Batches and pooling


def test_padded_batches_mark_what_is_padding():
    """A mean over padding would depend on the longest clip beside it."""
    frames = [np.ones((2, 3, 4), np.float32), np.ones((2, 1, 4), np.float32)]
    batch, mask = base.padded(frames)
    assert batch.shape == (2, 2, 3, 4)
    np.testing.assert_array_equal(mask, [[True, True, True], [True, False, False]])
    assert batch[1, :, 1:].sum() == 0


def test_pooled_vectors_are_layer_by_layer_pooling_by_pooling():
    """Weights find their features by position alone."""
    frames = np.array([[[1.0], [3.0], [8.0]], [[0.0], [2.0], [4.0]]], dtype=np.float32)
    loudness = np.array([-30.0, -10.0, -31.0])
    np.testing.assert_allclose(pooled.pool(frames, loudness, ["mean", "loud20"]), [4, 2, 2, 1])
    np.testing.assert_allclose(pooled.pool(frames, loudness, ["loud36"]), [4, 2])
    np.testing.assert_allclose(
        pooled.pool(frames, loudness, ["std"]), [np.std([1, 3, 8]), np.std([0, 2, 4])]
    )


def test_the_level_of_a_frame_is_that_of_its_samples():
    """Pauses and their noise are of the room, not of the emotion: what is a pause must be measured
    right.
    """
    samples = np.repeat([1.0, 0.1, 0.01, 0.0], 320).astype(np.float32)
    np.testing.assert_allclose(pooled.loudness_of(samples, 4, 0.02), [0, -20, -40, -200], atol=1e-5)
    np.testing.assert_allclose(
        pooled.loudness_of(samples[:321], 2, 0.02), [0, -25.05 - 20], atol=0.1
    )
    np.testing.assert_allclose(pooled.loudness_of(samples[:1], 1, 0.02), [-25.05], atol=0.1)


def test_pooled_features_name_what_they_are_and_rest_on_the_weights(module):
    """Their name and version are the key of the cache."""
    features = pooled.pooled_features(WhisperEncoder(module, "small"), [1, 2], ["mean", "loud36"])
    assert features.name == "small-trimmed-layer1.2-mean.loud36"
    assert features.dim == 2 * 2 * 16
    assert fingerprint(module)[:16] in features.version
    reseeded = pooled.pooled_features(
        WhisperEncoder(small(seed=1), "small"), [1, 2], ["mean", "loud36"]
    )
    assert reseeded.version != features.version
    vector = features.compute(noise(7_000))
    assert vector.shape == (features.dim,)
    assert np.isfinite(vector).all()


@pytest.mark.parametrize("poolings", [[], ["max"]])
def test_poolings_that_do_not_exist_are_named(module, poolings):
    with pytest.raises(UsageError, match="must be one or more of"):
        pooled.pooled_features(WhisperEncoder(module, "small"), [0], poolings)


def test_workers_compute_on_one_core_each():
    """Two workers with two threads each are slower than two with one."""
    before = torch.get_num_threads()
    with one_thread_each():
        assert torch.get_num_threads() == 1

    assert torch.get_num_threads() == before


# Real weights


@pytest.fixture(scope="module")
def real(pretrained) -> Path:
    """The folder of whisper-base, or skip."""
    try:
        return lookup.folder("whisper-base")
    except DataError:
        pytest.skip("whisper-base is not on this machine: mserbench weights get whisper-base")


@pytest.mark.real
def test_real_clips_give_the_frames_of_openai_whisper(real, real_data):
    """The small random encoder above may hide what real weights and real speech show."""
    module = load(real)
    data = dataset.load(data_lookup.task("emodb"), corpus.data_folder(real_data))
    waveforms = [clip.waveform for clip in data.clips(range(0, 535, 100))]
    encoder = WhisperEncoder(module, "whisper-base", "padded")
    assert encoder.version == "1+24e01a450caf34d3", (
        "another whisper-base than the one that the shipped weights rest on"
    )

    for waveform, frames in zip(
        waveforms, encoder.frames(waveforms, [encoder.layers - 1]), strict=True
    ):
        np.testing.assert_allclose(
            frames[0], official(module, waveform)[: frames.shape[1]], atol=1e-4
        )
