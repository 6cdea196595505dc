"""mser-llm: labels read through several words, and the LLM's liking for a word taken out of the
scores.
"""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("whisper")
pytest.importorskip("accelerate")

from made_clips import LABELS, clip, items  # noqa: E402

from mserbench.contracts import Clip  # noqa: E402
from mserbench.errors import DataError, ModelError, UsageError  # noqa: E402
from mserbench.labels import read_answer  # noqa: E402
from mserbench.model import TrainingItem  # noqa: E402
from mserbench.results.manifest import Manifest, write_manifest  # noqa: E402
from mserbench.testing import assert_model  # noqa: E402
from mserbench_mser_llm import calibration, tiny_parts  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.model import MserLlm  # noqa: E402
from mserbench_mser_llm.presets import MserLlmOptions  # noqa: E402
from mserbench_mser_llm.scoring import Question, log_probabilities  # noqa: E402
from mserbench_mser_llm.synonyms import SYNONYMS, words_of  # noqa: E402

PROMPT = "The speaker feels"
ASKED = ("happy", "sad", "enthusiasm", "no_agreement")


@pytest.fixture(scope="module")
def llm(tmp_path_factory) -> FrozenLanguageModel:
    place = tmp_path_factory.mktemp("llama")
    tiny_parts.make("llama", place)
    return FrozenLanguageModel.from_folder(place)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache_of_this_file(cache, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(cache))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, cache):
    """Weights of a few steps: what they know does not matter here."""
    out = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSERBENCH_CACHE", str(cache))
        quick = {
            "preset": "tiny",
            "steps": 4,
            "evaluate_every": 2,
            "batch_emotions": 3,
            "reduce": 2,
        }
        MserLlm(MserLlmOptions(**quick, stored="float32")).fit(items(), [], out)

    return out


def model(folder, **options: object) -> MserLlm:
    return MserLlm(MserLlmOptions(**options), folder)


def prepared(unprepared: MserLlm, clips: list[Clip]) -> MserLlm:
    unprepared.prepare(lambda: iter(clips))
    return unprepared


def audio(llm: FrozenLanguageModel) -> torch.Tensor:
    torch.manual_seed(7)
    return torch.randn(4, 3, llm.dim) * llm.embedding_norm() / llm.dim**0.5


def learnt_from(folder) -> list[TrainingItem]:
    """The items that the weights were trained on: those whose speakers were not held out."""
    speakers_held_out = json.loads((folder / "model.json").read_text())["held_out"]
    return [item for item in items() if f"{item.language} {item.speaker}" not in speakers_held_out]


# Words


def test_no_word_stands_with_two_labels():
    """A word of two labels would count for both, and say nothing of either."""
    words = [{label, *synonyms} for label, synonyms in SYNONYMS.items()]
    assert not [
        words_of_one & words_of_another
        for words_of_one, words_of_another in combinations(words, 2)
        if words_of_one & words_of_another
    ]
    assert {len(words_of_label) for words_of_label in words} == {4}, (
        "a label of more words would be likelier by their number"
    )

    for label, synonyms in SYNONYMS.items():
        assert {read_answer(word, list(SYNONYMS)) for word in synonyms} <= {label, None}, (
            "written text is read alike"
        )


def test_a_word_that_is_a_label_itself_is_no_synonym():
    assert words_of(["happy", "joyful"], True) == (("happy", "cheerful", "delighted"), ("joyful",))
    assert words_of(["happy", "no_agreement"], False) == (("happy",), ("no agreement",))


@pytest.mark.parametrize("labels", [ASKED, ("neutral", "disgust"), ("calm", "boredom")])
def test_a_label_is_as_likely_as_all_its_words_together(llm, labels):
    """Against one question a word, each of which test_mser_llm_scoring.py holds against a full
    forward pass.
    """
    question, heard = Question.of(llm, PROMPT, labels, synonyms=True), audio(llm)
    ended = question.ambiguous
    for i, words in enumerate(question.words):
        expected = torch.zeros(len(heard))
        for word in words:
            alone = Question.of(llm, PROMPT, [word, f"{word} so"] if ended else [word])
            assert alone.ambiguous == ended
            expected += log_probabilities(llm, heard, alone)[:, 0].exp()

        torch.testing.assert_close(
            log_probabilities(llm, heard, question)[:, i], expected.log(), atol=1e-4, rtol=0
        )


def test_the_tokens_of_every_word_are_recorded(llm):
    record = Question.of(llm, PROMPT, ASKED, synonyms=True).record()
    assert list(record["word_tokens"]["happy"]) == ["happy", "joyful", "cheerful", "delighted"]
    assert record["word_tokens"]["no_agreement"] == {
        "no agreement": record["label_tokens"]["no_agreement"]
    }
    assert (
        record["word_tokens"]["sad"]["sorrowful"]
        == len(llm.tokens(f"{PROMPT} sorrowful")) - record["prompt_tokens"]
    )
    assert "word_tokens" not in Question.of(llm, PROMPT, ASKED).record()


def test_synonyms_are_asked_of_weights_trained_without(folder):
    """What is learnt is the label itself either way; its words are a way of reading."""
    heard = [clip(i) for i in range(60, 66)]
    # else long words, which the tiny LLM never writes, would add nothing to see
    options = {"label_reading": "mean"}
    plain, worded = (
        model(folder, **options).predict(heard, LABELS),
        model(folder, synonyms=True, **options),
    )
    through = worded.predict(heard, LABELS)
    assert not np.allclose(plain, through)
    np.testing.assert_allclose(through.sum(axis=1), 1)
    np.testing.assert_allclose(
        through,
        np.vstack([worded.predict([clip_alone], LABELS) for clip_alone in heard]),
        atol=1e-5,
    )


# Calibration by the training clips


@pytest.mark.parametrize("synonyms", [False, True])
def test_over_the_training_clips_no_label_is_liked_more_than_another(folder, synonyms):
    """Balanced: a label of few clips weighs as much as one of many."""
    calibrated = model(folder, synonyms=synonyms, calibration="training")
    question, learnt = calibrated.question(LABELS), learnt_from(folder)
    assert len(learnt) < len(items())
    scores = calibrated._scores(question, [item.clip for item in learnt]) - calibrated._liking(
        question
    )
    means = [scores[[item.label == label for item in learnt]].mean(axis=0) for label in LABELS]
    np.testing.assert_allclose(np.mean(means, axis=0), 0, atol=1e-5)


def test_the_mean_is_over_labels_not_over_clips(llm):
    few = [item for item in items(9) if item.label != "sad" or item.clip.key == "2-0.32"]
    heard = {item.clip.key: np.arange(3) + 10.0 * LABELS.index(item.label) for item in few}
    question = Question.of(llm, PROMPT, LABELS)
    measured = calibration.measured(
        few,
        question,
        "sum",
        lambda batch: np.stack([heard[clip_heard.key] for clip_heard in batch]),
    )
    assert measured["means"] == {"neutral": 10.0, "happy": 11.0, "sad": 12.0}


def test_of_each_label_some_clips_are_measured(llm, monkeypatch):
    """A training on a hundred hours must not end with a pass over all of them."""
    monkeypatch.setattr(calibration, "CLIPS_A_LABEL", 2)
    batch_sizes = []
    question = Question.of(llm, PROMPT, LABELS)
    calibration.measured(
        items(),
        question,
        "sum",
        lambda batch: batch_sizes.append(len(batch)) or np.zeros((len(batch), 3)),
    )
    assert batch_sizes == [2, 2, 2]


def test_calibrated_probabilities_are_the_plain_ones_over_the_means(folder):
    heard = [clip(i) for i in range(60, 64)]
    plain, calibrated = model(folder).predict(heard, LABELS), model(folder, calibration="training")
    weighed = plain / np.exp(calibrated._liking(calibrated.question(LABELS)))
    np.testing.assert_allclose(
        calibrated.predict(heard, LABELS), weighed / weighed.sum(axis=1, keepdims=True), rtol=1e-5
    )
    assert not calibrated.transductive


def test_a_part_of_the_trained_labels_in_any_order_is_calibrated(folder):
    calibrated = model(folder, calibration="training")
    whole, part = (
        calibrated._liking(calibrated.question(labels)) for labels in (LABELS, LABELS[:0:-1])
    )
    np.testing.assert_array_equal(part, whole[:0:-1])


def test_what_was_not_measured_is_refused(folder):
    """A label without a measure would be compared with labels that have one: it would always
    win.
    """
    calibrated = model(folder, calibration="training")
    with pytest.raises(UsageError, match="not trained on the label 'angry'"):
        calibrated.predict([clip(1)], [*LABELS, "angry"])

    for changed in ({"prompt": "Emotion:"}, {"label_reading": "mean"}):
        with pytest.raises(UsageError, match="were not measured for this prompt and reading"):
            model(folder, calibration="training", **changed).predict([clip(1)], LABELS)

    for record, error in (
        (None, UsageError),
        ([{"means": 3}], DataError),
        ([{"means": {"sad": 1}}], UsageError),
    ):
        with pytest.raises(error):
            calibration.of_training(record, calibrated.question(["happy"]), "sum", "w")


# Calibration by the clips of the target


def test_the_target_calibration_takes_the_mean_over_its_clips_out(folder):
    heard = [clip(i, 0.3 + 0.1 * (i % 3)) for i in range(60, 69)]
    calibrated = prepared(model(folder, calibration="target"), heard)
    assert calibrated.transductive
    logs = np.log(calibrated.predict(heard, LABELS))
    plain = np.log(model(folder).predict(heard, LABELS))
    shifted = plain - calibrated._liking(calibrated.question(LABELS))
    np.testing.assert_allclose(logs - logs[:, :1], shifted - shifted[:, :1], atol=1e-5)
    question = calibrated.question(LABELS)
    np.testing.assert_allclose(
        (calibrated._scores(question, heard) - calibrated._liking(question)).mean(axis=0),
        0,
        atol=1e-5,
    )


def test_it_depends_on_the_clips_of_the_target_alone_and_not_on_the_batch(folder):
    """A clip has no label and here no group, so neither can have a part in it."""
    heard = [clip(i) for i in range(60, 69)]
    calibrated = prepared(model(folder, calibration="target"), heard)
    together = calibrated.predict(heard, LABELS)
    alone = np.vstack([calibrated.predict([clip_alone], LABELS) for clip_alone in heard])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    reversed_order = prepared(model(folder, calibration="target"), heard[::-1]).predict(
        heard, LABELS
    )
    np.testing.assert_allclose(together, reversed_order, atol=1e-5)
    of_three = prepared(calibrated, heard[:3]).predict(heard, LABELS)
    assert not np.allclose(together, of_three), (
        "another target has another mean, also in a model that had one before"
    )


def test_many_clips_are_gone_through_in_parts(monkeypatch):
    monkeypatch.setattr(calibration, "_TOGETHER", 2)
    sizes = []
    scores = {clip_heard.key: np.array([i, -i]) for i, clip_heard in enumerate(map(clip, range(5)))}
    means = calibration.of_target(
        map(clip, range(5)),
        lambda batch: (
            sizes.append(len(batch)) or np.stack([scores[clip_heard.key] for clip_heard in batch])
        ),
    )
    assert sizes == [2, 2, 1]
    np.testing.assert_allclose(means, [2, -2])


def test_without_the_clips_of_the_target_it_says_so(folder):
    with pytest.raises(ModelError, match="calibration=target needs all clips"):
        model(folder, calibration="target").predict([clip(1)], LABELS)


# What belongs together


def test_the_record_of_a_run_tells_what_was_asked(folder):
    """Without the prompt and the words nobody could ask the same again."""
    facts = model(folder, synonyms=True, calibration="training").facts(LABELS)
    assert (facts["synonyms"], facts["calibration"], facts["answer"]) == (True, "training", "score")
    assert set(facts["word_tokens"]) == set(facts["label_tokens"]) == set(LABELS)
    assert len(facts["sha256"]) == 64
    assert json.loads(json.dumps(facts)) == facts


def test_the_model_keeps_its_contract_with_both(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    write_manifest(tmp_path, Manifest.from_json({"model": "mser-llm", "sources": [], "files": {}}))
    assert_model("mser-llm", tmp_path, {"synonyms": "true", "calibration": "target"})


@pytest.mark.parametrize(
    "option", [{"synonyms": True}, {"calibration": "training"}, {"calibration": "target"}]
)
def test_written_answers_are_neither_calibrated_nor_read_through_words(folder, option):
    with pytest.raises(UsageError, match="with answer=generate"):
        model(folder, answer="generate", **option)
