"""The translator `espeak`: what it says, in whose voice, and that it is the same each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from spoken import rising, syllables

from mserbench.contracts import Clip
from mserbench.errors import MissingExtra, PluginError
from mserbench.speaking import synthesizer
from mserbench.translator import Refusal, SourceClip, Speech
from mserbench_m5ser.translators import espeak_sentences as sentences
from mserbench_m5ser.translators.espeak import Espeak, EspeakOptions
from mserbench_tasks.demo import tables

ROOT = Path(__file__).resolve().parents[2]
EVALUATED = {"fa", "ru", "el"}
DOGS = "Dogs are sitting by the door"


@pytest.fixture(scope="module", autouse=True)
def _needs() -> None:
    pytest.importorskip("parselmouth", reason="it is of the extra prosody")
    pytest.importorskip("espeakng_loader", reason="it is of the extra demo")


def source(
    number: int = 0, waveform: np.ndarray | None = None, text: str | None = DOGS
) -> SourceClip:
    sound = syllables(rising, 1.0 + 0.2 * number) if waveform is None else waveform
    clip = Clip(f"key {number} {len(sound)}", f"seed {number}", len(sound) / 16_000, lambda: sound)
    return SourceClip(f"demo:{number}", clip, text, "happy", "en", f"speaker {number}")


# What it says


def test_every_sentence_is_there_in_every_language() -> None:
    """Else a build would end at the first clip of a language that lacks one."""
    assert not EVALUATED & set(sentences.VOICES)
    everything = {sentence for sentence, _ in sentences._table()}
    languages = {"en", *sentences.VOICES}
    assert set(sentences._table()) == {(name, code) for name in everything for code in languages}
    assert len(set(sentences._table().values())) == len(sentences._table())


@pytest.mark.parametrize("language", ["fr", "de", "it", "es", "zh"])
def test_the_demo_corpus_is_translated_to_what_it_says_itself(language: str) -> None:
    """Else one sentence would have two translations in one set."""
    demo = tables.sentences()
    for (code, sentence), row in demo.items():
        if code == "en":
            assert sentences.said(row.text, "x", language) == demo[language, sentence].text


@pytest.mark.parametrize("text", [DOGS, f"{DOGS}.", "  dogs are  SITTING by the door! "])
def test_a_known_text_is_known_in_any_spelling(text: str) -> None:
    assert sentences.said(text, "a", "de") == "Hunde sitzen an der Tür."


@pytest.mark.parametrize("text", [None, "", "Cats are sitting by the door", "???"])
def test_an_unknown_text_becomes_a_neutral_sentence(text: str | None) -> None:
    """Else words would tell the emotion, or all clips would say the same."""
    neutral = {sentences._table()[name, "fr"] for name in sentences._NEUTRAL}
    drawn = [sentences.said(text, f"clip {number}", "fr") for number in range(60)]
    assert set(drawn) == neutral
    assert sentences.said(text, "clip 1", "fr") == drawn[1]
    names = {text: name for (name, _), text in sentences._table().items()}
    meanings = {names[sentences.said(text, "clip 1", code)] for code in sentences.VOICES}
    assert len(meanings) == 1, "one meaning in all languages"


# What it is


def test_the_card_promises_what_it_does() -> None:
    card = Espeak().card
    assert {"fr", "de", "it", "zh", "es"} <= set(card.languages)
    assert not EVALUATED & set(card.languages)
    assert (card.prosody, card.voice, card.exposure, card.exposure_complete) == (
        "yes", "no", (), True
    )  # fmt: skip
    assert "neutral sentences" in card.title
    assert "GPL" in card.licence
    assert Espeak.describe(EspeakOptions(timing=False)).prosody == "partly"
    assert Espeak.describe(EspeakOptions(False, False, False, False)).prosody == "no"


def test_describing_it_loads_nothing_heavy() -> None:
    """Else a listing would load Praat, or GPL code would enter its process."""
    code = (
        "import sys; from mserbench_m5ser.translators.espeak import Espeak, EspeakOptions;"
        "Espeak.describe(EspeakOptions());"
        "print(sorted({'parselmouth', 'scipy', 'numpy', 'soxr', 'espeakng_loader'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_its_voices_are_not_those_of_the_demo_tests() -> None:
    """Else a model trained on its speech would know the voices of demo-el, demo-fa and demo-ru."""
    from mserbench_m5ser.translators.espeak_speaking import FEMALE, MALE

    uses = {variant.name: (variant.use, variant.sex) for variant in tables.variants()}
    assert {uses[name] for name in MALE} == {("train", "m")}
    assert {uses[name] for name in FEMALE} == {("train", "f")}


def test_what_is_installed_holds_the_worker_and_the_sentences() -> None:
    """Else it would speak from a checkout alone."""
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="it is of the extra dev")
    builder = wheel.WheelBuilder(str(ROOT))
    files = {file.distribution_path for file in builder.recurse_included_files()}
    assert "mserbench/speaking/worker.py" in files
    assert "mserbench_m5ser/translators/sentences.csv" in files


# What is heard


@pytest.fixture(scope="module")
def demo_clips(tmp_path_factory: pytest.TempPathFactory) -> list[SourceClip]:
    """English clips of the demo corpus: four emotions of two speakers."""
    from mserbench_tasks.demo.build import render
    from mserbench_tasks.demo.plan import plan

    folder = tmp_path_factory.mktemp("demo")
    chosen = [
        clip
        for clip in plan("demo")
        if clip.speaker.id in {"en_train01", "en_train02"}
        and clip.emotion in {"happy", "sad", "angry", "fear"}
    ][::4]
    digests = dict(render(chosen, folder, workers=1))

    clips = []
    for clip in chosen:
        waveform, _ = soundfile.read(folder / f"{clip.id}.flac", dtype="float32")
        heard = Clip(digests[clip.id], clip.id, len(waveform) / 16_000, lambda wave=waveform: wave)
        clips.append(
            SourceClip(
                f"demo:{clip.id}", heard, clip.sentence.text, clip.emotion, "en", clip.speaker.id
            )
        )

    return clips


def test_demo_clips_are_spoken_with_their_prosody(demo_clips: list[SourceClip]) -> None:
    """The thinnest path end to end: else nothing of the demo build would keep its label."""
    from mserbench_m5ser.prosody import measure

    translator = Espeak()
    try:
        for language in ("fr", "zh"):
            for clip, spoken in zip(
                demo_clips, translator.translate(demo_clips, language), strict=True
            ):
                assert isinstance(spoken, Speech), spoken
                assert (spoken.rate, spoken.waveform.dtype) == (16_000, np.float32)
                assert spoken.text == sentences.shown(
                    sentences.said(clip.text, clip.id, language), language
                )
                likeness = measure(clip.clip.waveform, spoken.waveform, 16_000)
                assert likeness.f0 is None or likeness.f0 > 0.7
    finally:
        translator.close()


def test_speech_is_the_same_in_any_order_and_process() -> None:
    """Else a build that was killed would go on with other samples."""
    clips = [source(number) for number in range(4)]
    first, second = Espeak(), Espeak()
    try:
        spoken = first.translate(clips, "de")
        second.translate(clips, "it")
        apart = [second.translate([clip], "de")[0] for clip in reversed(clips)]
    finally:
        first.close()
        second.close()

    assert [speech.waveform.tobytes() for speech in spoken] == [
        speech.waveform.tobytes() for speech in reversed(apart)
    ]


def test_a_killed_process_of_espeak_costs_no_clip() -> None:
    """Else the set would depend on what the machine did meanwhile."""
    translator = Espeak()
    try:
        (before,) = translator.translate([source(1)], "de")
        speaking = translator._speaking
        assert speaking is not None
        assert speaking._synthesizer._worker is not None
        speaking._synthesizer._worker.kill()
        speaking._synthesizer._worker.wait()
        speaking._plain.cache_clear()
        (after,) = translator.translate([source(1)], "de")
    finally:
        translator.close()

    assert after.waveform.tobytes() == before.waveform.tobytes()


@pytest.mark.parametrize("waveform", [np.zeros(16_000, np.float32), np.zeros(100, np.float32)])
def test_a_source_without_prosody_is_refused_alone(waveform: np.ndarray) -> None:
    """Else neutral speech would go into the set with the label of an emotion."""
    translator = Espeak()
    try:
        silent, spoken = translator.translate([source(0, waveform), source(1)], "es")
    finally:
        translator.close()

    assert isinstance(silent, Refusal)
    assert silent.reason.startswith("the source has no prosody to carry over: it is s")
    assert isinstance(spoken, Speech)


def test_what_espeak_fails_at_is_refused_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one clip would cost its whole batch."""

    def failing(self: object, request: dict[str, str]) -> None:
        raise PluginError(f"espeak-ng cannot say {request['ssml']}")

    translator = Espeak()
    monkeypatch.setattr(synthesizer.Synthesizer, "speak", failing)
    try:
        (refusal,) = translator.translate([source(1)], "de")
    finally:
        translator.close()

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "espeak-ng cannot say <speak>Hunde sitzen an der Tür.</speak>"


def test_without_espeak_all_of_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a million refusals would say what one error can."""
    monkeypatch.setattr(synthesizer, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"'espeak' needs .*mserbench\[demo\]"):
        Espeak().translate([source(1)], "de")


def test_a_speaker_keeps_a_voice_and_all_voices_are_used() -> None:
    """Else the set would have one speaker, or one speaker many voices."""
    from mserbench_m5ser.translators.espeak_speaking import FEMALE, MALE, timbre

    assert {timbre(f"speaker {number}", 120.0) for number in range(200)} == set(MALE)
    assert {timbre(f"speaker {number}", 230.0) for number in range(200)} == set(FEMALE)
    assert timbre("speaker 1", 90.0) == timbre("speaker 1", 150.0)


@pytest.mark.parametrize(("part", "value"), [("register", 0.0), ("melody", 0.0)])
def test_an_option_is_heard(part: str, value: float) -> None:
    """Else a set made without a cue would have it."""
    with_it, without = Espeak(), Espeak(EspeakOptions(**{part: False}))
    try:
        (first,), (second,) = (
            translator.translate([source(2)], "fr") for translator in (with_it, without)
        )
    finally:
        with_it.close()
        without.close()

    assert first.waveform.tobytes() != second.waveform.tobytes()
