"""The command as it is typed: write, check, add; and what is refused, with its sentence and exit
code.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from mserbench.cards import Exposure
from mserbench.cli import main
from mserbench.data import lookup
from mserbench.results import runs
from mserbench_leaderboard import registered
from tests.leaderboard.conftest import (
    LABELS,
    MakeRun,
    rewrite_record,
    rows_of,
    toy_items,
    toy_task,
    trained,
    write_run,
)


def call(board: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the command on a board; return exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as stopped:
        main(["leaderboard", "--dir", str(board), *arguments])

    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


@pytest.fixture
def do(board: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the command without pictures."""
    return lambda *arguments: call(board, "--no-pictures", *arguments, capsys=capsys)


def test_written_then_checked(do: Any, make_run: MakeRun) -> None:
    """A board that fails its own check is of no use."""
    make_run()
    assert do()[0] == 0
    code, out, _ = do("--replay", "--json")
    assert (code, json.loads(out)) == (0, {"findings": [], "notes": []})


def test_a_stale_page_is_found_and_left_alone(do: Any, board: Path, make_run: MakeRun) -> None:
    """A number edited by hand in the page must not survive a check, nor may a check write."""
    make_run()
    do()
    page = board / "README.md"
    page.write_text(page.read_text(encoding="utf-8").replace("wide", "narrow"), encoding="utf-8")
    before = page.read_bytes()
    code, out, _ = do("--replay")
    assert (code, "is not what its runs give" in out) == (1, True)
    assert page.read_bytes() == before


@pytest.mark.parametrize("part", ["metrics", "intervals", "canonical", "counts", "statistics"])
def test_numbers_that_do_not_follow_from_the_predictions(
    do: Any, make_run: MakeRun, part: str
) -> None:
    """Whoever edits a record gains nothing: each number is computed again."""
    change = {
        "metrics": lambda record: record["metrics"].update(UA=0.99),
        "intervals": lambda record: record["intervals"].update(UA=[0.97, 0.99]),
        "canonical": lambda record: record["canonical"]["metrics"].update(UA=0.99),
        "counts": lambda record: record["counts"].update(unparsed=7),
        "statistics": lambda record: record["statistics"].update(clusters=7),
    }[part]
    rewrite_record(make_run(toy_task("toy-b", (*LABELS, "calm"))).folder, change)
    do()
    code, out, _ = do("--replay")
    assert (code, f"its {part} are" in out) == (1, True)


def test_changed_predictions_are_found(do: Any, make_run: MakeRun) -> None:
    """Predictions that were corrected afterwards would be the easiest fraud."""
    run = make_run(right=0.3)
    do()
    path = run.folder / runs.PREDICTIONS
    path.write_text(path.read_text().replace(",sad,happy,", ",sad,sad,"))
    code, out, _ = do("--replay")
    assert (code, "was changed later" in out) == (1, True)
    assert do()[0] == 3


def test_a_prediction_against_its_own_scores_is_found(do: Any, make_run: MakeRun) -> None:
    """Then either the scores or the predictions are made up."""
    rows = rows_of(toy_items(toy_task()), LABELS, 0.5, 1)
    rows[0] = type(rows[0])(rows[0].id, "happy", "happy", (0.0, 1.0, 0.0))
    make_run(rows=rows)
    do()
    code, out, _ = do("--replay")
    assert (code, "not the label with its highest score" in out) == (1, True)


def damage(kind: str, run: runs.Run) -> None:
    """Damage a run folder in one way."""
    record, predictions = run.folder / runs.RECORD, run.folder / runs.PREDICTIONS
    if kind == "no record":
        record.unlink()
    elif kind == "no predictions":
        predictions.unlink()
    elif kind == "half a record":
        record.write_text(record.read_text()[:200])
    elif kind == "deep record":
        record.write_text("[" * 100_000)
    elif kind == "extra file":
        (run.folder / "model.pkl").write_bytes(b"\x80")
    elif kind == "linked record":
        shutil.move(record, run.folder.parent.parent.parent / "elsewhere.json")
        record.symlink_to(run.folder.parent.parent.parent / "elsewhere.json")
    elif kind == "linked folder":
        target = shutil.move(run.folder, run.folder.parent.parent.parent / "elsewhere")
        run.folder.symlink_to(target)
    elif kind == "other task":
        rewrite_record(run.folder, lambda record: record["task"].update(name="../../toy"))
    elif kind == "large":
        with predictions.open("ab") as file:
            file.truncate(65_000_000)
    elif kind == "not finite":
        rewrite_record(run.folder, lambda record: record["metrics"].update(UA=float("nan")))
    elif kind == "stray file":
        (run.folder.parent / "notes.txt").write_text("?")
    elif kind == "other labels":
        text = predictions.read_text().replace(",sad,", ",merry,")
        predictions.write_text(text)
        sha = hashlib.sha256(text.encode()).hexdigest()
        rewrite_record(run.folder, lambda record: record["predictions"].update(sha256=sha))


@pytest.mark.parametrize(
    "kind",
    [
        "no record", "no predictions", "half a record", "deep record", "extra file",
        "linked record", "linked folder",
        "other task", "large", "not finite", "stray file", "other labels",
    ],
)  # fmt: skip
def test_a_damaged_run_is_named_and_never_dropped(
    do: Any, board: Path, make_run: MakeRun, kind: str
) -> None:
    """A board without its damaged runs would look complete."""
    make_run(None, "sound", seed=1)
    damage(kind, make_run(None, "broken", seed=2))
    code, out, err = do()
    assert (code, out, (board / "README.md").exists()) == (3, "", False)
    assert "toy-a/" in err
    code, out, _ = do("--replay")
    assert (code, "toy-a/" in out) == (1, True)


def truthful(folder: Path, model: str = "honest", **more: Any) -> runs.Run:
    """Finish a run of the real task `aesdd`, whose clips are known from their names."""
    task, card = lookup.task("aesdd"), lookup.corpus("aesdd").card
    more.setdefault("items", registered.items("aesdd"))
    german = Exposure("emodb", ("de",), "emotion-labels", "manifest")

    return write_run(
        folder, task, model, 0.4, 1, card=card, exposures=more.pop("exposures", (german,)), **more
    )


def test_a_sound_run_is_added_with_its_two_files_only(do: Any, board: Path, tmp_path: Path) -> None:
    """Locks and journals of a run are of no use on the board, and it must show up there at once."""
    run = truthful(tmp_path / "runs")
    (run.folder / ".lock").touch()
    assert do("--add", str(run.folder))[0] == 0
    copied = board / "results" / "aesdd" / run.folder.name
    assert sorted(os.listdir(copied)) == ["predictions.csv", "run.json"]
    assert "honest" in (board / "README.md").read_text(encoding="utf-8")
    assert do("--replay")[0] == 0
    assert do("--add", str(run.folder))[0] == 0  # again: nothing changes


def refused(do: Any, board: Path, run: runs.Run) -> str:
    """Try to add a run; return the sentence, and see that nothing was copied."""
    code, _, err = do("--add", str(run.folder))
    assert code == 3
    assert not list((board / "results").rglob("run.json"))

    return str(err)


def test_a_partial_run_is_refused(do: Any, board: Path, tmp_path: Path) -> None:
    """Its clips are others, so its number cannot stand beside the rest."""
    assert "is partial" in refused(do, board, truthful(tmp_path, partial=True))


def test_another_version_of_the_task_is_refused(do: Any, board: Path, tmp_path: Path) -> None:
    """A run over an older label map answers another question."""
    run = truthful(tmp_path)
    rewrite_record(run.folder, lambda record: record["task"].update(question="0" * 64))
    assert "is current: score the current one" in refused(do, board, run)


def test_better_numbers_than_the_predictions_are_refused(
    do: Any, board: Path, tmp_path: Path
) -> None:
    """The number would be on the board before anyone checks."""
    run = truthful(tmp_path)
    rewrite_record(run.folder, lambda record: record["metrics"].update(UA=0.9))
    assert "its metrics are" in refused(do, board, run)


def test_another_audio_under_the_same_task_hash_is_refused(
    do: Any, board: Path, tmp_path: Path
) -> None:
    """The task's hash says on which audio a number was measured."""
    run = truthful(tmp_path)
    rewrite_record(run.folder, lambda record: record["corpus"].update(index_digest="0" * 63 + "1"))
    assert "its task hash is not that of its question and its audio" in refused(do, board, run)


def test_truth_is_that_of_the_task(do: Any, board: Path, tmp_path: Path) -> None:
    """A stranger's file brings its own labels; right answers to wrong labels are worth nothing."""
    items = registered.items("aesdd")
    assert items is not None
    wrong = ("happy" if items.truth[0] != "happy" else "sad", *items.truth[1:])
    run = truthful(tmp_path, items=type(items)(items.ids, wrong, items.clusters))
    assert "but the task says" in refused(do, board, run)


def test_missing_clips_are_found_though_not_marked(do: Any, board: Path, tmp_path: Path) -> None:
    """Leaving out the hard clips and the mark `partial` would raise any score."""
    items = registered.items("aesdd")
    assert items is not None
    assert items.clusters is not None
    run = truthful(tmp_path, items=type(items)(items.ids[5:], items.truth[5:], items.clusters[5:]))
    assert "is not marked as partial" in refused(do, board, run)


def test_speakers_are_those_of_the_corpus(do: Any, board: Path, tmp_path: Path) -> None:
    """Clips taken for speakers give intervals that are far too narrow."""
    items = registered.items("aesdd")
    assert items is not None
    run = truthful(tmp_path, items=type(items)(items.ids, items.truth, None))
    assert "its speakers are not those of the corpus" in refused(do, board, run)


def test_a_verdict_that_its_exposure_denies_is_refused(
    do: Any, board: Path, tmp_path: Path
) -> None:
    """The verdict is computed, not claimed: Greek emotion labels make no zero-shot run on Greek."""
    greek = Exposure("other-greek", ("el",), "emotion-labels", "card")
    assert "it is 'cross-corpus'" in refused(
        do, board, truthful(tmp_path, exposures=(greek,), verdict="zero-shot")
    )


def test_development_that_is_not_told_is_found(do: Any, board: Path, tmp_path: Path) -> None:
    """The mark is computed from the corpora that the record names; to strike it out does not
    help.
    """
    run = truthful(tmp_path, development=("aesdd",))
    assert run.record.verdict.development
    rewrite_record(run.folder, lambda record: record["verdict"].update(development=False))
    refusal = refused(do, board, run)
    assert "'zero-shot' (heard: no, development: no), but from what its record says" in refusal
    assert "'zero-shot' (heard: no, development: yes): score it again" in refusal


def test_a_record_from_before_development_is_still_accepted(
    do: Any, board: Path, tmp_path: Path
) -> None:
    """What it does not say is shown as not said, and is no reason to throw the run away."""
    run = truthful(tmp_path)

    def older(record: dict[str, Any]) -> None:
        del record["model"]["development"], record["verdict"]["development"]

    rewrite_record(run.folder, older)
    assert do("--add", str(run.folder))[0] == 0
    assert do("--replay")[0] == 0
    assert (
        "development not "
        "stated" in (board / "README.md").read_text(encoding="utf-8").partition("## aesdd")[2]
    )


def test_weights_that_do_not_ship_cannot_be_said_to(do: Any, board: Path, tmp_path: Path) -> None:
    """Else a row would look as if anybody could run it again."""
    weights = {"name": "emodb-emovo", "hash": "ab" * 32, "shipped": True}
    refusal = refused(do, board, truthful(tmp_path, "logmel", weights=weights))
    assert "its weights ship, it says, but of model 'logmel' others do" in refusal


def test_another_run_of_the_same_name_is_refused(do: Any, board: Path, tmp_path: Path) -> None:
    """Adding must not replace what was published under that name."""
    first = truthful(tmp_path / "a")
    assert do("--add", str(first.folder))[0] == 0
    rows = rows_of(registered.items("aesdd"), first.labels, 0.9, 5)  # type: ignore[arg-type]
    second = truthful(tmp_path / "b", rows=rows)
    code, _, err = do("--add", str(second.folder))
    assert (code, "has the name of a run with other predictions" in err) == (3, True)


def test_a_run_that_contradicts_the_board_is_refused(
    do: Any, board: Path, make_run: MakeRun, tmp_path: Path
) -> None:
    """Once copied it would stop the whole board, of a task too that no plugin of this machine
    knows.
    """
    make_run()
    items = toy_items(toy_task())
    contradicting = write_run(
        tmp_path, model="other", seed=3, items=type(items)(items.ids, items.truth, None)
    )
    code, _, err = do("--add", str(contradicting.folder))
    assert (code, "scored other clips, labels or speakers" in err) == (3, True)
    assert len(list((board / "results").rglob("run.json"))) == 1


def test_usage_errors(
    do: Any, board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--replay never writes, so it cannot add; and a folder that is no board is said to be none."""
    assert do("--replay", "--add", str(tmp_path))[0] == 2
    code, _, err = call(tmp_path / "nowhere", capsys=capsys)
    assert (code, "has no folder 'results'" in err) == (3, True)


def test_pictures_follow_the_predictions(
    board: Path, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """A matrix of older predictions beside new numbers would mislead, and redrawing all would bloat
    the history.
    """
    run = make_run(None, "model $x_{$", right=0.5)
    assert call(board, capsys=capsys)[0] == 0
    first = list((board / "pictures").rglob("*.png"))
    assert len(first) == 1
    assert first[0].stat().st_size < 40_000
    stamp = first[0].stat().st_mtime_ns
    call(board, capsys=capsys)
    assert first[0].stat().st_mtime_ns == stamp
    assert call(board, "--replay", capsys=capsys)[0] == 0
    write_run(board / "results", None, "model $x_{$", 0.9)
    code, out, _ = call(board, "--replay", capsys=capsys)
    assert (code, "is missing" in out, "belongs to no run" in out) == (1, True, True)
    call(board, capsys=capsys)
    second = list((board / "pictures").rglob("*.png"))
    assert len(second) == 1
    assert second != first
    assert run.folder.name in second[0].name


def test_a_picture_is_the_same_each_time(board: Path, make_run: MakeRun) -> None:
    """Pictures that differ in a date or a random mark would change in every commit."""
    from mserbench_leaderboard import pictures, store, systems

    make_run()
    (system,) = systems.of(store.collect(board / "results")[0])
    assert pictures.draw(system) == pictures.draw(system)


def test_seeds_have_one_picture_together(
    board: Path, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """A picture a seed would be five times the bytes, and none of them that of the row."""
    runs_of = [
        make_run(None, "good", right=0.5, seed=seed, weights=trained(seed)) for seed in (1, 2)
    ]
    assert call(board, capsys=capsys)[0] == 0
    assert [path.name[:17] for path in (board / "pictures").rglob("*.png")] == [
        runs_of[0].folder.name
    ]
    assert call(board, "--replay", capsys=capsys)[0] == 0


def test_without_matplotlib_one_sentence(
    board: Path,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """matplotlib is optional; who lacks it learns the command, and nothing is half written."""
    make_run()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = call(board, capsys=capsys)
    assert (code, "pip install 'mserbench[plots]'" in err) == (4, True)
    assert not (board / "README.md").exists()
