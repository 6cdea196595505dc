"""`mserbench data list`: the clips of a task, to be given to whoever predicts elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _streams
from mserbench.report import foreign, screens

if TYPE_CHECKING:
    from mserbench.contracts import Utterance


@click.command(name="list", short_help="print the clips of a task: ids, files, speakers")
@click.argument("task")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table of comma separated values.")
@click.option(
    "--labels",
    "with_labels",
    is_flag=True,
    help="With the true labels, which nobody who predicts may have.",
)
@_common.data_option
@_common.wide_option
@_common.json_option
def command(task: str, as_csv: bool, with_labels: bool, data: Path | None, as_json: bool) -> None:
    """Print the clips of TASK (or of a .toml file): id, audio file below the corpus folder, start
    and end where it is a part of the file, and speaker. Without labels, unless --labels is given.

    No audio is opened. A file of predictions with the column `id` or `file` is what 'mserbench
    score' reads.
    """
    from mserbench.data import corpus, dataset, lookup
    from mserbench.errors import UsageError

    if as_csv and as_json:
        raise UsageError("--csv and --json are both given: leave one away")

    folder = corpus.data_folder(data)
    question = lookup.task(task, folder)
    rows = [
        _row(utterance, label if with_labels else None)
        for utterance, label in dataset.truth(question, folder)
    ]
    if as_json:
        _common.print_json(rows)
    elif as_csv:
        _print_csv(rows)
    else:
        columns = list(rows[0])
        _common.print_table(
            [list(row.values()) for row in rows], columns, least=("speaker", "end", "start")
        )


def _row(utterance: Utterance, label: str | None) -> dict[str, str]:
    """Return what is printed of a clip; `label` is None where it is not told."""
    row = {
        "id": utterance.id,
        "file": utterance.audio,
        "start": _seconds(utterance.start),
        "end": _seconds(utterance.end),
        "speaker": utterance.speaker or "",
    }
    return row if label is None else {**row, "label": label}


def _seconds(value: float | None) -> str:
    # All digits, as who cuts there must cut where the clip is.
    return "" if value is None else repr(value)


def _print_csv(rows: Sequence[Mapping[str, str]]) -> None:
    out = screens.raw(_streams.results())
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([foreign.cell(value, out) for value in row.values()])
