"""A manifest and its weights bound to one another, so that neither can be changed unseen.

The manifest holds the SHA-256 of each weight file; one of these holds that of the manifest without
them: `model.json` as a key, or else a safetensors file in its metadata. Weights of another form,
and those from before, are not bound.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.disk.files import write_atomic

KEY = "mserbench_manifest"  # under which the weights hold the hash

_RECORD = "model.json"
_TENSORS = "*.safetensors"
_LARGEST_HEADER = 100_000_000  # bytes: the bound of the safetensors format itself


def content_hash(manifest: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a manifest as JSON has it, without the hashes of its files."""
    content = {key: value for key, value in manifest.items() if key != "files"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def bind(folder: Path, digest: str) -> None:
    """Write the hash of the manifest into the weights of a folder, where their form has a place."""
    record = _record(folder)
    if record is not None:
        text = _with_key((folder / _RECORD).read_text(encoding="utf-8"), record, digest)
        write_atomic(folder / _RECORD, text)
        return

    for path in sorted(folder.glob(_TENSORS))[:1]:
        _bind_tensors(path, digest)


def bound_to(folder: Path) -> str | None:
    """Return the hash of a manifest that the weights of a folder hold; None where they hold none.

    Raises ValueError or OSError where they cannot be read.
    """
    record = _record(folder)
    if record is not None and KEY in record:
        return str(record[KEY])

    for path in sorted(folder.glob(_TENSORS))[:1]:
        header, _ = _header(path)
        metadata = header.get("__metadata__")
        if isinstance(metadata, dict) and KEY in metadata:
            return str(metadata[KEY])

    return None


def _with_key(text: str, record: Mapping[str, Any], digest: str) -> str:
    """Return the text of `model.json` with the key in front, all else as it was written."""
    bound = {KEY: digest, **{key: value for key, value in record.items() if key != KEY}}
    head, brace, tail = text.partition("{")
    line = f"{head}{brace}\n{json.dumps(KEY)}: {json.dumps(digest)},\n{tail.lstrip(chr(10))}"

    # Bound before, or empty: written anew, as the key must not stand there twice.
    return line if KEY not in record and record else json.dumps(bound, indent=1) + "\n"


def _record(folder: Path) -> dict[str, Any] | None:
    """Return `model.json` as an object; None where there is none, or it is none of JSON."""
    path = folder / _RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (ValueError, RecursionError):
        return None

    return record if isinstance(record, dict) else None


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file, and the place at which its tensors begin.

    The format: https://github.com/huggingface/safetensors (8 bytes of length, JSON, tensors).
    """
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _LARGEST_HEADER + 1
        if length > _LARGEST_HEADER:
            return {}, 0

        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):
            return {}, 0

    return (header, 8 + length) if isinstance(header, dict) else ({}, 0)


def _bind_tensors(path: Path, digest: str) -> None:
    header, begin = _header(path)
    if not begin:
        return

    metadata = header.get("__metadata__")
    entries = metadata if isinstance(metadata, dict) else {}
    text = json.dumps({**header, "__metadata__": {**entries, KEY: digest}}).encode()
    # The format wants tensors to begin at a multiple of 8.
    text += b" " * (-len(text) % 8)

    # Copied in pieces, as weights may be larger than the memory; a crash leaves the old ones.
    bound = path.with_name(f".{path.name}.bound")
    with open(path, "rb") as old, open(bound, "wb") as new:
        old.seek(begin)
        new.write(struct.pack("<Q", len(text)) + text)
        shutil.copyfileobj(old, new, 1 << 20)
        new.flush()
        os.fsync(new.fileno())

    os.replace(bound, path)
