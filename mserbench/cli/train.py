"""`mserbench train`: train a model on the clips of some tasks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mserbench.cli import _common
from mserbench.errors import MserbenchError, UsageError


@click.command(name="train", short_help="train a model on the clips of some tasks")
@click.option("--model", required=True, help="Name of a model.")
@click.option("--on", required=True, help="Names of the tasks to train on, comma separated.")
@click.option(
    "--validate-on", default="", help="Names of tasks to stop or choose by, comma separated."
)
@click.option(
    "--chosen-on",
    metavar="CORPORA",
    help="Corpora that the options were chosen on, comma separated, or none; else those of the "
    "model's defaults.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="New folder for the weights."
)
@_common.preset_option
@click.option(
    "--stage", metavar="N", help="The same as --option stage=N: of models that train in stages."
)
@click.option(
    "--init", metavar="FOLDER", help="The same as --option init=FOLDER: weights to go on from."
)
@_common.option_option
@_common.data_option
@_common.device_option
@click.option(
    "--allow-partial", is_flag=True, help="Train on what is there of an incomplete corpus."
)
def command(
    model: str,
    on: str,
    validate_on: str,
    chosen_on: str | None,
    out: Path,
    preset: str | None,
    stage: str | None,
    init: str | None,
    options: Sequence[str],
    data: Path | None,
    device: str,
    allow_partial: bool,
) -> None:
    """Train a model; its weights carry a manifest of every clip they were trained on.

    Several processes: torchrun --nproc-per-node N -m mserbench train ..., or accelerate launch on
    GPUs. The main one writes the weights.
    """
    from mserbench.engine import processes
    from mserbench.running.lookup import model_entry
    from mserbench.running.training import train

    try:
        # An unknown model is told before corpora are read, which takes minutes.
        model_entry(model)
        sources = _common.names(on, "on")
        with processes.ended_in_order():
            folder = train(
                model,
                sources,
                out,
                validate_on=_common.names(validate_on, "validate-on") if validate_on else [],
                chosen_on=_corpora(chosen_on),
                data=data,
                options=_with_shorthands(
                    _common.settings(options, preset, [model]),
                    model,
                    {"stage": stage, "init": init},
                ),
                device=device,
                allow_partial=allow_partial,
            )
    except MserbenchError as error:
        processes.wait_for_the_end(error)
        raise

    # Of several processes one speaks.
    if processes.place().is_main:
        click.echo(f"{model} trained on {', '.join(sources)}: weights in {folder}")
        click.echo(f"score it: mserbench run --model {model} --weights {folder} --task TASK")


def _corpora(text: str | None) -> list[str] | None:
    """Return the corpora of --chosen-on: an empty list for `none`, None where it is not given."""
    if text is None:
        return None
    return [] if text.strip().lower() == "none" else _common.names(text, "chosen-on")


def _with_shorthands(
    options: Mapping[str, str], model: str, flags: Mapping[str, str | None]
) -> dict[str, str]:
    """Return the options with those that have a flag of their own.

    Raises UsageError where one is given twice, or the model has no such option.
    """
    from mserbench.running.lookup import described_class

    typed = {name: value for name, value in flags.items() if value is not None}
    option_names = (
        {field.name for field in dataclasses.fields(described_class(model).Options)}
        if typed
        else set()
    )
    for name, value in typed.items():
        if name in options:
            raise UsageError(
                f"--{name} {value} and --option {name}={options[name]} are both given: leave one "
                "away"
            )
        if name not in option_names:
            raise UsageError(
                f"model {model!r} has no option {name!r}: leave --{name} away; 'mserbench models "
                f"{model}' lists those it has"
            )

    return {**options, **typed}
