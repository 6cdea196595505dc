"""Features: computed once, in order, shared by processes, and never lost or mixed up by a fault."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench import features
from mserbench.contracts import Clip
from mserbench.errors import ModelError
from mserbench.features import FeatureCache, FeatureSet, extract

DIM = 3


def moments(waveform: np.ndarray) -> np.ndarray:
    return np.array([waveform.sum(), waveform.std(), len(waveform)])


MOMENTS = FeatureSet("moments", "1", DIM, moments)


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(features.OFF, raising=False)


def clip(number: int, loads: list[int] | None = None) -> Clip:
    def load() -> np.ndarray:
        if loads is not None:
            loads.append(number)
        return np.full(10 + number, 0.01 * number, dtype=np.float32)

    return Clip(f"key-{number}", f"seed-{number}", 1.0, load)


def stored() -> list[Path]:
    return list((Path(os.environ["MSERBENCH_CACHE"]) / "features").glob("*.sqlite3"))


def test_rows_follow_the_clips_whatever_finishes_first():
    """Else a clip would be scored by another clip's features."""

    def slow_first(waveform):
        time.sleep(0.02 if len(waveform) == 10 else 0.0)
        return moments(waveform)

    rows = extract(
        [clip(n) for n in range(150)], FeatureSet("slow", "1", DIM, slow_first), workers=4
    )
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows[:, 2], np.arange(150) + 10)


def test_a_cached_clip_is_not_decoded_again():
    """Else a second run would take as long as the first."""
    loads: list[int] = []
    first = extract([clip(n, loads) for n in range(5)], MOMENTS)
    second = extract([clip(n, loads) for n in reversed(range(6))], MOMENTS)
    assert sorted(loads) == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(second[1:], first[::-1])


def test_equal_recordings_are_computed_once():
    loads: list[int] = []
    rows = extract([clip(1, loads), clip(1, loads)], MOMENTS)
    assert loads == [1]
    np.testing.assert_array_equal(rows[0], rows[1])


def test_computed_and_cached_values_are_the_same_bits(monkeypatch):
    """Else a resumed run would differ from an uninterrupted one."""
    fresh, cached = extract([clip(7)], MOMENTS), extract([clip(7)], MOMENTS)
    monkeypatch.setenv(features.OFF, "1")
    np.testing.assert_array_equal(fresh, cached)
    np.testing.assert_array_equal(fresh, extract([clip(7)], MOMENTS))


def test_another_version_sees_nothing_of_the_old_one():
    """Else a mended feature would keep its wrong values for ever."""
    extract([clip(1)], MOMENTS)
    loads: list[int] = []
    extract([clip(1, loads)], FeatureSet("moments", "2", DIM, moments))
    assert loads == [1]


def test_no_clips_give_no_rows():
    assert extract([], MOMENTS).shape == (0, DIM)


def test_waveforms_are_released_as_the_stream_goes():
    """Else the memory of a run would grow with the number of clips."""
    alive = peak = 0
    lock = threading.Lock()

    class Counted(np.ndarray):
        def __del__(self):
            nonlocal alive
            with lock:
                alive -= 1

    def load():
        nonlocal alive, peak
        with lock:
            alive += 1
            peak = max(peak, alive)

        return np.zeros(10, dtype=np.float32).view(Counted)

    extract(
        (Clip(str(n), str(n), 1.0, load) for n in range(300)),
        FeatureSet("length", "1", 1, lambda waveform: np.zeros(1)),
        workers=2,
    )
    assert peak <= 4


@pytest.mark.parametrize(
    "bad", [np.zeros(2), np.array([0.0, np.nan, 1.0]), np.array([0.0, np.inf, 1.0])]
)
def test_a_bad_vector_names_the_feature_set_and_the_clip(bad):
    with pytest.raises(ModelError, match=r"'bad'.*'key-4'.*3 finite numbers"):
        extract([clip(4)], FeatureSet("bad", "1", DIM, lambda waveform: bad))


def test_what_loading_raises_reaches_the_caller_and_the_rest_is_kept():
    """A damaged file in the middle must stop the run, not become a row of zeros."""

    def broken():
        raise ModelError("clip 'x' cannot be decoded")

    with pytest.raises(ModelError, match="cannot be decoded"):
        extract([*(clip(n) for n in range(64)), Clip("broken", "broken", 1.0, broken)], MOMENTS)

    assert len(FeatureCache(MOMENTS).get_many([f"key-{n}" for n in range(64)])) == 64


@pytest.mark.parametrize(
    "damage", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4000, b"\0" * 8192]
)
def test_a_damaged_cache_is_made_anew_with_a_warning(damage, caplog):
    """A crash of the machine must cost the cache, not the run."""
    extract([clip(1)], MOMENTS)
    stored()[0].write_bytes(damage)
    loads: list[int] = []
    extract([clip(1, loads)], MOMENTS)
    extract([clip(1, loads)], MOMENTS)
    assert loads == [1]
    assert "is damaged" in caplog.text


def test_a_vector_of_wrong_length_is_computed_again():
    extract([clip(1)], MOMENTS)
    with sqlite3.connect(stored()[0]) as base:
        base.execute("UPDATE vectors SET vector = x'00'")

    loads: list[int] = []
    assert extract([clip(1, loads)], MOMENTS)[0, 2] == 11
    assert loads == [1]


def test_a_cache_folder_that_cannot_be_made_costs_a_warning_only(tmp_path, monkeypatch, caplog):
    """A read-only home must not stop a run, nor compute everything twice within it."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "file"))
    loads: list[int] = []
    cache = FeatureCache(MOMENTS)

    for _ in range(2):
        extract([clip(1, loads)], MOMENTS, cache)

    assert loads == [1]
    assert caplog.text.count("kept in memory") == 1


def test_switched_off_it_writes_nothing_and_still_computes_once(monkeypatch):
    monkeypatch.setenv(features.OFF, "1")
    loads: list[int] = []
    cache = FeatureCache(MOMENTS)

    for _ in range(2):
        extract([clip(1, loads)], MOMENTS, cache)

    assert loads == [1]
    assert not Path(os.environ["MSERBENCH_CACHE"]).exists()


def test_memory_has_a_bound_and_the_oldest_go_first(monkeypatch):
    """What hears dozens of altered copies of each clip would else fill it."""
    monkeypatch.setenv(features.OFF, "1")
    monkeypatch.setattr(features, "_MEMORY_BYTES", 2 * 4 * DIM)
    loads: list[int] = []
    cache = FeatureCache(MOMENTS)

    rows = extract([clip(n, loads) for n in range(3)], MOMENTS, cache)
    assert rows[:, 2].tolist() == [10, 11, 12]
    assert list(cache.get_many(["key-0", "key-1", "key-2"])) == ["key-1", "key-2"]


def _fill(start: int, stop: int) -> None:
    cache = FeatureCache(MOMENTS)
    for number in range(start, stop):
        cache.put_many({f"key-{number}": np.full(DIM, number, dtype=np.float32)})


def test_two_processes_write_at_once_and_nothing_is_lost():
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_fill, args=(start, start + 40)) for start in (0, 20)]
    for writer in writers:
        writer.start()

    for writer in writers:
        writer.join()

    vectors = FeatureCache(MOMENTS).get_many([f"key-{number}" for number in range(60)])
    assert {key: vector[0] for key, vector in vectors.items()} == {
        f"key-{n}": float(n) for n in range(60)
    }


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_a_killed_writer_leaves_whole_vectors(caplog):
    """Else the next run would read half a vector, or throw the cache away."""
    context = multiprocessing.get_context("fork")
    for round_ in range(5):
        writer = context.Process(target=_fill, args=(0, 100_000))
        writer.start()
        time.sleep(0.05 + 0.03 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()

    vectors = FeatureCache(MOMENTS).get_many([f"key-{number}" for number in range(2000)])
    assert vectors
    assert all((vector == float(key[4:])).all() for key, vector in vectors.items())
    assert not caplog.text


@settings(deadline=None, max_examples=25)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=70), st.lists(st.floats(width=32), min_size=DIM, max_size=DIM)
    )
)
def test_what_is_put_comes_back_to_the_bit(vectors):
    cache = FeatureCache(MOMENTS)
    arrays = {key: np.array(values, dtype=np.float32) for key, values in vectors.items()}
    cache.put_many(arrays)

    for key, vector in FeatureCache(MOMENTS).get_many(list(arrays)).items():
        assert vector.tobytes() == arrays[key].tobytes()

    assert len(cache.get_many([*arrays, "absent" * 20])) == len(arrays)
