"""`espeak`: known or neutral sentences, spoken by espeak-ng, with the source's measured prosody."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mserbench.errors import PluginError
from mserbench.options import option
from mserbench.translator import Carried, Refusal, SourceClip, Speech, Translator, TranslatorCard
from mserbench_m5ser.translators import espeak_sentences as sentences

if TYPE_CHECKING:
    from mserbench_m5ser.translators.espeak_speaking import Speaking


@dataclass(frozen=True)
class EspeakOptions:
    """What of the source's prosody is carried over."""

    melody: bool = option(
        True, "Whether the speech rises and falls as the source does, around its own median F0."
    )
    register: bool = option(
        True, "Whether that median follows the source's, as far as the voice goes; with melody."
    )
    loudness: bool = option(True, "Whether level and energy contour are those of the source.")
    timing: bool = option(True, "Whether rate of speech and pauses are those of the source.")


class Espeak(Translator):
    """Rules alone: nothing is translated but a table, and nothing was trained."""

    Options = EspeakOptions
    version = "1"
    batch_size: ClassVar[int] = 8

    def __init__(self, options: Any = None, device: str = "cpu") -> None:
        super().__init__(options, device)
        self._speaking: Speaking | None = None

    @classmethod
    def describe(cls, options: EspeakOptions) -> TranslatorCard:
        """Return the card; imports neither espeak-ng nor Praat."""
        parts = (options.melody, options.loudness, options.timing)
        prosody: Carried = "yes" if all(parts) else "partly" if any(parts) else "no"
        return TranslatorCard(
            name="espeak",
            title="espeak-ng with the source's prosody; a text that its table of sentences does "
            "not have becomes neutral sentences, drawn by the clip's id",
            # Another release of either gives other samples.
            version=f"{cls.version}, espeakng-loader {_release('espeakng-loader')}, "
            f"praat-parselmouth {_release('praat-parselmouth')}",
            # espeak-ng is a program of its own, Praat a library of the extra `prosody`.
            licence="MIT; espeak-ng and Praat GPL-3.0-or-later",
            citation="espeak-ng, https://github.com/espeak-ng/espeak-ng; P. Boersma and D. "
            "Weenink, Praat: doing phonetics by computer; Y. Jadoul et al., Introducing "
            "Parselmouth, J. Phonetics 71, 2018",
            languages=tuple(sentences.VOICES),
            prosody=prosody,
            # One of 21 timbres; the pitch follows, which is melody and not who speaks.
            voice="no",
            # Formant synthesis by rules written by hand, and a table: no speech was heard.
            exposure=(),
            exposure_complete=True,
        )

    def translate(self, clips: Sequence[SourceClip], language: str) -> list[Speech | Refusal]:
        """Speak each clip's sentence; what espeak-ng refuses, and a source without prosody, is a
        Refusal.

        Raises MissingExtra where espeak-ng is not installed.
        """
        if self._speaking is None:
            from mserbench_m5ser.translators.espeak_speaking import Speaking

            self._speaking = Speaking(self.options)

        return [self._spoken(self._speaking, clip, language) for clip in clips]

    def _spoken(self, speaking: Speaking, clip: SourceClip, language: str) -> Speech | Refusal:
        prosody = speaking.prosody(clip.clip)
        if isinstance(prosody, Refusal):
            return prosody

        text = sentences.said(clip.text, clip.id, language, prosody.syllables)
        speaker = clip.speaker or clip.id
        try:
            spoken = speaking.speak(prosody, speaker, text, sentences.VOICES[language])
        except PluginError as error:
            return Refusal(str(error))

        return Speech(spoken, speaking.rate, sentences.shown(text, language))

    def close(self) -> None:
        """End the process of espeak-ng."""
        if self._speaking is not None:
            self._speaking.close()
            self._speaking = None


def _release(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
