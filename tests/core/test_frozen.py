"""Frozen subsets: the same 64 clips on every machine, stratified, and never taken for the task."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench import evaluate
from mserbench.cli import program
from mserbench.contracts import Utterance
from mserbench.data import dataset, frozen, lookup
from mserbench.data.labelled import labelled_utterances
from mserbench.errors import DataError, PluginError, UsageError
from mserbench.plugins.packages import package_file
from mserbench.running.submission import score_file
from mserbench_leaderboard.command import add
from mserbench_tasks.tasks import FROZEN

BY_INVENTORY = [name for name in FROZEN if not name.startswith("demo")]


def labelled(n: int = 300, speakers: int = 7) -> list[tuple[Utterance, str]]:
    draw = random.Random(3)
    labels = draw.choices(["happy", "sad", "angry"], [8, 2, 1], k=n)
    return [
        (
            Utterance(f"u{i:04d}", f"u{i:04d}.wav", label, f"s{draw.randrange(speakers)}", "de"),
            label,
        )
        for i, label in enumerate(labels)
    ]


@pytest.mark.parametrize("name", BY_INVENTORY)
def test_committed_list_is_what_the_rule_gives(name: str) -> None:
    task = lookup.task(name)
    listed = package_file(task.frozen).read_text(encoding="utf-8")

    assert frozen.text_of(frozen.chosen(dataset.truth(task, None))) == listed
    assert listed.count("\n") == frozen.SIZE + 1


@pytest.mark.parametrize("name", FROZEN)
def test_subset_is_a_question_of_its_own(name: str) -> None:
    task, subset = lookup.task(name), lookup.task(f"{name}:frozen")

    assert subset.hash != task.hash
    assert subset.expected == len(subset.ids) == frozen.SIZE
    assert (subset.labels, subset.label_map) == (task.labels, task.label_map)


def test_tasks_keep_their_hashes() -> None:
    # The hash of a task is in every committed record: that its subset is listed must not show.
    task = lookup.task("ravdess")

    assert task.hash == dataclasses.replace(task, frozen="").hash


def test_one_clip_more_or_less_is_another_subset() -> None:
    subset = lookup.task("ravdess:frozen")

    assert dataclasses.replace(subset, ids=subset.ids[1:]).hash != subset.hash


def test_order_of_a_listing_does_not_matter() -> None:
    clips = labelled()
    shuffled = random.Random(0).sample(clips, len(clips))

    assert frozen.chosen(shuffled) == frozen.chosen(clips)


def test_labels_and_speakers_are_as_even_as_they_can_be() -> None:
    clips = labelled()
    speakers = {utterance.id: utterance.speaker for utterance, _ in clips}
    chosen = frozen.chosen(clips)

    per_label = Counter(chosen.values())
    per_speaker = Counter(speakers[name] for name in chosen)
    assert len(chosen) == frozen.SIZE
    assert max(per_label.values()) - min(per_label.values()) <= 1
    assert max(per_speaker.values()) - min(per_speaker.values()) <= 3


def test_rare_label_gives_all_it_has() -> None:
    clips = [pair for pair in labelled() if pair[1] != "angry"]
    clips += [pair for pair in labelled() if pair[1] == "angry"][:5]

    assert Counter(frozen.chosen(clips).values())["angry"] == 5


def test_small_corpus_is_its_own_subset() -> None:
    assert len(frozen.chosen(labelled(n=20))) == 20


def test_clips_outside_the_subset_do_not_change_it() -> None:
    # A release that lacks some other recordings still has the same subset where none was drawn.
    clips = labelled()
    chosen = frozen.chosen(clips)
    reserve = next(pair for pair in clips if pair[0].id not in chosen)
    drawn_last = [pair for pair in clips if pair is not reserve]

    assert len(set(frozen.chosen(drawn_last)) - set(chosen)) <= 1


def test_subset_of_a_part_is_not_that_of_the_whole_task() -> None:
    assert lookup.task("resd").frozen
    assert not lookup.task("resd:test").frozen


def test_subset_of_a_subset_is_refused() -> None:
    with pytest.raises(UsageError, match="frozen subset already"):
        lookup.task("ravdess:frozen:frozen")


def test_task_without_a_list_needs_its_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MSERBENCH_DATA", raising=False)

    with pytest.raises(DataError, match="drawn from its whole corpus"):
        lookup.task("iemocap-4:frozen")


@pytest.mark.parametrize("means", ["api", "labelled", "score", "command"])
def test_task_without_a_list_is_drawn_from_the_folder_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, means: str
) -> None:
    """Not from $MSERBENCH_DATA, which is another one, or not set."""
    elsewhere, named = tmp_path / "elsewhere", tmp_path / "named"
    monkeypatch.setenv("MSERBENCH_DATA", str(elsewhere))
    asked: list[Path | None] = []

    def truth(task: object, data: Path | None) -> list[tuple[Utterance, str]]:
        asked.append(data)
        raise DataError("the corpus is not here")

    monkeypatch.setattr(dataset, "truth", truth)
    ways: dict[str, Callable[[], object]] = {
        "api": lambda: evaluate("prior", "iemocap-4:frozen", data=named, out=tmp_path),
        "labelled": lambda: labelled_utterances("iemocap-4:frozen", named),
        "score": lambda: score_file("answers.csv", "iemocap-4:frozen", "me", data=named),
        "command": lambda: program.main(
            ["run", "--model", "prior", "--task", "iemocap-4:frozen", "--data", str(named)],
            standalone_mode=False,
        ),
    }
    with pytest.raises(DataError, match="give --data or set MSERBENCH_DATA"):
        ways[means]()

    assert asked == [named]
    assert os.environ["MSERBENCH_DATA"] == str(elsewhere)


def test_list_of_other_labels_is_refused() -> None:
    task = dataclasses.replace(lookup.task("aesdd"), frozen="mserbench_tasks:frozen/ravdess.csv")

    with pytest.raises(PluginError, match="labels of the task were expected"):
        frozen.subset_of(task)


def test_subset_is_scored_from_a_file_without_any_audio(tmp_path: Path) -> None:
    subset = lookup.task("ravdess:frozen")
    path = tmp_path / "answers.csv"
    rows = [f"{name},happy" for name in subset.ids]
    path.write_text("\n".join(["id,prediction", *rows]) + "\n")
    run = score_file(path, "ravdess:frozen", "always-happy", out=tmp_path / "runs")

    assert run.record.counts.scored == run.record.counts.expected == frozen.SIZE
    assert run.record.task.question == subset.hash
    assert "frozen" in run.marks


def test_subset_is_no_entry_of_a_board(tmp_path: Path) -> None:
    board = tmp_path / "board"
    (board / "results").mkdir(parents=True)
    run = evaluate("random", "emodb-sample:frozen", out=tmp_path)

    with pytest.raises(DataError, match="'emodb-sample:frozen', but a run lies in"):
        add(board, [run.folder])
