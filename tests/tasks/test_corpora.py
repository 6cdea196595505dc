"""Every corpus and task of the registry: complete cards, pure parsers, frozen counts, real labels where they are."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench import corpus, dataset, registry
from mserbench.contracts import Corpus, Utterance
from mserbench.errors import DataError
from mserbench.hookspecs import CorpusEntry, TaskEntry
from mserbench.labels import CANONICAL, DROP

CORPORA = sorted(registry.entries(CorpusEntry))
TASKS = sorted(registry.entries(TaskEntry))
REAL = ("ravdess", "emodb", "emovo", "aesdd")

by_corpus = pytest.mark.parametrize("name", CORPORA)
by_task = pytest.mark.parametrize("name", TASKS)


@dataclass(frozen=True)
class Names:
    """A tree of names alone: a parser that opens anything fails."""

    names: Sequence[str]

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        for name in self.names:
            path = PurePosixPath(name)
            if path.suffix.lower().lstrip(".") in {*suffixes, "flac"}:
                yield name, path.stem

    def read(self, name: str) -> bytes:
        raise AssertionError(f"{name} was opened")


def parsed(source: Corpus, names: Sequence[str]) -> list[Utterance]:
    return list(source.parse(Names(names)))


def expected_names(source: Corpus, suffix: str = "flac") -> list[str]:
    return [f"{stem}.{suffix}" for stem in corpus.inventory(source.card)]


# Every corpus


@by_corpus
def test_a_card_is_complete(name: str) -> None:
    card = registry.corpus(name).card
    for field in ("title", "licence", "source", "how_to_get", "unpack", "citation"):
        assert len(getattr(card, field)) > 3, f"{field} is missing"
    assert card.source.startswith(("http://", "https://"))
    assert card.languages
    assert all(2 <= len(code) <= 3 and code.islower() for code in card.languages)
    assert card.counts
    assert card.synthetic == card.name.startswith("demo")
    entry = registry.entries(CorpusEntry)[name]
    assert entry.languages == card.languages, "the listing says other languages than the card"


@by_corpus
def test_the_inventory_gives_the_counts_of_the_card(name: str) -> None:
    source = registry.corpus(name)
    utterances = parsed(source, expected_names(source))
    assert corpus.histogram(utterances) in [dict(sorted(counts.items())) for counts in source.card.counts.values()]
    assert sorted({utterance.language for utterance in utterances}) == sorted(source.card.languages)
    assert len({utterance.speaker for utterance in utterances}) == source.card.speakers


@by_corpus
def test_ids_are_unique_and_the_inventory_s(name: str) -> None:
    source = registry.corpus(name)
    ids = [utterance.id for utterance in parsed(source, expected_names(source))]
    assert len(ids) == len(set(ids))
    assert sorted(ids) == list(corpus.inventory(source.card))


@by_corpus
def test_parsing_is_pure_and_blind_to_order_folders_and_extension(name: str) -> None:
    source = registry.corpus(name)
    names = expected_names(source)
    plain = {utterance.id: utterance for utterance in parsed(source, names)}
    assert {utterance.id: utterance for utterance in parsed(source, names)} == plain, "two passes differ"
    shuffled = random.Random(0).sample(names, len(names))
    assert {utterance.id: utterance for utterance in parsed(source, shuffled)} == plain
    nested = [f"some folder/(1)/{one}" for one in names]
    if source.card.access != "generated":
        nested = [one.replace(".flac", ".WAV") for one in nested]
    for utterance in parsed(source, nested):
        twin = plain[utterance.id]
        assert (utterance.raw_label, utterance.speaker, utterance.text) == (twin.raw_label, twin.speaker, twin.text)


@by_corpus
def test_one_file_more_or_less_changes_no_other_utterance(name: str) -> None:
    source = registry.corpus(name)
    names = expected_names(source)
    assert parsed(source, names[1:]) == parsed(source, names)[1:]


@by_corpus
@settings(max_examples=40, deadline=None)
@given(
    stems=st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), max_size=5)
)
def test_strange_names_are_no_utterances(name: str, stems: list[str]) -> None:
    source = registry.corpus(name)
    known = set(corpus.inventory(source.card))
    assert not parsed(source, [f"{stem}.flac" for stem in stems if stem not in known])


@by_corpus
def test_names_close_to_the_grammar_are_not_taken(name: str) -> None:
    source = registry.corpus(name)
    stem = corpus.inventory(source.card)[0]
    near = [f"{stem}x", f"x{stem}", f"{stem} ", f"{stem}\n", stem[:-1], stem.swapcase(), f"{stem}.bak", f"{stem}-copy"]
    assert not parsed(source, [f"{one}.flac" for one in near if one != stem])
    assert not parsed(source, [f"{stem}.txt", stem, f"{stem}.flac.part"])


@by_corpus
def test_speakers_carry_the_name_of_nothing_else(name: str) -> None:
    source = registry.corpus(name)
    for utterance in parsed(source, expected_names(source))[:50]:
        assert utterance.speaker
        assert utterance.speaker != utterance.id
        assert utterance.sex in ("f", "m", None)


# Grammar, on names alone


@pytest.mark.parametrize(
    ("name", "stem", "label", "speaker", "sex"),
    [
        ("ravdess", "03-01-06-01-02-01-12", "06", "ravdess:12", "f"),
        ("ravdess", "03-01-01-01-01-01-01", "01", "ravdess:01", "m"),
        ("emodb", "03a01Fa", "F", "emodb:03", "m"),
        ("emodb", "16b10Wb", "W", "emodb:16", "f"),
        ("emovo", "dis-f1-b1", "dis", "emovo:f1", "f"),
        ("emovo", "tri-m3-n5", "tri", "emovo:m3", "m"),
        ("aesdd", "a01 (1)", "a", "aesdd:1", None),
        ("aesdd", "d03 (01)", "d", "aesdd:1", None),
        ("aesdd", "s01 (5)b", "s", "aesdd:5", None),
    ],
)
def test_a_name_is_read_as_its_publisher_means_it(
    name: str, stem: str, label: str, speaker: str, sex: str | None
) -> None:
    (utterance,) = parsed(registry.corpus(name), [f"x/{stem}.wav"])
    assert (utterance.id, utterance.raw_label, utterance.speaker, utterance.sex) == (stem, label, speaker, sex)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("ravdess", "03-02-06-01-02-01-12"),  # song
        ("ravdess", "01-01-06-01-02-01-12"),  # video
        ("ravdess", "03-01-09-01-02-01-12"),  # no such emotion
        ("emodb", "03a01Xa"),
        ("emovo", "dis-f4-b1"),
        ("aesdd", "x01 (1)"),
    ],
)
def test_a_name_of_another_release_is_no_utterance(name: str, stem: str) -> None:
    assert parsed(registry.corpus(name), [f"{stem}.wav"]) == []


@pytest.mark.parametrize("name", REAL)
def test_a_synthetic_corpus_of_official_names_is_complete(name: str, build_corpus: Callable[..., Path]) -> None:
    reading = corpus.read(registry.corpus(name), build_corpus(name) / name)
    assert (reading.problems, reading.notes, reading.extra) == ([], [], [])
    assert reading.variant is not None


# Every task


@by_task
def test_a_task_and_its_listing_agree(name: str) -> None:
    task, entry = registry.task(name), registry.entries(TaskEntry)[name]
    assert (entry.corpus, entry.languages, entry.labels, entry.clips) == (
        task.corpus,
        task.languages,
        task.labels,
        task.expected,
    )
    assert task.corpus in CORPORA


@by_task
def test_the_labels_are_words_everybody_shares(name: str) -> None:
    task = registry.task(name)
    own = {"calm", "boredom", "enthusiasm", "excited", "frustrated", "contempt"}
    assert set(task.labels) <= {*CANONICAL, *own}
    assert len(set(task.labels)) == len(task.labels) > 1
    assert set(task.label_map.values()) - {DROP} == set(task.labels), "a label that no clip can have"


@by_task
def test_the_map_is_closed_and_declares_nothing_that_does_not_exist(name: str) -> None:
    task = registry.task(name)
    card = registry.corpus(task.corpus).card
    known = {raw for counts in card.counts.values() for raw in counts}
    assert set(task.label_map) == known


@by_task
def test_the_histogram_is_the_frozen_one(name: str) -> None:
    task = registry.task(name)
    source = registry.corpus(task.corpus)
    labelled = dataset.select(task, parsed(source, expected_names(source)))
    assert Counter(label for _, label in labelled) == Counter(task.counts)
    assert all(utterance.language in task.languages for utterance, _ in labelled)
    assert {utterance.language for utterance, _ in labelled} == set(task.languages)


def test_every_task_asks_another_question() -> None:
    hashes = [registry.task(name).hash for name in TASKS]
    assert len(hashes) == len(set(hashes))


@by_task
def test_a_label_that_is_not_declared_stops(name: str) -> None:
    task = registry.task(name)
    strange = Utterance("x", "x.wav", "no such label", None, task.languages[0])
    with pytest.raises(DataError, match=r"does not declare the raw labels \{'no such label': 1\}"):
        dataset.select(task, [strange])


# The sample that ships


def test_the_sample_is_ten_of_each_emotion_and_all_speakers() -> None:
    target = dataset.load(registry.task("emodb-sample"), None)
    assert Counter(item.label for item in target.items) == dict.fromkeys(target.task.labels, 10)
    assert len(set(target.speakers)) == 10
    assert not target.warnings
    assert sum(item.path.stat().st_size for item in target.items) < 5_000_000


# Real data


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_every_real_label_and_speaker_is_that_of_public_metadata(name: str, real_data: Path, reference: Path) -> None:
    source = registry.corpus(name)
    reading = corpus.read(source, corpus.find(source, real_data))
    with open(reference / f"{name}.csv", encoding="utf-8", newline="") as file:
        truth = {PurePosixPath(row["id_or_path"]).stem: row for row in csv.DictReader(file)}
    assert reading.problems == []
    assert {identity: utterance.raw_label for identity, utterance in reading.utterances.items()} == {
        identity: row["raw_label"] for identity, row in truth.items()
    }
    assert {identity: utterance.speaker for identity, utterance in reading.utterances.items()} == {
        identity: f"{name}:{row['speaker']}" for identity, row in truth.items()
    }


@pytest.mark.real
@pytest.mark.parametrize("name", [name for name in TASKS if registry.task(name).corpus in REAL])
def test_every_real_task_is_complete(name: str, real_data: Path) -> None:
    task = registry.task(name)
    assert Counter(label for _, label in dataset.truth(task, real_data)) == Counter(task.counts)
