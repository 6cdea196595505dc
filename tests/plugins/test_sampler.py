"""The samplers' promises on skewed data, and what training may know of items: codes and held-out
speakers.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from mserbench.contracts import Clip
from mserbench.errors import DataError, UsageError
from mserbench.model import TrainingItem
from mserbench_training.learning.sampler import HierarchicalSampler, ShuffledSampler, shard
from mserbench_training.learning.sets import UNKNOWN, Codes, hold_out_speakers, learnable

SKEWED = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 5)), st.integers(1, 40), min_size=1, max_size=20
)  # clips of each language and emotion; most pairs are missing


def spread(cells):
    """Return languages and emotions of clips that fill the cells."""
    pairs = [cell for cell, n in sorted(cells.items()) for _ in range(n)]
    return [a for a, _ in pairs], [b for _, b in pairs]


@settings(deadline=None, max_examples=60)
@given(cells=SKEWED, seed=st.integers(0, 5), missing=st.sampled_from(["fill", "skip"]))
def test_an_epoch_visits_every_clip_in_batches_of_the_promised_shape(cells, seed, missing):
    """Clips that are never visited are not trained on, whatever the manifest says."""
    languages, emotions = spread(cells)
    sampler = HierarchicalSampler(languages, emotions, 3, 4, 2, missing, seed)
    batches = sampler.batches(epoch=1)
    assert {i for batch in batches for i in batch} == set(range(len(languages)))

    for batch in batches:
        counts = Counter((languages[i], emotions[i]) for i in batch)
        drawn = {b for _, b in counts}
        assert len({a for a, _ in counts}) <= 3
        assert len(drawn) <= 4

        for cell, n in counts.items():
            assert missing == "fill" or n == 2, cell

        if missing == "fill":  # emotions are balanced, also where a language lacks one
            assert (
                len({sum(n for (_, b), n in counts.items() if b == emotion) for emotion in drawn})
                == 1
            )

        for cell in counts:  # none twice while the cell has others
            members = [i for i in batch if (languages[i], emotions[i]) == cell]
            assert len(set(members)) == min(len(members), cells[cell])


@settings(deadline=None, max_examples=30)
@given(cells=SKEWED)
def test_the_epoch_is_no_longer_than_the_clips_need(cells):
    """Each batch shows something new: a small corpus beside a large one must not make epochs
    endless.
    """
    languages, emotions = spread(cells)
    drawn_clips: set[int] = set()
    for batch in HierarchicalSampler(languages, emotions, 3, 4, 2).batches(0):
        assert not set(batch) <= drawn_clips
        drawn_clips |= set(batch)


def test_full_cells_give_exactly_three_by_four_by_three():
    languages, emotions = spread({(a, b): 10 + 5 * a for a in range(4) for b in range(5)})
    for batch in HierarchicalSampler(languages, emotions).batches(0):
        cells = Counter((languages[i], emotions[i]) for i in batch)
        assert len(batch) == 36
        assert set(cells.values()) == {3}
        assert len({a for a, _ in cells}) == 3
        assert len({b for _, b in cells}) == 4


def test_batches_are_a_function_of_seed_and_epoch():
    """Else a resumed training would see other batches."""
    languages, emotions = spread({(a, b): 7 for a in range(3) for b in range(4)})
    sampler = HierarchicalSampler(languages, emotions, seed=1)
    assert sampler.batches(5) == HierarchicalSampler(languages, emotions, seed=1).batches(5)
    assert sampler.batches(5) != sampler.batches(6)
    assert sampler.batches(5) != HierarchicalSampler(languages, emotions, seed=2).batches(5)


def test_a_missing_emotion_is_an_error_where_that_is_asked_for():
    with pytest.raises(UsageError, match="language 1 has no clip of emotion 0"):
        HierarchicalSampler([0, 0, 1], [0, 1, 1], missing="error")


def test_a_missing_emotion_is_taken_from_the_other_languages():
    """AESDD has no neutral clips; skipping them there would make neutral rarer than the rest."""
    languages, emotions = spread({(0, 0): 20, (0, 1): 20, (1, 1): 20, (2, 0): 20, (2, 1): 20})
    for batch in HierarchicalSampler(languages, emotions, 3, 2, 3).batches(0):
        cells = Counter((languages[i], emotions[i]) for i in batch)
        assert cells[0, 0] + cells[2, 0] == 9
        assert cells[0, 1] == cells[1, 1] == cells[2, 1] == 3


def test_fewer_languages_than_asked_for_give_smaller_batches():
    languages, emotions = spread({(0, b): 9 for b in range(4)})
    assert {len(batch) for batch in HierarchicalSampler(languages, emotions).batches(0)} == {12}


def test_a_cell_smaller_than_the_draw_gives_clips_twice():
    languages, emotions = spread({(0, 0): 1, (0, 1): 4})
    (first, *_) = HierarchicalSampler(languages, emotions, 1, 2, 3).batches(0)
    assert Counter(first)[0] == 3


@given(n=st.integers(1, 70), size=st.integers(1, 16), epoch=st.integers(0, 3))
def test_shuffled_batches_hold_every_clip_once(n, size, epoch):
    batches = ShuffledSampler(n, size).batches(epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(n))
    assert size == 1 or n == 1 or all(len(batch) > 1 for batch in batches), (
        "nothing to compare a lone clip with"
    )


@given(batch=st.lists(st.integers(), min_size=1, max_size=40), n=st.integers(1, 8))
def test_the_parts_of_processes_are_equally_long_and_hold_the_batch(batch, n):
    """Processes with unequal parts wait for one another for ever."""
    parts = [shard(batch, rank, n) for rank in range(n)]
    assert len({len(part) for part in parts}) == 1
    assert [i for part in parts for i in part][: len(batch)] == batch


# What training may know of items


def item(number, label="sad", speaker="a", language="de", corpus="c"):
    return TrainingItem(
        Clip(f"key{number}", "", 1.0, lambda: None), label, speaker, language, corpus
    )


def test_codes_are_the_same_for_any_order_of_the_items():
    """Else weights would depend on how a folder is listed."""
    items = [
        item(0, "sad", "b"),
        item(1, "boredom", "a"),
        item(2, "angry", None),
        item(3, "sad", "a", "it"),
    ]
    codes = Codes.of(items)
    assert codes == Codes.of(items[::-1])
    assert codes.labels == ("sad", "angry", "boredom"), "canonical ones first, in their order"
    assert codes.speakers == (("de", "a"), ("de", "b"), ("it", "a")), (
        "one actor of two languages is two voices"
    )
    coded = codes.encode([*items, item(4, "fear", "z", "fr")])
    assert coded.labels.tolist() == [0, 2, 1, 0, UNKNOWN]
    assert coded.speakers.tolist() == [1, 0, UNKNOWN, 2, UNKNOWN]
    assert coded.languages.tolist() == [0, 0, 0, 1, UNKNOWN]


def test_one_label_cannot_be_learnt():
    with pytest.raises(DataError, match=r"the labels \['sad'\], but two or more"):
        Codes.of([item(0), item(1)])


def test_labels_that_are_not_canonical_are_counted():
    learnt, left_out = learnable([item(0), item(1, "boredom"), item(2, "boredom")])
    assert [training_item.clip.key for training_item in learnt] == ["key0"]
    assert left_out == {"boredom": 2}


SPEAKERS = st.dictionaries(
    st.tuples(
        st.sampled_from(["c", "d"]),
        st.sampled_from(["de", "it"]),
        st.sampled_from(["u", "v", "w", "x", None]),
    ),
    st.integers(1, 30),
    min_size=1,
)


@given(sizes=SPEAKERS, share=st.sampled_from([0.0, 0.1, 0.3]), seed=st.integers(0, 3))
def test_held_out_speakers_are_whole_and_leave_every_source_something(sizes, share, seed):
    """A speaker on both sides would make early stopping blind to over-fitting his voice."""
    items = [
        item(f"{cell}{i}", speaker=speaker, language=language, corpus=corpus)
        for cell, ((corpus, language, speaker), n) in enumerate(sizes.items())
        for i in range(n)
    ]
    training, held_out = hold_out_speakers(items, share, seed)
    assert sorted(training_item.clip.key for training_item in training + held_out) == sorted(
        training_item.clip.key for training_item in items
    )
    who = [
        {
            (training_item.corpus, training_item.language, training_item.speaker)
            for training_item in part
        }
        for part in (training, held_out)
    ]
    assert not who[0] & who[1]
    assert all(speaker is not None for *_, speaker in who[1])

    for corpus, language in {(a, b) for a, b, _ in sizes}:
        speakers = {
            speaker
            for a, b, speaker in sizes
            if (a, b) == (corpus, language) and speaker is not None
        }
        held_speakers = {speaker for a, b, speaker in who[1] if (a, b) == (corpus, language)}
        assert bool(held_speakers) == (share > 0 and len(speakers) > 1)
        assert held_speakers < speakers or not speakers

    held_of_reversed = hold_out_speakers(items[::-1], share, seed)[1]
    assert {training_item.clip.key for training_item in held_of_reversed} == {
        training_item.clip.key for training_item in held_out
    }, "the order of items decides nothing"
