"""What is verified of weights that a source gave before they become ready: published hashes, kind,
no pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.errors import DataError, why
from mserbench.weights.record import Weights
from mserbench.weights.wheel import refuse_pickle


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_snapshot(record: Weights, folder: Path) -> None:
    """Raise DataError unless every file of a snapshot whose hash is pinned is the published one.

    A pinned file that the snapshot lacks is an error too: another form of the weights would pass in
    its place.
    """
    for file, published in record.hub.sha256.items():
        path = folder / file
        if not path.is_file() or sha256(path) != published:
            raise DataError(
                f"gave a file {file!r} at commit {folder.name} that is "
                f"{'another' if path.is_file() else 'missing'}, but SHA-256 {published[:12]}... "
                "was expected, so it is not used: remove it from the hub's cache"
            )


def verify_ready(record: Weights, out: Path) -> None:
    """Raise DataError where the ready folder holds a pickle, or the weights of another model."""
    for path in out.iterdir():
        refuse_pickle(path)

    try:
        described: Mapping[str, Any] = json.loads(
            (out / record.described_by).read_text(encoding="utf-8")
        )
    except (OSError, ValueError) as error:
        raise DataError(
            f"{record.described_by!r} of weights {record.name!r} cannot be read ({why(error)})"
        ) from error

    for key, value in record.expected.items():
        if described.get(key) != value:
            raise DataError(
                f"{record.described_by!r} says that {key} is {described.get(key)!r}, but {value!r} "
                f"was expected: these are not the weights {record.name!r}"
            )


def revision_problems(record: Weights, ready: Mapping[str, Any]) -> list[str]:
    """Return a sentence where ready weights came from another commit of the hub than the one that
    is pinned.
    """
    came, pinned = ready.get("revision"), record.hub.revision
    if not came or not pinned or came == pinned:
        return []
    return [
        f"{record.name}: came from the hub at commit {came}, but {pinned} is the one that is pinned"
    ]
