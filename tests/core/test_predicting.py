"""Any audio in, rows out: windows cut right at every edge, the same numbers as `run`, nothing lost
or invented.
"""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mserbench import evaluate
from mserbench.cards import Exposure, ModelCard
from mserbench.contracts import Clip
from mserbench.data import audio, lookup
from mserbench.data.windows import Windowing, cut, resampled
from mserbench.errors import ModelError, UsageError
from mserbench.labels import CANONICAL
from mserbench.model import Model
from mserbench.predicting import predicting
from mserbench.predicting.listening import Failed, Piece, Remark, Source, expand, listen
from mserbench.predicting.predicting import Row
from mserbench.running.subject import Subject

Tone = Callable[..., NDArray[np.float32]]
LABELS = ("neutral", "happy", "sad")


class Loudness(Model):
    """Scores by the level of a clip; notes how many clips it was asked about at a time."""

    asked: tuple[int, ...] = ()
    known: frozenset[str] = frozenset()

    @property
    def card(self) -> ModelCard:
        heard = Exposure("emodb", ("de",), "emotion-labels", "a test", self.known)
        return ModelCard("loudness", "", "1", "MIT", "", (heard,), True)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        self.asked += (len(clips),)
        level = np.array([float(np.sqrt(np.mean(clip.waveform**2))) for clip in clips])
        return np.stack([1 - level, level, np.zeros(len(clips))], axis=1)


class Words(Loudness):
    """Answers in text: happy where it is loud."""

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> list[str]:  # type: ignore[override]
        return ["Happy!" if np.max(clip.waveform) > 0.1 else "who knows" for clip in clips]


def rows_of(
    paths: Sequence[Path], model: Model | None = None, windowing: Windowing | None = None
) -> list[object]:
    asked_model = model or Loudness()
    subject = Subject("loudness", asked_model, asked_model.card, None)
    heard = listen([Source(path.name, path) for path in paths], windowing or Windowing())

    return list(predicting.predict(subject, LABELS, heard))


def ramp(seconds: float) -> NDArray[np.float32]:
    return np.arange(round(16_000 * seconds), dtype=np.float32)


@pytest.mark.parametrize(
    ("seconds", "windowing", "spans"),
    [
        (40.0, Windowing(), [(0, 10), (10, 20), (20, 30), (30, 40)]),
        # a rest under a second is joined
        (40.9, Windowing(), [(0, 10), (10, 20), (20, 30), (30, 40.9)]),
        (41.0, Windowing(), [(0, 10), (10, 20), (20, 30), (30, 40), (40, 41)]),
        (9.0, Windowing(), [(0, 9)]),
        (16.0, Windowing(10, 5), [(0, 10), (5, 15), (10, 16)]),
        (15.5, Windowing(10, 5), [(0, 10), (5, 15.5)]),
        # of short windows, under half of one
        (1.3, Windowing(0.5, 0.5), [(0, 0.5), (0.5, 1), (1, 1.3)]),
        (1.2, Windowing(0.5, 0.5), [(0, 0.5), (0.5, 1.2)]),
        (95.0, Windowing(math.inf, math.inf, math.inf), [(0, 95)]),
    ],
)
@pytest.mark.parametrize("block", [0.3, 7.0, 100.0])
def test_windows_cover_all_of_a_recording(
    seconds: float, windowing: Windowing, spans: list[tuple[float, float]], block: float
) -> None:
    """A second that no window holds is an emotion that nobody is told of; how a file is read must
    not matter.
    """
    samples, step = ramp(seconds), round(16_000 * block)
    windows = list(cut((samples[at : at + step] for at in range(0, len(samples), step)), windowing))
    assert [(w.start / 16_000, (w.start + len(w.samples)) / 16_000) for w in windows] == spans
    assert [window.last for window in windows] == [False] * (len(spans) - 1) + [True]

    for window in windows:
        np.testing.assert_array_equal(
            window.samples, samples[window.start : window.start + len(window.samples)]
        )


def test_a_hop_that_would_skip_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="at most the window"):
        Windowing(5, 6)


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [("a.wav", 44_100, 2), ("a.flac", 11_025, 1), ("a.ogg", 48_000, 6)],
)
def test_windows_are_resampled_as_the_whole_recording_is(
    tmp_path: Path, name: str, rate: int, channels: int
) -> None:
    """A filter that started anew at each window would put clicks at its edges that no speaker
    made.
    """
    noise = np.random.default_rng(0).normal(0, 0.2, (rate * 33, channels)).astype(np.float32)
    with soundfile.SoundFile(tmp_path / name, "w", rate, channels) as file:
        for at in range(0, len(noise), rate):  # libsndfile cannot take long pieces of Vorbis
            file.write(noise[at : at + rate])

    whole = audio.decode(tmp_path / name)
    together = np.concatenate(list(resampled(audio.blocks(tmp_path / name, 10))))
    np.testing.assert_array_equal(together, whole)
    pieces = [
        outcome
        for outcome in listen([Source("a", tmp_path / name)], Windowing(10, 5))
        if isinstance(outcome, Piece)
    ]

    for piece in pieces:
        at = round(16_000 * piece.start)
        np.testing.assert_array_equal(
            piece.clip.waveform, whole[at : at + len(piece.clip.waveform)]
        )

    assert pieces[-1].end == pytest.approx(33, abs=1e-3)


def test_a_video_is_read_in_blocks_as_it_is_whole(tmp_path: Path, tone: Tone) -> None:
    pytest.importorskip("av", reason="PyAV is of the extra video")
    soundfile.write(tmp_path / "a.wav", tone(25.0, 44_100, channels=2), 44_100)
    (tmp_path / "a.wav").rename(tmp_path / "a.mkv")  # FFmpeg goes by what is in a file
    together = np.concatenate(list(resampled(audio.blocks(tmp_path / "a.mkv", 10))))
    np.testing.assert_array_equal(together, audio.decode(tmp_path / "a.mkv"))


def test_a_long_file_is_never_held_whole(tmp_path: Path) -> None:
    """Two hours of a meeting are 2.5 GB once decoded: more than many machines have."""
    minute = np.random.default_rng(0).integers(-9_000, 9_000, (60 * 48_000, 2), dtype=np.int16)
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 48_000, 2, "PCM_16") as file:
        for _ in range(5):
            file.write(minute)

    tracemalloc.start()
    windows = sum(
        1
        for outcome in listen([Source("a", tmp_path / "a.wav")], Windowing())
        if isinstance(outcome, Piece)
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert windows == 30
    assert peak < 60e6, "decoded as float32 it is 115 MB"


def test_the_numbers_are_those_of_run(tmp_path: Path) -> None:
    """One model, one clip, two commands: two numbers would make one of them a lie."""
    run = evaluate("logmel", "emodb-sample", weights="emovo-ravdess", out=tmp_path)
    subject = predicting.load("logmel", "emovo-ravdess", {}, "auto")
    folder = lookup.corpus("emodb-sample").provide()  # type: ignore[misc]
    labels = lookup.task("emodb-sample").labels
    outcomes = predicting.predict(subject, labels, listen(expand([folder], tmp_path), Windowing()))  # type: ignore[arg-type]
    rows = {Path(row.file).stem: row for row in outcomes if isinstance(row, Row)}

    for line in (run.folder / "predictions.csv").read_text().splitlines()[1:]:
        identity, _, label, *scores, _ = line.split(",")
        assert rows[identity].prediction == label
        assert [f"{score:.6g}" for score in rows[identity].scores] == scores


def test_rows_come_in_the_order_of_the_files(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are made by length; whoever pastes the column beside a list of files must not
    notice.
    """
    monkeypatch.setattr(predicting, "CHUNK_SECONDS", 7.0)
    seconds = [0.4, 3.0, 0.2, 2.5, 35.0, 0.3, 5.0]
    for number, length in enumerate(seconds):
        soundfile.write(tmp_path / f"{number}.wav", tone(length, hertz=200 + 10 * number), 16_000)

    outcomes = rows_of([tmp_path / f"{number}.wav" for number in range(len(seconds))])
    files = [row for row in outcomes if isinstance(row, Row) and row.part == "file"]
    assert [(row.file, round(row.end, 3)) for row in files] == [
        (f"{n}.wav", s) for n, s in enumerate(seconds)
    ]
    assert [row.windows for row in files] == [1, 1, 1, 1, 4, 1, 1]


def test_short_files_are_heard_in_batches(tmp_path: Path, tone: Tone) -> None:
    """One call a file would leave a GPU idle."""
    for number in range(40):
        soundfile.write(tmp_path / f"{number}.wav", tone(0.5), 16_000)

    model = Loudness()
    rows_of([tmp_path / f"{number}.wav" for number in range(40)], model)
    assert model.asked == (40,)


def test_a_file_is_the_mean_of_its_windows_by_seconds(tmp_path: Path) -> None:
    """A tail of two seconds must not weigh as much as ten."""
    samples = np.concatenate(
        [np.full(160_000, 0.5), np.full(160_000, 0.5), np.full(160_000, 0.5), np.full(32_000, 1.0)]
    )
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    *windows, whole = [row for row in rows_of([tmp_path / "a.wav"]) if isinstance(row, Row)]
    assert [(row.part, row.start, row.end, row.prediction) for row in windows] == [
        ("window", 0, 10, "neutral"), ("window", 10, 20, "neutral"), ("window", 20, 30, "neutral"),
        ("window", 30, 32, "happy"),
    ]  # fmt: skip
    assert (whole.part, whole.start, whole.end, whole.windows) == ("file", 0, 32, 4)
    assert whole.scores == pytest.approx((15 / 32, 17 / 32, 0.0), abs=1e-6)
    assert whole.prediction == "happy"


def test_text_answers_have_no_scores(tmp_path: Path, tone: Tone) -> None:
    """A model that gave no number must not get one from us."""
    soundfile.write(tmp_path / "a.wav", np.concatenate([0 * tone(12.0), tone(20.0)]), 16_000)
    outcomes = rows_of([tmp_path / "a.wav"], Words())
    *windows, whole = [row for row in outcomes if isinstance(row, Row)]
    assert [(row.prediction, row.answer) for row in windows] == [("", "who knows")] + 2 * [
        ("happy", "Happy!")
    ] + [("happy", "Happy!")]
    assert (whole.prediction, whole.answer, whole.scores) == ("happy", "", ())
    assert predicting.summary(windows[:1], LABELS).prediction == ""


def test_a_file_that_breaks_off_has_no_row_of_its_own(tmp_path: Path, tone: Tone) -> None:
    """Half a file is not the file; the next one must not inherit its windows."""
    noise = np.random.default_rng(0).normal(0, 0.2, 16_000 * 60)
    soundfile.write(tmp_path / "a.flac", noise, 16_000)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: int(0.8 * len(whole))])
    soundfile.write(tmp_path / "b.wav", tone(31.0), 16_000)
    outcomes = rows_of([tmp_path / "a.flac", tmp_path / "b.wav"])
    kinds = [
        (outcome.file, outcome.part) if isinstance(outcome, Row) else type(outcome).__name__
        for outcome in outcomes
    ]
    assert [kind for kind, _ in itertools.groupby(kinds)] == [
        ("a.flac", "window"), "Failed", ("b.wav", "window"), ("b.wav", "file"),
    ]  # fmt: skip
    assert outcomes[-1].windows == 4  # type: ignore[attr-defined]


def test_what_means_little_is_said(tmp_path: Path, tone: Tone) -> None:
    """Scores of silence look like any others."""
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    soundfile.write(
        tmp_path / "half.wav", np.concatenate([np.zeros(16_000 * 20), tone(20.0)]), 16_000
    )
    soundfile.write(tmp_path / "tiny.wav", tone(0.05), 16_000)
    outcomes = rows_of([tmp_path / name for name in ("silence.wav", "half.wav", "tiny.wav")])
    assert [outcome.sentence for outcome in outcomes if isinstance(outcome, Remark)] == [
        "'silence.wav' is digital silence: the scores there mean nothing",
        "'half.wav' is digital silence in 2 of 4 windows: the scores there mean nothing",
        "'tiny.wav' lasts only 0.050 s: its scores mean little",
    ]
    assert sum(isinstance(outcome, Row) and outcome.part == "file" for outcome in outcomes) == 3


def test_a_clip_of_the_training_is_named(tmp_path: Path, tone: Tone) -> None:
    """Whoever tries a model on the files it learnt by heart is shown a miracle."""
    soundfile.write(tmp_path / "a.flac", tone(1.0, 44_100, channels=2), 44_100)
    soundfile.write(tmp_path / "b.wav", tone(1.1), 16_000)
    model = Loudness()
    model.known = frozenset({audio.read(tmp_path / "a.flac").key})
    remarks = [
        outcome
        for outcome in rows_of([tmp_path / "a.flac", tmp_path / "b.wav"], model)
        if isinstance(outcome, Remark)
    ]
    assert [remark.file for remark in remarks] == ["a.flac"]
    assert "was trained on" in remarks[0].sentence


def test_many_clips_of_the_training_are_one_note_with_their_count(
    tmp_path: Path, tone: Tone
) -> None:
    """A note a clip pushed every other line off the screen."""
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        soundfile.write(path, tone(1.0 + number / 10), 16_000)

    model = Loudness()
    model.known = frozenset(audio.read(path).key for path in paths)

    remarks = [outcome for outcome in rows_of(paths, model) if isinstance(outcome, Remark)]

    assert [remark.sentence for remark in remarks] == [
        "'0.wav' and 2 more are clips that the model was trained on: their scores prove nothing"
    ]


def test_folders_are_walked_in_order_and_names_are_taken_as_they_are(
    tmp_path: Path, tone: Tone
) -> None:
    for name in ("z/b.wav", "z/a.FLAC", "a.ogg", "z/notes.txt", "z/._a.wav"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")

    (tmp_path / "none").mkdir()
    odd = tmp_path / "speech.au"
    sources = list(expand([tmp_path / "in", tmp_path / "none", odd], tmp_path))
    names = [source.name.removeprefix(f"{tmp_path}/") for source in sources]
    assert names == ["in/a.ogg", "in/z/a.FLAC", "in/z/b.wav", "none", "speech.au"]
    assert isinstance(sources[3], Failed)
    assert "holds no audio file" in str(sources[3].error)


def test_scores_are_percent_only_if_they_are_shares() -> None:
    def row(*scores: float) -> Row:
        return Row("a", 0, 1, "file", "happy", scores)

    assert predicting.are_shares([row(0.2, 0.8), row(1.0, 0.0)])
    assert not predicting.are_shares([row(0.2, 0.8), row(0.2, 0.7)])
    assert not predicting.are_shares([row(-0.2, 1.2)])


def test_labels_are_those_that_the_weights_know() -> None:
    """A score for a label that was never learnt is a number that is not there."""
    model = Loudness()
    subject = Subject("loudness", model, model.card, None)
    assert predicting.labels_to_ask(subject, ()) == CANONICAL
    assert predicting.labels_to_ask(subject, ("calm", "sad")) == ("calm", "sad")
    model.labels = ("boredom", "sad", "happy", "neutral")
    assert predicting.labels_to_ask(subject, ()) == ("neutral", "happy", "sad", "boredom")

    with pytest.raises(UsageError, match="label 'fear' is none of those"):
        predicting.labels_to_ask(subject, ("sad", "fear"))

    with pytest.raises(UsageError, match="two or more"):
        predicting.labels_to_ask(subject, ("sad",))


def test_the_shipped_weights_are_those_of_the_options() -> None:
    """Without a target there is no verdict to choose by: the plugin's own order decides."""
    subject = predicting.load("logmel", None, {}, "auto")
    assert subject.weights is not None
    assert subject.weights.name == "people"
    assert predicting.other_options(subject, {}) == ""
    retuned = predicting.load("logmel", None, {"C": "0.5"}, "auto")
    assert predicting.other_options(retuned, {"C": "0.5"}) == (
        "weights 'emodb-emovo' were trained with C=None, not 0.5: what they remember holds"
    )


def test_a_transductive_model_is_refused() -> None:
    """It would take the files of one call for one speaker."""
    with pytest.raises(UsageError, match="transductive with these options"):
        predicting.load("logmel", None, {"normalise": "speaker"}, "auto")


def test_a_model_that_breaks_its_contract_is_named_with_the_file(
    tmp_path: Path, tone: Tone
) -> None:
    class Raises(Loudness):
        def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
            raise RuntimeError("out of memory")

    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    with pytest.raises(
        ModelError,
        match=r"'loudness' failed while predicting a batch with 'a\.wav' .*out of memory",
    ):
        rows_of([tmp_path / "a.wav"], Raises())
