"""What moves a target onto the sources, and tells how far it lies, of each model that trains a
network.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

for needed in ("torch", "transformers", "whisper", "accelerate", "peft"):
    pytest.importorskip(needed)

from made_clips import LABELS, clip, items  # noqa: E402

from mserbench.contracts import Clip  # noqa: E402
from mserbench.errors import DataError, ModelError, UsageError  # noqa: E402
from mserbench.model import TrainingItem  # noqa: E402
from mserbench_mser_llm.model import MserLlm  # noqa: E402
from mserbench_mser_llm.presets import MserLlmOptions  # noqa: E402
from mserbench_supcon_w2v2.model import SupconW2V2  # noqa: E402
from mserbench_supcon_w2v2.settings import SupconOptions  # noqa: E402
from mserbench_training.models.adapting import PRIOR, SCALE_FROM  # noqa: E402
from mserbench_training.models.centred_network import CLIPS_A_LABEL, Places  # noqa: E402

TINY = {
    "preset": "tiny",
    "steps": 4,
    "evaluate_every": 4,
    "batch_emotions": 3,
    "reduce": 2,
    "held_out": 0.0,
}
KINDS: dict[str, tuple[Any, Any]] = {
    "mser-llm": (MserLlm, MserLlmOptions),
    "supcon-w2v2": (SupconW2V2, SupconOptions),
}
# Of mser-llm, frames and the two means a clip are read by readers of their own.
CASES = {
    "mser-llm": ("mser-llm", {}),
    "mser-llm, two means": ("mser-llm", {"pooling": "mean+loud"}),
    "supcon-w2v2": ("supcon-w2v2", {}),
    "supcon-w2v2, loud": ("supcon-w2v2", {"pooling": "mean+loud", "adaptation": "clip"}),
}


def heard_through(plain: Clip, gain: float) -> Clip:
    """The clip as another microphone gives it: without its low tones, and of another level."""
    sharp = gain * np.diff(plain.waveform, prepend=np.float32(0))
    return Clip(f"{plain.key}-{gain}", plain.seed, plain.seconds, lambda: sharp.astype(np.float32))


def sources() -> list[TrainingItem]:
    """Items of three corpora, of which two have another microphone."""
    near = items(18)
    far = [
        TrainingItem(heard_through(item.clip, 2.0), item.label, item.speaker, "fr", "far")
        for item in items(18, first=18)
    ]
    quiet = [
        TrainingItem(heard_through(item.clip, 0.5), item.label, item.speaker, "it", "quiet")
        for item in items(18, first=36)
    ]
    return near + far + quiet


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for all tests of this module: the frames of their clips are the same."""
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "centred-cache"))


def train(out: Path, case: str, learnt: list[TrainingItem] | None = None, **options: Any) -> Path:
    name, own = CASES[case]
    model, kind = KINDS[name]
    out.mkdir(parents=True)
    model(kind(**{**TINY, **own, **options})).fit(learnt or sources(), [], out)
    return out


def loaded(case: str, folder: Path, **options: Any) -> Any:
    model, kind = KINDS[CASES[case][0]]
    return model(kind(**options), folder)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def centred(case: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights trained with each corpus centred by itself."""
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.getbasetemp() / "centred-cache"
        patch.setenv("MSERBENCH_CACHE", str(cache))
        return train(tmp_path_factory.mktemp("centred") / "w", case, centring="corpus")


def numbers(model: Any, clips: list[Clip]) -> Any:
    """What the trained part hears of clips, in one mean: (n_numbers,)."""
    reader = model._reader()
    vectors = [reader._vector(frames) for frames in reader.moved(clips)]
    return np.mean(vectors, axis=0).reshape(-1)


# Low tones taken out twice: like no source.
TARGET = [heard_through(heard_through(clip(i), 1.0), 0.5) for i in range(40, 64)]


def test_a_target_is_moved_onto_the_sources_as_far_as_its_clips_tell(
    case: str, centred: Path
) -> None:
    """One clip a quarter of the way, many nearly all of it: else a single clip of one label would
    be taken for a whole corpus.
    """
    blind = loaded(case, centred)
    origin = blind._places.origin.mean
    apart = numbers(blind, TARGET) - origin

    for n in (1, len(TARGET)):
        model = loaded(case, centred)
        model.adapt(TARGET[:n])
        remaining = numbers(model, TARGET) - origin
        moved = apart - remaining
        own = numbers(blind, TARGET[:n]) - origin
        np.testing.assert_allclose(moved, own * n / (n + PRIOR), atol=1e-3)


def test_from_thirty_clips_on_the_deviation_is_the_sources_too(case: str, centred: Path) -> None:
    model = loaded(case, centred)
    many = [heard_through(clip(i), 0.5) for i in range(100, 100 + SCALE_FROM)]
    model.adapt(many[:-1])
    assert np.all(model._reader().move.factor == 1)
    model.adapt(many)
    assert not np.all(model._reader().move.factor == 1)
    assert np.isfinite(model.predict(many[:3], LABELS)).all()


def test_after_adapt_scores_and_embeddings_are_others_and_still_of_each_clip_alone(
    case: str, centred: Path
) -> None:
    blind, model = loaded(case, centred), loaded(case, centred)
    model.adapt(TARGET[:10])
    scored = TARGET[10:16]

    for ask in (lambda by, of: by.predict(of, LABELS), lambda by, of: by.embeddings(of)):
        together = ask(model, scored)
        assert np.abs(together - ask(blind, scored)).max() > 1e-6
        alone = np.vstack([ask(model, [single]) for single in scored])
        np.testing.assert_allclose(together, alone, atol=1e-4)


def test_in_training_each_corpus_is_centred_by_its_label_means(case: str, centred: Path) -> None:
    """A corpus of mostly one label lies no elsewhere for that."""
    model = loaded(case, centred)
    places = model._places
    assert places.corpora.names == ("corpus", "far", "quiet")
    assert not np.allclose(*places.corpora.means[:2], atol=1e-2), "else nothing was tried here"

    few = [item for i, item in enumerate(sources()) if item.label != "sad" or i % 2]
    for name, move in places.moves(places.origin).items():
        reader = model._reader()
        own = [item for item in sources() if item.corpus == name]
        means = [
            np.mean(
                [move.apply(reader.vectors([i.clip])[0]) for i in own if i.label == label], axis=0
            )
            for label in LABELS
        ]
        np.testing.assert_allclose(
            np.mean(means, axis=0).reshape(-1), places.origin.mean, atol=2e-3
        )

    one_sided = Places.measured(model._reader(), few)
    assert np.abs(one_sided.origin.mean - places.origin.mean).mean() < 0.1


def test_centring_changes_what_is_learnt_and_the_same_comes_twice(
    case: str, centred: Path, tmp_path: Path
) -> None:
    repeated = train(tmp_path / "again", case, centring="corpus")
    plain = train(tmp_path / "plain", case)
    for name in ("model.json", "model.safetensors"):
        assert (repeated / name).read_bytes() == (centred / name).read_bytes()

    assert (plain / "model.safetensors").read_bytes() != (
        centred / "model.safetensors"
    ).read_bytes()
    assert json.loads((centred / "model.json").read_text())["settings"]["centring"] == "corpus"
    assert "centring" not in json.loads((plain / "model.json").read_text())["settings"]


def test_remoteness_names_the_nearest_corpus_before_and_after_adapt(
    case: str, centred: Path
) -> None:
    model = loaded(case, centred)
    own = [item.clip for item in sources() if item.corpus == "far"]
    near, strange = model.remoteness(own), model.remoteness(TARGET)
    assert near.nearest == "far"
    assert near.distance < 0.2 * near.reach
    assert not near.far
    assert strange.distance > near.distance
    model.adapt(TARGET)
    assert model.remoteness(TARGET) == strange, "it tells of the clips as they are"
    assert model.remoteness([]) is None


def test_of_one_corpus_no_reach_is_known(tmp_path: Path) -> None:
    for case in ("mser-llm", "supcon-w2v2"):
        model = loaded(case, train(tmp_path / case, case, items(18)))
        assert model.remoteness(TARGET) is None


def old(folder: Path, to: Path) -> Path:
    """The same weights as they were written before places were kept."""
    shutil.copytree(folder, to)
    record = json.loads((to / "model.json").read_text())
    for name in ("corpora", "origin"):
        del record[name]

    record["settings"].pop("centring", None)
    (to / "model.json").write_text(json.dumps(record))
    return to


def test_old_weights_score_the_same_bits_and_adapt_by_their_centre(
    case: str, centred: Path, tmp_path: Path
) -> None:
    before = loaded(case, old(centred, tmp_path / "old"))
    now = loaded(case, centred)
    assert np.array_equal(before.predict(TARGET[:6], LABELS), now.predict(TARGET[:6], LABELS))
    assert before.remoteness(TARGET) is None
    before.adapt(TARGET)
    assert np.all(before._reader().move.factor == 1), "their deviation is not known"
    assert np.abs(before.predict(TARGET, LABELS) - now.predict(TARGET, LABELS)).max() > 1e-6


def test_old_weights_without_any_mean_say_that_they_cannot_adapt(tmp_path: Path) -> None:
    folder = old(train(tmp_path / "w", "mser-llm", standardise=False), tmp_path / "old")
    with pytest.raises(UsageError, match="hold no mean of their training clips"):
        loaded("mser-llm", folder).adapt(TARGET)

    with pytest.raises(ModelError, match="has no weights"):
        MserLlm().adapt(TARGET)


def test_no_clip_is_nothing_to_adapt_to(case: str, centred: Path) -> None:
    with pytest.raises(UsageError, match="was given no clip to adapt to"):
        loaded(case, centred).adapt([])


def test_an_encoder_that_was_trained_inside_does_not_adapt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SupconW2V2, "_reader", lambda self: None)
    model = SupconW2V2()
    assert model.remoteness(TARGET) is None
    with pytest.raises(UsageError, match="cannot adapt with adaptation=inside"):
        model.adapt(TARGET)

    with pytest.raises(UsageError, match="centring is corpus, but must be none with adaptation"):
        SupconW2V2(SupconOptions(preset="paper", centring="corpus"))


@pytest.mark.parametrize(
    "damage",
    [
        {"corpora": {}},
        {"corpora": None},
        {"origin": []},
        {"origin": {"mean": [0.0], "scale": [1.0]}},
    ],
)
def test_damaged_places_are_refused(
    case: str, centred: Path, tmp_path: Path, damage: dict[str, Any]
) -> None:
    shutil.copytree(centred, tmp_path / "w")
    path = tmp_path / "w" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))
    with pytest.raises(DataError, match="cannot be used"):
        loaded(case, tmp_path / "w")


def test_a_second_stage_keeps_where_the_first_one_expects_clips(tmp_path: Path) -> None:
    """Its connector was built on that place; further corpora are moved there."""
    first = train(tmp_path / "first", "mser-llm", centring="corpus")
    further = [
        TrainingItem(heard_through(item.clip, 4.0), item.label, item.speaker, "es", "further")
        for item in items(18, first=36)
    ]
    start = {"stage": 2, "init": str(first)}
    (first / "manifest.json").write_text("{}")
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("mserbench_mser_llm.model.read_manifest", lambda folder: None)
        second = train(tmp_path / "second", "mser-llm", further, **start)

    before, after = loaded("mser-llm", first)._places, loaded("mser-llm", second)._places
    assert after.corpora.names == ("corpus", "far", "quiet", "further")
    np.testing.assert_allclose(after.origin.mean, before.origin.mean, rtol=1e-5)
    assert json.loads((second / "model.json").read_text())["settings"]["centring"] == "corpus"


def test_no_more_clips_of_a_label_are_heard_than_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large corpus all frames would be read from disk once more."""
    heard: list[Clip] = []

    class Reader:
        def vectors(self, clips: list[Clip]) -> Any:
            heard.extend(clips)
            return np.random.default_rng(0).normal(size=(len(clips), 1, 1, 2))

    plain = clip(0)
    many = [
        TrainingItem(
            Clip(f"{i:064x}", "", 1.0, lambda: plain.waveform), LABELS[i % 2], None, "de", "c"
        )
        for i in range(3 * CLIPS_A_LABEL)
    ]
    Places.measured(Reader(), many)  # type: ignore[arg-type]
    assert len(heard) == 2 * CLIPS_A_LABEL
