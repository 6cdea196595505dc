"""A stranger's file of predictions, scored without any audio."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench.data import dataset, lookup
from mserbench.errors import DataError, UnknownName, UsageError
from mserbench.results import runs
from mserbench.running.submission import score_file

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A perfect file."""
    truth = dataset.truth(lookup.task(TASK), None)
    rows = [f"{utterance.id},{label}" for utterance, label in truth]
    (tmp_path / "p.csv").write_text("\n".join(["id,prediction", *rows]) + "\n")

    return tmp_path / "p.csv"


def test_a_perfect_file_is_perfect_and_its_verdict_unknown(file: Path, tmp_path: Path) -> None:
    run = score_file(file, TASK, "mine", out=tmp_path / "runs")
    assert run.metrics["UA"] == run.metrics["WA"] == 1.0
    assert run.record.counts.to_json() == {
        "expected": 535,
        "scored": 535,
        "unparsed": 0,
        "partial": False,
    }
    assert run.verdict == "unknown", "nothing is known of the model"
    assert run.record.statistics.cluster == "speaker"
    assert runs.read(run.folder).summary() == run.summary()


def test_the_audio_changes_nothing(
    file: Path, tmp_path: Path, build_corpus: Callable[..., Path]
) -> None:
    bare = score_file(file, TASK, "mine", out=tmp_path / "a")
    beside = score_file(file, TASK, "mine", data=build_corpus(), out=tmp_path / "b")
    assert bare.folder.name == beside.folder.name
    assert bare.summary()["metrics"] == beside.summary()["metrics"]


def test_a_card_gives_a_verdict(file: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    for corpus, evidence, verdict in (
        ("emovo", "script", "zero-shot"),
        ("emovo", "", "unknown"),
        ("emodb", "", "in-corpus"),
        ("Emo-DB", "script", "in-corpus"),
    ):
        entry = {"corpus": corpus, "languages": ["it"], "kind": "emotion-labels"}
        entry |= {"evidence": evidence} if evidence else {}
        card.write_text(json.dumps({"exposure": [entry], "exposure_complete": True}))
        assert score_file(file, TASK, "mine", card=card, out=tmp_path / "runs").verdict == verdict


@pytest.mark.parametrize(
    ("corpus", "kind", "words"),
    [
        ("My own corpus", "emotion-labels", "no corpus 'My own corpus' is known here"),
        ("emodb", "speech", "taken on trust that emodb was heard without its emotion labels"),
    ],
)
def test_what_a_card_leaves_to_trust_is_said(
    file: Path, tmp_path: Path, corpus: str, kind: str, words: str
) -> None:
    """The verdict stands, and its reader knows what nobody looked up."""
    entry = {"corpus": corpus, "languages": ["it"], "kind": kind, "evidence": "script"}
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"exposure": [entry], "exposure_complete": True}))
    verdict = score_file(file, TASK, "mine", card=card, out=tmp_path / "runs").record.verdict
    assert verdict.verdict == "zero-shot"
    assert words in verdict.note


def test_scoring_again_gives_the_same_folder_and_another_file_another(
    file: Path, tmp_path: Path
) -> None:
    first = score_file(file, TASK, "mine", out=tmp_path / "runs")
    assert score_file(file, TASK, "mine", out=tmp_path / "runs").folder == first.folder
    file.write_text(file.read_text().replace("03a01Fa,happy", "03a01Fa,sad"))
    assert score_file(file, TASK, "mine", out=tmp_path / "runs").folder != first.folder


def test_faults_leave_no_run_behind(file: Path, tmp_path: Path) -> None:
    file.write_text(
        file.read_text().replace("03a01Fa,happy", "03a01Fa,glum").replace("03a01Nc,neutral\n", "")
    )
    with pytest.raises(DataError) as caught:
        score_file(file, TASK, "mine", out=tmp_path / "runs")

    assert "prediction 'glum' is none of" in str(caught.value)
    assert "missing, such as '03a01Nc'" in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_an_unknown_task_offers_near_ones(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*'emodb"):
        score_file(file, "emo-db", "mine", out=tmp_path / "runs")


@pytest.mark.parametrize("name", ["../../outside", "/absolute", "..", "", "a/../b", "\ud800"])
def test_a_name_that_leads_elsewhere_is_refused(file: Path, tmp_path: Path, name: str) -> None:
    """If it were taken, a record with it would lie on a board, and be read by everybody."""
    with pytest.raises(UsageError, match="of a model cannot be written: give letters"):
        score_file(file, TASK, name, out=tmp_path / "runs")

    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["a b\n|<script>", "group/model", "...", "a..b"])
def test_no_name_writes_outside_the_output_folder(file: Path, tmp_path: Path, name: str) -> None:
    run = score_file(file, TASK, name, out=tmp_path / "runs")
    assert run.folder.resolve().is_relative_to(tmp_path / "runs")
    assert run.record.model.name == name


def test_a_name_that_no_file_system_takes_says_so(file: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be written \(File name too long\)"):
        score_file(file, TASK, "x" * 300, out=tmp_path / "runs")


def test_an_entry_of_the_registry_is_a_card(file: Path, tmp_path: Path) -> None:
    """Predictions of a public checkpoint get the verdict that its training allows."""
    run = score_file(
        file, TASK, "e2v", card="registry:emotion2vec-plus-large", out=tmp_path / "runs"
    )
    assert run.verdict == "in-corpus"
    assert any("emotion2vec-plus-large" in reason for reason in run.record.verdict.reasons)

    with pytest.raises(UnknownName, match="emotion2vec-plus-large"):
        score_file(file, TASK, "e2v", card="registry:emotion2vec-plus-lrge", out=tmp_path / "runs")
