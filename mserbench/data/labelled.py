"""Labelled clips of a task by its name, for modules that remake a figure or choose settings.

A model never imports this: it would see the labels that it is asked for, and the conformance kit
fails it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, index, lookup

# What the functions below return, for who names its type.
from mserbench.data.dataset import Dataset as Dataset
from mserbench.data.dataset import Item as Item
from mserbench.labels import DROP

_DROPPED = "<dropped by the map>"


def labelled_clips(
    task: str,
    data: Path | None = None,
    allow_partial: bool = False,
    progress: index.Progress | None = None,
) -> Dataset:
    """Return the clips of a task with label and speaker; `data` is else $MSERBENCH_DATA.

    `task` is a name, `TASK:PART`, or a corpus of one's own. `progress` hears of the clips that are
    indexed anew. Raises UnknownName, and DataError with every problem of the corpus; with
    `allow_partial` those are its warnings.
    """
    return dataset.load(
        lookup.task(task, data), corpus.data_folder(data), allow_partial, progress=progress
    )


def labelled_utterances(task: str, data: Path | None = None) -> list[tuple[Utterance, str]]:
    """Return the utterances of a task with their labels, sorted by id; no audio is opened.

    A corpus with an inventory need not be here. Raises as `labelled_clips`.
    """
    return dataset.truth(lookup.task(task, data), corpus.data_folder(data))


def dropped_utterances(task: str, data: Path | None = None) -> dict[str, int]:
    """Return how many utterances of each raw label a task leaves out as its map says DROP.

    What lies outside of the task's selection or part is not counted. Raises as `labelled_clips`.
    """
    question = lookup.task(task, data)
    source = lookup.corpus(question.corpus)
    reading = corpus.read(source, corpus.find(source, corpus.data_folder(data)))

    # The same question with a label for what it drops, so that the core's own selection counts it.
    label_map = {
        raw: _DROPPED if label == DROP else label for raw, label in question.label_map.items()
    }
    open_question = dataclasses.replace(
        question, labels=(*question.labels, _DROPPED), label_map=label_map, counts={}
    )
    declared = [
        utterance
        for utterance in reading.utterances.values()
        if dataset.raw_label(question, utterance) in label_map
    ]
    counts = Counter(
        dataset.raw_label(question, utterance)
        for utterance, label in dataset.select(open_question, declared)
        if label == _DROPPED
    )

    return dict(sorted(counts.items()))
