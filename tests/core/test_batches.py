"""Batches of like length, and decoding ahead of the model."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.errors import DataError
from mserbench.running.batches import decoded_ahead, padding_waste, plan

lengths = st.lists(st.floats(0.01, 400.0), max_size=200)


@given(lengths, st.floats(0.1, 1_000.0))
def test_each_clip_is_in_exactly_one_batch_and_the_bound_is_kept(
    seconds: list[float], bound: float
) -> None:
    batches = plan(seconds, bound)
    assert sorted(i for batch in batches for i in batch) == list(range(len(seconds)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(seconds[i] for i in batch) <= bound

    assert 0.0 <= padding_waste(seconds, batches) < 1.0


@given(lengths)
def test_the_longest_come_first(seconds: list[float]) -> None:
    flat = [seconds[i] for batch in plan(seconds, 60.0) for i in batch]
    assert flat == sorted(flat, reverse=True), "memory must peak at once, not after an hour"


@pytest.mark.parametrize("seed", range(5))
def test_padding_wastes_less_than_five_percent(seed: int) -> None:
    spread = 0.5
    seconds = (
        np.random.default_rng(seed).lognormal(np.log(3.8) - spread**2 / 2, spread, 3_000).tolist()
    )
    assert np.mean(seconds) == pytest.approx(3.8, rel=0.1)
    assert padding_waste(seconds, plan(seconds)) < 0.05


@pytest.mark.parametrize("bound", [0.0, -1.0, float("nan")])
def test_a_senseless_bound_is_refused(bound: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        plan([1.0], bound)


def test_a_batch_is_filled_up_to_its_bound_and_not_above() -> None:
    """If the bound were off by a clip, a GPU that just holds the batches would run out of memory,
    or half of it would lie idle.
    """
    assert [len(batch) for batch in plan([1.0] * 241)] == [240, 1]
    assert [len(batch) for batch in plan([4.0] * 4, 12.0)] == [3, 1]


def test_clips_share_a_batch_down_to_92_percent_of_the_longest() -> None:
    assert plan([2.0, 1.84]) == [[0, 1]]
    assert plan([2.0, 1.83]) == [[0], [1]]


def test_padding_is_a_share_of_the_padded_audio() -> None:
    # Two clips of 2 and 1 s take 4 s, of which 1 s is padding; the third needs none.
    assert padding_waste([2.0, 1.0], [[0, 1]]) == 0.25
    assert padding_waste([2.0, 1.0, 4.0], [[0, 1], [2]]) == 0.125


def test_no_clips_make_no_batches() -> None:
    assert plan([]) == []
    assert padding_waste([], []) == 0.0


class Source:
    """Clips that count how many waveforms were decoded."""

    def __init__(self) -> None:
        self.decoded = 0
        self.lock = threading.Lock()

    def clip(self, number: int, bad: bool = False) -> Clip:
        def load() -> NDArray[np.float32]:
            with self.lock:
                self.decoded += 1

            if bad:
                raise DataError(f"clip {number} went away")
            return np.full(10, number, dtype=np.float32)

        return Clip(str(number), str(number), 1.0, load)


def test_batches_come_in_order_and_decoded() -> None:
    source = Source()
    parts = [[source.clip(2 * i), source.clip(2 * i + 1)] for i in range(10)]
    batches = [
        [float(clip.waveform[0]) for clip in batch] for batch in decoded_ahead(parts, workers=3)
    ]
    assert batches == [[2.0 * i, 2.0 * i + 1] for i in range(10)]
    assert source.decoded == 20, "a clip was decoded twice"


def test_no_more_is_decoded_ahead_than_memory_allows() -> None:
    source = Source()

    def endless() -> Iterator[list[Clip]]:
        while True:
            yield [source.clip(0)]

    batches = decoded_ahead(endless(), workers=2)
    for number_taken in range(1, 20):
        next(batches)
        assert source.decoded <= number_taken + 2

    batches.close()


def test_a_clip_that_fails_raises_at_its_batch_and_not_before() -> None:
    source = Source()
    batches = decoded_ahead(
        [[source.clip(0)], [source.clip(1, bad=True)], [source.clip(2)]], workers=2
    )
    assert len(next(batches)) == 1

    with pytest.raises(DataError, match="clip 1 went away"):
        next(batches)
