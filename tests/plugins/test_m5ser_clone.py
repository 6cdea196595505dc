"""`clone`: texts by a table and by tiny models, speech by pocket-tts itself with random weights, and
by a stand-in that has its signatures.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import tiny_pocket
import tiny_translation
from source_clips import sound, source

from mserbench.errors import DataError, UsageError
from mserbench.translator import Refusal, SourceClip, Speech
from mserbench_m5ser.translators.clone import Clone, CloneOptions
from mserbench_m5ser.translators.known_translations import KnownTranslations

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")
pocket_tts = pytest.importorskip("pocket_tts", reason="the extra clone is not installed")

TABLE = """\
sentence,language,text
s01,en,Dogs are sitting by the door.
s01,de,Die Hunde sitzen an der Tür.
s01,fr,"Les chiens sont assis, près de la porte."
"""


class StandIn:
    """Has the methods of pocket-tts that are called here; speaks its seed, its voice, its text."""

    loaded: ClassVar[list[dict[str, Any]]] = []
    clones = True
    fault: Exception | None = None
    sample_rate = 24_000

    def __init__(self) -> None:
        self.has_voice_cloning = self.clones

    @classmethod
    def load_model(
        cls,
        language: str | None = None,
        config: str | Path | None = None,
        temp: float | None = None,
        sampler_decode_steps: int = 1,
        noise_clamp: float | None = None,
        eos_threshold: float | None = None,
        quantize: bool = False,
        checkpoint: str | Path | None = None,
        lsd_decode_steps: int | None = None,
    ) -> StandIn:
        cls.loaded.append({"language": language, "config": config})
        return cls()

    def get_state_for_audio_prompt(
        self, audio_conditioning: Path | str | Any, truncate: bool = False
    ) -> Any:
        assert audio_conditioning.shape[0] == 1
        return {"voice": audio_conditioning.float().abs().mean(), "n": audio_conditioning.shape[1]}

    def generate_audio(
        self,
        model_state: Any,
        text_to_generate: str,
        max_tokens: int = 50,
        frames_after_eos: int | None = None,
        copy_state: bool = True,
    ) -> Any:
        if self.fault is not None:
            raise self.fault

        noise = torch.randn(100)
        return torch.cat([noise, model_state["voice"].expand(len(text_to_generate))])


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    from mserbench_m5ser.translators import pocket_voice

    class Fresh(StandIn):
        loaded: ClassVar[list[dict[str, Any]]] = []

    monkeypatch.setattr(pocket_voice, "TTSModel", Fresh)
    return Fresh


@pytest.fixture(autouse=True)
def short_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut texts short, as random weights never end one."""
    from mserbench_m5ser.translators import text_model

    monkeypatch.setattr(text_model, "_MOST_TOKENS", 8)


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "sentences.csv"
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


def test_the_stand_in_has_the_signatures_of_the_package() -> None:
    for name in ("load_model", "get_state_for_audio_prompt", "generate_audio"):
        ours, theirs = (
            inspect.signature(getattr(kind, name)).parameters
            for kind in (StandIn, pocket_tts.TTSModel)
        )
        assert list(ours) == list(theirs)
        assert [each.kind for each in ours.values()] == [each.kind for each in theirs.values()]
        assert [each.default for each in ours.values()] == [
            each.default for each in theirs.values()
        ]

    assert isinstance(pocket_tts.TTSModel.sample_rate, property)
    assert "max_decoder_frames_per_call" in inspect.getsource(pocket_tts.TTSModel.__init__)
    assert "has_voice_cloning" in inspect.getsource(pocket_tts.TTSModel.__init__)


def test_the_package_has_a_model_of_each_language() -> None:
    from mserbench_m5ser.translators.pocket_voice import LANGUAGES

    configs = Path(pocket_tts.__file__).parent / "config"
    for name in LANGUAGES.values():
        assert (configs / f"{name}.yaml").is_file()
        assert (configs / f"{name}_24l.yaml").is_file()

    # Chinese is not among them; should it come, the card can have it.
    assert not list(configs.glob("*chinese*")) + list(configs.glob("*mandarin*"))


def test_pocket_tts_itself_speaks_in_the_voice_of_a_clip(tmp_path: Path, table: str) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    tiny_pocket.save(folder)
    translator = Clone(CloneOptions(sentences=table, voices=str(folder)))
    given = [source(sound(0.8), "1"), source(sound(0.8, 2), "1"), source(sound(0.8), "2")]
    first, voice, other = translator.translate(given, "de")
    again = Clone(CloneOptions(sentences=table, voices=str(folder))).translate(given[:1], "de")[0]

    for speech in (first, voice, other, again):
        assert isinstance(speech, Speech)
        assert speech.rate == 24_000
        assert speech.waveform.dtype == np.float32
        assert speech.waveform.ndim == 1
        assert speech.text == "Die Hunde sitzen an der Tür."

    assert np.array_equal(first.waveform, again.waveform), "whatever was spoken before"
    assert not np.array_equal(first.waveform, voice.waveform), "another voice"
    assert not np.array_equal(first.waveform, other.waveform), "another clip draws other noise"


def test_the_table_knows_a_sentence_whatever_its_case_and_signs(
    stand_in: type[StandIn], table: str
) -> None:
    given = [source(sound(0.5), text=text) for text in ("DOGS are sitting, by the door", "Kids.")]
    spoken, refused = Clone(CloneOptions(sentences=table)).translate(given, "fr")

    assert isinstance(spoken, Speech)
    assert spoken.text == "Les chiens sont assis, près de la porte."
    assert isinstance(refused, Refusal)
    assert "not in the table of sentences" in refused.reason
    assert stand_in.loaded == [{"language": "french", "config": None}]


def test_a_clip_without_text_or_in_another_language_is_refused(
    stand_in: type[StandIn], table: str
) -> None:
    wordless = source(sound(0.5), text=None)
    german = SourceClip("c:2", wordless.clip, "Die Hunde", "sad", "de")
    outcomes = Clone(CloneOptions(sentences=table)).translate(
        [wordless, german, source(sound(0.1))], "fr"
    )

    assert outcomes == [
        Refusal("its corpus tells no text, and 'clone' hears none"),
        Refusal("its text is in 'de', and English is translated"),
        Refusal("it is shorter than 0.3 s"),
    ]
    assert stand_in.loaded == [], "nothing is loaded for clips that are not spoken"


def test_a_seed_is_a_clips_own_and_the_generator_is_left_as_it_was(
    stand_in: type[StandIn], table: str
) -> None:
    translator = Clone(CloneOptions(sentences=table))
    given = [source(sound(0.5), name) for name in ("1", "2")]
    before = torch.random.get_rng_state()
    forward = translator.translate(given, "de")
    backward = translator.translate(given[::-1], "de")[::-1]

    assert torch.equal(before, torch.random.get_rng_state())
    for one_way, other_way in zip(forward, backward, strict=True):
        assert isinstance(one_way, Speech)
        assert isinstance(other_way, Speech)
        assert np.array_equal(one_way.waveform, other_way.waveform)

    assert stand_in.loaded == [{"language": "german", "config": None}], "once a language"


def test_the_prompt_is_at_the_rate_of_the_model(stand_in: type[StandIn], table: str) -> None:
    lengths = []

    def state(model: Any, audio: Any, truncate: bool = False) -> Any:
        lengths.append(audio.shape)
        return {"voice": torch.ones(())}

    stand_in.get_state_for_audio_prompt = state  # type: ignore[method-assign]
    options = CloneOptions(sentences=table, longest=40.0)
    Clone(options).translate([source(sound(0.5)), source(sound(31))], "de")
    assert lengths == [(1, 12_000), (1, 720_000)]


def test_faults_of_speaking_are_refusals_and_of_loading_errors(
    stand_in: type[StandIn], table: str
) -> None:
    translator = Clone(CloneOptions(sentences=table, large=True))
    stand_in.fault = RuntimeError("Generation reached maximum length without EOS!")
    outcomes = translator.translate([source(sound(0.5))], "de")
    assert outcomes == [
        Refusal(
            "pocket-tts failed on it: RuntimeError: Generation reached maximum length without EOS!"
        )
    ]
    assert stand_in.loaded == [{"language": "german_24l", "config": None}]

    stand_in.clones = False
    with pytest.raises(DataError, match="came without voice cloning: accept the terms"):
        Clone(CloneOptions(sentences=table)).translate([source(sound(0.5))], "de")


def test_weights_that_cannot_be_had_are_one_sentence(tmp_path: Path, table: str) -> None:
    translator = Clone(CloneOptions(sentences=table, voices=str(tmp_path)))
    with pytest.raises(DataError, match="the model 'german' of pocket-tts cannot be loaded"):
        translator.translate([source(sound(0.5))], "de")


def test_offline_the_hub_is_not_asked(
    table: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("MSERBENCH_OFFLINE", "1")
    with pytest.raises(DataError, match="'german' of pocket-tts cannot be loaded"):
        Clone(CloneOptions(sentences=table)).translate([source(sound(0.5))], "de")

    assert constants.HF_HUB_OFFLINE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sentence,text\ns,t\n", "columns"),
        ("sentence,language,text\ns,,t\n", "line 2: an empty cell"),
        ("sentence,language,text\ns,de\n", "line 2: 2 fields"),
    ],
)
def test_a_table_of_another_form_is_told(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        KnownTranslations.read(str(path))

    with pytest.raises(DataError, match="cannot be read"):
        KnownTranslations.read(str(tmp_path / "none.csv"))


def test_a_translation_model_reads_what_the_table_has_not(
    stand_in: type[StandIn], table: str, tmp_path: Path
) -> None:
    marian = tiny_translation.save_marian(tmp_path / "en-de")
    options = CloneOptions(sentences=table, translation_model=str(tmp_path / "en-{language}"))
    translator = Clone(options)
    given = [
        source(sound(0.5), text=text)
        for text in ("Kids are talking.", "Dogs are sitting by the door")
    ]
    unknown, known = translator.translate(given, "de")
    again = Clone(options).translate(given[:1], "de")[0]

    assert isinstance(unknown, Speech)
    assert isinstance(known, Speech)
    assert isinstance(again, Speech)
    assert unknown.text
    assert unknown.text == again.text
    assert known.text == "Die Hunde sitzen an der Tür.", "the table comes first"
    refused = translator.translate(given[:1], "fr")[0]
    assert isinstance(refused, Refusal), "there is no model en-fr"

    # One of German alone must not give its words to a French voice.
    everywhere = Clone(CloneOptions(sentences=table, translation_model=str(marian)))
    with pytest.raises(UsageError, match="does not translate into 'fr', but into de"):
        everywhere.translate(given[:1], "fr")


def test_models_of_many_languages_are_asked_for_one(tmp_path: Path) -> None:
    from mserbench_m5ser.translators.text_model import TextModel

    romance = TextModel.from_folder(
        tiny_translation.save_marian(tmp_path / "romance", "fr", "it"), "cpu"
    )
    many = TextModel.from_folder(tiny_translation.save_m2m(tmp_path / "m2m"), "cpu")
    asked = []
    for model, language in ((romance, "fr"), (many, "de"), (many, "it")):
        generate = model._model.generate

        def listening(model: Any = model, generate: Any = generate, **inputs: Any) -> Any:
            output = generate(**inputs)
            names = model._tokenizer.convert_ids_to_tokens
            first = inputs["forced_bos_token_id"]
            answer = None if first is None else names([int(output[0][1])])[0]
            asked.append((names(inputs["input_ids"][0].tolist())[0], answer))
            return output

        model._model.generate = listening
        text = model.translate("Kids are talking.", language)
        model._model.generate = generate
        assert not text.startswith(f"__{language}__"), "the sign of a language is no word"

    assert asked == [(">>fr<<", None), ("__en__", "__de__"), ("__en__", "__it__")]
    with pytest.raises(UsageError, match="does not translate into 'es'"):
        romance.translate("Kids are talking.", "es")


def test_translation_models_run_no_code_and_read_no_pickles(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        Clone(CloneOptions(translation_model=str(tmp_path / "none"), sentences=table_at(tmp_path)))

    from mserbench_m5ser.translators.text_model import TextModel

    folder = tiny_translation.save_marian(tmp_path / "marian")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="holds no translation model that can be loaded"):
        TextModel.from_folder(folder, "cpu")


def table_at(folder: Path) -> str:
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    return str(folder / "table.csv")
