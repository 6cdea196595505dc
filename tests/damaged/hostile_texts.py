"""Texts that explode, nest without end, or carry signs that a terminal or a spreadsheet obeys."""

from __future__ import annotations

import json
import os
import sqlite3

import soundfile

from damaged.hostile import DONE, PROPOSE, RUN, SCORE, VERIFY, Place, hostile
from damaged.own_corpus import RATE, sound

ESCAPES = "\x1b[31mred\x1b]8;;http://x\x07link\x1b]8;;\x07\u202egnp.exe\u2066"
HEADER = """
languages: [deu]
tables:
  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
"""


def _yaml_bomb(key: str) -> None:
    @hostile(f"YAML aliases in {key}", PROPOSE, codes=(3,), says="db.yaml|audformat")
    def _make(place: Place) -> None:
        lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
        for number in range(1, 12):
            lines.append(f"a{number}: &a{number} [{','.join([f'*a{number - 1}'] * 10)}]")

        body = HEADER if key != "languages" else HEADER.replace("[deu]", "*a11")
        if key == "license":
            body += "license: *a11\n"
        elif key == "labels":
            body += "schemes: {emotion: {dtype: str, labels: *a11}}\n"
        elif key == "scheme_id":
            body = body.replace("scheme_id: emotion", "scheme_id: *a11")

        (place.folder / "c" / "db.yaml").write_text("\n".join(lines) + body)
        (place.folder / "c" / "db.emotion.csv").write_text("file,emotion\nwav/ada_sad_1.wav,sad\n")


for _key in ("license", "languages", "labels", "scheme_id"):
    _yaml_bomb(_key)


@hostile("YAML nested 20,000 deep", PROPOSE, codes=(3,))
def _yaml_deep(place: Place) -> None:
    (place.folder / "c" / "db.yaml").write_text("a: " + "[" * 20_000 + "]" * 20_000)


def _toml(name: str, text: str, says: str = "t.toml") -> None:
    @hostile(name, VERIFY, codes=(2, 3), says=says)
    def _make(place: Place) -> None:
        toml = place.folder / "t.toml"
        toml.write_text(text + "\n" + toml.read_text())


_toml("TOML lists nested 50,000 deep", "x = " + "[" * 50_000 + "]" * 50_000)
_toml("a TOML key nested 1,000 deep", ".".join("a" * 1_000) + " = 1")
_toml("a TOML key nested 50,000 deep", ".".join("a" * 50_000) + " = 1")
_toml("a TOML label nested 5,000 deep", "labels." + ".".join("a" * 5_000) + " = 'x'")
_toml("20,000 unknown TOML keys", "\n".join(f"key{i} = 1" for i in range(20_000)))
_toml("a TOML key of a million characters", "k" * 1_000_000 + " = 1")
_toml("a TOML value of a million characters", "version = '" + "v" * 1_000_000 + "'")
_toml("a TOML number of 10,000 digits", "version = " + "9" * 10_000)
_toml("a TOML title of escapes", f"titel = {json.dumps(ESCAPES)}")


@hostile("a table of 20,000 columns", VERIFY, RUN, PROPOSE, codes=(0, 1, 3))
def _wide(place: Place) -> None:
    extra = ",".join(f"c{number}" for number in range(20_000))
    lines = place.corpus.table_text().splitlines()
    filler = ",1" * 20_000
    text = "\n".join([f"{lines[0]},{extra}", *(line + filler for line in lines[1:])])
    (place.folder / "c" / "labels.csv").write_text(text)


@hostile("a table of 20,000 columns, and not the one asked for", VERIFY, says="emotion")
def _wide_lacking(place: Place) -> None:
    extra = ",".join(f"c{number}" for number in range(20_000))
    (place.folder / "c" / "labels.csv").write_text(f"file,{extra}\n")


@hostile("a cell of 5 MB", VERIFY, PROPOSE, codes=(0, 1, 3))
def _cell(place: Place) -> None:
    place.corpus.rows[3]["emotion"] = "x" * 5_000_000
    place.corpus.write()


@hostile("a cell of 5 MB in quotes", VERIFY, PROPOSE, codes=(0, 1, 3))
def _quoted_cell(place: Place) -> None:
    place.corpus.rows[3]["emotion"] = 'x"' * 2_500_000
    place.corpus.write()


@hostile("10,000 different raw labels", VERIFY, PROPOSE, codes=(0, 1, 3))
def _labels(place: Place) -> None:
    rows = [{**place.corpus.rows[3], "emotion": f"label {i}"} for i in range(10_000)]
    place.corpus.rows += rows
    place.corpus.write()


@hostile("JSON nested 100,000 deep in a table", VERIFY, codes=(3, 1))
def _json_deep(place: Place) -> None:
    place.corpus.table = "labels.jsonl"
    place.corpus.write()
    with (place.folder / "c" / "labels.jsonl").open("a") as file:
        file.write("[" * 100_000 + "\n")


def _scored(name: str, says: str = "p.csv") -> object:
    return hostile(name, SCORE, codes=(3,), says=says)


@_scored("an answer of 10 MB", says="")
def _answer(place: Place) -> None:
    lines = place.predictions("id,answer")
    lines[3] = lines[3].replace("sad", "x " * 5_000_000)
    (place.folder / "p.csv").write_text("\n".join(lines))


@_scored("a prediction of 5 MB")
def _prediction(place: Place) -> None:
    lines = place.predictions()
    lines[3] = lines[3].replace("sad", "x" * 5_000_000)
    (place.folder / "p.csv").write_text("\n".join(lines))


@_scored("predictions of 20,000 columns")
def _wide_predictions(place: Place) -> None:
    extra = ",".join(f"score_{number}" for number in range(20_000))
    lines = place.predictions()
    filler = ",1" * 20_000
    (place.folder / "p.csv").write_text(
        "\n".join([f"{lines[0]},{extra}", *(x + filler for x in lines[1:])])
    )


@hostile("a score of an unknown label", SCORE, codes=(0, 3), says="surprise")
def _unknown_score(place: Place) -> None:
    header = "id,score_angry,score_happy,score_sad,score_surprise"
    lines = [line.replace(",sad", ",0.1,0.2,0.3,0.9") for line in place.predictions(header)]
    (place.folder / "p.csv").write_text("\n".join(lines))


@_scored("predictions with escapes", says="p.csv")
def _escaped_predictions(place: Place) -> None:
    (place.folder / "p.csv").write_text("\n".join(place.predictions()) + f"\n{ESCAPES},sad\n")


def _card(name: str, text: str, codes: tuple[int, ...] = (3,)) -> None:
    @hostile(f"a card: {name}", (*SCORE, "--card", "card.json"), codes=codes, says="card.json")
    def _make(place: Place) -> None:
        (place.folder / "p.csv").write_text("\n".join(place.predictions()) + "\n")
        (place.folder / "card.json").write_text(text, errors="surrogatepass")


_card("nested 100,000 deep", "[" * 100_000)
_card("a surrogate in its title", '{"title": "\\ud800", "exposure": []}')
_card("escapes in a corpus", json.dumps({"exposure": [{"corpus": ESCAPES, "kind": "no"}]}))
_card("a number of 10,000 digits", '{"version": ' + "9" * 10_000 + "}")
_card("exposure of 5 MB", json.dumps({"exposure": "x" * 5_000_000}))
_card("title is a dict", '{"title": {"a": 1}, "exposure": []}')
for _tag in ("", "de-", "x_", "de-DE-DE-DE", "a-DE", "zz", "qqq", "klingon", "de--DE", 5, None, "DE",
             "de-x", "de-1", "de-u", "i-klingon", "de-a-b"):  # fmt: skip
    _exposure = {"corpus": "x", "kind": "emotion-labels", "languages": [_tag], "evidence": "e"}
    _card(f"language {_tag!r}", json.dumps({"exposure": [_exposure], "exposure_complete": True}))


def _named(name: str, stem: bytes, command: tuple[str, ...], codes: tuple[int, ...]) -> None:
    @hostile(f"{name}, {command[0]} {command[1]}", command, codes=codes)
    def _make(place: Place) -> None:
        folder = os.fsencode(place.folder / "c" / "wav")
        with open(os.path.join(folder, stem + b".wav"), "wb") as file:
            soundfile.write(file, sound(5), RATE, format="WAV", subtype="PCM_16")
        if command[0] == "predict":
            (place.folder / "listen").mkdir()
            os.rename(
                os.path.join(folder, stem + b".wav"),
                os.path.join(os.fsencode(place.folder / "listen"), stem + b".wav"),
            )


HEARD = ("predict", "listen", "--model", "logmel", "--json")
SPOKEN = ("predict", "listen", "--model", "logmel")
LISTED = ("predict", "listen", "--model", "logmel", "--csv")
NAMES = {
    "a name of escapes": ESCAPES.replace("/", "").encode(),
    "a name with a surrogate": b"\xff\xfe",
    "a name with a newline": b"one\ntwo",
    "a name of 250 bytes": b"n" * 250,
    "a name of a command's option": b"--help",
}
for _name, _stem in NAMES.items():
    for _command, _codes in ((VERIFY, DONE), (RUN, DONE), (PROPOSE, DONE), (HEARD, DONE),
                             (LISTED, DONE), (SPOKEN, DONE)):  # fmt: skip
        _suffix = _command[-1] if _command[0] == "predict" else ""
        _named(f"{_name}{' ' if _suffix else ''}{_suffix}", _stem, _command, _codes)


def _pattern(name: str, pattern: str) -> None:
    @hostile(f"a pattern: {name}", VERIFY, codes=(3, 1), says="pattern", seconds=60.0)
    def _make(place: Place) -> None:
        (place.folder / "t.toml").write_text(
            f"language = 'de'\naudio = 'c'\npattern = {json.dumps(pattern)}\n"
            "[labels]\nangry = 'angry'\nhappy = 'happy'\nsad = 'sad'\n"
        )


_pattern("1,000 groups nested", "(?P<label>" + "(" * 400 + "a" + ")" * 400 + ")")
_pattern("a repeat of 10^9", "(?P<label>(a{30000}){30000})")
_pattern("an escape", "(?P<label>\x1b[31m")


def _cached(name: str, value: object) -> None:
    @hostile(f"the index cache holds {name}", VERIFY, RUN, codes=DONE)
    def _make(place: Place) -> None:
        import subprocess
        import sys

        from damaged.child import environment

        subprocess.run(
            [sys.executable, "-m", "mserbench", *VERIFY],
            cwd=place.folder,
            env=environment(place),
            check=True,
            capture_output=True,
        )
        for path in (place.folder / "cache" / "index").glob("*.sqlite3"):
            with sqlite3.connect(path) as base:
                for column in ("key", "seconds", "rate", "channels"):
                    base.execute(f"UPDATE sounds SET {column} = ?", (value,))


for _name, _value in {
    "text": "seven", "null": None, "bytes": b"\xff", "infinity": float("inf"), "-1": -1,
}.items():  # fmt: skip
    _cached(_name, _value)
