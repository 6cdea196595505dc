"""Seventy EmoDB recordings that ship with the package: real speech everywhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mserbench.contracts import Corpus
from mserbench_tasks.corpora import emodb

CARD = dataclasses.replace(
    emodb.CARD,
    name="emodb-sample",
    title="Sample of EmoDB: 70 recordings, 10 of each emotion",
    access="bundled",
    how_to_get="it ships with mserbench; nothing to do",
    unpack="it ships with mserbench: reinstall the package if files are missing",
    counts={"sample": dict.fromkeys("AEFLNTW", 10)},
    family="emodb",
    inventory="mserbench_tasks:inventory/emodb-sample.txt",
    editions={"be66fbf9": "sample"},
    keys="mserbench_tasks:inventory/emodb-sample.keys",
    divisions={  # a division by ids names recordings that are not in the sample
        name: division
        for name, division in emodb.CARD.divisions.items()
        if name in ("speakers", "halves")
    },
    hours=0.04,
    notes="For each speaker the first recording of each emotion by name; speaker 08 has no "
    "disgust, so disgust has a second recording of speaker 09. Too small for conclusions: its "
    "intervals are wide.",
)


def provide() -> Path:
    """Return the folder inside the installed package."""
    return Path(__file__).resolve().parent.parent / "sample"


CORPUS = Corpus(CARD, emodb.parse, provide)
