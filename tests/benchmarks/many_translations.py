"""A set built in a process of its own: prints its clips, seconds of processor and peak memory.

Usage: python many_translations.py CLIPS FOLDER. Clips are of 0.6 s, translated by next to no work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
from many_clips import peak_memory

sys.path.insert(0, str(Path(__file__).parent.parent))

from made_sources import EMOTIONS, TOML, sound

from mserbench.engine.base import Workers
from mserbench.engine.threads import Threads
from mserbench.translator import SourceClip, Speech, Translator, TranslatorCard
from mserbench_m5ser.building import building, request, work
from mserbench_m5ser.building.building import build
from mserbench_m5ser.building.request import Request

FILES = 50  # different ones; all the others are links to them


@dataclass(frozen=True)
class EchoOptions:
    """None."""


class Echo(Translator):
    """Next to no work, so that the memory is that of the build and of the audio that it holds."""

    Options = EchoOptions
    batch_size = 8

    @classmethod
    def describe(cls, options: object) -> TranslatorCard:
        """Heard nothing."""
        return TranslatorCard("echo", "Echo", "1", "MIT", "", ("fr",), "yes", "yes", (), True)

    def translate(self, clips: Sequence[SourceClip], language: str) -> Sequence[Speech]:
        """Say the same backwards."""
        return [Speech(clip.clip.waveform[::-1], 16_000, "") for clip in clips]


def make_source(folder: Path, clips: int) -> Path:
    """Write a corpus of links to a few files; return its TOML file."""
    (folder / "many").mkdir(parents=True)
    lines = ["path,id,label,speaker,split,text,derived_from"]
    for number in range(clips):
        path = folder / "many" / f"{number}.wav"
        if number < FILES:
            soundfile.write(path, sound(number, 0.6), 16_000, "PCM_16")
        else:
            os.link(folder / "many" / f"{number % FILES}.wav", path)

        label = EMOTIONS[number % len(EMOTIONS)]
        lines.append(f"{path.name},c{number:06d},{label},s{number % 40},train,word {number},")

    (folder / "many" / "labels.csv").write_text("\n".join(lines) + "\n")
    (folder / "many.toml").write_text(TOML.format(name="many", more=""))
    return folder / "many.toml"


def main(clips: int, folder: Path) -> None:
    """Make the corpus, build the set in this process, print what it took."""
    for module in (request, work):
        module.translator_class = lambda name: Echo  # type: ignore[attr-defined]
        module.translator_options = lambda name, texts: EchoOptions()  # type: ignore[attr-defined]

    request.told = lambda options: {}  # type: ignore[attr-defined, assignment]
    threads = Workers(1, "threads")
    building.engine_asked = lambda *asked: Threads(threads)  # type: ignore[attr-defined]
    asked = Request((str(make_source(folder, clips)),), ("fr",), "echo", part_clips=400)
    built = build(asked, folder / "set")

    times = os.times()
    print(built.manifest["became"]["clips"], times.user + times.system, peak_memory())


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
