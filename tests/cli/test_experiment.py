"""`mserbench experiment` as people type it: started, killed, started again, checked; and everything
that goes wrong.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from processes import is_alive, wait_for
from small_tables import SEEDS_AND_LABELS, toml_halves, toml_setting, toml_system

from mserbench.cli import _means
from mserbench.data import dataset, lookup
from mserbench.engine import gpus
from mserbench.experiments import training_code

Cli = Callable[..., Any]
Install = Callable[..., Path]
MODELS = """
    import json
    import os
    from dataclasses import dataclass
    from mserbench.errors import UsageError

    @dataclass(frozen=True)
    class Options:
        seed: int = 0
        broken: bool = False
        wait: float = 0.0
        tone: int = 0

    class Seeded(TrainableModel):
        Options = Options
        needs_weights = True

        def __init__(self, options=None, weights=None, device="cpu"):
            super().__init__(options, weights, device)
            self.trained = (weights / "weights.json").read_text() if weights else ""
            if weights and self.options.broken:
                raise UsageError(f"weights {str(weights)!r} were trained with broken=False: leave the option away")

        card = property(lambda self: _card("seeded"))

        def fit(self, training, validation, out):
            line = f"{os.getpid()} {self.options.seed} {sorted({item.corpus for item in training})}\\n"
            with open(os.environ["TRAINED"], "a") as log:
                log.write(line)
            time.sleep(self.options.wait)
            if self.options.broken:
                raise ValueError("the loss is not finite, see /var/x/y.log")
            (out / "weights.json").write_text(f"{len(training)} {self.options.seed}")

        def predict(self, clips, labels):
            import hashlib
            own = f"{self.trained} {self.options.tone}"
            said = [hashlib.sha256(f"{clip.key} {own}".encode()).digest() for clip in clips]
            return np.array([[one[i] / 256 for i in range(len(labels))] for one in said])
"""
TABLE = f"""
title = "Two corpora"
text = "To try it."
reference = "all"
{SEEDS_AND_LABELS}
{toml_halves("DE", "emodb-5")}
{toml_halves("IT", "emovo-5")}
{toml_setting("to-DE", "IT", "DE")}
{toml_setting("to-IT", "DE", "IT")}
{toml_system("all", "seeded", "source", 'title = "Everything"')}
{toml_system("top", "seeded", "target", 'title = "Upper bound"')}
{toml_system("floor", "trainee", "source", 'title = "Floor"')}"""
LOUDER = """
[[systems]]
name = "louder"
title = "Everything, louder"
model = "seeded"
train = ["source"]
asked = { tone = 1 }

[[spreads]]
title = "Tones"
systems = ["all", "louder"]
"""


@pytest.fixture
def table(plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plugin(MODELS, models=["Seeded"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAINED", str(tmp_path / "trained"))
    path = tmp_path / "two.toml"
    path.write_text(dedent(TABLE))

    return path


@pytest.fixture
def data(build_corpus: Callable[..., Path]) -> Path:
    folder = build_corpus("emovo")
    # its recordings must not be those of the other corpus
    for path in (folder / "emovo").rglob("*.wav"):
        path.write_bytes(path.read_bytes()[:-2] + b"\1\0")
    return build_corpus("emodb")


def trained(folder: Path) -> list[str]:
    """What was trained, in order, without the process."""
    path = folder / "trained"
    return (
        [line.split(maxsplit=1)[1] for line in path.read_text().splitlines()]
        if path.exists()
        else []
    )


def without_seconds(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(
        path.read_text(), object_hook=lambda entry: {**entry, "seconds": 0}
    )
    return record


def test_a_table_is_made_checked_and_made_again_at_once(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    """The whole promise: numbers, verdicts, answers that remake them, and nothing trained twice."""
    done = cli("experiment", "two.toml", "--data", data, "--jobs", 2)
    assert done.code == 0, done.err
    out = tmp_path / "experiments/two"
    page = (out / "README.md").read_text()
    assert done.out == page + "\n"
    assert "training 14/14" in done.err
    assert "| Everything | zero-shot" in page
    assert "| Upper bound | in-corpus" in page
    assert "| emodb-5: EmoDB, 5 emotions | 375 |" in page
    assert "mserbench experiment two.toml\n" in page
    assert str(tmp_path) not in page + (out / "record.json").read_text()
    lines = (out / "answers/emodb-5.csv").read_text().splitlines()
    assert (
        lines[0] == "id,label,speaker,all/to-DE/0,all/to-DE/1,floor/to-DE/0,top/to-DE/0,top/to-DE/1"
    )
    labelled = dataset.truth(lookup.task("emodb-5"), None)
    assert [line.split(",")[:2] for line in lines[1:]] == [
        [clip.id, label] for clip, label in labelled
    ]

    before = trained(tmp_path)
    assert len(before) == 12, "two settings and seeds, plain and on each half of the target"
    second = cli("experiment", "two.toml", "--data", data, "--jobs", 1)
    assert (second.code, second.out) == (0, done.out)
    assert trained(tmp_path) == before
    assert second.err.count("was there") == 14

    check = cli("experiment", "two.toml", "--replay")
    assert (check.code, check.out.count("byte for byte")) == (0, 1)
    answers = out / "answers/emodb-5.csv"
    answers.write_text(answers.read_text().replace(",0\n", ",1\n", 1))
    assert cli("experiment", "two.toml", "--replay").code == 1


def test_a_system_asked_otherwise_is_of_the_same_weights(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    """Rows that differ in the asking alone must not differ by a training, nor cost one."""
    table.write_text(table.read_text() + LOUDER)
    done = cli("experiment", "two.toml", "--data", data, "--only", "all,louder", "--jobs", 2)
    assert done.code == 0, done.err
    assert len(trained(tmp_path)) == 4
    assert "training 4/4" in done.err
    assert "seeded asked emodb-5, tone='1': done" in done.err
    assert "run 8/8" in done.err
    assert "- Tones, over 2 systems: mean " in done.out
    assert "| Everything, louder | seeded 1 | source | asked with tone=1 | 4 |" in done.out
    out = tmp_path / "experiments/two"
    record = json.loads((out / "record.json").read_text())
    columns = {column["name"]: column for cell in record["cells"] for column in cell["columns"]}
    rows = (out / "answers/emodb-5.csv").read_text().splitlines()
    names = rows[0].split(",")

    for plain, louder in (("all/to-DE/0", "louder/to-DE/0"), ("all/to-DE/1", "louder/to-DE/1")):
        assert columns[plain]["trainings"] == columns[louder]["trainings"]
        assert columns[plain]["runs"] != columns[louder]["runs"]
        a, b = (
            [line.split(",")[names.index(name)] for line in rows[1:]] for name in (plain, louder)
        )
        assert a != b

    assert all(training["options"]["tone"] == 0 for training in record["trainings"].values()), (
        "what was trained, not asked"
    )
    assert cli("experiment", "two.toml", "--replay").code == 0
    second = cli("experiment", "two.toml", "--data", data, "--only", "louder")
    assert second.code == 0
    assert (second.err.count("was there"), len(trained(tmp_path))) == (4, 4)


def test_a_model_says_itself_that_trained_weights_cannot_be_asked_so(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    table.write_text(table.read_text() + LOUDER.replace("tone = 1", "broken = true"))
    done = cli(
        "experiment",
        "two.toml",
        "--data",
        data,
        "--only",
        "all,louder",
        "--settings",
        "to-DE",
        "--seeds",
        "0",
    )
    assert done.code == 4
    assert "were trained with broken=False: leave the option away" in done.err
    page = (tmp_path / "experiments/two/README.md").read_text()
    assert "- Tones: no spread, as 1 of 2 systems has an average." in page
    assert str(tmp_path) not in page


def test_a_source_that_is_the_target_is_trained_once_a_fold_and_scored_as_one(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    """All speakers of a corpus are asked, each by a model that learnt from the others of it: one
    row of answers.
    """
    table.write_text(table.read_text().replace('source = ["IT"]', 'source = ["IT", "DE"]', 1))
    options = ("--data", data, "--settings", "to-DE", "--only", "all,top", "--seeds", "0")
    done = cli("experiment", "two.toml", *options)
    assert done.code == 0, done.err
    assert sorted(trained(tmp_path)) == ["0 ['emodb', 'emovo']"] * 2 + ["0 ['emodb']"] * 2
    assert "| Everything | in-corpus" in done.out
    assert "trained on corpus emodb (training manifest, task emodb-5:halves.not-a)" in done.out
    assert "| emodb-5: EmoDB, 5 emotions | 375 |" in done.out
    lines = (tmp_path / "experiments/two/answers/emodb-5.csv").read_text().splitlines()
    assert len(lines) == 376
    assert all(line.split(",")[3] for line in lines[1:]), "each clip was asked"
    assert "| *chance* | 20.0 | 20.0 |" in done.out
    assert cli("experiment", "two.toml", "--replay").code == 0


def test_what_a_target_cannot_show_is_said_before_anything_runs(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    text = table.read_text().replace(
        'test = "emodb-5"', 'train = "emodb-5"\ntest = "emodb-5:speakers.03"'
    )
    table.write_text(text.replace('folds = ["halves.a", "halves.b"]', "", 1))
    options = ("--data", data, "--settings", "to-DE", "--only", "all", "--seeds", "0")

    for arguments in ((*options, "--plan"), options):
        done = cli("experiment", "two.toml", *arguments)
        assert done.code == 0, done.err
        output = done.out + done.err
        assert (
            "note: target 'emodb-5:speakers.03' has 1 speaker: no interval and no p value can "
            "say anything" in output
        )

    assert done.err.index("note: target") < done.err.index("training 1/1")


def test_the_result_does_not_depend_on_the_number_of_processes(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    for jobs in (1, 3):
        assert (
            cli("experiment", "two.toml", "--data", data, "--jobs", jobs, "--out", f"o{jobs}").code
            == 0
        )

    first, third = tmp_path / "o1", tmp_path / "o3"
    for path in (first / "answers").iterdir():
        assert path.read_bytes() == (third / "answers" / path.name).read_bytes()

    assert without_seconds(first / "record.json") == without_seconds(third / "record.json")


def test_killed_at_any_moment_the_same_command_goes_on(
    table: Path, data: Path, tmp_path: Path, cli: Cli
) -> None:
    """A table takes days: what was trained before a crash must not be trained again, nor workers
    live on.
    """
    table.write_text(table.read_text() + LOUDER)
    slow = ["--option", "seeded.wait=0.7", "--jobs", "1", "--only", "all,floor,louder"]
    command = [
        sys.executable,
        "-m",
        "mserbench",
        "experiment",
        "two.toml",
        "--data",
        str(data),
        *slow,
    ]

    for seconds in (0.0, 0.3):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        count = len(trained(tmp_path))
        wait_for(lambda count=count: len(trained(tmp_path)) > count + (count == 0))  # type: ignore[misc]
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        workers = {int(line.split()[0]) for line in (tmp_path / "trained").read_text().splitlines()}
        wait_for(lambda workers=workers: not any(map(is_alive, workers)))  # type: ignore[misc]

    done = cli("experiment", "two.toml", "--data", data, *slow)
    assert done.code == 0, done.err
    assert "was there" in done.err
    assert len(trained(tmp_path)) <= 4 + 2, (
        "four trainings of two systems, and one that was cut off at each kill"
    )
    assert list((tmp_path / "experiments/two/trainings").glob(".*")) == []
    assert cli("experiment", "two.toml", "--data", data, *slow, "--out", "whole").code == 0

    for path in (tmp_path / "whole/answers").iterdir():
        assert path.read_bytes() == (tmp_path / "experiments/two/answers" / path.name).read_bytes()


def test_weights_of_other_code_are_kept_and_not_used(tmp_path: Path) -> None:
    """If they were, a table would show what a model's code of last week gave, and not say so."""
    name, note = "trainings/m-0123", tmp_path / "trainings" / "m-0123.json"
    note.parent.mkdir()
    assert training_code.name_for(tmp_path, name, "a" * 64) == name

    # As experiments wrote it before the code was noted: those trainings took days.
    note.write_text(json.dumps({"key": "0123", "seconds": 1.0}))
    assert training_code.name_for(tmp_path, name, "a" * 64) == name
    note.write_text(json.dumps({"key": "0123", "code": "a" * 64}))
    assert training_code.name_for(tmp_path, name, "a" * 64) == name
    assert training_code.name_for(tmp_path, name, "b" * 64) == f"{name}-bbbbbbbb"


def test_a_table_is_trained_anew_where_the_code_of_its_model_changed(
    table: Path, data: Path, tmp_path: Path, cli: Cli
) -> None:
    """If it were not, a mended model would keep the numbers of the broken one."""
    small = ["--only", "all", "--seeds", "0", "--settings", "to-DE", "--jobs", "1"]
    command = ("experiment", "two.toml", "--data", data, *small)
    assert cli(*command).code == 0
    count = len(trained(tmp_path))

    (code,) = tmp_path.glob("mserbench_probe_*/mserbench_probe_*.py")
    code.write_text(f"{code.read_text()}# A change of the code.\n")
    done = cli(*command)
    assert done.code == 0, done.err
    assert "was there" not in done.err
    assert len(trained(tmp_path)) == 2 * count


def test_the_target_is_not_heard_before_its_setting_is_trained(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    """Audio of the target that cannot be decoded is found when it is asked for, not while sources
    are trained.
    """
    for path in (data / "emodb/wav").iterdir():
        path.write_bytes(b"no audio")

    done = cli("experiment", "two.toml", "--data", data, "--settings", "to-DE", "--only", "all")
    assert done.code == 4
    assert sorted(trained(tmp_path)) == ["0 ['emovo']", "1 ['emovo']"]
    assert "run 1/2" in done.err
    assert "'emodb' is not complete" in done.err


def test_a_cell_that_fails_says_why_and_costs_no_other(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    table.write_text(
        table.read_text().replace(
            'train = ["target"]', 'train = ["target"]\noptions = { broken = true }'
        )
    )
    done = cli("experiment", "two.toml", "--data", data)
    assert done.code == 4
    assert (
        "error: 2 cell(s) have no numbers, the first: top in to-DE: model 'seeded' "
        "failed" in done.err
    )
    page = (tmp_path / "experiments/two/README.md").read_text()
    assert "| Upper bound | - | - | - |" in page
    assert (
        "- top in to-DE: model 'seeded' failed while training on emodb-5:halves.not-a "
        "(ValueError" in page
    )
    assert "'y.log'" in page
    assert "/home" not in page
    assert cli("experiment", "two.toml", "--replay").code == 0
    table.write_text(table.read_text().replace("broken = true", "broken = false"))
    before = len(trained(tmp_path))
    assert before == 12
    assert cli("experiment", "two.toml", "--data", data).code == 0
    assert len(trained(tmp_path)) == before + 8, "only what failed is trained again"


def test_absent_corpora_are_named_all_at_once_before_anything(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("experiment", "two.toml", "--data", tmp_path / "empty")
    assert done.code == 3
    assert done.err.count("\n") == 1
    assert "error: 2 of 2 corpora, emodb, emovo, are not in" in done.err
    assert "give --data or set MSERBENCH_DATA" in cli("experiment", "two.toml").err
    next((data / "emodb/wav").iterdir()).unlink()
    done = cli("experiment", "two.toml", "--data", data)
    assert done.code == 3
    assert "is missing" in done.err
    assert trained(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["twoo.toml"], "cannot be read: No such file"),
        (["supcon-table"], "experiment 'supcon-table' is not known; did you mean 'supcon-table2'"),
        (["two.toml", "--seeds", "a"], "--seeds is 'a', but whole numbers"),
        (["two.toml", "--only", "al"], "system 'al' is not known; did you mean 'all'"),
        (["two.toml", "--preset", "tiny"], "preset 'tiny' is not known"),
        (["two.toml", "--option", "seed=1"], "MODEL.KEY=VALUE was expected"),
        (
            ["two.toml", "--option", "seedet.wait=1"],
            "options of model 'seedet' are given, but no system",
        ),
        (
            ["two.toml", "--option", "seeded.wait=x"],
            "option 'wait' of model 'seeded' is 'x', but float was expected",
        ),
        (["two.toml", "--dry-run"], "--dry-run is a part of the plan: give --plan too"),
        (
            ["two.toml", "--device", "cuda:0,cuda:1", "--processes", "2"],
            "give --device cuda, and choose GPUs by CUDA",
        ),
        (
            ["two.toml", "--device", "cuda:0,gpu"],
            "--device has 'gpu', but auto, cpu, cuda or cuda:N was expected",
        ),
    ],
)
def test_what_was_mistyped_is_answered_at_once(
    cli: Cli, table: Path, arguments: list[str], words: str
) -> None:
    done = cli("experiment", *arguments)
    assert done.code == 2
    assert words in done.err


@pytest.mark.parametrize(
    ("lent", "processes", "devices"),
    [
        (0, 1, ("cpu",)),
        (0, 2, ("cpu",)),
        (2, 1, ("cuda:0", "cuda:1")),
        (2, 2, ("cuda:0", "cuda:1")),
    ],
)
def test_auto_takes_every_gpu(
    lent: int, processes: int, devices: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mserbench.engine.gpus.count", lambda: lent)
    assert _means.devices_of("auto", processes) == devices


def test_a_machine_without_a_driver_starts_nothing_to_count_gpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert gpus.count() == 0


def test_listing_and_plan_need_no_data(cli: Cli, table: Path) -> None:
    names = [experiment["name"] for experiment in json.loads(cli("experiment", "--json").out)]
    assert {"supcon-table2", "transfer-real"} <= set(names)
    done = cli("experiment", "two.toml", "--plan")
    assert "14 trainings, 14 runs, 6 cells; tasks emodb-5, emodb-5:halves.a" in done.out
    assert "asked with" not in done.out
    described = json.loads(
        cli("experiment", "two.toml", "--plan", "--json", "--seeds", "5", "--only", "floor").out
    )
    assert [training["on"] for training in described["trainings"]] == [["emovo-5"], ["emodb-5"]]


def test_a_plan_says_what_shares_trainings_and_how_it_is_asked(cli: Cli, table: Path) -> None:
    """Who plans days of a GPU counts the trainings."""
    table.write_text(table.read_text() + LOUDER)
    done = cli("experiment", "two.toml", "--plan")
    assert re.search(
        r"system +asked with\n-+ +-+\nlouder +tone=1\n\n14 trainings, 18 runs, 8 cells", done.out
    )
    described = json.loads(
        cli("experiment", "two.toml", "--plan", "--json", "--only", "louder", "--seeds", "3").out
    )
    assert described["asked"] == {"louder": {"tone": "1"}}
    assert [training["options"] for training in described["trainings"]] == [{"seed": "3"}] * 2
    assert [run["options"] for run in described["runs"]] == [{"seed": "3", "tone": "1"}] * 2


def test_a_plan_says_what_is_missing_here_and_what_it_takes(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    """Corpora on request take weeks: a plan that is silent about them is found out after the rest
    was bought.
    """
    bare = cli("experiment", "two.toml", "--plan").out
    assert re.search(r"emodb +absent +open +CC0-1.0 +0.41\n", bare)
    assert (
        "2 of 2 corpora are missing on this machine: 'mserbench data show NAME' says where to "
        "get one" in bare
    )
    assert "no pretrained part is needed" in bare
    assert re.search(r"emodb-5 +375 +10\n", bare)
    full = cli("experiment", "two.toml", "--plan", "--dry-run", "--data", data).out
    assert "no corpus is missing on this machine" in full
    assert re.search(r"seeded +12 +not told +not known\n", full)
    assert (
        "hours of the other trainings (12 of seeded, 2 of trainee): not known, nobody has "
        "measured them" in full
    )
    needs = cli("experiment", "supcon-table2", "--plan").out
    assert "4 of 4 parts are missing on this machine, 1,520 MB" in needs
    assert trained(tmp_path) == []


def test_a_folder_in_use_is_left_alone(cli: Cli, table: Path, data: Path, tmp_path: Path) -> None:
    import filelock

    (tmp_path / "out").mkdir()
    with filelock.FileLock(tmp_path / "out/.lock"):
        done = cli("experiment", "two.toml", "--data", data, "--out", "out")

    assert done.code == 2
    assert "another process works in" in done.err


@pytest.fixture(autouse=True)
def still_here(tmp_path: Path) -> Iterator[None]:
    yield
    path = tmp_path / "trained"
    if path.exists():
        workers = {int(line.split()[0]) for line in path.read_text().splitlines()}
        assert not any(map(is_alive, workers)), "workers must not outlive the command"


@pytest.mark.slow
def test_a_table_by_ray_is_byte_for_byte_that_of_local_processes(
    cli: Cli, table: Path, data: Path, tmp_path: Path
) -> None:
    """Who computed a table must not be seen in it."""
    pytest.importorskip("ray")
    few = ["experiment", "two.toml", "--data", data, "--settings", "to-DE", "--seeds", "0"]
    local = cli(*few, "--jobs", 2, "--out", tmp_path / "local")
    ray = cli(*few, "--engine", "ray", "--workers", 2, "--out", tmp_path / "ray")
    assert (local.code, ray.code) == (0, 0), ray.err
    # How long trainings and runs took is in the last two cells of their rows.
    timeless = [re.sub(r"(\| \d+ ){2}\|$", "", page, flags=re.M) for page in (local.out, ray.out)]
    assert timeless[0] == timeless[1]
    names = {
        path.relative_to(tmp_path / "local") for path in (tmp_path / "local").glob("answers/*")
    }
    assert names
    for name in names:
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()

    assert without_seconds(tmp_path / "ray/record.json") == without_seconds(
        tmp_path / "local/record.json"
    )
    assert not list((tmp_path / "ray").glob(".seen-*"))
