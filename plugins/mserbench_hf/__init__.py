"""The model `hf`: any transformers checkpoint for audio classification, of a folder or the hub."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    return [
        ModelEntry(
            "hf",
            "mserbench_hf.model:Hf",
            "A transformers checkpoint for audio classification",
            needs={"torch": "train", "transformers": "train", "safetensors": "train"},
            described="mserbench_hf.described:DescribedHf",
            address="FOLDER-OR-ID",
        )
    ]
