"""The options of a model that has presets: what a user gives, each setting optional, over those of
a preset.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.options import option, optional
from mserbench.results.manifest import MANIFEST


def options_class(
    name: str,
    settings: type[Any],
    preset: Any,
    presets: Mapping[Any, Any],
    *,
    default: str,
    help: str,  # noqa: A002 - as `option` calls it
    evidence: str,
) -> type[Any]:
    """Return a frozen dataclass `name`: `preset`, one of a Literal, and every field of `settings`;
    all None at first.

    `default` is the preset that a model takes where none is given, `help` and `evidence` are those
    of the option `preset`. The class tells `DEFAULT_PRESET` and `PRESETS`, each a `settings`.
    """
    types = typing.get_type_hints(settings)
    chosen = optional(option(None, f"{help} Where none is named, {default} is taken.", evidence))

    # The types are values here, not annotations.
    fields = [("preset", typing.Optional[preset], chosen)] + [  # noqa: UP045
        (field.name, typing.Optional[types[field.name]], optional(field))  # noqa: UP045
        for field in dataclasses.fields(settings)
    ]
    options_type = dataclasses.make_dataclass(
        name, fields, frozen=True, namespace={"DEFAULT_PRESET": default, "PRESETS": presets}
    )
    options_type.__doc__ = (
        f"A preset, `{default}` if none is named, and what is to differ from it. The evidence is "
        f"that of the preset `{next(iter(presets))}`; what the others take in its place was chosen "
        f"on figures or to be small, as the page of the model says."
    )

    return options_type


def given(options: Any) -> dict[str, Any]:
    """Return the settings that a user gave, without the preset."""
    values = dataclasses.asdict(options)
    return {name: value for name, value in values.items() if value is not None and name != "preset"}


def preset_of(options: Any, weights: Path | None) -> str:
    """Return the preset that weights were trained with, by the manifest beside them; without any
    that of the options.

    Weights without a readable manifest count as those of the options: who uses them is told of it
    elsewhere.
    """
    # A broken manifest is told where weights are read; here the options are the next best.
    preset = options.preset
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        preset = (
            preset
            if weights is None
            else json.loads((weights / MANIFEST).read_bytes())["options"]["preset"]
        )

    return str(preset or options.DEFAULT_PRESET)


def chosen_on(
    corpora_of: Mapping[Any, tuple[str, ...]], options: Any, weights: Path | None
) -> tuple[str, ...]:
    """Return the corpora that a preset was chosen on: that of the weights, where there are any,
    else the options'.

    `corpora_of` has those of each preset that was chosen on any.
    """
    return corpora_of.get(preset_of(options, weights), ())
