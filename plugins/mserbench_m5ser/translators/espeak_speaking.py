"""Speaks one sentence for the translator `espeak`: a voice, its speech, the source's prosody."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
import soxr
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.errors import PluginError, why
from mserbench.speaking.synthesizer import SPEECH_RATE, Synthesizer
from mserbench.translator import Refusal
from mserbench_m5ser.prosody.carrying import Parts, put_on
from mserbench_m5ser.prosody.contours import NoProsody, Prosody, analyse
from mserbench_m5ser.translators.espeak_sentences import digest

if TYPE_CHECKING:
    from mserbench_m5ser.translators.espeak import EspeakOptions

MALE = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "Andy", "Mario", "adam", "paul", "travis",
    "Mike",
)  # fmt: skip
FEMALE = ("f1", "f2", "f3", "f4", "f5", "Alicia", "linda")
"""espeak-ng's variants: those of the demo corpus's training speakers, so that the voices of its
test speakers stay unheard.
"""

# Median F0 in Hz at which a clip is taken for a woman's: right for 86 % of 480 clips of RAVDESS,
# whose men are above it where they shout.
_WOMAN = 180.0
_LOWEST, _HIGHEST = 0.75, 1.7  # of a voice's own median F0, between which the register may lie
# A flat voice: what it would do by itself is replaced, and overlap-add hears no jumps.
_VOICE: dict[str, str | int] = {"range": 30, "volume": 90}
# In espeak-ng's units: by themselves some of its men lie at 75 Hz, where Praat hears little voice.
_PITCH = {"f": 50, "m": 65}
_SOURCES = 2_048  # clips whose prosody is kept, 6 kB each, as they come again in each language
# Speech that is kept as it was spoken, 0.2 MB each: two sentences in 21 timbres and five languages
# are 210, which come again and again.
_SENTENCES = 256

Samples = NDArray[np.float32]


class Speaking:
    """A process of espeak-ng, what was measured of the last sources, and what was last spoken.

    What is kept changes no sample: the same request gives the same speech each time. Raises
    MissingExtra where espeak-ng is not installed.
    """

    rate = SAMPLE_RATE

    def __init__(self, options: EspeakOptions) -> None:
        self._synthesizer = Synthesizer("speech of the translator 'espeak'")
        self._register = options.register
        self._parts = Parts(options.melody, options.loudness, options.timing)
        self._measured: dict[str, Prosody | Refusal] = {}
        self._plain: Callable[[str, str, str], tuple[Samples, Prosody]]
        self._plain = lru_cache(_SENTENCES)(self._unchanged)

    def speak(self, prosody: Prosody, speaker: str, text: str, voice: str) -> Samples:
        """Return a text in a language of espeak-ng, with a prosody, in the timbre of a speaker:
        float32, shape (n_samples,), 16 kHz.

        Raises PluginError where espeak-ng fails, or its speech can take no prosody.
        """
        variant = timbre(speaker, prosody.median)
        spoken, own = self._plain(text, voice, variant)
        if self._parts == Parts(False, False, False):
            return spoken

        median = own.median
        if self._register:
            median = min(max(prosody.median, _LOWEST * median), _HIGHEST * median)

        return put_on(prosody, own, spoken, SAMPLE_RATE, self._parts, median)

    def close(self) -> None:
        """End the process of espeak-ng."""
        self._synthesizer.close()

    def prosody(self, clip: Clip) -> Prosody | Refusal:
        """Return the prosody of a source, measured once for all languages, or that it has none."""
        if clip.key not in self._measured:
            if len(self._measured) >= _SOURCES:
                self._measured.pop(next(iter(self._measured)))

            self._measured[clip.key] = _measure(clip)

        return self._measured[clip.key]

    def _unchanged(self, text: str, voice: str, variant: str) -> tuple[Samples, Prosody]:
        """Return a text as espeak-ng speaks it by itself, at 16 kHz, and its prosody."""
        ssml = f"<speak>{escape(text)}</speak>"
        pitch = _PITCH["f" if variant in FEMALE else "m"]
        request = {**_VOICE, "voice": voice, "variant": variant, "ssml": ssml, "pitch": pitch}
        try:
            speech = self._synthesizer.speak(request)
        except PluginError:
            # A process that was killed must not cost a clip; what is refused is refused again.
            speech = self._synthesizer.speak(request)

        spoken = speech / np.float32(32_768)
        samples = soxr.resample(spoken, SPEECH_RATE, SAMPLE_RATE)

        try:
            return samples, analyse(samples, SAMPLE_RATE)
        except NoProsody as error:
            raise PluginError(f"speech of {text!r} can take no prosody: {why(error)}") from error


def timbre(speaker: str, median: float) -> str:
    """Return the variant of espeak-ng for a speaker of that median F0 in Hz."""
    variants = FEMALE if median >= _WOMAN else MALE
    return variants[digest(speaker) % len(variants)]


def _measure(clip: Clip) -> Prosody | Refusal:
    try:
        # Praat's own object is large, and only what is resynthesised needs it.
        return dataclasses.replace(analyse(clip.waveform, SAMPLE_RATE), pitch=None)
    except NoProsody as error:
        return Refusal(f"the source has no prosody to carry over: {why(error)}")
