"""Folders as transformers' `save_pretrained` writes them, taken over file by file: JSON, text and
safetensors only.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
from pathlib import Path

from mserbench.errors import DataError

_TAKEN = (
    "config.json", "generation_config.json", "preprocessor_config.json", "model*.safetensors",
    "model.safetensors.index.json", "tokenizer*.json", "tokenizer.model", "special_tokens_map.json",
    "vocab.json",
    "vocab.txt", "merges.txt", "chat_template.jinja", "added_tokens.json",
)  # fmt: skip
_INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def assemble(found: Path, out: Path) -> None:
    """Take over what `from_pretrained` needs from a folder; every tensor file is opened first.

    Files are linked where the file system allows, as the large ones have many gigabytes, else
    copied. Raises DataError where the config or tensors are missing, a file of the index is, or one
    is no safetensors.
    """
    names = sorted(path.name for path in found.iterdir() if path.is_file())
    taken = [
        name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in _TAKEN)
    ]
    tensors = [name for name in taken if name.endswith(".safetensors")]
    if "config.json" not in taken or not tensors:
        raise DataError(_lacking(found, names, taken))

    _check_index(found, tensors)
    for name in tensors:
        _check_tensors(found / name)

    for name in taken:
        _link((found / name).resolve(), out / name)  # the hub's cache holds links


def _lacking(found: Path, names: list[str], taken: list[str]) -> str:
    pickles = [
        name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in _PICKLES)
    ]
    if "config.json" in taken and pickles:
        return (
            f"folder {found.name!r} holds {pickles[0]!r}, which can run code when it is read, and "
            "no safetensors: save the model anew with transformers' save_pretrained"
        )

    return (
        f"folder {found.name!r} lacks 'config.json' or 'model.safetensors': give one that "
        f"save_pretrained wrote"
    )


def _check_index(found: Path, tensors: list[str]) -> None:
    if not (found / _INDEX).is_file():
        return

    try:
        needed = set(
            json.loads((found / _INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{_INDEX!r} cannot be read ({type(error).__name__}: {error}): get it again"
        ) from error

    missing = sorted(needed - set(tensors))
    if missing:
        raise DataError(
            f"{len(missing)} of {len(needed)} tensor files are missing, {missing[0]!r} first"
        )


def _check_tensors(path: Path) -> None:
    import safetensors

    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            count = len(file.keys())
    except (OSError, safetensors.SafetensorError) as error:
        raise DataError(
            f"{path.name!r} cannot be read as safetensors ({error}): get it again"
        ) from error

    if not count:
        raise DataError(f"{path.name!r} holds no tensor: get it again")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
