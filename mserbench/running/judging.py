"""A model by its name that says the emotion of single clips, outside of any task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import UsageError
from mserbench.labels import read_answer
from mserbench.results.predictions import best_label
from mserbench.running.answers import check_output
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, as_model_error


@dataclass(frozen=True)
class Judging:
    """A model made ready; `card` has its full exposure, that of its weights too."""

    subject: Subject

    @property
    def card(self) -> ModelCard:
        """What it is, and what it was trained on."""
        return self.subject.card

    def record(self) -> dict[str, Any]:
        """Return what tells which model this is: name, version, and the hash of its weights."""
        weights = self.subject.weights
        return {
            "model": self.subject.name,
            "version": self.subject.model.version,
            "weights": weights.hash if weights else None,
        }

    def label_of(self, clip: Clip, labels: Sequence[str]) -> str | None:
        """Return the best of `labels` that the model knows, None where its answer names none.

        Raises ModelError where the model fails or breaks its contract.
        """
        model, name = self.subject.model, self.subject.name
        learnt = set(model.labels)
        asked_for = [label for label in labels if not learnt or label in learnt]
        with as_model_error(name, "hearing a clip"):
            model.prepare(lambda: iter([clip]))
            output = model.predict([clip], asked_for)

        scores, answer = check_output(name, output, 1, asked_for)[0]
        return best_label(scores, asked_for) if scores else read_answer(answer, asked_for)


def judging(model: str, weights: str | Path | None = None, device: str = "auto") -> Judging:
    """Make a model ready by name, with weights that ship with it or a folder of them.

    Raises UsageError for a model that needs statistics of other clips, and all that `Spec.of` and
    its `subject` raise.
    """
    subject = Spec.of(model, None, weights, {}, device).subject
    if subject.model.transductive:
        raise UsageError(
            f"model {model!r} is transductive: it scores a clip by others of its speaker, but here "
            f"each is heard by itself; choose another model"
        )

    return Judging(subject)
