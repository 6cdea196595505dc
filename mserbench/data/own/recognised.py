"""Recordings of a corpus that is installed here, known by the names of its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from mserbench.data import corpus
from mserbench.data.own.findings import Findings
from mserbench.data.own.paths import composed
from mserbench.errors import MserbenchError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry

_FEWEST = 20  # names that must agree: a few numbers are called so everywhere
_SHARE = 0.8  # of the names


def add_family(proposed: Findings, audio: Sequence[str]) -> None:
    """Say which installed corpus has recordings of these names, as the verdict must know it."""
    stems = {composed(PurePosixPath(name).stem) for name in audio}
    best, most = "", 0
    for name in registry.entries(CorpusEntry):
        common = len(stems & _stems(name))
        if common >= max(_FEWEST, _SHARE * len(stems)) and common > most:
            best, most = name, common

    if best:
        proposed.family = best
        proposed.doubts.append(
            f"{most} of {len(stems)} files are called like those of corpus {best!r}, which is "
            f"known here: 'mserbench data show {best}' says how to lay it out for its own tasks"
        )


def _stems(name: str) -> set[str]:
    try:
        card = registry.resolve(registry.entry(CorpusEntry, name)).card
        return {identity.rpartition("/")[2] for identity in corpus.inventory(card)}
    except MserbenchError:  # a plugin that is broken is told of by `mserbench plugins`
        return set()
