"""`seamless-m4t`: SeamlessM4T v2 in this process, in one voice, with the prosody of the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import ModelError, UsageError, words
from mserbench.options import check_ranges, option
from mserbench.plugins import misfits
from mserbench.translator import Refusal, SourceClip, Speech, Translator, TranslatorCard
from mserbench.weights import lookup
from mserbench_m5ser.translators import heard
from mserbench_m5ser.translators.codes import SEAMLESS, TARGETS
from mserbench_m5ser.translators.parts import SEAMLESS_M4T_V2
from mserbench_m5ser.translators.prosody_of_source import carried_over
from mserbench_m5ser.translators.screening import Heard, screened, spoken_reason

if TYPE_CHECKING:
    from mserbench_m5ser.translators.m4t_model import SpeechTranslator, Spoken

Precision = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class SeamlessM4TOptions:
    """Which weights, how they compute, and what of the source is put on their speech."""

    model: str = option(
        SEAMLESS_M4T_V2.name,
        "Name of weights, as 'mserbench weights list' shows them, or a folder that transformers' "
        "save_pretrained wrote.",
        "the only size of version 2",
    )
    speaker_id: int = option(
        0, "Which of its voices speaks, below 200.", "transformers' default", within="0 or more"
    )
    precision: Precision = option(
        "float32",
        "What it computes in; float16 and bfloat16 are for GPUs, and a clip's speech then depends "
        "on the clips beside it.",
        "speech of a batch and of a clip alone agree in float32",
    )
    prosody: bool = option(
        True,
        "Whether pitch, energy, rate and pauses of the source are put on the speech, which has "
        "none of them.",
        "without it no emotion of the source is left but in the words: "
        "facebookresearch/seamless_communication#191",
    )
    longest: float = option(
        30.0,
        "Seconds beyond which a clip is refused.",
        "long input degrades and may exhaust memory: facebookresearch/seamless_communication#556",
        within="above 0",
    )


class SeamlessM4T(Translator):
    """SeamlessM4T v2 of transformers: speech to text to units to speech, greedily.

    Clips of a batch are padded to the longest. In float32 a clip's words are the same as alone,
    and its samples differ by less than 1e-4 of full scale.
    """

    Options = SeamlessM4TOptions
    version = "1"
    devices = ("cpu", "cuda")
    batch_size = 32
    options: SeamlessM4TOptions

    def __init__(self, options: Any = None, device: str = "cpu") -> None:
        super().__init__(options, device)
        check_ranges(self.options)
        folder = lookup.registered_or_own(self.options.model, "option model")
        # Here, as it loads torch and transformers.
        from mserbench_m5ser.translators.m4t_model import SpeechTranslator

        self._model: SpeechTranslator = SpeechTranslator.from_folder(
            folder, device, self.options.precision
        )
        if self.options.speaker_id >= self._model.speakers:
            raise UsageError(
                f"option speaker_id is {self.options.speaker_id}, but the model has "
                f"{self._model.speakers} voices: give a number below that"
            )

    @classmethod
    def describe(cls, options: Any) -> TranslatorCard:
        """Return its card; what a folder of one's own heard is not known."""
        ours = options.model == SEAMLESS_M4T_V2.name
        return TranslatorCard(
            name="seamless-m4t",
            title="SeamlessM4T v2, in one voice, with the prosody of the source put on it",
            version=cls.version,
            licence=SEAMLESS_M4T_V2.licence if ours else "that of the weights",
            citation=heard.SEAMLESS_CITATION,
            languages=TARGETS,
            prosody="partly" if options.prosody else "no",
            voice="no",
            exposure=heard.SEAMLESS_M4T if ours else (),
            requires=(
                f"weights of {SEAMLESS_M4T_V2.bytes / 1e9:.1f} GB: 'mserbench weights get "
                f"{SEAMLESS_M4T_V2.name}', or --option model=FOLDER",
                "a GPU, for more than a few clips",
            ),
        )

    def translate(self, clips: Sequence[SourceClip], language: str) -> list[Speech | Refusal]:
        """Return speech or refusals, in order. Raises ModelError where all clips fail alike."""
        code = SEAMLESS[language]
        if code not in self._model.languages:
            raise UsageError(f"model {self.options.model!r} does not speak {language!r}")

        passed, refused = screened(clips, self.options.longest)
        outcomes: dict[int, Speech | Refusal] = {**refused}
        outcomes |= self._spoken(passed, code)

        return [outcomes[place] for place in range(len(clips))]

    def _spoken(self, clips: Sequence[Heard], code: str) -> dict[int, Speech | Refusal]:
        """Speak clips together; where that fails, each alone, so that one costs no other."""
        if not clips:
            return {}

        try:
            return self._together(clips, code)
        except (RuntimeError, ValueError, IndexError) as error:
            misfits.refuse(error)
            reason = f"the model failed on it: {words(error, 200)}"

        if len(clips) == 1:
            return {clips[0].place: Refusal(reason)}

        outcomes: dict[int, Speech | Refusal] = {}
        for clip in clips:
            outcomes |= self._spoken([clip], code)

        if all(isinstance(outcome, Refusal) for outcome in outcomes.values()):
            raise ModelError(
                f"seamless-m4t failed on all {len(clips)} clip(s), together and alone ({reason}): "
                "if memory was short, give --option precision=float16 or another device"
            )

        return outcomes

    def _together(self, clips: Sequence[Heard], code: str) -> dict[int, Speech | Refusal]:
        waveforms = [clip.waveform for clip in clips]
        spoken = self._model.speak(waveforms, code, self.options.speaker_id)
        return {
            clip.place: self._outcome(clip, speech)
            for clip, speech in zip(clips, spoken, strict=True)
        }

    def _outcome(self, clip: Heard, spoken: Spoken) -> Speech | Refusal:
        if not spoken.text:
            return Refusal("the model translated it into no words")

        reason = spoken_reason(spoken.waveform)
        if reason:
            return Refusal(reason)

        waveform = spoken.waveform
        if self.options.prosody:
            waveform = carried_over(clip.waveform, waveform, SAMPLE_RATE)

        return Speech(waveform, SAMPLE_RATE, spoken.text)
