"""`mserbench predict` as people type it: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_adapting import CODE
from numpy.typing import NDArray

Cli = Callable[..., "object"]
Install = Callable[..., Path]
Tone = Callable[..., NDArray[np.float32]]
MODELS = """
    class Talks(Model):
        card = property(lambda self: _card("talks"))

        def predict(self, clips, labels):
            print("a model that prints")
            return ["Happy,\\nor so I think"] * len(clips)


    class Says(Model):
        card = property(lambda self: _card("says"))
        labels = ("=cmd|' /C calc'!A0", "sad")

        def predict(self, clips, labels):
            return np.array([[float(label != "sad") for label in labels]] * len(clips))


    class Many(Model):
        card = property(lambda self: _card("many"))
        labels = tuple(f"emotion-number-{i}" for i in range(20))

        def predict(self, clips, labels):
            return np.eye(len(labels))[[0] * len(clips)]


    class Breaks(Model):
        card = property(lambda self: _card("breaks"))

        def predict(self, clips, labels):
            if clips[0].seconds > 1:
                raise RuntimeError("CUDA out of memory")
            return _scores(clips, labels)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tone: Tone) -> None:
    """Files of every sort, good and bad, in the working folder."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("short.wav", tone(0.8, 44_100, channels=2), 44_100)
    soundfile.write("other.flac", tone(0.5, 8_000), 8_000)
    soundfile.write("long.ogg", tone(42.5), 16_000)
    soundfile.write("nothing.wav", np.zeros(0), 16_000)
    Path("empty.wav").touch()
    Path("text.wav").write_text("this is no audio at all\n")
    Path("folder").mkdir()


def test_a_table_of_a_short_and_a_long_file(cli) -> None:
    done = cli("predict", "short.wav", "long.ogg", "--model", "logmel")
    assert done.code == 0
    head, _, *rows = done.out.split("\n\n")[0].splitlines()
    labels = ["neutral", "happy", "sad", "angry", "surprise", "disgust", "fear"]
    assert head.split() == ["file", "time", "emotion", *labels]
    assert [row.split()[:2] for row in rows] == [
        ["short.wav", "0:00-0:00.8"],
        ["long.ogg", "0:00-0:10"],
        ["long.ogg", "0:10-0:20"],
        ["long.ogg", "0:20-0:30"],
        ["long.ogg", "0:30-0:40"],
        ["long.ogg", "0:40-0:42.5"],
        ["long.ogg", "whole"],
    ]

    for row in rows:
        assert row.split()[2] in labels
        assert abs(sum(map(int, row.split()[3:])) - 100) <= 4, "percents, rounded"

    assert "whole: mean over its parts, weighted by seconds." in done.out
    about, band = done.err.splitlines()
    assert about == (
        "note: logmel (people): scores are the model's own, not calibrated; "
        "languages it was trained on: de, el, en, it"
    )
    # A tone has no sounds above the telephone's band.
    assert band.startswith("note: 'short.wav' and 1 more have a narrow band")


def test_a_table_is_readable_in_100_columns(cli, plugin: Install) -> None:
    """A terminal folds longer lines, and then nobody finds the column."""
    plugin(MODELS, models=["Many", "Talks"])
    name = "/".join(["a folder"] * 9 + ["the end.wav"])
    Path(name).parent.mkdir(parents=True)
    shutil.copy("short.wav", name)

    for model in ("logmel", "many", "talks"):
        done = cli("predict", name, "long.ogg", "--model", model)
        assert done.code == 0
        assert max(map(len, done.out.splitlines())) <= 100
        assert "/the end.wav " in done.out

    assert (
        "emotion-number-0 100, "
        "emotion-number-1 0\n" in cli("predict", "short.wav", "--model", "many").out
    )


def test_no_cell_of_the_csv_is_a_formula(cli, plugin: Install) -> None:
    """If a name were written as it is, a spreadsheet would run what a stranger called a file."""
    plugin(MODELS, models=["Says"])
    for name in ("=1+1.wav", "@SUM(A1).wav", "+1|x!A0.wav"):
        shutil.copy("short.wav", name)

    done = cli("predict", "=1+1.wav", "@SUM(A1).wav", "+1|x!A0.wav", "--model", "says", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {row["file"] for row in rows} == {"'=1+1.wav", "'@SUM(A1).wav", "'+1|x!A0.wav"}
    assert {row["prediction"] for row in rows} == {"'=cmd|' /C calc'!A0"}


def test_csv_has_a_row_a_window_and_a_row_a_file(cli) -> None:
    done = cli(
        "predict", "long.ogg", "other.flac", "--model", "logmel", "--labels", "sad,happy", "--csv"
    )
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert list(rows[0]) == [
        "file",
        "start",
        "end",
        "prediction",
        "score_sad",
        "score_happy",
        "part",
    ]
    assert [(row["file"], row["start"], row["end"], row["part"]) for row in rows[-3:]] == [
        ("long.ogg", "40.000", "42.500", "window"),
        ("long.ogg", "0.000", "42.500", "file"),
        ("other.flac", "0.000", "0.500", "file"),
    ]

    for row in rows:
        assert float(row["score_sad"]) + float(row["score_happy"]) == pytest.approx(1, abs=1e-5)
        assert row["prediction"] == ("sad" if float(row["score_sad"]) > 0.5 else "happy")


def test_json_prints_json_and_nothing_else(cli) -> None:
    done = cli("predict", "long.ogg", "text.wav", "--model", "logmel", "--window", "20", "--json")
    record = json.loads(done.out)
    assert done.code == 3
    assert list(record) == ["model", "weights", "labels", "files", "failed"]
    assert (record["model"], record["weights"]["name"]) == ("logmel", "people")
    (file,) = record["files"]
    assert [(window["start"], window["end"]) for window in file["windows"]] == [
        (0, 20),
        (20, 40),
        (40, 42.5),
    ]
    assert list(file["scores"]) == record["labels"]
    assert file["prediction"] == max(file["scores"], key=lambda label: file["scores"][label])
    assert [failure["file"] for failure in record["failed"]] == ["text.wav"]


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
def test_a_bad_file_costs_itself_and_no_other(cli, form: list[str]) -> None:
    """One broken recording of a thousand must not cost the night."""
    names = [
        "absent.wav",
        "short.wav",
        "empty.wav",
        "text.wav",
        "nothing.wav",
        "folder",
        "other.flac",
    ]
    done = cli("predict", *names, "--model", "logmel", *form)
    assert done.code == 3
    assert done.err.splitlines()[1:-1] == [
        "error: audio file 'absent.wav' does not exist: give the name of a file that does",
        "error: audio file 'empty.wav' is empty (0 bytes): record or copy it again",
        "error: audio file 'text.wav' cannot be decoded (Format not recognised.): convert "
        "it to wav or flac",
        "error: audio file 'nothing.wav' holds no audio: record or copy it again",
        "error: folder 'folder' holds no audio file (3gp, aac, aif, aifc, aiff, amr, au, bwf, "
        "caf, flac, m4a, m4b, mka, mkv, mov, mp2, mp3, mp4, mpga, nist, oga, ogg, opus, rf64, "
        "snd, sph, voc, w64, wav, wave, webm, wma): give another folder, or files by name",
    ]
    assert "short.wav" in done.out
    assert "other.flac" in done.out


def test_no_model_is_loaded_for_files_that_are_not_there(cli, plugin: Install) -> None:
    """A misspelt name must be told at once, not after half a minute of loading."""
    plugin("""
        class Slow(Model):
            card = property(lambda self: _card("slow"))

            def __init__(self, *arguments):
                raise RuntimeError("loaded")

            def predict(self, clips, labels):
                pass
    """, models=["Slow"])  # fmt: skip
    done = cli("predict", "absent.wav", "--model", "slow", "--json")
    assert (done.code, json.loads(done.out)["files"]) == (3, [])
    assert (
        done.err == "error: audio file 'absent.wav' does not exist: give the name of a file that "
        "does\n"
    )


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_file_on_standard_input(program, suffix: str, tone: Tone) -> None:
    soundfile.write(f"in.{suffix}", tone(1.0), 16_000)
    done = subprocess.run(
        [sys.executable, "-m", "mserbench", "predict", "-", "--model", "random", "--csv"],
        input=Path(f"in.{suffix}").read_bytes(),
        capture_output=True,
        check=True,
    )
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode()))
    assert (row["file"], row["start"], row["end"]) == ("-", "0.000", "1.000")


def test_text_answers_are_shown_and_have_no_numbers(cli, plugin: Install) -> None:
    plugin(MODELS, models=["Talks"])
    done = cli("predict", "short.wav", "--model", "talks")
    assert "Happy, or so I think" in done.out
    assert "a model that prints" not in done.out, (
        "what a model prints would stand in the middle of the csv"
    )
    assert not set(map(str, range(10))) & set(done.out.splitlines()[-1].partition("Happy")[2])
    rows = list(
        csv.reader(io.StringIO(cli("predict", "long.ogg", "--model", "talks", "--csv").out))
    )
    assert rows[0] == ["file", "start", "end", "prediction", "answer", "part"]
    assert rows[1][3:] == ["happy", "Happy,\nor so I think", "window"]
    assert rows[-1][3:] == ["happy", "", "file"]
    (file,) = json.loads(cli("predict", "short.wav", "--model", "talks", "--json").out)["files"]
    assert (file["prediction"], file["answer"]) == ("happy", "Happy,\nor so I think")
    assert "scores" not in file


def test_scores_that_are_no_shares_are_not_called_percent(cli) -> None:
    done = cli("predict", "short.wav", "--model", "random")
    assert "Scores: as the model gives them: they are no shares of one." in done.out


def test_a_failing_model_is_exit_4_and_what_it_said_before_is_shown(
    cli, plugin: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mserbench.predicting import predicting

    monkeypatch.setattr(predicting, "CHUNK_SECONDS", 0.1)
    plugin(MODELS, models=["Breaks"])
    done = cli("predict", "short.wav", "long.ogg", "--model", "breaks")
    assert done.code == 4
    assert "model 'breaks' failed while predicting a batch with 'long.ogg'" in done.err
    assert "short.wav" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "option --model is missing: 'mserbench models' lists all"),
        (["--model", "logmal"], "model 'logmal' is not known; did you mean 'logmel'"),
        (["--model", "logmel", "--csv", "--json"], "only one of them can be printed"),
        (["--model", "logmel", "-", "-"], "standard input can be read only once"),
        (["--model", "logmel", "--labels", "sad"], "two or more to choose from"),
        (
            ["--model", "logmel", "--labels", "sad,hapy"],
            "label 'hapy' is none of those that the weights of 'logmel'",
        ),
        (["--model", "logmel", "--labels", ","], "a comma list of different names was expected"),
        (
            ["--model", "logmel", "--window", "ten"],
            "--window is 'ten', but seconds, 0.1 or more or 'none', were",
        ),
        (["--model", "logmel", "--window", "0"], "--window is '0'"),
        (["--model", "logmel", "--hop", "nan"], "--hop is 'nan'"),
        (["--model", "logmel", "--window", "5", "--hop", "6"], "else audio is lost"),
        (["--model", "logmel", "--window", "none", "--hop", "6"], "which has no windows"),
        (
            ["--model", "logmel", "--option", "normalise=speaker"],
            "is transductive with these options",
        ),
        (
            ["--model", "logmel", "--weights", "none-such"],
            "weights of 'logmel' 'none-such' is not known",
        ),
        (["--model", "logmel", "--device", "cuda"], "runs on cpu, not on 'cuda'"),
        (["--model", "random", "--weights", "x"], "takes no weights"),
        (["--model", "trainee"], "needs weights and ships none"),
    ],
)
def test_a_wrong_request_is_exit_2_with_the_remedy(
    cli, plugin: Install, arguments: list[str], words: str
) -> None:
    plugin()
    done = cli("predict", "short.wav", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_pretrained_weights_that_are_not_here_are_told_with_the_command(
    cli, monkeypatch, tmp_path: Path
) -> None:
    for package in ("torch", "whisper", "safetensors"):
        pytest.importorskip(package, reason="of the extra train")

    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    done = cli("predict", "short.wav", "--model", "whisper-linear")
    assert (done.code, done.out) == (3, "")
    assert "'mserbench weights get whisper-base'" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.real
def test_whisper_linear_hears_anger(cli, pretrained: Path, real_data: Path) -> None:
    """The command of the README, on speech of a language that the weights never saw."""
    for package in ("torch", "whisper", "safetensors"):
        pytest.importorskip(package, reason="of the extra train")

    if not (pretrained / "whisper-base").is_dir():
        pytest.skip("whisper-base is not here: 'mserbench weights get whisper-base'")

    actors = [f"Actor_{number:02d}/03-01-05-02-01-01-{number:02d}.flac" for number in range(1, 9)]
    done = cli(
        "predict",
        *(real_data / "ravdess" / name for name in actors),
        "--model",
        "whisper-linear",
        "--csv",
    )
    answers = [row["prediction"] for row in csv.DictReader(io.StringIO(done.out))]
    assert answers.count("angry") >= 5, answers
    assert "languages it was trained on: de, el, en, it" in done.err


# The user's own room


def room(folder: Path, n: int, gain: float = 0.3) -> Path:
    """Write so many recordings of different pitch into a folder."""
    folder.mkdir()
    for at in range(n):
        sine = gain * np.sin(2 * np.pi * (200 + 10 * at) * np.arange(8_000) / 16_000)
        soundfile.write(folder / f"{at:02}.wav", sine, 16_000)
    return folder


def test_a_model_hears_the_users_room_first_and_it_is_told_everywhere(
    cli, plugin: Install, tmp_path: Path
) -> None:
    plugin(CODE, models=["Centred"])
    calls, other = room(tmp_path / "calls", 4), room(tmp_path / "other", 3, 0.01)
    words = ["predict", calls, "--model", "centred", "--labels", "sad,surprise"]
    table = cli(*words, "--adapt", calls)
    said = "adapted:4: the model first heard 4 clip(s) of 4 recording(s), without labels; 4 of them"
    assert said in " ".join(table.out.split())
    assert said in " ".join(table.err.split())

    whole = json.loads(cli(*words, "--adapt", other, "--adapt", calls / "00.wav", "--json").out)
    assert whole["adaptation"] == {"clips": 4, "recordings": 4, "predicted": 1, "unread": 0}
    plain = json.loads(cli(*words, "--json").out)
    assert "adaptation" not in plain
    assert whole["files"][0]["scores"] != plain["files"][0]["scores"]

    rows = list(csv.DictReader(io.StringIO(cli(*words, "--adapt", other, "--csv").out)))
    assert {row["adapted"] for row in rows} == {"3"}
    assert "adapted" not in cli(*words, "--csv").out


def test_a_room_that_cannot_be_heard_and_a_model_that_cannot_hear_are_told(
    cli, plugin: Install, tmp_path: Path
) -> None:
    plugin(CODE, models=["Centred"])
    calls = room(tmp_path / "calls", 2)
    (calls / "torn.wav").write_bytes(b"RIFF")
    words = ["predict", calls / "00.wav", "--model", "centred", "--adapt"]
    done = cli(*words, calls)
    assert done.code == 0
    assert "1 could not be read" in " ".join(done.err.split())

    nothing = cli(*words, calls / "torn.wav")
    assert nothing.code == 3
    assert "no recording to adapt to can be read" in " ".join(nothing.err.split())

    steady = cli("predict", calls / "00.wav", "--model", "steady", "--adapt", calls)
    assert steady.code == 2
    assert "'steady' cannot adapt to unlabelled clips: take one that can (" in steady.err


def test_far_and_one_sided_recordings_are_told_with_what_to_do(
    cli, plugin: Install, tmp_path: Path
) -> None:
    """Nobody who predicts own recordings knows otherwise that the answers mean little."""
    plugin(CODE.replace("mean + 2.0), 0.5", "mean + 2.0), 0.01"), models=["Centred"])
    calls = room(tmp_path / "calls", 20)
    words = ["predict", calls, "--model", "centred", "--labels", "sad,surprise"]
    done = cli(*words)
    said = " ".join(done.err.split())
    assert "far from all that it was trained on" in said
    assert "100 % of its answers are 'surprise'; --adapt FOLDER" in said
    told = json.loads(cli(*words, "--json").out)
    assert told["remoteness"]["far"] is True
    assert told["one_sided"] == {"label": "surprise", "share": 1.0}

    (calls / "19.wav").unlink()
    few = cli(*words)
    assert "warning" not in few.err, "of nineteen recordings nothing is known"


def call(tone: Tone, name: str, rate: int = 16_000, seconds: float = 20.0) -> None:
    """Write a call: one side speaks, then the other."""
    side = tone(seconds, rate)
    at = np.arange(len(side)) / rate % 5
    both = np.stack([np.where(at < 2, side, 0), np.where((at >= 2.5) & (at < 4.5), side, 0)], 1)
    soundfile.write(name, both + np.random.default_rng(0).normal(0, 1e-3, both.shape), rate)


def test_calls_are_heard_by_channel_between_pauses(cli, tone: Tone) -> None:
    """The engineer with a folder of calls."""
    Path("calls").mkdir()
    call(tone, "calls/a.wav")
    call(tone, "calls/b.wav", rate=8_000)
    arguments = ("predict", "calls", "--model", "logmel", "--csv")
    done = cli(*arguments, "--channels", "each", "--segments", "pauses", "--summary", "s.csv")
    assert done.code == 0
    rows = list(csv.DictReader(io.StringIO(done.out)))
    for name in ("calls/a.wav", "calls/b.wav"):
        for channel, begin in (("1", 0.0), ("2", 2.5)):
            own = [row for row in rows if (row["file"], row["channel"]) == (name, channel)]
            assert [row["part"] for row in own] == ["window"] * 4 + ["file"]
            starts = [float(row["start"]) for row in own[:-1]]
            np.testing.assert_allclose(starts, [begin + 5 * n for n in range(4)], atol=0.15)
            assert (own[-1]["start"], own[-1]["end"]) == ("0.000", "20.000")

    assert "mixed" not in done.err
    assert done.err.count("narrow band") == 1
    assert "'calls/b.wav' has a narrow band" in done.err

    with open("s.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["file"], line["channel"]) for line in lines] == [
        (f"calls/{name}.wav", channel) for name in "ab" for channel in "12"
    ]
    assert all(line["parts"] == "4" and float(line["heard"]) < 10 for line in lines)

    mixed = cli(*arguments)
    assert "'calls/a.wav' and 1 more have channels that differ" in mixed.err
    assert "--channels each" in mixed.err


def test_json_tells_the_channel(cli, tone: Tone) -> None:
    call(tone, "a.wav")
    done = cli("predict", "a.wav", "--model", "logmel", "--channels", "each", "--json")
    files = json.loads(done.out)["files"]
    assert [(record["file"], record["channel"]) for record in files] == [("a.wav", 1), ("a.wav", 2)]


def test_a_summary_tells_of_files_that_failed(cli) -> None:
    done = cli("predict", "short.wav", "text.wav", "--model", "logmel", "--summary", "s.json")
    assert done.code == 3
    first, second = json.loads(Path("s.json").read_text())
    assert (first["file"], first["parts"], first["error"]) == ("short.wav", 1, "")
    assert (second["file"], "cannot be decoded" in second["error"]) == ("text.wav", True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--segments", "pauses", "--window", "5"], "give one of them"),
        (["--summary", "s.txt"], ".csv or .json"),
        (["--channels", "left"], "'left'"),
    ],
)
def test_a_wrong_request_for_calls_is_refused(cli, more: list[str], words: str) -> None:
    done = cli("predict", "short.wav", "--model", "logmel", *more)
    assert done.code == 2
    assert words in done.err


def test_channels_are_not_scored_by_mistake(cli, tone: Tone) -> None:
    """Two sides of a call are no answer to a task: `score` must say so, not take the first."""
    call(tone, "a.wav")
    done = cli("predict", "a.wav", "--model", "logmel", "--csv", "--channels", "each")
    Path("p.csv").write_text(done.out)
    refused = cli("score", "p.csv", "--task", "emodb-sample", "--name", "m")
    assert refused.code == 3
