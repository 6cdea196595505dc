"""Labelled clips of a task by its name, for modules that remake a figure or choose settings.

A model never imports this: it would see the labels that it is asked for, and the conformance kit
fails it.
"""

from __future__ import annotations

from pathlib import Path

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, lookup
from mserbench.data.dataset import Dataset


def labelled_clips(task: str, data: Path | None = None) -> Dataset:
    """Return the clips of a task with label and speaker; `data` is else $MSERBENCH_DATA.

    Raises UnknownName, and DataError with every problem of the corpus.
    """
    return dataset.load(lookup.task(task), corpus.data_folder(data))


def labelled_utterances(task: str, data: Path | None = None) -> list[tuple[Utterance, str]]:
    """Return the utterances of a task with their labels, sorted by id; no audio is opened.

    A corpus with an inventory need not be here. Raises as `labelled_clips`.
    """
    return dataset.truth(lookup.task(task), corpus.data_folder(data))
