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
    found = json.loads(done.out)
    assert (done.code, found["utterances"]) == (1, 534)
    said = "\n".join(found["problems"])
    for words in (
        "'03a01Fa' is missing",
        "03a01Nc.wav' is empty",
        "'wav/noise.wav' is an audio file, but no utterance of this corpus",
        "are both utterance '03a02Fc' but differ: remove one",
    ):
        assert words in said
    assert found["warnings"] == ["'wav/03a01Wa.wav' is a copy of '03a01Wa.wav': one of the two is used"]
    text = cli("data", "verify", "emodb", "--data", data)
    assert text.code == 1
    assert text.out.count("problem: ") == len(found["problems"])


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
