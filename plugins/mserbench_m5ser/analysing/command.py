"""`mserbench m5ser analyse`: figures and numbers of a built set, as one report."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.errors import DataError, MissingExtra, UsageError

if TYPE_CHECKING:
    from mserbench_m5ser.analysing.analysis import Analysis

PURPOSE = "analysing a built set"
NEEDED = {"pyarrow": "train", "torchaudio": "train", "matplotlib": "plots"}
FOLDER = "analysis"  # of the report, in that of the set
REPORT, NUMBERS = "README.md", "numbers.json"


@click.command(name="analyse", short_help="figures of a built set, and the numbers behind them")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="MSERBENCH_DATA",
    help="Folder with one folder a corpus, where the sources are (else $MSERBENCH_DATA).",
)
@click.option(
    "--control",
    "controls",
    metavar="TASK,TASK",
    help="Human speech to put the classifier of the sources to, such as emodb,emovo.",
)
@click.option(
    "--sources",
    metavar="TASK,TASK",
    help="What the set was made from, where its manifest names no installed tasks, such as a "
    "file of your own.",
)
@click.option(
    "--sample",
    "limit",
    type=click.IntRange(min=10),
    default=20_000,
    show_default=True,
    help="About so many clips are looked at, the same share of each language, emotion and corpus; "
    "counts and hours are of all.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"Folder of the report.  [default: {FOLDER} in the folder of the set]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON on stdout.")
def command(
    folder: Path,
    data: Path | None,
    controls: str | None,
    sources: str | None,
    limit: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Draw figures 1 and 2 of the M5SER paper for the built set in FOLDER, and say what of their
    claims its numbers bear out.

    Writes README.md with the pictures, and numbers.json. What compares with the English sources
    wants their audio: where it is not at hand, the report says so.
    """
    # Before the clips are read: it would be missed after minutes of work.
    for package, extra in NEEDED.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(PURPOSE, package, extra)

    from mserbench_m5ser.analysing import findings, numbers, wording
    from mserbench_m5ser.analysing.analysis import analyse

    analysis = analyse(folder, data, _names(controls, "control"), limit, _names(sources, "sources"))
    for task, reason in {**analysis.missing, **analysis.missing_controls}.items():
        click.echo(f"warning: {task} is not at hand: {reason}", err=True)

    record = numbers.to_json(analysis)
    files: dict[str, bytes | str] = {
        **_pictures(analysis),
        NUMBERS: json.dumps(record, indent=1) + "\n",
        # Last: who sees a report has all that it names.
        REPORT: wording.report(analysis),
    }
    place = folder / FOLDER if out is None else out
    _write(place, files)

    if as_json:
        click.echo(json.dumps(record, indent=1))
        return

    for sentence in findings.findings(analysis):
        click.echo(sentence)

    click.echo(f"Written: {', '.join(str(place / name) for name in files)}")


def _names(text: str | None, option: str) -> list[str]:
    """Split a comma list of tasks. Raises UsageError where one stands twice or none is in it."""
    if text is None:
        return []

    listed = [name.strip() for name in text.split(",") if name.strip()]
    if not listed or len(set(listed)) < len(listed):
        raise UsageError(
            f"--{option} is {text!r}, but a comma list of different tasks was expected"
        )

    return listed


def _pictures(analysis: Analysis) -> dict[str, bytes]:
    from mserbench_m5ser.analysing import figures, scatter

    plane = (analysis.places, analysis.shares, analysis.points)
    return {
        "figure-1.png": figures.figure_1(analysis.generated, analysis.english),
        "figure-2.png": scatter.side_by_side(*plane),
        "figure-2-fields.png": scatter.coloured(*plane),
    }


def _write(place: Path, files: Mapping[str, bytes | str]) -> None:
    from mserbench.disk.files import write_atomic

    try:
        for name, content in files.items():
            write_atomic(place / name, content)
    except OSError as error:
        raise DataError(
            f"the report cannot be written to {str(place)!r} ({error.strerror or error}): give "
            "another --out"
        ) from error
