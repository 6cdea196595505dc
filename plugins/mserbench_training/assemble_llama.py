"""LLaMA weights of any published form brought to a transformers folder; a GGUF file is dequantised
to float16.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mserbench.errors import DataError
from mserbench.plugins import misfits
from mserbench_training import assemble_transformers

_MAGIC = b"GGUF"


def assemble(found: Path, out: Path) -> None:
    """Write a folder for `AutoModelForCausalLM` and `AutoTokenizer` from what a source gave.

    `found` holds either such a folder, taken over as it is, or one GGUF file: its tensors are
    dequantised and written as float16 safetensors, its tokenizer as JSON. Raises DataError where
    the file is not such a one.
    """
    files = sorted(found.glob("*.gguf"))
    if not files:
        assemble_transformers.assemble(found, out)
        return
    if len(files) > 1:
        raise DataError(
            f"folder {found.name!r} holds {len(files)} GGUF files: leave the wanted one only"
        )

    with files[0].open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DataError(f"{files[0].name!r} does not begin as a GGUF file: get it again")

    try:
        with _bars_on_terminals_only():
            _convert(found, files[0].name, out)
    except DataError:
        raise
    except Exception as error:  # the readers raise whatever a damaged file makes them
        misfits.refuse(error)
        raise DataError(
            f"{files[0].name!r} cannot be read as GGUF ({type(error).__name__}: {error})"
        ) from error


@contextmanager
def _bars_on_terminals_only() -> Iterator[None]:
    from transformers.utils import logging

    bars: Any = logging  # its functions have no types
    shown = bars.is_progress_bar_enabled()
    if not sys.stderr.isatty():
        bars.disable_progress_bar()

    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


def _convert(folder: Path, name: str, out: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded: Any = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config

    # A new model of the same class: the loaded one counts as quantised, and save_pretrained refuses
    # it.
    model = type(loaded)(config)
    model.load_state_dict(loaded.state_dict())
    model.half().save_pretrained(out)
    AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(out)
