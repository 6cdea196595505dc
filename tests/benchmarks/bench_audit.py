"""How long an audit takes: by hash over 30,000 clips, and the search for near-duplicates."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from mserbench.auditing.audit import Audit, Inside, audit, inside
from mserbench.auditing.overlaps import AUDIO, AuditedClip
from mserbench.data import corpus, dataset, index, lookup
from mserbench.fingerprints import search
from mserbench.fingerprints import words as fingerprint
from mserbench.fingerprints.copies import copies

DATA = Path(os.environ.get("MSERBENCH_DATA", Path(__file__).parents[3] / "shared/corpora"))
CLIPS, FOLDS = 30_000, 10
LABELS = ("neutral", "happy", "sad", "angry")


def table() -> dict[str, list[AuditedClip]]:
    """Build ten folds of clips with every fact known; one recording in 100 is in two folds."""
    parts: dict[str, list[AuditedClip]] = {str(fold): [] for fold in range(FOLDS)}
    for n in range(CLIPS):
        key = hashlib.sha256(str(n - 1 if n % 100 == 0 and n else n).encode()).hexdigest()
        facts = {
            "speaker": f"speaker {n % 91}", "session": f"{n % 5}",
            "dialogue": f"dialogue {n // 20}",
            "sentence": f"sentence {n % 700}", AUDIO: key,
        }  # fmt: skip
        parts[str(n % FOLDS)].append(
            AuditedClip(f"clip_{n:05d}", LABELS[n % len(LABELS)], facts, frozenset())
        )

    return parts


def bench_audit_by_hash(benchmark: BenchmarkFixture) -> None:
    """Ten folds of 30,000 clips, each against all others, and what they hold twice: under 10 s."""
    parts = table()

    def work() -> tuple[Audit, Inside]:
        return audit("table", "folds", parts), inside(
            [entry for entries in parts.values() for entry in entries]
        )

    pairs, within = benchmark.pedantic(work, rounds=3)
    twice = len(range(100, CLIPS, 100))
    assert pairs.comparisons[0].tested == CLIPS
    assert len(pairs.comparisons[0].overlaps[AUDIO].items) == 2 * twice
    assert len(within.copies) == twice
    print(f"\n{CLIPS} clips, {FOLDS} folds: {benchmark.stats['median']:.2f} s")
    assert benchmark.stats["median"] < 10


def words_of(names: tuple[str, ...]) -> NDArray[np.uint32]:
    """Return the fingerprints of real corpora, from the cache where they are there."""
    fingerprints = []
    for name in names:
        if not (DATA / name).is_dir():
            pytest.skip(f"corpus {name!r} is not in {str(DATA)!r}: set MSERBENCH_DATA")

        source = lookup.corpus(name)
        reading = corpus.read(source, corpus.find(source, DATA))
        utterances = list(reading.utterances.values())
        facts = index.index(reading.root, utterances)
        items = [
            dataset.Item(utterance, "", reading.root, facts[utterance.id])
            for utterance in utterances
        ]
        fingerprints.append(fingerprint.of_clips([item.clip(name) for item in items]))

    return np.concatenate(fingerprints)


def bench_search_of_real_recordings(benchmark: BenchmarkFixture) -> None:
    """Among 3,167 real recordings, well under a minute once their fingerprints are known."""
    words = words_of(("aesdd", "emodb", "emovo", "ravdess"))
    pairs = benchmark.pedantic(search.near_duplicates, (words,), rounds=3)
    print(f"\n{len(words)} recordings: {benchmark.stats['median']:.2f} s, {len(pairs)} pairs")
    assert len(pairs) == 2
    assert benchmark.stats["median"] < 10


def bench_search_of_many_recordings(benchmark: BenchmarkFixture) -> None:
    """Among 30,000 fingerprints as alike as real ones, and 300 planted copies: under 60 s."""
    generator = np.random.default_rng(0)
    # Words of 3,167 real recordings: one in six meets another; at ten times as many, as drawn here
    # from 8 million.
    words = generator.integers(1, 8_000_000, (CLIPS, fingerprint.LENGTH), dtype=np.uint32)
    words[:, 130:] = 0  # the median length of real recordings
    words[-300:] = words[:300] ^ (generator.random((300, fingerprint.LENGTH)) < 0.5).astype(
        np.uint32
    )
    words[-300:, 130:] = 0
    pairs = benchmark.pedantic(search.near_duplicates, (words,), rounds=1)
    print(f"\n{CLIPS} recordings: {benchmark.stats['median']:.1f} s, {len(pairs)} pairs")
    assert len(pairs) == 300
    assert benchmark.stats["median"] < 60


def bench_copies_among_those_trained_on(benchmark: BenchmarkFixture) -> None:
    """3,000 tested clips at every speed against 30,000 trained ones: within a second, once their
    fingerprints are cached; the reference in the same run compares all at their own speed only.
    """
    generator = np.random.default_rng(0)
    stored = generator.integers(1, 8_000_000, (CLIPS, fingerprint.LENGTH), dtype=np.uint32)
    stored[:, 130:] = 0  # the median length of real recordings
    shape = (3_000, len(fingerprint.RATES), fingerprint.LENGTH)
    asked = generator.integers(1, 8_000_000, shape, dtype=np.uint32)
    asked[:, :, 130:] = 0
    asked[:300, 3] = stored[:300]
    flat = asked.reshape(len(asked), -1)

    reference = time.process_time()
    pairs = search.near_duplicates(np.concatenate([asked[:, 3], stored]))
    reference = time.process_time() - reference
    assert len(pairs) == 300

    started = time.process_time()
    rows = benchmark.pedantic(copies, (flat, stored), rounds=3)
    spent = (time.process_time() - started) / 3
    print(f"\n3,000 against {CLIPS}: {spent:.2f} s of processor time, all pairs {reference:.2f} s")
    assert rows[:300].tolist() == list(range(300))
    assert (rows[300:] == -1).all()
    assert spent < 1
