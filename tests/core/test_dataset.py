"""A task joined with its corpus: all problems at once, nothing dropped silently, labels out of a
closed map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mserbench.contracts import Task, Utterance
from mserbench.data import dataset, lookup
from mserbench.errors import DataError
from mserbench.labels import DROP

Build = Callable[..., Path]


@pytest.fixture
def emodb() -> Task:
    return lookup.task("emodb")


@pytest.fixture
def sample() -> Task:
    return lookup.task("emodb-sample")


def problems_of(task: Task, data: Path | None, **options: bool) -> str:
    with pytest.raises(DataError) as caught:
        dataset.load(task, data, **options)

    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_complete_task_is_sorted_labelled_and_whole(build_corpus: Build, emodb: Task) -> None:
    target = dataset.load(emodb, build_corpus())
    ids = [item.utterance.id for item in target.items]
    assert ids == sorted(ids)
    assert {
        label: [item.label for item in target.items].count(label) for label in emodb.labels
    } == emodb.counts
    assert (target.partial, target.warnings) == (False, ())
    assert ["no edition that we have seen" in note for note in target.notes] == [True]


def test_all_problems_are_listed_at_once(build_corpus: Build, emodb: Task) -> None:
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    (data / "emodb/wav/03a01Nc.wav").write_bytes(b"")
    (data / "emodb/wav/03a01Wa.wav").write_bytes(b"not audio at all")
    (data / "emodb/wav/99a01Fa.wav").write_bytes(b"of no actor")
    problems = problems_of(emodb, data)
    assert problems.startswith("corpus 'emodb' is not complete, 5 problem(s):\n")

    for words in (
        "'03a01Fa' is missing",
        "03a01Nc.wav' is empty",
        "03a01Wa.wav' cannot be decoded",
        "'wav/99a01Fa.wav' is no utterance",
        "99a01Fa.wav' cannot be decoded",
    ):
        assert words in problems

    assert problems.endswith(
        "or give --allow-partial to score what is there (the run is then marked partial)"
    )


def test_many_of_a_kind_are_one_line_and_the_rest_is_said_to_be_elsewhere(
    build_corpus: Build, emodb: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty equal lines would hide the one that is of another kind."""
    data = build_corpus()
    (data / "emodb/wav/16a01Fc.wav").write_bytes(b"")
    for path in sorted((data / "emodb/wav").glob("03*"))[:30]:
        path.unlink()

    problems = problems_of(emodb, data)
    assert problems.count("is missing") == 1
    assert "'03a01Fa' is missing (and 29 more like this: '03a01Nc', '03a01Wa', ...)" in problems
    assert "16a01Fc.wav' is empty" in problems
    assert "  - 'mserbench data verify emodb --list' names all\n" in problems

    monkeypatch.setattr(dataset, "_LISTED", 1)
    cut = problems_of(emodb, data)
    assert "is empty" not in cut
    assert "  - and 1 more: 'mserbench data verify emodb --list' names all\n" in cut


def test_partial_keeps_what_is_there_and_says_what_is_not(build_corpus: Build, emodb: Task) -> None:
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    (data / "emodb/wav/03a01Nc.wav").write_bytes(b"")
    target = dataset.load(emodb, data, allow_partial=True)
    assert target.partial
    assert len(target.items) == 533
    assert len(target.warnings) == 2


def test_nothing_left_is_an_error_even_if_partial(build_corpus: Build, emodb: Task) -> None:
    data = build_corpus()
    for path in (data / "emodb/wav").iterdir():
        path.write_bytes(b"")

    problems = problems_of(emodb, data, allow_partial=True)
    assert "selects no clip of corpus 'emodb' that can be read" in problems
    assert "--allow-partial" not in problems.splitlines()[-1], (
        "a remedy that was already taken is no remedy"
    )


def test_an_undeclared_label_is_listed_beside_the_other_problems(
    build_corpus: Build, emodb: Task
) -> None:
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    open_map = replace(
        emodb, label_map={raw: label for raw, label in emodb.label_map.items() if raw != "L"}
    )
    problems = problems_of(open_map, data)
    assert "does not declare the raw labels {'L': 81}" in problems
    assert "add them to the map, with a label or DROP" in problems
    assert "'03a01Fa' is missing" in problems


def test_an_undeclared_label_stops_even_a_partial_run(build_corpus: Build, emodb: Task) -> None:
    open_map = replace(
        emodb, label_map={raw: label for raw, label in emodb.label_map.items() if raw != "L"}
    )
    assert "does not declare" in problems_of(open_map, build_corpus(), allow_partial=True)


def test_a_dropped_label_is_no_clip_of_the_task(sample: Task) -> None:
    six = replace(
        sample,
        labels=sample.labels[:-1],
        label_map={**sample.label_map, "L": DROP},
        counts=dict.fromkeys(sample.labels[:-1], 10),
    )
    assert len(dataset.load(six, None).items) == 60


def test_a_wrong_count_of_a_complete_corpus_is_a_problem(sample: Task) -> None:
    problems = problems_of(replace(sample, counts={**sample.counts, "fear": 11}), None)
    assert "task 'emodb-sample': 10 clips of 'fear' were found, 11 expected" in problems


def test_extra_files_are_left_out_with_a_note(build_corpus: Build, emodb: Task) -> None:
    data = build_corpus()
    (data / "emodb/wav/noise.wav").write_bytes((data / "emodb/wav/03a01Fa.wav").read_bytes())
    target = dataset.load(emodb, data)
    assert not target.partial
    assert target.notes == (
        "1 audio file(s) are no utterance of the corpus and are left out, such as 'wav/noise.wav'",
        "emodb: the audio is of no edition that we have seen, so that it cannot be told whether "
        "each file is as published",
    )


def test_a_limit_chooses_by_id_alone_and_marks_the_run(sample: Task) -> None:
    whole, limited = dataset.load(sample, None), dataset.load(sample, None, limit=7)
    more = dataset.load(sample, None, limit=20)
    chosen = {item.utterance.id for item in limited.items}
    assert len(chosen) == 7
    assert (
        chosen
        < {item.utterance.id for item in more.items}
        < {item.utterance.id for item in whole.items}
    )
    assert limited.partial
    assert not whole.partial
    assert limited.digest != whole.digest, "a limited run would be taken for the whole one"


def test_a_clip_shows_neither_label_nor_speaker_nor_name(sample: Task) -> None:
    target = dataset.load(sample, None, limit=3)
    for clip, item in zip(target.clips(range(3)), target.items, strict=True):
        visible = {clip.key, clip.seed, clip.seconds, clip.group, repr(clip)}
        assert not {item.label, item.utterance.id, item.utterance.speaker} & visible
        assert item.utterance.id not in repr(clip)
        assert clip.group is None


def test_groups_are_given_only_where_asked_and_equal_the_speakers(sample: Task) -> None:
    target = dataset.load(sample, None)
    groups = [clip.group for clip in target.clips(range(len(target.items)), grouped=True)]
    pairs = set(zip(groups, target.speakers, strict=True))
    assert len(pairs) == len(set(groups)) == 10


def test_a_clip_without_a_speaker_takes_nothing_from_the_others() -> None:
    """One blank cell of 535 would otherwise turn an interval over speakers into one over clips,
    unsaid.
    """
    assert dataset.cluster_numbers(["a", "b", "a"]) == [0, 1, 0]
    assert dataset.cluster_numbers(["a", None, "b", None, "a"]) == [0, None, 1, None, 0]
    assert dataset.cluster_numbers([None, None]) is None
    assert dataset.cluster_numbers([]) is None


def test_selection_reads_fields_and_extras() -> None:
    task = Task(
        "t",
        "t",
        "c",
        ("de",),
        ("x",),
        {"a": "x"},
        {"x": 1},
        {"split": ("test",), "take": ("1", "2")},
    )
    rows = [
        Utterance(
            f"{split}{take}",
            "a.wav",
            "a",
            None,
            "de",
            split=split,
            extra={"take": take} if take else {},
        )
        for split in ("train", "test", None)
        for take in ("1", "3", None)
    ]
    assert [utterance.id for utterance, _ in dataset.select(task, rows)] == ["test1"]


def test_truth_needs_no_audio_where_names_say_all(emodb: Task, build_corpus: Build) -> None:
    """Else a stranger's predictions could only be scored where the corpus lies, and whole."""
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    listed = {utterance.id: label for utterance, label in dataset.truth(emodb, None)}
    assert listed == {utterance.id: label for utterance, label in dataset.truth(emodb, data)}
    assert len(listed) == emodb.expected


def test_truth_of_an_incomplete_corpus_is_refused_with_a_remedy_that_exists(
    build_corpus: Build, emodb: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").unlink()
    monkeypatch.setattr("mserbench.data.corpus.inventory", lambda card: ())

    with pytest.raises(DataError, match="534 utterances were found, 535 expected") as caught:
        dataset.truth(emodb, data)

    assert "--allow-partial" not in str(caught.value), "'mserbench score' has no such option"
