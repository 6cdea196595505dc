"""No clip that systems are tested on gets into a set, nor speech made from one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_sources import sound, write_source
from made_translators import CODE

from mserbench.data import lookup
from mserbench.engine.base import Workers
from mserbench.engine.threads import Threads
from mserbench.errors import DataError, UsageError
from mserbench_m5ser import verifying
from mserbench_m5ser.building import building
from mserbench_m5ser.building.building import build
from mserbench_m5ser.building.protected import LANGUAGES, PARTS, as_spoken, check_targets
from mserbench_m5ser.building.request import Request
from mserbench_m5ser.building.sources import SPELLINGS

TURNS = {"1": ("neu", "ang", "sad", "hap", "fru"), "5": ("neu", "ang", "sad", "exc")}


@pytest.fixture(autouse=True)
def standin(plugin: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the stand-in translator; what it is asked is done in this process."""
    plugin(CODE)
    monkeypatch.setattr(lookup, "_owned", {})
    threads = Workers(1, "threads")
    monkeypatch.setattr(building, "engine_asked", lambda *order: Threads(threads))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with nine turns of IEMOCAP, of its sessions 1 and 5."""
    for session, labels in TURNS.items():
        dialogue, lines = f"Ses0{session}F_impro01", []
        folder = tmp_path / f"data/iemocap/Session{session}"
        turns = folder / "sentences/wav" / dialogue
        turns.mkdir(parents=True)
        for number, label in enumerate(labels):
            turn = f"{dialogue}_F{number:03d}"
            lines.append(f"[{number}.0 - {number}.9]\t{turn}\t{label}\t[2.5, 2.5, 2.5]")
            wave = sound(100 * int(session) + number, 0.9)
            soundfile.write(turns / f"{turn}.wav", wave, 16_000, "PCM_16")

        evaluation = folder / "dialog/EmoEvaluation"
        evaluation.mkdir(parents=True)
        (evaluation / f"{dialogue}.txt").write_text("\n\n".join(lines) + "\n")

    return tmp_path / "data"


def request(*sources: object, languages: tuple[str, ...] = ("fr",)) -> Request:
    return Request(tuple(map(str, sources)), languages, "standin", allow_partial=True)


def test_training_clips_of_iemocap_get_in_and_its_session_five_does_not(
    data: Path, tmp_path: Path
) -> None:
    built = build(request("iemocap:train"), tmp_path / "set", data)
    (source,) = built.manifest["asked"]["sources"]

    assert (source["corpus"], source["clips"]) == ("iemocap", 4)
    assert source["dropped_by_label_map"] == {"fru": 1}
    assert "iemocap, session 5" not in built.manifest["compared_by_id_only"]
    # 0.9 s are 28,844 bytes: over the 20 KB of IEMOCAP.
    assert built.manifest["became"]["by_source"]["iemocap"]["clips"] == 4
    assert verifying.verify(built.folder, data).problems == ()


@pytest.mark.parametrize("source", ["iemocap", "iemocap-7:sessions.5", "iemocap-4"])
def test_a_tested_part_is_refused_by_its_ids(data: Path, tmp_path: Path, source: str) -> None:
    words = r"clip\(s\) of iemocap, session 5, which systems are tested on.*give 'iemocap:train'"
    with pytest.raises(DataError, match=words):
        build(request(source), tmp_path / "set", data)


def test_a_planted_test_clip_is_refused_by_its_audio(data: Path, tmp_path: Path) -> None:
    planted = write_source(tmp_path, [0.9, 0.9, 0.9], labels=("angry", "sad"))
    turn = data / "iemocap/Session5/sentences/wav/Ses05F_impro01/Ses05F_impro01_F001.wav"
    shutil.copy(turn, tmp_path / "calls/1.wav")

    with pytest.raises(DataError, match=r"holds 1 clip\(s\) of iemocap, session 5.*'calls:c00001'"):
        build(request(planted), tmp_path / "set", data)


@pytest.mark.parametrize(
    "origin",
    ["iemocap:Ses05F_impro01_F001", "meld:test/dia0_utt0", "shemo:F01A01", "aesdd:a01 (1)"],
)
def test_a_translation_of_a_test_clip_is_refused(tmp_path: Path, origin: str) -> None:
    """The corpora need not be here: their names tell."""
    translated = write_source(tmp_path, [0.9] * 4, origins={2: origin})
    with pytest.raises(DataError, match=re.escape(f"'calls:c00002', made from '{origin}'")):
        build(request(translated), tmp_path / "set")


def test_a_translation_of_a_training_clip_is_known_by_the_first_recording(tmp_path: Path) -> None:
    translated = write_source(tmp_path, [0.9] * 2, origins={1: "iemocap:Ses01F_impro01_F000"})
    built = build(request(translated), tmp_path / "set")
    rows = [
        row for shard in (built.folder / "data").iterdir() for row in verifying.shards.rows(shard)
    ]

    assert [row["derived_from"] for row in rows] == ["calls:c00000", "iemocap:Ses01F_impro01_F000"]
    assert 'derived_corpora = ["calls", "iemocap"]' in (built.folder / "corpus.toml").read_text()


def test_doubles_of_the_publisher_are_left_out(data: Path, tmp_path: Path) -> None:
    """Its own training part may hold a recording of its test part: that is no fault of a user."""
    wav = data / "iemocap/Session{0}/sentences/wav/Ses0{0}F_impro01/Ses0{0}F_impro01_F00{1}.wav"
    shutil.copy(str(wav).format(5, 0), str(wav).format(1, 3))
    (source,) = build(request("iemocap:train"), tmp_path / "set", data).manifest["asked"]["sources"]

    assert source["dropped"] == {"the same recording as a clip of iemocap, session 5": 1}
    assert source["clips"] == 3


def test_ids_of_tested_parts_are_those_of_their_tasks(data: Path) -> None:
    """What the patterns say of an id must be what the division says of its utterance."""
    part = next(part for part in PARTS if part.corpus == "iemocap")
    source = lookup.corpus("iemocap")
    ids = [f"Ses0{session}F_impro01_F000" for session in "12345"]
    assert [bool(part.ids.fullmatch(identity)) for identity in ids] == [False] * 4 + [True]
    assert source.card.divisions["sessions"].kind == "folds"
    assert lookup.task(part.tasks[0]).part == "sessions.5"
    assert lookup.task(SPELLINGS["iemocap:train"]).part == "sessions.not-5"

    meld = next(part for part in PARTS if part.corpus == "meld")
    assert lookup.task(meld.tasks[0]).part == "official.test"
    assert [
        bool(meld.ids.fullmatch(f"{split}/dia0_utt3")) for split in ("train", "dev", "test")
    ] == [
        False,
        False,
        True,
    ]


def test_the_languages_of_the_test_are_those_of_its_corpora() -> None:
    assert {language: lookup.task(task).languages for language, task in LANGUAGES.items()} == {
        "fa": ("fa",),
        "ru": ("ru",),
        "el": ("el",),
    }


@pytest.mark.parametrize(
    ("targets", "protect", "words"),
    [
        (("fr", "fa"), (), "'fa' is one that systems are tested on .shemo."),
        (("pes",), (), "'pes' is one that systems are tested on"),
        (("rus",), (), "tested on .resd."),
        (("el-GR",), (), "tested on .aesdd."),
        (("fr", "de"), ("deu",), "'de' is in --protect"),
        (("fr", "en"), (), "'en' is that of the sources"),
        (("pl",), (), "'pl' is none that the translator speaks"),
        (("xx",), (), "is no language"),
        (("fr",), ("french",), "is no language"),
    ],
)
def test_languages_that_may_not_be_spoken(
    targets: tuple[str, ...], protect: tuple[str, ...], words: str
) -> None:
    spoken = ("fr", "de", "it", "cmn", "es", "fa", "ru", "el", "en")
    with pytest.raises(UsageError, match=words):
        check_targets(targets, spoken, ["en-US"], protect)

    check_targets(("fr", "zh"), spoken, ["en"], ("pl",))


def test_languages_are_called_as_their_translator_calls_them() -> None:
    assert as_spoken(("zho", "fr-CA", "de"), ("fr", "de", "cmn")) == ("cmn", "fr", "de")
    with pytest.raises(UsageError, match="names a language twice"):
        as_spoken(("zh", "cmn"), ("cmn",))


def tampered(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change the first row of the first shard of a set."""
    import pyarrow
    from pyarrow import parquet

    path = min((folder / "data").iterdir())
    table = parquet.read_table(path)
    rows = table.to_pylist()
    change(rows[0])
    parquet.write_table(pyarrow.Table.from_pylist(rows, table.schema), path)


def silent(row: dict[str, object]) -> None:
    from mserbench_m5ser.building import flac

    row["audio"] = {"bytes": flac.encoded(np.zeros(8_000, dtype=np.int16)), "path": "x.flac"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: row.update(emotion="joy"), "label 'joy' is none of the seven"),
        (lambda row: row.update(language="fa"), "language 'fa' is one that systems are tested on"),
        (lambda row: row.update(id="calls/c00001/fr"), "an id is there twice"),
        (
            lambda row: row.update(derived_from="meld:test/dia1_utt1"),
            "made from, one of meld, test",
        ),
        (lambda row: row.update(derived_from=None), "does not say what it was made from"),
        (silent, "the audio is not that of the row's key"),
        (lambda row: row.update(seconds=9.0), "the audio is not as long as the row says"),
        (lambda row: row.update(audio={"bytes": b"none", "path": ""}), "audio cannot be decoded"),
    ],
)
def test_what_is_wrong_with_a_set_is_told(
    tmp_path: Path,
    change: Callable[[dict[str, object]], None],
    words: str,
    cli: Callable[..., object],
) -> None:
    folder = build(request(write_source(tmp_path, [0.9] * 4)), tmp_path / "set").folder
    tampered(folder, change)
    done = cli("m5ser", "verify", folder)

    assert done.code == 1, done.err
    assert words in done.out.replace("\n", " ")
    assert "a shard is not the one of the manifest, by its SHA-256" in done.out


def test_absent_and_strange_files_of_a_set_are_told(
    tmp_path: Path, cli: Callable[..., object]
) -> None:
    folder = build(request(write_source(tmp_path, [0.9] * 4)), tmp_path / "set").folder
    (folder / "data/fr-00000.parquet").rename(folder / "data/fr-00007.parquet")
    printed = cli("m5ser", "verify", folder).out
    assert "a shard of the manifest is absent: 'data/fr-00000.parquet'" in printed
    assert "a shard is in no manifest: 'data/fr-00007.parquet'" in printed

    (folder / "data/fr-00007.parquet").write_bytes(b"PAR1 and nothing")
    (folder / "data/fr-00007.parquet").rename(folder / "data/fr-00000.parquet")
    assert "a shard cannot be read" in cli("m5ser", "verify", folder).out

    (folder / "m5ser.json").write_text("{}")
    assert cli("m5ser", "verify", folder).code == 3
    assert cli("m5ser", "verify", tmp_path / "none").code == 3
