"""Files that commands write for people: tables, pictures, and pages of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.cli import _common
from mserbench.errors import DataError, plain, why

if TYPE_CHECKING:
    from mserbench.report.blocks import Block


def write(path: Path, content: bytes | str) -> None:
    """Write what a command makes for people to a file, which may be there. Raises DataError where
    it cannot be written.
    """
    from mserbench.disk.files import write_atomic

    try:
        write_atomic(path, content)
    except OSError as error:
        reason = error.strerror or why(error)
        raise DataError(
            f"{plain(str(path))!r} cannot be written ({reason}): give another file"
        ) from error


def write_page(path: Path, blocks: Sequence[Block], title: str) -> None:
    """Write blocks as a page, and say so. Raises as `write`."""
    from mserbench.report import html

    text = html.page(blocks, title)
    write(path, text)
    _common.say(f"written: {path}, {len(text.encode()) / 1000:,.0f} kB")
