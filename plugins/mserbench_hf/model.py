"""`hf`: a checkpoint of transformers asked as its own configuration says, clip by clip the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.data.label_map import MEANINGS
from mserbench.errors import UsageError
from mserbench_hf.checkpoint import opened
from mserbench_hf.described import DescribedHf
from mserbench_hf.hearing import Hearing
from mserbench_hf.label_map import NONE, meanings


class Hf(DescribedHf):
    """Any `AutoModelForAudioClassification` with safetensors; needs the extra `train`."""

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, device)
        checkpoint = opened(self.options.checkpoint)
        self._own_labels = checkpoint.labels
        # Before gigabytes are read: a label without a meaning ends the run.
        self._meanings = meanings(checkpoint.name, checkpoint.labels, self.options.labels)
        self.labels = tuple(dict.fromkeys(label for label in self._meanings if label != NONE))
        self._hearing = Hearing.of(
            checkpoint, self.options.window, self.options.precision, self.device
        )

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return what the checkpoint gives each of `labels`: float64, shape (n_clips, n_labels).

        Probabilities over all labels of the checkpoint, as `transformers.pipeline` has them: what
        goes to labels that are not asked for, or mean `none`, is lost, so that rows may sum to less
        than one. Labels of one meaning are summed; a label that it lacks has 0. Raises UsageError
        where it knows none of `labels`.
        """
        if not set(labels) & set(self.labels):
            raise UsageError(
                f"checkpoint {self.options.checkpoint!r} knows {', '.join(self.labels)}, and none "
                f"of the labels {', '.join(labels)}: give another task, or map its labels by "
                f"--option labels=FILE"
            )

        shares = self._hearing.probabilities([clip.waveform for clip in clips])
        scores = np.zeros((len(clips), len(labels)))
        for column, label in enumerate(labels):
            own = [number for number, means in enumerate(self._meanings) if means == label]
            scores[:, column] = shares[:, own].sum(axis=1)

        return scores

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Return what each label of the checkpoint was read as, for the record and the reader."""
        return {MEANINGS: dict(zip(self._own_labels, self._meanings, strict=True))}
