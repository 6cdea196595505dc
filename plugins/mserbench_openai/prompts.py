"""Prompts: packaged ones by name, and those in a file, with a place for the labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.disk import outside
from mserbench.errors import UsageError, why

_PACKAGED = Path(__file__).parent / "prompts"
_PLACE = "{labels}"
_MOST = 100_000  # bytes: what is longer is another file


@dataclass(frozen=True)
class Prompt:
    """A prompt before the labels are put into it."""

    template: str

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the text."""
        return hashlib.sha256(self.template.encode()).hexdigest()

    def asking(self, labels: Sequence[str]) -> str:
        """Return the text that asks for one of `labels`.

        They stand in the order of the alphabet: an answer must not depend on a task's order.
        """
        return self.template.replace(_PLACE, ", ".join(sorted(labels)))


def prompt_of(name: str) -> Prompt:
    """Return a packaged prompt by its name, or that of a file.

    Raises UsageError where there is none, or where it has no place for the labels.
    """
    packaged = sorted(path.stem for path in _PACKAGED.glob("*.txt"))
    path = _PACKAGED / f"{name}.txt" if name in packaged else Path(name)
    try:
        template = outside.read(path, _MOST).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"prompt {name!r} cannot be read ({why(error)}): name a text file in UTF-8, or one of "
            f"{', '.join(packaged)}"
        ) from error

    if _PLACE not in template:
        raise UsageError(
            f"prompt {name!r} has no {_PLACE}: write that where the labels of the task belong"
        )

    return Prompt(template)
