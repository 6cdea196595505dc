"""The weights of supcon-w2v2 in a folder: `model.json`, what they are, and `model.safetensors`, what was learnt."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from mserbench.errors import DataError, UsageError
from mserbench.files import write_atomic
from mserbench_supcon_w2v2.settings import Settings, given
from mserbench_training import checkpoints

RECORD = "model.json"
TENSORS = "model.safetensors"
SCHEMA = 1
_PLACE = "encoder"  # the one setting that may differ between machines; its version is checked instead


def write(folder: Path, model: str, network: nn.Module, record: Mapping[str, Any]) -> None:
    """Write what was learnt, and the record beside it."""
    checkpoints.write_tensors(folder / TENSORS, checkpoints.learnt(network), {"model": model})
    full = {"schema": SCHEMA, "model": model, **record}
    write_atomic(folder / RECORD, json.dumps(full, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read(folder: Path, model: str) -> dict[str, Any]:
    """Return the record. Raises DataError where it is missing, damaged, of another schema or another model."""
    path, advice = folder / RECORD, f"give a folder written by 'mserbench train --model {model}'"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"weights folder {str(folder)!r} holds no {RECORD}: {advice}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"weights {str(path)!r} cannot be read ({error}): {advice}") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA or record.get("model") != model:
        raise DataError(f"weights {str(path)!r} are not of model {model!r} and schema {SCHEMA}: {advice}")
    _check(record, f"weights {str(path)!r}")
    return record


def settings_of(folder: Path, record: Mapping[str, Any], options: Any) -> Settings:
    """Return the settings that weights were trained with; an encoder that is given now says where it lies here.

    Raises UsageError where another option is given now that differs: it would have no effect.
    """
    trained = record["settings"]
    for name, value in given(options).items():
        if name != _PLACE and value != trained[name]:
            raise UsageError(
                f"weights {str(folder)!r} were trained with {name}={trained[name]!r}, but {value!r} was asked for: "
                f"leave the option away, or train again"
            )
    place = given(options).get(_PLACE, trained[_PLACE])
    return Settings(**{**trained, _PLACE: place})


def load(folder: Path, network: nn.Module) -> None:
    """Put what was learnt into a network. Raises DataError where it does not fit or is damaged."""
    tensors, _ = checkpoints.read_tensors(folder / TENSORS)
    checkpoints.load_learnt(network, tensors, f"weights {str(folder)!r}")


def _check(record: Mapping[str, Any], where: str) -> None:
    """Raise DataError where settings or classes are not of the types that `fit` writes."""
    advice = "train the model again"
    codes, encoder, settings = (record.get(key) for key in ("codes", "encoder", "settings"))
    if not (isinstance(codes, dict) and isinstance(encoder, dict) and isinstance(settings, dict)):
        raise DataError(f"{where} lacks its codes, encoder or settings: {advice}")
    labels, speakers = codes.get("labels"), codes.get("speakers")
    if not isinstance(labels, list) or len(set(map(str, labels))) < 2 or not isinstance(speakers, list):
        raise DataError(f"{where}: 'labels' must be two or more distinct names and 'speakers' a list: {advice}")
    if not all(isinstance(encoder.get(key), str) for key in ("name", "version")):
        raise DataError(f"{where}: 'encoder' must hold a name and a version: {advice}")
    kinds = typing.get_type_hints(Settings)
    wrong = sorted(set(settings) ^ {field.name for field in dataclasses.fields(Settings)})
    wrong += [name for name in kinds if name not in wrong and not _is_of(kinds[name], settings[name])]
    if wrong:
        raise DataError(f"{where}: setting {wrong[0]!r} is missing, unknown or of the wrong type: {advice}")


def _is_of(kind: Any, value: object) -> bool:
    choices = typing.get_args(kind)
    if choices:
        return value in choices
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
