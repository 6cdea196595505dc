"""Models of transformers out of a folder, whole or refused."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from mserbench_training.resources.quiet import quietly


def whole_model(kind: Any, folder: Path, without: Collection[str] = (), **options: Any) -> Any:
    """Return the model of a class of transformers (`kind`) that `save_pretrained` wrote into a
    folder: from safetensors, and from no network.

    transformers fills tensors that are missing with random numbers, and says so in a report alone:
    here that is a ValueError, but for those of the names `without`. `options` are those of
    `from_pretrained`, whose own errors are raised as they are.
    """
    with quietly():
        model, report = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            **options,
        )

    missing = sorted(set(report["missing_keys"]) - set(without))
    if missing:
        raise ValueError(f"{len(missing)} tensor(s) are missing, such as {missing[0]!r}")

    return model
