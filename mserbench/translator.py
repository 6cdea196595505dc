"""What a translator is: labelled speech in; the same words, spoken in another language, out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mserbench.cards import Exposure
from mserbench.contracts import Clip
from mserbench.model import NoOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Carried = Literal["yes", "partly", "no"]


@dataclass(frozen=True)
class TranslatorCard:
    """What a translator is, what of the source its speech keeps, and what its base models heard.

    `languages` are the targets that it speaks (ISO 639-1 codes). `prosody` and `voice` say whether
    those of the source clip are carried over. `exposure` is handed on to every model that is
    trained on its speech; `exposure_complete` is True only where the list is known to hold all.
    `requires` says what it needs beside packages: weights, tools, one phrase each.
    """

    name: str
    title: str
    version: str
    licence: str
    citation: str
    languages: tuple[str, ...]
    prosody: Carried
    voice: Carried
    exposure: tuple[Exposure, ...] = ()
    exposure_complete: bool = False
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class SourceClip:
    """One utterance to translate: its audio, and what its corpus tells of it.

    `id` is `CORPUS:ID`; `language` that of the speech (ISO 639); `text` the words where the corpus
    tells them; `label` one of the canonical labels; `speaker` a name that is equal for clips of one
    speaker, None where nobody knows.
    """

    id: str
    clip: Clip
    text: str | None
    label: str
    language: str
    speaker: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Speech:
    """What a translator spoke: float32 mono in [-1, 1], shape (n_samples,), at `rate` Hz.

    `text` are its words, where the translator tells them.
    """

    waveform: NDArray[np.float32]
    rate: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no speech of a clip: one sentence, the same for clips that fail alike."""

    reason: str


class Translator(ABC):
    """Speaks utterances in another language, with as much of their emotion as it can keep.

    Subclasses set `Options` (a frozen dataclass), `version` (changed whenever a sample of any
    speech changes), define `describe` and `translate`. The speech of a batch must be the same each
    time that the same batch is given: a build that was killed goes on by whole batches.
    """

    Options: ClassVar[type[Any]] = NoOptions
    version: ClassVar[str] = "1"
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    # How many clips one call of `translate` is given at most, of nearly one length.
    batch_size: ClassVar[int] = 1
    # Options that are paths of which nothing that is inside decides what is spoken, as the
    # environment of a tool; of all others the contents do.
    by_name_alone: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: Any = None, device: str = "cpu") -> None:
        self.options = self.Options() if options is None else options
        self.device = device

    @classmethod
    @abstractmethod
    def describe(cls, options: Any) -> TranslatorCard:
        """Return the card of a translator with these options; loads nothing."""

    @property
    def card(self) -> TranslatorCard:
        """The card of this translator."""
        return self.describe(self.options)

    @abstractmethod
    def translate(self, clips: Sequence[SourceClip], language: str) -> Sequence[Speech | Refusal]:
        """Return for each clip, in order, its speech in a language of the card, or why there is
        none.

        What fails of one clip is its `Refusal`; an error that is raised is one of all of them.
        """

    def close(self) -> None:  # noqa: B027 - optional
        """Let go of processes, models and files; called once, in the end."""
