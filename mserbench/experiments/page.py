"""The page of an experiment: a pure function of its record and its answers, the same bytes
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mserbench.experiments import chance, contrasts, facts, spreads
from mserbench.experiments.answers import Answers
from mserbench.experiments.figures import Figures, Test
from mserbench.experiments.shapes import AVERAGE
from mserbench.report import markdown
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Heading,
    Paragraph,
    Table,
    Written,
    written_table,
)
from mserbench.report.numbers import percent
from mserbench.results.marks import MIXED, is_wide

_HEADINGS = {"test": "", "whole": ", whole corpora"}


def render(
    record: Mapping[str, Any], answers: Mapping[str, Answers], hashes: Mapping[str, str]
) -> str:
    """Return the page as Markdown. `hashes` are the SHA-256 of the files of answers by name."""
    figures, experiment = Figures(record, answers), record["experiment"]
    blocks: list[Block] = [Heading(Written(experiment["title"]), 1), *facts.opening(record)]
    for kind in ("test", "whole"):
        if not figures.has(kind):
            continue

        columns = [*figures.settings, AVERAGE]
        for metric in experiment["metrics"]:
            lowest = chance.row(record, answers, kind, metric, columns)
            blocks.append(Heading(f"{chance.NAMES[metric]}{_HEADINGS[kind]}", 2))
            blocks.append(_scores(figures, kind, metric, lowest))
            blocks += spreads.blocks(figures) if (kind, metric) == ("test", "UA") else []

        reference = _title(figures, figures.reference)
        blocks.append(Heading(Written(f"Differences from {reference}{_HEADINGS[kind]}"), 2))

        # Tables made before there was a choice have no key.
        for metric in experiment.get("tested", ["UA"]):
            blocks.append(_differences(figures, kind, metric))
            blocks += contrasts.blocks(figures, kind, metric, columns, _tested)

        if kind == "test":
            blocks += [Paragraph(_explained(record)), Paragraph(Written(chance.NOTE))]

    blocks += [
        *_verdicts(figures),
        *facts.targets(record),
        *_each(figures),
        *facts.failures(record),
        *facts.training(record),
        *facts.provenance(record, hashes),
    ]
    return markdown.page(blocks)


def _explained(record: Mapping[str, Any]) -> Written:
    seeds = record["experiment"]["seeds"]
    return Written(
        f"""
        Percent. In brackets 95 % intervals: of other speakers of the target, and of other trainings
        where a cell has several seeds (delete-one jackknife over speakers on the logit scale,
        variance between seeds, Student's t).
        A cell is the mean over its models: {len(seeds)} seed{"s" if len(seeds) > 1 else ""}
        ({", ".join(map(str, seeds))}) where a model has one.
        p: two-sided, of the same t; after Holm's correction over the systems of a column.
        No interval and no p stand where a target has at most three speakers: they could say
        nothing. In parentheses, marked `clips`: no speaker is known, the range is over clips and
        too narrow.
        McNemar's exact test, uncorrected, stands last where both cells are one model each; it is of
        these clips alone, which it takes as independent.
        """
    )


def _scores(figures: Figures, kind: str, metric: str, lowest: list[str]) -> Table:
    head = ["system", *figures.settings, AVERAGE]
    rows = []
    for system in _systems(figures, kind):
        values = [figures.figure(system["name"], column, kind, metric) for column in head[1:]]
        texts = [percent(v.value, v.interval, v.by_clip) if v else "-" for v in values]
        rows.append([_title(figures, system["name"]), *texts])

        # What its authors report stands below ours, never in its place.
        if kind == "test" and (reported := _reported(figures, system["name"], metric, head[1:])):
            rows.append([f"*{figures.record['experiment']['reported_title']}*", *reported])

    return written_table(head, [*rows, lowest] if lowest else rows)


def _reported(figures: Figures, system: str, metric: str, columns: Sequence[str]) -> list[str]:
    values = {
        cell["setting"]: cell["value"]
        for cell in figures.record["experiment"]["reported"]
        if (cell["system"], cell["metric"]) == (system, metric)
    }
    if not values:
        return []

    return [f"*{values[column]:.2f}*" if column in values else "" for column in columns]


def _differences(figures: Figures, kind: str, metric: str) -> Block:
    columns = [*figures.settings, AVERAGE]
    tests = {column: figures.tests(column, kind, metric) for column in columns}
    rows = [
        [
            _title(figures, system["name"]),
            *(_tested(tests[column].get(system["name"])) for column in columns),
        ]
        for system in _systems(figures, kind)
        if system["name"] != figures.reference
    ]
    if not any(tests.values()):
        return Paragraph("The reference has no numbers here.")

    return written_table([f"{metric}, system minus reference", *columns], rows)


def _tested(test: Test | None) -> str:
    if test is None:
        return "-"

    text = _signed(test.difference.value)
    if test.difference.interval is not None:
        text += f" [{', '.join(map(_signed, test.difference.interval))}]"

    if test.adjusted is not None:
        text += f" p {_p(test.adjusted)}"

    return text if test.mcnemar is None else f"{text}, McNemar {_p(test.mcnemar)}"


def _signed(value: float) -> str:
    # Adding a zero takes the minus off one.
    return f"{round(100 * value, 1) + 0.0:+.1f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _verdicts(figures: Figures) -> list[Block]:
    rows, words, reasons = [], set(), set()
    for system in figures.systems:
        row = [_title(figures, system["name"])]
        for setting in figures.settings:
            cell = figures.cell(system["name"], setting, "test")
            if cell is None or cell["failure"]:
                row.append("-")
                continue

            stated = [cell["verdict"], *_marks(figures, cell)]
            row.append(", ".join(stated))
            words.update(stated)

            # Zero-shot is the rule here; every exception says why it is one.
            if cell["verdict"] != "zero-shot":
                reasons |= {f"{cell['verdict']}: {reason}" for reason in cell["reasons"]}

        rows.append(row)

    return [
        Heading("Verdicts and marks", 2),
        written_table(["system", *figures.settings], rows),
        _list(facts.meanings(words)),
        *([_list(sorted(reasons))] if reasons else []),
    ]


def _list(lines: Iterable[str]) -> Bullets:
    items: list[Cell] = [Written(line) for line in lines]
    return Bullets(items)


def _marks(figures: Figures, cell: Mapping[str, Any]) -> list[str]:
    task = figures.record["tasks"][cell["task"]]
    figure = figures.figure(cell["system"], cell["setting"], cell["kind"], "UA")
    interval = figure.interval if figure else None
    flags = {
        "transductive": cell["transductive"],
        # Records from before the mark do not say.
        "development": cell.get("development", False),
        "synthetic": task["synthetic"],
        "partial": task["partial"],
        "unknown speakers": bool(figure and figure.by_clip),
        "few speakers": interval is None,
        "wide": is_wide(interval),
        MIXED: cell.get(MIXED, False),
    }

    return [name for name, is_set in flags.items() if is_set]


def _each(figures: Figures) -> list[Block]:
    """Show the models behind the means: each seed, and each source where a row is a mean over
    sources.
    """
    rows = []
    for system in figures.systems:
        models = [
            figures.each(system["name"], setting, "test", "UA") for setting in figures.settings
        ]
        if any(len(values) > 1 for values in models):
            rows.append([_title(figures, system["name"]), *map(_by_source, models)])

    if not rows:
        return []

    return [
        Heading("UA of each model behind a mean", 2),
        written_table(["system", *figures.settings], rows),
    ]


def _by_source(values: Iterable[tuple[str, float]]) -> str:
    sources: dict[str, list[str]] = {}
    for source, value in values:
        sources.setdefault(source, []).append(f"{100 * value:.1f}")
    return (
        "; ".join(" ".join(filter(None, [source, *texts])) for source, texts in sources.items())
        or "-"
    )


def _systems(figures: Figures, kind: str) -> list[dict[str, Any]]:
    return [
        system
        for system in figures.systems
        if any(figures.cell(system["name"], setting, kind) for setting in figures.settings)
    ]


def _title(figures: Figures, name: str) -> str:
    # The reference need not be among the systems that were asked for.
    titles = [system["title"] for system in figures.systems if system["name"] == name]
    return str(titles[0]) if titles else name
