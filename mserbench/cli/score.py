"""`mserbench score`: score a file of predictions of your own."""

from __future__ import annotations

from pathlib import Path

import click

from mserbench.cli import _common


@click.command(name="score", short_help="score a file of predictions of your own")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--task", required=True, help="Name of the task.")
@click.option("--name", required=True, help="Name of your model, for tables.")
@click.option("--id", "identity", metavar="COLUMN", help="Column of ids, or of names of files.")
@click.option("--prediction", metavar="COLUMN", help="Column of the labels that it predicts.")
@click.option(
    "--scores",
    metavar="BEGINNING",
    help="What the names of columns of scores begin with, as prob_; '' where they are labels.",
)
@click.option(
    "--map",
    "label_map",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help='TOML file that says what your labels mean, as "ang" = "angry" under [labels].',
)
@_common.labels_option
@click.option(
    "--card",
    type=click.Path(path_type=Path),
    help="Model card (JSON) that says what it was trained on, or registry:NAME for an entry of "
    "'mserbench exposures'.",
)
@_common.data_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Run folders.",
)
@_common.wide_option
@_common.json_option
def command(
    file: Path,
    task: str,
    name: str,
    identity: str | None,
    prediction: str | None,
    scores: str | None,
    label_map: Path | None,
    labels: str | None,
    card: Path | None,
    data: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Score FILE: a table with `id` and either `prediction`, `answer`, or a `score_LABEL` for
    every label, or with columns that you name.

    Comma, semicolon or tab between fields, or an object of JSON a line; also what `mserbench
    predict --csv` prints. Every id of the task must occur once; the name of its file may stand for
    it. Without a card the verdict is `unknown`. See docs/your-predictions.md.
    """
    from mserbench.cli._runs_shown import show
    from mserbench.data import label_map as maps
    from mserbench.results.naming import Naming
    from mserbench.running.submission import score_file

    naming = Naming(
        identity or "", prediction or "", scores, maps.read(label_map) if label_map else {}
    )
    fewer = None if labels is None else [label.strip() for label in labels.split(",")]
    run = score_file(file, task, name, card=card, data=data, out=out, naming=naming, labels=fewer)
    for note in run.record.notes or ():
        _common.say(f"note: {file.name}: {note}", err=True)

    if as_json:
        _common.print_json([run.summary()])
    else:
        show([run])
