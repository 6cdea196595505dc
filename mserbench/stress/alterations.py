"""All alterations of the stress suite, by name, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mserbench.stress import channels, codecs, floors, timing
from mserbench.stress.alteration import Alteration

_ALL = (
    Alteration(
        "level",
        "lower level",
        ("10 dB quieter", "20 dB quieter", "30 dB quieter"),
        "who turns the gain down does not change how something was said",
        "a shout may be told from calm speech by its level alone, where a corpus keeps one gain",
        floors.quieter,
    ),
    Alteration(
        "white-noise",
        "white noise floor",
        ("30 dB below the speech", "20 dB below", "10 dB below"),
        "a noisy recorder or fan adds nothing that a speaker does",
        "breath, whisper and weak fricatives drown first, and these carry some of a label",
        floors.white_noise,
    ),
    Alteration(
        "speech-noise",
        "speech-shaped noise",
        ("20 dB below the speech", "10 dB below", "5 dB below"),
        "steady noise with the spectrum of many voices says nothing of this one",
        "at 5 dB people understand most words, yet may miss a soft tone of voice",
        floors.speech_noise,
    ),
    Alteration(
        "bandwidth",
        "narrower band",
        ("up to 5.5 kHz", "up to 4 kHz", "300 Hz to 3.4 kHz"),
        "people hear an emotion over the telephone, whose band is the narrowest here",
        "tense and breathy voices differ above 4 kHz, and the fundamental is below 300 Hz",
        channels.narrower,
    ),
    Alteration(
        "mp3",
        "MP3",
        ("56 kbit/s", "40 kbit/s", "16 kbit/s"),
        "a codec for music is meant to leave what people hear as it was",
        "at 16 kbit/s the upper band is gone and the rest warbles",
        codecs.mp3,
    ),
    Alteration(
        "opus",
        "Opus",
        ("about 28 kbit/s", "about 16 kbit/s", "about 11 kbit/s"),
        "calls and messages of today are sent so, and people tell emotions in them",
        "at 11 kbit/s the upper band is drawn by the decoder, not sent",
        codecs.opus,
    ),
    Alteration(
        "telephone",
        "telephone codec at 8 kHz",
        ("mu-law", "GSM full rate", "GSM full rate, twice"),
        "call centres label such recordings with the same words",
        "GSM at both ends is the worst that is met; its buzz may pass for a rough voice",
        codecs.telephone,
    ),
    Alteration(
        "room",
        "reverberation",
        (
            "0.3 s of reverberation, direct sound 8 dB above it",
            "0.6 s, 3 dB above it",
            "1.0 s, 2 dB below it",
        ),
        "the room is not the speaker",
        "reverberation fills pauses and smears onsets; in a hall people are also less sure",
        channels.room,
    ),
    Alteration(
        "microphone",
        "microphone response",
        (
            "response of 3 dB (standard deviation by octave), low cut 60 Hz",
            "6 dB, low cut 120 Hz",
            "9 dB, low cut 200 Hz",
        ),
        "spectral tilt by the microphone is none of the speaker's effort",
        "effort is heard as tilt too: 9 dB are as much as from calm to loud speech",
        channels.microphone,
    ),
    Alteration(
        "padding",
        "silence at the ends",
        ("0.3 s at each end", "1 s at each end", "2 s at each end"),
        "when the recorder was started is no part of what was said",
        "the silence is noise of the recording's own floor; a hesitation sounds alike",
        timing.padded,
        timing.lasts_padded,
    ),
    Alteration(
        "cut",
        "ends cut",
        ("0.1 s off each end", "0.2 s off each end", "0.4 s off each end"),
        "a label is given to the utterance, most of which is left",
        "at most 15 % off each end, yet the last word carries much of the intonation",
        timing.trimmed,
        timing.lasts_trimmed,
    ),
    Alteration(
        "pauses",
        "pauses",
        ("one of 0.2 s", "two of 0.4 s", "three of 0.6 s"),
        "a pause for breath in the same words and tone leaves the tone",
        "many pauses alone sound hesitant or sad, and some fall inside a word",
        timing.paused,
        timing.lasts_paused,
    ),
    Alteration(
        "slower",
        "slower tempo",
        ("0.85 times the tempo", "0.7 times", "0.6 times"),
        "languages and speakers differ by as much in the same emotion",
        "within one speaker slow speech is a cue of sadness; below 0.6 for anybody",
        timing.slower,
        timing.lasts_slower,
    ),
    Alteration(
        "faster",
        "faster tempo",
        ("1.2 times the tempo", "1.4 times", "1.6 times"),
        "languages and speakers differ by as much in the same emotion",
        "within one speaker fast speech is a cue of fear, anger and joy",
        timing.faster,
        timing.lasts_faster,
    ),
    Alteration(
        "speed",
        "playing speed",
        ("5 % faster or slower", "10 % faster or slower", "15 % faster or slower"),
        "it is as if another person spoke: voices differ by more than 15 % in pitch and formants",
        "pitch and tempo move together, as they do with arousal; which way is drawn for each clip",
        timing.speed,
        timing.lasts_at_speed,
    ),
)

ALTERATIONS: Mapping[str, Alteration] = MappingProxyType(
    {alteration.name: alteration for alteration in _ALL}
)
