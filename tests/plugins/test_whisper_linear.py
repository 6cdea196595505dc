"""`whisper-linear`: blind to who speaks, chosen on the sources alone, weights that say what they
rest on.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
whisper = pytest.importorskip("whisper", reason="the extra train is not installed")

from safetensors.torch import save_file  # noqa: E402

from mserbench.contracts import Clip  # noqa: E402
from mserbench.errors import DataError, ModelError, UsageError  # noqa: E402
from mserbench.model import TrainingItem  # noqa: E402
from mserbench.options import make_options  # noqa: E402
from mserbench.results.manifest import Manifest, read_manifest, write_manifest  # noqa: E402
from mserbench.running import training  # noqa: E402
from mserbench.running.lookup import model_entry, shipped_weights  # noqa: E402
from mserbench.testing import assert_model  # noqa: E402
from mserbench_training.frames.augment import Room, reverberate  # noqa: E402
from mserbench_training.frames.augment import generator as seeded  # noqa: E402
from mserbench_training.frames.pooled import Copy, pooled_features  # noqa: E402
from mserbench_whisper_linear import (  # noqa: E402
    BY_SPEAKER,
    WEIGHTS,
    choice,
    classifier,
    variants,
)
from mserbench_whisper_linear.classifier import Method  # noqa: E402
from mserbench_whisper_linear.model import WhisperLinear  # noqa: E402
from mserbench_whisper_linear.options import WhisperLinearOptions  # noqa: E402

LABELS = ["neutral", "happy", "sad"]
SPEAKER = WhisperLinearOptions(normalise="speaker")
DIMS = {
    "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 16, "n_audio_head": 2, "n_audio_layer": 3,
    "n_vocab": 8,
    "n_text_ctx": 4, "n_text_state": 16, "n_text_head": 2, "n_text_layer": 1,
}  # fmt: skip


def write_encoder(cache: Path, seed: int) -> None:
    """Put a narrow random encoder where whisper-base would be."""
    folder = cache / "weights" / "whisper-base"
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    module = whisper.model.AudioEncoder(80, 1500, 16, 2, 3)

    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)

    save_file(
        {f"encoder.{name}": tensor for name, tensor in module.state_dict().items()},
        folder / "model.safetensors",
    )
    (folder / "dims.json").write_text(json.dumps(DIMS))
    sizes = {
        name: {"bytes": (folder / name).stat().st_size}
        for name in ("model.safetensors", "dims.json")
    }
    record = {
        "schema": 1,
        "name": "whisper-base",
        "source": "a test",
        "versions": {},
        "files": sizes,
    }
    (folder / "weights.json").write_text(json.dumps(record))


@pytest.fixture
def encoder(tmp_path, monkeypatch):
    """A cache of its own that holds a random encoder under the name of the real one."""
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    write_encoder(tmp_path / "cache", seed=0)
    return tmp_path / "cache"


def clip(number: int, seconds: float = 0.4, level: float = 0.1, group: int | None = None) -> Clip:
    """Noise through a filter that the number decides; level 0 is silence."""
    noise = (
        np.random.default_rng(number)
        .normal(0, level, max(1, round(16_000 * seconds)))
        .astype(np.float32)
    )
    shaped = (
        np.convolve(noise, np.hanning(3 + 6 * (number % 3)), "same").astype(np.float32).clip(-1, 1)
    )
    key = f"{number}-{seconds}-{level}"

    return Clip(key, f"seed-{key}", seconds, lambda: shaped, group)


def items(n: int = 36, corpora: int = 2) -> list[TrainingItem]:
    return [
        TrainingItem(clip(i), LABELS[i % 3], f"s{i // 3 % 3}", "de", f"corpus {i // 9 % corpora}")
        for i in range(n)
    ]


@pytest.fixture
def trained(encoder, tmp_path):
    def train(options: WhisperLinearOptions | None = None) -> Path:
        out = tmp_path / f"weights-{len(list(tmp_path.iterdir()))}"
        out.mkdir()
        WhisperLinear(options).fit(items(), [], out)

        return out

    return train


# The model


def test_training_separates_what_can_be_separated(trained):
    """Else the layers, the pooling or the classifier lose what the clips differ by."""
    model = WhisperLinear(weights=trained(WhisperLinearOptions(shrinkage=0.1)))
    scores = model.predict([clip(i) for i in range(60, 90)], LABELS)
    assert (scores.argmax(axis=1) == np.arange(60, 90) % 3).mean() > 0.8


def test_weights_remember_the_precision_of_their_encoder(trained):
    """Scored by frames of another, they would be asked of what they never learnt; float32 is not
    said, as before.
    """
    exact, rounded = trained(), trained(WhisperLinearOptions(encoder_precision="bfloat16"))
    features = [
        json.loads((folder / "model.json").read_text())["features"] for folder in (exact, rounded)
    ]
    assert "encoder_precision" not in features[0]
    assert features[1]["encoder_precision"] == "bfloat16"
    models = [WhisperLinear(weights=folder) for folder in (exact, rounded)]
    assert [model._encoder.name for model in models] == [
        "whisper-base-trimmed",
        "whisper-base-trimmed-bfloat16",
    ]
    scores = [model.predict([clip(i) for i in range(60, 90)], LABELS) for model in models]
    assert 0 < np.abs(scores[0] - scores[1]).max() < 0.1
    features[1]["encoder_precision"] = "float16"
    (rounded / "model.json").write_text(
        json.dumps({**json.loads((rounded / "model.json").read_text()), "features": features[1]})
    )

    with pytest.raises(
        DataError, match="option encoder_precision is 'float16', but must be one of"
    ):
        WhisperLinear(weights=rounded)


def test_weights_remember_whether_pauses_were_dropped(trained):
    """Asked for nothing, a model hears what its weights were trained on; older weights heard all."""
    kept, dropped = (
        trained(WhisperLinearOptions(pauses=pauses, tempo="own")) for pauses in ("kept", "dropped")
    )
    features = [
        json.loads((folder / "model.json").read_text())["features"] for folder in (kept, dropped)
    ]
    assert "pauses" not in features[0]
    assert features[1]["pauses"] == "dropped"
    assert features[0]["name"] != features[1]["name"]

    speech = np.concatenate([clip(1).load(), np.zeros(8_000, np.float32), clip(2).load()])
    paused = Clip("paused", "paused", len(speech) / 16_000, lambda: speech)
    for folder, pauses in ((kept, "kept"), (dropped, "dropped")):
        model = WhisperLinear(None, folder)
        wanted = WhisperLinear(WhisperLinearOptions(pauses=pauses), folder)
        np.testing.assert_array_equal(
            model.predict([paused], LABELS), wanted.predict([paused], LABELS)
        )

    answers = [WhisperLinear(None, folder)._extract([paused]) for folder in (kept, dropped)]
    assert not np.allclose(*answers)


def test_training_at_any_tempo_learns_a_copy_of_each_clip_too(trained, encoder):
    """Weights say so, hear a new clip as it is, and those of before the option say nothing."""
    pytest.importorskip("python_stretch", reason="the extra stress is not installed")
    own, anyhow = (trained(WhisperLinearOptions(tempo=tempo)) for tempo in ("own", "any"))
    records = [json.loads((folder / "model.json").read_text()) for folder in (own, anyhow)]
    assert "tempo" not in records[0]
    assert records[1]["tempo"] == "any"
    assert records[0]["features"] == records[1]["features"]
    assert records[0]["coef"] != records[1]["coef"]

    features, learnt = WhisperLinear(WhisperLinearOptions(tempo="any")).taught_by(items(4))
    plain = WhisperLinear(WhisperLinearOptions(tempo="own")).taught_by(items(4))[0]
    np.testing.assert_array_equal(features[:4], plain)
    assert not np.allclose(features[4:], plain)
    assert [item.clip.key for item in learnt] == [item.clip.key for item in items(4)] * 2


@pytest.mark.parametrize("options", [None, SPEAKER], ids=["training", "speaker"])
def test_scores_are_the_same_bits_in_any_batch_and_order(trained, options):
    """Else a resumed or sharded run would differ from an uninterrupted one."""
    clips = [clip(i, seconds=0.03 + 0.07 * i, group=i % 2) for i in range(9)]
    model = WhisperLinear(options, trained(options))
    model.prepare(lambda: clips)
    together = model.predict(clips, LABELS)
    alone = np.vstack([model.predict([clip], LABELS) for clip in clips])
    second = WhisperLinear(options, model.weights)
    second.prepare(lambda: reversed(clips))
    backwards = second.predict(clips[::-1], LABELS)[::-1]
    assert together.tobytes() == alone.tobytes() == np.ascontiguousarray(backwards).tobytes()


def test_weights_bring_the_layers_they_were_trained_on(trained):
    """A user who scores with them need not repeat, and cannot mistake, how they were trained."""
    chosen = WhisperLinearOptions(layers="0,3", pooling="std")
    weights = trained(chosen)
    clips = [clip(40)]
    as_trained = WhisperLinear(chosen, weights).predict(clips, LABELS)
    np.testing.assert_array_equal(WhisperLinear(None, weights).predict(clips, LABELS), as_trained)


def test_weights_of_another_encoder_are_refused(trained, encoder):
    """The same numbers of another encoder's frames mean nothing, yet would give scores."""
    weights = trained()
    write_encoder(encoder, seed=1)
    with pytest.raises(DataError, match=r"were trained on features .* are computed now"):
        WhisperLinear(None, weights)


def test_weights_trained_with_the_other_normalisation_are_refused(trained):
    with pytest.raises(UsageError, match="give '--option normalise=speaker' or other weights"):
        WhisperLinear(None, trained(SPEAKER))


def test_without_the_encoder_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="'mserbench weights get whisper-base' gets them"):
        WhisperLinear()


@pytest.mark.parametrize(
    "change",
    [
        {"features": None},
        {"features": {"layers": 2}},
        {"scale": [0.0] * 32},
        {"coef": [[1.0]]},
        {"labels": ["sad"]},
        {"intercept": ["1", "2", "3"]},
    ],
)
def test_damaged_weights_are_refused_with_a_reason(trained, change):
    """A stranger's file is data: it must not run, crash, or score silently wrong."""
    path = trained() / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DataError, match="train"):
        WhisperLinear(weights=path.parent)


def test_after_speaker_normalisation_no_direction_is_taken_out():
    """What then differs between speakers is labels that some lack: taking that out cost 8 points on
    AESDD.
    """
    assert SPEAKER.taken_out == 0
    assert WhisperLinearOptions().taken_out == 3
    assert WhisperLinearOptions(normalise="speaker", directions=2).taken_out == 2


def test_speaker_normalisation_is_declared_and_wants_all_clips_first(trained):
    """Else statistics of the target would be used without a word."""
    model = WhisperLinear(SPEAKER, trained(SPEAKER))
    assert model.transductive
    with pytest.raises(ModelError, match="call 'prepare' with all clips first"):
        model.predict([clip(1, group=0)], LABELS)


def test_what_whisper_heard_is_handed_on(encoder):
    """A reader must see that the target's language was heard, though never with emotion labels."""
    card = WhisperLinear().card
    assert card.exposure_complete
    assert {"en", "de", "it", "el", "fa"} <= {
        language for exposure in card.exposure for language in exposure.languages
    }
    assert {exposure.kind for exposure in card.exposure} == {"speech"}


@pytest.mark.parametrize(
    "options",
    [
        {"layers": "two"},
        {"layers": ""},
        {"directions": "-1"},
        {"C": "0"},
        {"length": "cut"},
        {"classifier": "svm"},
        {"centres": "corpora"},
        {"mix": "learnt"},
        {"shrinkage": "2"},
        {"C": "automatic"},
    ],
)
def test_options_that_are_none_are_refused(options):
    with pytest.raises(UsageError):
        make_options(WhisperLinear, options, "whisper-linear")


def test_the_kit_passes(encoder, trained):
    """Scores that change with the batch, or break on silence, are no scores."""
    weights = trained()
    write_manifest(
        weights, Manifest.from_json({"model": "whisper-linear", "sources": [], "files": {}})
    )
    assert_model("whisper-linear", weights)


# The choice


def test_auto_chooses_the_layer_that_holds_up_on_sources_left_out(monkeypatch, trained):
    """A layer that serves the corpora it was trained on alone must lose."""
    weights = trained(WhisperLinearOptions(layers="auto", shrinkage="auto", directions="auto"))
    record = json.loads((weights / "model.json").read_text())
    tried = record["tried"]
    assert len(tried) == 4 * len(choice.DIRECTIONS) * len(choice.STRENGTHS["discriminant"])
    best = max(tried, key=tried.get)
    assert (
        best == f"layer {record['features']['layers']}, directions {record['directions']}, "
        f"strength {record['strength']:g}"
    )
    WhisperLinear(weights=weights).predict([clip(1)], LABELS)


def test_sources_are_left_out_whole():
    """A clip of a corpus that is trained on says nothing of a corpus that is not."""
    training = items()
    for train, test in choice.folds(training):
        assert {training[i].corpus for i in train}.isdisjoint(training[i].corpus for i in test)


def test_of_one_source_speakers_are_left_out_whole():
    training = items(corpora=1)
    folds = list(choice.folds(training))
    assert len(folds) == 3

    for train, test in folds:
        assert {training[i].speaker for i in train}.isdisjoint(training[i].speaker for i in test)


def test_a_fixed_choice_is_not_tried():
    """Leaving corpora out takes longer than training."""
    chosen = choice.best(np.zeros((4, 2)), items(4), WhisperLinearOptions(), width=2)
    assert (chosen.directions, chosen.strength, chosen.tried) == (3, 0.8, {})


# The classifier


def confounded(n: int = 240) -> tuple[np.ndarray, list[str], list[int]]:
    """Two labels that one feature tells weakly; another tells speakers far apart, each of whom has
    both labels.
    """
    rng = np.random.default_rng(0)
    label = np.arange(n) % 2
    speaker = np.arange(n) // 2 % 4
    features = np.stack(
        [label + rng.normal(0, 0.5, n), 10.0 * speaker + rng.normal(0, 0.1, n)], axis=1
    )

    return features, [("sad", "happy")[code] for code in label], speaker.tolist()


@pytest.mark.parametrize("kind", ["discriminant", "logistic"])
def test_the_direction_of_the_speakers_is_found_and_counts_for_nothing(kind):
    """Else a new voice would push all of its clips towards one label."""
    features, labels, speakers = confounded()
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    (direction,) = classifier.speaker_directions(inputs, labels, speakers, 1)
    assert abs(direction[1]) > 0.99
    learnt = classifier.fit(features, labels, speakers, Method(kind, 0.5, 1))
    np.testing.assert_allclose(learnt.coef @ direction, 0, atol=1e-9)
    far = features[0] + 50 * direction * features.std(axis=0)
    plain, moved = learnt.probabilities(np.stack([features[0], far]), labels[:2])
    np.testing.assert_allclose(plain, moved, atol=1e-6)


def test_a_speaker_lies_where_his_labels_do_on_average():
    """One who was recorded mostly in anger must not make anger a matter of voice."""
    inputs = np.array([[1.0, 0.0]] * 9 + [[-1.0, 0.0]] + [[1.0, 1.0]] + [[-1.0, 1.0]] * 9)
    labels = ["angry"] * 9 + ["sad"] + ["angry"] + ["sad"] * 9
    (direction,) = classifier.speaker_directions(inputs, labels, ["a"] * 10 + ["b"] * 10, 1)
    np.testing.assert_allclose(np.abs(direction), [0, 1], atol=1e-12)


def test_no_more_directions_than_speakers_can_span():
    features, labels, speakers = confounded()
    assert classifier.speaker_directions(features, labels, speakers, 9).shape[0] <= 3
    assert classifier.speaker_directions(features, labels, [0] * len(labels), 3).shape == (0, 2)


def test_probabilities_are_those_of_scikit_learn():
    """Else the JSON would hold another model than the one that was trained."""
    from sklearn.linear_model import LogisticRegression

    features, labels, speakers = confounded()
    learnt = classifier.fit(features, labels, speakers, Method("logistic", 0.5))
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    reference = LogisticRegression(C=0.5, class_weight="balanced", tol=1e-6).fit(inputs, labels)
    expected = reference.predict_proba(inputs)
    np.testing.assert_allclose(
        learnt.probabilities(features, list(reference.classes_)), expected, rtol=1e-9
    )


def test_the_discriminant_of_all_clips_is_that_of_scikit_learn():
    """Else the figures of the shrunk discriminant would be those of something else."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    features, labels, speakers = confounded()
    learnt = classifier.fit(features, labels, speakers, Method("discriminant", 0.3))
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3, priors=[0.5, 0.5]).fit(
        inputs, labels
    )
    expected = reference.predict_proba(inputs)
    np.testing.assert_allclose(
        learnt.probabilities(features, list(reference.classes_)), expected, rtol=1e-8
    )


def test_a_speaker_with_many_clips_counts_no_more_than_others():
    """Else the corpus or the voice that has most clips of a label decides what the label sounds
    like.
    """
    inputs = np.array([[0.0, 0.0]] * 8 + [[2.0, 4.0], [9.0, 9.0]])
    chosen = np.array([True] * 9 + [False])
    np.testing.assert_array_equal(classifier.centre(inputs, chosen, ["a"] * 8 + ["b", "a"]), [1, 2])
    np.testing.assert_allclose(classifier.centre(inputs, chosen, [None] * 10), [2 / 9, 4 / 9])


def test_averaged_layers_give_the_mean_of_their_log_probabilities():
    """One linear classifier holds them, which is right only because logits may be averaged."""
    features, labels, speakers = confounded()
    method = Method("discriminant", 0.5, 0, "speakers")
    parts = [classifier.fit(features[:, [i]], labels, speakers, method) for i in (0, 1)]
    together = classifier.fit(
        features, labels, speakers, Method("discriminant", 0.5, 0, "speakers", parts=2)
    )
    logs = np.mean(
        [np.log(part.probabilities(features[:, [i]], labels[:2])) for i, part in enumerate(parts)],
        axis=0,
    )
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(together.probabilities(features, labels[:2]), expected, rtol=1e-9)


def test_clips_that_are_all_alike_are_learnt_as_chance():
    """A folder of silence is no reason to crash."""
    learnt = classifier.fit(
        np.ones((4, 3)), ["sad", "happy"] * 2, [0, 0, 1, 1], Method("discriminant", 0.8, 1)
    )
    np.testing.assert_array_equal(
        learnt.probabilities(np.ones((1, 3)), ["sad", "happy"]), [[0.5, 0.5]]
    )


def test_a_discriminant_shrunk_wholly_goes_by_the_nearest_label_mean():
    """With the covariance a multiple of the identity; a sign error would break this closed form."""
    features, labels, speakers = confounded()
    learnt = classifier.fit(features, labels, speakers, Method("discriminant", 1.0))
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    truth = np.array(labels)
    means = np.stack([inputs[truth == name].mean(axis=0) for name in learnt.labels])
    nearest = np.square(inputs[:, None] - means).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(
        learnt.probabilities(features, learnt.labels).argmax(axis=1), nearest
    )


def test_a_feature_that_never_varied_counts_for_nothing():
    features, labels, speakers = confounded()
    constant = np.hstack([features, np.full((len(features), 1), 3.0)])
    learnt = classifier.fit(constant, labels, speakers, Method("discriminant", 0.5))
    strange = constant[:1] + np.array([[0.0, 0.0, 100.0]])
    as_trained = learnt.probabilities(constant[:1], labels[:2])
    np.testing.assert_allclose(learnt.probabilities(strange, labels[:2]), as_trained)


def test_json_gives_the_same_answers_back():
    features, labels, speakers = confounded()
    learnt = classifier.fit(features, labels, speakers, Method("discriminant", 0.5, 1))
    record = json.loads(json.dumps(learnt.to_json()))
    read_back = classifier.StandardLinear.from_json(record, 2)
    as_trained = learnt.probabilities(features, labels[:2])
    np.testing.assert_allclose(read_back.probabilities(features, labels[:2]), as_trained, atol=1e-5)
    assert read_back.to_json() == record


def test_one_label_is_an_error():
    with pytest.raises(DataError, match="two or more are needed"):
        classifier.fit(np.zeros((2, 2)), ["sad", "sad"], [0, 1], Method("logistic", 1.0))


# Copies of clips


def test_a_copy_in_a_room_is_decided_by_its_samples_and_number(encoder):
    """Else two machines would train on other copies, and a cache would mix them."""
    wave = clip(3).load()
    first, repeated, second = (Copy(Room(), number).of(wave) for number in (1, 1, 2))
    np.testing.assert_array_equal(first, repeated)
    assert not np.array_equal(first, second)
    assert len(first) == len(wave)
    np.testing.assert_array_equal(Copy(Room(), 0).of(wave), wave)
    whisper_encoder = WhisperLinear()._encoder
    names = {
        pooled_features(whisper_encoder, (1,), ("mean",), Copy(Room(), number)).name
        for number in (1, 2)
    }
    assert len({*names, pooled_features(whisper_encoder, (1,), ("mean",)).name}) == 3


def test_a_room_rings_for_its_time():
    """A reverberation of another length than it says would make the figures those of another
    room.
    """
    click = np.zeros(16_000, dtype=np.float32)
    click[0] = 1.0
    heard = reverberate(click, 0.4, 0.0, seeded("a"))
    power = np.square(heard[1:6_400], dtype=np.float64)
    assert power.sum() == pytest.approx(1.0, rel=0.1), "the reverberation is as loud as the click"
    decibels = 10 * np.log10([power[:1_600].mean(), power[3_200:4_800].mean()])
    assert decibels[0] - decibels[1] == pytest.approx(30, abs=2), "60 dB in 0.4 s"


@pytest.mark.parametrize(
    "change", [{"driest": 0.0}, {"nearest": -5.0}, {"colour": -1.0}, {"loudest_noise": 60.0}]
)
def test_rooms_that_cannot_be_are_refused(change):
    with pytest.raises(UsageError, match="cannot be"):
        Room(**change)


def test_silence_has_no_room():
    """A division by its level would be not a number."""
    np.testing.assert_array_equal(
        Room().apply(np.zeros(99, dtype=np.float32), "clip", 1), np.zeros(99)
    )


# The table of variants


def heard(n: int = 480) -> tuple[np.ndarray, list[str], list[str]]:
    """Three labels told by one feature, in two corpora of two speakers each; another feature tells
    the speaker.
    """
    label, speaker = np.arange(n) % 3, np.arange(n) // 3 % 4
    features = np.random.default_rng(0).normal(0, 0.1, (n, 6))
    features[:, 0] += label
    features[:, 1] += 0.5 * speaker

    return features, [LABELS[i] for i in label], [f"{'ab'[i // 2]}:{i}" for i in speaker]


def test_no_two_variants_have_one_name():
    """Else two rows of the document could not be told apart."""
    compared = list(dict.fromkeys([*variants.variants(), *variants.copied()]))
    assert len({variant.told for variant in compared}) == len(compared)
    assert variants.DEFAULT in compared


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"centred": "corpus"},
        {"centred": "speaker"},
        {"shifted": "speaker"},
        {"bags": 3},
        {"adversary": 0.1},
    ],
    ids=str,
)
def test_every_way_to_learn_learns_what_is_plain(change):
    """Else a row says that something does not help, when it was never put to work."""
    features, labels, speakers = heard()
    variant = variants.Variant(Method("discriminant", 0.3), **change)
    scores = variants.learn(variant, features, labels, speakers)(features, LABELS)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, rtol=1e-5)
    assert (scores.argmax(axis=1) == np.arange(len(scores)) % 3).mean() > 0.9


def test_moved_speakers_lie_in_one_place_and_shifted_ones_in_each_others():
    features, labels, speakers = heard()
    moved = variants.moved(features, labels, speakers)
    centres, _ = variants.centres_of(moved, labels, speakers)
    np.testing.assert_allclose(centres - centres.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(moved.mean(axis=0), features.mean(axis=0))
    shifted = variants.shifted(features, labels, speakers)[len(features) :]
    before, _ = variants.centres_of(features, labels, speakers)
    distance = np.abs(shifted[:, None, 1] - before[None, :, 1])
    assert distance.min(axis=1).max() < 0.5, "each shifted clip is at one of the speakers"
    assert len(set(distance.argmin(axis=1))) == 4


# What ships

LANGUAGES = {"emodb": "de", "emovo": "it", "aesdd": "el", "ravdess": "en"}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [*((name, "") for name in WEIGHTS), *((name, "-speaker") for name in BY_SPEAKER)],
)
def test_shipped_weights_are_small_and_say_what_they_were_trained_on(name, suffix):
    """A stranger runs them at once, and sees that one language's emotions were not in them."""
    folder = shipped_weights(model_entry("whisper-linear"), name + suffix)
    manifest = read_manifest(folder)
    # Fingerprints are some 600 bytes a clip.
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    n_clips = sum(len(source.clips) for source in manifest.sources)
    assert sizes.pop("fingerprints.npy") < 1_000 * n_clips
    assert sum(sizes.values()) < 1_000_000

    assert [source.task for source in manifest.sources] == list(WEIGHTS[name])
    heard = {language for source in manifest.sources for language in source.languages}
    assert heard < {"de", "it", "el", "en"}
    assert name.endswith("-".join(LANGUAGES[task] for task in WEIGHTS[name]))
    defaults = asdict(WhisperLinearOptions(normalise="speaker" if suffix else "training"))
    assert (manifest.options or {}).items() <= defaults.items(), (
        "an option made since may be missing, but none differ"
    )
    assert manifest.model_version == WhisperLinear.version


@pytest.mark.real
@pytest.mark.slow
def test_shipped_weights_are_remade_by_training(pretrained, real_data, tmp_path):
    """Weights that nobody can remake are a claim, not a result."""
    for name, sources in WEIGHTS.items():
        trained = training.train("whisper-linear", sources, tmp_path / name, data=real_data)
        shipped = shipped_weights(model_entry("whisper-linear"), name)
        for entry in ("mean", "scale", "coef"):
            new, old = (
                np.array(json.loads((folder / "model.json").read_text())[entry])
                for folder in (trained, shipped)
            )
            np.testing.assert_allclose(new, old, rtol=1e-2, atol=1e-4)
