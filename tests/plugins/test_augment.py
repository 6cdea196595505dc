"""Augmentation: decided by clip and copy alone, and what it says it is; frames of clips and their
cache.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from textwrap import dedent

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchaudio")

from mserbench.contracts import Clip  # noqa: E402
from mserbench.errors import ModelError, UsageError  # noqa: E402
from mserbench_training.encoders.logmel import LogMelEncoder  # noqa: E402
from mserbench_training.frames import augment, frame_cache  # noqa: E402
from mserbench_training.frames.augment import Augmentation  # noqa: E402
from mserbench_training.frames.computed import Frames, averaged, statistics  # noqa: E402
from mserbench_training.frames.frame_cache import FrameCache  # noqa: E402


def tone(seconds=0.5, hertz=400.0):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(16_000 * seconds)) / 16_000)).astype(
        np.float32
    )


def pitch(wave):
    return np.abs(np.fft.rfft(wave)).argmax() * 16_000 / len(wave)


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


# Augmentation


def test_a_copy_is_decided_by_clip_and_number_alone():
    """Else a resumed training would hear other copies; global random numbers are shared by
    threads.
    """
    torch.manual_seed(0)
    first = Augmentation().apply(tone(), "clip", 1)
    torch.manual_seed(1)
    copies = []
    threads = [
        threading.Thread(target=lambda: copies.append(Augmentation().apply(tone(), "clip", 1)))
        for _ in range(3)
    ]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert all(np.array_equal(first, copy) for copy in copies)
    assert torch.initial_seed() == 1, "global random numbers are left alone"
    other_draws = [
        Augmentation().apply(tone(), key, copy) for key, copy in (("clip", 2), ("other", 1))
    ]
    assert not any(len(first) == len(draw) and np.array_equal(first, draw) for draw in other_draws)


def test_copy_zero_is_the_clip_itself():
    wave = tone()
    assert Augmentation().apply(wave, "clip", 0) is wave


def test_speed_moves_length_and_pitch():
    faster = augment.change_speed(tone(1.0), 1.25)
    assert len(faster) == pytest.approx(12_800, abs=2)
    assert pitch(faster) == pytest.approx(500, abs=3)


@pytest.mark.parametrize("snr", [0.0, 10.0, 40.0])
def test_noise_is_as_loud_as_it_says(snr):
    clean = torch.from_numpy(tone(1.0))
    noise = augment.add_noise(clean, snr, torch.Generator().manual_seed(0)) - clean
    assert 10 * np.log10(float((clean**2).mean() / (noise**2).mean())) == pytest.approx(
        snr, abs=0.1
    )


def test_silence_and_a_few_samples_survive():
    for wave in (
        np.zeros(800, np.float32),
        np.full(1, 0.5, np.float32),
        np.zeros(0, np.float32),
        np.ones(50, np.float32),
    ):
        for copy in range(4):
            augmented = Augmentation(probability=1.0).apply(wave, "clip", copy)
            assert augmented.dtype == np.float32
            assert np.isfinite(augmented).all()
            assert np.abs(augmented).max(initial=0) <= 1
            assert bool(len(augmented)) == bool(len(wave))


def test_ranges_that_are_none_are_refused():
    with pytest.raises(UsageError, match="are no ranges"):
        Augmentation(slowest=1.2, fastest=0.9)


def test_the_name_tells_every_setting():
    """Copies of another augmentation must not be taken from the cache."""
    names = {
        Augmentation(**change).name
        for change in ({}, {"slowest": 0.8}, {"loudest_noise": 5.0}, {"probability": 0.5})
    }
    assert len(names) == 4


def test_a_crop_is_a_stretch_of_the_clip():
    wave = np.arange(16_000, dtype=np.float32)
    assert np.array_equal(augment.crop(wave, 0.5, None), wave[:8_000])
    cropped = augment.crop(wave, 0.5, augment.generator("a"))
    assert len(cropped) == 8_000
    assert np.array_equal(np.diff(cropped), np.ones(7_999))
    assert augment.crop(wave, 2.0, None) is wave


def test_masks_hide_a_band_and_a_stretch_behind_the_clip_s_mean():
    frames = torch.randn(2, 30, 20, generator=torch.Generator().manual_seed(0))
    before = frames.clone()
    hidden = [
        augment.mask_frames(frames, augment.generator(i), widest=6, longest=9) != frames
        for i in range(50)
    ]
    assert torch.equal(frames, before)
    bands = [int(mask.all(dim=(0, 1)).sum()) for mask in hidden]
    stretches = [int(mask.all(dim=(0, 2)).sum()) for mask in hidden]
    assert (min(bands), max(bands)) == (0, 6)
    assert (min(stretches), max(stretches)) == (0, 9)
    alone = augment.mask_frames(frames, augment.generator(1), widest=6)
    torch.testing.assert_close(alone.mean(dim=1), frames.mean(dim=1))
    assert torch.equal(augment.mask_frames(frames, augment.generator(1)), frames)
    assert torch.isfinite(
        augment.mask_frames(torch.ones(1, 1, 1), augment.generator(1), 5, 5)
    ).all()


# Log-mel frames


def test_log_mels_do_not_change_with_gain_or_neighbours():
    """Recording level is no emotion, and a score must not depend on the batch."""
    encoder = LogMelEncoder()
    waves = [tone(0.3), tone(0.7, 900), tone(0.01)]
    together = encoder.frames(waves, [0])
    assert [frames.shape for frames in together] == [(1, 31, 80), (1, 71, 80), (1, 4, 80)]

    for wave, frames in zip(waves, together, strict=True):
        np.testing.assert_array_equal(encoder.frames([wave], [0])[0], frames)
        np.testing.assert_allclose(encoder.frames([0.25 * wave], [0])[0], frames, atol=1e-4)
        assert frames.max() == 0
        assert frames.min() >= -8

    assert not encoder.frames([np.zeros(4_000, np.float32)], [0])[0].any()
    with pytest.raises(UsageError, match="layers"):
        encoder.frames(waves, [1])


# Frames and their cache


def clip(number, seconds=0.4, decoded=None):
    def load():
        if decoded is not None:
            decoded.append(number)
        return (
            np.random.default_rng(number).normal(0, 0.1, round(16_000 * seconds)).astype(np.float32)
        )

    return Clip(f"key{number}", "", seconds, load)


def test_frames_are_computed_once_and_then_read_the_same():
    """A training reads each clip hundreds of times."""
    decoded: list[int] = []
    clips = [clip(i, 0.2 + 0.1 * i, decoded) for i in range(5)]
    first = Frames(LogMelEncoder(), [0], augmentation=Augmentation()).of(clips, [0, 1, 0, 2, 0])
    frames = Frames(LogMelEncoder(), [0], augmentation=Augmentation())
    second = frames.of(clips, [0, 1, 0, 2, 0])
    assert len(decoded) == 5

    for computed, read in zip(first, second, strict=True):
        assert computed.dtype == np.float16
        np.testing.assert_array_equal(computed, read)

    done = []
    frames.fill(clips, copies=(0, 1), progress=lambda n, of: done.append((n, of)))
    assert sorted(decoded[5:]) == [0, 1, 2, 3, 3, 4], (
        "clips 1 and 3 themselves, and copy 1 of all but clip 1"
    )
    assert done[-1] == (10, 10)
    frames.fill(clips, copies=(0, 1))
    assert len(decoded) == 11


def test_settings_that_change_frames_have_caches_of_their_own():
    """Else frames of one layer would be taken for those of another."""
    paths = {
        Frames(LogMelEncoder(bands), [0], reduce, longest).cache.path
        for bands, reduce, longest in ((80, 1, 30.0), (40, 1, 30.0), (80, 2, 30.0), (80, 1, 15.0))
    }
    assert len(paths) == 4


def test_averages_of_neighbours_keep_the_mean():
    frames = np.random.default_rng(0).normal(size=(2, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(averaged(frames, 4).mean(axis=1), frames.mean(axis=1), atol=1e-6)
    averages = averaged(frames[:, :11], 4)
    assert averages.shape == (2, 3, 3)
    np.testing.assert_allclose(averages[:, 2], frames[:, 8:11].mean(axis=1), rtol=1e-5)


def test_statistics_are_those_of_all_frames():
    frames = Frames(LogMelEncoder(), [0])
    clips = [clip(i, 0.1 + 0.05 * i) for i in range(40)]
    everything = np.concatenate([array.astype(np.float64) for array in frames.of(clips)], axis=1)
    centre, spread = statistics(frames.of, clips)
    np.testing.assert_allclose(centre, everything.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(spread, everything.std(axis=1), rtol=1e-3)


def test_frames_that_are_no_numbers_are_refused():
    """Once in the cache they would spoil every later training."""

    class Broken(LogMelEncoder):
        def frames(self, waveforms, layers):
            return [np.full((1, 3, 80), 1e6, dtype=np.float32) for _ in waveforms]

    with pytest.raises(ModelError, match="not finite, or not in float16"):
        Frames(Broken(), [0]).of([clip(1)])


def test_the_cache_keeps_to_its_bound(tmp_path):
    """A cache must not fill the disk: what was written longest ago goes."""
    cache = FrameCache("e", "1", tmp_path, limit=25_000 / 1e9)
    for i in range(5):
        cache.put_many({f"k{i}": np.full((1, 10, 400), i, dtype=np.float32)})  # 8,000 bytes each

    assert cache.known([f"k{i}" for i in range(5)]) == {"k2", "k3", "k4"}
    assert (cache.get_many(["k3"])["k3"] == 3).all()


def test_a_damaged_cache_is_made_anew(tmp_path, caplog):
    cache = FrameCache("e", "1", tmp_path)
    cache.put_many({"a": np.ones((1, 2, 3))})
    cache.path.write_bytes(b"no database at all, but long enough to look like one" * 100)
    assert cache.get_many(["a"]) == {}
    assert "made anew" in caplog.text
    cache.put_many({"a": np.ones((1, 2, 3))})
    assert cache.get_many(["a"])["a"].shape == (1, 2, 3)


def test_without_a_disk_frames_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(frame_cache, "_MEMORY_BYTES", 20_000)
    (tmp_path / "file").write_text("")
    cache = FrameCache("e", "1", tmp_path / "file")

    for i in range(5):
        cache.put_many({f"k{i}": np.ones((1, 10, 400))})

    assert cache.known([f"k{i}" for i in range(5)]) == {"k3", "k4"}


@pytest.mark.parametrize("text", ["much", "-1", "0", "nan"])
def test_a_bound_that_is_none_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.setenv(frame_cache.LIMIT, text)
    with pytest.raises(UsageError, match="gigabytes above 0"):
        FrameCache("e", "1", tmp_path)


def test_two_processes_write_at_once(tmp_path):
    """Two trainings on one machine share the cache."""
    code = dedent("""
        import sys
        from pathlib import Path
        import numpy as np
        from mserbench_training.frames.frame_cache import FrameCache
        cache = FrameCache("e", "1", Path(sys.argv[1]))
        for i in range(40):
            cache.put_many({f"{sys.argv[2]}{i}": np.full((1, 5, 8), i)})
    """)
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [process.wait(timeout=120) for process in started] == [0, 0]
    arrays = FrameCache("e", "1", tmp_path).get_many(
        [f"{name}{i}" for name in "ab" for i in range(40)]
    )
    assert len(arrays) == 80
    assert all((frames == int(key[1:])).all() for key, frames in arrays.items())
