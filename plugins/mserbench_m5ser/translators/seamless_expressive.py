"""`seamless-expressive`: the translator of the paper, by its official tools in an environment of
their own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.errors import DataError, ModelError, UsageError
from mserbench.options import check_ranges, option
from mserbench.translator import Refusal, SourceClip, Speech, Translator, TranslatorCard
from mserbench_m5ser.translators import expressive_files as files
from mserbench_m5ser.translators import heard, outside_tool
from mserbench_m5ser.translators.codes import TARGETS
from mserbench_m5ser.translators.screening import Heard, screened, spoken_reason

# After so many starts in a row that gave nothing, what is left is refused: each start loads
# gigabytes.
_FRUITLESS = 3


@dataclass(frozen=True)
class SeamlessExpressiveOptions:
    """Where the tools and gated weights are, and how they are run."""

    environment: str = option(
        "",
        "Folder of the environment that the tools are installed in, or of its programs; without "
        f"it {files.TOOL} is looked for on the PATH.",
        "they pin fairseq2 0.2 and an old torch, so they cannot be installed beside mserbench",
    )
    gated_model_dir: str = option(
        "",
        "Folder of the gated weights: " + ", ".join(files.WEIGHTS) + ".",
        "given by its authors upon request, https://ai.meta.com/resources/models-and-libraries/"
        "seamless-downloads/",
    )
    tool_batch_size: int = option(
        4, "How many clips the tool translates at once.", "the tool's default", within="at least 1"
    )
    longest: float = option(
        30.0,
        "Seconds beyond which a clip is refused.",
        "long input degrades and may exhaust memory: facebookresearch/seamless_communication#556",
        within="above 0",
    )
    seconds_to_start: float = option(
        900.0,
        "Seconds that the tool may take to load its weights.",
        "assumed: several gigabytes from a slow disk",
        within="above 0",
    )
    seconds_a_clip: float = option(
        60.0,
        "Seconds that it may take for a clip, beside that; what came until then is kept.",
        "assumed: minutes of a CPU, far more than a GPU takes",
        within="above 0",
    )


class SeamlessExpressive(Translator):
    """SeamlessExpressive by `expressivity_evaluate`: TSV and wav files out, wav files back.

    A tool that ends half-way keeps what it made; the clips that are missing are given to it again,
    one at a time, so that one that ends it cannot take others with it. What it then does not speak
    is refused with its last words.
    """

    Options = SeamlessExpressiveOptions
    version = "1"
    devices = ("cpu", "cuda")
    # Each call starts the tool, which loads its weights anew.
    batch_size = 512
    options: SeamlessExpressiveOptions
    _requires = (
        "facebookresearch/seamless_communication in an environment of its own "
        "(--option environment=FOLDER)",
        "its gated weights (--option gated_model_dir=FOLDER), for which its authors are asked",
        "a GPU of some 8 GB, or much patience",
    )

    # Gigabytes of a foreign environment; the weights that speak are in the other folder.
    by_name_alone = ("environment",)

    def __init__(self, options: Any = None, device: str = "cpu") -> None:
        super().__init__(options, device)
        check_ranges(self.options)
        self._program = _program(self.options.environment)
        self._gated = _gated(self.options.gated_model_dir)

    @classmethod
    def describe(cls, options: Any) -> TranslatorCard:
        """Return its card."""
        return TranslatorCard(
            name="seamless-expressive",
            title="SeamlessExpressive, 16 kHz, watermarked; it and zh are experimental",
            version=cls.version,
            licence="Seamless Licence (gated), tools MIT",
            citation=heard.SEAMLESS_CITATION,
            languages=TARGETS,
            prosody="yes",
            voice="yes",
            exposure=heard.SEAMLESS_EXPRESSIVE,
            requires=cls._requires,
        )

    def translate(self, clips: Sequence[SourceClip], language: str) -> list[Speech | Refusal]:
        """Return speech or refusals, in order.

        Raises ModelError with the tool's last words where it gives nothing at all.
        """
        passed, refused = screened(clips, self.options.longest)
        outcomes: dict[int, Speech | Refusal] = {**refused}
        # By length, as the tool batches in the order of its input and pads to the longest.
        passed.sort(key=lambda clip: (len(clip.waveform), clip.place))

        if passed:
            outcomes |= self._spoken(passed, language)

        return [outcomes[place] for place in range(len(clips))]

    def _spoken(self, clips: list[Heard], language: str) -> dict[int, Speech | Refusal]:
        """Give all clips to the tool, and what it leaves out again, one at a time."""
        outcomes, ended = self._run(clips, language, self.options.tool_batch_size)
        if not outcomes and ended.status != 0:
            raise ModelError(
                f"{files.TOOL} gave no speech for any of {len(clips)} clip(s) in {language!r} "
                f"({self._words(ended, clips)}): {_advice(ended.last_words)}"
            )

        missing = [clip for clip in clips if clip.place not in outcomes]
        fruitless = 0
        while missing and fruitless < _FRUITLESS:
            came, ended = self._run(missing, language, 1)
            fruitless = 0 if came else fruitless + 1
            outcomes |= came
            left = [clip for clip in missing if clip.place not in came]
            # One at a time and in order: the first that is missing is the one that ended it.
            culprits = left if ended.status == 0 else left[:1]
            outcomes |= {clip.place: self._refusal(ended, missing) for clip in culprits}
            missing = left[len(culprits) :]

        return outcomes | {clip.place: self._refusal(ended, missing) for clip in missing}

    def _run(
        self, clips: Sequence[Heard], language: str, batch_size: int
    ) -> tuple[dict[int, Speech | Refusal], outside_tool.Ended]:
        """Start the tool once; returns what it spoke, by place, and how it ended."""
        # Names, not numbers: the tool's table would lose their leading zeros.
        names = [f"clip{clip.place:06d}" for clip in clips]
        with tempfile.TemporaryDirectory(prefix="mserbench-seamless-") as scratch:
            folder = Path(scratch)
            files.write_clips(folder, names, [clip.waveform for clip in clips])
            ended = outside_tool.run(
                files.command(self._program, folder, language, self._gated, batch_size),
                folder,
                outside_tool.environment_of(self._program.parent, self.device),
                self._limit(clips),
            )
            speech = files.read_speech(folder, names)
            texts = files.read_texts(folder, names)

        outcomes: dict[int, Speech | Refusal] = {}
        for name, clip in zip(names, clips, strict=True):
            if name in speech:
                waveform, rate = speech[name]
                reason = spoken_reason(waveform)
                outcomes[clip.place] = (
                    Refusal(reason) if reason else Speech(waveform, rate, texts.get(name))
                )

        return outcomes, ended

    def _limit(self, clips: Sequence[Heard]) -> float:
        return self.options.seconds_to_start + self.options.seconds_a_clip * len(clips)

    def _words(self, ended: outside_tool.Ended, clips: Sequence[Heard]) -> str:
        if ended.status is None:
            return (
                f"it was ended after {self._limit(clips):g} s, its last words: {ended.last_words}"
            )

        return f"exit {ended.status}, its last words: {ended.last_words}"

    def _refusal(self, ended: outside_tool.Ended, clips: Sequence[Heard]) -> Refusal:
        """Return the refusal of a clip that the tool did not speak, given alone."""
        if ended.status == 0:
            return Refusal(f"{files.TOOL} left it out, and again when it was given alone")
        if ended.status is None:
            return Refusal(f"{files.TOOL} did not end in time, and again when it was given alone")

        return Refusal(
            f"{files.TOOL} failed ({ended.last_words}), and again when it was given alone"
        )


def _program(environment: str) -> Path:
    """Return the path of the tool. Raises UsageError where it is not there."""
    if not environment:
        program = shutil.which(files.TOOL)
        if program is None:
            raise UsageError(
                f"{files.TOOL} is not on the PATH: install facebookresearch/seamless_communication "
                f"in an environment of its own and name its folder by --option environment=FOLDER"
            )

        return Path(program).absolute()

    for folder in (Path(environment, "bin"), Path(environment)):
        if (folder / files.TOOL).is_file():
            return (folder / files.TOOL).absolute()

    raise UsageError(
        f"option environment: {environment!r} holds neither {files.TOOL} nor bin/{files.TOOL}: "
        "name the environment that seamless_communication is installed in"
    )


def _gated(folder: str) -> Path:
    """Return the folder of the gated weights. Raises UsageError or DataError where they are not
    there.
    """
    if not folder:
        raise UsageError(
            "seamless-expressive needs its gated weights: ask for them at https://ai.meta.com/"
            "resources/models-and-libraries/seamless-downloads/ and name their folder by "
            "--option gated_model_dir=FOLDER"
        )

    missing = [name for name in files.WEIGHTS if not Path(folder, name).is_file()]
    if missing:
        raise DataError(
            f"option gated_model_dir: folder {folder!r} lacks {', '.join(map(repr, missing))}: "
            "name the one that was unpacked from what its authors gave"
        )

    return Path(folder).absolute()


def _advice(words: str) -> str:
    if "out of memory" in words.lower():
        return "give a smaller --option tool_batch_size, or a GPU with more memory"

    return "run it by hand on one clip to see all that it says"
