"""`mserbench train`: train a model on the clips of some tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mserbench.cli import _common


@click.command(name="train", short_help="train a model on the clips of some tasks")
@click.option("--model", required=True, help="Name of a model.")
@click.option("--on", required=True, help="Names of the tasks to train on, comma separated.")
@click.option("--validate-on", default="", help="Names of tasks to stop or choose by, comma separated.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder for the weights.")
@_common.option_option
@_common.data_option
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option("--allow-partial", is_flag=True, help="Train on what is there of an incomplete corpus.")
def command(
    model: str,
    on: str,
    validate_on: str,
    out: Path,
    options: Sequence[str],
    data: Path | None,
    device: str,
    allow_partial: bool,
) -> None:
    """Train a model; its weights carry a manifest of every clip they were trained on."""
    from mserbench.training import train

    sources = _common.names(on, "on")
    held = _common.names(validate_on, "validate-on") if validate_on else []
    folder = train(
        model,
        sources,
        out,
        validate_on=held,
        data=data,
        options=_common.pairs(options),
        device=device,
        allow_partial=allow_partial,
    )
    click.echo(f"{model} trained on {', '.join(sources)}: weights in {folder}")
    click.echo(f"score it: mserbench run --model {model} --weights {folder} --task TASK")
