"""Weights of a network in a folder: `model.json`, what they are, and `model.safetensors`, what was
learnt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mserbench.disk.files import write_atomic
from mserbench_training.learning import checkpoints
from mserbench_training.models.network_record import RECORD, SCHEMA

TENSORS = "model.safetensors"


def write(
    folder: Path,
    model: str,
    network: nn.Module,
    record: Mapping[str, Any],
    kind: torch.dtype | None = None,
) -> None:
    """Write what was learnt, as numbers of a kind if one is given, and the record beside it."""
    # Frozen parts are had elsewhere, by name and version: 16 GB need not lie in every folder.
    tensors = {
        name: tensor.to(kind or tensor.dtype)
        for name, tensor in checkpoints.learnt(network).items()
    }
    checkpoints.write_tensors(folder / TENSORS, tensors, {"model": model})
    full = {"schema": SCHEMA, "model": model, **record}
    write_atomic(
        folder / RECORD, json.dumps(full, indent=1, sort_keys=True, allow_nan=False) + "\n"
    )


def load(folder: Path, network: nn.Module) -> None:
    """Put what was learnt into a network. Raises DataError where it does not fit or is damaged."""
    tensors, _ = checkpoints.read_tensors(folder / TENSORS)
    checkpoints.load_learnt(network, tensors, f"weights {str(folder)!r}")


def load_for_scoring(folder: Path, network: nn.Module, device: str) -> None:
    """Put what was learnt into a network that learns no more, and that on a device; see `load`."""
    load(folder, network)
    network.eval().to(device)
