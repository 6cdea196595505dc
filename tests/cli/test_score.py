"""`mserbench score` and `mserbench compare` as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench.data import dataset, lookup
from mserbench.running.submission import score_file

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of predictions: right, but every `wrong`th says `fear`."""

    def write(name: str = "p.csv", wrong: int = 0, task: str = TASK) -> Path:
        truth = dataset.truth(lookup.task(task), None)
        rows = [
            f"{utterance.id},{'fear' if wrong and i % wrong == 0 else label}"
            for i, (utterance, label) in enumerate(truth)
        ]
        (tmp_path / name).write_text("\n".join(["id,prediction", *rows]) + "\n")

        return tmp_path / name

    return write


File = Callable[..., Path]


def test_a_file_of_one_s_own_is_scored_without_audio(cli, file: File) -> None:
    done = cli("score", file(wrong=3), "--task", TASK, "--name", "mine", "--json")
    assert (done.code, done.err) == (0, "")
    (summary,) = json.loads(done.out)
    assert (summary["model"], summary["n"], summary["verdict"]) == ("mine", 535, "unknown")
    table = cli("score", file(wrong=3), "--task", TASK, "--name", "mine")
    assert "mine on emodb: unknown: the list of corpora" in table.out


@pytest.mark.parametrize("content", ["id,prediction\nz,sad\n", "\x80pickle", ""])
def test_a_bad_file_is_exit_3_and_one_message(cli, tmp_path: Path, content: str) -> None:
    (tmp_path / "p.csv").write_bytes(content.encode("latin-1"))
    done = cli("score", "p.csv", "--task", TASK, "--name", "mine", "--json")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: predictions file 'p.csv' ")


def test_a_missing_file_a_bad_card_and_an_unknown_task(cli, file: File, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{")
    for arguments, code, words in (
        (["none.csv", "--task", TASK, "--name", "m"], 3, "'none.csv' cannot be read: No such file"),
        (
            [file(), "--task", TASK, "--name", "m", "--card", "card.json"],
            3,
            "model card 'card.json' cannot be read as JSON",
        ),
        ([file(), "--task", "emodbb", "--name", "m"], 2, "did you mean 'emodb'"),
        ([file(), "--task", TASK], 2, "option --name is missing: give it"),
    ):
        done = cli("score", *arguments)
        assert (done.code, done.out) == (code, "")
        assert words in done.err


def test_two_runs_are_compared_on_the_same_utterances(cli, file: File) -> None:
    folders = [score_file(file(f"{n}.csv", n), TASK, f"m{n}").folder for n in (3, 5)]
    done = cli("compare", *folders, "--json")
    record = json.loads(done.out)
    assert (done.code, record["n"]) == (0, 535)
    assert record["differences"]["UA"] < 0
    assert "exact McNemar p =" in cli("compare", *folders).out


def test_what_cannot_be_compared_is_exit_3_with_the_reason(cli, file: File, tmp_path: Path) -> None:
    first = score_file(file(), TASK, "m").folder
    rival = score_file(file("4.csv", task="emodb-4"), "emodb-4", "m").folder
    (tmp_path / "empty").mkdir()

    for second, words in (
        (rival, "only runs of one task and version can be compared"),
        (tmp_path / "empty", "is no finished run: a file run.json was expected in it"),
        (tmp_path / "none", "is no finished run"),
    ):
        done = cli("compare", first, second)
        assert (done.code, done.out) == (3, "")
        assert words in done.err


def test_a_run_that_claims_another_truth_is_not_compared(cli, file: File) -> None:
    import hashlib

    first, second = (score_file(file(), TASK, name).folder for name in ("a", "b"))
    path = second / "predictions.csv"
    path.write_text(path.read_text().replace("03a01Fa,happy,happy", "03a01Fa,sad,sad"))
    record = json.loads((second / "run.json").read_text())
    record["predictions"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (second / "run.json").write_text(json.dumps(record))
    done = cli("compare", first, second)
    assert done.code == 3
    assert "hold different labels of 1 clip(s), such as '03a01Fa'" in done.err


def test_runs_of_different_clips_are_compared_on_those_they_share(cli, tmp_path: Path) -> None:
    """A run with --limit is there to try a model out: it must be comparable with a whole one."""
    from mserbench import evaluate

    whole = evaluate("random", "emodb-sample", out=tmp_path / "a")
    few = evaluate("prior", "emodb-sample", out=tmp_path / "b", limit=30)
    done = cli("compare", whole.folder, few.folder, "--json")
    record = json.loads(done.out)
    assert (done.code, record["n"]) == (0, 30)
    assert "compared on the 30 clips that both scored: A has 70, B has 30" in done.err
    assert record["shared"]["b"] == pytest.approx(few.metrics)
    assert record["a"]["metrics"] == whole.metrics, "the summary is that of the whole run"
    assert record["differences"]["WA"] == pytest.approx(
        record["shared"]["a"]["WA"] - few.metrics["WA"]
    )

    # The same whichever comes first: speakers are those of the clips, not of their places.
    turned = json.loads(cli("compare", few.folder, whole.folder, "--json").out)
    assert turned["clusters"] == record["clusters"]
    assert turned["ua_p"] == pytest.approx(record["ua_p"])
    same = cli("compare", whole.folder, whole.folder)
    assert (same.code, same.err) == (0, "")


def test_runs_that_share_no_clip_are_refused(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mserbench import evaluate

    first = evaluate("random", "emodb-sample", out=tmp_path / "a", limit=5)
    taken = {row.id for row in first.rows}
    monkeypatch.setattr(
        dataset,
        "limited",
        lambda items, limit: [item for item in items if item.utterance.id not in taken][:limit],
    )
    second = evaluate("random", "emodb-sample", out=tmp_path / "b", limit=5)
    done = cli("compare", first.folder, second.folder)
    assert (done.code, done.out) == (3, "")
    assert "scored no clip in common: run both without --limit" in done.err


def test_a_vendor_s_table_takes_one_command(cli, tmp_path: Path) -> None:
    """Semicolons, UTF-16, own columns, folders of another machine, German labels and one of none."""
    said = {"happy": "FREUDE", "sad": "Trauer", "boredom": "gelangweilt", "fear": "Sonstiges"}
    truth = dataset.truth(lookup.task(TASK), None)
    rows = [f"C:\\calls\\{clip.id}.mp3;{said.get(label, label)};0,5" for clip, label in truth]
    table = "\r\n".join(["File;Emotion;Confidence", *rows])
    (tmp_path / "vendor.csv").write_bytes(table.encode("utf-16"))
    (tmp_path / "map.toml").write_text('[labels]\n"Sonstiges" = "none"\n')
    words = ["vendor.csv", "--task", TASK, "--name", "v", "--id", "file", "--prediction", "emotion"]

    fault = cli("score", *words)
    assert fault.code == 3
    assert '"Sonstiges" = "..."' in fault.err

    done = cli("score", *words, "--map", "map.toml", "--json")
    (summary,) = json.loads(done.out)
    assert (done.code, summary["n"]) == (0, 535)
    assert summary["metrics"]["UA"] == pytest.approx(6 / 7)
    assert summary["coverage"]["answers_only"]
    assert summary["coverage"]["lacking"] == ["fear"]
    assert "535 of 535 rows name a clip by its file" in done.err

    some = cli("score", *words, "--map", "map.toml", "--labels", "sad,happy", "--json")
    (summary,) = json.loads(some.out)
    assert (summary["task"], summary["n"]) == (f"{TASK}:labels(happy+sad)", 133)
    assert summary["metrics"]["UA"] == 1.0
    assert "rows of clips that are not asked for are left out" in some.err


def test_what_data_list_prints_is_what_score_reads(cli, tmp_path: Path) -> None:
    """The list is what a vendor is given, who adds a column and sends it back."""
    listed = cli("data", "list", TASK, "--csv", "--labels").out.splitlines()
    assert listed[0] == "id,file,start,end,speaker,label"
    (tmp_path / "v.csv").write_text("\n".join(listed))
    done = cli("score", "v.csv", "--task", TASK, "--prediction", "label", "--name", "v", "--json")
    assert json.loads(done.out)[0]["metrics"]["UA"] == 1.0

    bare = cli("data", "list", TASK, "--csv")
    assert bare.out.splitlines()[:2] == [
        "id,file,start,end,speaker",
        "03a01Fa,03a01Fa.wav,,,emodb:03",
    ]
    assert len(json.loads(cli("data", "list", f"{TASK}:labels(sad+happy)", "--json").out)) == 133
