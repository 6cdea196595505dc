"""Every corpus and task of the registry: complete cards, pure parsers, frozen counts, real labels
where they are.
"""

from __future__ import annotations

import csv
import functools
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest
from commands import run_prior
from hypothesis import given, settings
from hypothesis import strategies as st
from official import memory
from official.memory import Memory

from mserbench.contracts import Corpus, Utterance
from mserbench.data import corpus, dataset, divisions, lookup, verification
from mserbench.data.audio import is_audio
from mserbench.errors import DataError
from mserbench.labels import CANONICAL, DROP
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry

CORPORA = sorted(registry.entries(CorpusEntry))
TASKS = sorted(registry.entries(TaskEntry))
OFFICIAL = [name for name in CORPORA if memory.has_tree(name)]
REAL = ("ravdess", "emodb", "emovo", "aesdd")
# all facts of a label stand in the name
BY_NAME = [name for name in CORPORA if lookup.corpus(name).card.inventory]

by_corpus = pytest.mark.parametrize("name", CORPORA)
by_task = pytest.mark.parametrize("name", TASKS)

# The counts of the publishers and of public metadata, stated once more beside the modules that they
# check: neutral, happy, sad, angry, surprise, disgust, fear, then one more label.
FROZEN: dict[str, tuple[int, ...]] = {
    "aesdd": (0, 119, 122, 121, 0, 122, 120),
    "ravdess": (96, 192, 192, 192, 192, 192, 192),
    "ravdess-5": (0, 192, 192, 192, 0, 192, 192),
    "ravdess-8": (96, 192, 192, 192, 192, 192, 192, 192),
    "resd": (191, 218, 162, 219, 0, 185, 223, 198),
    "resd-6": (191, 218, 162, 219, 0, 185, 223),
    "shemo": (1028, 201, 449, 1059, 225, 0, 38),
    "shemo-emobox": (1018, 198, 360, 1034, 199, 0, 29),
    "shemo-corrected": (1160, 203, 361, 1042, 202, 0, 32),
    "iemocap-4": (1708, 1636, 1084, 1103, 0, 0, 0),
    "iemocap-6": (1708, 595, 1084, 1103, 0, 0, 0, 1041, 1849),
    "iemocap-7": (1708, 1636, 1084, 1103, 107, 2, 40),
    "meld": (1256, 402, 208, 345, 281, 68, 50),
    "meld-4": (1256, 402, 208, 345, 0, 0, 0),
    "meld-all": (6434, 2308, 1002, 1607, 1636, 361, 358),
    "emodb": (79, 71, 62, 127, 0, 46, 69, 81),
    "emodb-4": (79, 71, 62, 127, 0, 0, 0),
    "emodb-5": (0, 71, 62, 127, 0, 46, 69),
    "emodb-sample": (10, 10, 10, 10, 0, 10, 10, 10),
    "emovo": (84, 84, 84, 84, 84, 84, 84),
    "emovo-5": (0, 84, 84, 84, 0, 84, 84),
    "cafe": (72, 144, 144, 144, 144, 144, 144),
    "cafe-4": (72, 144, 144, 144, 0, 0, 0),
    "esd": (7000, 7000, 7000, 7000, 7000, 0, 0),
    "esd-zh": (3500, 3500, 3500, 3500, 3500, 0, 0),
    "esd-zh-4": (3500, 3500, 3500, 3500, 0, 0, 0),
    "urdu-4": (100, 100, 100, 100, 0, 0, 0),
    "crema-d": (1087, 1271, 1271, 1271, 0, 1271, 1271),
    "crema-d-4": (1087, 1271, 1271, 1271, 0, 0, 0),
    "mead": (1916, 4294, 4306, 4193, 4270, 4284, 4251),
}
OTHERS = ("calm", "enthusiasm", "boredom", "excited", "frustrated")
VARYING = {"mosei", "msp-podcast"}  # their releases differ, so that no counts can be frozen
SAMPLED = {"mosei"}  # its tree of 22,582 segments takes seconds to read: a small one shows the same


def parsed(source: Corpus, tree: Memory) -> list[Utterance]:
    return corpus.utterances(source, tree)


def looked_at(name: str) -> tuple[Memory, list[Utterance]]:
    """Return the official tree of a corpus, or a small part of one that takes long to read, and its
    utterances.
    """
    if name in SAMPLED:
        return memory.small(name), parsed(lookup.corpus(name), memory.small(name))
    return memory.tree(name), list(memory.utterances(name))


def named(names: Sequence[str]) -> Memory:
    """Return a tree of names alone: a parser that opens anything fails."""
    return Memory(tuple(names), _unreadable)


def _unreadable(name: str) -> bytes:
    raise AssertionError(f"{name} was opened")


def content(utterance: Utterance) -> tuple[object, ...]:
    """Return what an utterance says, wherever its file lies."""
    return (
        utterance.id,
        utterance.raw_label,
        utterance.speaker,
        utterance.language,
        utterance.split,
        utterance.session,
        utterance.sex,
        utterance.text,
    )


# Every corpus


@by_corpus
def test_a_card_is_complete(name: str) -> None:
    card = lookup.corpus(name).card
    for field in ("title", "licence", "source", "how_to_get", "unpack", "citation"):
        assert len(getattr(card, field)) > 2, f"{field} is missing"

    assert card.source.startswith(("http://", "https://"))
    assert card.languages
    assert all(2 <= len(code) <= 3 and code.islower() for code in card.languages)
    assert card.counts or card.releases_vary
    assert card.synthetic == card.name.startswith("demo")
    assert card.synthetic or (card.hours or 0) > 0, "how long it is stands in no listing"
    entry = registry.entries(CorpusEntry)[name]
    assert entry.languages == card.languages, "the listing says other languages than the card"


@by_corpus
def test_the_official_tree_gives_the_counts_languages_and_speakers_of_the_card(name: str) -> None:
    card, utterances = lookup.corpus(name).card, memory.utterances(name)
    counts = corpus.histogram(utterances)
    assert card.releases_vary or counts in [
        dict(sorted(published.items())) for published in card.counts.values()
    ]
    assert {utterance.language for utterance in utterances} == set(card.languages)
    speakers = {utterance.speaker for utterance in utterances} - {None}
    assert len(speakers) == (card.speakers or 0) or card.releases_vary


@by_corpus
def test_ids_are_unique_and_the_inventory_s(name: str) -> None:
    """Two clips of one id would share a prediction; an id that changes makes old predictions
    worthless.
    """
    ids = [utterance.id for utterance in memory.utterances(name)]
    assert len(ids) == len(set(ids))
    listed = corpus.inventory(lookup.corpus(name).card)
    assert not listed or sorted(ids) == list(listed)


@by_corpus
def test_parsing_is_pure_and_blind_to_the_order_of_names(name: str) -> None:
    source, (tree, utterances) = lookup.corpus(name), looked_at(name)
    plain = {utterance.id: utterance for utterance in utterances}
    shuffled = replace(tree, names=tuple(random.Random(0).sample(tree.names, len(tree.names))))
    reparsed = parsed(source, shuffled)
    assert len(reparsed) == len(plain)
    assert {utterance.id: utterance for utterance in reparsed} == plain


@by_corpus
def test_two_folders_deeper_and_as_flac_it_is_the_same_corpus(name: str) -> None:
    """Users unpack into folders of their own, and keep lossless copies."""
    tree, utterances = looked_at(name)

    def moved(path: str) -> str:
        pure = PurePosixPath(path)
        return f"some folder/(1)/{pure.with_suffix('.FLAC') if is_audio(path) else pure}"

    copy = tree.renamed(moved)
    reparsed = parsed(lookup.corpus(name), copy)
    assert sorted(map(content, reparsed), key=str) == sorted(map(content, utterances), key=str)
    own_names, copied_names = set(tree.names), set(copy.names)
    assert {utterance.audio for utterance in reparsed} & copied_names == {
        moved(utterance.audio) for utterance in utterances if utterance.audio in own_names
    }


@by_corpus
def test_one_file_less_changes_no_other_utterance(name: str) -> None:
    """Else one lost recording would shift the labels of others; listed recordings without a file
    are still named.
    """
    tree, utterances = looked_at(name)
    lost = utterances[0]
    parsed_utterances, _ = corpus.parse(
        lookup.corpus(name), replace(tree, names=tuple(n for n in tree.names if n != lost.audio))
    )
    assert [utterance for utterance in parsed_utterances if utterance.id != lost.id] == [
        utterance for utterance in utterances if utterance.id != lost.id
    ]
    assert name in BY_NAME or lost.id in {utterance.id for utterance in parsed_utterances}


@pytest.mark.parametrize("name", BY_NAME)
@settings(max_examples=40, deadline=None)
@given(
    stems=st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1),
        max_size=5,
    )
)
def test_strange_names_are_no_utterances(name: str, stems: list[str]) -> None:
    source = lookup.corpus(name)
    ids = set(corpus.inventory(source.card))
    assert not list(source.parse(named([f"{stem}.flac" for stem in stems if stem not in ids])))


@pytest.mark.parametrize("name", BY_NAME)
def test_names_close_to_the_grammar_are_not_taken(name: str) -> None:
    source, tree = lookup.corpus(name), memory.tree(name)
    ids = set(corpus.inventory(source.card))
    path = PurePosixPath(next(file for file in tree.names if is_audio(file)))
    stem = path.stem
    near = [
        f"{stem}x",
        f"x{stem}",
        f"{stem} ",
        f"{stem}\n",
        stem[:-1],
        stem.swapcase(),
        f"{stem}.bak",
        f"{stem}-copy",
    ]
    paths = [
        str(path.with_name(f"{variation}.flac"))
        for variation in near
        if variation != stem and variation
    ]
    taken_up = [
        utterance for utterance in source.parse(named(paths)) if isinstance(utterance, Utterance)
    ]
    assert {utterance.id for utterance in taken_up} & ids == set()
    assert not list(
        source.parse(
            named(
                [
                    str(path.with_name(variation))
                    for variation in (f"{stem}.txt", stem, f"{stem}.flac.part")
                ]
            )
        )
    )


@by_corpus
def test_junk_beside_the_files_makes_no_utterance(name: str) -> None:
    """Shadows of macOS, notes and other recordings lie in every user's folder."""
    tree = memory.small(name)
    folders = {str(PurePosixPath(path).parent) for path in tree.names}
    junk = [
        f"{folder}/{file}"
        for folder in folders
        for file in ("readme.md", "unrelated talk.wav", "Thumbs.db")
    ]
    utterances, faults = corpus.parse(
        lookup.corpus(name), replace(tree, names=(*tree.names, *junk))
    )
    assert (utterances, faults) == corpus.parse(lookup.corpus(name), tree)


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_folder_without_the_corpus_gets_a_sentence_that_says_how_to_unpack(
    name: str, tmp_path: Path
) -> None:
    source = lookup.corpus(name)
    for stray in ("", "talk.wav", "notes.txt", "deep/deeper/music.mp4"):
        if stray:
            (tmp_path / stray).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / stray).write_bytes(b"RIFF nothing")

        problems = corpus.read(source, tmp_path).problems
        assert problems[-1].startswith(
            f"folder {str(tmp_path)!r} holds no utterance of corpus {name!r}"
        )
        assert problems[-1].endswith(source.card.unpack)


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_official_tree_on_disk_is_complete_and_has_no_stray_file(name: str) -> None:
    """Else whoever unpacks what the publisher gives is told that something is wrong with it."""
    reading = corpus.read(lookup.corpus(name), memory.data(name) / name)
    assert (reading.problems, reading.missing, reading.without_audio, reading.extra) == (
        [],
        [],
        [],
        [],
    )
    assert reading.variant or lookup.corpus(name).card.releases_vary


@by_corpus
def test_speakers_carry_the_name_of_nothing_else(name: str) -> None:
    """Speakers of two corpora must not meet under one name, nor an id pass for a speaker."""
    card = lookup.corpus(name).card
    for utterance in memory.utterances(name)[:200]:
        assert utterance.speaker is None or utterance.speaker.startswith(
            (f"{name}:", f"{card.same_as}:")
        )
        assert utterance.speaker != utterance.id
        assert utterance.sex in ("f", "m", None)


@by_corpus
def test_every_part_of_every_division_holds_utterances_and_no_two_parts_share_one(
    name: str,
) -> None:
    card, utterances = lookup.corpus(name).card, memory.utterances(name)
    for division in card.divisions:
        # raises where the file is not the one that the card names by hash
        parts = divisions.parts(card, division)
        sizes = Counter(parts.of(utterance) for utterance in utterances)
        missing = [part for part in parts.names if not sizes[part]]
        assert not missing or card.releases_vary, f"{division}: {missing}"
        assert card.divisions[division].kind == "folds" or {"train", "test"} <= set(parts.names)
        assert card.divisions[division].source


# The published sizes of divisions


@pytest.mark.parametrize(
    ("name", "division", "sizes"),
    [
        ("resd", "official", {"train": 1116, "test": 280}),
        ("shemo", "emobox", {"train": 2131, "test": 707, "unpaired": 162}),
        ("iemocap", "sessions", {"1": 1819, "2": 1811, "3": 2136, "4": 2103, "5": 2170}),
        ("meld", "official", {"train": 9988, "dev": 1108, "test": 2610}),
        ("ravdess", "emobox", dict.fromkeys("123456", 240)),
        ("ravdess", "audeering", {"train": 960, "dev": 240, "test": 240}),
        ("emovo", "speakers", dict.fromkeys(("f1", "f2", "f3", "m1", "m2", "m3"), 98)),
        ("aesdd", "speakers", {"1": 100, "2": 100, "3": 98, "4": 99, "5": 107, "6": 100}),
        ("aesdd", "emobox", {"train": 455, "test": 149}),
    ],
)
def test_a_division_has_the_published_sizes(
    name: str, division: str, sizes: dict[str, int]
) -> None:
    parts = divisions.parts(lookup.corpus(name).card, division)
    assert Counter(parts.of(utterance) for utterance in memory.utterances(name)) == sizes


@pytest.mark.parametrize(
    ("name", "division"),
    [("ravdess", "emobox"), ("ravdess", "audeering"), ("emovo", "speakers"), ("emodb", "speakers"),
     ("aesdd", "speakers"), ("iemocap", "sessions"), ("iemocap", "speakers")],
)  # fmt: skip
def test_folds_that_are_said_to_part_speakers_do(name: str, division: str) -> None:
    parts = divisions.parts(lookup.corpus(name).card, division)
    by_speaker: dict[str | None, set[str | None]] = {}
    for utterance in memory.utterances(name):
        by_speaker.setdefault(utterance.speaker, set()).add(parts.of(utterance))

    assert all(len(of) == 1 for of in by_speaker.values())


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
        ("resd", "32_happiness_enthusiasm_h_120", "happiness", None, None),
        ("resd", "06_happiness_enthusiasm e_060", "enthusiasm", None, None),
        ("shemo", "F21N05", "N", "shemo:F21", "f"),
        ("shemo", "M01F01", "F", "shemo:M01", "m"),
    ],
)
def test_a_name_is_read_as_its_publisher_means_it(
    name: str, stem: str, label: str, speaker: str | None, sex: str | None
) -> None:
    (utterance,) = parsed(lookup.corpus(name), named([f"x/{stem}.wav"]))
    assert (utterance.id, utterance.raw_label, utterance.speaker, utterance.sex) == (
        stem,
        label,
        speaker,
        sex,
    )


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("ravdess", "03-02-06-01-02-01-12"),  # song
        ("ravdess", "01-01-06-01-02-01-12"),  # video
        ("ravdess", "03-01-09-01-02-01-12"),  # no such emotion
        ("emodb", "03a01Xa"),
        ("emovo", "dis-f4-b1"),
        ("aesdd", "x01 (1)"),
        ("resd", "32_happiness_enthusiasm_x_120"),
        ("shemo", "F21X05"),
    ],
)
def test_a_name_of_another_release_is_no_utterance(name: str, stem: str) -> None:
    assert parsed(lookup.corpus(name), named([f"{stem}.wav"])) == []


# Every task


@by_task
def test_a_task_and_its_listing_agree(name: str) -> None:
    task, entry = lookup.task(name), registry.entries(TaskEntry)[name]
    assert entry.title == task.title
    assert task.corpus in CORPORA


@by_task
def test_the_labels_are_words_everybody_shares(name: str) -> None:
    task = lookup.task(name)
    assert set(task.labels) <= {*CANONICAL, *OTHERS, "contempt"}
    assert len(set(task.labels)) == len(task.labels) > 1
    assert set(task.label_map.values()) - {DROP} == set(task.labels), (
        "a label that no clip can have"
    )


@by_task
def test_the_map_is_closed_and_declares_nothing_that_does_not_exist(name: str) -> None:
    task = lookup.task(name)
    card = lookup.corpus(task.corpus).card
    raw_labels = {raw for counts in card.counts.values() for raw in counts}
    if task.label_field:
        raw_labels = {
            dataset.raw_label(task, utterance) for utterance in memory.utterances(task.corpus)
        }
        assert raw_labels <= set(task.label_map)
    else:
        assert set(task.label_map) == raw_labels or card.releases_vary
        assert raw_labels <= set(task.label_map)


@by_task
def test_the_histogram_is_the_frozen_one(name: str) -> None:
    task = lookup.task(name)
    labelled = dataset.select(task, memory.utterances(task.corpus))
    counts = Counter(label for _, label in labelled)
    if task.counts:
        assert counts == Counter(task.counts)
    else:
        assert task.corpus in VARYING
        assert set(counts) == set(task.labels)

    assert {utterance.language for utterance, _ in labelled} == set(task.languages)


@pytest.mark.parametrize("name", FROZEN)
def test_the_frozen_counts_are_the_published_ones(name: str) -> None:
    task = lookup.task(name)
    extra_labels = [label for label in OTHERS if label in task.labels]
    assert {**dict.fromkeys(CANONICAL, 0), **task.counts} == dict(
        zip((*CANONICAL, *extra_labels), FROZEN[name], strict=True)
    )


def test_the_counts_of_every_task_are_stated_here_or_known_to_vary() -> None:
    """A task whose counts stand in its own module alone is checked by nobody."""
    unstated = {
        name for name in TASKS if name not in FROZEN and lookup.task(name).corpus not in VARYING
    }
    own = {"crema-d-perceived"}  # against the votes: tests of CREMA-D
    assert {
        name
        for name in unstated - own
        if not name.startswith("demo") and not name.endswith("-paper2")
    } == set()


def test_every_task_asks_another_question() -> None:
    hashes = [lookup.task(name).hash for name in TASKS]
    assert len(hashes) == len(set(hashes))


@by_task
def test_a_label_that_is_not_declared_stops(name: str) -> None:
    task = lookup.task(name)
    extra = {task.label_field: "no such label"} if task.label_field else {}
    strange = Utterance("x", "x.wav", "no such label", None, task.languages[0], extra=extra)

    with pytest.raises(DataError, match=r"does not declare the raw labels \{'no such label': 1\}"):
        dataset.select(task, [strange])


# From the command line, on the official tree


def shortest(name: str) -> str:
    """Return the task of a corpus with the fewest clips, or the smallest part of it where that is
    many.
    """
    tasks = [task for task in map(lookup.task, TASKS) if task.corpus == name]
    best = min(tasks, key=lambda task: clips(task.name))
    if clips(best.name) < 1500:
        return best.name

    parts = [f"{best.name}:{part}" for part in divisions.all_parts(lookup.corpus(name).card)]
    return min([best.name, *(part for part in parts if clips(part))], key=clips)


@functools.cache
def clips(task: str) -> int:
    return len(dataset.select(lookup.task(task), memory.utterances(lookup.task(task).corpus)))


def run(cli: Callable[..., object], task: str, name: str, out: Path) -> dict[str, object]:
    done = cli(*run_prior(task, memory.data(name), out), "--json")
    assert done.code == 0, done.err
    assert "partial" not in done.err
    (record,) = json.loads(done.out)

    return record


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_shortest_task_runs_from_the_command_line(
    name: str, cli: Callable[..., object], tmp_path: Path
) -> None:
    """Whoever unpacks the corpus and types the command must get a number, without a word of an
    incomplete corpus.
    """
    task = shortest(name)
    if clips(task) > 6000:
        pytest.skip(f"{clips(task)} clips: a slow test runs it")

    assert run(cli, task, name, tmp_path)["n"] == clips(task)


@pytest.mark.slow
@by_task
def test_every_task_runs_from_the_command_line(
    name: str, cli: Callable[..., object], tmp_path: Path
) -> None:
    task = lookup.task(name)
    if task.corpus not in OFFICIAL:
        pytest.skip("it ships with the package and has tests of its own")

    assert run(cli, name, task.corpus, tmp_path)["n"] == clips(name)


# What ships

SHIPPED = [
    pytest.param(
        name, marks=pytest.mark.slow if lookup.corpus(name).card.access == "generated" else ()
    )
    for name in CORPORA
    if lookup.corpus(name).provide is not None
]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_corpus_that_ships_is_as_its_card_says(name: str) -> None:
    """Whoever verifies what came with the package must not be told of problems."""
    source = lookup.corpus(name)
    if source.card.access == "generated" and find_spec("espeakng_loader") is None:
        pytest.skip("espeakng_loader is absent: pip install 'mserbench[demo]'")

    assert source.provide is not None

    verified = verification.verify(source, source.provide())

    assert (verified.problems, verified.warnings) == ((), ())
    assert verified.utterances == sum(next(iter(source.card.counts.values())).values())


def test_the_sample_is_ten_of_each_emotion_and_all_speakers() -> None:
    target = dataset.load(lookup.task("emodb-sample"), None)
    assert Counter(item.label for item in target.items) == dict.fromkeys(target.task.labels, 10)
    assert len(set(target.speakers)) == 10
    assert not target.warnings
    assert sum(item.path.stat().st_size for item in target.items) < 5_000_000


# Real data


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_every_real_label_and_speaker_is_that_of_public_metadata(
    name: str, real_data: Path, reference: Path
) -> None:
    source = lookup.corpus(name)
    reading = corpus.read(source, corpus.find(source, real_data))
    with open(reference / f"{name}.csv", encoding="utf-8", newline="") as file:
        truth = {PurePosixPath(row["id_or_path"]).stem: row for row in csv.DictReader(file)}

    assert reading.problems == []
    assert {
        identity: utterance.raw_label for identity, utterance in reading.utterances.items()
    } == {identity: row["raw_label"] for identity, row in truth.items()}
    assert {identity: utterance.speaker for identity, utterance in reading.utterances.items()} == {
        identity: f"{name}:{row['speaker']}" for identity, row in truth.items()
    }


@pytest.mark.real
@pytest.mark.parametrize("name", [name for name in TASKS if lookup.task(name).corpus in REAL])
def test_every_real_task_is_complete(name: str, real_data: Path) -> None:
    task = lookup.task(name)
    assert Counter(label for _, label in dataset.truth(task, real_data)) == Counter(task.counts)
