"""`mserbench report --html`: the same report as one page, and the clips that may be heard in it."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mserbench import evaluate
from mserbench.data.dataset import Dataset
from mserbench.errors import DataError
from mserbench.report import html
from mserbench.report.blocks import Notice, Paragraph, Recording
from mserbench.results import runs
from mserbench.results.runs import Run
from mserbench.telling import listening, page, spectrogram
from mserbench.telling.clips import LookedUp, look_up_all
from mserbench.telling.facts import RunFacts
from tests.browser import HOSTILE
from tests.elements import Elements
from tests.hostile_runs import hostile_run
from tests.leaderboard.conftest import rewrite_record

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"
SURE = """
    class Sure(Model):
        card = property(lambda self: _card("sure"))

        def predict(self, clips, labels):
            return _scores(clips, labels)
"""


@pytest.fixture
def run(plugin: Callable[..., Path], tmp_path: Path) -> Run:
    plugin(SURE, models=["Sure"])
    return evaluate("sure", TASK, out=tmp_path / "runs")


def heard_in(run: Run, **changes: str) -> tuple[listening.Heard, Dataset]:
    """Return the clips of a run to listen to, under a card of the corpus with some changes."""
    looked_up = look_up_all(run, None)
    assert looked_up.corpus is not None
    corpus = replace(looked_up.corpus, card=replace(looked_up.corpus.card, **changes))
    return listening.blocks(RunFacts(run, looked_up), corpus), corpus


def test_a_page_is_the_same_bytes_and_tells_no_place(cli, run: Run, tmp_path: Path) -> None:
    """A page that differs from day to day, or names folders, cannot be kept beside results."""
    moved = shutil.copytree(run.folder, tmp_path / "elsewhere")
    pages = []
    for folder in (run.folder, moved):
        done = cli("report", folder, "--html", tmp_path / "p.html")
        assert done.code == 0
        assert done.out.startswith(f"written: {tmp_path / 'p.html'}, ")
        pages.append((tmp_path / "p.html").read_text(encoding="utf-8"))

    assert pages[0] == pages[1]
    assert str(tmp_path) not in pages[0]
    assert len(pages[0].encode()) < 40_000
    assert "default-src 'none'" in pages[0]
    assert not re.search("data:|<audio|<img|<script|img-src|media-src", pages[0])


def test_a_page_has_what_the_terminal_has(cli, run: Run, tmp_path: Path) -> None:
    """Whoever opens the page must not miss a number that others see."""
    cli("report", run.folder, "--html", tmp_path / "p.html")
    elements = Elements((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert elements.open == []
    text = " ".join(elements.text.split())
    for word in cli("report", run.folder).out.split():
        assert word.strip("-") in text, word

    # Each row of confusion, labels and metrics has its place in a drawing or a shade.
    assert elements.names.count("circle") >= 6 + 3 + 7 + 10
    shades = [value for name, value in elements.attributes if name == "class" and "shade" in value]
    assert len(shades) == 49
    assert sum("main" in shade for shade in shades) == 7


def test_what_the_corpus_lacks_is_told_outside_of_the_page(cli, tmp_path: Path) -> None:
    """The reason names folders of this machine, which a page must not."""
    root = Path(__file__).parents[2] / "leaderboard/results/ravdess"
    folder = next(path.parent for path in sorted(root.glob("*/run.json")))
    done = cli("report", folder, "--html", tmp_path / "p.html", "--data", tmp_path)
    assert "without names of speakers and files: " in done.err
    assert str(tmp_path) in done.err
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "Seconds are not known: the corpus is not here" in text
    assert str(tmp_path) not in text


def test_clips_of_a_page_are_those_that_the_run_heard(cli, run: Run, tmp_path: Path) -> None:
    """A clip under another's name would be believed by whoever listens."""
    done = cli("report", run.folder, "--html", tmp_path / "p.html", "--audio")
    assert done.code == 0
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "img-src data:; media-src data:; base-uri" in text
    assert "under the licence <a href=" in text
    assert 'class="notice' not in text

    figures = re.findall(
        r"<figcaption><strong>(.+?)</strong>.*?data:audio/flac;base64,(.+?)\".*?"
        r"data:image/png;base64,(.+?)\"",
        text,
        re.DOTALL,
    )
    worst = RunFacts(run, LookedUp({})).worst
    assert [name for name, _, _ in figures] == [answer.id for answer in worst]

    corpus = heard_in(run)[1]
    items = {item.utterance.id: item for item in corpus.items}
    for name, flac, png in figures:
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(flac)))
        waveform = items[name].clip(TASK).load()
        assert rate == 16_000
        np.testing.assert_allclose(samples, waveform, atol=2 / 32_768)
        assert base64.b64decode(png) == spectrogram.picture(waveform)[0]


def test_a_licence_that_forbids_marks_the_page(run: Run) -> None:
    """Audio that may not be passed on must say so to whoever holds the page."""
    for licence in ("free for research", "unknown", "", "CC BY-ND 4.0", "CC0-1.0, in parts"):
        (notice,) = heard_in(run, licence=licence)[0].terms
        assert isinstance(notice, Notice)
        assert notice.is_private
        assert "not to be passed on" in html.block(notice)

    for licence in ("CC0-1.0", "CC BY-NC-SA 4.0"):
        (terms,) = heard_in(run, licence=licence, citation="Somebody, 2005")[0].terms
        assert isinstance(terms, Paragraph)
        assert f"{licence}</a>: it may be passed on" in html.block(terms)
        assert "Cite: Somebody, 2005" in html.block(terms)


def test_audio_that_the_run_did_not_hear_is_not_played(run: Run) -> None:
    """A corpus of another edition has the same names, and other sounds under them."""
    looked_up = look_up_all(run, None)
    assert looked_up.corpus is not None
    first, *others = looked_up.corpus.items
    changed = replace(first, facts=replace(first.facts, key="0" * 64))
    corpus = replace(looked_up.corpus, items=(changed, *others))
    with pytest.raises(DataError, match="scored other audio than that of corpus 'emodb-sample'"):
        listening.blocks(RunFacts(run, looked_up), corpus)


def test_sent_predictions_say_that_their_audio_is_not_known(run: Run) -> None:
    rewrite_record(run.folder, lambda record: record["corpus"].update(index_digest=None))
    heard = heard_in(runs.read(run.folder))[0]
    assert "Which audio the predictions were made from is not known" in html.fragment(heard.clips)


def test_a_long_clip_is_cut(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten clips of an hour would be a page that no browser opens."""
    monkeypatch.setattr(listening, "LONGEST", 0.5)
    heard = heard_in(run)[0]
    recordings = [block for block in heard.clips if isinstance(block, Recording)]
    assert len(recordings) == 10
    for recording in recordings:
        assert len(soundfile.read(io.BytesIO(recording.flac))[0]) == 8_000
        assert "the first 0.5 of " in html.block(recording)


def test_options_that_do_not_fit_are_one_sentence(cli, run: Run, tmp_path: Path) -> None:
    for options, sentence in (
        (["--audio"], "error: --audio is for a page: give the file to write it to by --html FILE"),
        (["--html", tmp_path / "p.html", "--json"], "error: --html and --json are both given"),
    ):
        done = cli("report", run.folder, *options)
        assert done.code == 2
        assert done.err.startswith(sentence)
        assert done.err.count("\n") == 1

    root = Path(__file__).parents[2] / "leaderboard/results/ravdess"
    folder = next(path.parent for path in sorted(root.glob("*/run.json")))
    done = cli("report", folder, "--html", tmp_path / "p.html", "--audio", "--data", tmp_path)
    assert done.code == 3
    assert done.err.startswith("error: corpus 'ravdess' ")
    assert not (tmp_path / "p.html").exists()


def test_hostile_texts_are_text(tmp_path: Path) -> None:
    """A run comes from anywhere, and a page is opened by a browser that obeys."""
    run = hostile_run(tmp_path)
    source = html.page(page.report(RunFacts(run, LookedUp({}))), run.name)
    elements = Elements(source)
    assert elements.open == []
    assert not {"script", "img"} & set(elements.names)
    assert not any(name.startswith("on") for name, _ in elements.attributes)
    assert HOSTILE in elements.text
    assert "\u202e" not in source


def test_a_tone_is_bright_where_it_sounds() -> None:
    """A picture that shows a tone elsewhere misleads whoever looks for one."""
    time = np.arange(16_000) / 16_000
    for pitch in (250.0, 1000.0, 4000.0):
        tone = np.sin(2 * np.pi * pitch * time, dtype=np.float32)
        levels = spectrogram.levels(tone)
        assert levels.shape == (spectrogram.BANDS, 98)
        loudest = levels[:, 50].argmax()
        mels = 2595 * np.log10(1 + np.array([pitch, 8000.0]) / 700)
        assert loudest + 1 == pytest.approx(mels[0] / mels[1] * (spectrogram.BANDS + 1), abs=1)
        assert levels.max() == spectrogram.LEVELS - 1


@pytest.mark.parametrize("samples", [1, 399, 16_000 * 30])
def test_any_length_has_a_picture(samples: int) -> None:
    """Silence, a click and half a minute are clips too."""
    image = pytest.importorskip("PIL.Image", reason="wants Pillow, which matplotlib brings")
    png, axes = spectrogram.picture(np.zeros(samples, dtype=np.float32))
    opened = image.open(io.BytesIO(png))
    opened.load()
    assert opened.height == spectrogram.BANDS
    assert 1 <= opened.width <= 600
    assert all(0 <= place <= 1 for place, _ in (*axes.across, *axes.up))
    assert len(axes.across) <= 7
