"""Croissant documents of every task: valid by the format's own library, true to the card, with
records where the licence lets them be passed on and in no other case.
"""

from __future__ import annotations

import hashlib
import json
import socket
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mserbench.data import corpus, licences, lookup
from mserbench.data.croissant import citation, document
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry
from tests.conftest import ROOT

# the library's own
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

Json = dict[str, Any]
TASKS = list(registry.entries(TaskEntry))
NO_DATE = 'Property "https://schema.org/datePublished" is recommended, but does not exist.'
SAMPLE = ROOT / "tasks/mserbench_tasks/sample"
# Those whose names alone tell ids and labels, by licence.
OPEN = ("cafe", "crema-d", "emodb", "ravdess", "resd")
CLOSED = ("aesdd", "emovo", "esd-zh", "mead", "shemo", "urdu-4", "demo-el")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Load by mlcroissant, without a network; returns the dataset, which is valid."""
    mlcroissant = pytest.importorskip(
        "mlcroissant", reason="the format's library is a package for development"
    )
    monkeypatch.setattr(
        socket.socket, "connect", lambda *arguments: pytest.fail("validation wants the network")
    )

    def from_json(content: Json | Path, warnings: tuple[str, ...] = (), **options: Any) -> Any:
        jsonld = content if isinstance(content, Path) else json.loads(json.dumps(content))
        dataset = mlcroissant.Dataset(jsonld=jsonld, **options)
        issues = dataset.metadata.ctx.issues
        assert not issues.errors
        assert {text.partition("] ")[2] for text in issues.warnings} == {*warnings}

        return dataset

    return from_json


def record_set(content: Json, name: str) -> Json:
    by_name: dict[str, Json] = {entry["@id"]: entry for entry in content["recordSet"]}
    return by_name[name]


def test_there_are_tasks() -> None:
    assert len(TASKS) >= 12


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_valid_and_tells_what_its_card_tells(
    name: str, load: Callable[..., Any]
) -> None:
    """A harvester that trusts the document must find licence, citation, labels and counts as
    published; and what it reads back must be what was written.
    """
    task = lookup.task(name)
    card = lookup.corpus(task.corpus).card
    described = document.describe(task)
    content = described.document
    dataset = load(content, () if citation.year(card.citation) else (NO_DATE,))
    assert (content["name"], content["conformsTo"][0]) == (
        name,
        "http://mlcommons.org/croissant/1.1",
    )
    assert content["citeAs"] == card.citation
    assert content["inLanguage"] == list(task.languages)
    assert task.hash in content["description"]
    labels = {
        record["labels/name"]: record.get("labels/clips") for record in dataset.records("labels")
    }
    assert labels == ({**task.counts} if task.counts else dict.fromkeys(task.labels))

    utterances = record_set(content, "utterances")
    assert bool(described.withheld) == ("data" not in utterances)
    assert described.withheld in utterances["description"]
    if not licences.lets_labels_be_passed_on(card.licence):
        assert card.licence in described.withheld
        assert "data" not in utterances


@pytest.mark.parametrize("name", OPEN)
def test_records_are_read_back_as_the_names_tell_them(name: str, load: Callable[..., Any]) -> None:
    from mserbench.data import dataset

    task = lookup.task(name)
    loaded = list(load(document.describe(task).document).records("utterances"))
    expected = [(clip.id, label) for clip, label in dataset.truth(task, None)]
    assert [(clip["utterances/id"], clip["utterances/label"]) for clip in loaded] == expected


@pytest.mark.parametrize("name", CLOSED)
def test_what_may_not_be_passed_on_is_in_no_line(name: str, cli: Callable[..., Any]) -> None:
    """The document of a closed corpus must give away neither its inventory nor who speaks; and the
    command must say so, else somebody looks for a fault.
    """
    done = cli("croissant", name)
    task = lookup.task(name)
    card = lookup.corpus(task.corpus).card
    names = corpus.inventory(card)
    assert names
    assert [name for name in names if f'"{name}' in done.out or f"{name}." in done.out] == []
    assert f'"{card.name}:' not in done.out
    assert done.code == 0
    assert done.err.startswith(f"{name}: no utterances are in it: the licence of corpus ")
    assert done.err.count("\n") == 1
    assert json.loads(done.out)["name"] == name


def test_the_records_of_the_sample_are_those_of_its_files(
    cli: Callable[..., Any], load: Callable[..., Any], tmp_path: Path
) -> None:
    """It is free and here whole: what the format's library reads is what the package holds."""
    out = tmp_path / "emodb-sample.json"
    assert cli("croissant", "emodb-sample", "--out", out).err == ""
    assert cli("croissant", "emodb-sample").out == out.read_text("utf-8"), "the same bytes"
    records = list(load(out).records("utterances"))
    files = {path.name: path for path in SAMPLE.iterdir()}
    assert {record["utterances/file"] for record in records} == {*files}
    for record in records:
        path = files[record["utterances/file"]]
        sound = soundfile.info(path)
        assert record["utterances/sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert record["utterances/seconds"] == pytest.approx(sound.duration, abs=1e-3)
        assert record["utterances/speaker"] == f"emodb:{path.name[:2]}"

    assert {*Counter(record["utterances/label"] for record in records).values()} == {10}
    content = json.loads(out.read_text("utf-8"))
    assert content["distribution"] == [
        {
            "@type": "cr:FileSet",
            "@id": "recordings",
            "name": "recordings",
            "description": "The recordings, in a folder of the package that ships them.",
            "encodingFormat": ["audio/flac"],
            "includes": ["*.flac"],
        }
    ], "the archive that it was taken from does not hold these files"


def test_who_made_it_and_when_is_what_the_citation_says() -> None:
    content = document.describe(lookup.task("ravdess")).document
    assert content["creator"] == [
        {"@type": "sc:Person", "name": "S. R. Livingstone"},
        {"@type": "sc:Person", "name": "F. A. Russo"},
    ]
    assert content["datePublished"] == "2018"
    assert content["isLiveDataset"] is False
    assert content["license"] == "https://creativecommons.org/licenses/by-nc-sa/4.0/"
    assert document.describe(lookup.task("demo-el")).document["creator"] == [
        {"@type": "sc:Organization", "name": "mserbench"}
    ]
    for name in registry.entries(CorpusEntry):
        card = lookup.corpus(name).card
        assert citation.authors(card.citation) or card.access == "generated"


def test_the_page_of_the_same_recordings_is_named_only_where_the_task_takes_all() -> None:
    page = "https://huggingface.co/datasets/Aniemore/resd"
    assert document.describe(lookup.task("resd")).document["sameAs"] == page
    assert "sameAs" not in document.describe(lookup.task("resd-6")).document


@pytest.mark.parametrize(
    ("text", "names", "year"),
    [
        ("A. Author, 2020", ("A. Author",), "2020"),
        ("C.-C. Lee and P. Jamshid Lou, A Title", ("C.-C. Lee", "P. Jamshid Lou"), None),
        ("A. First, B. Second et al., A Title, 2020", (), "2020"),
        ("The makers, pp. 1999-2004, 2020", (), None),
        ("", (), None),
    ],
)
def test_a_citation_that_cannot_be_read_names_nobody(
    text: str, names: tuple[str, ...], year: str | None
) -> None:
    """Half a list of authors would pass for all of them."""
    assert (citation.authors(text), citation.year(text)) == (names, year)


def test_raw_labels_stand_beside_what_they_mean() -> None:
    labels = record_set(document.describe(lookup.task("emodb-4")).document, "labels")
    assert labels["data"] == [
        {"labels/name": "neutral", "labels/raw": "N", "labels/clips": 79},
        {"labels/name": "happy", "labels/raw": "F", "labels/clips": 71},
        {"labels/name": "sad", "labels/raw": "T", "labels/clips": 62},
        {"labels/name": "angry", "labels/raw": "W", "labels/clips": 127},
    ]
    assert labels["dataType"] == "sc:Enumeration"
    assert labels["description"] == "The closed set of labels, in order. Left out: E, A, L."


def test_a_part_of_a_task_is_counted_from_the_names(load: Callable[..., Any]) -> None:
    content = document.describe(lookup.task("ravdess:emobox.1")).document
    dataset = load(content)
    labels = record_set(content, "labels")["data"]
    assert [(label["labels/name"], label["labels/clips"]) for label in labels] == [
        ("neutral", 16), ("happy", 32), ("sad", 32), ("angry", 32), ("surprise", 32), ("disgust",
        32), ("fear", 32),
    ]  # fmt: skip
    assert len(list(dataset.records("utterances"))) == sum(
        label["labels/clips"] for label in labels
    )


FILES = """
    from mserbench import Remote

    def parse(tree):
        for path, stem in tree.audio("wav"):
            yield Utterance(stem, path, "x" if stem < "b" else "y", None, "en", split="train" if stem < "c" else "test")

    FILED = Corpus(CorpusCard(
        name="filed", title="Filed", languages=("en",), speakers=None, licence="LICENCE", access="open",
        source="a talk", how_to_get="ask", unpack="", citation="A. Author, 2020", counts={"all": {"x": 1, "y": 2}},
        files=(
            Remote("https://example.org/records/1/files/speech%20one.zip/content", "md5:HASH", 1_000),
            Remote("https://example.org/labels.csv?download=1", "sha256:" + "1" * 64, 20),
        )), parse)
    TASKED = Task("tasked", "Tasked", "filed", ("en",), ("x", "y"), {"x": "x", "y": "y"}, version=3)
"""


@pytest.fixture
def filed(plugin: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Install a corpus of three files, and an archive of them; returns the data folder."""

    def install(licence: str = "CC BY-NC-SA 4.0") -> Path:
        folder = tmp_path / "data/filed"
        folder.mkdir(parents=True)
        with zipfile.ZipFile(tmp_path / "speech.zip", "w") as archive:
            for number, name in enumerate(("a.wav", "b.WAV", "c.wav")):
                soundfile.write(
                    folder / name, np.full(1_600 * (number + 1), 0.1), 16_000, format="WAV"
                )
                archive.write(folder / name, f"in/{name}")

        md5 = hashlib.md5((tmp_path / "speech.zip").read_bytes()).hexdigest()
        code = FILES.replace("LICENCE", licence).replace("HASH", md5)
        plugin(code, corpora=("FILED",), tasks=("TASKED",))

        return tmp_path / "data"

    return install


def test_files_of_an_open_corpus_are_named_with_hash_and_size(
    filed: Callable[..., Path], load: Callable[..., Any], tmp_path: Path
) -> None:
    filed()
    described = document.describe(lookup.task("tasked"))
    content = described.document
    load(content)
    archive, table, recordings = content["distribution"]
    assert archive == {
        "@type": "cr:FileObject",
        "@id": "speech%20one.zip",
        "name": "speech one.zip",
        "contentUrl": "https://example.org/records/1/files/speech%20one.zip/content",
        "contentSize": "1000 B",
        "encodingFormat": "application/zip",
        "md5": hashlib.md5((tmp_path / "speech.zip").read_bytes()).hexdigest(),
    }
    assert (table["name"], table["encodingFormat"], table["sha256"]) == (
        "labels.csv",
        "text/csv",
        "1" * 64,
    )
    assert recordings["includes"] == ["**/*.flac", "**/*.m4a", "**/*.mp3", "**/*.mp4", "**/*.wav"]
    assert recordings["containedIn"] == [{"@id": "speech%20one.zip"}]
    assert content["version"] == "3.0.0"
    assert "url" not in content, "a source that is no address must not pass for one"
    assert "give its folder by --data" in described.withheld, "no inventory tells its labels"


def test_the_sound_comes_out_of_the_archive(
    filed: Callable[..., Path], load: Callable[..., Any], tmp_path: Path
) -> None:
    """Records and audio join by the name of the file, as a reader would do it."""
    data = filed()
    content = document.describe(lookup.task("tasked"), data).document
    # The pattern is in small letters, as patterns of the format are.
    dataset = load(content, mapping={"speech%20one.zip": tmp_path / "speech.zip"})
    sounds = {clip["clips/name"].decode(): clip["clips/audio"] for clip in dataset.records("clips")}
    records = {
        record["utterances/file"]: record["utterances/sha256"]
        for record in dataset.records("utterances")
    }
    assert sounds
    for name, sound in sounds.items():
        assert hashlib.sha256(sound).hexdigest() == records[name]


def test_with_data_types_counts_and_lengths_are_those_of_the_files(
    cli: Callable[..., Any], filed: Callable[..., Path], load: Callable[..., Any], tmp_path: Path
) -> None:
    data = filed()
    done = cli("croissant", "tasked", "--data", data)
    content = json.loads(done.out)
    assert done.code == 0
    assert content["distribution"][-1]["includes"] == ["**/*.wav"]
    assert record_set(content, "labels")["data"] == [
        {"labels/name": "x", "labels/raw": "x", "labels/clips": 1},
        {"labels/name": "y", "labels/raw": "y", "labels/clips": 2},
    ]
    records = list(load(content).records("utterances"))
    assert [record["utterances/seconds"] for record in records] == [0.1, 0.2, 0.3]
    assert [record["utterances/split"] for record in records] == ["train", "train", "test"]
    assert "utterances/text" not in records[0], "what no clip has is no field"
    assert record_set(content, "splits")["data"] == [
        {"splits/name": "test", "splits/url": "cr:TestSplit"},
        {"splits/name": "train", "splits/url": "cr:TrainingSplit"},
    ]
    out = tmp_path / "deep/tasked.json"
    done = cli("croissant", "tasked", "--data", data, "--out", out)
    assert (done.code, done.out) == (0, f"tasked: written to {out}\n")
    assert json.loads(out.read_text("utf-8")) == content


def test_data_at_hand_does_not_open_what_a_licence_closes(
    cli: Callable[..., Any], filed: Callable[..., Path]
) -> None:
    """That whoever runs the command has the corpus does not let others have its labels."""
    data = filed("free for research; a mirror states CC BY 4.0")
    (data / "filed/a.wav").write_bytes(b"")  # no audio is opened either
    done = cli("croissant", "tasked", "--data", data)
    content = json.loads(done.out)
    assert "data" not in record_set(content, "utterances")
    assert record_set(content, "labels")["data"][1]["labels/clips"] == 2
    assert content["distribution"][-1]["includes"] == ["**/*.wav"]
    assert content["license"] == {
        "@type": "sc:CreativeWork",
        "name": "free for research; a mirror states CC BY 4.0",
    }
    assert "splits" not in {entry["@id"] for entry in content["recordSet"]}
    assert "(free for research; a mirror states CC BY 4.0)" in done.err


def test_converted_files_are_not_said_to_lie_in_the_archive(
    build_corpus: Callable[..., Path], load: Callable[..., Any]
) -> None:
    """The archive holds the published WAV files: a reader would look there for FLAC in vain."""
    assert record_set(document.describe(lookup.task("emodb")).document, "clips")
    data = build_corpus("emodb")
    for path in (data / "emodb/wav").iterdir():
        path.rename(path.with_suffix(".flac"))  # what it holds is told by its first bytes

    content = document.describe(lookup.task("emodb-4"), data).document
    load(content)
    assert content["distribution"][-1]["includes"] == ["**/*.flac"]
    assert "containedIn" not in content["distribution"][-1]
    assert "clips" not in {entry["@id"] for entry in content["recordSet"]}


OWN = """
name = "NAME"
language = "de"
audio = "AUDIO"
licence = "LICENCE"
pattern = '(?P<speaker>\\d\\d)....?(?P<label>[FNTW])(?P<take>.)\\.flac'

[labels]
F = "happy"
N = "neutral"
T = "sad"
W = "angry"
"""


@pytest.mark.parametrize(("licence", "n_records"), [("CC-BY-SA-4.0", 40), ("mine", 0)])
def test_a_corpus_of_ones_own_is_treated_as_any_other(
    cli: Callable[..., Any],
    load: Callable[..., Any],
    tmp_path: Path,
    licence: str,
    n_records: int,
) -> None:
    settings = OWN.replace("AUDIO", str(SAMPLE)).replace("LICENCE", licence)
    # Another name for each, as a process takes a name to mean one file.
    settings = settings.replace("NAME", f"own-{licence.lower()[:5]}")
    (tmp_path / "mine.toml").write_text(settings)
    done = cli("croissant", tmp_path / "mine.toml")
    content = json.loads(done.out)
    load(content, (NO_DATE, *NO_CITATION))
    assert len(record_set(content, "utterances").get("data", [])) == n_records
    assert str(tmp_path) not in done.out, "no path of the machine goes out"
    assert ("03a01" in done.out) == bool(n_records)
    assert bool(done.err) == (not n_records)


NO_CITATION = (
    'Property "http://mlcommons.org/croissant/citeAs" is recommended, but does not exist.',
)


def test_errors_are_sentences(cli: Callable[..., Any], filed: Callable[..., Path]) -> None:
    data = filed()
    assert cli("croissant", "taskd").code == 2
    (data / "filed/c.wav").unlink()
    done = cli("croissant", "tasked", "--data", data)
    assert (done.code, done.out) == (3, "")
    assert "2 utterances were found, 3 expected" in done.err
    assert cli("croissant", "iemocap-4", "--data", data).code == 3


@pytest.mark.parametrize(
    ("text", "addresses", "passed_on"),
    [
        ("CC BY 4.0", ("https://creativecommons.org/licenses/by/4.0/",), True),
        ("CC-BY-NC-4.0", ("https://creativecommons.org/licenses/by-nc/4.0/",), True),
        ("CC BY-NC-SA 4.0", ("https://creativecommons.org/licenses/by-nc-sa/4.0/",), True),
        ("CC BY-NC-ND 4.0", ("https://creativecommons.org/licenses/by-nc-nd/4.0/",), False),
        ("CC0-1.0", ("https://spdx.org/licenses/CC0-1.0",), True),
        ("MIT", ("https://spdx.org/licenses/MIT",), True),
        ("free for research; a mirror states CC BY 4.0", (), False),
        ("CC BY 4.0, but", (), False),
        ("CC BY 4.0\n", (), False),
        ("unknown", (), False),
        ("", (), False),
    ],
)
def test_only_a_licence_known_by_its_name_lets_labels_go(
    text: str, addresses: tuple[str, ...], passed_on: bool
) -> None:
    assert licences.addresses(text) == addresses
    assert licences.lets_labels_be_passed_on(text) is passed_on
