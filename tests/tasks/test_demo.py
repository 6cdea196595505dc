"""The demo corpora: what is planned, how names are read, and that the same samples come out every
time.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from mserbench.data import corpus, index, trees
from mserbench.errors import DataError, MissingExtra, PluginError
from mserbench.labels import CANONICAL
from mserbench.speaking import synthesizer as client
from mserbench.speaking.synthesizer import Synthesizer
from mserbench_tasks.demo import build as building
from mserbench_tasks.demo import post
from mserbench_tasks.demo.corpora import DEMO, DEMO_EL, DEMO_FA, DEMO_RU, parse
from mserbench_tasks.demo.plan import Plan, Speaker, plan, request, speakers
from mserbench_tasks.demo.tables import CONTROLS, profiles, sentences, variants

CORPORA = {corpus.card.name: corpus for corpus in (DEMO, DEMO_EL, DEMO_FA, DEMO_RU)}
TESTS = ("demo-el", "demo-fa", "demo-ru")

needs_espeak = pytest.mark.skipif(
    find_spec("espeakng_loader") is None,
    reason="espeakng_loader is absent: pip install 'mserbench[demo]'",
)
by_corpus = pytest.mark.parametrize("name", CORPORA)


@pytest.fixture(scope="module")
def clips() -> list[Plan]:
    """Five clips of five languages, with the cues that draw most noise: rough, tremor, breath."""
    first = {clip.id.rsplit("_", 2)[0]: clip for name in CORPORA for clip in planned(name)}
    keys = (
        "en_train01_angry",
        "zh_val02_happy",
        "el_test03_fear",
        "fa_test40_sad",
        "ru_test08_surprise",
    )

    return [first[key] for key in keys]


@cache
def planned(name: str) -> tuple[Plan, ...]:
    return tuple(plan(name))


def speakers_of(*names: str) -> list[Speaker]:
    return [
        speaker
        for name in names
        for language in CORPORA[name].card.languages
        for speaker in speakers(language)
    ]


# What is planned


@by_corpus
def test_counts_of_plan_card_and_ids_agree(name: str) -> None:
    """Else a complete corpus would be called incomplete, or an incomplete one complete."""
    card, clips = CORPORA[name].card, planned(name)
    assert Counter(clip.emotion for clip in clips) == card.counts["complete"]
    assert len({clip.speaker.id for clip in clips}) == card.speakers
    assert {clip.speaker.language for clip in clips} == set(card.languages)
    remedy = f"write the sorted ids of plan({name!r}) into inventory/{name}.txt, one a line"
    assert corpus.inventory(card) == tuple(sorted(clip.id for clip in clips)), remedy


def test_sizes_are_the_published_ones() -> None:
    """Else figures published for the demo corpora would rest on another split."""
    assert Counter(clip.speaker.split for clip in planned("demo")) == {"train": 1344, "val": 252}
    assert [len(planned(name)) for name in TESTS] == [560, 560, 560]


@pytest.mark.parametrize("trait", ["id", "language", "variant"])
def test_training_and_test_share_no_trait(trait: str) -> None:
    """Else the demo tasks would not be zero-shot: a voice or a language would be known from
    training.
    """
    training = {getattr(speaker, trait) for speaker in speakers_of("demo")}
    assert training.isdisjoint(getattr(speaker, trait) for speaker in speakers_of(*TESTS))


@pytest.mark.parametrize("language", DEMO.card.languages)
def test_validation_voices_are_not_training_voices(language: str) -> None:
    """Else validation would reward a model that knows the voice."""
    by_split = {
        split: {speaker.variant for speaker in speakers(language) if speaker.split == split}
        for split in ("train", "val")
    }
    assert by_split["train"].isdisjoint(by_split["val"])
    assert [len(by_split[split]) for split in ("train", "val")] == [8, 2]


@by_corpus
def test_plan_is_the_same_on_every_call(name: str) -> None:
    """Else two machines would make different corpora."""
    first = [(clip.id, clip.z, request(clip)) for clip in planned(name)]
    speakers.cache_clear()
    assert [(clip.id, clip.z, request(clip)) for clip in plan(name)] == first


@by_corpus
def test_requests_stay_in_the_range_of_espeak(name: str) -> None:
    """Else a control would saturate or espeak-ng would clip the sound (volume above 100)."""
    requests = [request(clip) for clip in planned(name)]
    for control, low, high in (
        ("pitch", 4, 92),
        ("range", 2, 100),
        ("rate", 90, 330),
        ("volume", 90, 90),
    ):
        assert all(low <= int(spoken_request[control]) <= high for spoken_request in requests)
        assert (
            control == "volume"
            or len({spoken_request[control] for spoken_request in requests}) > 20
        )


def test_every_speaker_says_every_emotion_in_different_sentences() -> None:
    """Else a model could tell the emotion from the words, or a speaker would lack a class."""
    for name in CORPORA:
        spoken = Counter(
            (clip.speaker.id, clip.emotion, clip.sentence.id) for clip in planned(name)
        )
        assert set(spoken.values()) == {1}
        pairs = {(speaker, emotion) for speaker, emotion, _ in spoken}
        assert len(pairs) == len(CANONICAL) * len({speaker for speaker, _ in pairs})


def test_unknown_corpus_is_refused() -> None:
    """Else a misspelt name would make an empty corpus."""
    with pytest.raises(ValueError, match="'demo-xx' is no demo corpus"):
        plan("demo-xx")


def test_tables_are_complete() -> None:
    """Else an emotion, a cue, a sentence or a voice would be missing without a word."""
    assert set(profiles()) == set(CANONICAL)
    assert all(tuple(profile) == CONTROLS for profile in profiles().values())
    assert Counter(language for language, _ in sentences()) == dict.fromkeys(
        ("en", "fr", "de", "it", "es", "zh", "el", "fa", "ru"), 10
    )
    use = Counter((variant.use, variant.sex) for variant in variants())
    assert use == {("train", "m"): 14, ("train", "f"): 7, ("test", "m"): 10, ("test", "f"): 5}


# What the harness sees


@by_corpus
def test_names_tell_what_was_planned(name: str) -> None:
    """Else clips would be scored against a wrong label or grouped under a wrong speaker."""
    by_id = {clip.id: clip for clip in planned(name)}
    utterances = list(parse(trees.Inventory(sorted(by_id))))
    assert len(utterances) == len(by_id)

    for utterance in utterances:
        clip, speaker = by_id[utterance.id], by_id[utterance.id].speaker
        assert (utterance.raw_label, utterance.text) == (clip.emotion, clip.sentence.text)
        assert (utterance.speaker, utterance.language, utterance.split, utterance.sex) == (
            f"{name}:{speaker.id}", speaker.language, speaker.split, speaker.sex
        )  # fmt: skip


@given(st.text(alphabet="elt_stangry0123-.é", max_size=30))
def test_other_names_are_no_utterances(stem: str) -> None:
    """Else a stranger's file in the folder would crash the parser or be taken for a clip."""
    assert [utterance.id for utterance in parse(trees.Inventory([stem]))] in ([], [stem])
    assert list(parse(trees.Inventory([f"{stem}_el_test01_angry_s11_1"]))) == []


def test_cards_say_that_the_speech_is_synthetic() -> None:
    """Else a row of a table could pass for a result on human speech."""
    for source in CORPORA.values():
        assert source.card.synthetic
        assert "synthetic, rule-based" in source.card.title
        assert source.card.access == "generated"


def test_listing_the_corpora_loads_nothing_heavy() -> None:
    """Else `mserbench corpora` would load numpy, or GPL code would enter the process."""
    code = (
        "import sys, mserbench_tasks.demo.corpora;print(sorted({'numpy', 'scipy', 'soundfile', "
        "'ctypes', 'espeakng_loader'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_espeak_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a user without the extra would see a traceback."""
    monkeypatch.setattr(client, "find_spec", lambda _name: None)
    with pytest.raises(
        MissingExtra, match=r"the demo corpus needs .*'espeakng_loader'.*'mserbench\[demo\]'"
    ):
        DEMO_EL.provide()  # type: ignore[misc]


# What is heard


@needs_espeak
def test_same_samples_in_any_order_and_number_of_processes(
    clips: list[Plan], tmp_path: Path
) -> None:
    """Else a corpus would depend on the machine's number of cores, and no number could be
    repeated.
    """
    first, two = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    two.mkdir()
    digests = dict(building.render(clips, first, workers=1))
    assert dict(building.render(clips[::-1], two, workers=2)) == digests
    assert len(set(digests.values())) == len(clips)

    for clip in clips:
        assert (first / f"{clip.id}.flac").read_bytes() == (two / f"{clip.id}.flac").read_bytes()


@needs_espeak
def test_a_process_a_clip_gives_the_same_samples(clips: list[Plan]) -> None:
    """Else a platform that cannot unload a library would make another corpus."""
    with Synthesizer(building.PURPOSE) as shared, Synthesizer(building.PURPOSE, True) as single:
        for clip in clips:
            assert np.array_equal(shared.speak(request(clip)), single.speak(request(clip)))


@needs_espeak
@pytest.mark.parametrize(
    ("change", "named"),
    [({"voice": "zh"}, "voice 'zh'"), ({"variant": "nobody"}, "variant 'nobody'")],
)
def test_unknown_voice_is_refused(clips: list[Plan], change: dict[str, str], named: str) -> None:
    """Else espeak-ng would go on with the voice before, or without the variant, and say nothing."""
    with Synthesizer(building.PURPOSE) as synthesizer, pytest.raises(PluginError, match=named):
        synthesizer.speak({**request(clips[0]), **change})


@needs_espeak
def test_dead_worker_is_one_sentence(clips: list[Plan]) -> None:
    """Else a killed espeak-ng process would hang the run or give a cut clip."""
    with Synthesizer(building.PURPOSE) as synthesizer:
        assert synthesizer._worker is not None
        synthesizer._worker.kill()
        synthesizer._worker.wait()

        with pytest.raises(PluginError, match="its process"):
            synthesizer.speak(request(clips[0]))


@needs_espeak
def test_after_a_failure_the_next_request_is_spoken_as_ever(clips: list[Plan]) -> None:
    """Else one text that espeak-ng refuses would end a build of a million clips."""
    with Synthesizer(building.PURPOSE) as synthesizer:
        before = synthesizer.speak(request(clips[0]))
        with pytest.raises(PluginError, match="voice 'xx'"):
            synthesizer.speak({**request(clips[0]), "voice": "xx"})

        assert np.array_equal(synthesizer.speak(request(clips[0])), before)


@needs_espeak
def test_clips_are_speech_of_the_stated_format(clips: list[Plan], tmp_path: Path) -> None:
    """Else models would get silence, clipped sound, or another sample rate."""
    list(building.render(clips, tmp_path, workers=1))
    for clip in clips:
        info = soundfile.info(tmp_path / f"{clip.id}.flac")
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert 1.0 < info.duration < 7.0
        samples, _ = soundfile.read(tmp_path / f"{clip.id}.flac")
        assert 0.01 < np.abs(samples).max() < 1.0


def test_gain_control_is_heard(clips: list[Plan]) -> None:
    """Else loudness, the strongest cue of the rule, would not reach the sound: one unit of z is 5
    dB.
    """
    buzz = (8000 * np.sign(np.sin(np.arange(22_050) / 22_050 * 2 * np.pi * 110))).astype(np.int16)
    levels = []
    for z in (0.0, 1.0):
        z_of_clip = {**clips[0].z, "gain": z}
        louder = Plan(clips[0].id, clips[0].speaker, clips[0].emotion, clips[0].sentence, z_of_clip)
        levels.append(post._active_level(post.finish(buzz, louder) / 32768.0))

    assert 20 * np.log10(levels[1] / levels[0]) == pytest.approx(5.0, abs=0.1)


@needs_espeak
@pytest.mark.slow
@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="digests are known for Linux on x86-64",
)
@by_corpus
def test_whole_corpus_is_the_published_edition(name: str) -> None:
    """Else the published figures would be those of other audio: raise VERSION and state the new
    digest.
    """
    root = corpus.find(CORPORA[name], None)
    reading = corpus.read(CORPORA[name], root)
    digest = index.digest(index.index(root, list(reading.utterances.values())))
    assert (reading.problems, reading.variant) == ([], "complete")
    assert [digest[:8]] == list(CORPORA[name].card.editions)


# Making the folder


@needs_espeak
def test_build_is_read_as_a_corpus_and_kept(
    clips: list[Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else each run would make the audio again, or write progress into the output of programs."""
    folder = building.build("demo-el", clips, tmp_path, workers=2)
    assert [utterance.id for utterance in parse(trees.Folder(folder))] == sorted(
        clip.id for clip in clips
    )
    assert json.loads((folder / building.MARKER).read_text())["clips"] == len(clips)
    first = capsys.readouterr()
    assert first.out == ""
    assert "making demo-el: 5 clips" in first.err
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert building.build("demo-el", clips, tmp_path, workers=2) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert capsys.readouterr().err == ""


@needs_espeak
def test_build_that_dies_leaves_no_half_corpus(
    clips: list[Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a killed first run would leave a folder that later runs take for the whole corpus."""
    monkeypatch.setattr(building, "render", dying_after(2, building.render))
    with pytest.raises(KeyboardInterrupt):
        building.build("demo-el", clips, tmp_path, workers=2)

    assert not (tmp_path / "demo-el").exists()
    (tmp_path / ".demo-el.killed.part").mkdir()  # a process that is killed cannot clean up
    monkeypatch.undo()
    folder = building.build("demo-el", clips, tmp_path, workers=2)
    assert sorted(path.stem for path in folder.glob("*.flac")) == sorted(clip.id for clip in clips)
    assert list(tmp_path.glob(".demo-el.*.part")) == []


def dying_after(
    count: int, render: Callable[..., Iterator[tuple[str, str]]]
) -> Callable[..., object]:
    def dying(clips: Sequence[Plan], folder: Path, workers: int) -> Iterator[tuple[str, str]]:
        for done, result in enumerate(render(clips, folder, workers)):
            if done == count:
                raise KeyboardInterrupt

            yield result

    return dying


@needs_espeak
def test_full_disk_is_said_with_its_remedy(
    clips: list[Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a full disk would end in a traceback, or in a corpus with empty files."""

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"'demo-el'.*No space left on device; .*MSERBENCH_CACHE"):
        building.build("demo-el", clips, tmp_path, workers=1)

    assert not (tmp_path / "demo-el").exists()


@needs_espeak
def test_another_version_of_the_code_has_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else audio of an older rule would be scored under the new one's name."""
    before = building.recipe()
    assert building.recipe() == before
    monkeypatch.setattr(building, "VERSION", "next")
    assert building.recipe() != before
