"""Croissant metadata of every task: valid by the format's own checker, true to the card, without
any record.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mserbench.data import croissant, lookup
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import TaskEntry

# the checker's own
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

TASKS = list(registry.entries(TaskEntry))
NO_DATE = 'Property "https://schema.org/datePublished" is recommended, but does not exist.'


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Any]:
    """Validate by mlcroissant, without a network; what it only warns of is returned with the
    dataset.
    """
    mlcroissant = pytest.importorskip(
        "mlcroissant", reason="the checker is a package for development"
    )
    monkeypatch.setattr(
        socket.socket, "connect", lambda *arguments: pytest.fail("validation wants the network")
    )

    def check(record: dict[str, Any]) -> Any:
        dataset = mlcroissant.Dataset(jsonld=json.loads(json.dumps(record)))
        assert not dataset.metadata.ctx.issues.errors
        warnings = {text.partition("] ")[2] for text in dataset.metadata.ctx.issues.warnings}
        assert warnings == {NO_DATE}, (
            "cards hold no date of publication, which must not be guessed; all else is there"
        )

        return dataset

    return check


def test_there_are_tasks() -> None:
    assert len(TASKS) >= 12


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_valid_and_tells_what_its_card_tells(
    name: str, validated: Callable[..., Any]
) -> None:
    """A harvester that trusts the record must find licence, citation, labels and counts as
    published.
    """
    task = lookup.task(name)
    card = lookup.corpus(task.corpus).card
    record = croissant.metadata(task)
    dataset = validated(record)
    assert (record["name"], record["conformsTo"]) == (name, "http://mlcommons.org/croissant/1.0")
    assert record["citeAs"] == card.citation
    assert record["inLanguage"] == list(task.languages)
    assert task.hash in record["description"]
    labels = {
        record["labels/name"]: record.get("labels/clips") for record in dataset.records("labels")
    }
    assert labels == ({**task.counts} if task.counts else dict.fromkeys(task.labels))
    utterances = next(
        record_set for record_set in record["recordSet"] if record_set["@id"] == "utterances"
    )
    assert "data" not in utterances, "names and labels of a corpus are its publisher's to give"


def test_no_record_holds_a_name_of_an_utterance() -> None:
    """The metadata of a closed corpus must not give away its inventory."""
    from mserbench.data import corpus

    for name in ("esd-zh", "mead", "emodb", "shemo-corrected"):
        task = lookup.task(name)
        text = json.dumps(croissant.metadata(task), ensure_ascii=False)
        names = corpus.inventory(lookup.corpus(task.corpus).card)
        assert names
        assert [name for name in names if name in text] == []


def test_raw_labels_stand_beside_what_they_mean() -> None:
    labels = next(
        record_set
        for record_set in croissant.metadata(lookup.task("emodb-4"))["recordSet"]
        if record_set["@id"] == "labels"
    )
    assert labels["data"] == [
        {"labels/name": "neutral", "labels/raw": "N", "labels/clips": 79},
        {"labels/name": "happy", "labels/raw": "F", "labels/clips": 71},
        {"labels/name": "sad", "labels/raw": "T", "labels/clips": 62},
        {"labels/name": "angry", "labels/raw": "W", "labels/clips": 127},
    ]
    assert labels["dataType"] == "sc:Enumeration"
    assert labels["description"] == "The closed set of labels, in order. Left out: E, A, L."


def test_a_part_of_a_task_is_counted_from_the_names(validated: Callable[..., Any]) -> None:
    record = croissant.metadata(lookup.task("ravdess:emobox.1"))
    validated(record)
    labels = next(
        record_set for record_set in record["recordSet"] if record_set["@id"] == "labels"
    )["data"]
    assert [(label["labels/name"], label["labels/clips"]) for label in labels] == [
        ("neutral", 16), ("happy", 32), ("sad", 32), ("angry", 32), ("surprise", 32), ("disgust",
        32), ("fear", 32),
    ]  # fmt: skip


FILES = """
    from mserbench import Remote

    def parse(tree):
        for path, stem in tree.audio("ogg"):
            yield Utterance(stem, path, "x" if stem < "b" else "y", None, "en")

    FILED = Corpus(CorpusCard(
        name="filed", title="Filed", languages=("en",), speakers=None, licence="CC BY-NC-SA 4.0", access="open",
        source="a talk", how_to_get="ask", unpack="", citation="A. Author, 2020", counts={"all": {"x": 1, "y": 2}},
        files=(
            Remote("https://example.org/records/1/files/speech%20one.zip/content", "md5:" + "0" * 32, 1_000),
            Remote("https://example.org/labels.csv?download=1", "sha256:" + "1" * 64, 20),
        )), parse)
    TASKED = Task("tasked", "Tasked", "filed", ("en",), ("x", "y"), {"x": "x", "y": "y"}, version=3)
"""


@pytest.fixture
def filed(plugin: Callable[..., Path], tmp_path: Path) -> Path:
    plugin(FILES, corpora=("FILED",), tasks=("TASKED",))
    (tmp_path / "data/filed").mkdir(parents=True)
    for name in ("a.ogg", "b.OGG", "c.ogg"):
        (tmp_path / "data/filed" / name).touch()

    return tmp_path / "data"


def test_files_of_an_open_corpus_are_named_with_hash_and_size(
    filed: Path, validated: Callable[..., Any]
) -> None:
    record = croissant.metadata(lookup.task("tasked"))
    validated(record)
    archive, table, recordings = record["distribution"]
    assert archive == {
        "@type": "cr:FileObject",
        "@id": "speech%20one.zip",
        "name": "speech one.zip",
        "contentUrl": "https://example.org/records/1/files/speech%20one.zip/content",
        "contentSize": "1000 B",
        "encodingFormat": "application/zip",
        "md5": "0" * 32,
    }
    assert (table["name"], table["encodingFormat"], table["sha256"]) == (
        "labels.csv",
        "text/csv",
        "1" * 64,
    )
    assert recordings["includes"] == ["**/*.flac", "**/*.m4a", "**/*.mp3", "**/*.mp4", "**/*.wav"]
    assert recordings["containedIn"] == [{"@id": "speech%20one.zip"}]
    assert record["license"] == "https://creativecommons.org/licenses/by-nc-sa/4.0/"
    assert record["version"] == "3.0.0"
    assert "url" not in record, "a source that is no address must not pass for one"


def test_with_data_the_types_and_counts_are_those_of_the_files(
    cli, filed: Path, tmp_path: Path
) -> None:
    done = cli("croissant", "tasked", "--data", filed)
    record = json.loads(done.out)
    assert done.code == 0
    assert record["distribution"][-1]["includes"] == ["**/*.ogg"]
    assert record["recordSet"][0]["data"] == [
        {"labels/name": "x", "labels/raw": "x", "labels/clips": 1},
        {"labels/name": "y", "labels/raw": "y", "labels/clips": 2},
    ]
    out = tmp_path / "deep/tasked.json"
    done = cli("croissant", "tasked", "--data", filed, "--out", out)
    assert (done.code, done.out) == (0, f"tasked: written to {out}\n")
    assert json.loads(out.read_text("utf-8")) == record


def test_errors_are_sentences(cli, filed: Path) -> None:
    assert cli("croissant", "taskd").code == 2
    (filed / "filed/c.ogg").unlink()
    done = cli("croissant", "tasked", "--data", filed)
    assert (done.code, done.out) == (3, "")
    assert "2 utterances were found, 3 expected" in done.err
    assert cli("croissant", "iemocap-4", "--data", filed).code == 3


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC BY-NC-SA 4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("CC0-1.0", "https://spdx.org/licenses/CC0-1.0"),
        ("MIT", "https://spdx.org/licenses/MIT"),
        (
            "free for research; a mirror states CC BY 4.0",
            "free for research; a mirror states CC BY 4.0",
        ),
        ("CC BY 4.0, but", "CC BY 4.0, but"),
    ],
)
def test_only_a_licence_known_by_its_name_becomes_an_address(text: str, address: str) -> None:
    assert croissant.licence_url(text) == address
