"""Definitions, plans and pages of experiments: what a table asks for is what is trained, asked and
shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from official import memory
from small_tables import SEEDS_AND_LABELS, toml_halves, toml_setting, toml_system

from mserbench.data import lookup
from mserbench.errors import DataError, UnknownName, UsageError
from mserbench.experiments import (
    answers,
    chance,
    collecting,
    describing,
    folder,
    options,
    page,
    plan,
    speakers,
    validating,
)
from mserbench.experiments.answers import Answers
from mserbench.experiments.definition import Wishes, load
from mserbench.experiments.figures import Figures
from mserbench.experiments.lookup import experiment_file
from mserbench.experiments.shapes import AVERAGE
from mserbench.statistics.metrics import METRICS

Install = Callable[..., Path]
SEEDED = """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Options:
        seed: int = 0
        rate: float = 0.1
        fast: bool = False

    class Seeded(Trainee):
        Options = Options
"""
TABLE = f"""
title = "A table"
reference = "one"
{SEEDS_AND_LABELS}
{toml_halves("DE", "emodb-5")}
[corpora.IT]
train = "emovo-5"
test = "emovo-5:speakers.f1"
whole = "emovo-5"

[corpora.EL]
test = "aesdd"

{toml_setting("IT-DE", "IT", "DE", "EL")}
{toml_setting("DE-IT", "DE", "IT", "EL")}options.seeded = {{ rate = 0.2 }}

[[systems]]
name = "one"
model = "seeded"
train = ["source", "others"]

{toml_system("each", "seeded", "one source", "options = { fast = true }")}
{toml_system("top", "seeded", "target")}
{toml_system("floor", "trainee", "source")}
[presets.tiny]
seeds = [7]
options.seeded = {{ rate = 0.9 }}
"""
ONLY_MF1 = """
    metrics = ["MF1"]
    spreads = [{ title = "S", systems = ["one", "each"] }]
"""


def contrast(system: str, reference: str) -> str:
    return (
        f'[[contrasts]]\ntitle = "C"\nsystem = "{system}"\nreference = '
        f'"{reference}"\n\n[presets.tiny]'
    )


MADE_OF_IT = 'source = ["DE"]\nothers = ["EL"]\ntarget = "IT"'


def spread(*names: str) -> str:
    return f'[[spreads]]\ntitle = "Choices"\nsystems = {list(names)}\n\n[presets.tiny]'


@pytest.fixture
def file(plugin: Install, tmp_path: Path) -> Callable[..., str]:
    """Write the table, with some of its text replaced; returns the name that a user types."""
    plugin(SEEDED, models=["Seeded"])

    def write(*replacements: tuple[str, str]) -> str:
        text = dedent(TABLE)
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)

        path = tmp_path / "table.toml"
        path.write_text(text)
        return str(path)

    return write


def cell_of(cells: list[plan.Cell], system: str, setting: str, kind: str = "test") -> plan.Cell:
    (cell,) = [
        candidate
        for candidate in cells
        if (candidate.system, candidate.setting, candidate.kind) == (system, setting, kind)
    ]
    return cell


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "A', 'titel = "A', "'titel' is no key that is known here: did you mean 'title'"),
        ("seeds = [0, 1]", "seeds = [0, 0]",
        r"'seeds' is \[0, 0\], but a list of different whole numbers"),
        ("seeds = [0, 1]", "seeds = [-1]", "a list of different whole numbers"),
        ('reference = "one"', 'reference = "two"',
        "'reference' is 'two', which is no system: one, each, top, floor"),
        ('name = "each"', 'name = "one"', "'systems' has the name 'one' twice"),
        ('name = "each"', 'name = "a/b"', "a word without '/'"),
        ('test = "aesdd"', "", "corpora 'EL', 'test' is missing: give it"),
        ('test = "aesdd"', 'test = "aesdddd"',
        "corpora 'EL', 'train': task 'aesdddd' is not known; did you mean"),
        ('test = "aesdd"', 'test = "emodb"',
        "'test': task 'emodb' has the labels neutral.* the table has 'labels'"),
        ('train = "emovo-5"', 'train = "urdu-4"',
        "'train': task 'urdu-4' has no label 'disgust', which the"),
        ('source = ["IT"]', 'source = ["FR"]',
        "settings 'IT-DE', 'source' names 'FR', which is none of the corpora"),
        (MADE_OF_IT, MADE_OF_IT.replace('"EL"', '"IT"'),
        "'target' is 'IT', which is among the sources: only a"),
        ('train = "emovo-5"', 'train = "emodb-5:halves.a"',
        "'IT' trains on 'emodb-5:halves.a', a part of the"),
        ("seeds = [0, 1]", 'metrics = ["UAR"]',
        "'metrics' has 'UAR', but only UA, WA, WF1, MF1, precision, unparsed"),
        ("seeds = [0, 1]", 'tested = ["UAR"]', "'tested' has 'UAR', but only UA, WA"),
        ('model = "trainee"', 'model = "trane"',
        "systems 'floor', 'model': model 'trane' is not known; did you mean"),
        ('model = "trainee"', 'model = "steady"',
        "'train': model 'steady' cannot be trained: leave 'train' away"),
        ("fast = true", "fist = true",
        "'each' in settings 'IT-DE', 'options': option of model 'seeded' 'fist'"),
        ("fast = true", 'fast = "maybe"',
        "option 'fast' of model 'seeded' is 'maybe', but bool was expected"),
        ("fast = true", "seed = 1", "'seed' is given by 'seeds' of the table"),
        ("rate = 0.2", "rate = [1]",
        r"the option 'rate' = \[1\], but a text, a number, true or false"),
        ("options.seeded = { rate = 0.2 }", "options.seded = { rate = 0.2 }",
        "settings 'DE-IT', 'options': model"),
        ('train = ["one source"]', 'train = ["sources"]',
        "'train' has 'sources', but only 'source', 'others'"),
        ('train = ["target"]', 'train = ["target", "source"]',
        "'target' and 'one source' stand alone"),
        ('"halves.a", "halves.b"', '"halves.a"',
        "'folds' must be all parts of one division: halves.a, halves.b"),
        ('"halves.a", "halves.b"', '"halves.a", "thirds.b"', "corpora 'DE', 'folds': .*'thirds'"),
        ("fast = true }", "fast = true }\naksed = { rate = 1 }",
        "'aksed' is no key .* did you mean 'asked'"),
        ("fast = true }", "fast = true }\nasked = { rte = 1 }",
        "'IT-DE', 'asked': option of model 'seeded' 'rte'"),
        ("fast = true }", "fast = true }\nasked = { seed = 1 }",
        "systems 'each', 'asked': 'seed' is given by 'seeds'"),
        ('train = ["target"]', "asked = { rate = 1 }",
        "systems 'top', 'asked' is for a system that is trained: give"),
        ("[presets.tiny]", '[[spreads]]\ntitle = "S"\n[presets.tiny]',
        "spreads number 1, 'systems' is missing"),
        ("[presets.tiny]", spread("one", "ech"),
        "number 1, 'systems' names 'ech', which is no system: one, each"),
        ("[presets.tiny]", spread("one"),
        r"'systems' is \['one'\], but a spread is over two systems or more"),
        ("[presets.tiny]", spread("one", "one"), "each may be named once only"),
        ("seeds = [0, 1]", ONLY_MF1,
        "'spreads' are of UA, which is not among 'metrics': add it there"),
        ("[presets.tiny]", contrast("one", "ech"),
        "contrasts number 1, 'reference' is 'ech', which is no system: one"),
        ("[presets.tiny]", contrast("one", "one"),
        "'reference' is 'one' like 'system': give another system"),
        ("[corpora.EL]", "[corpora.EL", "is no TOML file"),
    ],
)  # fmt: skip
def test_every_mistake_is_one_sentence_that_names_file_and_key(
    file: Callable[..., str], old: str, new: str, words: str
) -> None:
    """A mistake that shows after hours of training, or as a traceback, costs those hours."""
    name = file((old, new))
    with pytest.raises(UsageError, match=words) as caught:
        validating.check(load(name))

    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_system_setting_or_experiment_is_answered_by_near_names(
    file: Callable[..., str],
) -> None:
    name = file()
    for wishes in (Wishes(preset="tny"), Wishes(systems=("ech",)), Wishes(settings=("IT-DR",))):
        with pytest.raises(UnknownName, match="did you mean"):
            load(name, wishes)

    with pytest.raises(UnknownName, match="did you mean 'supcon-table2'"):
        load("supcon-table")


def test_options_of_preset_and_command_line_are_stronger_than_those_of_setting_and_system(
    file: Callable[..., str],
) -> None:
    """A preset that its settings override would train for days where minutes were asked for."""
    name = file()
    for wishes, expected in (
        (Wishes(), {"rate": "0.2"}),
        (Wishes("tiny"), {"rate": "0.9"}),
        (Wishes("tiny", options={"seeded": {"rate": "0.5"}}), {"rate": "0.5"}),
    ):
        table = load(name, wishes)
        assert options.options_of(table, table.systems[0], table.settings[1]) == expected

    assert load(name, Wishes("tiny")).seeds == (7,)
    assert load(name, Wishes("tiny", seeds=(3,))).seeds == (3,)


def test_a_preset_speaks_for_itself(file: Callable[..., str]) -> None:
    """A page that says paper, corpora and parts of the full table over numbers of a toy is
    untrue.
    """
    preset = '[presets.tiny]\ntitle = "A toy"\ntext = "Of toys."\ntitles = { one = "toy one" }'
    name = file(
        ("[presets.tiny]", preset),
        ('title = "A table"', 'title = "A table"\ntext = "Of the real thing."'),
    )
    full, toy = load(name), load(name, Wishes("tiny"))
    assert (full.title, full.text, full.systems[0].title) == (
        "A table",
        "Of the real thing.",
        "one",
    )
    assert (toy.title, toy.text, toy.systems[0].title) == ("A toy", "Of toys.", "toy one")
    assert [system.title for system in toy.systems[1:]] == [
        system.title for system in full.systems[1:]
    ]
    wrong = file(("[presets.tiny]", '[presets.tiny]\ntitles = { oen = "x" }'))

    with pytest.raises(
        UsageError, match=r"presets.tiny.titles.*'oen' is no key .* did you mean 'one'"
    ):
        load(wrong, Wishes("tiny"))


def test_published_numbers_stand_beside_the_system_they_are_of_alone(
    file: Callable[..., str], tmp_path: Path
) -> None:
    """A small model under a paper's name and number would be quoted as a reproduction."""
    rows = ["IT-DE,one,precision,70,", "IT-DE,floor,UA,20,"]
    (tmp_path / "r.csv").write_text("\n".join(["setting,system,metric,value,note", *rows]))
    name = file(("seeds = [0, 1]", 'seeds = [0, 1]\nreported = "r.csv"'))
    assert [(row.metric, row.value) for row in load(name).reported] == [
        ("precision", 70.0),
        ("UA", 20.0),
    ]
    assert load(name).note == ""
    changed = load(name, Wishes(options={"seeded": {"rate": "0.5"}}))
    assert [row.system for row in changed.reported] == ["floor"], "what the option does not touch"
    assert "`seeded.rate=0.5`" in changed.note
    assert load(name, Wishes("tiny")).reported == ()


ROTATED = ('others = ["EL"]\ntarget = "DE"', 'others = ["EL", "DE"]\ntarget = "DE"')


def test_a_source_that_is_the_target_leaves_each_fold_out_in_turn(file: Callable[..., str]) -> None:
    """Two speakers of one session carry no interval: all are to be asked, none by a model that was
    trained on them.
    """
    table = load(file(ROTATED))
    validating.check(table)
    cells = plan.cells(table)
    folds = cell_of(cells, "one", "IT-DE").columns[0].questions
    questions = [
        (question.training.on if question.training else (), question.task) for question in folds
    ]
    assert questions == [
        (("aesdd", "emodb-5:halves.not-a", "emovo-5"), "emodb-5:halves.a"),
        (("aesdd", "emodb-5:halves.not-b", "emovo-5"), "emodb-5:halves.b"),
    ]
    assert cell_of(cells, "one", "IT-DE").task == "emodb-5", "scored as one test over all speakers"
    floor = cell_of(cells, "floor", "IT-DE").columns[0].questions
    assert [
        (question.training.on if question.training else (), question.task) for question in floor
    ] == [(("emovo-5",), "emodb-5")], (
        "what learns nothing of the target is trained once and asked all of it"
    )
    before = len(plan.trainings(plan.cells(load(file()))))
    assert len(plan.trainings(cells)) == before + 2, (
        "the plan counts two trainings for one, of two seeds"
    )


def test_another_task_of_the_targets_corpus_leaves_the_fold_out_too(
    file: Callable[..., str],
) -> None:
    """Else a question of four labels would be put to clips that a source of seven was trained
    on.
    """
    table = load(file(('train = "emovo-5"', 'train = ["emovo-5", "emodb"]')))
    (first, _) = cell_of(plan.cells(table), "one", "IT-DE").columns[0].questions
    assert first.training is not None
    assert first.training.on == ("aesdd", "emodb:halves.not-a", "emovo-5")
    assert first.task == "emodb-5:halves.a"


def test_what_is_trained_and_asked(file: Callable[..., str]) -> None:
    """The roles decide whether a number is zero-shot: a target among the sources would make it a
    lie.
    """
    cells = plan.cells(load(file()))
    cell = cell_of(cells, "one", "IT-DE")
    assert [column.name for column in cell.columns] == ["one/IT-DE/0", "one/IT-DE/1"]
    training = cell.questions[0].training
    assert training is not None
    assert (training.on, training.validate) == (("aesdd", "emovo-5"), ())
    assert dict(training.options) == {"seed": "0"}
    assert cell.questions[0].task == "emodb-5"
    assert [len(cell_of(cells, name, "IT-DE").columns) for name in ("each", "floor")] == [2, 1]


def test_an_upper_bound_is_tested_on_speakers_it_was_not_trained_on(
    file: Callable[..., str],
) -> None:
    column = cell_of(plan.cells(load(file())), "top", "IT-DE").columns[0]
    questions = [
        (question.training.on if question.training else (), question.task)
        for question in column.questions
    ]
    assert questions == [
        (("emodb-5:halves.not-a",), "emodb-5:halves.a"),
        (("emodb-5:halves.not-b",), "emodb-5:halves.b"),
    ]


def test_whole_corpora_are_asked_of_those_only_who_did_not_train_on_them(
    file: Callable[..., str],
) -> None:
    cells = plan.cells(load(file()))
    whole = {(cell.system, cell.setting, cell.task) for cell in cells if cell.kind == "whole"}
    assert whole == {(name, "DE-IT", "emovo-5") for name in ("one", "each", "floor")}


def test_settings_that_want_the_same_share_it(file: Callable[..., str]) -> None:
    """Work done twice would double the days that a table takes."""
    setting = (
        '[[settings]]\nname = "EL-DE"\nsource = ["EL"]\nothers = ["IT"]\ntarget = '
        '"DE"\n\n[[systems]]'
    )
    more = plan.cells(load(file(("[[systems]]", setting))))
    fewer = [cell for cell in more if cell.setting != "EL-DE"]
    new = set(plan.trainings(more)) - set(plan.trainings(fewer))
    assert {training.on for training in new} == {("aesdd",)}, (
        "only 'each' and 'floor' learn from one source, which is another"
    )
    assert cell_of(more, "one", "EL-DE").questions == cell_of(more, "one", "IT-DE").questions


ASKED = ("fast = true }",
    'fast = true }\n\n[[systems]]\nname = "louder"\nmodel = "seeded"\ntrain = ["one source"]\n'
         "options = { fast = true }\nasked = { rate = 0.7 }")  # fmt: skip


def test_systems_that_are_only_asked_otherwise_are_trained_once(file: Callable[..., str]) -> None:
    """A sweep over six prompts would train the same weights six times."""
    table = load(file(ASKED))
    validating.check(table)
    plain, more = plan.cells(load(file())), plan.cells(table)
    assert plan.trainings(more) == plan.trainings(plain)
    each, louder = (cell_of(more, name, "DE-IT").questions[0] for name in ("each", "louder"))
    assert each.training == louder.training
    assert each.training is not None
    assert (
        dict(each.training.options)
        == dict(each.options)
        == {"fast": "true", "rate": "0.2", "seed": "0"}
    )
    assert dict(louder.options) == {"fast": "true", "rate": "0.7", "seed": "0"}, (
        "over the setting's"
    )
    assert len(plan.questions(more)) == len(plan.questions(plain)) + 6, (
        "two settings and seeds, and one whole corpus"
    )


def test_preset_and_command_line_are_stronger_than_what_a_system_is_asked_with(
    file: Callable[..., str],
) -> None:
    """One rule for all options: else the command on the page would not be what was done."""
    table = load(file(ASKED), Wishes(options={"seeded": {"rate": "0.5"}}))
    louder = cell_of(plan.cells(table), "louder", "IT-DE").questions[0]
    assert louder.training is not None
    assert dict(louder.options)["rate"] == dict(louder.training.options)["rate"] == "0.5"
    assert describing.describe(table)["asked"] == {"louder": {"rate": "0.5"}}


def test_an_upper_bound_asked_otherwise_shares_the_training_of_each_fold(
    file: Callable[..., str],
) -> None:
    more = (
        'train = ["target"]\n\n[[systems]]\nname = "top-2"\nmodel = "seeded"\ntrain = '
        '["target"]\nasked = { rate = 1 }'
    )
    cells = plan.cells(load(file(('train = ["target"]', more))))
    top, second = (cell_of(cells, name, "IT-DE").questions for name in ("top", "top-2"))
    assert [question.training for question in top] == [question.training for question in second]
    assert {dict(question.options)["rate"] for question in second} == {"1"}
    assert [question.task for question in top] == [question.task for question in second]


def test_a_spread_keeps_the_systems_that_were_asked_for(file: Callable[..., str]) -> None:
    name = file(("[presets.tiny]", spread("one", "each", "top")))
    for chosen, expected in (
        ((), [("one", "each", "top")]),
        (("top", "one", "floor"), [("one", "top")]),
        (("one", "floor"), []),
    ):
        assert [
            table_spread.systems for table_spread in load(name, Wishes(systems=chosen)).spreads
        ] == expected


def test_a_pair_goes_with_either_of_its_systems(file: Callable[..., str]) -> None:
    name = file(("[presets.tiny]", contrast("each", "floor")))
    for chosen, n in (((), 1), (("one", "each", "floor"), 1), (("one", "each"), 0)):
        assert len(load(name, Wishes(systems=chosen)).contrasts) == n


def test_the_shipped_tables_are_valid_and_complete() -> None:
    """A definition with a mistake in it would be found by the first stranger who has the
    corpora.
    """
    pytest.importorskip("peft", reason="the systems need the extra train")
    table2 = load("supcon-table2")
    validating.check(table2)
    assert len(plan.cells(table2)) == 9 * 6 + 9 * 5
    assert len(table2.reported) == 57

    for setting in table2.settings:
        assert {*setting.source, *setting.others, setting.target} == {"EN", "CN", "DE", "FR", "UR"}
        assert setting.name == f"{setting.source[0]}-{setting.target}"

    for wishes in (Wishes("tiny"), Wishes()):
        validating.check(load("supcon-table2", wishes))

    real = load("transfer-real")
    validating.check(real)
    assert all(
        {*pairing.source, pairing.target} == {"DE", "IT", "EL", "EN"} for pairing in real.settings
    )


def record_of(
    systems: dict[str, str], labels: list[str], settings: tuple[str, ...] = ("s",)
) -> dict[str, Any]:
    """A record with one task, and cells of one column a system in each setting; `systems` gives
    their titles.
    """
    cells = [
        {
            "system": name, "setting": setting, "kind": "test", "task": "t", "failure": None,
            "verdict": "zero-shot",
            "reasons": [], "transductive": False,
            "columns": [
                {"name": f"{name}/{setting}/0", "seed": 0, "source": "", "trainings": [],
                "runs": ["r"], "seconds": 1}
            ],
        }
        for setting in settings for name in systems
    ]  # fmt: skip
    counts = dict.fromkeys(labels, 1)
    task = {
        "title": "T",
        "labels": labels,
        "clips": counts,
        "speakers": None,
        "synthetic": False,
        "partial": False,
    }
    experiment = {
        "title": "X", "text": "", "note": "", "command": "mserbench experiment x", "metrics": ["UA",
        "MF1"],
        "seeds": [0], "reference": "a", "reported_title": "in a paper", "left_out": [],
        "reported": [{"system": "a", "setting": "s", "metric": "UA", "value": 61.5, "note": ""}],
        "settings": [
            {"name": name, "source": ["p"], "others": [], "target": "q",
            "target_title": "Q"} for name in settings
        ],
        "systems": [
            {"name": name, "title": title, "model": "m", "version": "1", "train": ["source"],
            "options": {}}
            for name, title in systems.items()
        ],
    }  # fmt: skip

    return {
        "schema": collecting.SCHEMA, "experiment": experiment, "cells": cells, "tasks": {"t": task},
        "trainings": {},
        "versions": {"numpy": "1"},
    }  # fmt: skip


LABELS = ["x", "y"]
TRUTH = ("x", "x", "x", "x", "y", "y", "y", "y")


def said(text: str) -> tuple[str | None, ...]:
    return tuple(None if letter == "-" else letter for letter in text)


def test_the_numbers_of_a_table_by_hand() -> None:
    columns = {"a/s/0": said("xxxxyyyx"), "b/s/0": said("xyy-yyxx")}
    answered = Answers(tuple("12345678"), TRUTH, (0, 0, 1, 1, 2, 2, 3, 3), columns)
    figures = Figures(record_of({"a": "A", "b": "B"}, LABELS), {"t": answered})
    a, average = figures.figure("a", "s", "test", "UA"), figures.figure("a", AVERAGE, "test", "UA")
    assert a is not None
    assert (a.value, a) == ((4 / 4 + 3 / 4) / 2, average)
    test = figures.tests("s", "test")["b"]
    assert test.difference.value == pytest.approx((1 / 4 + 2 / 4) / 2 - 7 / 8)
    assert test.mcnemar == pytest.approx(2 / 2**4), (
        "four clips that A alone got right, none that B alone did"
    )
    assert figures.each("b", "s", "test", "UA") == [("", 0.375)]


def test_holm_is_over_the_systems_of_a_column() -> None:
    names = {"a": "A", "b": "B", "c": "C"}
    columns = {"a/s/0": said("xxxxyyyy"), "b/s/0": said("yxxxyyyx"), "c/s/0": said("xyyxxyyy")}
    answered = Answers(tuple("12345678"), TRUTH, None, columns)
    tests = Figures(record_of(names, LABELS), {"t": answered}).tests("s", "test")
    smaller, larger = sorted(tests.values(), key=lambda pair: pair.difference.p or 0)
    assert smaller.adjusted == pytest.approx(min(1, 2 * (smaller.difference.p or 0)))
    assert larger.adjusted == pytest.approx(max(larger.difference.p or 0, smaller.adjusted or 0))


def test_a_failed_cell_has_no_average_and_says_why() -> None:
    record = record_of({"a": "A", "b": "B"}, LABELS, ("s", "t"))
    columns = {name: said("xxxxyyyx") for name in ("a/s/0", "a/t/0", "b/s/0")}
    fail(record, "b", "t")
    answered = {"t": Answers(tuple("12345678"), TRUTH, None, columns)}
    text = page.render(record, answered, {})
    assert Figures(record, answered).figure("b", AVERAGE, "test", "UA") is None
    assert "- b in t: weights 'x' are gated" in text
    assert "| B | 87.5" in text


def test_every_metric_of_a_run_can_be_shown_with_its_chance() -> None:
    """The paper's tables have four metrics; a number without its chance looks like something."""
    record = record_of({"a": "A", "b": "B"}, LABELS)
    record["experiment"] |= {"metrics": list(METRICS), "tested": ["UA", "WA"]}
    record["experiment"]["reported"] = [
        {"system": "a", "setting": "s", "metric": "precision", "value": 67.9, "note": ""}
    ]
    truth = ("x", "x", "x", "x", "x", "x", "y", "y")
    columns = {"a/s/0": said("xxxxxxyx"), "b/s/0": said("xyy-yyxx")}
    text = page.render(record, {"t": Answers(tuple("12345678"), truth, None, columns)}, {})
    parts = text.split("\n## ")
    tables = {
        metric: next(part for part in parts if part.startswith(chance.NAMES[metric]))
        for metric in METRICS
    }

    # of the answer x to every clip: recall 1 and 0, 6 of 8 right, F1 12/14 of x and 0 of y
    expected = {
        "UA": 100 / 2, "WA": 100 * 6 / 8, "WF1": 100 * 6 / 8 * 12 / 14, "MF1": 100 * 12 / 14 / 2,
        "precision": 100 * 6 / 8 * 6 / 8,
    }  # fmt: skip
    for metric, value in expected.items():
        assert f"| *chance* | {value:.1f} | {value:.1f} |" in tables[metric]
        point = figure_of(record, truth, columns, metric)
        assert f"| A | {100 * point:.1f}" in tables[metric]

    assert "*chance*" not in tables["unparsed"]
    assert "| B | 12.5" in tables["unparsed"]
    assert "| *in a paper* | *67.90* |" in tables["precision"]
    assert "*67.90*" not in tables["UA"]
    assert "| UA, system minus reference |" in text
    assert "| WA, system minus reference |" in text
    assert "Chance is the best that one and the same answer" in text


def figure_of(
    record: dict[str, Any],
    truth: tuple[str, ...],
    columns: dict[str, tuple[str | None, ...]],
    metric: str,
) -> float:
    answered = {"t": Answers(tuple("12345678"), truth, None, columns)}
    figure = Figures(record, answered).figure("a", "s", "test", metric)
    assert figure is not None

    return figure.value


def test_a_pair_of_systems_shows_what_one_change_brings() -> None:
    """Against one reference a loss and the sampler that comes with it cannot be told apart."""
    record = record_of({"a": "A", "b": "B", "c": "C"}, LABELS)
    record["experiment"]["contrasts"] = [{"title": "B alone", "system": "b", "reference": "c"}]
    columns = {"a/s/0": said("xxxxyyyx"), "b/s/0": said("xxxxyyyy"), "c/s/0": said("xyyxxyyy")}
    answered = {"t": Answers(tuple("12345678"), TRUTH, (0, 0, 1, 1, 2, 2, 3, 3), columns)}
    text = page.render(record, answered, {})
    (row,) = [line for line in text.splitlines() if line.startswith("| B alone |")]
    turned = Figures({**record, "experiment": {**record["experiment"], "reference": "c"}}, answered)
    value = turned.tests("s", "test")["b"].difference.value
    assert value == pytest.approx(1 - 5 / 8)
    assert row.startswith(f"| B alone | {100 * value:+.1f}")
    assert "| UA, what one change brings | s | average |" in text
    fail(record, "c", "s")
    assert "| B alone | - | - |" in page.render(record, answered, {})


def test_every_metric_has_a_name() -> None:
    assert tuple(chance.NAMES) == METRICS


def test_chance_is_a_mean_over_columns_and_empty_where_nothing_was_asked() -> None:
    record = record_of({"a": "A"}, LABELS, ("s", "t"))
    record["cells"][1]["task"] = "u"
    record["tasks"]["u"] = {**record["tasks"]["t"], "labels": ["x", "y", "z", "w"]}
    two = Answers(tuple("12"), ("x", "y"), None, {"a/s/0": ("x", "y")})
    four = Answers(tuple("1234"), ("x", "y", "z", "w"), None, {"a/t/0": ("x", "y", "z", "w")})
    columns = ["s", "t", AVERAGE]
    assert chance.row(record, {"t": two, "u": four}, "test", "UA", columns) == [
        "*chance*",
        "50.0",
        "25.0",
        "37.5",
    ]
    assert chance.row(record, {"t": two}, "test", "UA", columns) == ["*chance*", "50.0", "", ""]


def test_a_spread_by_hand_and_what_is_said_where_a_system_failed() -> None:
    """A spread over systems without numbers, or one taken for an interval, would mislead."""
    record = record_of({"a": "A", "b": "B", "c": "C"}, LABELS, ("s", "t"))
    record["experiment"]["spreads"] = [{"title": "Words", "systems": ["a", "b", "c"]}]
    columns = dict.fromkeys(("a/s/0", "a/t/0"), said("xxxxyyyx"))  # UA 87.5
    columns |= dict.fromkeys(("b/s/0", "b/t/0"), said("xyy-yyxx"))  # UA 37.5
    columns |= {"c/s/0": said("xxxxyyyy"), "c/t/0": said("yyyyyyyy")}  # UA 100 and 50
    answered = {"t": Answers(tuple("12345678"), TRUTH, None, columns)}
    text = page.render(record, answered, {})
    assert (
        "- Words, over 3 systems: mean 66.7, standard deviation 26.0, least 37.5 (B), largest "
        "87.5 (A).\n" in text
    )
    assert "A spread is no interval" in text
    assert text.index("- Words") < text.index("## Macro F1"), "below the table that it is of"
    fail(record, "c", "t")
    text = page.render(record, answered, {})
    assert (
        "- Words, over 2 of 3 systems: mean 62.5, standard deviation 35.4, least 37.5 "
        "(B), largest 87.5 (A).\n" in text
    )
    fail(record, "b", "s")
    assert "- Words: no spread, as 1 of 3 systems has an average.\n" in page.render(
        record, answered, {}
    )


def fail(record: dict[str, Any], system: str, setting: str) -> None:
    cell = next(
        entry
        for entry in record["cells"]
        if (entry["system"], entry["setting"]) == (system, setting)
    )
    cell.update(failure="weights 'x' are gated", columns=[])


def test_a_page_says_what_a_system_was_asked_with() -> None:
    """Rows of the same weights that show the same options would be a riddle."""
    record = record_of({"a": "A"}, LABELS)
    record["experiment"]["systems"][0] |= {
        "options": {"layers": "2"},
        "asked": {"answer": "generate"},
    }
    text = page.render(record, {"t": Answers(tuple("12345678"), TRUTH, None, {"a/s/0": TRUTH})}, {})
    assert "| A | m 1 | source | layers=2, asked with answer=generate | 0 |" in text


def test_a_page_shows_reported_numbers_and_what_one_error_is_worth() -> None:
    """On 38 clips one error is up to 3.6 points: a reader who is not told takes noise for
    progress.
    """
    record = record_of({"a": "A"}, ["neutral", "happy", "sad", "angry"])
    record["tasks"]["t"]["clips"] = {"neutral": 9, "happy": 8, "sad": 7, "angry": 14}
    truth = ("neutral",) * 9 + ("happy",) * 8 + ("sad",) * 7 + ("angry",) * 14
    answered = Answers(tuple(f"{at:02}" for at in range(38)), truth, None, {"a/s/0": truth})
    text = page.render(record, {"t": answered}, {"t.csv": "0f"})
    assert "| *in a paper* | *61.50* |  |" in text
    assert (
        "| t: T | 38 | neutral 9, happy 8, sad 7, angry 14 | not known | 1.8 to 3.6 "
        "points |" in text
    )
    assert "- `answers/t.csv`, SHA-256 0f" in text


def test_answers_come_back_as_they_were_written() -> None:
    answered = Answers(("b", "a"), ("y", "x"), (1, 0), {"q": ("x", None), "p": ("y", "y")})
    text = answers.write(answered, LABELS)
    assert text == "id,label,speaker,p,q\na,x,0,1,\nb,y,1,1,0\n"
    back = answers.read("t.csv", text, LABELS)
    assert back == Answers(("a", "b"), ("x", "y"), (0, 1), {"p": ("y", "y"), "q": (None, "x")})

    for damaged in (
        "",
        "id,label\n",
        text.replace("a,x", "a,z"),
        text + "c,x\n",
        text.replace(",1,0", ",1,7"),
    ):
        with pytest.raises(DataError, match=r"file of answers 't\.csv' is damaged"):
            answers.read("t.csv", damaged, LABELS)


def test_a_page_is_remade_from_record_and_answers_and_any_change_shows(tmp_path: Path) -> None:
    """If a changed answer left the page as it was, the page would not rest on the answers."""
    columns = {"a/s/0": said("xxxxyyyx"), "b/s/0": said("xyy-yyxx")}
    answered = {"t": Answers(tuple("12345678"), TRUTH, (0, 0, 1, 1, 2, 2, 3, 3), columns)}
    folder.write(tmp_path, record_of({"a": "A", "b": "B"}, LABELS), answered)
    assert folder.is_remade(tmp_path)

    for name, old, new in (
        ("answers/t.csv", "8,y,3,0,0", "8,y,3,1,0"),
        ("record.json", '"zero-shot"', '"cross-corpus"'),
        ("README.md", "87.5", "97.5"),
    ):
        path = tmp_path / name
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new, 1))
        assert not folder.is_remade(tmp_path)
        path.write_text(before)

    assert folder.is_remade(tmp_path)
    (tmp_path / "answers/t.csv").unlink()
    with pytest.raises(DataError, match=r"the answers .* cannot be read"):
        folder.is_remade(tmp_path)

    (tmp_path / "record.json").write_text(json.dumps({"schema": 99}))
    with pytest.raises(DataError, match="another version"):
        folder.is_remade(tmp_path)


def test_no_path_gets_into_a_record() -> None:
    sentence = "weights '/data/me/w2v' are not there: look in /srv/x/y.bin, or give 1/2 of it"
    assert (
        collecting.without_paths(sentence)
        == "weights 'w2v' are not there: look in 'y.bin' or give 1/2 "
        "of it"
    )


@pytest.mark.parametrize(
    ("task", "number", "source", "words"),
    [
        ("emodb-5", 10, "counted", ""),
        (
            "emodb-5:speakers.03",
            1,
            "counted",
            "has 1 speaker: no interval and no p value can say anything about it",
        ),
        ("ravdess-5:halves.a", 12, "counted", ""),
        ("resd", 0, "counted", "the speakers of target 'resd' are not known"),
        ("iemocap-7", 10, "published", ""),
        ("iemocap-7:sessions.5", None, "open", ""),
        ("demo-val:en", None, "open", ""),
    ],
)
def test_speakers_are_counted_before_anything_is_asked(
    task: str, number: int | None, source: str, words: str
) -> None:
    """Two speakers show nothing: who is told after a week of a GPU has lost it."""
    (count,) = speakers.of_targets([task], None)
    assert (count.number, count.source) == (number, source)
    assert (words in count.remark) if words else not count.remark


def test_a_session_of_two_speakers_is_named_and_all_ten_are_not() -> None:
    names = ["iemocap-7:sessions.5", "iemocap-7"]
    session, whole = speakers.of_targets(names, memory.data("iemocap"))
    assert (session.number, whole.number) == (2, 10)
    assert whole.remark == ""
    assert "has 2 speakers: no interval and no p value can say anything" in session.remark
    assert "folds" in session.remark


def test_a_plan_names_what_is_missing_and_under_which_licence(
    file: Callable[..., str], tmp_path: Path
) -> None:
    """A form that takes weeks, found after the code was set up, costs those weeks."""
    described = describing.describe(load("supcon-table2"), tmp_path)
    states = {corpus["name"]: corpus for corpus in described["corpora"]}
    assert {corpus["here"] for corpus in states.values()} == {False}
    assert (states["emodb"]["access"], states["emodb"]["licence"]) == ("open", "CC0-1.0")
    assert states["esd"]["access"] == lookup.corpus("esd").card.access
    parts = {part["name"]: part for part in described["parts"]}
    assert set(parts) == {
        "wav2vec2-base", "chinese-wav2vec2-base", "wav2vec2-base-de-voxpopuli-v2",
        "wav2vec2-base-fr-voxpopuli",
    }  # fmt: skip
    assert parts["wav2vec2-base"]["licence"] == "Apache-2.0"
    assert parts["wav2vec2-base"]["megabytes"] == 380
    assert "takes" not in described
    assert json.loads(json.dumps(described)) == described


def test_a_plan_counts_what_is_alike_once_and_invents_no_hours(file: Callable[..., str]) -> None:
    """An hour that nobody measured is the number that people pay for."""
    described = describing.describe(load(file()), None, dry_run=True)
    groups = {
        (group["model"], *sorted(group["options"].items())): group for group in described["takes"]
    }
    assert groups[("seeded",)]["trainings"] == 2 + 4, (
        "of seeds 0 and 1: IT-DE, and each half of the target"
    )
    assert all(group["footprint"] is None for group in groups.values()), "these models do not say"
    totals = described["totals"]
    assert totals["hours"] is None
    assert sum(totals["unmeasured"].values()) == len(described["trainings"])


def test_a_plan_needs_no_data(file: Callable[..., str]) -> None:
    described = describing.describe(load(file(), Wishes(seeds=(0,), systems=("one",))))
    assert described["cells"] == 3
    assert [training["on"] for training in described["trainings"]] == [
        ["aesdd", "emovo-5"],
        ["aesdd", "emodb-5"],
    ]


def test_the_registry_knows_experiments_and_files() -> None:
    assert experiment_file("supcon-table2").name == "supcon-table2.toml"
    assert experiment_file("my/own.toml") == Path("my/own.toml")
    assert experiment_file("transfer-real").is_file()
