"""Which installed corpus people mean, however they write its name: a card is read by strangers."""

from __future__ import annotations

import contextlib
import functools
import re
from collections import defaultdict
from collections.abc import Iterator

from mserbench.data import lookup
from mserbench.errors import MissingExtra, PluginError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry
from mserbench.spelling import plain

ALIASES = {
    "emodb": ("berlin database", "berlin emodb", "berlin edb", "berlin emotional speech database"),
    "ravdess": ("ravdess speech", "ryerson audio visual database"),
    "crema-d": ("crowd sourced emotional multimodal actors dataset",),
    "iemocap": ("iemocap full", "iemocap 4", "usc iemocap"),
    "msp-podcast": ("msp pod", "msp podcast corpus"),
    "mosei": ("cmu mosei", "mosei emotions"),
    "esd": ("esd zh", "esd en", "emotional speech dataset", "emotional speech database esd"),
    "urdu": ("urdu ser", "urdu sheikh", "urdu language speech dataset"),
    "shemo": ("sharif emotional speech database",),
    "aesdd": ("acted emotional speech dynamic database",),
    "emovo": ("italian emotional speech database",),
}
"""Names in use in papers and toolkits that neither the name nor the title of a corpus holds."""

_REMARK = re.compile(r"\s*[(:].*")  # `EmoDB (Berlin)`, and the part of a task: `emodb-7:halves.a`


def installed(name: str) -> str | None:
    """Return the name of the installed corpus that a name means, None where it means none.

    By its own name, a name of its title, an alias, or one of its tasks. A spelling that could mean
    several means none.
    """
    if name in registry.entries(CorpusEntry):
        return name

    spellings = _spellings()
    corpora = spellings.get(plain(name)) or spellings.get(plain(_REMARK.sub("", name)), frozenset())
    families = {lookup.corpus(corpus).card.same_as for corpus in corpora}
    return min(corpora) if len(families) == 1 else None


@functools.cache
def _spellings_of(corpora: tuple[str, ...], tasks: tuple[str, ...]) -> dict[str, frozenset[str]]:
    spellings: dict[str, set[str]] = defaultdict(set)
    for name in corpora:
        # One plugin that is broken must not hide the names of others.
        with contextlib.suppress(PluginError, MissingExtra):
            title = lookup.corpus(name).card.title
            for spelling in (name, *ALIASES.get(name, ()), *_of_title(title)):
                spellings[plain(spelling)].add(name)

    for name in tasks:
        with contextlib.suppress(PluginError, MissingExtra):
            spellings[plain(name)].add(lookup.task(name).corpus)

    return {spelling: frozenset(names) for spelling, names in spellings.items() if spelling}


def _spellings() -> dict[str, frozenset[str]]:
    """Return the corpora by every plain spelling that means them."""
    return _spellings_of(tuple(registry.entries(CorpusEntry)), tuple(registry.entries(TaskEntry)))


def _of_title(title: str) -> Iterator[str]:
    """Yield what people take of a title `SHORT, Long Name of It (kind)`."""
    short, _, long = title.partition("(")[0].partition(",")
    yield from (short, long)
