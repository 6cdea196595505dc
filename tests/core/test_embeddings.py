"""Embeddings: the vectors are the model's own, of the clips that a run scored; the picture and its
numbers are true.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mserbench import evaluate
from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.data import lookup
from mserbench.embeddings import picture, projection
from mserbench.embeddings.gathering import UNPARSED, Cloud, Point, gather
from mserbench.embeddings.projection import Separation
from mserbench.embeddings.styles import MOST, styles
from mserbench.embeddings.vectors import check_vectors
from mserbench.errors import DataError, ModelError, UsageError
from mserbench.labels import CANONICAL
from mserbench.model import Model
from mserbench.running.lookup import model_class, model_entry, shipped_weights
from mserbench_training.models.label_scores import softmax

TASK = "emodb-sample"
SHOWING = """
    class Shows(Model):
        @property
        def card(self):
            return _card("shows")

        def predict(self, clips, labels):
            return _scores(clips, labels)

        def embeddings(self, clips):
            return np.array([[float(int(clip.key[:6], 16)), clip.seconds, 1.0] for clip in clips])


    import dataclasses


    class Tuned(Shows):
        Options = dataclasses.make_dataclass("Options", [("depth", int, 1), ("width", int, 1)], frozen=True)
        card = property(lambda self: _card("tuned"))


    class Groups(Shows):
        transductive = True
        card = property(lambda self: _card("groups"))

        def prepare(self, clips):
            self.seen = len(list(clips()))

        def embeddings(self, clips):
            return np.array([[float(self.seen), float(clip.group)] for clip in clips])


    class Hungry(Shows, TrainableModel):
        needs_weights = True
        card = property(lambda self: _card("hungry"))

        def fit(self, training, validation, out):
            (out / "weights.json").write_text(training[0].clip.key)
"""


@pytest.fixture
def showing(plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plugin(SHOWING, models=["Shows", "Tuned", "Groups", "Hungry"])


def run_of(model: str, task: str = TASK, **options: object) -> Path:
    return evaluate(model, task, **options).folder


# The contract


def test_a_model_without_vectors_says_so() -> None:
    """Else a user would see an AttributeError, or a picture of nothing."""

    class Mute(Model):
        card = ModelCard("mute", "", "1", "MIT", "", (), True)

        def predict(self, clips, labels):
            return np.zeros((len(clips), len(labels)))

    with pytest.raises(UsageError, match="model 'mute' gives no embeddings"):
        Mute().embeddings([])


@pytest.mark.parametrize(
    "output",
    [
        [[1.0]],
        np.zeros((2, 3), dtype=np.float32),
        np.zeros(2),
        np.zeros((3, 3)),
        np.zeros((2, 0)),
        np.array([[0.0], [np.nan]]),
    ],
    ids=["a list", "float32", "one axis", "a row too many", "no dimension", "NaN"],
)
def test_vectors_that_break_the_contract_are_refused(output: object) -> None:
    """Else rows would be drawn at the wrong clips, or NaN would end in a t-SNE of nonsense."""
    with pytest.raises(ModelError, match="model 'm' gave"):
        check_vectors("m", output, 2)


def test_the_scores_of_a_feature_model_follow_from_its_vectors() -> None:
    """Else the picture would show another space than the one that the classifier decides in."""
    from mserbench_baselines.logmel import LogMel

    weights = shipped_weights(model_entry("logmel"), "demo")
    model = LogMel(weights=weights)
    noise = [
        np.random.default_rng(i).normal(0, 0.1, 4_000 + 900 * i).astype(np.float32)
        for i in range(5)
    ]
    clips = [
        Clip(f"noise-{i}", str(i), len(wave) / 16_000, lambda wave=wave: wave)
        for i, wave in enumerate(noise)
    ]
    vectors, classifier = model.embeddings(clips), model._classifier
    assert vectors.shape == (5, 120)
    expected = [softmax(classifier.coef @ row + classifier.intercept) for row in vectors]
    np.testing.assert_allclose(model.predict(clips, classifier.labels), expected, atol=1e-12)


def test_the_vectors_of_whisper_linear_are_what_its_classifier_weighs() -> None:
    """Else a scale that training set would be missing from the picture."""
    from mserbench_whisper_linear.classifier import StandardLinear

    random = np.random.default_rng(0)
    linear = StandardLinear(
        ("sad", "happy"),
        random.normal(size=4),
        np.array([1.0, 2.0, 0.5, 1e12]),
        random.normal(size=(2, 4)),
        np.ones(2),
    )
    features = random.normal(size=(3, 4))
    inputs = linear.inputs(features)
    np.testing.assert_allclose(inputs * linear.scale + linear.mean, features, atol=1e-3)
    expected = [softmax(linear.coef @ row + linear.intercept) for row in inputs]
    np.testing.assert_allclose(linear.probabilities(features, linear.labels), expected, atol=1e-12)


# From runs to vectors


def test_every_clip_has_its_own_vector_and_facts(showing: None) -> None:
    """If batches were joined in another order, each point would bear the emotion of another
    clip.
    """
    folder = run_of("shows")
    cloud = gather([folder])
    from mserbench.data import dataset
    from mserbench.results import runs

    items = {item.utterance.id: item for item in dataset.load(lookup.task(TASK), None).items}
    predictions = {row.id: row.prediction for row in runs.read(folder).rows}
    assert len(cloud.points) == len(cloud.vectors) == 70

    for point, vector in zip(cloud.points, cloud.vectors, strict=True):
        item = items[point.id]
        assert vector.tolist() == [float(int(item.facts.key[:6], 16)), item.facts.seconds, 1.0]
        assert (point.emotion, point.language, point.speaker) == (
            item.label,
            "de",
            item.utterance.speaker,
        )
        assert (point.task, point.corpus, point.prediction) == (
            TASK,
            "emodb-sample",
            predictions[point.id],
        )


def test_a_limit_keeps_the_clips_that_a_limited_run_scores(showing: None) -> None:
    """Else a picture of N clips and a run of N clips would be of different ones."""
    limited = gather([run_of("shows")], limit=12)
    assert limited.marks == ("partial",)
    assert limited.points == gather([run_of("shows", limit=12)]).points
    assert len(limited.points) == 12


def test_a_transductive_model_sees_all_clips_of_the_run_whatever_the_limit(showing: None) -> None:
    """Else speakers would be normalised by other clips than in the run."""
    cloud = gather([run_of("groups")], limit=12)
    assert set(cloud.vectors[:, 0]) == {70.0}
    assert len(set(cloud.vectors[:, 1])) == len({point.speaker for point in cloud.points})
    assert cloud.marks == ("transductive", "partial")


def test_clips_of_other_tasks_come_without_a_prediction_and_shared_ones_once(
    showing: None, build_corpus
) -> None:
    """A clip that is counted twice is its own nearest neighbour, and flatters every silhouette."""
    data = build_corpus("emodb")
    cloud = gather([run_of("shows", "emodb-4", data=data)], ["emodb"], data)
    assert len(cloud.points) == 535
    assert len({point.id for point in cloud.points}) == 535
    assert sum(point.prediction is None for point in cloud.points) == 535 - 339
    assert cloud.notes == ("339 clip(s) of emodb are in a task before it, and are shown once",)


def test_the_task_of_the_run_among_the_others_is_the_run(showing: None) -> None:
    """Else the clips of a corpus of one's own, whose file is given by --also, would lose their
    predictions.
    """
    cloud = gather([run_of("shows")], [TASK])
    assert cloud.tasks == (TASK,)
    assert all(point.prediction for point in cloud.points)


def test_audio_that_was_not_scored_is_refused(showing: None, build_corpus) -> None:
    """Else the vectors of one recording would stand under the prediction of another."""
    data = build_corpus("emodb")
    folder = run_of("shows", "emodb", data=data)
    path = sorted(data.rglob("*.wav"))[0]
    path.write_bytes(path.read_bytes()[:-2] + b"\x07\x07")

    with pytest.raises(
        DataError, match="scored other audio than that of corpus 'emodb' here, where 535 of its 535"
    ):
        gather([folder], data=data)


def test_weights_are_found_by_their_contents(showing: None, build_corpus, tmp_path: Path) -> None:
    """A run does not keep where its weights lie; others of the same name must not pass for them."""
    from mserbench.running import training

    data = build_corpus("emodb")
    mine = training.train("hungry", [TASK], tmp_path / "mine" / "w")
    theirs = training.train("hungry", ["emodb"], tmp_path / "other" / "w", data=data)
    folder = run_of("hungry", weights=mine)

    with pytest.raises(
        UsageError, match=r"weights 'w', which do not ship with model 'hungry'.*give their folder"
    ):
        gather([folder])

    with pytest.raises(UsageError, match=r"are not those that run .* was made with"):
        gather([folder], weights=str(theirs))

    assert gather([folder], weights=str(mine)).weights == "w"
    with pytest.raises(UsageError, match="differ in the weights of their models"):
        gather([folder, run_of("hungry", weights=theirs)], weights=str(mine))


def test_runs_of_two_models_are_refused(showing: None) -> None:
    """Vectors of two models do not lie in one space: a picture of both would be nonsense."""
    with pytest.raises(UsageError, match="differ in the name of their models"):
        gather([run_of("shows"), run_of("groups")])

    with pytest.raises(UsageError, match="model 'steady' gives no embeddings"):
        gather([run_of("steady")])


def test_runs_with_other_options_are_refused_by_the_options_that_differ(showing: None) -> None:
    """Whoever typed one option otherwise should not have to look for it among twenty."""
    runs = [run_of("tuned", options={"depth": depth}) for depth in ("1", "2")]
    with pytest.raises(
        UsageError,
        match=r"differ in the options of their models \(\{'depth': 1\} and \{'depth': 2\}\)",
    ):
        gather(runs)


def test_a_scored_file_of_predictions_is_refused_in_a_sentence(
    showing: None, tmp_path: Path
) -> None:
    """It may bear the name of a model that is installed, and be another."""
    from mserbench.running.submission import score_file

    scored = score_file(run_of("shows") / "predictions.csv", TASK, "shows", out=tmp_path / "scored")
    with pytest.raises(UsageError, match="scored file of predictions"):
        gather([scored.folder])


def test_a_model_that_changed_since_is_refused(
    showing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the vectors of one version would stand beside the predictions of another."""
    folder = run_of("shows")
    monkeypatch.setattr(model_class("shows"), "version", "2")
    with pytest.raises(
        UsageError, match="made by version '1' of model 'shows', but '2' is installed"
    ):
        gather([folder])


# Numbers and places


def test_silhouettes_are_those_of_the_definition() -> None:
    """If they were not, the number that stands for the picture would be wrong."""
    vectors = np.random.default_rng(0).normal(size=(12, 3)) + np.repeat(np.eye(3), 4, axis=0)
    groups = [name for name in "abc" for _ in range(4)]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    values = []

    for i, own in enumerate(groups):
        means = {
            name: np.mean([distances[i, j] for j in range(12) if groups[j] == name and j != i])
            for name in set(groups)
        }
        nearest = min(value for name, value in means.items() if name != own)
        values.append((nearest - means[own]) / max(nearest, means[own]))

    separation = projection.separation(vectors, [*groups])
    assert (separation.groups, separation.clips) == (3, 12)
    assert separation.silhouette == pytest.approx(np.mean(values), abs=1e-12)
    more = np.vstack([vectors, vectors[:2]])
    assert projection.separation(more, [*groups, None, None]) == separation


def test_one_group_or_one_clip_a_group_has_no_silhouette() -> None:
    """A 0 there would read as 'mixed'."""
    vectors = np.random.default_rng(0).normal(size=(4, 3))
    assert projection.separation(vectors, ["de"] * 4) == Separation(1, 4, None)
    assert projection.separation(vectors, list("abcd")) == Separation(4, 4, None)
    assert projection.separation(vectors, [None] * 4) == Separation(0, 0, None)


def test_emotions_within_languages_do_not_feel_the_languages() -> None:
    """Pooled, two languages far apart make clear emotions look mixed."""
    random = np.random.default_rng(0)
    emotion, language = np.repeat(["sad", "happy", "sad", "happy"], 20), np.repeat(["de", "fa"], 40)
    vectors = random.normal(0, 0.1, (80, 3)) + np.stack(
        [np.where(language == "de", 8, -8), np.where(emotion == "sad", 4, -4), np.zeros(80)], axis=1
    )
    pooled = projection.separation(vectors, emotion.tolist()).silhouette
    within = projection.separation_within(vectors, emotion.tolist(), language.tolist())
    assert (within.groups, within.clips) == (2, 80)
    assert within.silhouette > 0.9 > 0.5 > pooled


@pytest.mark.parametrize("dim", [1, 2, 60])
def test_places_are_the_same_bits_each_time(dim: int) -> None:
    """Else a published picture could not be remade."""
    vectors = np.random.default_rng(0).normal(size=(40, dim))
    first, second = projection.tsne(vectors, 3), projection.tsne(vectors, 3)
    assert first.places.shape == (40, 2)
    assert np.isfinite(first.places).all()
    assert first.places.tobytes() == second.places.tobytes()
    assert first.perplexity == 13.0
    assert first.reduced == (40 if dim == 60 else None)

    # else --seed would do nothing
    assert first.places.tobytes() != projection.tsne(vectors, 4).places.tobytes()


def test_what_cannot_be_projected_is_said() -> None:
    """A library's message on perplexity would not tell what to do."""
    with pytest.raises(UsageError, match=r"9 clip\(s\) shows nothing, 10 or more"):
        projection.tsne(np.random.default_rng(0).normal(size=(9, 4)))

    with pytest.raises(UsageError, match="vectors of all 30 clips are equal"):
        projection.tsne(np.ones((30, 4)))


# The picture


def test_no_two_values_look_alike_and_an_emotion_always_looks_the_same() -> None:
    """Else the legend could not be read, or two pictures not be compared."""
    many = styles("speaker", [f"s{i:02}" for i in range(MOST)])
    assert len({(style.colour, style.marker) for style in many}) == MOST
    looks = {
        style.name: (style.colour, style.marker)
        for style in styles("emotion", [*CANONICAL, "boredom"])
    }
    assert len({colour for colour, _ in looks.values()}) == len(CANONICAL) + 1
    few = {
        style.name: (style.colour, style.marker)
        for style in styles("prediction", ["boredom", "fear", UNPARSED, None])
    }
    assert few["fear (1)"] == looks["fear (1)"]
    assert few["boredom (1)"] == looks["boredom (1)"]
    assert list(few)[2:] == ["unparsed (1)", "not asked (1)"]


def test_every_point_is_drawn_once_and_the_rarest_share_a_style() -> None:
    """A speaker beyond the limit must not vanish from the picture."""
    values = [f"s{i:02}" for i in range(MOST + 3)] + [f"s{i:02}" for i in range(MOST)] + [None]
    drawn = styles("speaker", values)
    assert sorted(i for style in drawn for i in style.rows) == list(range(len(values)))
    assert [style.name for style in drawn[-2:]] == ["3 others (3)", "not known (1)"]


def a_cloud(n: int = 60, speakers: int = 30) -> Cloud:
    points = [
        Point(
            f"{i:03}", f"task-$x_{i % 3}$", f"corpus-{i % 3}", [*CANONICAL, "boredom"][i % 8],
            f"l{i % 5}",
            f"a-corpus-with-a-long-name:speaker-{i % speakers}", UNPARSED if i % 7 == 0 else None,
        )
        for i in range(n)
    ]  # fmt: skip
    vectors = np.random.default_rng(0).normal(size=(n, 5))
    return Cloud(
        "model",
        "w" * 150,
        tuple(f"task-{i}" for i in range(20)),
        tuple(points),
        vectors,
        ("partial",),
        (),
    )


@pytest.mark.parametrize("n_panels", [1, 2, 3, 4, 5])
def test_panels_are_equal_and_nothing_overlaps_or_is_cut_off(n_panels: int) -> None:
    """A legend over the points, or a title cut off, makes a picture useless in a paper."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    fields = ["speaker", "emotion", "language", "corpus", "prediction"][:n_panels]
    cloud = a_cloud()
    separations = {
        field: projection.separation(cloud.vectors, cloud.values(field)) for field in fields
    }
    figure = picture.compose(cloud, projection.tsne(cloud.vectors), fields, separations, 0)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    panels = [axes.get_window_extent(renderer) for axes in figure.axes]
    assert len(panels) == n_panels
    assert len({(round(panel.width), round(panel.height)) for panel in panels}) == 1
    assert round(panels[0].width) == round(panels[0].height)
    boxes = [*panels, *(text.get_window_extent(renderer) for text in figure.texts)]
    boxes += [axes.get_legend().get_window_extent(renderer) for axes in figure.axes]
    boxes += [axes.title.get_window_extent(renderer) for axes in figure.axes]

    for i, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1

        for before in boxes[:i]:
            width = min(box.x1, before.x1) - max(box.x0, before.x0)
            height = min(box.y1, before.y1) - max(box.y0, before.y0)
            assert min(width, height) < 1.0, (box, before)


def test_the_picture_says_what_it_is_and_what_it_is_not() -> None:
    """A picture travels without the text beside it."""
    cloud = dataclasses.replace(a_cloud(), weights="some", tasks=("one", "two"))
    separations = {"emotion": Separation(8, 60, 0.125)}
    figure = picture.compose(cloud, projection.tsne(cloud.vectors, 5), ["emotion"], separations, 5)
    text = " ".join(line.get_text() for line in figure.texts)
    assert (
        "model (some) on one, two t-SNE, n = 60 clips, 5 dimensions, perplexity 19.7, seed 5, "
        "partial" in text
    )
    assert "distances between groups, their sizes and gaps between them mean little" in text
    assert figure.axes[0].get_title() == "emotion: silhouette 0.125, n = 60"
