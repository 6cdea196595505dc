"""Run folders: written whole, locked, and read as a stranger's data."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mserbench import evaluate
from mserbench.errors import DataError, UsageError
from mserbench.results import runs
from mserbench.results.runs import Run

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def finished(plugin: Callable[..., Path], tmp_path: Path) -> Run:
    plugin()
    return evaluate("steady", "emodb-sample", out=tmp_path / "runs", limit=9)


def change_record(folder: Path, change: Change) -> None:
    record = json.loads((folder / "run.json").read_text())
    change(record)
    (folder / "run.json").write_text(json.dumps(record))


def refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        assert runs.read(folder).rows

    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_finished_run_is_read_again(finished: Run) -> None:
    reread = runs.read(finished.folder)
    assert reread.summary() == finished.summary()
    assert reread.rows == finished.rows
    assert len(reread.rows) == 9
    assert reread.verdict == "zero-shot"
    assert not (finished.folder / "journal.jsonl").exists()


def test_a_record_of_schema_1_has_the_statistics_of_today() -> None:
    """Its percentile intervals were too narrow for ten speakers: they must not stand beside those
    of other runs.
    """
    folder = Path(__file__).parent / "schema-1"
    before = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    run = runs.read(folder)
    assert run.metrics == pytest.approx(before["metrics"])
    lower, upper = run.intervals["UA"]
    narrow = before["intervals"]["UA"]
    assert lower < narrow[0] < narrow[1] < upper
    assert run.record.statistics.clusters == 10
    assert "bootstrap" not in run.record.to_json()
    assert run.record.key == before["key"]
    assert runs.rescored(run).record == run.record


def test_the_predictions_are_a_table_of_texts_and_numbers(finished: Run) -> None:
    table = finished.predictions
    assert list(table.columns[:3]) == ["id", "label", "prediction"]
    assert table["score_fear"].dtype == float
    assert table["answer"].tolist() == [""] * 9


def test_a_run_shows_itself_and_escapes_what_it_shows(finished: Run) -> None:
    change_record(finished.folder, lambda record: record["model"].update(name="<b>&"))
    run = runs.read(finished.folder)
    assert "<b>&" not in run._repr_html_()
    assert "&lt;b&gt;&amp;" in run._repr_html_()
    assert "UA" in repr(run)


def test_no_run_and_a_changed_run_say_so(finished: Run, tmp_path: Path) -> None:
    assert "is no finished run: a file run.json was expected in it" in refused(tmp_path)
    path = finished.folder / "predictions.csv"
    path.write_text(path.read_text().replace("sad", "fear"))
    assert "is not the file that run.json names, it was changed later" in refused(finished.folder)
    path.unlink()
    assert "has no readable predictions.csv" in refused(finished.folder)


HOSTILE: dict[str, Change] = {
    "no schema": lambda r: r.pop("schema"),
    "future schema": lambda r: r.update(schema=99),
    "path out": lambda r: r["predictions"].update(file="../../../etc/passwd"),
    "absolute path": lambda r: r["predictions"].update(file="/etc/passwd"),
    "hash of a wrong type": lambda r: r["predictions"].update(sha256=5),
    "parts of a wrong type": lambda r: r.update(model=[], task=5),
    "missing part": lambda r: r.pop("verdict"),
    "name of a wrong type": lambda r: r["model"].update(name={"a": 1}),
    "name of half a character": lambda r: r["model"].update(name="\ud800"),
    "metric above 1": lambda r: r["metrics"].update(UA=1.5),
    "metric as text": lambda r: r["metrics"].update(UA="0.5"),
    "metric as flag": lambda r: r["metrics"].update(UA=True),
    "metric missing": lambda r: r["metrics"].pop("WF1"),
    "huge count": lambda r: r["counts"].update(scored=10**300),
    "negative count": lambda r: r["counts"].update(scored=-1),
    "interval of one": lambda r: r["intervals"].update(UA=[0.1]),
    "interval upside down": lambda r: r["intervals"].update(UA=[0.9, 0.1]),
    "interval as text": lambda r: r["intervals"].update(UA="ab"),
    "no labels": lambda r: r["task"].update(labels=[]),
    "labels of a wrong type": lambda r: r["task"].update(labels=[1, [2]]),
    "labels twice": lambda r: r["task"].update(labels=["sad", "sad"]),
    "other labels": lambda r: r["task"].update(labels=["sad", "glad"]),
    "own verdict": lambda r: r["verdict"].update(verdict="best"),
    "reasons as text": lambda r: r["verdict"].update(reasons="trust me"),
    "weights of a wrong type": lambda r: r["model"].update(weights="x"),
    "clusters too few": lambda r: r.update(clusters=[1, 2]),
    "clusters of a wrong type": lambda r: r.update(clusters=["x"] * 9),
    "more rows than scored": lambda r: (r.update(clusters=None), r["counts"].update(scored=8)),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_record_is_refused_in_one_sentence(finished: Run, fault: str) -> None:
    change_record(finished.folder, HOSTILE[fault])
    assert str(finished.folder) in refused(finished.folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"schema": 1}',
        '{"schema": NaN}',
        "[" * 200_000,
        '{"a":' * 100_000,
        '{"schema": ' + "9" * 10_000 + "}",
        "\ufeff{}",
        "\ud800",
    ],
)
def test_a_record_that_is_no_record_is_refused(finished: Run, text: str) -> None:
    (finished.folder / "run.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert "run.json' is damaged" in refused(finished.folder)


@pytest.mark.parametrize(
    "literal", ["NaN", "Infinity", "-Infinity", "1e999", "-0.1", "1" + "0" * 400]
)
def test_a_metric_that_is_no_fraction_is_refused(finished: Run, literal: str) -> None:
    path = finished.folder / "run.json"
    record = json.loads(path.read_text())
    record["metrics"]["UA"] = "HERE"
    path.write_text(json.dumps(record).replace('"HERE"', literal))
    assert "run.json' is damaged" in refused(finished.folder)


def test_pickles_are_refused_and_never_loaded(finished: Run) -> None:
    for name in ("run.json", "predictions.csv"):
        contents = (finished.folder / name).read_bytes()
        (finished.folder / name).write_bytes(pickle.dumps({"schema": 1}))
        refused(finished.folder)
        (finished.folder / name).write_bytes(contents)


def test_no_link_leads_out_of_a_run_folder(finished: Run, tmp_path: Path) -> None:
    for name in ("predictions.csv", "run.json"):
        path = finished.folder / name
        path.rename(tmp_path / name)
        path.symlink_to(tmp_path / name)
        assert "is a link: a plain file was expected" in refused(finished.folder)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), value=values)
def test_any_value_anywhere_is_read_or_refused(
    finished: Run, data: st.DataObject, value: object
) -> None:
    path = finished.folder / "run.json"
    whole = path.read_bytes()
    record = copy.deepcopy(json.loads(whole))
    part = data.draw(st.sampled_from(sorted(record)))

    if isinstance(record[part], dict) and record[part] and data.draw(st.booleans()):
        record[part][data.draw(st.sampled_from(sorted(record[part])))] = value
    else:
        record[part] = value

    path.write_text(json.dumps(record))
    try:
        run = runs.read(finished.folder)
        assert run.rows
        json.dumps(run.summary())
        repr(run), run._repr_html_(), run.reasons, run.labels
    except DataError:
        pass
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "name", ["..", "../x", "/etc/passwd", "a/b", "", ".", "\0", "x" * 20, "naïve model"]
)
def test_no_name_leads_out_of_the_output_folder(tmp_path: Path, name: str) -> None:
    folder = runs.run_folder(tmp_path, name, name, "0" * 64)
    assert folder.resolve().parent.parent == tmp_path.resolve()


def hold(folder: str, locked: Any, done: Any) -> None:
    with runs.locked(Path(folder)):
        locked.set()
        done.wait(30)


def test_a_second_writer_is_told_and_the_first_keeps_the_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    locked, done = context.Event(), context.Event()
    first = context.Process(target=hold, args=(str(tmp_path), locked, done))
    first.start()

    try:
        assert locked.wait(30)
        with (
            pytest.raises(
                UsageError,
                match=r"is being written by another process: wait for it, or give another --out",
            ),
            runs.locked(tmp_path),
        ):
            pytest.fail("two writers at once")
    finally:
        done.set()
        first.join(30)

    with runs.locked(tmp_path):
        pass


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    locked, done = context.Event(), context.Event()
    first = context.Process(target=hold, args=(str(tmp_path), locked, done))
    first.start()
    assert locked.wait(30)
    first.kill()
    first.join(30)

    with runs.locked(tmp_path):
        pass


def test_an_output_folder_that_cannot_be_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file/run", tmp_path / ("x" * 300)):
        with (
            pytest.raises(
                DataError, match=r"cannot be written .*: make room or give another --out"
            ) as caught,
            runs.locked(folder),
        ):
            pytest.fail("not reached")

        assert caught.value.exit_code == 3


def test_what_a_killed_process_left_half_written_is_cleared(finished: Run) -> None:
    half_written = finished.folder / ".predictions.csv.abc123"
    half_written.write_text("half")
    runs.finish(finished.folder, finished.record, finished.rows)
    assert not half_written.exists()


def test_percent_has_one_digit() -> None:
    assert runs.percent(0.45349) == "45.3"
    assert runs.percent(0.45349, (0.412, 0.49)) == "45.3 [41.2, 49.0]"
