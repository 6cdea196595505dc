"""The registry of damages: each changes the audio, the labels, the speakers or the files that a
model is judged by, and says by which words `data verify`, `run` or `init-task` must name it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from damaged.own_corpus import OwnCorpus

Changed = Literal["audio", "labels", "speakers", "files", "nothing"]
Change = Callable[[OwnCorpus], None]
ANYTHING = r""


@dataclass(frozen=True)
class Damage:
    """One damage of a small good corpus.

    A line of what the program says must hold both `item` and `words` (regular expressions, without
    case). Of what is `allowed` nothing need be said, and no problem may be. `proposed`: the TOML
    file is what `init-task` proposes, and its lines count too.
    """

    name: str
    changed: Changed
    apply: Change
    item: str = ANYTHING
    words: str = ANYTHING
    allowed: bool = False
    proposed: bool = False
    needs: str = ""  # a package beyond the core that making it needs


DAMAGES: dict[str, Damage] = {}


def damage(
    name: str,
    changed: Changed,
    item: str = ANYTHING,
    words: str = ANYTHING,
    *,
    proposed: bool = False,
    needs: str = "",
) -> Callable[[Change], Change]:
    """Register a function as a damage that must be named."""

    def register(apply: Change) -> Change:
        assert name not in DAMAGES, f"two damages are called {name!r}"
        DAMAGES[name] = Damage(name, changed, apply, item, words, proposed=proposed, needs=needs)
        return apply

    return register


def allowed(name: str, changed: Changed = "nothing") -> Callable[[Change], Change]:
    """Register a function as a change that harms nothing, so that no problem may be reported."""

    def register(apply: Change) -> Change:
        assert name not in DAMAGES, f"two damages are called {name!r}"
        DAMAGES[name] = Damage(name, changed, apply, allowed=True)
        return apply

    return register


def load() -> dict[str, Damage]:
    """Return all damages by name: those of audio, tables and files."""
    from damaged import (
        damages_audio,
        damages_files,
        damages_speakers,
        damages_tables,
        damages_times,
    )

    modules = (damages_audio, damages_files, damages_speakers, damages_tables, damages_times)
    assert all(modules)
    return DAMAGES
