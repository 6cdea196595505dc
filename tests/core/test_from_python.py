"""The functions of `mserbench`, as somebody at a prompt or in a notebook calls them."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mserbench
from mserbench import DataError, Runs, UnknownName, UsageError, errors
from mserbench.data import dataset, lookup
from mserbench.results import runs as run_folders
from mserbench.results.runs import Run
from mserbench.results.tables_html import confusion

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Two models on a few clips."""
    out = tmp_path_factory.mktemp("runs")
    return mserbench.evaluate(["prior", "random"], TASK, out=out, limit=20, progress=False)


def test_to_import_it_costs_next_to_nothing() -> None:
    """A prompt, a shell that completes and each command pay for it."""
    code = """
        import sys
        before = set(sys.modules)
        import mserbench
        names = set(sys.modules) - before
        print(sorted(n for n in names if n.partition(".")[0] not in sys.stdlib_module_names))
        dir(mserbench)
        print(len(names) < 60)
    """
    lines = "\n".join(line.strip() for line in code.splitlines())
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["['mserbench']", "True"]


@pytest.mark.parametrize("name", mserbench.__all__)
def test_each_public_name_is_there_and_explained(name: str) -> None:
    value = getattr(mserbench, name)
    assert name in dir(mserbench)
    assert name.isupper() or value.__doc__


def test_each_error_is_public() -> None:
    """Who cannot name an error catches all of them."""
    kinds = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.MserbenchError)
    ]
    assert set(kinds) <= set(mserbench.__all__)


# Several models and tasks


def test_one_of_each_is_a_run_and_a_list_is_a_table(several: Runs, tmp_path: Path) -> None:
    run = mserbench.evaluate("prior", TASK, out=tmp_path, limit=4, progress=False)
    assert isinstance(run, Run)
    alone = mserbench.evaluate("prior", [TASK], out=tmp_path, limit=4, progress=False)
    assert isinstance(alone, Runs)
    assert [alone[0].folder] == [run.folder]

    frame = several.to_frame()
    assert frame["model"].tolist() == ["prior", "random"]
    assert frame["UA"].tolist() == [one_run.metrics["UA"] for one_run in several]
    assert (frame["UA_low"] <= frame["UA"]).all()
    assert frame.equals(several.frame)


def test_tasks_come_one_after_the_other_with_each_model(tmp_path: Path) -> None:
    mine = dataclasses.replace(lookup.task(TASK), name="mine")
    finished = mserbench.evaluate(
        ("prior", "random"), (TASK, mine), out=tmp_path, limit=4, progress=False
    )
    pairs = [(run.record.task.name, run.name) for run in finished]
    assert pairs == [(TASK, "prior"), (TASK, "random"), ("mine", "prior"), ("mine", "random")]


def test_a_wrong_name_and_missing_data_are_told_before_any_model_runs(tmp_path: Path) -> None:
    """Else the last of ten models would be told after an hour."""
    out = tmp_path / "runs"
    with pytest.raises(UnknownName, match="priorr"):
        mserbench.evaluate(["prior", "priorr"], TASK, out=out)
    with pytest.raises(DataError) as caught:
        mserbench.evaluate("prior", [TASK, "ravdess", "aesdd"], data=tmp_path, out=out)

    assert "ravdess" in str(caught.value)
    assert "aesdd" in str(caught.value)
    assert not out.exists()


def test_progress_of_ones_own_hears_of_clips_and_false_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[tuple[int, int]] = []
    mserbench.evaluate(
        "random",
        TASK,
        out=tmp_path,
        limit=6,
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard[-1] == (6, 6)
    mserbench.evaluate("random", TASK, out=tmp_path, limit=6, progress=False)
    assert capsys.readouterr().err == ""


# How they look


def test_runs_show_themselves_and_escape_what_they_show(several: Runs) -> None:
    html = several._repr_html_()
    assert html.count("<tr>") == 3
    assert repr(several).count("\n") == 1
    assert Runs()._repr_html_() == "no runs"
    hostile = confusion([[1, 2, 0], [0, 0, 1]], ["<script>", "b"])
    assert "<script>" not in hostile


def test_a_run_shows_its_confusion_matrix(several: Runs) -> None:
    """By hand: the prior says one label of all clips."""
    prior = several[0]
    counts = prior.confusion()
    assert sum(map(sum, counts)) == 20
    assert [label for at, label in enumerate(prior.labels) if any(row[at] for row in counts)] == [
        prior.rows[0].prediction
    ]
    assert "<th>unparsed</th>" not in prior._repr_html_()
    html = confusion([[1, 2, 1], [0, 0, 0]], ["a", "b"])
    assert "<th>unparsed</th>" in html
    assert "<td>25.0</td>" in html  # one of four
    assert "<td>-</td>" in html  # of a label without a clip


def test_a_run_whose_folder_is_gone_still_shows_its_numbers(several: Runs, tmp_path: Path) -> None:
    run = Run(tmp_path / "moved", several[0].record)
    assert "<td>prior</td>" in run._repr_html_()
    assert "moved" in run._repr_html_()


# Compare, predict, list, score


def test_two_runs_or_their_folders_are_compared(several: Runs) -> None:
    compared = mserbench.compare(*several)
    of_folders = mserbench.compare(str(several[0].folder), several[1].folder)
    assert compared.summary() == of_folders.summary()
    row = compared.to_frame().set_index("metric").loc["UA"]
    assert row["difference"] == pytest.approx(
        several[0].metrics["UA"] - several[1].metrics["UA"], abs=1e-6
    )
    assert "paired t test over" in compared._repr_html_()
    assert "UA A - B" in repr(compared)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: mserbench.compare(5, "x"),
            UsageError,
            "run_a is int '5', but a Run or the folder",
        ),
        (lambda: mserbench.compare("nowhere", "x"), DataError, "is no finished run"),
        (
            lambda: mserbench.predict("nowhere.wav", "prior"),
            DataError,
            "no audio file could be read",
        ),
        (lambda: mserbench.predict([], "prior"), DataError, "no name was given"),
        (lambda: mserbench.predict(5, "prior"), UsageError, "files is int '5'"),
        (lambda: mserbench.predict(Path(), "priorr"), UnknownName, "priorr"),
        (lambda: mserbench.predict("x", "prior", window=0), UsageError, "window is 0, but seconds"),
        (
            lambda: mserbench.predict("x", "prior", hop=11),
            UsageError,
            "hop is 11 s, but at most the window of 10 s",
        ),
        (lambda: mserbench.score("nowhere.csv", TASK, "mine"), DataError, "nowhere.csv"),
        (lambda: mserbench.plot([], by="emotion"), UsageError, "by is 'emotion', but a list of"),
        (lambda: mserbench.plot([]), UsageError, "runs is an empty list"),
    ],
)
def test_what_cannot_be_done_is_a_typed_error(
    call: Callable[[], Any], error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(lookup.corpus(TASK).provide()))  # type: ignore[misc]
    with pytest.raises(error, match=words):
        call()


def test_files_are_predicted_as_the_command_does(
    tmp_path: Path, tone: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    import soundfile

    soundfile.write(tmp_path / "long.wav", tone(5.0), 16_000)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    predicted = mserbench.predict(tmp_path, "prior", window=2, labels=["sad", "happy"])
    frame = predicted.to_frame()
    assert frame["part"].tolist() == ["window"] * 3 + ["file"]
    assert list(frame.columns[4:6]) == ["score_sad", "score_happy"]
    assert [Path(failure.name).name for failure in predicted.failed] == ["broken.wav"]
    assert "broken.wav" in capsys.readouterr().err
    assert "broken.wav" in predicted._repr_html_()
    assert "long.wav" in repr(predicted)


def test_tasks_and_models_are_tables() -> None:
    tasks = mserbench.tasks().set_index("name")
    assert tasks.loc[TASK, "clips"] == 70
    assert str(tasks["clips"].dtype) == "Int64"
    assert {"prior", "egemaps", "hf"} <= set(mserbench.models()["name"])


def test_a_file_of_predictions_is_scored(tmp_path: Path) -> None:
    rows = dataset.truth(lookup.task(TASK), None)
    lines = [f"{utterance.id},{label}" for utterance, label in rows]
    (tmp_path / "mine.csv").write_text("\n".join(["id,prediction", *lines, ""]))
    run = mserbench.score(tmp_path / "mine.csv", TASK, "mine", out=tmp_path / "runs")
    assert run.metrics["UA"] == 1.0
    assert run_folders.read(run.folder).record == run.record


def test_the_page_on_python_runs_as_printed(
    tmp_path: Path, tone: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thing that somebody copies must work."""
    import soundfile

    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    soundfile.write(tmp_path / "recordings" / "a.wav", tone(1.0), 16_000)
    page = Path(__file__).parents[2] / "docs" / "python.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        exec(block, names)

    assert len(names["runs"]) == 2
    assert (tmp_path / "embeddings.png").stat().st_size > 10_000
