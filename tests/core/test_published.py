"""Corpora that we have seen whole, and clips that are too much alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, index, likeness, lookup, published
from mserbench.data.index import Facts
from mserbench.errors import DataError, PluginError

CARD = lookup.corpus("emodb-sample").card


@pytest.fixture
def facts() -> dict[str, Facts]:
    """Return the facts of the packaged sample of EmoDB."""
    source = lookup.corpus("emodb-sample")
    root = corpus.find(source, None)
    return index.index(root, list(corpus.read(source, root).utterances.values()))


@pytest.mark.parametrize("name", ["emodb", "emovo", "aesdd", "ravdess", "emodb-sample"])
def test_there_is_a_key_for_each_id(name: str) -> None:
    card = lookup.corpus(name).card
    keys = published.short_keys(card)
    assert list(keys) == list(corpus.inventory(card))
    # One recording of RAVDESS was published under two names.
    assert len(set(keys.values())) == len(keys) - (name == "ravdess")


def test_the_published_one_does_not_differ(facts: dict[str, Facts]) -> None:
    assert published.compare(CARD, facts) == published.Comparison()
    assert published.packed(CARD, facts).replace("\n", "") == "".join(
        published.short_keys(CARD).values()
    )


def test_what_differs_is_named_by_kind(facts: dict[str, Facts]) -> None:
    first, second, third, fourth = list(facts)[:4]
    changed = facts | {
        first: facts[second],
        second: facts[first],
        third: facts[fourth],
        fourth: replace(facts[fourth], key="0" * 64),
    }
    lines = published.compare(CARD, changed).problems(CARD)
    assert [f"{first!r} and {second!r}" in lines[0], f"{third!r} holds {fourth!r}" in lines[1]] == [
        True,
        True,
    ]
    assert f"1 file(s) are not the audio that was published: {fourth!r}" in lines[2]


def test_another_edition_is_said_once(facts: dict[str, Facts]) -> None:
    """Resampled as a whole it is no damage: 500 names would hide what is one."""
    other = {name: replace(clip, key=f"{i:064x}") for i, (name, clip) in enumerate(facts.items())}
    compared = published.compare(CARD, other)
    assert (compared.differing, compared.problems(CARD)) == ({}, [])
    assert "no edition that we have seen" in compared.notes(CARD)[0]


def test_a_part_of_a_corpus_is_compared_too(facts: dict[str, Facts]) -> None:
    some = dict(list(facts.items())[5:9])
    first = next(iter(some))
    assert not published.compare(CARD, some).differing
    some[first] = replace(some[first], key="1" * 64)
    assert list(published.compare(CARD, some).differing) == [first]


def test_keys_of_another_number_are_a_fault_of_the_package() -> None:
    card = replace(CARD, keys="mserbench_tasks:inventory/emodb.keys")
    with pytest.raises(PluginError, match="holds 535 audio keys, but corpus 'emodb-sample' has 70"):
        published.short_keys(card)


def test_a_clip_changed_while_a_run_goes_on_is_no_part_of_it() -> None:
    target = dataset.load(lookup.task("emodb-sample"), None, limit=2)
    first, second = target.items
    clip = replace(first, utterance=replace(second.utterance, id=first.utterance.id)).clip("x")
    with pytest.raises(DataError, match="was changed while it was in use: start the command again"):
        clip.load()


def fact(key: str, rate: int = 16_000, seconds: float = 1.0) -> Facts:
    return Facts(key, seconds, rate, 1)


def clip(name: str, label: str, speaker: str = "s", start: float | None = None) -> Utterance:
    return Utterance(
        name, "f.wav" if start is not None else f"{name}.wav", label, speaker, "de", start
    )


def test_equal_audio_is_told_by_kind_with_a_count() -> None:
    clips = [clip("a", "sad"), clip("b", "happy"), clip("c", "sad", "t"), clip("d", "sad"),
             clip("e", "sad"), clip("f", "sad"), clip("g", "sad")]  # fmt: skip
    keys = ("1", "1", "2", "2", "3", "3", "")
    facts = {clip.id: fact(key) for clip, key in zip(clips, keys, strict=True)}
    lines = likeness.remarks(clips, facts, lambda clip: clip.raw_label)
    assert len(lines) == 3
    assert "1 recording(s) are here under different labels" in lines[0]
    assert "'a' (sad) and 'b' (happy)" in lines[0]
    assert "under different speakers" in lines[1]
    assert "twice, and count twice" in lines[2]


def test_neighbours_may_overlap_and_one_part_twice_may_not() -> None:
    clips = [clip("a", "sad", start=0.0), clip("b", "sad", start=0.5), clip("c", "sad", start=0.55)]
    facts = {clip.id: fact(clip.id) for clip in clips}
    lines = likeness.remarks(clips, facts, lambda clip: clip.raw_label)
    assert len(lines) == 1
    assert "1 pair(s)" in lines[0]
    assert "'b' and 'c'" in lines[0]


def test_one_odd_rate_is_told_and_a_mixed_corpus_is_not_doubted() -> None:
    clips = [clip(f"{i}", "sad") for i in range(20)]
    facts = {clip.id: fact(clip.id, 32_000 if clip.id == "7" else 16_000) for clip in clips}
    lines = likeness.remarks(clips, facts, lambda clip: clip.raw_label)
    assert len(lines) == 1
    assert "'7' (32,000 Hz)" in lines[0]
    mixed = {clip.id: fact(clip.id, 48_000 if int(clip.id) % 2 else 16_000) for clip in clips}
    assert likeness.remarks(clips, mixed, lambda clip: clip.raw_label) == []
