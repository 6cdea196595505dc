"""What an audit counts: overlaps of two parts, of folds, confounds, and what one set of clips holds
twice.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench.auditing import gathering, page
from mserbench.auditing.audit import Comparison, audit, compare, folds, inside, together
from mserbench.auditing.overlaps import AUDIO, KINDS, NEAR, AuditedClip
from mserbench.auditing.wording import cell, confound_sentence, independence, inside_sentences
from mserbench.data import lookup


def entry(
    identity: str, label: str = "sad", near: tuple[str, ...] | None = (), **facts: str
) -> AuditedClip:
    return AuditedClip(identity, label, facts, None if near is None else frozenset(near))


TRAINING = [
    entry("a", "sad", speaker="1", session="x", audio="A"),
    entry("b", "happy", speaker="1", session="x", audio="B"),
    entry("c", "happy", speaker="2", session="y", audio="C"),
]
TESTED = [
    entry("d", "sad", speaker="1", session="z", audio="A"),
    entry("e", "sad", speaker="3", session="y", audio="E", near=("B",)),
    entry("f", "happy", speaker="3", audio="F"),
    entry("g", "happy", audio="G", near=None),
]


def test_counts_items_values_and_what_is_not_known() -> None:
    """If an unknown speaker counted as clean, a leaking split would be called safe."""
    overlaps = compare("test", TRAINING, TESTED).overlaps
    speaker = overlaps["speaker"]
    assert (speaker.items, speaker.unknown, speaker.values, speaker.of) == (("d",), 1, ("1",), 3)
    assert cell(speaker) == "1 of 4 (1 of 3), not known for 1"
    assert (overlaps["session"].items, overlaps["session"].unknown) == (("e",), 2)
    assert overlaps[AUDIO].items == ("d",)
    assert (overlaps[NEAR].items, overlaps[NEAR].unknown) == (("d", "e"), 1)
    assert cell(overlaps["dialogue"]) == "not known"
    assert not overlaps["dialogue"].clean


def test_a_training_clip_without_speaker_makes_no_test_clip_clean() -> None:
    """Its speaker may be any: only what is shared for certain can then be said."""
    overlap = compare("test", [*TRAINING, entry("h")], TESTED[:3]).overlaps["speaker"]
    assert (overlap.items, overlap.unknown, overlap.clean) == (("d",), 2, False)
    assert compare("test", TRAINING, TESTED[1:3]).overlaps["speaker"].clean
    assert (
        independence(overlap)
        == "not speaker-independent: the speakers of 1 of 3 (33.3 %) clips tested are also "
        "in training"
    )


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        (TRAINING, "speaker-independent: no speaker is in both"),
        ([entry("h")], "of unknown independence of speakers: this cannot be said for 2 of 2 clips"),
    ],
)
def test_independence_in_words(training: list[AuditedClip], sentence: str) -> None:
    assert independence(compare("test", training, TESTED[1:3]).overlaps["speaker"]) == sentence


def test_a_clip_too_short_for_a_fingerprint_does_not_hide_the_others() -> None:
    """One such clip in training must not turn every zero into 'not known'; one that was not heard
    must.
    """
    short, unheard = entry("s", near=None, audio="S"), entry("u", near=None)
    assert compare("test", [short], TESTED[1:3]).overlaps[NEAR].unknown == 0
    assert compare("test", [unheard], TESTED[1:3]).overlaps[NEAR].unknown == 2


def test_folds_are_each_tested_once_against_all_others() -> None:
    parts = {"1": TRAINING[:1], "2": TRAINING[1:], "3": TESTED[:2]}
    whole, *each = audit("x", "folds", parts).comparisons
    assert [(comparison.title, comparison.tested, comparison.trained) for comparison in (whole, *each)] == [
        ("x", 5, 4), ("x.1", 1, 4), ("x.2", 2, 3), ("x.3", 2, 3),
    ]  # fmt: skip
    assert whole.overlaps["speaker"].items == ("a", "b", "d")
    assert (whole.overlaps["speaker"].values, whole.overlaps["speaker"].of) == (("1",), 3)
    assert whole.shared(("speaker", "dialogue")) == ["speaker"]


def test_every_part_of_a_split_but_train_is_a_row_the_test_part_first() -> None:
    parts = {"dev": TESTED[:1], "train": TRAINING, "test": TESTED[1:], "test2": TESTED[:2]}
    assert [comparison.title for comparison in audit("own", "split", parts).comparisons] == [
        "own",
        "own.dev",
        "own.test2",
    ]
    assert [comparison.title for comparison in audit("", "split", parts).comparisons] == [
        "test",
        "dev",
        "test2",
    ]


@pytest.mark.parametrize(
    "parts",
    [{}, {"train": TRAINING}, {"test": TESTED, "dev": TRAINING}, {"train": [], "test": TESTED}],
)
def test_without_two_parts_there_is_nothing_to_compare(parts: dict[str, list[AuditedClip]]) -> None:
    """An empty training part would make every test part look clean."""
    assert audit("x", "split", parts).comparisons == ()


def test_a_speaker_with_one_label_is_named_with_the_clips_it_decides() -> None:
    """If such a speaker went unsaid, a model that knows voices would pass for one that knows
    emotions.
    """
    training = [entry(f"t{i}", "neutral", speaker="5") for i in range(8)]
    training += [
        entry(f"u{i}", label, speaker="6") for i, label in enumerate(["sad", "sad", "happy"])
    ]
    tested = [entry(f"v{i}", "neutral", speaker="5") for i in range(4)]
    tested += [entry("w", "sad", speaker="6"), entry("x", "happy", speaker="7"), entry("y", "sad")]
    confound = compare("test", training, tested).confounds["speaker"]
    assert confound.single == {"5": "neutral", "7": "happy"}
    assert confound.items == ("v0", "v1", "v2", "v3", "x")
    assert (confound.guessed, confound.majority, confound.unknown) == (5, 4, 1)
    assert confound.holders == {"neutral": ("5", 12, 12)}
    assert confound_sentence(confound).split("; ") == [
        "the speaker alone: the label that each speaker has most often in training is "
        "right on 5 of 7 (71.4 %), "
        "the most frequent label of all is right on 4 of 7 (57.1 %)",
        "2 speakers have one label only, and 5 of 7 (71.4 %) of the clips: 5 'neutral', 7 'happy'",
        "5 has 12 of the 12 clips of 'neutral'",
        "the speaker of 1 of 7 is not known",
    ]
    assert "5 'neutral'" not in confound_sentence(confound, names=False)


def test_inside_finds_copies_and_pairs_by_fingerprint_once() -> None:
    duplicates = inside([*TRAINING, *TESTED])
    assert duplicates.copies == (("a", "d"),)
    assert duplicates.near == ()  # E knows of B, but a relation that only one of two knows is none
    pair = inside(
        [
            entry("a", audio="A", near=("B",)),
            entry("b", audio="B", near=("A",)),
            entry("c", audio="B"),
        ]
    )
    assert pair.near == (("a", "b"),)
    assert inside_sentences(pair, 10) == [
        "recordings that occur twice with equal audio: 1 (b = c)",
        "pairs of recordings with the same audio by fingerprint, but not equal: 1 (a ~ b)",
    ]
    assert inside_sentences(inside([entry("a")]), 10)[0].endswith(
        "not known, the audio is not here or was not looked at"
    )


VALUES = st.sampled_from(["1", "2", "3", ""])


@st.composite
def entries(draw: st.DrawFn, prefix: str) -> list[AuditedClip]:
    clips = []
    for i in range(draw(st.integers(1, 8))):
        facts = {kind: draw(VALUES) for kind in KINDS[:-1]}
        near = draw(st.none() | st.frozensets(st.sampled_from("123")))
        values = {kind: value for kind, value in facts.items() if value}
        clips.append(AuditedClip(f"{prefix}{i}", draw(st.sampled_from("ab")), values, near))

    return clips


@settings(max_examples=40, deadline=None)
@given(entries("t"), entries("u"))
def test_overlap_equals_brute_force(training: list[AuditedClip], tested: list[AuditedClip]) -> None:
    """The fast count by sets must be the slow count by pairs of clips."""
    comparison = compare("test", training, tested)
    for kind in KINDS[:-1]:
        shared = [
            u.id
            for u in tested
            if any(kind in u.facts and u.facts[kind] == t.facts.get(kind) for t in training)
        ]
        unknown = [
            u.id
            for u in tested
            if u.id not in shared
            and (kind not in u.facts or any(kind not in t.facts for t in training))
        ]
        assert list(comparison.overlaps[kind].items) == shared
        assert comparison.overlaps[kind].unknown == len(unknown)

    near = {
        u.id
        for u in tested
        for t in training
        if AUDIO in t.facts
        and (t.facts[AUDIO] == u.facts.get(AUDIO) or t.facts[AUDIO] in (u.near or ()))
    }
    assert set(comparison.overlaps[NEAR].items) == near


@settings(max_examples=25, deadline=None)
@given(st.lists(entries("x"), min_size=2, max_size=4))
def test_the_sum_of_folds_is_that_of_its_folds(parts: list[list[AuditedClip]]) -> None:
    each = folds(
        "f",
        {
            str(i): [replace(clip, id=f"{i}{clip.id}") for clip in part]
            for i, part in enumerate(parts)
        },
    )
    whole = together("f", each)
    for kind in KINDS:
        assert len(whole.overlaps[kind].items) == sum(
            len(comparison.overlaps[kind].items) for comparison in each
        )
        assert whole.overlaps[kind].unknown == sum(
            comparison.overlaps[kind].unknown for comparison in each
        )

    assert whole.tested == sum(map(len, parts))


def official(name: str, reference: Path) -> Comparison:
    """Audit a table of the reference on the names of its corpus."""
    (path,) = (path for stem, path in page._tables(reference) if stem == name)
    return page._section(name, path, {}, None, False, None).audit.comparisons[0]


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "kind", "shared", "values"),
    [
        ("aesdd", "speaker", "149 of 149 (6 of 6)", 6),
        ("shemo", "speaker", "707 of 707 (83 of 87)", 83),
        ("resd", "dialogue", "280 of 280 (50 of 50)", 50),
        ("resd", "role", "280 of 280 (95 of 100)", 95),
        ("urdu", "speaker", "98 of 100 (18 of 29)", 18),
        ("crema-d", "speaker", "1856 of 1856 (91 of 91)", 91),
        ("meld", "speaker", "2501 of 2610 (69 of 291)", 69),
        ("ravdess", "speaker", "0 of 1440", 0),
        ("cafe", "speaker", "0 of 936", 0),
        ("emovo", "speaker", "0 of 588", 0),
        ("iemocap", "speaker", "0 of 10039", 0),
    ],
)
def test_the_splits_in_common_use(
    name: str, kind: str, shared: str, values: int, reference: Path
) -> None:
    """Counted by hand from the public lists: if these change, every other number of the audit is in
    doubt.
    """
    overlap = official(name, reference).overlaps[kind]
    assert (cell(overlap), len(overlap.values)) == (shared, values)


@pytest.mark.real
def test_resd_has_no_speakers_and_says_so(reference: Path) -> None:
    comparison = official("resd", reference)
    assert cell(comparison.overlaps["speaker"]) == "not known"
    assert comparison.confounds["role"].guessed == 280


@pytest.mark.real
@pytest.mark.slow
def test_the_recording_that_ravdess_has_twice_is_found(real_data: Path) -> None:
    """It is known to be there, so an audit that does not find it finds nothing."""
    if not (real_data / "ravdess").is_dir():
        pytest.skip("RAVDESS is not here")

    material = gathering.load(lookup.task("ravdess"), real_data)
    duplicates = inside(material.entries)
    assert duplicates.copies == (("03-01-03-01-02-01-07", "03-01-03-01-02-02-07"),)
    assert duplicates.near == ()
    assert duplicates.unknown == {AUDIO: 0, NEAR: 0}
