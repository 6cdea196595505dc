"""Corpora as their publishers lay them out, of official names and tiny audio: one module each."""

from __future__ import annotations

import importlib
from pathlib import Path


def build(name: str, data: Path) -> Path:
    """Build the complete official tree of a corpus below `data`/`name` and return `data`.

    `official/NAME.py` (hyphens as underscores) has `build(root)`; `official.audio` gives the files.
    """
    root = data / name
    root.mkdir(parents=True, exist_ok=True)
    importlib.import_module(f"official.{name.replace('-', '_')}").build(root)

    return data
