"""The report of a check: blocks for people, and a mapping for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mserbench.checking.comparing import Comparison, Flip
from mserbench.checking.outcome import Outcome, Status, exit_code, summary
from mserbench.report import markdown
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Commands,
    Folded,
    Heading,
    Paragraph,
    Strong,
    Table,
)

SUMMARY_LIMIT = 900 * 1024
"""Bytes of a step summary: GitHub takes 1 MiB a step, and drops what is longer as a whole."""

_FLIPS_SHOWN = (100_000, 1_000, 100, 10, 0)  # of a run, ever fewer until the page fits
_LEAST_OF_A_FLIP = 60  # bytes of its row


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what `--json` prints: every run with every flip."""
    return {
        "exit_code": exit_code(outcomes),
        "summary": summary(outcomes),
        "runs": [_outcome_json(outcome) for outcome in outcomes],
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    comparison = outcome.comparison
    return {
        "run": outcome.run,
        "task": outcome.task,
        "model": outcome.model,
        "device_key": outcome.device_key,
        "baseline": outcome.baseline or None,
        "status": str(outcome.status),
        "exit_code": outcome.exit_code,
        "sentence": outcome.sentence,
        "notes": list(outcome.notes),
        "findings": [
            {
                "measure": finding.measure,
                "fails": finding.fails,
                "judged": finding.is_judged,
                "sentence": finding.sentence,
            }
            for finding in outcome.findings
        ],
        "mcnemar_p": outcome.adjusted_p,
        "rtf_change": outcome.rtf_change,
        "memory_change": outcome.memory_change,
        "comparison": None if comparison is None else _comparison_json(comparison),
    }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    before, after = comparison.metrics_before, comparison.metrics_after
    return {
        "n": comparison.n,
        "missing": list(comparison.missing),
        "added": list(comparison.added),
        "relabelled": list(comparison.relabelled),
        "scale": comparison.scale,
        "epsilon": comparison.epsilon,
        "drift": comparison.drift,
        "drift_id": comparison.drift_id or None,
        "unparsed": [comparison.unparsed_before, comparison.unparsed_after],
        "lost": comparison.lost,
        "gained": comparison.gained,
        "metrics_before": None if before is None else dict(before),
        "metrics_after": None if after is None else dict(after),
        "flips": [_flip_json(flip) for flip in comparison.flips],
    }


def _flip_json(flip: Flip) -> dict[str, Any]:
    return {
        "id": flip.id,
        "label": flip.label,
        "before": flip.before,
        "after": flip.after,
        "scores_before": list(flip.scores_before),
        "scores_after": list(flip.scores_after),
        "margin_before": flip.margin_before,
        "margin_after": flip.margin_after,
        "tie": flip.is_tie,
    }


def blocks(outcomes: Sequence[Outcome], flips_shown: int = 20) -> list[Block]:
    """Return the report for people; of each run at most so many flips, those off ties first."""
    head: list[Block] = [
        Heading("Regression check", 2),
        Paragraph(Strong(f"{summary(outcomes)}; exit status {exit_code(outcomes)}")),
        _runs_table(outcomes),
    ]
    details = [
        block
        for outcome in outcomes
        if outcome.status is not Status.SAME or outcome.notes or _flips(outcome)
        for block in _details(outcome, flips_shown)
    ]
    return head + details + _how_to_accept(outcomes)


def _how_to_accept(outcomes: Sequence[Outcome]) -> list[Block]:
    if not any(outcome.exit_code == 1 for outcome in outcomes):
        return []

    return [
        Paragraph("Where a change is meant, this makes its run the baseline, for all to see:"),
        Commands(["mserbench baseline add RUN --replace --reason WHY"]),
    ]


def step_summary(outcomes: Sequence[Outcome], limit: int = SUMMARY_LIMIT) -> str:
    """Return the report as Markdown of at most `limit` bytes; what is left out is counted."""
    counts = [len(_flips(outcome)) for outcome in outcomes]
    for flips_shown in _FLIPS_SHOWN:
        # What cannot fit is not written first: many runs with many flips would take minutes.
        if sum(min(count, flips_shown) for count in counts) * _LEAST_OF_A_FLIP > limit:
            continue

        page = markdown.page(blocks(outcomes, flips_shown))
        if len(page.encode()) <= limit:
            return page

    # So many runs that their sentences alone are too long: whole lines, from the top.
    notice = "\n\nThe report is longer than a step summary may be: `--json` has all of it.\n"
    cut = page.encode()[: limit - len(notice.encode())].decode(errors="ignore")
    return cut.rpartition("\n")[0] + notice


def _runs_table(outcomes: Sequence[Outcome]) -> Table:
    columns = [
        Column("task"),
        Column("model"),
        Column("status"),
        Column("n", right=True, priority=3),
        Column("UA before", right=True, priority=2),
        Column("UA", right=True, priority=1),
        Column("flips", right=True),
        Column("at ties", right=True, priority=1),
        Column("drift", right=True, priority=2),
        Column("time", right=True, priority=4),
        Column("memory", right=True, priority=5),
    ]
    return Table(columns, [_row(outcome) for outcome in outcomes])


def _row(outcome: Outcome) -> list[Cell]:
    comparison = outcome.comparison
    passes = outcome.exit_code == 0
    status: Cell = str(outcome.status) if passes else Strong(str(outcome.status))
    first: list[Cell] = [outcome.task, outcome.model, status]
    before = comparison.metrics_before if comparison else None
    after = comparison.metrics_after if comparison else None
    if comparison is None or before is None or after is None:
        return [*first, *["-"] * 8]

    ties = len(comparison.flips) - len(comparison.off_ties)
    return [
        *first,
        str(comparison.n),
        f"{100 * before['UA']:.1f}",
        f"{100 * after['UA']:.1f}",
        str(len(comparison.flips)),
        str(ties),
        "-" if comparison.drift is None else f"{comparison.drift:.2g}",
        _change(outcome.rtf_change),
        _change(outcome.memory_change),
    ]


def _change(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.0f} %"


def _flips(outcome: Outcome) -> tuple[Flip, ...]:
    return outcome.comparison.flips if outcome.comparison else ()


def _details(outcome: Outcome, flips_shown: int) -> list[Block]:
    sentences = [outcome.sentence, *outcome.notes]
    parts: list[Block] = [
        Heading(f"{outcome.model} on {outcome.task}: {outcome.status}", 3),
        Bullets([*sentences, f"run {outcome.run}"]),
    ]
    comparison = outcome.comparison
    if comparison is None or not comparison.flips:
        return parts

    parts.append(_by_class(comparison))
    ordered = sorted(comparison.flips, key=lambda flip: (flip.is_tie, flip.id))
    title = f"{len(ordered)} flips" + (
        f", {flips_shown} of them shown" if len(ordered) > flips_shown else ""
    )
    table = _flips_table(comparison, ordered[:flips_shown])
    return [*parts, Folded(title, [table] if flips_shown else [])]


def _by_class(comparison: Comparison) -> Table:
    """Return how many clips of each true label flipped, and which way."""
    rows: list[list[Cell]] = []
    for label, support in (comparison.supports or {}).items():
        flips = [flip for flip in comparison.flips if flip.label == label]
        if support:
            counts = (
                support,
                len(flips),
                sum(flip.is_tie for flip in flips),
                sum(flip.lost for flip in flips),
                sum(flip.gained for flip in flips),
            )
            rows.append([label, *map(str, counts)])

    names = ("clips", "flips", "at ties", "lost", "gained")
    return Table([Column("label"), *(Column(name, right=True) for name in names)], rows)


def _flips_table(comparison: Comparison, flips: Sequence[Flip]) -> Table:
    labels = list(comparison.supports or {})
    columns = [
        Column("clip"),
        Column("label"),
        Column("before"),
        Column("now"),
        Column("scores before", priority=2),
        Column("scores now", priority=2),
        Column("margin before", right=True, priority=1),
        Column("margin now", right=True, priority=1),
        Column("tie"),
    ]
    rows: list[list[Cell]] = [
        [
            flip.id,
            flip.label,
            flip.before or "(unread)",
            flip.after or "(unread)",
            _both(flip, flip.scores_before, labels),
            _both(flip, flip.scores_after, labels),
            _margin(flip.margin_before),
            _margin(flip.margin_after),
            "yes" if flip.is_tie else "no",
        ]
        for flip in flips
    ]
    return Table(columns, rows)


def _both(flip: Flip, scores: Sequence[float], labels: Sequence[str]) -> str:
    """Return the scores of both answers, that of the earlier one first."""
    answers = [label for label in (flip.before, flip.after) if label in labels]
    texts = [f"{label} {scores[labels.index(label)]:.4g}" for label in answers] if scores else []
    return ", ".join(texts) or "-"


def _margin(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"
