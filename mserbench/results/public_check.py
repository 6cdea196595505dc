"""What is wrong with a registry of public checkpoints, beyond what no program could read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import get_args

from mserbench import languages
from mserbench.cards import ExposureKind
from mserbench.data import names
from mserbench.plugins import registry as plugins
from mserbench.plugins.hookspecs import TaskEntry
from mserbench.results.public import PublicModel, Registry

_ADDRESS = re.compile(r"https?://[\w.-]+\.[a-z]+/\S*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9.-]+")


def faults(registry: Registry) -> list[str]:
    """Return a sentence for each fault, in the order of the file; equal ones once."""
    sentences = [
        *_twice(registry),
        *(fault for model in registry.models.values() for fault in _of_model(model, registry)),
        *_outside(registry),
    ]
    return list(dict.fromkeys(sentences))


def _twice(registry: Registry) -> Iterator[str]:
    """Yield ids and hashes that two entries have: a model would be found in one by chance."""
    # The hub takes ids however they are written large.
    kinds = {
        "id": [
            identifier.casefold() for model in registry.models.values() for identifier in model.ids
        ],
        "hash": [sha256 for model in registry.models.values() for sha256 in model.sha256],
    }
    for kind, values in kinds.items():
        for value, count in Counter(values).items():
            if count > 1:
                yield f"{kind} {value!r} stands {count} times: leave it to one entry"


def _of_model(model: PublicModel, registry: Registry) -> Iterator[str]:
    place = f"entry {model.name!r}"
    if not _NAME.fullmatch(model.name):
        yield f"{place}: a name is small letters, digits, '-' and '.': rename it"
    if model.name in (base.name for base in registry.lineage(model)):
        yield f"{place} is made from itself: mend 'base'"
    if wrong := [value for value in model.sha256 if not _SHA256.fullmatch(value)]:
        yield f"{place}: hash {wrong[0]!r} is no SHA-256 in small hexadecimal digits"
    # A model of which nobody says anything still has an entry that says so.
    if not model.parts:
        yield f"{place} names no corpus: add an exposure, 'unknown' where nobody says"

    # Other speech makes no verdict better, so a gap there leaves a list complete.
    doubtful = [part for part in model.parts if part.exposure.kind == "emotion-labels"]
    if model.complete and any(part.exposure.corpus == "unknown" for part in doubtful):
        yield f"{place} is complete, though a corpus with labels of emotion is unknown: it is not"
    if model.complete and not all(part.is_read for part in doubtful):
        yield f"{place} is complete, though evidence of it was not read: it is not"

    yield from _of_parts(model, registry, place)
    yield from _of_claims(model, place)


def _of_parts(model: PublicModel, registry: Registry, place: str) -> Iterator[str]:
    for part in model.parts:
        exposure = part.exposure
        item = f"{place}, exposure to {exposure.corpus!r}"
        # Only a corpus that is known here can be told from another that is spelt alike.
        installed = names.installed(exposure.corpus)
        is_strange = installed is None and exposure.corpus not in (*registry.outside, "unknown")
        if is_strange:
            yield f"{item}: no such corpus is installed: correct it, or add it to 'outside'"
        if installed is not None and installed != exposure.corpus:
            yield f"{item}: the corpus is called {installed!r} here: name it so"
        if exposure.kind not in get_args(ExposureKind):
            yield f"{item}: kind {exposure.kind!r} is none of {', '.join(get_args(ExposureKind))}"
        if not exposure.languages:
            yield f"{item} has no language: 'mul' stands for several, 'und' for one not known"
        if wrong := languages.fault(exposure.languages):
            yield f"{item}: {wrong}"
        if not _ADDRESS.fullmatch(exposure.evidence):
            yield f"{item}: evidence {exposure.evidence!r} is no address of a page"

    # One corpus may be heard and, elsewhere, learnt from with its labels: two kinds are two.
    pairs = Counter((part.exposure.corpus, part.exposure.kind) for part in model.parts)
    for (corpus, kind), count in pairs.items():
        if count > 1:
            yield f"{place}: {corpus!r} ({kind}) stands {count} times: leave one"


def _of_claims(model: PublicModel, place: str) -> Iterator[str]:
    for claim in model.claims:
        strange = [task for task in claim.tasks if task not in plugins.entries(TaskEntry)]
        if strange:
            yield f"{place}: claim of task {strange[0]!r}, which is not installed: correct it"
        # A claim that nothing can be computed for has no place in the table.
        if not claim.tasks or not claim.says:
            yield f"{place}: a claim names no task or says nothing: complete it"
        if not _ADDRESS.fullmatch(claim.evidence):
            yield f"{place}: evidence {claim.evidence!r} of a claim is no address of a page"


def _outside(registry: Registry) -> Iterator[str]:
    """Yield names of 'outside' that are installed by now, or that no entry uses."""
    used = {part.exposure.corpus for model in registry.models.values() for part in model.parts}
    for corpus in registry.outside:
        # A corpus may come to be installed long after its name was written here.
        if (installed := names.installed(corpus)) is not None:
            yield f"'outside' has {corpus!r}, which is installed as {installed!r}: take it out"
        if corpus not in used:
            yield f"'outside' has {corpus!r}, which no entry uses: take it out"
