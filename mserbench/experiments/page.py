"""The page of an experiment: a pure function of its record and its answers, the same bytes
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mserbench.experiments import chance, contrasts, facts, spreads
from mserbench.experiments.answers import Answers
from mserbench.experiments.figures import Figures, Test
from mserbench.experiments.markdown import table
from mserbench.experiments.shapes import AVERAGE
from mserbench.report.numbers import percent
from mserbench.results.marks import is_wide

_HEADINGS = {"test": "", "whole": ", whole corpora"}


def render(
    record: Mapping[str, Any], answers: Mapping[str, Answers], hashes: Mapping[str, str]
) -> str:
    """Return the page as Markdown. `hashes` are the SHA-256 of the files of answers by name."""
    figures, experiment = Figures(record, answers), record["experiment"]
    blocks: list[list[str]] = [[f"# {experiment['title']}"], *facts.opening(record)]
    for kind in ("test", "whole"):
        if not figures.has(kind):
            continue

        columns = [*figures.settings, AVERAGE]
        for metric in experiment["metrics"]:
            lowest = chance.row(record, answers, kind, metric, columns)
            blocks.append([f"## {chance.NAMES[metric]}{_HEADINGS[kind]}"])
            blocks.append(_scores(figures, kind, metric, lowest))
            blocks += spreads.lines(figures) if (kind, metric) == ("test", "UA") else []

        blocks.append(
            [f"## Differences from {_title(figures, figures.reference)}{_HEADINGS[kind]}"]
        )
        for metric in experiment.get("tested", ["UA"]):  # tables made before the choice have no key
            blocks += _differences(figures, kind, metric)
            blocks += contrasts.lines(figures, kind, metric, columns, _tested)

        if kind == "test":
            blocks += [*_explained(record), [chance.NOTE]]

    blocks += [
        *_verdicts(figures),
        *facts.targets(record),
        *_each(figures),
        *facts.failures(record),
    ]
    blocks += [*facts.training(record), *facts.provenance(record, hashes)]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _explained(record: Mapping[str, Any]) -> list[list[str]]:
    seeds = record["experiment"]["seeds"]
    sentences = (
        "Percent. In brackets 95 % intervals: of other speakers of the target, and of "
        "other trainings where a cell has "
        "several seeds (delete-one jackknife over speakers on the logit scale, variance "
        "between seeds, Student's t).",
        f"A cell is the mean over its models: {len(seeds)} seed{'s' if len(seeds) > 1 else ''} "
        f"({', '.join(map(str, seeds))}) where a model has one.",
        "p: two-sided, of the same t; after Holm's correction over the systems of a column.",
        "No interval and no p stand where a target has at most three speakers: they could "
        "say nothing. "
        "In parentheses, marked `clips`: no speaker is known, the range is over clips and "
        "too narrow.",
        "McNemar's exact test, uncorrected, stands last where both cells are one model "
        "each; it is of these clips "
        "alone, which it takes as independent.",
    )

    return [[" ".join(sentences)]]


def _scores(figures: Figures, kind: str, metric: str, lowest: list[str]) -> list[str]:
    head = ["system", *figures.settings, AVERAGE]
    rows = []
    for system in _systems(figures, kind):
        values = [figures.figure(system["name"], column, kind, metric) for column in head[1:]]
        shown = [percent(v.value, v.interval, v.by_clip) if v else "-" for v in values]
        rows.append([_title(figures, system["name"]), *shown])
        if kind == "test" and (reported := _reported(figures, system["name"], metric, head[1:])):
            rows.append([f"*{figures.record['experiment']['reported_title']}*", *reported])

    return table(head, [*rows, lowest] if lowest else rows)


def _reported(figures: Figures, system: str, metric: str, columns: Sequence[str]) -> list[str]:
    known = {
        one["setting"]: one["value"]
        for one in figures.record["experiment"]["reported"]
        if (one["system"], one["metric"]) == (system, metric)
    }
    return (
        [f"*{known[column]:.2f}*" if column in known else "" for column in columns] if known else []
    )


def _differences(figures: Figures, kind: str, metric: str) -> list[list[str]]:
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
        return [["The reference has no numbers here."]]

    return [table([f"{metric}, system minus reference", *columns], rows)]


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
    return f"{round(100 * value, 1) + 0.0:+.1f}"  # no minus before a zero


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _verdicts(figures: Figures) -> list[list[str]]:
    rows, reasons = [], set()
    for system in figures.systems:
        row = [_title(figures, system["name"])]
        for setting in figures.settings:
            cell = figures.cell(system["name"], setting, "test")
            if cell is None or cell["failure"]:
                row.append("-")
                continue

            row.append(", ".join([cell["verdict"], *_marks(figures, cell)]))
            if cell["verdict"] != "zero-shot":
                reasons |= {f"- {cell['verdict']}: {reason}" for reason in cell["reasons"]}

        rows.append(row)

    blocks = [["## Verdicts and marks"], table(["system", *figures.settings], rows)]
    blocks.append(
        facts.meanings({mark for row in rows for cell in row[1:] for mark in cell.split(", ")})
    )
    return [*blocks, sorted(reasons)] if reasons else blocks


def _marks(figures: Figures, cell: Mapping[str, Any]) -> list[str]:
    task = figures.record["tasks"][cell["task"]]
    found = figures.figure(cell["system"], cell["setting"], cell["kind"], "UA")
    interval = found.interval if found else None
    flags = {
        "transductive": cell["transductive"],
        "development": cell.get("development", False),  # of records from before it is not known
        "synthetic": task["synthetic"],
        "partial": task["partial"],
        "unknown speakers": bool(found and found.by_clip),
        "few speakers": interval is None,
        "wide": is_wide(interval),
    }

    return [name for name, is_set in flags.items() if is_set]


def _each(figures: Figures) -> list[list[str]]:
    """Show the models behind the means: each seed, and each source where a row is a mean over
    sources.
    """
    rows = []
    for system in figures.systems:
        found = [
            figures.each(system["name"], setting, "test", "UA") for setting in figures.settings
        ]
        if any(len(values) > 1 for values in found):
            rows.append([_title(figures, system["name"]), *map(_by_source, found)])

    return (
        [["## UA of each model behind a mean"], table(["system", *figures.settings], rows)]
        if rows
        else []
    )


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
        one
        for one in figures.systems
        if any(figures.cell(one["name"], two, kind) for two in figures.settings)
    ]


def _title(figures: Figures, name: str) -> str:
    (system,) = [one for one in figures.systems if one["name"] == name] or [{"title": name}]
    return str(system["title"])
