"""`clone`: text by a table or a translation model, spoken by pocket-tts in the source's voice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.errors import UsageError, words
from mserbench.options import check_ranges, option
from mserbench.plugins import misfits
from mserbench.translator import Refusal, SourceClip, Speech, Translator, TranslatorCard
from mserbench_m5ser.translators import heard
from mserbench_m5ser.translators.known_translations import KnownTranslations
from mserbench_m5ser.translators.screening import Heard, screened, spoken_reason

if TYPE_CHECKING:
    from mserbench_m5ser.translators.pocket_voice import PocketVoices
    from mserbench_m5ser.translators.text_model import TextModel

_LANGUAGE = "{language}"  # in the name of a folder, where each language has a model of its own


@dataclass(frozen=True)
class CloneOptions:
    """Where words and voices come from, and how large the voices are."""

    sentences: str = option(
        "",
        "A csv file of the columns sentence, language, text: rows of a sentence share its name, "
        "and one is in en; without it, the table of this plugin.",
        "corpora of acted speech have few sentences, and a person can read their translations",
    )
    translation_model: str = option(
        "",
        "Folder of a translation model (Marian, M2M-100, NLLB-200) as transformers' "
        "save_pretrained wrote it, for sentences that are not in the table; {language} in it "
        "stands for de, es, fr or it. Without one such sentences are refused.",
    )
    voices: str = option(
        "",
        "Folder of configs of pocket-tts (french.yaml and so on) that name local weights; without "
        "it its own weights, from the model hub, whose terms must be accepted there.",
        "the version of pocket-tts pins the commits of its weights",
    )
    large: bool = option(
        False,
        "Whether its models of 24 layers speak, better and more slowly than those of 6.",
        "those of 6 are faster than real time on two cores, says its README",
    )
    longest: float = option(
        30.0,
        "Seconds beyond which a clip is refused.",
        "as the other translators",
        within="above 0",
    )


class Clone(Translator):
    """Text by a table or a translation model, speech by pocket-tts, the source as voice prompt.

    Nothing here hears words: a clip whose corpus tells no text is refused. Weights are safetensors,
    and no code of a weights folder is run.
    """

    Options = CloneOptions
    version = "1"
    # Its models are made for processors.
    devices = ("cpu",)
    batch_size = 8
    options: CloneOptions

    def __init__(self, options: Any = None, device: str = "cpu") -> None:
        super().__init__(options, device)
        check_ranges(self.options)
        self._table = KnownTranslations.read(self.options.sentences)
        self._folders = _folders(self.options.translation_model)
        self._text_models: dict[Path, TextModel] = {}
        # Here, as it loads torch.
        from mserbench_m5ser.translators.pocket_voice import PocketVoices

        self._voices: PocketVoices = PocketVoices(self.options.voices, self.options.large)

    @classmethod
    def describe(cls, options: Any) -> TranslatorCard:
        """Return its card; what a translation model read is text, and no speech."""
        return TranslatorCard(
            name="clone",
            title="Translated text, spoken by pocket-tts in the voice of the source",
            version=cls.version,
            licence="MIT, weights CC-BY-4.0",
            citation=heard.POCKET_CITATION,
            languages=("de", "es", "fr", "it"),
            prosody="partly",
            voice="yes",
            exposure=heard.POCKET_TTS,
            requires=(
                "weights of pocket-tts, some 0.4 GB a language, from the model hub: accept the "
                "terms at https://huggingface.co/kyutai/pocket-tts, or --option voices=FOLDER",
                "for sentences that are not in its table a translation model "
                "(--option translation_model=FOLDER)",
                "the text of each clip, which its corpus must tell",
            ),
        )

    def translate(self, clips: Sequence[SourceClip], language: str) -> list[Speech | Refusal]:
        """Return speech or refusals, in order. Raises DataError where weights cannot be loaded."""
        passed, refused = screened(clips, self.options.longest)
        outcomes: dict[int, Speech | Refusal] = {**refused}
        outcomes |= {clip.place: self._outcome(clip, language) for clip in passed}

        return [outcomes[place] for place in range(len(clips))]

    def _outcome(self, clip: Heard, language: str) -> Speech | Refusal:
        text = self._text(clip.source, language)
        if isinstance(text, Refusal):
            return text

        try:
            waveform, rate = self._voices.speak(
                clip.waveform, text, language, _seed(clip.source.id, language, text)
            )
        except (RuntimeError, ValueError) as error:
            misfits.refuse(error)
            return Refusal(f"pocket-tts failed on it: {words(error, 200)}")

        reason = spoken_reason(waveform)
        return Refusal(reason) if reason else Speech(waveform, rate, text)

    def _text(self, source: SourceClip, language: str) -> str | Refusal:
        """Return the words to speak, or why there are none."""
        if not source.text:
            return Refusal("its corpus tells no text, and 'clone' hears none")
        if source.language != "en":
            return Refusal(f"its text is in {source.language!r}, and English is translated")

        entry = self._table.find(source.text, language)
        if entry is not None:
            return entry

        model = self._text_model(language)
        if model is None:
            return Refusal(
                "its text is not in the table of sentences, and there is no --option "
                "translation_model"
            )

        try:
            text = model.translate(source.text, language)
        except (RuntimeError, ValueError, IndexError) as error:
            misfits.refuse(error)
            return Refusal(f"the translation model failed on its text: {words(error, 200)}")

        return text or Refusal("its text is translated into no words")

    def _text_model(self, language: str) -> TextModel | None:
        """Return the translation model of a language, loaded on first use."""
        folder = self._folders.get(language)
        if folder is None:
            return None

        if folder not in self._text_models:
            from mserbench_m5ser.translators.text_model import TextModel

            self._text_models[folder] = TextModel.from_folder(folder, self.device)

        return self._text_models[folder]


def _folders(option_text: str) -> dict[str, Path]:
    """Return the folder of the translation model of each language that has one.

    Raises UsageError where none is there.
    """
    # A model that is missing refuses the sentences of its language, and none of the others.
    languages = ("de", "es", "fr", "it")
    folders = {name: Path(option_text.replace(_LANGUAGE, name)) for name in languages}
    present = {name: folder for name, folder in folders.items() if folder.is_dir()}
    if option_text and not present:
        raise UsageError(
            f"option translation_model: {str(folders['de'])!r} is no folder: name one that "
            "save_pretrained wrote"
        )

    return present if option_text else {}


def _seed(clip_id: str, language: str, text: str) -> int:
    """Return a seed that is a clip's own, so that its speech does not hang on those before it."""
    digest = hashlib.sha256("\0".join((clip_id, language, text)).encode()).digest()
    return int.from_bytes(digest[:7], "big")
