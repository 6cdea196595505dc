"""The board as a reader sees it: who stands where, what is kept apart, what is escaped."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mserbench.cards import Exposure
from mserbench.errors import DataError
from mserbench.report import markdown
from mserbench.report.blocks import Column, Table
from mserbench.report.numbers import percent
from mserbench.results.predictions import Prediction
from mserbench_leaderboard import board as boards
from mserbench_leaderboard import store, systems
from mserbench_leaderboard.command import README, replay_board, rewrite
from tests.leaderboard.conftest import (
    LABELS,
    MakeRun,
    rewrite_record,
    rows_of,
    toy_card,
    toy_items,
    toy_task,
    trained,
    write_run,
)

GOLDEN = Path(__file__).parent / "golden.md"
OTHER_CORPUS = Exposure("elsewhere", ("eo",), "emotion-labels", "card")
SAME_CORPUS = Exposure("toy-a-corpus", ("eo",), "emotion-labels", "card")


def written(board: Path) -> str:
    rewrite(board, pictures=False)
    return (board / README).read_text(encoding="utf-8")


def sections(board: Path) -> dict[str, boards.Section]:
    entries, problems = store.collect(board / store.RESULTS)
    assert problems == []
    built, problems = boards.build(entries, [], lambda name: None)
    assert problems == []

    return {section.question.name: section for section in built}


def compared(page: str) -> list[str]:
    """Return the rows of the tables by which systems are compared, without those that are
    folded.
    """
    rows, is_compared = [], False
    for line in page.splitlines():
        is_compared = line.startswith("| rank | model | UA") or (
            is_compared and line.startswith("| ")
        )
        if is_compared:
            rows.append(line)

    return rows


def always(label: str) -> list[Prediction]:
    return [
        Prediction(row.id, row.label, label) for row in rows_of(toy_items(toy_task()), LABELS, 0, 0)
    ]


def test_two_tasks_look_as_they_did(board: Path, make_run: MakeRun) -> None:
    """Any change of the page, wanted or not, is seen here; `golden.md` is then to be read and
    replaced.
    """
    extra = toy_task("toy-b", (*LABELS, "calm"))
    for number, (model, right) in enumerate(
        [("strong", 0.9), ("weak", 0.4), ("prior", 0.0), ("random", 0.0)]
    ):
        make_run(None, model, right=right, seed=number)
        make_run(extra, model, right=right, seed=number, card=toy_card(extra, synthetic=True))

    make_run(None, "neighbour", right=0.8, seed=11, exposures=(OTHER_CORPUS,))
    make_run(
        None,
        "native",
        right=0.8,
        seed=12,
        exposures=(SAME_CORPUS,),
        weights={"name": "de-it", "hash": "ab" * 32},
    )
    make_run(None, "secret", right=0.8, seed=13, complete=False, transductive=True)
    make_run(None, "cheat", right=1.0, seed=14, verdict="leaked")
    make_run(
        None,
        "tuned",
        right=0.8,
        seed=17,
        development=("toy-a-corpus",),
        weights=trained(None, "best", True),
    )

    for seed in (18, 19, 20):
        make_run(None, "good", right=0.7, seed=seed, weights=trained(seed, preset="mini"))

    make_run(toy_task(version=0), "strong", right=0.9, seed=15)
    make_run(None, "hasty", right=0.9, seed=16, partial=True)
    (board / "reported.csv").write_text(
        "task,system,metric,value,exposure,paper,table,source,note\n"
        "toy-a,Their | model,UA,71.5,in-corpus,Some paper,2,its table,head trained on the corpus\n"
        "toy-a,Their | model,MF1,70.25,in-corpus,Some paper,2,its table,head trained on "
        "the corpus\n"
    )
    assert written(board) == GOLDEN.read_text(encoding="utf-8")


def test_the_same_runs_give_the_same_page(board: Path, make_run: MakeRun) -> None:
    """A page that changes on its own could never be checked for staleness."""
    make_run()
    assert written(board) == written(board)


def test_the_front_page_shows_the_best_runs_on_real_speech(board: Path, make_run: MakeRun) -> None:
    """Else the numbers of the README would be typed by hand, and stale after the next run."""
    front = board.parent / README
    front.write_text("before\n<!-- board -->\nold\n<!-- /board -->\nafter\n")
    made_up = toy_task("toy-b")
    make_run(None, "honest", right=0.9, seed=1)
    make_run(made_up, "honest", right=0.9, seed=2, card=toy_card(made_up, synthetic=True))
    rewrite(board, pictures=False)
    text = front.read_text()
    assert text.startswith("before\n<!-- board -->\n\n| task")
    assert text.endswith("\n\n<!-- /board -->\nafter\n")
    assert f"[toy-a]({board.name}/README.md#toy-a)" in text
    assert "toy-b" not in text
    assert replay_board(board, pictures=False) == []
    front.write_text(text.replace("honest", "famous"))
    assert any(str(front.name) in finding for finding in replay_board(board, pictures=False))


def test_a_translated_front_page_has_the_same_runs(board: Path, make_run: MakeRun) -> None:
    """Else its figures would be those of the day on which it was translated."""
    translated = board.parent / "docs" / "README.zh.md"
    translated.parent.mkdir()
    titles = "| 任务 | b | c | d | e | f |"
    translated.write_text(f"<!-- board -->\n\n{titles}\n| old |\n\n<!-- /board -->\n", "utf-8")
    make_run(None, "honest", right=0.9, seed=1)
    rewrite(board, pictures=False)
    text = translated.read_text("utf-8")
    assert text.startswith(f"<!-- board -->\n\n{titles}\n| ---")
    assert f"[toy-a](../{board.name}/README.md#toy-a)" in text
    assert replay_board(board, pictures=False) == []

    # Titles of other columns would stand above the wrong figures.
    translated.write_text(text.replace(" f |", " f | g |"), "utf-8")
    assert any(translated.name in finding for finding in replay_board(board, pictures=False))
    rewrite(board, pictures=False)
    assert "\n\n| task |" in translated.read_text("utf-8")


def test_a_row_by_which_systems_are_compared_fits_a_screen(board: Path, make_run: MakeRun) -> None:
    """Wider, and nobody sees the interval beside the number; all else stands below, and is folded."""
    for seed in (1, 2, 3):
        make_run(None, "good", right=0.6, seed=seed, weights=trained(seed, preset="mini", layers=3))

    make_run(None, "tuned", right=0.9, seed=4, development=("toy-a-corpus",))
    rows = compared(written(board))
    assert len(rows) == 6
    assert max(map(len, rows)) <= 120


def test_rows_that_differ_in_their_training_speech_alone_are_told_apart(
    board: Path, make_run: MakeRun
) -> None:
    """The column that says it is folded; two rows of one name look like a mistake."""
    trained_on = [Exposure(name, ("ia",), "emotion-labels", "card") for name in ("first", "second")]
    for seed, exposure in enumerate(trained_on):
        weights = {"name": exposure.corpus, "hash": f"{seed}1" * 32}
        make_run(None, "good", right=0.6, seed=seed, exposures=(exposure,),
                 weights={**weights, "trained": [{"on": [exposure.corpus], "options": {}}]})  # fmt: skip

    rows = compared(written(board))
    assert sum("| good, on first |" in row for row in rows) == 1
    assert sum("| good, on second |" in row for row in rows) == 1


def test_the_picture_shows_real_speech_alone_and_is_compared_byte_for_byte(
    board: Path, make_run: MakeRun
) -> None:
    """Where one looks first stands what was measured on people, and no number of yesterday."""
    made_up = toy_task("toy-b")
    make_run(made_up, "bold & <brave>", right=0.9, seed=2, card=toy_card(made_up, synthetic=True))
    written(board)
    picture = board / "pictures" / "board.svg"
    assert not picture.exists()

    make_run(None, "bold & <brave>", right=0.9, seed=1, development=("elsewhere",))
    assert "pictures/board.svg" in written(board)
    texts = [element.text or "" for element in ElementTree.parse(picture).iter()]
    assert "bold & <brave>" in texts
    assert "toy-a" in texts
    assert "toy-b" not in texts
    score = sections(board)["toy-a"].groups["Zero-shot"][0].system.scores["UA"]
    assert percent(score.value, score.interval) in texts

    before = picture.read_bytes()
    written(board)
    assert picture.read_bytes() == before
    picture.write_bytes(before.replace(b"toy-a", b"toy-c"))
    (finding,) = replay_board(board, pictures=False)
    assert "board.svg" in finding


def test_groups_follow_the_verdicts(board: Path, make_run: MakeRun) -> None:
    """A model that saw the language must never be ranked among those that did not, however good it
    is.
    """
    make_run(None, "honest", right=0.5, seed=1)
    make_run(None, "neighbour", right=0.9, seed=2, exposures=(OTHER_CORPUS,))
    make_run(None, "native", right=1.0, seed=3, exposures=(SAME_CORPUS,))
    make_run(None, "cheat", right=1.0, seed=4, verdict="leaked")
    make_run(None, "peeking", right=0.9, seed=5, transductive=True)
    groups = sections(board)["toy-a"].groups
    ranks = {title: [(row.name, row.rank) for row in rows] for title, rows in groups.items()}
    assert ranks == {
        "Zero-shot": [("honest", 1)],
        "Zero-shot, transductive": [("peeking", 1)],
        "Cross-corpus": [("neighbour", 1)],
        "In-corpus or unknown": [("native", 1), ("cheat", None)],
    }


def test_systems_that_heard_clips_of_the_target_are_ranked_by_their_number_of_clips(
    board: Path, make_run: MakeRun
) -> None:
    """A model that heard the room has an advantage, the greater the more it heard."""
    make_run(None, "blind", right=0.5, seed=1)
    for seed, (name, clips) in enumerate([("a", 10), ("b", 10), ("c", 100)], start=2):
        run = make_run(None, name, right=0.9, seed=seed)
        heard = {"clips": clips, "way": "other speakers", "draw": 0, "heard": [["x"], ["y"]]}
        rewrite_record(run.folder, lambda record, heard=heard: record.update(adaptation=heard))

    groups = sections(board)["toy-a"].groups
    assert {title: {row.name for row in rows} for title, rows in groups.items()} == {
        "Zero-shot": {"blind"},
        "Zero-shot, adapted:10": {
            "a, 10 clips of other speakers, draw 0",
            "b, 10 clips of other speakers, draw 0",
        },
        "Zero-shot, adapted:100": {"c, 100 clips of other speakers, draw 0"},
    }
    page = written(board)
    assert "### Zero-shot, adapted:10" in page


def test_floors_and_the_best_constant_stand_apart(board: Path, make_run: MakeRun) -> None:
    """A floor in the ranking would be a result; without floors 33 % of three classes looks like
    one.
    """
    make_run(None, "prior", rows=always("sad"))
    make_run(None, "model", right=0.9, seed=1)
    section = sections(board)["toy-a"]
    assert [row.name for row in section.floors] == ["prior"]
    assert [row.name for row in section.groups["Zero-shot"]] == ["model"]
    assert section.constant is not None
    assert section.constant.metrics["UA"] == pytest.approx(1 / 3)
    assert "always happy (the best constant answer)" in written(board)


def test_a_tie_group_holds_what_the_best_does_not_beat(board: Path, make_run: MakeRun) -> None:
    """A difference of chance must not look like a victory, nor a clear one like a tie."""
    task = toy_task()
    rows = rows_of(toy_items(task), LABELS, 1.0, 1)
    wrong = {"happy": "sad", "sad": "angry", "angry": "happy"}
    near = [
        Prediction(row.id, row.label, wrong[row.label]) if n == 5 else row
        for n, row in enumerate(rows)
    ]
    make_run(None, "best", rows=rows, seed=1)
    make_run(None, "near", rows=near, seed=2)
    make_run(None, "far", rows=always("happy"), seed=3)
    ties = {row.name: row.tied for row in sections(board)["toy-a"].groups["Zero-shot"]}
    assert ties == {"best": True, "near": True, "far": False}


def test_other_versions_and_partial_runs_are_not_ranked(board: Path, make_run: MakeRun) -> None:
    """Scores of other clips or other label maps in one ranking compare what cannot be compared."""
    make_run(toy_task(version=2), "new", right=0.3, seed=1)
    make_run(toy_task(version=1), "old", right=1.0, seed=2)
    make_run(toy_task(version=2), "hasty", right=1.0, seed=3, partial=True)
    section = sections(board)["toy-a"]
    assert [row.name for row in section.groups["Zero-shot"]] == ["new"]
    assert [(row.name, row.rank) for row in section.older] == [("old", None)]
    assert [(row.name, row.rank) for row in section.partial] == [("hasty", None)]


def test_a_run_over_other_clips_stops_the_board(board: Path, make_run: MakeRun) -> None:
    """A run that lacks its hardest clips would win; it is named, and nothing is written."""
    for seed in (1, 2):
        make_run(None, f"model{seed}", seed=seed)

    few = rows_of(toy_items(toy_task()), LABELS, 1.0, 0)[:-3]
    items = toy_items(toy_task())
    short = type(items)(
        items.ids[:-3], items.truth[:-3], items.clusters[:-3] if items.clusters else None
    )
    make_run(None, "short", items=short, rows=few, seed=9)

    with pytest.raises(DataError, match="short-000000000009' scored other clips"):
        rewrite(board, pictures=False)

    assert not (board / README).exists()


def test_names_tell_runs_of_one_model_apart(board: Path, make_run: MakeRun) -> None:
    """Two rows of one name would hide which of them used the target's statistics."""
    weights = {"name": "de-it", "hash": "ab" * 32}
    make_run(None, "egemaps", seed=1, weights=weights, options={"normalise": "none", "C": 1.0})
    make_run(None, "egemaps", seed=2, weights=weights, options={"normalise": "speaker", "C": 1.0})
    make_run(
        None,
        "egemaps",
        seed=3,
        weights={**weights, "hash": "cd" * 32},
        options={"normalise": "none", "C": 1.0},
    )
    make_run(None, "other", seed=4, options={"C": 2.0})
    assert sorted(row.name for row in sections(board)["toy-a"].groups["Zero-shot"]) == [
        "egemaps, de-it, normalise=none, weights abababab",
        "egemaps, de-it, normalise=none, weights cdcdcdcd",
        "egemaps, de-it, normalise=speaker",
        "other",
    ]


def test_a_model_is_called_by_its_preset(board: Path, make_run: MakeRun) -> None:
    """A preset may be a hundredth of the paper's model: its number must not stand under the paper's
    name.
    """
    options = {"preset": None, "answer": None, "seed": None}
    noisy = trained(1, "other", preset="mini", noise=0.5)
    noisy["recipe"] = (
        "mserbench train --model m --on x --option noise=0.5 --option seed=1 --out other"
    )
    make_run(None, "mser-llm", seed=1, weights=trained(1, preset="mini"), options=options)
    make_run(None, "mser-llm", seed=2, weights=noisy, options=options)
    make_run(
        None,
        "mser-llm",
        seed=3,
        weights=trained(1, preset="mini"),
        options={**options, "answer": "generate"},
    )
    make_run(None, "mser-llm", seed=4, weights=trained(1, preset="paper"), options=options)
    assert sorted(row.name for row in sections(board)["toy-a"].groups["Zero-shot"]) == [
        "mser-llm (mini)", "mser-llm (mini), answer=generate", "mser-llm (mini), noise=0.5",
        "mser-llm (paper)",
    ]  # fmt: skip


def test_options_of_the_training_name_a_system_though_it_was_asked_with_its_defaults(
    board: Path, make_run: MakeRun
) -> None:
    """Weights remember what they were trained with; what stands in the options of the run means
    nothing to them.
    """
    plain, retrained = trained(None, "plain", layers="2"), trained(None, "other", layers="1,2,3")
    plain["recipe"] = "mserbench train --model linear --on x --out plain"
    retrained["recipe"] = "mserbench train --model linear --on x --option layers=1,2,3 --out other"
    make_run(
        None, "linear", seed=1, weights=plain, options={"layers": "2", "normalise": "training"}
    )
    make_run(
        None, "linear", seed=2, weights=retrained, options={"layers": "2", "normalise": "training"}
    )
    hostile = {**trained(None, "evil"), "recipe": "mserbench 'train --option layers=9"}
    make_run(
        None, "linear", seed=3, weights=hostile, options={"layers": "2", "normalise": "speaker"}
    )
    names = sorted(row.name for row in sections(board)["toy-a"].groups["Zero-shot"])
    assert names == ["linear", "linear, layers=1,2,3", "linear, normalise=speaker"]


# Systems: seeds together


def test_trainings_that_differ_in_their_seed_alone_are_one_row(
    board: Path, make_run: MakeRun
) -> None:
    """The best of five seeds in the ranking would be a winner of chance; so is a single one."""
    runs = [
        make_run(None, "good", right=0.6, seed=seed, weights=trained(seed)) for seed in (3, 1, 2)
    ]
    make_run(None, "good", right=0.6, seed=4, weights=trained(4, noise=1))
    (row, noisy_row) = sorted(
        sections(board)["toy-a"].groups["Zero-shot"],
        key=lambda candidate: len(candidate.system.seeds),
    )[::-1]
    values = [run.metrics["UA"] for run in runs]
    assert (row.system.seeds, noisy_row.system.seeds) == (["1", "2", "3"], ["4"])
    assert row.system.scores["UA"].value == pytest.approx(np.mean(values))
    assert row.system.spread == pytest.approx(np.std(values, ddof=1))
    lower, upper = row.system.scores["UA"].interval or (0.0, 0.0)
    assert 0 < lower < np.mean(values) < upper < 1
    text = written(board)
    assert f"| 3 ± {100 * np.std(values, ddof=1):.1f} " in text
    assert all(
        f"[{seed}](results/toy-a/good-{seed:012x}/predictions.csv)" in text for seed in (1, 2, 3)
    )


def test_the_mean_of_one_model_has_the_interval_of_its_run(board: Path, make_run: MakeRun) -> None:
    make_run(None, "good", right=0.6, seed=1, weights=trained(1))
    (row,) = sections(board)["toy-a"].groups["Zero-shot"]
    assert row.system.scores == row.system.first.scores
    assert row.system.spread is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, 0, 1, 2]), st.booleans(),
        st.booleans()),
        min_size=1, max_size=8, unique=True,
    )
)  # fmt: skip
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_run_is_in_one_system_and_systems_differ_in_more_than_the_seed(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, int | None, bool, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("results")
    for number, (model, seed, transductive, noisy) in enumerate(drawn):
        weights = trained(seed, **({"noise": 1} if noisy else {}))
        write_run(folder, None, model, 0.5, number, weights=weights, transductive=transductive)

    entries, problems = store.collect(folder)
    assert problems == []
    rows = systems.of(entries)
    assert sorted(entry.place for row in rows for entry in row.entries) == sorted(
        entry.place for entry in entries
    )
    random = {
        (model, transductive, noisy)
        for model, seed, transductive, noisy in drawn
        if seed is not None
    }
    fixed = [run_drawn for run_drawn in drawn if run_drawn[1] is None]
    assert len(rows) == len(random) + len(fixed)
    assert len(set(systems.names(rows).values())) >= len({model for model, *_ in drawn})


def test_one_seed_twice_stops_the_board(board: Path, make_run: MakeRun) -> None:
    """A training that counts twice pulls the mean and narrows the spread."""
    make_run(None, "good", right=0.6, seed=1, weights=trained(1))
    make_run(None, "good", right=0.6, seed=2, weights=trained(1, "copy"))
    with pytest.raises(
        DataError,
        match=r"same system and the same seed \(1\) as 'toy-a/good-000000000001': remove one",
    ):
        rewrite(board, pictures=False)


def test_a_deterministic_training_says_that_it_has_no_seeds(board: Path, make_run: MakeRun) -> None:
    make_run(None, "good", right=0.6, seed=1, weights=trained(None, C=1))
    make_run(None, "drawn", right=0.6, seed=2, weights=trained(7))
    make_run(None, "untold", right=0.6, seed=3)
    rows = {row.name: row.system for row in sections(board)["toy-a"].groups["Zero-shot"]}
    assert {name: system.is_random for name, system in rows.items()} == {
        "good": False,
        "drawn": True,
        "untold": None,
    }
    (row,) = [line for line in compared(written(board)) if "| good |" in line]
    assert row.endswith("| none |")


# Development, and weights that can be had or not


def test_a_system_that_was_chosen_on_the_target_is_ranked_apart(
    board: Path, make_run: MakeRun
) -> None:
    """Beside a blind one its figure flatters; the first table shows both, each under its word."""
    make_run(None, "tuned", right=0.9, seed=1, development=("toy-a-corpus",))
    make_run(None, "blind", right=0.6, seed=2, development=("elsewhere",))
    silent = make_run(None, "silent", right=0.8, seed=3)
    rewrite_record(silent.folder, lambda record: record["model"].pop("development"))
    groups = {
        title: [row.name for row in rows] for title, rows in sections(board)["toy-a"].groups.items()
    }
    assert groups == {"Zero-shot": ["silent", "blind"], "Zero-shot, development": ["tuned"]}
    text = written(board)
    (first,) = [line for line in text.splitlines() if line.startswith("| [toy-a](#toy-a)")]
    blind, tuned = first.split("|")[3:5]
    assert ("blind" in blind, "tuned" in tuned, "silent" in first) == (True, True, False)
    (row,) = [line for line in compared(text) if "| silent |" in line]
    assert "development not stated" in row


def test_weights_that_do_not_ship_are_named_with_what_trains_them_again(
    board: Path, make_run: MakeRun
) -> None:
    """A number whose weights nobody can have is a claim; the command makes it one that can be
    tried.
    """
    make_run(None, "good", right=0.6, seed=1, weights=trained(1, shipped=True))
    for seed in (2, 3):
        make_run(None, "good", right=0.6, seed=seed, weights=trained(seed))

    make_run(None, "lost", right=0.6, seed=4, weights={**trained(4), "recipe": "x" * 700})
    make_run(None, "own", right=0.6, seed=5, recipe="mserbench train && python -m made")
    text = written(board)
    commands = "`mserbench train --model good --on x --option seed=2 --out w2`, and so with seed 3"
    listed = text.partition("### Weights")[2].partition("### ")[0]
    rows = {
        line.split("|")[1].strip(): line.split("|")[3].strip()
        for line in listed.splitlines()
        if "|" in line
    }
    assert rows["good"] == f"ship as `w1` (seed 1); not shipped, trained again by {commands}"
    assert rows["lost"] == "not shipped, and no command is known that trains them again"
    assert rows["own"] == "not shipped, made again by `mserbench train && python -m made`"
    for name in ("good", "lost", "own"):
        (row,) = [line for line in compared(text) if f"| {name} |" in line]
        assert "weights not shipped" in row


NASTY = st.text(
    st.sampled_from("|\\`*_[]()<>&!#\n\r\t\0\u202e$~:@w. ah\"'{}-+/=%"), max_size=30
) | st.sampled_from(
    [
        "[x](http://evil)",
        "<script>alert(1)</script>",
        "a | b\n|---|",
        "![x](y)",
        "www.evil.org",
        "`` ` ``",
        "&lt;",
        "\\|",
    ]
)


@given(NASTY | st.text(max_size=200))
def test_no_name_can_be_more_than_text(name: str) -> None:
    """A model's name that opens a link, a tag or a cell would let a stranger write on our page."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        markdown.block(Table([Column("name"), Column("n", right=True)], [[name, "1"]]))
    )
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert {child.type for token in cells for child in token.children or []} <= {
        "text",
        "text_special",
    }
    visible = "".join(child.content for child in cells[2].children or [])
    assert visible == visible.strip()
    assert "".join(visible.split())[:20] == "".join(
        sign for sign in name if sign.isprintable() and sign != " "
    )[:20] or (not name.isprintable())


def test_addresses_do_not_become_links() -> None:
    """GitHub makes links of bare addresses, and people click on them."""
    assert "http:" not in markdown.escape("http://evil.org")
    assert "www." not in markdown.escape("WWW.evil.org").lower()


def _rename(record: dict[str, Any], name: str) -> None:
    record["model"]["name"] = record["task"]["title"] = record["corpus"]["title"] = name


def test_the_page_holds_a_hostile_name_as_text(board: Path, make_run: MakeRun) -> None:
    """One field that is printed as it came is enough: name, weights, option, title and corpus are
    tried.
    """
    evil = "x|y <img src=q> [a](b) `c`\n# d"
    task = toy_task()
    first_run = make_run(
        task, "evil", weights={"name": evil, "hash": evil}, options={"o": evil}, seed=1
    )
    two = make_run(task, "evil", weights={"name": evil, "hash": "0"}, options={"o": "p"}, seed=2)

    for run in (first_run, two):
        rewrite_record(run.folder, partial(_rename, name=evil))

    text = written(board)
    assert "<img" not in text
    assert "[a](b)" not in text
    assert "`c`" not in text
    assert "\n# d" not in text


@pytest.mark.parametrize("seed", range(4))
def test_ties_agree_with_compare(board: Path, make_run: MakeRun, seed: int) -> None:
    """The test behind a tie group must be the one that `mserbench compare` prints."""
    from mserbench.statistics.compare import compare
    from mserbench_leaderboard import ties

    pair = [
        make_run(None, f"model{number}", right=right, seed=seed + number)
        for number, right in enumerate((0.7, 0.4))
    ]
    entries = [store.load(run.folder) for run in pair]
    answers = [[row.prediction for row in run.rows] for run in pair]
    p = compare(entries[0].items.truth, *answers, LABELS, entries[0].items.clusters).ua_p
    assert len(ties.top([[entry] for entry in entries], level=p * 1.001)) == 1
    assert len(ties.top([[entry] for entry in entries], level=p * 0.999)) == 2


def test_few_speakers_tie_with_everybody(board: Path, make_run: MakeRun) -> None:
    """Three speakers cannot show that anybody is worse, so no victory may be claimed."""
    items = toy_items(toy_task())
    few = type(items)(items.ids, items.truth, tuple(number % 3 for number in range(36)))
    for number, right in enumerate((1.0, 0.2)):
        make_run(
            None, f"model{number}", items=few, rows=rows_of(few, LABELS, right, number), seed=number
        )

    assert [row.tied for row in sections(board)["toy-a"].groups["Zero-shot"]] == [True, True]
