"""A training's state in one safetensors file that a crash leaves whole: tensors by name, the rest
as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why

SCHEMA = 1
_STATE = "state"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors and a JSON-ready mapping as one safetensors file: the old one or the new one,
    never half of it.

    Equal contents give equal bytes, wherever the tensors lie. Raises ValueError for numbers that
    JSON lacks.
    """
    # Copies, as tensors that share memory are refused, and in order, as equal contents must give
    # equal bytes.
    plain = {name: tensors[name].detach().cpu().contiguous().clone() for name in sorted(tensors)}
    text = json.dumps({"schema": SCHEMA, **state}, sort_keys=True, allow_nan=False)
    write_atomic(path, save(plain, {_STATE: text}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors (on the CPU) and the mapping of a file that `write_tensors` wrote.

    Raises DataError where there is none, it is damaged or of another schema.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})[_STATE])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError:
        raise DataError(f"{str(path)!r} is not there: train the model again") from None
    except (OSError, ValueError, KeyError, SafetensorError, RecursionError) as error:
        raise DataError(
            f"{str(path)!r} is damaged ({why(error)}): remove it and train the model again"
        ) from error

    if not isinstance(state, dict) or state.pop("schema", None) != SCHEMA:
        raise DataError(
            f"{str(path)!r} is not of schema {SCHEMA}, the one that can be read: train the "
            f"model again"
        )

    return tensors, state


def learnt(model: nn.Module) -> dict[str, Tensor]:
    """Return what training can change, and the buffers, by name: frozen parameters are had
    elsewhere.
    """
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    return {name: tensor for name, tensor in model.state_dict().items() if name not in frozen}


def load_learnt(model: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Put tensors of `learnt` back. Raises DataError unless names and shapes are exactly those that
    the model has.
    """
    own_tensors = learnt(model)
    strange = sorted(set(own_tensors) ^ set(tensors))
    wrong = strange or sorted(
        name for name in own_tensors if own_tensors[name].shape != tensors[name].shape
    )
    if wrong:
        raise DataError(
            f"{source}: {len(wrong)} tensor(s), such as {wrong[0]!r}, do not fit the model "
            f"that its options describe: "
            f"give weights and encoder that belong together"
        )

    # In place: the optimiser and what wraps the model hold these very tensors.
    with torch.no_grad():
        for name, tensor in own_tensors.items():
            tensor.copy_(tensors[name])


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the tensors of an optimiser's state, as `number/name`; numbers count the
    parameters.
    """
    state = optimizer.state_dict()["state"]
    return {
        f"{number}/{name}": torch.as_tensor(value)
        for number, of in state.items()
        for name, value in of.items()
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors of `optimizer_tensors` back; learning rates and other settings stay as they
    are.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition("/")
        state.setdefault(int(number), {})[name] = tensor

    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors below `prefix/`, by the rest of their names."""
    return {
        name[len(prefix) + 1 :]: tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{prefix}/")
    }


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with `prefix/` before their names."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}
