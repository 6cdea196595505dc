"""The frozen parts by name: which are weights of the registry, and what they have heard; nothing is
loaded.
"""

from __future__ import annotations

from mserbench.cards import Exposure
from mserbench.weights.named import weights_named, weights_names

TINY = "tiny"
NO_BERT = "none"


def pretrained(*names: str) -> tuple[str, ...]:
    """Return which of some parts are weights of the registry, each once: not `tiny`, `none`, or a
    folder.
    """
    registered = weights_names()
    return tuple(dict.fromkeys(name for name in names if name in registered))


def exposure_of(*names: str) -> tuple[tuple[Exposure, ...], bool]:
    """Return what parts have heard and read, and whether that is all; of somebody's own folder
    nothing is known.
    """
    exposures: list[Exposure] = []
    complete = True
    for name in names:
        if name in (TINY, NO_BERT):
            continue
        # Somebody's own folder may have heard anything.
        if name not in weights_names():
            complete = False
            continue

        record = weights_named(name)
        exposures += record.exposure
        complete = complete and record.exposure_complete

    return tuple(exposures), complete
