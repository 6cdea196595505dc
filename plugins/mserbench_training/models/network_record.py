"""The record beside the weights of a network, `model.json`: read with suspicion, and without what
is heavy.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mserbench.errors import DataError, UsageError, why
from mserbench.options import completed
from mserbench_training.models.preset_options import given

RECORD = "model.json"
SCHEMA = 1
_ADVICE = "train the model again"
S = TypeVar("S")


def read(
    folder: Path, model: str, settings: type[Any], texts: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Return the record, its `settings`, its `codes` with `labels`, and what `texts` names checked
    for their types.

    `settings`: the dataclass that the record's settings are of. One that came later than the
    weights is what they did without it (`mserbench.options`); any other that is missing is damage.
    `texts`: further mappings that the record must hold, and the names of texts in each, such as the
    versions of frozen parts. Raises DataError where the record is missing, damaged, of another
    schema or another model.
    """
    path, advice = folder / RECORD, f"give a folder written by 'mserbench train --model {model}'"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"weights folder {str(folder)!r} holds no {RECORD}: {advice}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"weights {str(path)!r} cannot be read ({why(error)}): {advice}") from error

    if (
        not isinstance(record, dict)
        or record.get("schema") != SCHEMA
        or record.get("model") != model
    ):
        raise DataError(
            f"weights {str(path)!r} are not of model {model!r} and schema {SCHEMA}: {advice}"
        )

    subject = f"weights {str(path)!r}"
    _check_mappings(record, texts, subject)
    # What came later than the weights is filled in first, and is then no damage.
    whole = completed(record["settings"], settings)
    _check_settings(whole, settings, subject)

    return {**record, "settings": whole}


def settings_of(
    kind: type[S],
    folder: Path,
    record: Mapping[str, Any],
    options: Any,
    free: Collection[str],
) -> S:
    """Return the settings that weights were trained with, under those of the options that are
    `free` to differ.

    `kind`: their dataclass; `options`: those of a model that has presets. Raises UsageError where
    another is given now that differs: it would have no effect.
    """
    trained, asked_now = record["settings"], given(options)
    for name, value in asked_now.items():
        if name not in free and value != trained[name]:
            raise UsageError(
                f"weights {str(folder)!r} were trained with {name}={trained[name]!r}, but "
                f"{value!r} was asked for: "
                f"leave the option away, or train again"
            )

    return kind(**{**trained, **{name: asked_now[name] for name in asked_now.keys() & free}})


def check_part(folder: Path, option: str, name: str, version: str, version_here: str) -> None:
    """Raise UsageError where the frozen part of an option is not of the version that the weights
    were trained on.
    """
    if version != version_here:
        raise UsageError(
            f"weights {str(folder)!r} stand on {option} {name!r}, version {version!r}, but "
            f"{version_here!r} is here: give that "
            f"part by '--option {option}=FOLDER', or train again"
        )


def _check_mappings(
    record: Mapping[str, Any], texts: Mapping[str, tuple[str, ...]], subject: str
) -> None:
    if not all(isinstance(record.get(key), dict) for key in ("codes", *texts, "settings")):
        raise DataError(f"{subject} lacks its codes, {', '.join(texts)} or settings: {_ADVICE}")

    labels = record["codes"].get("labels")
    if not (
        isinstance(labels, list)
        and all(isinstance(label, str) for label in labels)
        and len(set(labels)) >= 2
    ):
        raise DataError(f"{subject}: 'labels' must be two or more distinct names: {_ADVICE}")

    for key, names in texts.items():
        if not all(isinstance(record[key].get(name), str) for name in names):
            raise DataError(
                f"{subject}: {key!r} must hold the texts {' and '.join(names)}: {_ADVICE}"
            )


def _check_settings(settings: Mapping[str, Any], of: type[Any], subject: str) -> None:
    kinds = typing.get_type_hints(of)
    wrong = sorted(set(settings) ^ {field.name for field in dataclasses.fields(of)})
    wrong += [
        name for name in kinds if name not in wrong and not _is_of(kinds[name], settings[name])
    ]
    if wrong:
        raise DataError(
            f"{subject}: setting {wrong[0]!r} is missing, unknown or of the wrong type: {_ADVICE}"
        )


def _is_of(kind: Any, value: object) -> bool:
    choices = typing.get_args(kind)
    if choices:
        return value in choices and not isinstance(value, bool)
    # JSON has one kind of number, and some write 1.0 as 1; but true is no number.
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
