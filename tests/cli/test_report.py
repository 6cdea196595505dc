"""`mserbench report`: all of one run, in 80 columns, with nothing that its predictions do not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mserbench import evaluate
from mserbench.report import markdown
from mserbench.results import runs
from mserbench.results.runs import Run
from mserbench.running.submission import score_file
from mserbench.telling import page
from mserbench.telling.clips import ClipFacts, LookedUp, look_up
from mserbench.telling.facts import RunFacts

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"
ROOT = Path(__file__).parents[2]
HALF = """
    class Half(Model):
        labels = ("neutral", "happy", "sad", "angry")
        card = property(lambda self: _card("half"))

        def predict(self, clips, labels):
            scores = _scores(clips, labels)
            scores[:, [label not in self.labels for label in labels]] = 0
            return scores
"""


@pytest.fixture
def run(plugin: Callable[..., Path], tmp_path: Path) -> Run:
    plugin(HALF, models=["Half"])
    return evaluate("half", TASK, out=tmp_path / "runs")


def test_a_report_fits_80_columns_and_tells_all_that_is_asked(cli, run: Run) -> None:
    done = cli("report", run.folder)
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80

    text = " ".join(done.out.split())
    for words in (
        f"half on {TASK}",
        f"UA {100 * run.metrics['UA']:.1f} [",
        "70 clips of 10 speakers, 7 labels",
        "ceiling with 4 of 7 labels 57.1 57.1",
        "this run, the 40 clips of those labels",
        "always 'neutral' 14.3 14.3",
        "random answers 14.3 14.3",
        "from 14.3 points on, in 4 of 5 tries",
        "true neu hap sad ang dis fea bor",
        "emodb:03",
        "1.23 to 1.64 s 18",
        "zero-shot: no clip of the corpus",
        ".flac",
        f"key {run.record.key[:12]}",
    ):
        assert words in text, words


def test_json_holds_what_the_text_does(cli, run: Run) -> None:
    record = json.loads(cli("report", run.folder, "--json").out)
    confusion = np.array(record["confusion"]["rows_are_true"])
    assert confusion.shape == (7, 8)
    assert confusion.sum() == 70
    assert np.trace(confusion) / 70 == pytest.approx(run.metrics["WA"])
    recalls = [label["recall"] for label in record["labels"]]
    assert np.mean(recalls) == pytest.approx(run.metrics["UA"])
    assert all(label["interval"][0] <= label["recall"] <= label["interval"][1]
               for label in record["labels"])  # fmt: skip
    assert record["coverage"]["ceiling"]["UA"] == pytest.approx(4 / 7)
    assert sum(part["clips"] for part in record["speakers"]) == 70
    assert sum(part["clips"] for part in record["durations"]) == 70
    assert record["record"]["key"] == run.record.key


def test_the_surest_wrong_answers_come_first(run: Run) -> None:
    """Whoever looks for faults in labels or model listens to these."""
    worst = RunFacts(run, LookedUp({})).worst
    gaps = [answer.score - answer.of_label for answer in worst]
    assert gaps == sorted(gaps, reverse=True)
    assert len(worst) == 10
    assert all(answer.answer != answer.label for answer in worst)
    # None of those that are left out is surer.
    by_id = {row.id: row for row in run.rows}
    assert gaps[0] == max(
        max(row.scores) - row.scores[run.labels.index(row.label)]
        for row in by_id.values()
        if row.prediction != row.label
    )


def test_without_the_corpus_it_says_what_is_not_known(cli, tmp_path: Path) -> None:
    """A run of another machine must be told all the same."""
    path = ROOT / "leaderboard/results/ravdess"
    folder = next(folder for folder in sorted(path.iterdir()) if (folder / runs.RECORD).exists())
    done = cli("report", folder, "--data", tmp_path)
    text = " ".join(done.out.split())
    assert done.code == 0
    assert (
        "Seconds are not known: the corpus is not here (--data, and --task for one of your own): corpus"
        in text
    )
    assert "Speakers are numbers, as the corpus is not here" in text


def test_a_file_of_answers_has_no_scores_and_no_proof(cli, tmp_path: Path) -> None:
    from mserbench.data import dataset, lookup

    truth = dataset.truth(lookup.task("emodb"), None)
    rows = [f"{clip.id},{'sad' if label == 'fear' else label}" for clip, label in truth]
    (tmp_path / "p.csv").write_text("\n".join(["id,prediction", *rows]))
    folder = score_file(tmp_path / "p.csv", "emodb", "v", out=tmp_path / "runs").folder
    text = " ".join(cli("report", folder).out.split())
    assert "It gave no scores, so that nobody knows of which answers it is sure." in text
    assert "6 of 7 labels occur among its answers (answers only: no proof" in text
    assert "submitted as p.csv" in text


def test_what_a_stranger_s_run_says_commands_no_terminal(cli, run: Run) -> None:
    """A run may come from anywhere, and its names are shown to people."""
    path = run.folder / runs.RECORD
    record = json.loads(path.read_text())
    record["model"]["title"] = "\x1b[31mred"
    record["verdict"]["reasons"] = ["\x1b]8;;http://x\x07link"]
    path.write_text(json.dumps(record))
    assert "\x1b" not in cli("report", run.folder).out
    assert cli("report", run.folder / "none").code == 3


def test_the_same_blocks_make_a_page_and_many_speakers_are_cut(run: Run) -> None:
    # More speakers than a page should hold.
    clips = {
        row.id: ClipFacts(1.0 + at, f"speaker {at % 30}", "") for at, row in enumerate(run.rows)
    }
    text = markdown.page(page.report(RunFacts(run, LookedUp(clips))))
    assert "| label | clips | answers | recall | precision |" in text
    lines = [line for line in text.splitlines() if line.startswith("| speaker ")]
    assert len(lines) == 1 + 18
    assert "of 30 speakers" in text


def test_another_corpus_of_the_name_is_not_taken_for_its_own(run: Run) -> None:
    looked_up = look_up(run, None, f"{TASK}:labels(happy+sad)")
    assert not looked_up.clips
    assert "lacks 50 of its clips" in looked_up.why_not


@pytest.mark.parametrize(
    ("labels", "short"),
    [
        (["happy", "sad"], ["hap", "sad"]),
        (["calm", "call", "x"], ["calm", "call", "x"]),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_labels_are_cut_as_far_as_they_differ(labels: list[str], short: list[str]) -> None:
    assert page.shortened(labels) == short
