"""`mserbench run` as people type it: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., "object"]
Install = Callable[..., Path]
TASK = "emodb-sample"
FAULTY = """
    class Raises(Model):
        card = property(lambda self: _card("raises"))

        def predict(self, clips, labels):
            raise RuntimeError("CUDA out of memory")


    class Shape(Model):
        card = property(lambda self: _card("shape"))

        def predict(self, clips, labels):
            return np.zeros((len(clips), 2))


    class Nan(Model):
        card = property(lambda self: _card("nan"))

        def predict(self, clips, labels):
            return np.full((len(clips), len(labels)), np.nan)


    class Few(Model):
        card = property(lambda self: _card("few"))

        def predict(self, clips, labels):
            return ["sad"] * (len(clips) + 1)


    class Talks(Model):
        card = property(lambda self: _card("talks"))

        def predict(self, clips, labels):
            print("a model that prints")
            return ["I cannot tell"] * len(clips)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_table_with_intervals_verdict_and_where_it_lies(cli, plugin: Install) -> None:
    plugin()
    done = cli("run", "--model", "steady", "--task", TASK)
    assert done.code == 0

    for words in (TASK, "steady", "70", "[", "zero-shot", "heard", f"runs/{TASK}"):
        assert words in done.out


@pytest.mark.parametrize(
    ("kind", "heard", "meaning"),
    [
        ("text", "text", "was read in training, and not heard"),
        ("speech", "yes", "was heard in training"),
    ],
)
def test_the_table_says_whether_the_language_was_heard_and_what_was_chosen_there(
    cli, plugin: Install, kind: str, heard: str, meaning: str
) -> None:
    """Both qualify the number, so both stand beside it, with their meaning below."""
    plugin(
        f"""
        from mserbench import Exposure

        class Reader(Model):
            @property
            def card(self):
                seen = (Exposure("web", ("de",), "{kind}", "test"),)
                return ModelCard("reader", "reader", "1", "MIT", "", seen, True, development=("emodb",))

            def predict(self, clips, labels):
                return _scores(clips, labels)
        """,
        models=["Reader"],
    )
    done = cli("run", "--model", "reader", "--task", TASK)
    row = next(line for line in done.out.splitlines() if line.startswith(TASK))
    assert re.search(rf"zero-shot +{heard} +development", row), row

    for words in (
        f"heard {heard}: the language {meaning}",
        "development: the target was used in choosing",
    ):
        assert words in done.out

    (summary,) = json.loads(cli("run", "--model", "reader", "--task", TASK, "--json").out)
    assert (summary["heard"], "development" in summary["marks"]) == (heard, True)


def test_json_prints_json_and_nothing_else(cli, plugin: Install) -> None:
    plugin()
    done = cli("run", "--model", "steady", "--task", TASK, "--limit", 9, "--json")
    (summary,) = json.loads(done.out)
    expected = {
        "model",
        "task",
        "n",
        "metrics",
        "intervals",
        "statistics",
        "verdict",
        "heard",
        "marks",
        "floors",
        "smallest_difference",
        "run_dir",
        "created",
    }
    assert set(summary) == expected
    assert set(summary["metrics"]) == {"UA", "WA", "WF1", "MF1", "precision", "unparsed"}
    assert (summary["model"], summary["task"], summary["n"]) == ("steady", TASK, 9)
    assert Path(summary["run_dir"], "predictions.csv").is_file()


@pytest.mark.parametrize("fault", ["raises", "shape", "nan", "few"])
def test_a_faulty_model_is_exit_4_with_its_name(cli, plugin: Install, fault: str) -> None:
    plugin(FAULTY, models=["Raises", "Shape", "Nan", "Few"])
    done = cli("run", "--model", fault, "--task", TASK, "--json")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith(f"error: model {fault!r} ")
    assert len(done.err.splitlines()) == 1


def test_what_a_model_says_that_cannot_be_read_is_shown(cli, plugin: Install) -> None:
    plugin(FAULTY, models=["Talks"])
    done = cli("run", "--model", "talks", "--task", TASK, "--limit", 5)
    assert done.code == 0
    row = next(line for line in done.out.splitlines() if line.startswith(TASK))
    assert " 100.0 " in row, "unparsed answers must stand in the table"


def test_debug_shows_the_traceback(program, plugin: Install) -> None:
    plugin(FAULTY, models=["Raises"])
    done = program("run", "--model", "raises", "--task", TASK, "--debug")
    assert "Traceback" in done.err
    assert "CUDA out of memory" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--model", "staedy", "--task", TASK],
            "model 'staedy' is not known; did you mean 'steady'",
        ),
        (
            ["--model", "steady", "--task", "emodb-sampel"],
            "task 'emodb-sampel' is not known; did you mean 'emodb-sample'",
        ),
        (["--model", "steady", "--task", "qqq"], "'mserbench tasks' lists all"),
        (["--model", "steady"], "option --task is missing: 'mserbench tasks' lists all"),
        (
            ["--model", "steady,steady", "--task", TASK],
            "a comma list of different names was expected",
        ),
        (["--model", ",", "--task", TASK], "a comma list of different names was expected"),
        (["--model", "steady", "--task", TASK, "--limit", "0"], "--limit"),
        (["--model", "steady", "--task", TASK, "--limit", "many"], "--limit"),
        (["--model", "steady", "--task", TASK, "--batch-seconds", "0"], "--batch-seconds"),
        (["--model", "steady", "--task", TASK, "--batch-seconds", "nan"], "--batch-seconds"),
        (["--model", "steady", "--task", TASK, "--option", "alpha"], "KEY=VALUE was expected"),
        (
            ["--model", "steady", "--task", TASK, "--option", "alpha=1"],
            "option of model 'steady' 'alpha' is not known",
        ),
        (["--model", "steady", "--task", TASK, "--device", "gpu"], "runs on cpu, not on 'gpu'"),
        (["--model", "steady", "--task", TASK, "--weights", "x"], "takes no weights"),
        (
            ["--model", "steady", "--taks", TASK],
            "option '--taks' is not known; did you mean --task",
        ),
    ],
)
def test_a_wrong_request_is_exit_2_with_the_remedy(
    cli, plugin: Install, arguments: list[str], words: str
) -> None:
    plugin()
    done = cli("run", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_missing_data_is_exit_3_with_the_remedy(cli, plugin: Install, tmp_path: Path) -> None:
    plugin()
    for arguments, words in (
        ([], "corpus 'emodb' needs a data folder: give --data or set MSERBENCH_DATA"),
        (["--data", tmp_path / "none"], "does not exist: give another --data"),
        (["--data", tmp_path], "a folder 'emodb' was expected there; 'mserbench data show emodb'"),
    ):
        done = cli("run", "--model", "steady", "--task", "emodb", *arguments)
        assert (done.code, done.out) == (3, "")
        assert words in done.err


def test_all_problems_of_all_corpora_come_before_any_model(
    cli, plugin: Install, build_corpus: Callable[..., Path]
) -> None:
    plugin(
        """
        class Loud(Model):
            def __init__(self, *_):
                raise RuntimeError("a model was loaded")

            card = None

            def predict(self, clips, labels):
                raise NotImplementedError
        """,
        models=["Loud"],
    )
    data = build_corpus()
    build_corpus("emovo")
    (data / "emodb/wav/03a01Fa.wav").unlink()
    (data / "emodb/wav/03a01Nc.wav").write_bytes(b"junk")
    (data / "emovo/f1/dis-f1-b1.wav").unlink()
    done = cli("run", "--model", "loud", "--task", "emodb,emovo", "--data", data)
    assert done.code == 3
    assert "'03a01Fa' is missing" in done.err
    assert "03a01Nc.wav' cannot be decoded" in done.err
    assert "'dis-f1-b1' is missing" in done.err, (
        "the second corpus is only looked at when the first is mended"
    )
    assert "a model was loaded" not in done.err
    done = cli("run", "--model", "loud", "--task", "emodb", "--data", data, "--allow-partial")
    assert done.code == 4
    assert "model 'loud' failed while loading (RuntimeError: a model was loaded)" in done.err


def test_partial_runs_are_marked_and_say_what_they_lack(
    cli, plugin: Install, build_corpus: Callable[..., Path]
) -> None:
    plugin()
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    done = cli("run", "--model", "steady", "--task", "emodb", "--data", data, "--allow-partial")
    assert done.code == 0
    assert "partial: not all clips of the task were scored" in done.out
    assert "note: emodb: emodb: utterance '03a01Fa' is missing" in done.err


def test_the_data_folder_may_come_from_the_environment(
    cli, plugin: Install, build_corpus: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin()
    monkeypatch.setenv("MSERBENCH_DATA", str(build_corpus()))
    assert cli("run", "--model", "steady", "--task", "emodb-4").code == 0


def test_a_second_run_into_the_same_folder_says_so(
    program, plugin: Install, tmp_path: Path
) -> None:
    plugin(
        """
        class Slow(Model):
            card = property(lambda self: _card("slow"))

            def predict(self, clips, labels):
                Path("started").touch()
                while Path("started").exists():
                    time.sleep(0.01)
                return _scores(clips, labels)
        """,
        models=["Slow"],
    )
    command = [
        sys.executable,
        "-m",
        "mserbench",
        "run",
        "--model",
        "slow",
        "--task",
        TASK,
        "--limit",
        "1",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    ) as first:
        try:
            while not Path("started").exists():
                assert first.poll() is None

            second = program(*command[3:])
            assert (second.code, second.out) == (2, "")
            assert (
                "is being written by another process: wait for it, or give another "
                "--out" in second.err
            )
        finally:
            Path("started").unlink(missing_ok=True)

        assert first.wait(60) == 0, "the second run disturbed the first"


def test_a_full_disk_keeps_what_was_done_and_the_next_run_goes_on(
    program, plugin: Install, tmp_path: Path
) -> None:
    plugin()
    arguments = ["run", "--model", "steady", "--task", TASK, "--batch-seconds", "4", "--json"]
    limited = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)); "
        "sys.argv = ['mserbench', *sys.argv[1:]]; runpy.run_module('mserbench', "
        "run_name='__main__')"
    )
    full = subprocess.run(
        [sys.executable, "-c", limited, *arguments], capture_output=True, text=True, timeout=60
    )
    assert (full.returncode, full.stdout) == (3, "")
    assert (
        "cannot be written (File too large): make room or give another --out, and start "
        "again" in full.stderr
    )
    (journal,) = Path("runs").rglob("journal.jsonl")
    whole_lines = journal.read_bytes().rpartition(b"\n")[0]
    assert whole_lines.count(b"\n") > 3, "nothing was kept"
    assert program(*arguments).code == 0
    resumed = next(Path("runs").rglob("predictions.csv")).read_bytes()
    assert program(*arguments, "--out", "whole").code == 0
    assert resumed == next(Path("whole").rglob("predictions.csv")).read_bytes()


def test_a_closed_pipe_is_no_error(plugin: Install) -> None:
    plugin()
    done = subprocess.run(
        f"{sys.executable} -m mserbench tasks --json | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[", "")
