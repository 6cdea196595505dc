"""Corpora that lie apart: centred in training, found again in a target by unlabelled clips."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mserbench.contracts import Clip
from mserbench.errors import DataError, UsageError
from mserbench.features import FeatureSet
from mserbench.model import TrainingItem
from mserbench_baselines import linear
from mserbench_baselines.feature_model import LinearModel, LinearOptions
from mserbench_training.models.adapting import SCALE_FROM, adapted, moved
from mserbench_training.models.corpora import Corpora
from mserbench_training.models.feature_classifier import cell_weights
from mserbench_training.models.speakers import Statistics, speaker_statistics
from mserbench_whisper_linear.classifier import Method, fit

LABELS = ("angry", "happy", "sad")
DIM = 12
CENTRES = np.random.default_rng(7).normal(0, 1, (len(LABELS), DIM))
CORPUS = LinearOptions(normalise="corpus")


class Plain(LinearModel):
    """A linear model whose features are the first samples of a clip."""

    name = "plain"
    title = "Samples"
    licence = "MIT"

    def features(self) -> FeatureSet:
        return FeatureSet("plain", "1", DIM, lambda waveform: waveform[:DIM])

    def feature_names(self) -> list[str]:
        return [str(number) for number in range(DIM)]


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def vectors(corpus: str, labels: list[str], shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """Draw clips of labels in a room that the corpus' name decides, times `shift`."""
    rng = np.random.default_rng([seed, *corpus.encode()])
    room = shift * np.random.default_rng(list(corpus.encode())).normal(0, 1, DIM)
    spread = rng.normal(0, 1.0, (len(labels), DIM))
    return CENTRES[[LABELS.index(label) for label in labels]] + spread + room


def clips(rows: np.ndarray, corpus: str) -> list[Clip]:
    """Return clips whose features are the rows."""
    return [
        Clip(f"{corpus}-{i}-{row.sum()}", f"{corpus}-{i}", 0.1, lambda row=row: row)
        for i, row in enumerate(rows.astype(np.float32))
    ]


def taught(options: LinearOptions, out: Path, shift: float = 3.0) -> Plain:
    """Train on three corpora that lie apart."""
    labels = list(LABELS) * 20
    items = [
        TrainingItem(clip, label, f"s{i % 4}", "de", corpus)
        for corpus in ("a", "b", "c")
        for i, (clip, label) in enumerate(
            zip(clips(vectors(corpus, labels, shift), corpus), labels, strict=True)
        )
    ]
    out.mkdir(exist_ok=True)
    Plain(options).fit(items, [], out)
    return Plain(options, out)


def right(model: Plain, corpus: str, shift: float = 3.0) -> float:
    """Return how many of 60 new clips of a corpus are answered rightly, in [0, 1]."""
    labels = list(LABELS) * 20
    scores = model.predict(clips(vectors(corpus, labels, shift, seed=1), corpus), LABELS)
    answers = [LABELS[i] for i in scores.argmax(axis=1)]
    return float(np.mean(np.array(answers) == np.array(labels)))


def heard(labels: list[str], corpus: str = "far", shift: float = 3.0) -> list[Clip]:
    """Return the clips that a model adapts to: none of those that are scored."""
    return clips(vectors(corpus, labels, shift, seed=2), f"{corpus} heard")


@pytest.mark.parametrize("options", [CORPUS, LinearOptions()], ids=["corpus", "training"])
def test_ten_unlabelled_clips_find_a_room_that_was_never_heard(options, tmp_path):
    """Else `--adapt` would be a word in a record."""
    model = taught(options, tmp_path / "w", shift=0.6)
    blind = right(model, "far", 1.5)
    model.adapt(heard([*LABELS, *LABELS, *LABELS, "sad"], shift=1.5))
    assert right(model, "far", 1.5) >= max(0.85, blind + 0.1)


def test_clips_of_one_label_are_not_taken_for_a_room():
    """A user's first recordings may all be angry: what is heard as that is no room."""
    origin = Statistics(np.zeros(DIM), np.ones(DIM))
    rows = vectors("near", ["angry"] * 20)
    surely = np.tile([1.0, 0.0, 0.0], (len(rows), 1))
    plain = adapted(rows, origin)
    corrected = adapted(rows, origin, CENTRES, lambda place: surely)
    assert np.linalg.norm(corrected.mean) < 0.7 * np.linalg.norm(plain.mean)

    # A classifier that hears all labels alike takes off their middle alone.
    evenly = np.full((len(rows), len(LABELS)), 1 / 3)
    middle = adapted(rows, origin, CENTRES - CENTRES.mean(axis=0), lambda place: evenly)
    np.testing.assert_allclose(middle.mean, plain.mean)


def test_adapting_is_the_same_bits_in_any_order_of_the_clips(tmp_path):
    """Else a run could not be repeated on another machine."""
    chosen = heard(list(LABELS) * 12)
    scores = []
    for order in (chosen, chosen[::-1]):
        model = taught(CORPUS, tmp_path / "w")
        model.adapt(order)
        scores.append(model.predict(heard(list(LABELS)), LABELS))
    np.testing.assert_array_equal(*scores)


def test_with_speaker_normalisation_there_is_nothing_to_adapt(tmp_path):
    """Each speaker is standardised by his own clips already."""
    model = taught(LinearOptions(normalise="speaker"), tmp_path / "w")
    with pytest.raises(UsageError, match="leave --adapt out"):
        model.adapt(heard(["sad"]))
    assert model.remoteness(heard(["sad"])) is None


def test_weights_without_corpora_adapt_by_their_own_middle_and_know_no_distance(tmp_path):
    """Weights of before must go on working."""
    model = taught(LinearOptions(), tmp_path / "w", shift=0.6)
    path = tmp_path / "w" / "model.json"
    record = json.loads(path.read_text())
    del record["corpora"]
    path.write_text(json.dumps(record))
    old = Plain(LinearOptions(), tmp_path / "w")
    scored = heard(list(LABELS), "a")
    np.testing.assert_array_equal(old.predict(scored, LABELS), model.predict(scored, LABELS))
    assert old.remoteness(scored) is None

    blind = right(old, "far", 1.5)
    old.adapt(heard([*LABELS, *LABELS, *LABELS], shift=1.5))
    assert right(old, "far", 1.5) > blind


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (None, "hold no 'corpora'"),
        ({"names": 3}, "'names' of 'corpora' is 3"),
        ({"counts": [0, 1, 1]}, "a count below 1"),
        ({"means": [[0.0]]}, "'means' has shape"),
    ],
)
def test_damaged_corpora_are_refused_with_a_reason(tmp_path, change, complaint):
    """Scores that were centred by anything else look like scores."""
    taught(CORPUS, tmp_path / "w")
    path = tmp_path / "w" / "model.json"
    record = json.loads(path.read_text())
    record["corpora"] = {**record["corpora"], **(change or {})}
    if change is None:
        del record["corpora"]
    path.write_text(json.dumps(record))
    with pytest.raises(DataError, match=complaint):
        Plain(CORPUS, tmp_path / "w")


def test_a_room_further_off_than_the_corpora_from_one_another_is_far():
    """Near ones must not warn, whatever the mix of 20 clips."""
    labels = list(LABELS) * 20
    rows = np.concatenate([vectors(name, labels, 1.5) for name in "abc"])
    corpora = Corpora.of(rows, labels * 3, [name for name in "abc" for _ in labels])
    far = corpora.remoteness(vectors("far", labels, 8.0), CENTRES)
    assert far.far
    assert far.distance > far.reach > 0

    for name in "abc":
        near = corpora.remoteness(vectors(name, list(LABELS) * 7, 1.5, seed=3), CENTRES)
        assert not near.far
        assert near.nearest == name


def test_what_moves_no_answer_is_not_far():
    """A room may differ in what no label rests on."""
    labels = list(LABELS) * 20
    rows = np.concatenate([vectors(name, labels, 0.5) for name in "abc"])
    corpora = Corpora.of(rows, labels * 3, [name for name in "abc" for _ in labels])
    blind_to_first = CENTRES.copy()
    blind_to_first[:, 0] = 0.0
    moved_rows = vectors("a", labels, 0.5, seed=3)
    moved_rows[:, 0] += 1e3
    assert corpora.remoteness(moved_rows, CENTRES).far
    assert not corpora.remoteness(moved_rows, blind_to_first).far


@pytest.mark.parametrize("n_corpora", [1, 2, 3])
def test_of_fewer_than_three_corpora_no_reach_is_known(n_corpora):
    """A warning wants something to be measured by."""
    labels = list(LABELS) * 20
    names = "abc"[:n_corpora]
    rows = np.concatenate([vectors(name, labels) for name in names])
    corpora = Corpora.of(rows, labels * n_corpora, [name for name in names for _ in labels])
    assert (corpora.remoteness(rows, CENTRES) is None) == (n_corpora < 3)
    assert corpora.remoteness(rows[:0], CENTRES) is None


def test_remoteness_is_told_of_the_clips_as_they_are_after_adapting(tmp_path):
    """Else nobody would be warned who adapted."""
    model = taught(CORPUS, tmp_path / "w")
    chosen = heard(list(LABELS) * 7)
    before = model.remoteness(chosen)
    model.adapt(chosen)
    assert model.remoteness(chosen) == before


def test_an_uneven_corpus_lies_where_an_even_one_does():
    """How often a label is spoken must not count."""
    even = vectors("a", list(LABELS) * 50)
    labels = list(LABELS) * 50
    uneven = np.concatenate([even, np.tile(even[::3], (5, 1))])
    one = Corpora.of(even, labels, ["a"] * len(labels))
    other = Corpora.of(uneven, [*labels, *["angry"] * 250], ["a"] * len(uneven))
    np.testing.assert_allclose(one.means, other.means)
    np.testing.assert_allclose(one.deviations, other.deviations)


def test_a_feature_that_never_varied_stays_out_of_everything():
    """A constant is divided by nothing."""
    features = vectors("a", list(LABELS) * 10)
    features[:, 0] = 5.0
    corpora = Corpora.of(features, list(LABELS) * 10, ["a"] * 30)
    assert not corpora.standardised(features, ["a"] * 30)[:, 0].any()
    place = adapted(features, corpora.origin)
    assert np.isfinite(place.mean).all()
    assert np.isfinite(moved(features, place, corpora.origin)).all()


@pytest.mark.parametrize("n", [1, 5, SCALE_FROM - 1, SCALE_FROM])
def test_the_deviation_is_taken_from_thirty_clips_on(n):
    """That of fewer says more of the clips than of their room."""
    origin = Statistics(np.zeros(DIM), np.ones(DIM))
    rows = 3 * np.random.default_rng(0).normal(size=(n, DIM))
    place = adapted(rows, origin)
    assert (place.scale != 1).all() == (n >= SCALE_FROM)


def test_few_clips_of_a_near_room_count_as_many_as_are_known():
    """n / (n + 3), as long as chance explains where they lie."""
    origin = Statistics(np.zeros(2000), np.ones(2000))
    rows = np.random.default_rng(0).normal(size=(6, 2000))
    np.testing.assert_allclose(adapted(rows, origin).mean, rows.mean(axis=0) * 6 / 9)
    far = adapted(rows + 10, origin).mean.mean() / (rows.mean() + 10)
    assert far > 0.99


def test_a_speakers_statistics_are_shrunk_towards_those_of_all():
    """One clip says little of a voice; without a prior all is as it was."""
    features = vectors("a", list(LABELS) * 10)
    speakers = ["one"] + ["many"] * 29
    plain = speaker_statistics(features, speakers)
    assert not np.isfinite(plain["one"].scale).any()

    shrunk = speaker_statistics(features, speakers, 3.0)
    middle = (plain["one"].mean + plain["many"].mean) / 2
    np.testing.assert_allclose(shrunk["one"].mean, middle + (plain["one"].mean - middle) / 4)
    assert np.isfinite(shrunk["one"].scale).all()


def test_the_prior_of_speakers_is_bound_by_the_weights():
    """Statistics that were shrunk otherwise in training look like scores."""
    assert "speaker_prior" in Plain.bound_by_weights
    with pytest.raises(UsageError, match="speaker_prior is -1"):
        dataclasses.replace(LinearOptions(), speaker_prior=-1)


def test_a_large_corpus_counts_no_more_than_a_small_one():
    """Weights for people are of all corpora at hand, whose sizes are an accident."""
    labels = ["sad"] * 90 + ["sad"] * 10 + ["happy"] * 20
    corpora = ["large"] * 90 + ["small"] * 10 + ["small"] * 20
    counts = cell_weights(labels, corpora)
    assert counts.mean() == pytest.approx(1)
    assert counts[:90].sum() == pytest.approx(counts[90:100].sum())
    assert counts[:100].sum() == pytest.approx(counts[100:].sum())

    rows = np.random.default_rng(0).normal(0, 1, (120, 3))
    rows[:90, 0] += 5  # what the large corpus alone is like
    even = fit(rows, labels, corpora, Method("discriminant", 0.5), counts)
    twice = np.r_[
        np.arange(90), np.repeat(np.arange(90, 100), 9), np.repeat(np.arange(100, 120), 9)
    ]
    same = fit(
        rows[twice],
        [labels[i] for i in twice],
        [corpora[i] for i in twice],
        Method("discriminant", 0.5),
    )
    logits = [each.inputs(rows) @ each.coef.T + each.intercept for each in (even, same)]
    differences = [each[:, 0] - each[:, 1] for each in logits]
    assert np.corrcoef(*differences)[0, 1] > 0.99


def test_scores_come_before_the_centring():
    """One extreme clip must not move a corpus: its normal score is bounded."""
    features = vectors("a", list(LABELS) * 20)
    mapping = linear.NormalScores.of(features)
    features[0] = 1e9
    assert np.abs(mapping(features).mean(axis=0)).max() < 0.2
