"""Which clips of a task are copies of clips that weights were trained on, and what could not be
looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.cards import ModelCard
from mserbench.data.dataset import Dataset
from mserbench.report import progress
from mserbench.results import binding, exposure
from mserbench.results.exposure import Copied, Origins, Verdict, evidence_of
from mserbench.results.manifest import Manifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOT_KEPT = (
    "older weights, which hold no fingerprints: an altered copy of a training clip among the "
    "tested ones would not be noticed"
)
NOT_BOUND = "older weights, which are not bound to their manifest: an edit of it would go unseen"


def copied_clips(folder: Path | None, manifest: Manifest | None, target: Dataset) -> list[Copied]:
    """Return for each source of the weights how many clips of a task are copies of its clips.

    Clips whose samples are equal are not counted: their keys tell. Raises DataError where the
    fingerprints beside the weights are damaged.
    """
    if folder is None or manifest is None or manifest.fingerprints is None:
        return []

    from mserbench.fingerprints import kept
    from mserbench.fingerprints import words as fingerprints
    from mserbench.fingerprints.copies import copies

    stored = kept.read(folder, manifest)
    equal = {key for source in manifest.all_sources for key in source.clips}
    items = [item for item in target.items if item.facts.key not in equal]
    if not items:
        return []

    clips = [item.clip(target.card.name) for item in items]
    with progress.counting("comparing with the clips trained on") as report:
        tested = fingerprints.of_clips(clips, report, fingerprints.AT_RATES)

    rows = copies(tested, stored)
    return _by_source(manifest, rows[rows >= 0])


def _by_source(manifest: Manifest, rows: NDArray[np.int64]) -> list[Copied]:
    """Count the rows of the fingerprints, in the order of the manifest, by what they are of."""
    owners = [source for source in manifest.all_sources for _ in source.clips]
    counts = Counter((owners[row].family, evidence_of(owners[row])) for row in rows)
    return [Copied(family, evidence, n) for (family, evidence), n in sorted(counts.items())]


def judged(
    card: ModelCard,
    target: Dataset,
    transductive: bool = False,
    copied: Sequence[Copied] = (),
) -> Verdict:
    """Return the verdict of a model on the clips of a task, what they are made from included."""
    origins = Origins(target.made_from, target.source_families)
    return exposure.judge(
        card, target.task, target.card, target.names, transductive, copied, origins
    )


def unseen(
    card: ModelCard, verdict: str, folder: Path | None = None, manifest: Manifest | None = None
) -> str:
    """Return what the verdict could not look at and takes on trust, "" where there is nothing, and
    where clips of the corpus were trained on anyway.
    """
    if verdict in ("leaked", "in-corpus"):
        return ""

    notes = [*_trusted(card)]
    if folder is not None and manifest is not None:
        notes += [] if manifest.fingerprints else [NOT_KEPT]
        notes += [] if binding.bound_to(folder) else [NOT_BOUND]

    return "; ".join(notes)


def _trusted(card: ModelCard) -> Iterator[str]:
    """Yield what of a card nobody can look up here."""
    from mserbench.data import names

    strange, heard = [], []
    for part in card.exposure:
        is_installed = names.installed(part.corpus) is not None
        # What a manifest tells has clips, which are compared.
        if part.kind == "emotion-labels" and not (is_installed or part.clips):
            strange.append(part.corpus)
        if part.kind == "speech" and is_installed:
            heard.append(part.corpus)

    if unknown := sorted({name for name in strange if name != "unknown"}):
        yield (
            f"no corpus {' or '.join(map(repr, unknown))} is known here ('mserbench corpora' lists "
            f"them), so its name alone says that it is another than the one tested"
        )
    if heard:
        yield (
            f"it is taken on trust that {', '.join(sorted(set(heard)))} was heard without its "
            f"emotion labels"
        )
