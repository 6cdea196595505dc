"""Floors and classical baselines: `prior`, `random`, `logmel` and `egemaps`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mserbench.plugins.hookspecs import ExperimentEntry, ModelEntry, hookimpl

MSERBENCH_API = 1

WEIGHTS = {
    "emodb-emovo": ("emodb", "emovo"),
    "emovo-ravdess": ("emovo", "ravdess"),
    "emodb-ravdess": ("emodb", "ravdess"),
    "demo": ("demo-train",),
}
"""The weights that ship with `logmel` and `egemaps`, and the tasks they were trained on.

`python -m mserbench_baselines.remake_weights` makes them.
"""

BY_SPEAKER = ("emodb-emovo", "emovo-ravdess", "demo")
"""Those that are there once more, under the name with `-speaker`, as trained with
normalise=speaker.
"""

PEOPLE = "people"
"""The weights of all real corpora at hand, which `mserbench predict` takes; last, as a task takes
the first of those that are equally strict.
"""


def _shipped(model: str) -> dict[str, str]:
    folder = Path(__file__).parent / "weights" / model
    # What is not yet trained is not offered: `remake_weights` makes it.
    people = [PEOPLE] if (folder / PEOPLE).is_dir() else []
    names = [*WEIGHTS, *(f"{name}-speaker" for name in BY_SPEAKER), *people]
    return {name: f"mserbench_baselines:weights/{model}/{name}" for name in names}


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the two floors and the two feature-statistics models."""
    return [
        ModelEntry(
            "prior",
            "mserbench_baselines.floors:Prior",
            "Training label frequencies, the same for every clip",
        ),
        ModelEntry(
            "random",
            "mserbench_baselines.floors:Random",
            "Uniform random scores, fixed for each utterance",
        ),
        ModelEntry(
            "logmel",
            "mserbench_baselines.logmel:LogMel",
            "Log-mel statistics and a linear classifier",
            weights=_shipped("logmel"),
        ),
        ModelEntry(
            "egemaps",
            "mserbench_baselines.egemaps:EGeMAPS",
            "openSMILE eGeMAPSv02 functionals and a linear classifier",
            needs={"opensmile": "egemaps"},
            weights=_shipped("egemaps"),
        ),
    ]


@hookimpl
def register_experiments() -> Iterable[ExperimentEntry]:
    """Return the curve of adaptation, over all models that can be adapted."""
    return [
        ExperimentEntry(
            "adaptation",
            "mserbench_baselines:experiments/adaptation.toml",
            "What 1 to 100 unlabelled clips of the target bring, on four corpora of people",
        )
    ]
