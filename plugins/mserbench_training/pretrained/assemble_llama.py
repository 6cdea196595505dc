"""LLaMA weights of any published form as a transformers folder; GGUF is dequantised to float16."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mserbench.errors import DataError, words
from mserbench.plugins import misfits
from mserbench_training.pretrained import assemble_transformers

_MAGIC = b"GGUF"


def assemble(folder: Path, out: Path) -> None:
    """Write a folder for `AutoModelForCausalLM` and `AutoTokenizer` from what a source gave.

    `folder` is either already such a folder, taken over as it is, or holds one GGUF file: its
    tensors are dequantised and written as float16 safetensors, its tokenizer as JSON. Raises
    DataError where there are several such files, or the one is none.
    """
    files = sorted(folder.glob("*.gguf"))
    if not files:
        assemble_transformers.assemble(folder, out)
        return
    if len(files) > 1:
        raise DataError(
            f"folder {folder.name!r} holds {len(files)} GGUF files: leave the wanted one only"
        )

    # A page of HTML may have come in place of the file: it gets a sentence of its own.
    with files[0].open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DataError(f"{files[0].name!r} does not begin as a GGUF file: get it again")

    try:
        with _bars_on_terminals_only():
            _convert(folder, files[0].name, out)
    except DataError:
        raise
    except Exception as error:  # The readers raise whatever a damaged file makes them.
        # An installed package that does not fit is no fault of the file, and is reported as such.
        misfits.refuse(error)
        raise DataError(f"{files[0].name!r} cannot be read as GGUF ({words(error)})") from error


@contextmanager
def _bars_on_terminals_only() -> Iterator[None]:
    """Keep the bars of transformers out of files and pipes: they would fill a log with them."""
    from transformers.utils import logging

    bars: Any = logging  # Its functions have no types.
    were_enabled = bars.is_progress_bar_enabled()
    if not sys.stderr.isatty():
        bars.disable_progress_bar()

    try:
        yield
    finally:
        if were_enabled:
            bars.enable_progress_bar()


def _convert(folder: Path, name: str, out: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # Dequantised in float32, so that rounding to float16 happens once, at the end.
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
