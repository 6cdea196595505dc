"""Speed of the translator `espeak` against its parts: the synthesiser and the analysis of prosody.

Run by `make bench`. Wants RAVDESS in $MSERBENCH_DATA or ../shared/corpora; skipped with that reason
otherwise. Rounds alternate between the ways and the fastest counts, as other programs on the machine
only add. Run it on an idle machine.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soxr

from mserbench.speaking.synthesizer import SPEECH_RATE, Synthesizer
from mserbench.translator import SourceClip, Speech

pytest.importorskip("parselmouth")
pytest.importorskip("espeakng_loader")

from mserbench_m5ser.measuring import LANGUAGES, sources
from mserbench_m5ser.prosody.contours import analyse
from mserbench_m5ser.translators import espeak_sentences as sentences
from mserbench_m5ser.translators.espeak import Espeak
from mserbench_m5ser.translators.espeak_speaking import timbre

CLIPS = 40  # a round, in five languages each
ROUNDS = 4
RATE = 16_000


def parts_alone(clips: Sequence[SourceClip]) -> float:
    """Speak every sentence and analyse it and its source, and no more: one after the other."""
    with Synthesizer("the benchmark") as synthesizer:
        for language in LANGUAGES:
            for clip in clips:
                prosody = analyse(clip.clip.waveform, RATE)
                text = sentences.said(clip.text, clip.id, language)
                request = {
                    "voice": sentences.VOICES[language],
                    "variant": timbre(clip.speaker or "", prosody.median),
                    "ssml": f"<speak>{text}</speak>",
                }
                spoken = synthesizer.speak(request) / np.float32(32_768)
                analyse(soxr.resample(spoken, SPEECH_RATE, RATE), RATE)

    return 0.0


def translated(clips: Sequence[SourceClip]) -> float:
    """Translate language by language, as a build does; returns the seconds of speech made."""
    translator = Espeak()
    try:
        spoken = [
            speech for language in LANGUAGES for speech in translator.translate(clips, language)
        ]
    finally:
        translator.close()

    return sum(
        len(speech.waveform) / speech.rate for speech in spoken if isinstance(speech, Speech)
    )


def bench_translating(benchmark, real_data: Path, monkeypatch):
    """All of it takes at most 15 % more than its parts alone, and one worker makes 50 times real
    time, so that two make 100.
    """
    monkeypatch.setenv("MSERBENCH_DATA", str(real_data))
    clips = sources(CLIPS)
    for clip in clips:
        clip.clip.waveform  # noqa: B018 - decoded before the clock starts

    ways = {"parts": partial(parts_alone, clips), "espeak": partial(translated, clips)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    speech = 0.0
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            speech = way()
            seconds[name].append(time.perf_counter() - start)

    benchmark.pedantic(ways["espeak"], rounds=1)

    best = {name: min(durations) for name, durations in seconds.items()}
    benchmark.extra_info["against its parts"] = ratio = best["espeak"] / best["parts"]
    benchmark.extra_info["times real time, one worker"] = speed = speech / best["espeak"]
    count = CLIPS * len(LANGUAGES)
    print(
        f"{1000 * best['espeak'] / count:.1f} ms a clip, {ratio:.2f} times its parts, "
        f"{speed:.0f} times real time by one worker"
    )

    assert ratio <= 1.15
    assert speed >= 50
