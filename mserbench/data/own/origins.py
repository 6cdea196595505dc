"""What speech was made from, by `derived_from`: names that no corpus has would hide a leak."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

from mserbench.contracts import Utterance
from mserbench.data import corpus, lookup
from mserbench.data.corpus import DERIVED_FROM
from mserbench.data.own.settings import Settings
from mserbench.data.own.wording import nearest, shown
from mserbench.errors import MissingExtra, PluginError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry

_KEY = ("columns", DERIVED_FROM)


def faults(settings: Settings, clips: Sequence[Utterance]) -> Iterator[str]:
    """Yield one sentence on each corpus that clips are made from and that is not known, and on ids
    that a known one does not hold.

    Known are the installed corpora, this one, and those of `derived_corpora`, of which no id can be
    looked up here.
    """
    ids: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        name, _, identity = clip.extra.get(DERIVED_FROM, "").partition(":")
        if name:
            ids[name].add(identity)

    installed = registry.entries(CorpusEntry)
    own = {settings.name: {clip.id for clip in clips}}
    for name in sorted(ids):
        if name in installed:
            yield from _lost(settings, name, ids[name], _expected(name))
        elif name in own:
            yield from _lost(settings, name, ids[name], own[name])
        elif name not in settings.derived_corpora:
            known = [*installed, *settings.derived_corpora]
            yield settings.error(
                _KEY,
                f"{len(ids[name])} recording(s) that speech is made from, such as "
                f"{shown(min(ids[name]))}, are of corpus {shown(name)}, which is not known; "
                f"{nearest(name, known)} One of your own is declared by derived_corpora = "
                f"[{shown(name)}]",
            )


def _expected(name: str) -> set[str]:
    """Return the ids of an installed corpus; empty where no inventory tells them."""
    # A corpus that cannot be imported says so where it is used.
    with contextlib.suppress(PluginError, MissingExtra):
        return set(corpus.inventory(lookup.corpus(name).card))

    return set()


def _lost(settings: Settings, name: str, ids: set[str], expected: set[str]) -> Iterator[str]:
    lost = sorted(ids - expected) if expected else []
    if lost:
        yield settings.error(
            _KEY,
            f"{len(lost)} recording(s) that speech is made from, such as {shown(lost[0])}, are no "
            f"utterance of corpus {shown(name)}; its ids look like {shown(min(expected))}",
        )
