"""`mserbench train`: train a model on the clips of some tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mserbench.cli import _common
from mserbench.errors import MserbenchError


@click.command(name="train", short_help="train a model on the clips of some tasks")
@click.option("--model", required=True, help="Name of a model.")
@click.option("--on", required=True, help="Names of the tasks to train on, comma separated.")
@click.option("--validate-on", default="", help="Names of tasks to stop or choose by, comma separated.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder for the weights.")
@_common.preset_option
@_common.option_option
@_common.data_option
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option("--allow-partial", is_flag=True, help="Train on what is there of an incomplete corpus.")
def command(
    model: str,
    on: str,
    validate_on: str,
    out: Path,
    preset: str | None,
    options: Sequence[str],
    data: Path | None,
    device: str,
    allow_partial: bool,
) -> None:
    """Train a model; its weights carry a manifest of every clip they were trained on.

    Several processes: torchrun --nproc-per-node N -m mserbench train ..., or accelerate launch on GPUs. The main one
    writes the weights.
    """
    from mserbench import processes, registry
    from mserbench.training import train

    try:
        registry.model_entry(model)
        sources = _common.names(on, "on")
        with processes.ended_in_order():
            folder = train(
                model,
                sources,
                out,
                validate_on=_common.names(validate_on, "validate-on") if validate_on else [],
                data=data,
                options=_common.settings(options, preset, [model]),
                device=device,
                allow_partial=allow_partial,
            )
    except MserbenchError as error:
        processes.wait_for_the_end(error)
        raise
    if processes.place().is_main:
        click.echo(f"{model} trained on {', '.join(sources)}: weights in {folder}")
        click.echo(f"score it: mserbench run --model {model} --weights {folder} --task TASK")
