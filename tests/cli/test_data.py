"""`mserbench data`: what is here, where to get it, and everything that is wrong with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[..., Path]


def test_status_tells_absent_complete_and_faulty(cli, build_corpus: Build) -> None:
    data = build_corpus()
    build_corpus("emovo")
    (data / "emovo/f1/dis-f1-b1.wav").unlink()
    done = cli("data", "status", "--data", data, "--json")
    states = {record["corpus"]: record["state"] for record in json.loads(done.out)}
    assert done.code == 0
    assert states["emodb"] == "complete (original)"
    assert states["emovo"] == "emovo: utterance 'dis-f1-b1' is missing"
    assert states["ravdess"] == "absent"
    assert states["emodb-sample"] == "complete (sample)"
    assert "emodb" in cli("data", "status").out


def test_show_prints_what_a_person_needs(cli) -> None:
    done = cli("data", "show", "emodb")
    assert done.code == 0
    for words in ("CC0-1.0", "http", "unzip", "535", "Burkhardt"):
        assert words in done.out

    assert json.loads(cli("data", "show", "emodb", "--json").out)["name"] == "emodb"


def test_verify_of_a_complete_corpus_is_exit_0(cli, build_corpus: Build) -> None:
    done = cli("data", "verify", "emodb", "--data", build_corpus())
    assert done.code == 0
    assert "emodb: 535 utterances" in done.out
    assert "variant original, 0 problem(s)" in done.out
    assert "(not one we have seen)" in done.out


def test_verify_lists_everything_that_is_wrong_and_is_exit_1(cli, build_corpus: Build) -> None:
    data = build_corpus()
    wav = data / "emodb/wav"
    wav.joinpath("03a01Fa.wav").unlink()
    wav.joinpath("03a01Nc.wav").write_bytes(b"")
    shutil.copy(wav / "03a01Wa.wav", wav / "noise.wav")
    shutil.copy(wav / "03a01Wa.wav", data / "emodb/03a01Wa.wav")
    shutil.copy(wav / "03a01Wa.wav", data / "emodb/03a02Fc.wav")
    done = cli("data", "verify", "emodb", "--data", data, "--json")
    record = json.loads(done.out)
    assert (done.code, record["utterances"]) == (1, 534)
    problems = "\n".join(record["problems"])

    for words in (
        "'03a01Fa' is missing",
        "03a01Nc.wav' is empty",
        "are both utterance '03a02Fc' but differ: remove one",
    ):
        assert words in problems

    assert record["warnings"][:2] == [
        "'wav/03a01Wa.wav' is a copy of '03a01Wa.wav': one of the two is used",
        "'wav/noise.wav' is an audio file, but no utterance of this corpus",
    ]
    assert record["warnings"][2:] == [
        "1 recording(s) are here under different labels, of which one at most is right; the same "
        "audio: '03a01Wa' (W) and '03a02Fc' (F)"
    ]
    text = cli("data", "verify", "emodb", "--data", data)
    assert text.code == 1
    assert text.out.count("problem: ") == len(record["problems"])


def test_a_stray_recording_is_a_note_everywhere(cli, build_corpus: Build, tmp_path: Path) -> None:
    """One rule: `verify` must not call wrong what `run` scores without a word of it."""
    data = build_corpus()
    wav = data / "emodb/wav"
    wav.joinpath("noise.wav").write_bytes(wav.joinpath("03a01Wa.wav").read_bytes())
    verified = cli("data", "verify", "emodb", "--data", data)
    assert verified.code == 0
    assert "note: 'wav/noise.wav' is an audio file, but no utterance" in verified.out
    ran = cli("run", "--model", "prior", "--task", "emodb", "--data", data, "--out", tmp_path / "r")
    (state,) = [
        record["state"]
        for record in json.loads(cli("data", "status", "--data", data, "--json").out)
        if record["corpus"] == "emodb"
    ]
    for code, text in ((ran.code, ran.err), (0, state)):
        assert code == 0
        assert "1 audio file(s) are no utterance of the corpus and are left out, such as" in text
        assert "'wav/noise.wav'" in text


def test_thousands_of_equal_problems_are_one_line(cli, build_corpus: Build) -> None:
    """Five hundred lines of one fault would scroll every other one out of sight."""
    data = build_corpus()
    for path in sorted((data / "emodb/wav").iterdir())[:500]:
        path.unlink()

    (data / "emodb/wav/16b10Wb.wav").write_bytes(b"")
    done = cli("data", "verify", "emodb", "--data", data)
    lines = [line for line in done.out.splitlines() if line.startswith("problem: ")]
    assert len(lines) == 2
    assert "'03a01Fa' is missing (and 499 more like this: '03a01Nc', '03a01Wa', ...)" in lines[0]
    assert "501 problem(s)" in done.out

    listed = cli("data", "verify", "emodb", "--data", data, "--list")
    assert listed.out.count("problem: ") == 501
    refused = cli("run", "--model", "prior", "--task", "emodb", "--data", data)
    assert refused.err.count("is missing") == 1
    state = states(cli("data", "status", "--data", data, "--json"))["emodb"]
    assert state.count("is missing") == 1
    assert "499 more like this" in state


@pytest.mark.parametrize("kind", ["git-lfs", "git-annex text", "git-annex link"])
def test_pointers_are_not_called_complete(cli, build_corpus: Build, kind: str) -> None:
    """A clone without the content has all the names: whoever reads 'complete' looks elsewhere."""
    data = build_corpus()
    for path in sorted((data / "emodb/wav").iterdir())[:4]:
        path.unlink()
        if kind == "git-annex link":
            path.symlink_to("../.git/annex/objects/x7/Zm/SHA256E-s9--0.wav/SHA256E-s9--0.wav")
        elif kind == "git-annex text":
            path.write_text("/annex/objects/SHA256E-s9--0.wav\n")
        else:
            path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")

    state = states(cli("data", "status", "--data", data, "--json"))["emodb"]
    assert state.startswith("4 audio file(s) are pointers of git-lfs or git-annex whose content")
    assert "'wav/03a01Fa.wav', 'wav/03a01Nc.wav', 'wav/03a01Wa.wav': run 'git lfs pull'" in state


def test_the_task_of_a_file_of_one_s_own_is_counted(cli, tmp_path: Path) -> None:
    """If [select] leaves 6 of 18, a count of 18 is not what a run will score."""
    from damaged import own_corpus

    corpus = own_corpus.build(tmp_path, telling=False)
    corpus.write()
    # By a name of its own: that of a file is its task's, and no other test's may be told apart.
    toml = (tmp_path / "t.toml").rename(tmp_path / "counted.toml")
    toml.write_text(toml.read_text() + '\n[select]\nspeaker = ["ada"]\n')
    done = cli("data", "verify", toml)
    assert "18 utterances" in done.out
    assert "its task: 6 of 18 clips are scored (angry 2, happy 2, sad 2)" in done.out
    assert json.loads(cli("data", "verify", toml, "--json").out)["scored"]["sad"] == 2


@pytest.mark.parametrize("command", ["show", "verify"])
def test_an_unknown_corpus_is_exit_2_with_near_ones(cli, command: str) -> None:
    done = cli("data", command, "emobd")
    assert (done.code, done.out) == (2, "")
    assert "corpus 'emobd' is not known; did you mean" in done.err
    assert "'mserbench corpora' lists all" in done.err


def test_verify_without_the_corpus_is_exit_3(cli, tmp_path: Path) -> None:
    for arguments in ((), ("--data", tmp_path), ("--data", tmp_path / "none")):
        done = cli("data", "verify", "emodb", *arguments)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith("error: ")


def states(done) -> dict[str, str]:
    return {record["corpus"]: record["state"] for record in json.loads(done.out)}


def test_a_broken_corpus_does_not_hide_the_others(cli, plugin, build_corpus: Build) -> None:
    """One bad folder, parser or plugin must not keep a user from seeing what they have."""
    plugin(
        """
        from mserbench import Fault
        from mserbench.errors import MissingExtra

        def card(name, **more):
            return CorpusCard(name=name, title=name, languages=("en",), speakers=None, licence="", access="open",
                              source="", how_to_get="", unpack="unpack it", citation="", counts={}, **more)

        def broken(tree):
            raise ZeroDivisionError("one")

        def hungry(tree):
            raise MissingExtra("corpus 'hungry'", "h5py", "mosei")

        def faulty(tree):
            yield Fault("labels.csv, line 3: nonsense")
            yield Fault("labels.csv, line 4: nonsense")
            yield Utterance("a", "a.wav", "x", None, "en")
            yield Utterance("b", "b.wav", "x", None, "en")

        def varied(tree):
            yield Utterance("a", "a.wav", "x", None, "en")

        BROKEN = Corpus(card("broken"), broken)
        HUNGRY = Corpus(card("hungry"), hungry)
        FAULTY = Corpus(card("faulty", releases_vary=True), faulty)
        VARIED = Corpus(card("varied", releases_vary=True), varied)
        MISNAMED = Corpus(card("other"), varied)
        """,
        corpora=("BROKEN", "HUNGRY", "FAULTY", "VARIED", "MISNAMED", "ABSENT"),
    )
    data = build_corpus()
    for name in ("broken", "hungry", "faulty", "varied"):
        (data / name).mkdir()

    for name in ("faulty", "varied"):
        (data / name / "a.wav").touch()

    done = cli("data", "status", "--data", data, "--json")
    by_corpus = states(done)
    assert done.code == 0
    assert by_corpus["emodb"] == "complete (original)"
    assert by_corpus["broken"].startswith(
        "the parser of corpus 'broken' failed (ZeroDivisionError: one)"
    )
    assert by_corpus["hungry"] == (
        "corpus 'hungry' needs the package 'h5py', which is not installed: run pip install "
        "'mserbench[mosei]'"
    )
    assert by_corpus["faulty"] == (
        "labels.csv, line 3: nonsense (and 1 more). 1 audio file(s) of labelled utterances are "
        "missing, such as 'b.wav'"
    )
    assert by_corpus["varied"] == "a release whose counts are not known here"
    assert by_corpus["misnamed"].endswith("calls itself by another name")
    assert "'absent': its target" in by_corpus["absent"]


@pytest.mark.parametrize("columns", [60, 100])
def test_the_table_of_states_fits_the_terminal(
    cli, build_corpus: Build, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """A table that breaks in the terminal is read by nobody."""
    data = build_corpus()
    shutil.rmtree(data / "emodb/wav")
    (data / "aesdd" / ("deep" * 10)).mkdir(parents=True)
    (data / "aesdd/x.wav").touch()
    monkeypatch.setenv("COLUMNS", str(columns))
    done = cli("data", "status", "--data", data)
    assert max(map(len, done.out.splitlines())) <= columns
    monkeypatch.delenv("COLUMNS")
    assert "holds no utterance of corpus 'emodb'" in cli("data", "status", "--data", data).out


def test_status_opens_no_audio(cli, build_corpus: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must stay fast on 100 GB, and must not fail on a file that cannot be decoded."""
    from mserbench.data import audio

    data = build_corpus()
    monkeypatch.setattr(audio, "read", lambda *arguments: pytest.fail("audio was opened"))
    assert states(cli("data", "status", "--data", data, "--json"))["emodb"] == "complete (original)"


def test_films_without_their_reader_are_told_of(
    cli, plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Complete, and yet nothing of it could be decoded: that is to be said before a run of
    hours.
    """
    import importlib.util

    plugin(
        """
        def parse(tree):
            for path, stem in tree.audio("mp4"):
                yield Utterance(stem, path, "x", None, "en")

        FILMS = Corpus(CorpusCard(name="films", title="", languages=("en",), speakers=None, licence="", access="open",
                                  source="", how_to_get="", unpack="", citation="", counts={"all": {"x": 1}}), parse)
        """,
        corpora=("FILMS",),
    )
    (tmp_path / "data/films").mkdir(parents=True)
    (tmp_path / "data/films/a.mp4").touch()
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *arguments: None if name == "av" else find(name, *arguments),
    )
    films = states(cli("data", "status", "--data", tmp_path / "data", "--json"))["films"]
    assert (
        films == "complete (all). Its audio needs the package 'av': run pip install "
        "'mserbench[video]'"
    )


OWN = """
    from mserbench import Division, Remote

    def parse(tree):
        for path, stem in tree.audio("wav"):
            yield Utterance(stem, path, "x", f"own:{stem[0]}", "en")
        yield Utterance("labelled", "sub/labelled.wav", "x", "own:a", "en")

    CARD = CorpusCard(
        name="own", title="Own corpus", languages=("en", "fr"), speakers=2, licence="MIT", access="open",
        source="https://example.org/own", how_to_get="ask " * 40, unpack="unzip it", citation="A. Author, 2020",
        counts={"whole": {"x": 4}, "half": {"x": 2}}, hours=0.5, skipped={"*bad*": "bad as published"},
        divisions={"folds": Division("by speaker", "speaker", "", "folds", "us", (("own:a", "1"), ("own:z", "2")))},
        files=(Remote("https://example.org/own.zip", "md5:0", 2_500_000),), notes="Known to be loud.",
    )
    OWN = Corpus(CARD, parse)
"""


def test_verify_compares_speakers_divisions_and_missing_audio(cli, plugin, tmp_path: Path) -> None:
    """The counts may be right and yet half of the speakers be gone."""
    import numpy as np
    import soundfile

    plugin(OWN, corpora=("OWN",))
    folder = tmp_path / "data/own"
    folder.mkdir(parents=True)

    for number, stem in enumerate(("a1", "a2", "a3")):
        soundfile.write(folder / f"{stem}.wav", np.full(3_200, 0.1 * (number + 1)), 16_000)

    done = cli("data", "verify", "own", "--data", tmp_path / "data", "--json")
    record = json.loads(done.out)
    assert (done.code, record["utterances"], record["speakers"], record["variant"]) == (
        1,
        3,
        1,
        "whole",
    )
    assert record["problems"] == [
        "utterance 'labelled' has a label, but no audio file 'sub/labelled.wav'",
        "own: 1 speakers were found, 2 expected",
        "division 'folds' of 'own': 1 value(s) of 'speaker' in part '2' occur in no utterance, "
        "such as 'own:z'",
    ]
    (folder / "a3.wav").unlink()
    (folder / "a2.wav").unlink()
    half = json.loads(cli("data", "verify", "own", "--data", tmp_path / "data", "--json").out)
    assert half["variant"] == "half"
    assert len(half["problems"]) == 1, "of a known part of a corpus, absent speakers are no fault"
    assert half["warnings"][0] == "own: 1 speakers were found, 2 expected"


def test_show_tells_all_of_the_card_within_the_terminal(
    cli, plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(OWN, corpora=("OWN",))
    monkeypatch.setenv("COLUMNS", "60")
    done = cli("data", "show", "own")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 60
    output = " ".join(done.out.split())

    for words in (
        "Own corpus (own)", "languages en, fr", "size 2 speakers, 0.5 h", "licence MIT (open)", "A. Author, 2020",
        "https://example.org/own", "how to unpack unzip it",
        "'mserbench data download own --to DATA' fetches 1 file(s), 2 MB",
        "expected whole: 4 utterances; x 4 half: 2 utterances; x 2", "folds (folds): "
            "by speaker; parts 1, 2; us",
        "left out *bad*: bad as published", "notes Known to be loud.",
    ):  # fmt: skip
        assert words in output

    record = json.loads(cli("data", "show", "own", "--json").out)
    assert record["divisions"]["folds"]["parts"] == ["1", "2"]
    assert json.loads(cli("data", "show", "emovo", "--json").out)["tasks"] == ["emovo", "emovo-5"]
    assert record["files"] == [
        {"url": "https://example.org/own.zip", "hash": "md5:0", "bytes": 2_500_000}
    ]


def test_every_card_can_be_shown(cli) -> None:
    from mserbench.plugins import registry
    from mserbench.plugins.hookspecs import CorpusEntry

    for name in registry.entries(CorpusEntry):
        done = cli("data", "show", name)
        assert (done.code, done.err) == (0, ""), name
        assert json.loads(cli("data", "show", name, "--json").out)["name"] == name


def test_data_lists_its_commands_and_offers_near_ones(cli) -> None:
    done = cli("data", "--help")
    for word in ("status", "show", "verify", "download"):
        assert f"\n  {word} " in done.out

    assert cli("data", "verfy").code == 2


def test_download_is_imported_only_when_used(program) -> None:
    """The downloader's libraries would slow the look at the cards."""
    import subprocess
    import sys

    code = (
        "import sys\nfrom mserbench.cli import main\ntry:\n main(['data', 'show', "
        "'emodb'])\nexcept SystemExit: pass\nprint([name for name in ('mserbench.cli.download', "
        "'pooch', 'requests', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
