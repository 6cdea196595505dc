"""What a model is: clips and a label set in, scores or text answers out; and how one is trained."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import UsageError
from mserbench.footprint import Footprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class NoOptions:
    """Options of a model that has none."""


@dataclass(frozen=True)
class Described:
    """What decides the key and the verdict of a run, beside its options and the manifest of its
    weights.

    `card`, `version` and `transductive` are those that an instance has.
    """

    card: ModelCard
    version: str
    transductive: bool = False


@dataclass(frozen=True, slots=True)
class Remoteness:
    """How far the mean of some clips lies from what a model was trained on, in the model's own
    measure.

    `distance`: from the nearest training corpus, called `nearest`; `reach`: how far the training
    corpora lie from one another at most. Both at least 0, in the same unit.
    """

    distance: float
    reach: float
    nearest: str

    @property
    def far(self) -> bool:
        """Whether the clips lie further from every training corpus than these from one another."""
        return self.distance > self.reach


class Model(ABC):
    """Clips and a label set in; a score for each label, or a text answer, out.

    Subclasses set `Options` (a frozen dataclass), `version` (changed whenever scores change) and
    `card`, and define `predict`. A model that learns also defines `fit`. The score of a clip must
    not depend on the clips beside it: `mserbench conform model NAME` proves it.
    """

    Options: ClassVar[type[Any]] = NoOptions
    version: ClassVar[str] = "1"
    needs_weights: ClassVar[bool] = False
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    # False: `predict` seldom looks at waveforms, as features are cached, so decoding the next
    # batch meanwhile would be wasted.
    decodes_ahead: ClassVar[bool] = True
    # Options that weights hold only as they were trained with them: not given, they are theirs.
    bound_by_weights: ClassVar[tuple[str, ...]] = ()
    # True: several processes may train one model, as `train` is launched by torchrun.
    trains_together: ClassVar[bool] = False
    # True: it defines `adapt`, and `mserbench run --adapt N` may be asked of it.
    adapts: ClassVar[bool] = False
    # The option that takes what follows a colon in `--model NAME:REST`; empty: there is none.
    address: ClassVar[str] = ""
    # Of its weights, where it tells: `mserbench predict` has no task and asks for these.
    labels: tuple[str, ...] = ()

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        self.options = self.Options() if options is None else options
        self.weights = weights
        self.device = device

    @classmethod
    def pretrained(cls, options: Any) -> Sequence[str]:
        """Return the names of pretrained weights that a model with these options is built upon.

        Optional; it loads nothing, and names that `mserbench weights list` does not know are passed
        over.
        """
        return ()

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described | None:
        """Return what an instance with these options and weights would say of itself, without
        making one.

        Optional: a finished run is then shown again without loading the model. It reads small files
        at most. None where the class does not say: an instance is then made to ask it.
        """
        return None

    @classmethod
    def address_name(cls, options: Any) -> str:
        """Return how a model with these options is called behind its own name and a colon, short
        and without a path of the machine; empty where no address is given.

        By default what follows the last `#` of the address, else the last part of a path, else all
        of it. Records hold this in place of the address.
        """
        return short_name(str(getattr(options, cls.address, "") or "")) if cls.address else ""

    @classmethod
    def contents(cls, options: Any) -> Mapping[str, Path | Sequence[Path] | str]:
        """Return what decides scores beside options, weights and code, by the name that a reader
        knows it by: the files of a checkpoint, the script of a command, what a server says of
        itself.

        Optional. Of a path, what the file or all files of the folder hold is part of the key of a
        run, of several paths what these files hold, of a text the text itself. It is asked before
        the model is made. An option of that name is not looked at then, else each option that is a
        path is. Raises DataError or UsageError where something is not there.
        """
        return {}

    @property
    @abstractmethod
    def card(self) -> ModelCard:
        """Name, version, licence, and exposure of the model itself; weights add their
        manifest's.
        """

    @property
    def transductive(self) -> bool:
        """Whether statistics of the target are used; then `prepare` sees all clips, with groups."""
        return False

    @property
    def precision(self) -> str:
        """What its coarsest part computes in, as `bfloat16`; empty: float32 with torch, else
        float64.

        Runs are compared with baselines of the same precision; it is part of no key.
        """
        return ""

    def adapt(self, clips: Sequence[Clip]) -> None:
        """Hear unlabelled clips of the target's conditions, before `prepare` and the first
        `predict`.

        Optional; a class that defines it sets `adapts`. The clips are none of those that are
        scored, their number may be anything from 1, and they may all have one label or one speaker:
        one-sided clips should harm little. Called at most once, and never where no `--adapt` is
        asked for. Raises UsageError where the model cannot adapt.
        """
        raise UsageError(
            f"model {self.card.name!r} cannot adapt to unlabelled clips: its class has no method "
            f"'adapt'; leave --adapt out, or take another model (docs/write-a-model.md)"
        )

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:  # noqa: B027 - optional hook
        """Look at every clip of the run before the first `predict`: fill a feature cache, gather
        statistics.

        `clips()` starts a new pass over the clips each time it is called.
        """

    @abstractmethod
    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        """Return finite scores of shape (n_clips, n_labels), higher is likelier, or one answer a
        clip.
        """

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Return what the record of a run should tell of how these labels were asked for, beside
        the options.

        Optional; texts, finite numbers, flags, None, and lists and dicts of them. It changes no
        score and no key. Called once, after the last `predict`, or without any where a run that was
        cut off had all its answers: so what is counted over clips is counted from the answers, by
        the harness, which adds `ties` where there are scores.
        """
        return {}

    def remoteness(self, clips: Sequence[Clip]) -> Remoteness | None:
        """Return how far the mean of clips lies from every corpus that the model was trained on.

        Optional; None where the model does not know. It keeps to the rules of `predict` and changes
        no score; after `adapt`, it is still told of the clips as they are.
        """
        return None

    def embeddings(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the vectors that the scores of clips rest on: finite, float64, shape (n_clips,
        dim).

        Optional. It keeps to the rules of `predict`: `prepare` comes first, and a vector depends on
        its clip alone, not on the clips beside it. Raises UsageError where the model has no such
        vectors.
        """
        raise no_embeddings(self.card.name)


def short_name(address: str) -> str:
    """Return what an address is called where people read it: never the folders of a machine.

    >>> short_name("http://localhost:8000/v1#qwen"), short_name("/models/mine/ser/")
    ('qwen', 'ser')
    >>> short_name("superb/hubert-base-superb-er"), short_name("python /opt/worker.py --fast")
    ('superb/hubert-base-superb-er', 'python worker.py --fast')
    """
    _, mark, after = address.rpartition("#")
    if mark and after:
        return after

    # One that is there may hold blanks; what else has them is a command and its arguments.
    words = [address] if Path(address).exists() else address.split()
    return " ".join(map(_last_part, words))


def _last_part(word: str) -> str:
    # Both kinds of separators, as a record of one machine is read on another.
    is_path = word.startswith(("/", "./", "../", "~", ".\\", "\\")) or word[1:3] in (":\\", ":/")
    if is_path or ("://" not in word and Path(word).exists()):
        return PureWindowsPath(os.path.abspath(word) if word in (".", "..") else word).name

    return word.rsplit("@", 1)[-1] if "://" in word else word  # a URL may hold a password


def no_embeddings(name: str) -> UsageError:
    """Return the error of a model that gives no vectors."""
    return UsageError(
        f"model {name!r} gives no embeddings: its class has no method 'embeddings'; take "
        f"another model, or add it "
        f"(docs/write-a-model.md)"
    )


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """One training clip with what a trainer may know of it."""

    clip: Clip
    label: str
    speaker: str | None
    language: str
    corpus: str


class TrainableModel(Model):
    """A model that can be trained by `mserbench train`."""

    @classmethod
    def footprint(cls, options: Any) -> Footprint | None:
        """Return what one training with these options takes, without weights or data: see
        `Footprint`.

        Optional; None where the model does not say.
        """
        return None

    @abstractmethod
    def fit(
        self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path
    ) -> None:
        """Learn from `training` and write weights into the empty folder `out`; JSON or safetensors
        only.

        `validation` holds other speakers of the same sources and may be empty. Whatever is chosen
        (epochs, options) may rest on these two alone. The harness adds the manifest of what was
        trained on.
        """
