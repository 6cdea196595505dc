"""Clips without pauses: what is cut, what is never cut, and what weights say of it."""

from __future__ import annotations

import numpy as np
import pytest

from mserbench.errors import UsageError
from mserbench_training.frames.pauses import check_pauses, without_pauses

FRAME = 320  # samples: 20 ms


def noise(n_frames: int, decibels: float, seed: int = 0) -> np.ndarray:
    level = 10 ** (decibels / 20)
    return np.random.default_rng(seed).choice([-level, level], n_frames * FRAME).astype(np.float32)


def test_a_pause_is_cut_but_for_three_frames_on_either_side():
    """More would stay of long pauses than of short ones; less would cut onsets and decays."""
    said, pause, said_on = noise(20, -10), noise(30, -60), noise(20, -12, 1)
    cut = without_pauses(np.concatenate([said, pause, said_on]))
    kept = np.concatenate([said, pause[: 3 * FRAME], pause[-3 * FRAME :], said_on])
    np.testing.assert_array_equal(cut, kept)


def test_a_frame_at_34_decibels_is_speech_and_one_at_36_is_none():
    loud = noise(1, -10)
    assert len(without_pauses(np.concatenate([loud, noise(10, -44)]))) == 11 * FRAME
    assert len(without_pauses(np.concatenate([loud, noise(10, -46)]))) == 4 * FRAME


@pytest.mark.parametrize("gain", [0.001, 0.5])
def test_the_gain_of_a_recording_does_not_decide_what_a_pause_is(gain):
    wave = np.concatenate([noise(10, -6), noise(20, -50), noise(5, -9)])
    np.testing.assert_array_equal(
        without_pauses(wave * np.float32(gain)), without_pauses(wave) * np.float32(gain)
    )


@pytest.mark.parametrize("n_samples", [0, 1, 319, 320, 5_000])
def test_silence_and_clips_of_a_few_samples_stay_whole(n_samples):
    wave = np.zeros(n_samples, dtype=np.float32)
    assert len(without_pauses(wave)) == n_samples


def test_the_samples_after_the_last_frame_go_with_it():
    spoken, pause, tail = noise(5, -10), noise(20, -70), np.full(100, 0.3, dtype=np.float32)
    assert len(without_pauses(np.concatenate([spoken, tail]))) == 5 * FRAME + 100
    assert len(without_pauses(np.concatenate([spoken, pause, tail]))) == 8 * FRAME


def test_pauses_that_are_none_are_refused():
    with pytest.raises(UsageError, match="option pauses is 'gone', but must be one of"):
        check_pauses("gone")
