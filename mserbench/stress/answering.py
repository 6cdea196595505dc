"""Altered clips answered in this process, batch by batch, so that nothing is heard twice or kept
long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from mserbench import features
from mserbench.contracts import Clip
from mserbench.data.dataset import Dataset
from mserbench.model import Model
from mserbench.results.journal import Answer
from mserbench.running import batches
from mserbench.running.answers import check_output
from mserbench.running.subject import Subject, as_model_error


def answers(
    subject: Subject, target: Dataset, pending: Sequence[Sequence[int]]
) -> Iterator[tuple[Sequence[int], list[Answer]]]:
    """Yield batches (positions in the target) with what a model says of them.

    A model prepares batch by batch: all clips of all conditions may be hours, which would be heard
    before the first answer is kept. Of a model that is not transductive no score changes by it.
    """
    model, labels = subject.model, target.task.labels
    prepares = type(model).prepare is not Model.prepare
    parts: Iterator[Sequence[Clip]] = (list(target.clips(batch)) for batch in pending)
    if model.decodes_ahead:
        parts = batches.decoded_ahead(parts)

    for batch, clips in zip(pending, parts, strict=True):
        first = target.items[batch[0]].utterance.id
        if prepares:
            with as_model_error(subject.name, "preparing"):
                model.prepare(partial(iter, clips))

        with as_model_error(subject.name, f"predicting a batch with clip {first!r}"):
            output = model.predict(clips, labels)
            checked = check_output(subject.name, output, len(clips), labels)

        yield batch, checked


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Keep features in memory alone meanwhile, here and in workers that are started.

    Of each clip there are dozens of altered ones, each heard once: on disk they would crowd out
    what runs use again.
    """
    before = os.environ.get(features.OFF)
    os.environ[features.OFF] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[features.OFF]
        else:
            os.environ[features.OFF] = before
