"""Small inputs that went wrong for people, one test a kind; all made by code, all names made up."""

from __future__ import annotations

import json
import re
import struct
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

import mserbench
from damaged import damages_audio, own_corpus
from damaged.fails_today import marked
from damaged.own_corpus import RATE, OwnCorpus, sound
from mserbench.data import lookup

Cli = Callable[..., Any]
BAD = ("problem:", "error:")


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnCorpus:
    lookup._owned.clear()
    monkeypatch.chdir(tmp_path)
    return own_corpus.build(tmp_path, telling=False)


def propose(cli: Cli, text: str, name: str = "labels.csv") -> Any:
    """Write the table of the corpus `c` and let `init-task` look at it."""
    Path("c", name).write_text(text)
    return cli("init-task", "c", "--out", "new.toml", "--language", "de")


def table(corpus: OwnCorpus, header: str, line: Callable[[dict[str, str]], str]) -> str:
    """Return a table with one line for each row."""
    return "\n".join([header, *(line(row) for row in corpus.rows)]) + "\n"


@pytest.mark.parametrize("name", [marked("case antiphase")])
def test_stereo_in_opposite_phase_is_noted(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If the mix is 40 dB below its channels, a model hears nothing of what was spoken."""
    damages_audio._antiphase(corpus)
    corpus.write()
    out = cli("data", "verify", "./t.toml").out
    assert re.search(r"(problem|note): .*ada_1_2.*(phase|cancel)", out), out


@pytest.mark.parametrize("name", [marked("case audformat-seconds")])
def test_plain_seconds_in_audformat_are_the_reason(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If the reason given were wrong, its reader would look for a column that is there."""
    pytest.importorskip("yaml")
    folder = Path("c")
    (folder / "db.yaml").write_text(
        "name: seg\nlanguages: [deu]\nschemes: {emotion: {dtype: str}}\n"
        "tables: {emotion: {type: segmented, columns: {emotion: {scheme_id: emotion}}}}\n"
    )
    text = table(
        corpus, "file,start,end,emotion", lambda row: f"{row['file']},0.0,0.5,{row['emotion']}"
    )
    done = propose(cli, text, "db.emotion.csv")
    assert "start" in done.out + done.err, done
    assert "no column of emotions" not in done.err


CUT = [f"{kind} cut to 50%" for kind in ("wav", "ogg", "mp3", "aiff", "opus")]


@pytest.mark.parametrize("name", [marked(f"case cut-audio, predict {kind}") for kind in CUT])
def test_predict_says_that_a_recording_was_cut(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a cut transfer were heard as if whole, its answer would be of something else."""
    kind = name.rpartition("predict ")[2].split()[0]
    data = damages_audio.encoded(kind)
    Path(f"cut.{kind}").write_bytes(data[: len(data) * 6 // 10])
    done = cli("predict", f"cut.{kind}", "--model", "logmel")
    assert re.search(damages_audio.CUT, done.err, re.IGNORECASE), done


@pytest.mark.parametrize(
    "name", [marked(f"case end-beyond-file, {end}") for end in ("0.9", "500", "8000")]
)
def test_an_end_beyond_the_file_is_a_problem(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If the end of the file were taken, clips would be other clips than the table says."""
    corpus.columns["end"] = "end"
    for row in corpus.rows:
        row["end"] = name.rpartition(" ")[2]

    corpus.write()
    done = cli("data", "verify", "./t.toml")
    assert done.code == 1, done
    assert re.search(r"ends? .*0\.6|millisecond|sample", done.out)


@pytest.mark.parametrize("name", [marked("case endings, predict")])
def test_predict_hears_every_ending_that_the_decoder_reads(
    name: str, cli: Cli, corpus: OwnCorpus
) -> None:
    """If a folder hid files that are heard when named, half of it would go without an answer."""
    with Path("c/wav/more.opus").open("wb") as file:
        soundfile.write(file, sound(50), RATE, format="OGG", subtype="OPUS")

    done = cli("predict", "c/wav", "--model", "logmel", "--json")
    assert "more.opus" in done.out + done.err


@pytest.mark.parametrize("name", [marked("case endings, init-task")])
def test_a_proposal_says_what_looks_like_audio(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a proposal saw 12 of 18 recordings, a third would be left out unsaid."""
    for number in range(12, 18):
        samples, rate = soundfile.read(corpus.path(number))
        corpus.path(number).unlink()
        with corpus.path(number).with_suffix(".opus").open("wb") as file:
            soundfile.write(file, samples, rate, format="OGG", subtype="OPUS")

    done = propose(
        cli, table(corpus, "file,emotion", lambda row: f"{row['file']},{row['emotion']}")
    )
    assert re.search(r"18 audio files|opus", done.out + done.err), done


@pytest.mark.parametrize("name", [marked("case float-int16-scale")])
def test_float_on_another_scale_is_doubted(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If 99.9 % of the samples were limited in silence, a model would hear a square wave."""
    for number in range(6):
        soundfile.write(corpus.path(number), sound(number) * 32_767, RATE, "FLOAT")

    corpus.write()
    out = cli("data", "verify", "./t.toml").out
    assert len(re.findall(r"(?:limited|clipped|scale)", out)) >= 1, out
    assert "ada_0_1" in out


LETTER = {"angry": "A", "happy": "H", "sad": "S"}
# name: header, line, what must be said
REASONS: dict[str, tuple[str, Callable[[dict[str, str]], str], str]] = {
    "no header": (
        "wav/ada_0_1.wav,angry,ada",
        lambda row: f"{row['file']},{row['emotion']},{row['speaker']}",
        r"header",
    ),
    "a header twice": (
        "file,emotion,emotion",
        lambda row: f"{row['file']},{row['emotion']},x",
        r"labels\.csv.*(twice|two columns)",
    ),
    "line breaks in quotes": (
        "file,text,emotion",
        lambda row: f'{row["file"]},"Well,\nI said ""no""",{row["emotion"]}',
        r"labels\.csv.*(line|quot)|labels: angry 6",
    ),
    "one-hot": (
        "file,angry,happy,sad",
        lambda row: f"{row['file']}," + ",".join(str(int(row["emotion"] == x)) for x in LETTER),
        r"one.hot|a column for each",
    ),
    "dimensions": (
        "file,valence,arousal",
        lambda row: f"{row['file']},{1.5 + len(row['emotion']) / 10},{2.0 + len(row['speaker'])}",
        r"numbers|classes",
    ),
    "letters of a publisher": (
        "file,EmoClass,EmoVal",
        lambda row: f"{row['file']},{LETTER[row['emotion']]},1.5",
        r"EmoClass",
    ),
    "a bar between fields": (
        "file|emotion|speaker",
        lambda row: f"{row['file']}|{row['emotion']}|{row['speaker']}",
        r"labels\.csv.*\||labels: angry 6",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [marked(f"case init-task, {reason}") for reason in REASONS])
def test_a_proposal_gives_the_reason_of_each_table(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If ten reasons were one sentence, nobody would know what to mend."""
    header, line, words = REASONS[name.removeprefix("case init-task, ")]
    done = propose(cli, table(corpus, header, line))
    assert "no labels were found" not in done.err, done.err
    assert re.search(words, done.out + done.err, re.IGNORECASE), done


@pytest.mark.parametrize("name", [marked("case init-task, a JSON array")])
def test_a_proposal_reads_a_json_array(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a list of objects were unread, the tables of many toolkits would be."""
    done = propose(cli, json.dumps(corpus.rows), "labels.json")
    assert re.search(r"labels: angry 6|labels\.json.*jsonl", done.out + done.err), done


PATHS: dict[str, Callable[[str], str]] = {
    "backslashes": lambda path: path.replace("/", "\\"),
    "./": lambda path: f"./{path}",
    "capital endings": lambda path: path.replace(".wav", ".WAV"),
    "another machine's": lambda path: f"/data/jdoe/corpora/mine/{path}",
    "another Windows machine's": lambda path: "C:\\Users\\jdoe\\mine\\" + path.replace("/", "\\"),
}


@pytest.mark.parametrize("name", [marked(f"case init-task-paths, {path}") for path in PATHS])
def test_a_proposal_reads_paths_as_the_loader_does(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a proposal refused what the loader reads, or gave no reason, a TOML by hand would be
    left.
    """
    change = PATHS[name.removeprefix("case init-task-paths, ")]
    text = table(corpus, "file,emotion", lambda row: f"{change(row['file'])},{row['emotion']}")
    done = propose(cli, text)
    if done.code == 0:
        again = cli("data", "verify", "./new.toml")
        assert again.code == 0, again
    else:
        assert re.search(r"labels\.csv.*'file'", done.err), done


@pytest.mark.parametrize("name", [marked("case init-task-paths, NFD on disk")])
def test_names_match_composed_and_decomposed(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If names that look the same did not match, two equal lists would be the only answer."""
    rows = []
    for number, row in enumerate(corpus.rows):
        name_on_disk = unicodedata.normalize("NFD", f"wav/sprecher_wütend_{number}.wav")
        corpus.path(number).rename(Path("c", name_on_disk))
        rows.append(f"{unicodedata.normalize('NFC', name_on_disk)},{row['emotion']}")

    done = propose(cli, "\n".join(["file,emotion", *rows]) + "\n")
    assert done.code == 0, done
    again = cli("data", "verify", "./new.toml")
    assert again.code == 0 or re.search("NFC|NFD|composed", again.out), again


@pytest.mark.parametrize("name", [marked("case nan-labels")])
def test_what_pandas_writes_for_nothing_is_dropped(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If nan were a class, models would be judged by whether they say it."""
    for number, word in enumerate(("nan", "NaN", "None", "N/A", "")):
        corpus.rows[3 * number]["emotion"] = word

    assert propose(cli, corpus.table_text()).code == 0
    labels = tomllib.loads(Path("new.toml").read_text())["labels"]
    assert {
        raw: label for raw, label in labels.items() if len(raw) < 5 and raw != "sad"
    } == dict.fromkeys(("nan", "NaN", "None", "N/A", ""), "DROP")


@pytest.mark.parametrize("name", [marked("case offset-duration")])
def test_offset_is_a_start(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If an offset were taken for an end, every clip would be another one."""
    soundfile.write("c/talk.wav", sound(1, 12.0), RATE)
    lines = [
        {"audio_filepath": "talk.wav", "offset": 0.6 * i, "duration": 0.5, "label": row["emotion"]}
        for i, row in enumerate(corpus.rows)
    ]
    for number in range(18):
        corpus.path(number).unlink()

    propose(cli, "".join(json.dumps(line) + "\n" for line in lines), "manifest.jsonl")
    columns = tomllib.loads(Path("new.toml").read_text())["columns"]
    assert columns.get("end") != "offset"
    assert columns.get("start") in (None, "offset")


SEPARATED: dict[str, tuple[str, str]] = {  # separator, decimal point
    "semicolon": (";", "."),
    "semicolon and decimal comma": (";", ","),
    "tab": ("\t", "."),
}


def scores(corpus: OwnCorpus, between: str, point: str) -> str:
    """Return predictions with scores for each label, as a spreadsheet writes them."""
    head = between.join(["id", "score_angry", "score_happy", "score_sad"])
    lines = [
        between.join([row["file"].removesuffix(".wav"), *(f"0{point}{n}" for n in (25, 5, 125))])
        for row in corpus.rows
    ]
    return "\n".join([head, *lines]) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "name", [marked(f"case predictions-separators, {kind}") for kind in SEPARATED]
)
def test_predictions_are_read_as_tables_are(
    name: str, encoding: str, cli: Cli, corpus: OwnCorpus
) -> None:
    """If what Excel writes were refused for predictions only, the reason would be hard to guess."""
    corpus.write()
    between, point = SEPARATED[name.removeprefix("case predictions-separators, ")]
    Path("p.csv").write_text(scores(corpus, between, point), encoding=encoding)
    done = cli("score", "p.csv", "--task", "./t.toml", "--name", "mine", "--json")
    assert done.code == 0 or re.search(r"semicolon|tab|separat|';'|comma as|decimal", done.err), (
        done
    )


@pytest.mark.parametrize("name", [marked("case predictions, a column of another label")])
def test_a_score_of_an_unknown_label_is_said(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If the highest score were left out, an answer would be one that the model never gave."""
    corpus.write()
    lines = scores(corpus, ",", ".").splitlines()
    text = "\n".join([f"{lines[0]},score_surprise", *(f"{line},0.9" for line in lines[1:])])
    Path("p.csv").write_text(text)
    done = cli("score", "p.csv", "--task", "./t.toml", "--name", "mine")
    assert "surprise" in done.out + done.err, done


@pytest.mark.parametrize("name", [marked("case python-arguments, a Path as task")])
def test_a_path_is_a_task(name: str, corpus: OwnCorpus) -> None:
    """If the API refused a Path by an AttributeError, a notebook would end at its first cell."""
    corpus.write()
    assert mserbench.evaluate("prior", Path("t.toml")).record.counts.scored == 18


@pytest.mark.parametrize("name", [marked("case python-arguments, a text as sources")])
def test_a_text_is_one_source(name: str, corpus: OwnCorpus, plugin: Callable[..., Path]) -> None:
    """If a text were a list of letters, the error would speak of a task 'e'."""
    plugin()
    corpus.write()
    mserbench.train("trainee", "./t.toml", out="weights")
    assert Path("weights").is_dir()


@pytest.mark.parametrize("name", [marked("case python-arguments, data and out as texts and Paths")])
def test_folders_are_texts_or_paths(name: str, corpus: OwnCorpus) -> None:
    """If only one of the two were taken, every caller would have to remember which."""
    corpus.write()
    for out in ("runs-a", Path("runs-b")):
        assert mserbench.evaluate("prior", "./t.toml", out=out, data=Path(".")).folder.is_dir()


@pytest.mark.parametrize("name", [marked("case wrong-reason, m4a called wav")])
def test_the_reason_is_the_real_one(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a name decided what a file is, the reason would send its reader the wrong way."""
    pytest.importorskip("av")
    data = damages_audio.contained(Path("made.m4a"), "aac", 0.6)
    Path("made.m4a").unlink()
    corpus.path(3).write_bytes(data)
    corpus.write()
    done = cli("data", "verify", "./t.toml")
    assert done.code == 0 or re.search("m4a|mp4", done.out), done


@pytest.mark.parametrize("name", [marked("case wrong-reason, data size 0")])
def test_a_size_of_0_is_read_or_said(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a writer that died left a size of 0, 'holds no audio' would be wrong: it holds 64 kB."""
    data = bytearray(corpus.path(3).read_bytes())
    struct.pack_into("<I", data, data.index(b"data") + 4, 0)
    corpus.path(3).write_bytes(data)
    corpus.write()
    done = cli("data", "verify", "./t.toml")
    assert done.code == 0 or re.search("header", done.out), done


@pytest.mark.parametrize("name", [marked("case wrong-reason, notes of mpg123")])
def test_a_library_prints_nothing_of_its_own(name: str, cli: Cli, corpus: OwnCorpus) -> None:
    """If a library wrote to stderr, its words would stand between ours, and in every log."""
    corpus.rename(3, ".mp3").write_bytes(b"\xff\xfb\x90\x00" * 500)
    corpus.write()
    assert "Note:" not in cli("data", "verify", "./t.toml").err
