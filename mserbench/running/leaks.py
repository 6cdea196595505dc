"""Which clips of a task are copies of clips that weights were trained on, and what could not be
looked at.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.data.dataset import Dataset
from mserbench.report import progress
from mserbench.results import binding
from mserbench.results.exposure import Copied, evidence_of
from mserbench.results.manifest import Manifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOT_KEPT = (
    "these weights are from before fingerprints were kept: a test clip that was trained on after "
    "its samples were changed would not be noticed; weights trained again keep them"
)
NOT_BOUND = "these weights are not bound to their manifest, so that it was edited would not be seen"


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
        asked = fingerprints.of_clips(clips, report, fingerprints.AT_RATES)

    rows = copies(asked, stored)
    return _by_source(manifest, rows[rows >= 0])


def _by_source(manifest: Manifest, rows: NDArray[np.int64]) -> list[Copied]:
    """Count the rows of the fingerprints, in the order of the manifest, by what they are of."""
    owners = [source for source in manifest.all_sources for _ in source.clips]
    counts = Counter((owners[row].family, evidence_of(owners[row])) for row in rows)
    return [Copied(family, evidence, n) for (family, evidence), n in sorted(counts.items())]


def unseen(folder: Path | None, manifest: Manifest | None, verdict: str) -> str:
    """Return what the verdict could not look at, "" where that does not matter: for no weights,
    and where clips of the corpus were trained on anyway.
    """
    if folder is None or manifest is None or verdict in ("leaked", "in-corpus"):
        return ""

    notes = [
        *([] if manifest.fingerprints else [NOT_KEPT]),
        *([] if binding.bound_to(folder) else [NOT_BOUND]),
    ]
    return "; ".join(notes)
