"""`mserbench export`: write runs in the formats by which others take results in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from mserbench.cli import _common, _streams
from mserbench.errors import UsageError
from mserbench.report import foreign, screens

if TYPE_CHECKING:
    from mserbench.results.runs import Run

_FORMATS = ("eval-results", "model-index", "csv", "jsonld")


@click.command(name="export", short_help="write runs for the model hub, as CSV or JSON-LD")
@click.argument("run_folders", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--format", "name", type=click.Choice(_FORMATS), required=True, help="What to write: see above."
)
@click.option("--dataset", help="Id on the hub of the runs' dataset, OWNER/NAME.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, in place of stdout.",
)
def command(run_folders: tuple[str, ...], name: str, dataset: str | None, out: Path | None) -> None:
    """Write the run folders RUN... in a format that others read.

    eval-results: the YAML of a file in .eval_results/ of a model on the hub; wants --dataset.
    model-index: the YAML block of a model card, all metrics. csv: a row a run, with intervals.
    jsonld: schema.org, with corpus, licence and citation.
    """
    from mserbench.disk.files import write_atomic
    from mserbench.results import runs

    if dataset is not None and name not in ("eval-results", "model-index"):
        raise UsageError(f"--dataset was given, but format {name} names no dataset of the hub")
    if dataset is None and name == "eval-results":
        raise UsageError(
            "--format eval-results wants --dataset OWNER/NAME, the id on the hub of the dataset "
            "that the results are of: the hub shows results on that dataset's page"
        )

    records = [runs.read(Path(folder)) for folder in run_folders]
    # Past the screen that shortens what people read: programs want all of it.
    stream = None if out else screens.raw(_streams.results())
    text = _written(records, name, dataset, stream)
    if out is None:
        click.echo(text, nl=False, file=stream)
        return

    write_atomic(out, text)
    click.echo(f"{len(run_folders)} run(s): written to {out}", file=_streams.results())


def _written(records: Sequence[Run], name: str, dataset: str | None, stream: TextIO | None) -> str:
    """Return the runs in a format, in signs that `stream` (UTF-8 for None) can write and that no
    terminal obeys.
    """
    # Each imports what it needs alone: CSV wants no package of the hub.
    if name == "csv":
        from mserbench.exporting.tables import table

        return table(records, stream)

    write = _writer(name, dataset)
    text = write(records, ascii_only=False)
    is_plain = foreign.shown(text) == text
    if is_plain and _common.can_be_written(text, getattr(stream, "encoding", None)):
        return text

    # Both formats have escapes of their own, which a reader turns back.
    return write(records, ascii_only=True)


def _writer(name: str, dataset: str | None) -> Callable[..., str]:
    if name == "jsonld":
        from mserbench.exporting.jsonld import document

        return document

    from mserbench.exporting import hub

    if name == "model-index":
        return partial(hub.model_index, dataset=dataset)
    return partial(hub.eval_results, dataset=dataset or "")
