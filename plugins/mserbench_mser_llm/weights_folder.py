"""The weights of mser-llm in a folder: `model.json`, what they are, and `model.safetensors`, the connector alone."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mserbench.errors import DataError, UsageError
from mserbench.files import write_atomic
from mserbench_mser_llm.presets import given
from mserbench_mser_llm.settings import Settings
from mserbench_training import checkpoints

RECORD = "model.json"
TENSORS = "model.safetensors"
SCHEMA = 1
PLACES = frozenset({"encoder", "language_model", "bert", "init"})  # they differ between machines; versions are checked
ASKING = frozenset({"prompt", "answer", "max_new_tokens", "label_reading", "language_precision"})  # free in scoring
STRUCTURE = (
    "encoder", "length", "layers", "reduce", "standardise", "longest_seconds", "bert", "qformer_layers",
    "cross_frequency", "hidden_size", "attention_heads", "intermediate_size", "num_queries", "contrastive_dim",
    "language_model", "prompt",
)  # fmt: skip
"""What a second stage keeps of the first."""


def write(folder: Path, model: str, network: nn.Module, record: Mapping[str, Any]) -> None:
    """Write what was learnt, as numbers of the setting `stored`, and the record beside it."""
    kind = getattr(torch, record["settings"]["stored"])
    tensors = {name: tensor.to(kind) for name, tensor in checkpoints.learnt(network).items()}
    checkpoints.write_tensors(folder / TENSORS, tensors, {"model": model})
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
    """Return the settings that weights were trained with, under those given now that may differ: places, and asking.

    Raises UsageError where another option is given now that differs: it would have no effect.
    """
    trained = record["settings"]
    for name, value in given(options).items():
        if name not in PLACES | ASKING and value != trained[name]:
            raise UsageError(
                f"weights {str(folder)!r} were trained with {name}={trained[name]!r}, but {value!r} was asked for: "
                f"leave the option away, or train again"
            )
    now = {name: value for name, value in given(options).items() if name in PLACES | ASKING}
    return Settings(**{**trained, **now})


def continued(settings: Settings, folder: Path, record: Mapping[str, Any], options: Any) -> Settings:
    """Return the settings of a stage that goes on from weights: their structure, all else as it is asked for now.

    Raises UsageError where a structure is given now that differs.
    """
    trained, now = record["settings"], given(options)
    for name in STRUCTURE:
        if name not in PLACES and name in now and now[name] != trained[name]:
            raise UsageError(
                f"weights {str(folder)!r} have {name}={trained[name]!r}, but {now[name]!r} was asked for: a stage that "
                f"goes on from them keeps it, so leave the option away"
            )
    return dataclasses.replace(settings, **{name: now.get(name, trained[name]) for name in STRUCTURE})


def check_parts(folder: Path, record: Mapping[str, Any], versions: Mapping[str, str]) -> None:
    """Raise UsageError where a frozen part is not the one that the weights were trained on."""
    for option, version in versions.items():
        if record["parts"][option] != version:
            raise UsageError(
                f"weights {str(folder)!r} stand on {option} {record['settings'][option]!r}, version "
                f"{record['parts'][option]!r}, but {version!r} is here: give that part by '--option {option}=FOLDER', "
                f"or train again"
            )


def load(folder: Path, network: nn.Module) -> None:
    """Put what was learnt into a network. Raises DataError where it does not fit or is damaged."""
    tensors, _ = checkpoints.read_tensors(folder / TENSORS)
    checkpoints.load_learnt(network, tensors, f"weights {str(folder)!r}")


def _check(record: Mapping[str, Any], where: str) -> None:
    """Raise DataError where settings, classes or parts are not of the types that `fit` writes."""
    advice = "train the model again"
    codes, parts, settings = (record.get(key) for key in ("codes", "parts", "settings"))
    if not (isinstance(codes, dict) and isinstance(parts, dict) and isinstance(settings, dict)):
        raise DataError(f"{where} lacks its codes, parts or settings: {advice}")
    labels = codes.get("labels")
    if (
        not isinstance(labels, list)
        or len(set(map(str, labels))) < 2
        or not all(isinstance(one, str) for one in labels)
    ):
        raise DataError(f"{where}: 'labels' must be two or more distinct names: {advice}")
    if not all(isinstance(parts.get(key), str) for key in ("encoder", "language_model")):
        raise DataError(f"{where}: 'parts' must hold the versions of encoder and language_model: {advice}")
    kinds = typing.get_type_hints(Settings)
    wrong = sorted(set(settings) ^ {field.name for field in dataclasses.fields(Settings)})
    wrong += [name for name in kinds if name not in wrong and not _is_of(kinds[name], settings[name])]
    if wrong:
        raise DataError(f"{where}: setting {wrong[0]!r} is missing, unknown or of the wrong type: {advice}")


def _is_of(kind: Any, value: object) -> bool:
    choices = typing.get_args(kind)
    if choices:
        return value in choices and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
