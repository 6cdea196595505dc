"""The numbers behind figure 2, against scikit-learn and against the plain way to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from mserbench.statistics import intervals
from mserbench_m5ser.analysing import clusters, preservation, sampling, spaces, spectra
from mserbench_m5ser.analysing.distances import distances
from mserbench_m5ser.analysing.estimates import mean_of
from mserbench_m5ser.analysing.points import Point

SEEDS = st.integers(0, 2**32 - 1)
EMOTIONS = ("neutral", "happy", "sad")
few = settings(max_examples=15, deadline=None, derandomize=True)


def point(number: int, language: str, emotion: str, speaker: str | None, source: str) -> Point:
    """A clip; those in English are originals."""
    return Point(
        f"{source}/{language}/{number}", emotion, language, "made", speaker, source, f"key{number}",
        None, 1.0, language != "en",
    )  # fmt: skip


def cloud(seed: int, n: int = 40) -> tuple[np.ndarray, list[Point]]:
    """Vectors and points: each source is an original and a translation, with the same emotion."""
    generator = np.random.default_rng(seed)
    points = []
    for number in range(n):
        emotion, speaker = generator.choice(EMOTIONS), f"s{generator.integers(5)}"
        for language in ("en", str(generator.choice(["de", "fr"]))):
            points.append(point(number, language, str(emotion), speaker, f"made:{number}"))

    return generator.normal(size=(len(points), 6)), points


@few
@given(SEEDS)
def test_silhouettes_are_those_of_scikit_learn(seed: int) -> None:
    vectors, points = cloud(seed)
    measured = clusters.clusterings(vectors, points)
    for field in ("emotion", "language", "speaker"):
        labels = [clusters.FIELDS[field](one_point) for one_point in points]
        estimate = measured[field].silhouette
        assert estimate is not None
        assert estimate.value == pytest.approx(silhouette_score(vectors, labels))


@few
@given(SEEDS)
def test_purity_is_that_of_the_neighbours_of_other_sources(seed: int) -> None:
    """A translation is no evidence for the emotion of its own source."""
    vectors, points = cloud(seed)
    ranked = (
        NearestNeighbors(n_neighbors=len(points))
        .fit(vectors)
        .kneighbors(vectors, return_distance=False)
    )
    shares, chances = [], []
    for row, order in enumerate(ranked):
        strangers = [n for n in order if points[n].source != points[row].source]
        alike = [points[n].emotion == points[row].emotion for n in strangers]
        shares.append(np.mean(alike[: clusters.NEIGHBOURS]))
        chances.append(np.mean(alike))

    estimate = clusters.clusterings(vectors, points)["emotion"].purity
    assert estimate is not None
    assert estimate.value == pytest.approx(np.mean(shares))
    assert estimate.chance == pytest.approx(np.mean(chances))


def test_purity_across_languages_asks_other_languages_only() -> None:
    """Clips that gather by language have no neighbour of their own language there."""
    points = cloud(3)[1]
    by_language = np.array([[50.0 * ("de", "en", "fr").index(p.language)] for p in points])
    by_emotion = np.array([[float(EMOTIONS.index(p.emotion))] for p in points])
    measured = clusters.clusterings(np.hstack([by_language, by_emotion]), points)
    across = measured[clusters.ACROSS].purity
    assert across is not None
    assert measured["language"].purity.value == 1  # type: ignore[union-attr]
    # Ten neighbours may be more than there are of an emotion in another language.
    assert across.value > 0.8 > across.chance + 0.3  # type: ignore[operator]


def test_few_clips_and_one_group_are_borne() -> None:
    """A set of one language has nothing to tell apart by language, and that is no error."""
    points = [point(n, "de", EMOTIONS[n % 2], None, f"made:{n}") for n in range(4)]
    measured = clusters.clusterings(np.arange(8.0).reshape(4, 2), points)
    assert measured["language"].silhouette is measured["language"].purity is None
    assert measured["speaker"].purity is None
    assert measured[clusters.ACROSS].purity is None
    assert measured["emotion"].purity is not None


@few
@given(SEEDS, st.booleans())
def test_the_interval_is_the_jackknife_over_speakers(seed: int, is_share: bool) -> None:
    generator = np.random.default_rng(seed)
    values = generator.uniform(0.1, 0.9, 30)
    persons = [f"s{number}" for number in generator.integers(6, size=30)]
    estimate = mean_of(values, persons, None, is_share)
    names, sizes = np.unique(persons, return_counts=True)
    without = np.array([values[[person != name for person in persons]].mean() for name in names])

    # The text-book's own words, on the scale that the number has.
    scaled = np.log(without / (1 - without)) if is_share else without
    error = np.sqrt((len(names) - 1) / len(names) * ((scaled - scaled.mean()) ** 2).sum())
    reach = intervals.t_quantile(0.95, intervals.freedom_of(sizes)) * error
    middle = np.log(values.mean() / (1 - values.mean())) if is_share else values.mean()
    ends = np.array([middle - reach, middle + reach])
    expected = 1 / (1 + np.exp(-ends)) if is_share else ends.clip(-1, 1)
    assert estimate.interval == pytest.approx(tuple(expected))


def test_three_speakers_have_no_interval() -> None:
    estimate = mean_of(np.array([0.1, 0.5, 0.2]), ["a", "b", "c"], 0.2, is_share=True)
    assert estimate.interval is estimate.is_above_chance is None
    assert estimate.speakers == 3


@few
@given(SEEDS)
def test_standardising_is_that_of_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    vectors, groups = generator.normal(3, 2, (20, 4)), ["a"] * 8 + ["b"] * 12
    vectors[:8, 1] = 7.5  # a band that is always equal, as one above a corpus's own bandwidth
    result = spaces.standardised(vectors, groups)
    assert np.allclose(result[:8], StandardScaler().fit_transform(vectors[:8]))
    assert np.allclose(result[8:], StandardScaler().fit_transform(vectors[8:]))


def test_one_clip_of_a_group_is_no_number_out_of_nothing() -> None:
    assert not spaces.standardised(np.array([[3.0, 4.0]]), ["a"]).any()


@few
@given(SEEDS)
def test_distances_are_those_of_centroids(seed: int) -> None:
    vectors, points = cloud(seed, 200)
    speakers = sorted({str(p.person) for p in points})

    def centroid(language: str, emotion: str, half: int) -> np.ndarray:
        rows = [
            number
            for number, p in enumerate(points)
            if (p.language, p.emotion) == (language, emotion)
            and speakers.index(str(p.person)) % 2 == half
        ]
        return vectors[rows].mean(axis=0)

    for language, distance in distances(vectors, points).items():
        for emotion in distance.same:
            apart = {
                name: np.mean(
                    [
                        np.sqrt(
                            np.mean(
                                (centroid(language, emotion, h) - centroid("en", name, 1 - h)) ** 2
                            )
                        )
                        for h in (0, 1)
                    ]
                )
                for name in distance.same
            }
            assert distance.same[emotion] == pytest.approx(apart.pop(emotion))
            assert distance.different[emotion] == pytest.approx(np.mean(list(apart.values())))

        ratio = np.mean(list(distance.same.values())) / np.mean(list(distance.different.values()))
        assert distance.ratio == pytest.approx(ratio)


@few
@given(SEEDS)
def test_ua_is_balanced_accuracy(seed: int) -> None:
    """By folds of speakers: no clip is asked of a classifier that has heard its speaker."""
    vectors, points = cloud(seed, 60)
    preserved = preservation.preservation({"heard": vectors}, points, {})
    assert preserved is not None
    originals = np.array([not p.is_generated for p in points])
    speakers = sorted({str(p.person) for p in points})
    folds = np.array([speakers.index(str(p.person)) % preservation.FOLDS for p in points])
    emotions = np.array([p.emotion for p in points])
    answers = np.empty(len(points), dtype=object)
    for fold in set(folds):
        training = originals & (folds != fold)
        fitted = preservation._fitted(vectors[training], emotions[training].tolist())
        answers[folds == fold] = fitted.predict(vectors[folds == fold])

    for name, estimate in preserved.ua["heard, as measured"].items():
        rows = [
            (p.language == name) if p.is_generated else name == preservation.ENGLISH for p in points
        ]
        expected = balanced_accuracy_score(emotions[rows], answers[rows].astype(str))
        assert estimate.value == pytest.approx(expected)


def test_a_voice_alone_gives_no_label_away() -> None:
    """Where each speaker has one emotion and one voice, an unheard speaker is a guess."""
    generator = np.random.default_rng(0)
    voices = generator.normal(0, 10, (10, 8))
    points, rows = [], []
    for number in range(200):
        speaker = number % 10
        for language in ("en", "de"):
            points.append(
                point(number, language, EMOTIONS[speaker % 2], f"s{speaker}", f"made:{number}")
            )
            rows.append(voices[speaker] + generator.normal(0, 0.1, 8))

    preserved = preservation.preservation({"heard": np.array(rows)}, points, {})
    assert preserved is not None
    # By folds of clips instead, the voice would tell all: UA 1.
    assert preserved.ua["heard, as measured"]["de"].value < 0.8


def test_too_few_originals_are_no_classifier() -> None:
    vectors, points = cloud(0, 8)
    silent = [p for p in points if p.is_generated]
    assert preservation.preservation({"heard": vectors[: len(silent)]}, silent, {}) is None


@few
@given(SEEDS, st.integers(10, 60))
def test_a_sample_keeps_shares_and_pairs(seed: int, limit: int) -> None:
    _, points = cloud(seed)
    counts = sampling.quotas(_counts(points), limit)
    chosen = sampling.chosen(points, counts)
    assert _counts(chosen) == {stratum: n for stratum, n in counts.items() if n}
    assert sum(counts.values()) <= max(limit, len(points) and limit + len(counts))
    # Whatever order the clips come in.
    backwards = sampling.chosen(points[::-1], counts)
    assert {p.id for p in backwards} == {p.id for p in chosen}
    assert [p.id for p in chosen] == [p.id for p in points if p in chosen]


def _counts(points: list[Point]) -> dict:
    from collections import Counter

    return Counter(p.stratum for p in points)


def tone(hertz: float, seconds: float = 1.0, level: float = 0.1) -> np.ndarray:
    time = np.arange(round(16_000 * seconds)) / 16_000
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.05, 0.3, 1.0])
def test_a_gain_changes_nothing(seconds: float) -> None:
    """Recording levels differ by corpus: they must not be taken for one."""
    generator = np.random.default_rng(1)
    waveform = generator.normal(0, 0.05, round(16_000 * seconds)).astype(np.float32)
    assert np.allclose(spectra.statistics(waveform), spectra.statistics(waveform / 8), atol=0.05)


def test_loudness_is_that_of_the_standard() -> None:
    """ITU-R BS.1770-4: a tone of 997 Hz at 0 dB full scale has -3.01 LUFS."""
    import torch

    waveform = torch.from_numpy(tone(997, 3.0, 1.0))
    gain = spectra.at_one_loudness(waveform).abs().max() / waveform.abs().max()
    # At 16 kHz torchaudio's filters give it 0.3 LU less.
    assert 20 * np.log10(float(gain)) == pytest.approx(spectra.TARGET + 3.01, abs=0.5)

    # Below the block of the standard the level is nearly the same.
    short = torch.from_numpy(tone(997, 0.3, 1.0))
    gain = spectra.at_one_loudness(short).abs().max() / short.abs().max()
    assert 20 * np.log10(float(gain)) == pytest.approx(spectra.TARGET + 3.7, abs=0.5)


def test_the_mean_spectrum_shows_the_tone() -> None:
    """The band that is loudest is the one that the tone is in; bands rise with frequency."""
    loudest = [
        int(spectra.statistics(tone(hertz))[: spectra.BANDS].argmax())
        for hertz in (300, 1000, 3000, 6000)
    ]
    assert loudest == sorted(set(loudest))


def test_pauses_do_not_count() -> None:
    """Synthetic speech pauses in digital zeros, recorded speech in noise."""
    waveform = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    # A whole number of frames, so that both have the same ones but for two at each edge.
    paused = np.concatenate([waveform, np.zeros(16_000, np.float32)])
    means = [spectra.statistics(samples)[: spectra.BANDS] for samples in (waveform, paused)]
    assert np.abs(means[0] - means[1]).mean() < 0.5


@pytest.mark.parametrize("samples", [1, 200, 500, 8_000])
def test_silence_and_scraps_are_finite(samples: int) -> None:
    for waveform in (np.zeros(samples, np.float32), np.full(samples, 0.5, np.float32)):
        vector = spectra.statistics(waveform)
        assert vector.shape == (spectra.DIM,)
        assert vector.dtype == np.float32
        assert np.isfinite(vector).all()


def test_melody_is_heard_apart_from_level() -> None:
    """A higher and livelier voice has higher F0 numbers, however loud it is."""
    time = np.arange(24_000) / 16_000

    def voice(hertz: float, semitones: float) -> np.ndarray:
        f0 = hertz * 2 ** (semitones * np.sin(2 * np.pi * 0.8 * time) / 12)
        phase = 2 * np.pi * np.cumsum(f0) / 16_000
        return sum(np.sin(k * phase) / k for k in range(1, 9)).astype(np.float32) * 0.05

    low, high, lively = (
        spectra.statistics(samples)[spectra.SPECTRUM :]
        for samples in (voice(110, 0), voice(220, 0), 4 * voice(110, 5))
    )
    assert high[0] - low[0] == pytest.approx(12, abs=0.5)
    assert low[1] < 0.5 < 3 < lively[1]
    assert lively[2] == pytest.approx(10, abs=2)


def test_threads_are_given_back() -> None:
    """A library that changes the threads of its host makes all else slow."""
    import torch

    before = torch.get_num_threads()
    with spectra.on_one_thread():
        assert torch.get_num_threads() == 1

    assert torch.get_num_threads() == before
