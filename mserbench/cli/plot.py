"""`mserbench plot`: pictures of finished runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _files
from mserbench.embeddings import FIELDS
from mserbench.errors import UsageError
from mserbench.report import foreign

if TYPE_CHECKING:
    from mserbench.embeddings.gathering import Cloud
    from mserbench.embeddings.projection import Projection, Separation


@click.group(name="plot", short_help="draw what a model makes of the clips of a run")
def command() -> None:
    """Draw pictures of finished runs."""


@command.command(name="embeddings")
@click.argument(
    "run_folders", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--by",
    default="emotion,language",
    show_default=True,
    help=f"A panel each: {', '.join(FIELDS)}.",
)
@click.option(
    "--also", help="Tasks whose clips are shown too, such as the sources; comma separated."
)
@_common.data_option
@click.option(
    "--weights", help="Folder of the weights of the runs, where they do not ship with the model."
)
@_common.device_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("embeddings.png"),
    show_default=True,
    help="PNG.",
)
@click.option(
    "--csv", "table", type=click.Path(path_type=Path), help="Write the places as a csv file too."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of t-SNE."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Only N clips of each task, chosen by a hash of their ids.",
)
@_common.wide_option
@_common.json_option
def embeddings(
    run_folders: Sequence[Path],
    by: str,
    also: str | None,
    data: Path | None,
    weights: str | None,
    device: str,
    out: Path,
    table: Path | None,
    seed: int,
    limit: int | None,
    as_json: bool,
) -> None:
    """Draw the vectors that the model of the run folders RUN gives their clips, by t-SNE.

    Several runs must be of one model and the same weights. The numbers beside the picture,
    silhouettes, are of the vectors themselves: a picture by t-SNE can show groups where there are
    none.
    """
    fields, other_tasks = _fields(by), _common.names(also, "also") if also is not None else []
    from mserbench.embeddings import picture, plotting, projection
    from mserbench.embeddings.gathering import gather

    plotting.require_matplotlib()

    with _common.progress("embeddings") as report:
        cloud = gather(run_folders, other_tasks, data, weights, device, limit, report)

    for note in cloud.notes:
        click.echo(f"note: {note}", err=True)

    placed = projection.tsne(cloud.vectors, seed)
    measured = plotting.measured(cloud, fields)
    _files.write(out, picture.draw(cloud, placed, fields, measured, seed))
    if table:
        _files.write(table, _csv(cloud, placed))

    _report(cloud, placed, measured, [out, table] if table else [out], as_json)


def _fields(by: str) -> list[str]:
    fields = _common.names(by, "by")
    wrong = [field for field in fields if field not in FIELDS]
    if wrong:
        raise UsageError(
            f"--by names {wrong[0]!r}, but there is {', '.join(FIELDS)}: give some of these"
        )

    return fields


def _csv(cloud: Cloud, placed: Projection) -> str:
    """Return a row a clip: `id`, `task`, `x`, `y`, and the fields; empty where a field is not
    known.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "task", "x", "y", *FIELDS])

    for point, (x, y) in zip(cloud.points, placed.places, strict=True):
        facts = (getattr(point, field) for field in FIELDS)
        texts = (point.id, point.task, f"{x:.6g}", f"{y:.6g}", *facts)
        writer.writerow(["" if text is None else foreign.cell(str(text)) for text in texts])

    return out.getvalue()


def _report(
    cloud: Cloud,
    placed: Projection,
    measured: dict[str, Separation],
    written: Sequence[Path],
    as_json: bool,
) -> None:
    n, dim = cloud.vectors.shape
    if as_json:
        facts = {
            "model": cloud.model, "weights": cloud.weights, "tasks": list(cloud.tasks), "n": n,
            "dim": dim,
            "perplexity": placed.perplexity, "marks": list(cloud.marks), "files": list(map(str,
            written)),
            "silhouettes": {
                field: {
                    "groups": separation.groups, "n": separation.clips,
                    "silhouette": separation.silhouette,
                }
                for field, separation in measured.items()
            },
        }  # fmt: skip
        _common.print_json(facts)
        return

    rows = [
        [
            field,
            separation.groups,
            separation.clips,
            "-" if separation.silhouette is None else f"{separation.silhouette:.3f}",
        ]
        for field, separation in measured.items()
    ]
    _common.print_table(
        rows, ["by", "groups", "n", "silhouette"], right=("groups", "n", "silhouette")
    )
    click.echo(
        f"\nSilhouette: by cosine distance in the {dim} dimensions of the model's vectors, "
        f"n = {n}; 1 apart, 0 mixed, "
        f"below 0 nearer to another group."
    )
    if cloud.marks:
        click.echo(f"Marks: {', '.join(cloud.marks)}")

    click.echo(
        "t-SNE distances between groups mean little: the picture is to look at, the numbers to "
        "report."
    )
    click.echo(f"Written: {', '.join(map(str, written))}")
