"""What the fuzzer feeds: each file from outside through the command that reads it, and the label
files of every corpus through its parser.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from official import memory

from damaged import own_corpus
from damaged.damages_audio import encoded
from damaged.fuzz import Target
from mserbench.cli import main
from mserbench.data import corpus as corpora
from mserbench.data import lookup
from mserbench.errors import MserbenchError

PREDICTIONS = b"id,score_angry,score_happy,score_sad\n" + b"".join(
    f"wav/{who}_{label}_{take},0.1,0.7,0.2\n".encode()
    for who in own_corpus.SPEAKERS
    for label in own_corpus.LABELS
    for take in (1, 2)
)
CARD = json.dumps(
    {
        "title": "t", "version": "1", "licence": "MIT", "exposure_complete": True,
        "development": ["emodb"],
        "exposure": [{"corpus": "emodb", "languages": ["de"], "kind": "emotion-labels",
                      "evidence": "paper"}],
    }
).encode()  # fmt: skip
DATABASE = b"""name: seg
languages: [deu]
license: CC0
schemes:
  emotion: {dtype: str, labels: [angry, happy, sad]}
  speaker: {dtype: str, labels: {ada: {gender: female}}}
tables:
  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
"""


class Unexpected(Exception):
    """The program ended with a code that is none of the documented ones."""


def called(folder: Path, *arguments: str) -> str:
    """Run the program in this process in a folder; raises what it would call its own failure."""
    lookup._owned.clear()
    before = os.getcwd()
    os.environ["MSERBENCH_CACHE"] = str(folder / "cache")
    out = io.StringIO()
    try:
        os.chdir(folder)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            main(["--debug", *arguments])
    except SystemExit as stopped:
        if stopped.code not in (None, 0, 1, 2, 3, 4):
            raise Unexpected(f"code {stopped.code}") from stopped
    except (MserbenchError, click.ClickException):
        pass
    finally:
        os.chdir(before)

    return out.getvalue()


def prepared(folder: Path) -> own_corpus.OwnCorpus:
    """Return the good corpus of a folder, made where it is not there yet; its table is remade."""
    corpus = own_corpus.OwnCorpus(folder) if (folder / "c").exists() else own_corpus.build(folder)
    if not corpus.rows:
        corpus.rows = [
            {"file": f"wav/{who}_{label}_{take}.wav", "emotion": label, "speaker": who}
            for who in own_corpus.SPEAKERS
            for label in own_corpus.LABELS
            for take in (1, 2)
        ]

    corpus.write()
    return corpus


def through(place: str, arguments: tuple[str, ...], folder: Path, data: bytes) -> None:
    """Put the bytes at a place of the good corpus and call the program."""
    prepared(folder)
    if not (folder / "p.csv").exists():
        (folder / "p.csv").write_bytes(PREDICTIONS)

    target = folder / place
    before = target.read_bytes() if target.exists() else None
    target.write_bytes(data)
    try:
        called(folder, *arguments)
    finally:
        target.unlink() if before is None else target.write_bytes(before)


def journalled(folder: Path, data: bytes) -> None:
    """Resume a run whose journal goes on with the bytes."""
    prepared(folder)
    run = ("run", "--model", "prior", "--task", "./t.toml", "--json")
    called(folder, *run)
    (record,) = (folder / "runs").rglob("run.json")
    place = record.parent
    key = json.loads((place / "run.json").read_text())["key"]
    (place / "run.json").unlink()
    (place / "journal.jsonl").write_bytes(
        json.dumps({"schema": 1, "key": key}).encode() + b"\n" + data
    )
    try:
        called(folder, *run)
    finally:
        called(folder, *run, "--fresh")


def recorded(file: str, folder: Path, data: bytes) -> None:
    """Compare a finished run whose record or predictions are the bytes."""
    through_run = folder / "x"
    if not through_run.exists():
        prepared(folder)
        run = ("run", "--model", "prior", "--task", "./t.toml", "--json")
        called(folder, *run)
        (record,) = (folder / "runs").rglob("run.json")
        record.parent.rename(through_run)

    good = (through_run / file).read_bytes()
    # A seed is not known before there is a run: the bytes are put somewhere into the good file.
    position = zlib.crc32(data) % len(good)
    data = good[:position] + data[:200] + good[position + len(data) % 40 :]
    (through_run / file).write_bytes(data)
    try:
        called(folder, "compare", "x", "x")
    finally:
        (through_run / file).write_bytes(good)


def parsed(name: str, file: str, folder: Path, data: bytes) -> None:
    """Parse the small tree of a corpus with one label file changed."""
    tree = memory.small(name)
    corpora.parse(lookup.corpus(name), replace(tree, changed={**tree.changed, file: data}))


def own_targets() -> dict[str, Target]:
    """Return the files of people and of other programs, each with the command that reads it."""
    verify, propose = (
        ("data", "verify", "./t.toml"),
        ("init-task", "c", "--out", "n.toml", "--force"),
    )
    score = ("score", "p.csv", "--task", "./t.toml", "--name", "m", "--out", "scored")
    table = own_corpus.OwnCorpus(Path())
    rows = [
        f"wav/{who}_{label}_1.wav,{label},{who}" for who in ("ada", "bob") for label in table.labels
    ]
    csv = "\n".join(["file,emotion,speaker", *rows]).encode()
    timed = csv.replace(b"speaker", b"start").replace(b",ada", b",0.1").replace(b",bob", b",0.2")
    lines = "\n".join(
        json.dumps(dict(zip(("file", "emotion", "speaker"), row.split(","), strict=True)))
        for row in rows
    ).encode()
    toml = (
        b'language = "de"\naudio = "c"\ntable = "c/labels.csv"\n[columns]\npath = "file"\n'
        b'label = "emotion"\nspeaker = "speaker"\n[labels]\nangry = "angry"\nhappy = "happy"\n'
        b'sad = "DROP"\n[select]\nspeaker = ["ada"]\n'
    )
    pattern = (
        b'language = "de"\naudio = "c"\n'
        b"pattern = 'wav/(?P<speaker>[a-z]+)_(?P<label>[a-z]+)_[0-9].wav'\n"
        b'[labels]\nangry = "angry"\nhappy = "happy"\nsad = "sad"\n'
    )
    split = b"id,part\n" + b"".join(
        line.split(b",")[0] + b",train\n" for line in PREDICTIONS.split(b"\n")[1:-1]
    )
    journal = json.dumps({"rows": [["wav/ada_angry_1", [0.1, 0.2, 0.7], ""]]}).encode() + b"\n"
    wav = "c/wav/ada_happy_1.wav"

    def at(place: str, arguments: tuple[str, ...], *seeds: bytes) -> Target:
        return Target(seeds, partial(through, place, arguments))

    patches = (b"[]", b'"', b"1e9", b"null", b"{}", b'"x": [', b"-1,", b"\\ud800", b"\n", b"0.1,")
    return {
        "toml": at("t.toml", verify, toml, pattern),
        "csv": at("c/labels.csv", verify, csv),
        "csv proposed": at("c/labels.csv", propose, csv, timed),
        "jsonl proposed": at("c/more.jsonl", propose, lines),
        "audformat header": at("c/db.yaml", propose, DATABASE),
        "audformat table": at(
            "c/db.emotion.csv", propose, b"file,emotion\nwav/ada_sad_1.wav,sad\n"
        ),
        "predictions": at("p.csv", score, PREDICTIONS),
        "card": at("card.json", (*score, "--card", "card.json"), CARD),
        "split": at("split.csv", ("audit", "split.csv", "--task", "./t.toml"), split),
        "journal": Target((journal,), journalled),
        "record": Target(patches, partial(recorded, "run.json")),
        "predictions of a run": Target(patches, partial(recorded, "predictions.csv")),
        **{
            f"audio {kind}": at(wav, verify, encoded(kind, 0.3))
            for kind in ("wav", "flac", "ogg", "aiff", "mp3")
        },
    }


IEMOCAP = "IEMOCAP_full_release/Session1/dialog"
LABEL_FILES = {
    "crema-d": ("processedResults/summaryTable.csv",),
    "iemocap": (
        f"{IEMOCAP}/EmoEvaluation/Ses01F_impro01.txt",
        f"{IEMOCAP}/transcriptions/Ses01F_impro01.txt",
    ),
    "meld": ("MELD.Raw/dev_sent_emo.csv", "MELD.Raw/train_sent_emo.csv"),
    "mosei": ("Raw/Transcript/Segmented/Combined/--qXJuDtHPw.txt",),
    "msp-podcast": ("Labels/labels_concensus.csv",),
    "resd": ("test.csv",),
    "shemo": ("modified_shemo.json", "final text/F01A01.ort"),
}


def all_targets() -> dict[str, Target]:
    """Return every target by name: own files first, then label files of corpora."""
    found = own_targets()
    for name, files in LABEL_FILES.items():
        for file in files:
            read: Callable[[Path, bytes], None] = partial(parsed, name, file)
            found[f"{name} {file.rpartition('/')[2]}"] = Target(
                (memory.small(name).read(file),), read
            )

    return found
