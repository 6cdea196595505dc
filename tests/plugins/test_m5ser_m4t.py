"""`seamless-m4t` through its real loading path, on random weights that transformers saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_seamless
from numpy.typing import NDArray
from source_clips import sound, source

from mserbench.errors import DataError, ModelError, UnknownName, UsageError
from mserbench.translator import Refusal, SourceClip, Speech
from mserbench_m5ser.translators import seamless_m4t
from mserbench_m5ser.translators.seamless_m4t import SeamlessM4T, SeamlessM4TOptions

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")

SECONDS = (0.5, 0.73, 0.9, 1.21, 1.3)
# Of full scale; the random weights speak at full scale.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_seamless.save(tmp_path_factory.mktemp("m4t") / "tiny")


@pytest.fixture(scope="module")
def translator(folder: Path) -> Iterator[SeamlessM4T]:
    made = SeamlessM4T(SeamlessM4TOptions(model=str(folder), prosody=False))
    yield made
    made.close()


@pytest.fixture(scope="module")
def clips() -> list[SourceClip]:
    rng = np.random.default_rng(1)
    waves = [np.float32(0.1 * rng.standard_normal(round(16_000 * seconds))) for seconds in SECONDS]
    return [source(wave, str(place)) for place, wave in enumerate(waves)]


def test_a_clip_is_spoken_alike_alone_and_in_a_batch(
    translator: SeamlessM4T, clips: list[SourceClip]
) -> None:
    together = translator.translate(clips, "fr")
    lengths = set()
    for clip, outcome in zip(clips, together, strict=True):
        alone = translator.translate([clip], "fr")[0]
        assert type(alone) is type(outcome)
        if isinstance(alone, Speech) and isinstance(outcome, Speech):
            assert alone.text == outcome.text
            assert np.abs(alone.waveform - outcome.waveform).max() < TOLERANCE
            lengths.add(len(alone.text or ""))

    assert len(lengths) > 1, "texts that end at different places are what tells"


def test_transformers_alone_speaks_a_clip_otherwise_in_a_batch(
    folder: Path, clips: list[SourceClip]
) -> None:
    # When this fails they were mended there, and what `m4t_model` mends can go.
    from transformers import SeamlessM4TFeatureExtractor, SeamlessM4Tv2Model

    extractor = SeamlessM4TFeatureExtractor.from_pretrained(folder)
    model = SeamlessM4Tv2Model.from_pretrained(folder).eval()

    def speak(waves: list[NDArray[np.float32]]) -> list[int]:
        batch = extractor(waves, sampling_rate=16_000, padding=True, return_tensors="pt")
        with torch.inference_mode():
            _, lengths = model.generate(**batch, tgt_lang="fra")
        return [int(length) for length in lengths.reshape(-1)]

    waves = [clips[place].clip.waveform for place in (0, 3, 4)]
    assert speak(waves) != [speak([wave])[0] for wave in waves]


def test_a_text_of_no_words_is_refused(translator: SeamlessM4T, clips: list[SourceClip]) -> None:
    outcomes = [
        outcome for code in ("fr", "de", "it") for outcome in translator.translate(clips, code)
    ]
    assert Refusal("the model translated it into no words") in outcomes


def test_the_language_and_the_voice_reach_the_model(
    folder: Path, translator: SeamlessM4T, clips: list[SourceClip]
) -> None:
    other = SeamlessM4T(SeamlessM4TOptions(model=str(folder), prosody=False, speaker_id=2))
    french, voice = (made.translate(clips[:1], "fr")[0] for made in (translator, other))
    german = translator.translate(clips[:1], "de")[0]

    assert isinstance(french, Speech)
    assert isinstance(voice, Speech)
    assert french.rate == 16_000
    assert french.text == voice.text, "a voice changes no words"
    assert not np.array_equal(french.waveform, voice.waveform)
    assert not (isinstance(german, Speech) and german.text == french.text)
    assert french.text
    assert "__" not in french.text, "signs of languages are no words"


def test_prosody_of_the_source_is_put_on_the_speech(
    folder: Path, clips: list[SourceClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, int, int]] = []

    def carried_over(
        heard: NDArray[np.float32], spoken: NDArray[np.float32], rate: int
    ) -> NDArray[np.float32]:
        calls.append((len(heard), len(spoken), rate))
        return spoken[:100]

    monkeypatch.setattr(seamless_m4t, "carried_over", carried_over)
    made = SeamlessM4T(SeamlessM4TOptions(model=str(folder)))
    outcome = made.translate(clips[:1], "fr")[0]

    assert isinstance(outcome, Speech)
    assert len(outcome.waveform) == 100
    assert [(heard, rate) for heard, _, rate in calls] == [(8_000, 16_000)]


def test_clips_that_it_cannot_take_are_refused(translator: SeamlessM4T) -> None:
    outcomes = translator.translate(
        [source(sound(0.1)), source(np.zeros(16_000, np.float32)), source(sound(31))], "it"
    )
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)] == [
        "it is shorter than 0.3 s", "it is silent",
        "it is longer than 30 s, beyond which speech is lost",
    ]  # fmt: skip


def test_a_clip_on_which_the_model_fails_costs_no_other(
    folder: Path, clips: list[SourceClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SeamlessM4T(SeamlessM4TOptions(model=str(folder), prosody=False))
    speak = made._model.speak

    def failing(waves: list[Any], *others: Any) -> Any:
        if any(len(wave) == 8_000 for wave in waves):
            raise RuntimeError("CUDA out of memory")
        return speak(waves, *others)

    monkeypatch.setattr(made._model, "speak", failing)
    outcomes = made.translate([clips[0], clips[3]], "fr")
    assert outcomes[0] == Refusal("the model failed on it: RuntimeError: CUDA out of memory")
    assert not isinstance(outcomes[1], Refusal) or "no words" in outcomes[1].reason

    with pytest.raises(ModelError, match=r"all 2 clip\(s\), together and alone"):
        made.translate([clips[0], clips[0]], "fr")


def test_weights_are_found_by_name_or_folder_and_never_pickles(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="'mserbench weights get seamless-m4t-v2-large'"):
        SeamlessM4T()
    with pytest.raises(UnknownName, match="did you mean 'seamless-m4t-v2-large'"):
        SeamlessM4T(SeamlessM4TOptions(model="seamless-m4t-v2"))
    with pytest.raises(DataError, match="holds no SeamlessM4T v2"):
        SeamlessM4T(SeamlessM4TOptions(model=str(tmp_path)))

    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for path in folder.iterdir():
        if path.suffix != ".safetensors":
            (pickled / path.name).write_bytes(path.read_bytes())

    torch.save({}, pickled / "pytorch_model.bin")
    with pytest.raises(DataError, match="holds no SeamlessM4T v2"):
        SeamlessM4T(SeamlessM4TOptions(model=str(pickled)))


def test_weights_that_lack_a_tensor_are_refused(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["vocoder.hifi_gan.conv_pre.weight"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"1 tensor\(s\) are missing"):
        SeamlessM4T(SeamlessM4TOptions(model=str(tmp_path)))


def test_a_voice_and_a_language_that_the_model_has_not(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="speaker_id is 3, but the model has 3 voices"):
        SeamlessM4T(SeamlessM4TOptions(model=str(folder), speaker_id=3))

    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    settings = tmp_path / "generation_config.json"
    record = json.loads(settings.read_text(encoding="utf-8"))
    del record["vocoder_lang_code_to_id"]["ita"]
    settings.write_text(json.dumps(record), encoding="utf-8")
    made = SeamlessM4T(SeamlessM4TOptions(model=str(tmp_path)))
    with pytest.raises(UsageError, match="does not speak 'it'"):
        made.translate([source(sound(0.5))], "it")


def test_half_precision_speaks(folder: Path, clips: list[SourceClip]) -> None:
    options = SeamlessM4TOptions(model=str(folder), prosody=False, precision="bfloat16")
    outcomes = SeamlessM4T(options).translate(clips, "fr")
    spoken = [outcome for outcome in outcomes if isinstance(outcome, Speech)]

    assert spoken
    assert all(outcome.waveform.dtype == np.float32 for outcome in spoken)


def test_what_the_weights_heard_is_told_of_ours_alone() -> None:
    ours = SeamlessM4T.describe(SeamlessM4TOptions())
    own = SeamlessM4T.describe(SeamlessM4TOptions(model="somewhere", prosody=False))

    assert {"fa", "ru", "el"} <= set(ours.exposure[0].languages)
    assert (ours.prosody, own.prosody) == ("partly", "no")
    assert own.exposure == ()
    assert not own.exposure_complete
