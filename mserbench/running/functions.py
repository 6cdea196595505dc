"""A model made of somebody's own function: a waveform and its rate in, a label or scores out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mserbench.cards import Exposure, ModelCard
from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.errors import ClipError, UsageError, plain
from mserbench.model import Model
from mserbench.report.progress import tell
from mserbench.results import own_cards, public
from mserbench.running.resting import Basis, basis_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Answer: TypeAlias = str | Mapping[str, float] | Sequence[float] | None
"""A label, a score for each label by name or in the order of the labels, or None for no answer."""

_NO_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class FunctionOptions:
    """What records tell of a function: its name, its labels in its own words, and the version."""

    function: str = ""
    labels: str = ""
    version: str = "1"


class FunctionModel(Model):
    """A function as a model; `from_function` makes one, of a class of its own."""

    Options = FunctionOptions
    function: Callable[[Any, int], Answer]
    meanings: Mapping[str, str]  # a label of the function: the label here
    own_card: ModelCard
    basis: Basis

    @classmethod
    def contents(cls, options: Any) -> Mapping[str, str]:
        """What the function is: its source and what it uses; see `resting`."""
        return {"function": cls.basis.digest}

    @property
    def card(self) -> ModelCard:
        """The card that it was made with."""
        return self.own_card

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """What the key of its runs rests on."""
        return {"key_rests_on": self.basis.sentence}

    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        """Ask the function of each clip. Raises ClipError for an answer that is none of its labels,
        and for scores that are not one finite number a label.
        """
        answers = [self._answer(clip, position) for position, clip in enumerate(clips)]
        if all(isinstance(answer, str) for answer in answers):
            return [str(answer) for answer in answers]

        texts = [position for position, answer in enumerate(answers) if isinstance(answer, str)]
        if texts:
            raise ClipError(
                f"function {self.own_card.name!r} gave a label or nothing here and scores for "
                f"other clips: let it give either of them always",
                texts[0],
            )

        return _scores([answer for answer in answers if not isinstance(answer, str)], labels)

    def _answer(self, clip: Clip, position: int) -> str | dict[str, float]:
        """Return a label, "" for none, or scores by label."""
        # A copy, as a function of somebody's own may change what it is given.
        answer: Any = type(self).function(clip.waveform.copy(), SAMPLE_RATE)
        # A function may decline: that is counted as an answer which cannot be read.
        if answer is None:
            return ""
        if isinstance(answer, str):
            return self._meaning(answer, position)

        values = answer if isinstance(answer, Mapping) else self._by_name(answer, position)
        scores: dict[str, float] = {}
        for name, value in values.items():
            label, score = self._meaning(name, position), _number(value)
            if score is None:
                raise self._fault(f"gave the score {_shown(value)} for {name!r}", position)
            # Two words of a function may mean one label, which is as likely as the likelier one.
            scores[label] = max(score, scores.get(label, score))

        if set(scores) != set(self.meanings.values()):
            lacking = sorted(set(self.meanings.values()) - set(scores))
            raise self._fault(f"gave no score for {', '.join(map(repr, lacking))}", position)

        return scores

    def _by_name(self, answer: Any, position: int) -> Mapping[str, Any]:
        try:
            values = list(answer)
        except TypeError as error:
            raise self._fault(f"gave {_shown(answer)}", position) from error

        if len(values) != len(self.meanings):
            raise self._fault(f"gave {len(values)} scores", position)

        return dict(zip(self.meanings, values, strict=True))

    def _meaning(self, name: Any, position: int) -> str:
        if name in self.meanings:
            return self.meanings[name]
        raise self._fault(f"gave the label {_shown(name)}", position)

    def _fault(self, fault: str, position: int) -> ClipError:
        names = ", ".join(map(repr, self.meanings))
        return ClipError(
            f"function {self.own_card.name!r} {fault}, but one of its labels, or a finite score "
            f"for each of them, was expected: {names}",
            position,
        )


def from_function(
    function: Callable[[Any, int], Answer],
    labels: Sequence[str] | Mapping[str, str],
    exposure: ModelCard | Iterable[Exposure] | str | Path | None = None,
    *,
    complete: bool = False,
    name: str | None = None,
    version: str = "1",
) -> FunctionModel:
    """Return a model made of a function, for `evaluate` and `predict`.

    Its source is part of the key of its runs, as is what it uses by name where it was typed in; a
    note says what could not be told, such as what a loaded model holds: then change `version`
    whenever answers change.

    Args:
        function: called with a waveform (float32, shape (n_samples,), mono, in [-1, 1]) and its
            rate, 16000 Hz. It returns a label, or a score for each label (a mapping by label, or a
            sequence in the order of `labels`; higher is likelier), or None for no answer.
        labels: what it may answer, in the words of mserbench (`happy`, `sad`, ...), or a mapping
            from its own words to these, as `{"Wut": "angry"}`.
        exposure: what it was trained on: a ModelCard, a list of Exposure, the path of a card
            (JSON), or `registry:NAME` (`mserbench exposures list`). None: nobody knows, and the
            verdict is `unknown`.
        complete: that a list of Exposure holds all that it was trained on.
        name: for tables; else that of the card, or of the function.

    Raises:
        UsageError: an argument is not as described. UnknownName: no such entry of the registry.
        DataError: the card cannot be read.
    """
    if not callable(function):
        raise UsageError(f"function is {_shown(function)}, but a function was expected")

    meanings = _meanings(labels)
    own_name = _NO_NAME.sub("", getattr(function, "__name__", "")) or "function"
    card = _card(exposure, complete, name, own_name)
    title = card.name
    basis = basis_of(function)
    if basis.unknown or not basis.sources:
        tell(f"{title}: {basis.sentence}: change version= whenever its answers change")

    # A class of its own, as a class tells what of it decides the key.
    kind = type(
        title,
        (FunctionModel,),
        {
            "__module__": __name__,
            "__doc__": FunctionModel.__doc__,
            "function": staticmethod(function),
            "meanings": meanings,
            "own_card": card,
            "basis": basis,
            "version": str(version),
            "labels": tuple(dict.fromkeys(meanings.values())),
        },
    )
    words = ", ".join(f"{own}={label}" for own, label in meanings.items())
    model: FunctionModel = kind(FunctionOptions(title, words, str(version)))
    return model


def _meanings(labels: object) -> dict[str, str]:
    meanings: dict[str, str] = {}
    if isinstance(labels, Mapping):
        meanings = dict(labels)
    elif isinstance(labels, Iterable) and not isinstance(labels, str):
        meanings = {label: label for label in labels}

    texts = [*meanings, *meanings.values()]
    if len(set(meanings.values())) < 2 or not all(isinstance(text, str) and text for text in texts):
        raise UsageError(
            f"labels is {_shown(labels)}, but two or more labels, or a mapping from the function's "
            f"words to labels, were expected"
        )

    return meanings


def _card(exposure: Any, complete: bool, chosen: str | None, own: str) -> ModelCard:
    if isinstance(exposure, ModelCard):
        return exposure if chosen is None else replace(exposure, name=chosen)

    name = own if chosen is None else chosen
    if exposure is None:
        return own_cards.unknown_card(name)
    if isinstance(exposure, str | os.PathLike):
        return public.card_named(os.fsdecode(exposure), name)

    own_cards.require_name(name)
    parts = tuple(exposure) if isinstance(exposure, Iterable) else (exposure,)
    if not all(isinstance(part, Exposure) for part in parts):
        raise UsageError(
            f"exposure is {_shown(exposure)}, but None, a ModelCard, a list of Exposure, the path "
            f"of a card or 'registry:NAME' was expected"
        )

    return ModelCard(name, name, "unknown", "unknown", "", parts, complete)


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _scores(rows: Sequence[Mapping[str, float]], labels: Sequence[str]) -> NDArray[np.float64]:
    """Return scores in the order of the labels asked for; of one that the function does not know,
    less than each score of its clip, so that it is never the answer.
    """
    import numpy as np

    return np.array([[row.get(label, min(row.values()) - 1) for label in labels] for row in rows])


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {plain(repr(value), 80)}"
