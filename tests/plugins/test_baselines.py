"""Baselines: scores that depend on the clip alone, weights that are checked, floors that are
floors.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mserbench.contracts import Clip
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.model import TrainingItem
from mserbench_baselines import linear, logmel, register_models
from mserbench_baselines.egemaps import EGeMAPS, functionals
from mserbench_baselines.feature_model import LinearOptions
from mserbench_baselines.floors import Prior, Random
from mserbench_baselines.logmel import LogMel
from mserbench_training.models.speakers import speaker_statistics

LABELS = ["neutral", "happy", "sad"]
MODELS = [LogMel, EGeMAPS]
SPEAKER = LinearOptions(normalise="speaker")


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def clip(number: int, seconds: float = 0.4, level: float = 0.1, group: int | None = None) -> Clip:
    """Noise through a filter that the number decides; level 0 is silence."""
    noise = (
        np.random.default_rng(number).normal(0, level, round(16_000 * seconds)).astype(np.float32)
    )
    shaped = (
        np.convolve(noise, np.hanning(3 + 4 * (number % 3)), "same").astype(np.float32).clip(-1, 1)
    )
    key = f"{number}-{seconds}-{level}"

    return Clip(key, f"seed-{key}", seconds, lambda: shaped, group)


def items(n: int = 30) -> list[TrainingItem]:
    return [TrainingItem(clip(i), LABELS[i % 3], f"s{i % 2}", "de", "corpus") for i in range(n)]


@pytest.fixture(params=MODELS, ids=lambda model: model.name)
def kind(request):
    if request.param is EGeMAPS:
        pytest.importorskip("opensmile")
    return request.param


@pytest.fixture
def trained(kind, tmp_path):
    def train(options: LinearOptions | None = None) -> Path:
        out = tmp_path / f"weights-{options}"
        out.mkdir()
        kind(options).fit(items(), [], out)

        return out

    return train


def test_the_hooks_module_imports_nothing_heavy():
    """Else `mserbench --help` would wait for NumPy and scikit-learn."""
    code = "import sys, mserbench_baselines as b; b.register_models(); print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert not [
        name
        for name in ("numpy", "sklearn", "scipy", "opensmile", "pandas")
        if f"'{name}'" in loaded
    ]


def test_entries_name_what_exists():
    for entry in register_models():
        module, _, attribute = entry.target.partition(":")
        model = getattr(sys.modules[module], attribute)
        assert model.describe(model.Options(), None).card.name == entry.name


# Feature-statistics models


def test_training_separates_what_can_be_separated(kind, trained):
    """Else the features or the classifier lose what the clips differ by."""
    scores = kind(weights=trained()).predict([clip(i) for i in range(60, 90)], LABELS)
    assert (scores.argmax(axis=1) == np.arange(60, 90) % 3).mean() > 0.8


@pytest.mark.parametrize("options", [None, SPEAKER], ids=["training", "speaker"])
def test_scores_are_the_same_bits_in_any_batch_and_order(kind, trained, options):
    """Else a resumed or sharded run would differ from an uninterrupted one."""
    model = kind(options, trained(options))
    clips = [clip(i, seconds=0.03 + 0.07 * i, group=i % 2) for i in range(9)]
    model.prepare(lambda: clips)
    together = model.predict(clips, LABELS)
    alone = np.vstack([model.predict([clip], LABELS) for clip in clips])
    second = kind(options, model.weights)
    second.prepare(lambda: reversed(clips))
    backwards = second.predict(clips[::-1], LABELS)[::-1]
    assert together.tobytes() == alone.tobytes() == np.ascontiguousarray(backwards).tobytes()


@pytest.mark.parametrize("options", [None, SPEAKER], ids=["training", "speaker"])
def test_short_and_silent_clips_get_finite_scores(kind, trained, options):
    """One odd recording must not stop a run of thousands."""
    model = kind(options, trained(options))
    clips = [
        clip(1, s, level, group=0)
        for s in (1 / 16_000, 0.05, 0.06, 1.0)
        for level in (0.0, 0.1, 50.0)
    ]
    model.prepare(lambda: clips)
    scores = model.predict(clips, LABELS)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_a_lone_silent_speaker_is_normalised_to_the_middle(kind, trained):
    """A speaker with one clip has no spread to divide by."""
    model = kind(SPEAKER, trained(SPEAKER))
    alone = [clip(1, level=0.0, group=0)]
    model.prepare(lambda: alone)
    assert np.isfinite(model.predict(alone, LABELS)).all()


def test_speaker_normalisation_is_declared_and_wants_all_clips_first(kind, trained):
    """Else statistics of the target would be used without a word."""
    model = kind(SPEAKER, trained(SPEAKER))
    assert model.transductive
    assert not kind(LinearOptions()).transductive

    with pytest.raises(ModelError, match="call 'prepare' with all clips first"):
        model.predict([clip(1, group=0)], LABELS)


def test_speaker_normalisation_takes_away_what_is_the_speakers_own():
    features = np.array([[1.0, 5.0], [3.0, 5.0], [10.0, 7.0], [30.0, 7.0]])
    statistics = speaker_statistics(features, ["a", "a", "b", "b"])
    for speaker, rows in (("a", features[:2]), ("b", features[2:])):
        np.testing.assert_allclose(statistics[speaker].apply(rows), [[-1, 0], [1, 0]])


def test_weights_trained_with_the_other_normalisation_are_refused(kind, trained):
    """They would be read on a scale they were not made for."""
    with pytest.raises(UsageError, match="give '--option normalise=speaker' or other weights"):
        kind(LinearOptions(), trained(SPEAKER))


def test_training_twice_gives_the_same_file(kind, tmp_path):
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        kind().fit(items(), [], tmp_path / name)
        files.append((tmp_path / name / "model.json").read_bytes())

    assert files[0] == files[1]


def test_labels_that_are_not_canonical_are_left_out_and_counted(tmp_path):
    """A clip that training did not use must be on record."""
    odd = [TrainingItem(clip(i), "boredom", None, "de", "corpus") for i in range(4)]
    for labels, learnt in (("canonical", sorted(LABELS)), ("all", ["boredom", *sorted(LABELS)])):
        out = tmp_path / labels
        out.mkdir()
        LogMel(LinearOptions(labels=labels)).fit(items(12) + odd, [], out)
        record = json.loads((out / "model.json").read_text())
        assert sorted(record["labels"]) == sorted(learnt)
        assert record["left_out"] == ({"boredom": 4} if labels == "canonical" else {})


def test_one_label_cannot_be_trained(tmp_path):
    with pytest.raises(DataError, match=r"\['sad'\], but two or more are needed.*labels=all"):
        LogMel().fit(
            [TrainingItem(clip(i), "sad", None, "de", "corpus") for i in range(3)], [], tmp_path
        )


def test_without_weights_it_says_what_to_do(kind):
    with pytest.raises(ModelError, match="has no weights: train it first"):
        kind().predict([clip(1)], LABELS)


@pytest.mark.parametrize(
    "wrong", [{"normalise": "target"}, {"C": 0.0}, {"C": float("nan")}, {"labels": "some"}]
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        LinearOptions(**wrong)


def _edit(**changes):
    def apply(text: str) -> str:
        return json.dumps({**json.loads(text), **changes})

    return apply


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: text[: len(text) // 2], "cannot be read"),
        (lambda text: "", "cannot be read"),
        (lambda text: "[1, 2]", "not of schema 1"),
        (
            lambda text: text.replace('"intercept": [', '"intercept": [NaN, '),
            "NaN, which is no number",
        ),
        (_edit(schema=2), "not of schema 1"),
        (_edit(model="egemaps"), "of model 'egemaps', not of 'logmel'"),
        (
            _edit(features={"name": "logmel", "version": "0"}),
            "version '0', but 'logmel', version '1'",
        ),
        (_edit(features=None), "trained on features None"),
        (_edit(labels=["a"]), "two or more distinct"),
        (_edit(labels=["a", "b", 3]), "a list of names"),
        (_edit(intercept=[1.0]), r"'intercept' has shape \(1,\)"),
        (_edit(intercept=["1", "2", "3"]), "'intercept'.*finite numbers"),
        (lambda text: text.replace('"intercept": [', '"intercept": [1e999, '), "'intercept'"),
        (_edit(coef=[[1.0], [1.0, 2.0]]), "'coef'"),
        (_edit(coef=None), "'coef'"),
        (_edit(quantiles=[list(range(11, 0, -1))] * 120), "do not rise"),
    ],
)
def test_damaged_and_foreign_weights_are_refused_with_a_reason(tmp_path, damage, complaint):
    """A stranger's file is data: it must not run, crash, or score silently wrong."""
    LogMel().fit(items(), [], tmp_path)
    path = tmp_path / "model.json"
    path.write_text(damage(path.read_text()))

    with pytest.raises(DataError, match=complaint):
        LogMel(weights=tmp_path)


def test_an_empty_weights_folder_is_named(tmp_path):
    with pytest.raises(
        DataError, match=r"holds no model\.json: give a folder written by 'mserbench train"
    ):
        LogMel(weights=tmp_path)


# The classifier


@pytest.fixture(scope="module")
def classifier() -> linear.LinearClassifier:
    rng = np.random.default_rng(0)
    answers = [LABELS[i % 3] for i in range(90)]
    return linear.fit(rng.normal(size=(90, 5)) + np.arange(90)[:, None] % 3, answers)


def test_probabilities_are_those_of_scikit_learn(classifier):
    """Else the JSON would hold another model than the one that was trained."""
    from sklearn.linear_model import LogisticRegression

    features = np.random.default_rng(1).normal(size=(90, 5)) + np.arange(90)[:, None] % 3
    inputs = classifier.scores(features)
    reference = LogisticRegression()
    reference.classes_ = np.array(classifier.labels)
    reference.coef_, reference.intercept_ = classifier.coef, classifier.intercept
    expected = reference.predict_proba(inputs)
    np.testing.assert_allclose(
        classifier.probabilities(features, classifier.labels), expected, rtol=1e-12
    )


def test_a_subset_of_labels_shares_the_whole_probability(classifier):
    """A task that lacks a trained label must not lose its share; one never trained must not gain
    any.
    """
    features = np.random.default_rng(2).normal(size=(4, 5))
    whole = classifier.probabilities(features, LABELS)
    part = classifier.probabilities(features, ["sad", "calm", "neutral"])
    np.testing.assert_allclose(
        part[:, [0, 2]], whole[:, [2, 0]] / whole[:, [0, 2]].sum(axis=1, keepdims=True)
    )
    assert (part[:, 1] == 0).all()


def test_labels_never_trained_are_an_error(classifier):
    with pytest.raises(ModelError, match=r"none of those asked for, \['calm'\]"):
        classifier.probabilities(np.zeros((1, 5)), ["calm"])


def test_two_labels_work_as_three_do():
    """scikit-learn stores two labels in another way."""
    features = np.array([[-1.0], [-0.9], [1.0], [0.9]] * 5)
    two = linear.fit(features, ["sad", "sad", "happy", "happy"] * 5)
    scores = two.probabilities(np.array([[-1.0], [1.0]]), ["sad", "happy"])
    assert scores[0, 0] > 0.5 > scores[1, 0]


def test_a_rare_label_counts_as_much_as_a_frequent_one():
    """Else the classifier would answer with the frequent label, and UA would fall to chance."""
    features = np.array([[0.0]] * 95 + [[1.0]] * 5)
    rare = linear.fit(features, ["neutral"] * 95 + ["sad"] * 5, penalty=10.0)
    assert rare.probabilities(np.array([[1.0]]), ["neutral", "sad"])[0, 1] > 0.5


def test_json_gives_the_same_bits_back(classifier):
    record = json.loads(json.dumps(classifier.to_json()))
    read_back = linear.LinearClassifier.from_json(record, 5)
    features = np.random.default_rng(3).normal(size=(7, 5))
    assert (
        read_back.probabilities(features, LABELS).tobytes()
        == classifier.probabilities(features, LABELS).tobytes()
    )


FINITE = st.floats(-1e30, 1e30)


@settings(deadline=None, max_examples=50)
@given(
    features=hnp.arrays(np.float64, (3, 2), elements=FINITE),
    quantiles=hnp.arrays(np.float64, (2, linear.KNOTS), elements=FINITE).map(np.sort),
)
def test_normal_scores_are_bounded_and_rise_with_the_feature(features, quantiles):
    """A wild feature must not decide alone, and order within a feature must stay."""
    scores = linear.NormalScores(quantiles)(np.sort(features, axis=0))
    assert (np.abs(scores) < 1.7).all()
    assert (np.diff(scores, axis=0) >= -1e-12).all()


# Log-mel statistics


def test_gain_and_pauses_change_nothing():
    """Recording level and padding are no emotion."""
    sound = clip(5, seconds=1.0).waveform
    plain = logmel.statistics(sound)
    np.testing.assert_allclose(logmel.statistics(sound * np.float32(0.25)), plain, atol=1e-4)
    padded = logmel.statistics(np.concatenate([sound, np.zeros(16_000, np.float32)]))
    np.testing.assert_allclose(padded[:40], plain[:40], atol=0.1)


def test_a_tone_is_loudest_in_the_band_that_holds_it():
    """Else the mel filters lie elsewhere than they say."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 42) / 2595) - 1)
    band = int(logmel.mel_power(tone).sum(axis=0).argmax())
    assert edges[band] < 1000 < edges[band + 2]


def test_silence_has_a_flat_still_spectrum():
    np.testing.assert_allclose(
        logmel.statistics(np.zeros(8000, np.float32)), np.zeros(120), atol=1e-9
    )


# openSMILE


@pytest.mark.parametrize("seconds", [0.06, 0.5, 2.0])
def test_functionals_are_those_of_opensmile(seconds):
    """Else `egemaps` would not be eGeMAPS."""
    opensmile = pytest.importorskip("opensmile")
    official = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02)
    sound = clip(3, seconds).waveform
    np.testing.assert_array_equal(
        functionals(sound), official.process_signal(sound, 16_000).to_numpy()[0]
    )


def test_full_scale_does_not_wrap_round():
    """openSMILE's package turns +1.0 into -1.0; a clipped recording would gain clicks."""
    pytest.importorskip("opensmile")
    square = np.sign(np.sin(2 * np.pi * 150 * np.arange(16_000) / 16_000)).astype(np.float32)
    np.testing.assert_array_equal(
        functionals(square), functionals(np.clip(square, -1, 32767 / 32768))
    )


# Floors


def _labelled(*labels: str) -> list[TrainingItem]:
    return [TrainingItem(clip(0), label, None, "de", "corpus") for label in labels]


def test_prior_gives_the_training_frequencies_of_the_labels_asked_for(tmp_path):
    Prior().fit(_labelled("sad", "sad", "sad", "happy", "boredom"), [], tmp_path)
    scores = Prior(weights=tmp_path).predict([clip(1), clip(2)], LABELS)
    np.testing.assert_allclose(scores, [[0, 0.25, 0.75]] * 2)


def test_prior_is_uniform_where_it_knows_nothing(tmp_path):
    Prior().fit(_labelled("boredom"), [], tmp_path)
    for prior in (Prior(), Prior(weights=tmp_path)):
        np.testing.assert_allclose(prior.predict([clip(1)], LABELS), [[1 / 3] * 3])


@pytest.mark.parametrize("counts", [None, [], {"sad": -1}, {"sad": 0.5}, {"sad": True}])
def test_prior_refuses_counts_that_are_none(tmp_path, counts):
    record = {"schema": 1, "model": "prior", "counts": counts}
    (tmp_path / "model.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match="a positive whole number"):
        Prior(weights=tmp_path)


def test_random_is_fixed_for_an_utterance_and_spread_over_labels():
    """A floor that changes between runs cannot be compared with."""
    clips = [clip(i) for i in range(2)] + [
        Clip("same", f"utterance-{i}", 1.0, lambda: None) for i in range(3000)
    ]
    scores = Random().predict(clips, LABELS)
    np.testing.assert_array_equal(Random().predict(clips[::-1], LABELS)[::-1], scores)
    np.testing.assert_array_equal(Random().predict(clips[:1], LABELS), scores[:1])
    shares = np.bincount(scores.argmax(axis=1)) / len(clips)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)  # three standard errors
    assert (Random(Random.Options(seed=1)).predict(clips, LABELS) != scores).mean() > 0.99


def test_random_is_frozen_for_ever():
    """The committed predictions must be remade byte for byte by any later version."""
    clip = Clip("key", "utterance", 1.0, lambda: None)
    assert Random().predict([clip], ["sad"])[0, 0] == 0.16461349645937418


def test_the_names_of_the_functionals_are_those_of_opensmile() -> None:
    """Else a coefficient in `model.json` would stand under the name of another functional."""
    opensmile = pytest.importorskip("opensmile")
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    assert list(EGeMAPS().feature_names()) == smile.feature_names
