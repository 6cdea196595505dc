"""M5SER: multilingual training speech made from English emotional speech, and its translators.

The method is that of arXiv 2503.21806, section III.
"""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import CommandEntry, TranslatorEntry, WeightsEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_translators() -> Iterable[TranslatorEntry]:
    """Return the paper's translator, and three that run without its gated weights."""
    return [
        TranslatorEntry(
            "seamless-expressive",
            "mserbench_m5ser.translators.seamless_expressive:SeamlessExpressive",
            "the paper's: its official tools, in an environment of their own",
        ),
        TranslatorEntry(
            "seamless-m4t",
            "mserbench_m5ser.translators.seamless_m4t:SeamlessM4T",
            "SeamlessM4T v2 in one voice, with the prosody of the source put on it",
            needs={"torch": "train", "transformers": "train", "parselmouth": "prosody"},
        ),
        TranslatorEntry(
            "clone",
            "mserbench_m5ser.translators.clone:Clone",
            "a translation model's text, spoken by pocket-tts in the voice of the source",
            needs={"torch": "train", "transformers": "train", "pocket_tts": "clone"},
        ),
        TranslatorEntry(
            "espeak",
            "mserbench_m5ser.translators.espeak:Espeak",
            "espeak-ng with the measured prosody of the source; offline, on any machine",
            needs={"espeakng_loader": "demo", "parselmouth": "prosody"},
        ),
    ]


@hookimpl
def register_weights() -> Iterable[WeightsEntry]:
    """Return the pretrained weights that translators are built upon."""
    return [
        WeightsEntry(
            "seamless-m4t-v2-large",
            "mserbench_m5ser.translators.parts:SEAMLESS_M4T_V2",
            "SeamlessM4T v2 large, speech to speech, 2.3 B",
        )
    ]


@hookimpl
def register_commands() -> Iterable[CommandEntry]:
    """Return the command `m5ser`."""
    return [
        CommandEntry(
            "m5ser",
            "mserbench_m5ser.commands:command",
            "make, verify and analyse multilingual training speech",
            group="Train and remake",
        )
    ]
