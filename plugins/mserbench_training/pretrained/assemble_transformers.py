"""Folders as transformers' `save_pretrained` writes them, taken over file by file, no pickles."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
from pathlib import Path

from mserbench.errors import DataError, why, words

# All that `from_pretrained` reads of models and tokenizers, and nothing else: a folder of the hub
# often holds the same weights in several formats, each of many gigabytes.
_NEEDED = (
    "config.json", "generation_config.json", "preprocessor_config.json",
    "model*.safetensors", "model.safetensors.index.json",
    "tokenizer*.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja",
)  # fmt: skip
_INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def assemble(folder: Path, out: Path) -> None:
    """Take over what `from_pretrained` needs from a folder; every tensor file is opened first.

    Files are linked where the file system allows, as the large ones have many gigabytes, else
    copied. Raises DataError where the config or all tensors are missing, where one of the files
    that the index names is, and where a tensor file cannot be read.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    needed = [
        name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in _NEEDED)
    ]
    tensors = [name for name in needed if name.endswith(".safetensors")]
    if "config.json" not in needed or not tensors:
        raise DataError(_lacking(folder, names, needed))

    _check_index(folder, tensors)
    for name in tensors:
        _check_tensors(folder / name)

    for name in needed:
        # Resolved, as the hub's cache holds symbolic links: a link to one would break with it.
        _link((folder / name).resolve(), out / name)


def _lacking(folder: Path, names: list[str], needed: list[str]) -> str:
    """Say what a folder lacks, and what to do where it holds the weights as pickles alone."""
    pickles = [
        name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in _PICKLES)
    ]
    if "config.json" in needed and pickles:
        return (
            f"folder {folder.name!r} holds {pickles[0]!r}, which can run code when it is read, and "
            "no safetensors: save the model anew with transformers' save_pretrained"
        )

    return (
        f"folder {folder.name!r} lacks 'config.json' or 'model.safetensors': give one that "
        f"save_pretrained wrote"
    )


def _check_index(folder: Path, tensors: list[str]) -> None:
    """Raise DataError where a file that the index of a model in several files names is missing."""
    if not (folder / _INDEX).is_file():
        return

    try:
        needed = set(
            json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{_INDEX!r} cannot be read ({words(error)}): get it again") from error

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
            f"{path.name!r} cannot be read as safetensors ({why(error)}): get it again"
        ) from error

    # Such a file is whole to its reader, but transformers would fill every weight at random.
    if not count:
        raise DataError(f"{path.name!r} holds no tensor: get it again")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # Another file system, or one without links.
        shutil.copyfile(source, target)
