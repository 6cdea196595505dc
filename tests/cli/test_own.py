"""A corpus of one's own from the command line, as its owner would type it: proposed, checked,
scored, trained on.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mserbench.data import lookup

DOCS = Path(__file__).parent.parent.parent / "docs" / "your-own-corpus.md"
EMOTIONS = ("wut", "freude", "trauer")
Cli = Callable[..., Any]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup._owned.clear()
    monkeypatch.chdir(tmp_path)


def record(names: list[str]) -> None:
    for number, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(name, np.random.default_rng(number).normal(0, 0.1, 4_000), 16_000)


def corpus_with_a_table() -> list[str]:
    """Record four speakers and write `c/labels.csv`; returns the ids."""
    rows = [
        (f"{who}{take}_{emotion[0]}", who, emotion)
        for who in "abcd"
        for emotion in EMOTIONS
        for take in (1, 2)
    ]
    record([f"c/wav/{name}.wav" for name, _, _ in rows])
    lines = [
        f"{name},{emotion},{who},{'train' if who in 'ab' else 'test'}"
        for name, who, emotion in rows
    ]
    Path("c/labels.csv").write_text("file,emotion,speaker,split\n" + "\n".join(lines) + "\n")

    return [f"wav/{name}" for name, _, _ in rows]


def test_a_folder_with_a_table_from_proposal_to_score(
    cli: Cli, plugin: Callable[..., Path]
) -> None:
    """If any step failed, the promise that no Python is needed would be broken."""
    plugin()
    ids = corpus_with_a_table()
    done = cli("init-task", "c", "--out", "my.toml", "--language", "pl")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "24 audio files",
        "labels.csv lists 24 of the 24 audio files, in 24 rows (path: wav/{file}.wav)",
        "speaker: column 'speaker', 4 different",
        "split: column 'split', 2 different",
        "labels: freude 8, trauer 8, wut 8",
        'look: licence = "unknown"  # look at this',
        "my.toml: task 'c', labels happy, sad, angry",
        "check it: mserbench data verify my.toml",
        "score a model: mserbench run --model egemaps --task my.toml",
    ]
    assert cli("data", "verify", "./my.toml").code == 0
    (run,) = json.loads(cli("run", "--model", "random", "--task", "./my.toml", "--json").out)
    assert (run["task"], run["n"]) == ("c", 24)
    assert run["verdict"] == "zero-shot"
    assert cli("train", "--model", "trainee", "--on", "./my.toml:train", "--out", "W").code == 0
    (run,) = json.loads(
        cli("run", "--model", "trainee", "--weights", "W", "--task", "./my.toml:test", "--json").out
    )
    assert (run["task"], run["n"], run["verdict"]) == ("c:test", 12, "in-corpus")
    (run,) = json.loads(
        cli("run", "--model", "trainee", "--weights", "W", "--task", "./my.toml", "--json").out
    )
    assert run["verdict"] == "leaked"
    Path("p.csv").write_text("id,prediction\n" + "".join(f"{identity},sad\n" for identity in ids))
    (run,) = json.loads(
        cli("score", "p.csv", "--task", "./my.toml", "--name", "mine", "--json").out
    )
    assert run["metrics"]["WA"] == pytest.approx(1 / 3)


def test_a_folder_of_emotions(cli: Cli) -> None:
    """If only tables were understood, the commonest layout of small corpora would need one."""
    record(
        [
            f"c/{emotion}/spk{who}_{take}.wav"
            for emotion in EMOTIONS
            for who in (1, 2)
            for take in (1, 2)
        ]
    )
    assert cli("init-task", "c").code == 0
    assert 'language = "und"  # look at this' in Path("c.toml").read_text()
    (run,) = json.loads(cli("run", "--model", "prior", "--task", "c.toml", "--json").out)
    assert (run["n"], run["verdict"]) == (12, "unknown")
    second = cli("init-task", "c")
    assert (second.code, second.err) == (
        2, "error: 'c.toml' is there already: give another --out, or --force to overwrite it\n"
    )  # fmt: skip
    assert cli("init-task", "c", "--force", "--language", "de").code == 0
    assert 'language = "de"\n' in Path("c.toml").read_text()


def test_an_audformat_database(cli: Cli) -> None:
    """If databases of the field's toolkits were not read, their owners would have to write
    tables.
    """
    audformat = pytest.importorskip("audformat", reason="the extra audformat is not installed")
    names = [f"wav/{number}.wav" for number in range(6)]
    record([f"db/{name}" for name in names])
    database = audformat.Database("x", languages=["deu"])
    database["emotion"] = audformat.Table(audformat.filewise_index(names))
    database["emotion"]["emotion"] = audformat.Column()
    database["emotion"]["emotion"].set(["anger", "joy"] * 3)
    database.save("db", storage_format="parquet")
    assert cli("init-task", "db").code == 0
    (run,) = json.loads(cli("run", "--model", "random", "--task", "db.toml", "--json").out)
    assert (run["n"], run["verdict"]) == (6, "zero-shot")


def test_recordings_of_a_known_corpus_under_another_name_are_leaked(
    cli: Cli, plugin: Callable[..., Path]
) -> None:
    """If the verdict believed names instead of audio, a copy of the training corpus would pass for
    unseen.
    """
    plugin()
    folder = lookup.corpus("emodb-sample").provide()  # type: ignore[misc]
    assert cli("train", "--model", "trainee", "--on", "emodb-sample", "--out", "W").code == 0
    Path("mine.toml").write_text(
        f"language = 'und'\naudio = {json.dumps(str(folder))}\n"
        "pattern = '.*\\d\\d[ab]\\d\\d(?P<label>.)[a-f]\\.\\w+'\n"
        "[labels]\nW = 'angry'\nL = 'boredom'\nE = 'disgust'\nA = 'fear'\nF = 'happy'\nT "
        "= 'sad'\nN = 'neutral'\n"
    )
    (run,) = json.loads(
        cli("run", "--model", "trainee", "--weights", "W", "--task", "mine.toml", "--json").out
    )
    assert (run["n"], run["verdict"]) == (70, "leaked")


def test_all_that_is_wrong_with_a_corpus_is_said_at_once(cli: Cli) -> None:
    """If rows without a file, files without a row and wrong rows were not named, a score would be
    over other clips.
    """
    corpus_with_a_table()
    cli("init-task", "c", "--out", "my.toml", "--language", "pl")
    record(["c/wav/more.wav"])
    Path("c/wav/a1_w.wav").unlink()

    with open("c/labels.csv", "a") as file:
        file.write("b1_w,wut,b,train\nshort\n")

    done = cli("data", "verify", "my.toml")
    assert done.code == 1
    assert (
        "label file 'labels.csv', line 26: the id 'wav/b1_w' stands in line 8 already" in done.out
    )
    assert (
        "label file 'labels.csv', line 27: 1 fields were found, 4 expected, in 'short'" in done.out
    )
    assert "utterance 'wav/a1_w' has a label, but no audio file 'wav/a1_w.wav'" in done.out
    assert "'wav/more.wav' is an audio file, but no utterance of this corpus" in done.out
    stopped = cli("run", "--model", "random", "--task", "my.toml")
    assert stopped.code == 3
    assert "line 26" in stopped.err
    (run,) = json.loads(
        cli("run", "--model", "random", "--task", "my.toml", "--allow-partial", "--json").out
    )
    assert (
        run["n"],
        json.loads((Path(run["run_dir"]) / "run.json").read_text())["counts"]["expected"],
    ) == (23, 24)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["run", "--model", "random", "--task", "no.toml"], 3,
            "no.toml: cannot be read (No such file or directory): "
         "'mserbench init-task FOLDER' writes one"),
        (["init-task", "none"], 3, "'none' is no folder: give the one that holds the recordings"),
        (["init-task", ".", "--out", "x.txt"], 2,
        "--out is 'x.txt', but a name that ends in .toml was expected"),
        (["init-task", ".", "--language", "Polish"], 2,
            "--language is 'Polish', but an ISO 639 code such as 'de' was "
         "expected"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_answered_by_a_sentence(
    cli: Cli, arguments: list[str], code: int, sentence: str
) -> None:
    """If it were not, a typing error would look like a fault of the program."""
    done = cli(*arguments)
    assert (done.code, done.err) == (code, f"error: {sentence}\n")


def test_the_examples_of_the_manual_run(cli: Cli) -> None:
    """If they did not, the first file that a newcomer copies would fail."""
    text = DOCS.read_text(encoding="utf-8")
    files = dict(
        re.findall(r"^`(\w+\.toml)`\n\n```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    )
    assert list(files) == ["calls.toml", "acted.toml"]

    for name, content in files.items():
        Path(name).write_text(content, encoding="utf-8")

    callers = [
        (f"c{n}", who, emotion)
        for n, (who, emotion) in enumerate(
            (who, emotion)
            for who in ("ola", "jan")
            for emotion in ("złość", "radość", "neutralny", "?")
        )
    ]
    record([f"calls/wav/{who}/{name}.wav" for name, who, _ in callers])
    rows = [
        f"{name},{emotion},{who},{'train' if who == 'ola' else 'test'}"
        for name, who, emotion in callers
    ]
    Path("calls/labels.csv").write_text(
        "file,emotion,caller,set\n" + "\n".join(rows), encoding="utf-8"
    )
    record(
        [
            f"acted/actor{who}/{emotion}_{n}.wav"
            for who in (1, 2)
            for emotion in EMOTIONS
            for n in (1, 2, 3)
        ]
    )
    runs = json.loads(
        cli(
            "run", "--model", "random", "--task", "calls.toml,acted.toml,calls.toml:train", "--json"
        ).out
    )
    assert [(run["task"], run["n"]) for run in runs] == [
        ("calls", 6),
        ("acted", 12),
        ("calls:train", 3),
    ]
    keys = set(
        re.findall(
            r"`\[?(\w+)\]?`",
            "".join(line.split("|")[1] for line in text.split("\n") if line[:1] == "|"),
        )
    )
    from mserbench.data.own.keys import _KEYS

    assert keys - {"key"} == set(_KEYS), "every key is documented, and no other"


def test_the_language_is_asked_where_somebody_is_there(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were not, most proposals would have to be edited before their verdict means
    anything.
    """

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    record([f"c/{emotion}_{take}.wav" for emotion in EMOTIONS for take in (1, 2)])
    monkeypatch.setattr("sys.stdin", Terminal("Polish\npl\n"))
    done = cli("init-task", "c")
    assert done.code == 0, done.err
    assert "'Polish' is no ISO 639 code" in done.out
    assert 'language = "pl"\n' in Path("c.toml").read_text()


def test_two_files_of_one_name_are_not_mixed(cli: Cli) -> None:
    """Else the second corpus would be scored under the first one's audio."""
    for folder in ("a", "b"):
        record([f"{folder}/c/{number}_{emotion}.wav" for number in (1, 2) for emotion in EMOTIONS])
        assert (
            cli("init-task", f"{folder}/c", "--out", f"{folder}/x.toml", "--name", "twice").code
            == 0
        )

    done = cli("run", "--model", "random", "--task", "a/x.toml,b/x.toml")
    assert done.code == 2
    assert "b/x.toml: the name 'twice' is that of" in done.err
    assert "give one of the two another 'name'" in done.err
