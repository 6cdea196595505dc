"""What notebooks display of runs, as plain HTML tables: every text in them is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

UNPARSED = "unparsed"  # answers that name no label of the task
_SHADE = "rgba(31, 119, 180, {:.2f})"  # of the share of a true label; read in light and in dark


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows of the same columns as a table; empty for no row."""
    if not rows:
        return ""

    head = _row(rows[0], "th")
    return f"<table>{head}{''.join(_row(row.values(), 'td') for row in rows)}</table>"


def confusion(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Return the confusion matrix of a run: a row a true label, a column an answer, then recall.

    `counts` has a row a label and a column more than labels, of the answers that could not be read:
    that column is shown where there are any.
    """
    has_unparsed = any(row[-1] for row in counts)
    answers = [*labels, UNPARSED] if has_unparsed else list(labels)
    lines = [_row(["true label", *answers, "recall"], "th")]
    for at, (label, row) in enumerate(zip(labels, counts, strict=True)):
        support = sum(row)
        cells = "".join(_shaded(count, support) for count in row[: len(answers)])
        recall = f"{100 * row[at] / support:.1f}" if support else "-"
        lines.append(f"<tr><th>{html.escape(label)}</th>{cells}<td>{recall}</td></tr>")

    caption = "<caption>Clips by true label and answer; recall in percent.</caption>"
    return f"<table>{caption}{''.join(lines)}</table>"


def sentence(text: str) -> str:
    """Return a sentence as a paragraph of its own."""
    return f"<p>{html.escape(text)}</p>"


def _row(cells: Iterable[object], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(str(cell))}</{tag}>' for cell in cells)}</tr>"


def _shaded(count: int, support: int) -> str:
    share = count / support if support else 0.0
    return f'<td style="background: {_SHADE.format(0.6 * share)}">{count}</td>'
