"""The decoder: every rate, width and layout becomes the same clip, and every bad file has its
sentence.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mserbench.data import audio
from mserbench.data.sound import libsndfile
from mserbench.errors import DataError, MissingExtra

Tone = Callable[..., NDArray[np.float32]]


def rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def refused(path: Path, *words: str) -> None:
    with pytest.raises(DataError) as caught:
        audio.read(path)

    for word in (repr(str(path)), *words):
        assert word in str(caught.value)

    assert caught.value.exit_code == 3


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_every_rate_gives_the_same_tone_at_16_khz(tmp_path: Path, tone: Tone, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(0.5, rate), rate)
    clip = audio.decode(tmp_path / "a.wav")
    assert clip.dtype == np.float32
    assert abs(len(clip) - 8_000) <= 1
    middle = slice(1_000, 7_000)  # resampling rings at the ends
    assert np.max(np.abs(clip[middle] - tone(0.5)[: len(clip)][middle])) < 2e-3


@pytest.mark.parametrize(
    ("suffix", "subtype", "error"),
    [
        ("wav", "PCM_U8", 1e-2),
        ("wav", "PCM_16", 1e-4),
        ("wav", "PCM_24", 1e-6),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 1e-7),
        ("wav", "DOUBLE", 1e-7),
        ("flac", "PCM_16", 1e-4),
        ("flac", "PCM_24", 1e-6),
        ("aiff", "PCM_16", 1e-4),
        ("ogg", "VORBIS", 5e-2),
        ("ogg", "OPUS", 1e-1),
        ("mp3", None, 5e-2),
    ],
)
def test_every_width_and_format_keeps_the_samples(
    tmp_path: Path, tone: Tone, suffix: str, subtype: str | None, error: float
) -> None:
    rate = 48_000 if subtype == "OPUS" else 16_000
    soundfile.write(tmp_path / f"a.{suffix}", tone(1.0, rate), rate, subtype=subtype)
    clip = audio.decode(tmp_path / f"a.{suffix}")
    assert abs(rms(clip[4_000:12_000]) - rms(tone(1.0)[4_000:12_000])) < error


def test_stereo_is_the_mean_of_both(tmp_path: Path, tone: Tone) -> None:
    both = np.stack([tone(), np.zeros_like(tone())], axis=1)
    soundfile.write(tmp_path / "a.wav", both, 16_000, subtype="FLOAT")
    np.testing.assert_allclose(audio.decode(tmp_path / "a.wav"), tone() / 2, atol=1e-7)


@pytest.mark.parametrize("channels", [6, 8])
def test_surround_sound_is_mixed_by_itu(tmp_path: Path, tone: Tone, channels: int) -> None:
    loud = {}
    for channel in range(channels):
        samples = np.zeros((3_200, channels), dtype=np.float32)
        samples[:, channel] = tone()
        soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
        loud[channel] = rms(audio.decode(tmp_path / "a.wav"))

    front_left, right, centre, effects, *surround = loud.values()
    assert effects == 0.0, "the low frequency channel is no part of a downmix"
    assert front_left == right
    assert centre == pytest.approx(front_left * 2**0.5, rel=1e-3), (
        "speech sits in the centre of 5.1"
    )
    assert all(front_left > level for level in surround)


def test_the_channel_order_of_ogg_is_heeded(tmp_path: Path, tone: Tone) -> None:
    loud = []
    # as written by Vorbis and Opus: left, centre, right, two surrounds, low frequencies
    for channel in range(6):
        samples = np.zeros((48_000, 6), dtype=np.float32)
        samples[:, channel] = tone(1.0, 48_000)
        soundfile.write(tmp_path / "a.ogg", samples, 48_000, subtype="OPUS")
        loud.append(rms(audio.decode(tmp_path / "a.ogg")[4_000:12_000]))

    front_left, centre, right, *surround, effects = loud
    assert centre > 1.2 * front_left > 1.2 * surround[0], (
        "the centre of a film in ogg is its speech"
    )
    assert front_left == pytest.approx(right, rel=0.05)
    assert surround == pytest.approx([front_left * 0.3536 / 0.5] * 2, rel=0.1)
    assert effects < 0.01 * centre


def test_full_scale_in_all_channels_does_not_clip(tmp_path: Path) -> None:
    soundfile.write(
        tmp_path / "a.wav", np.ones((1_600, 6), dtype=np.float32), 16_000, subtype="FLOAT"
    )
    assert audio.decode(tmp_path / "a.wav") == pytest.approx(1.0)


def test_float_samples_beyond_full_scale_are_limited(tmp_path: Path) -> None:
    soundfile.write(
        tmp_path / "a.wav", np.array([0.0, 3.0, -7.0], dtype=np.float32), 16_000, subtype="FLOAT"
    )
    assert audio.decode(tmp_path / "a.wav").tolist() == [0.0, 1.0, -1.0]


def test_a_segment_is_the_same_part_of_the_whole(tmp_path: Path, tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", np.arange(16_000, dtype=np.int16), 16_000)
    whole = audio.read(tmp_path / "a.wav").samples
    np.testing.assert_array_equal(
        audio.read(tmp_path / "a.wav", 0.25, 0.5).samples, whole[4_000:8_000]
    )
    np.testing.assert_array_equal(audio.read(tmp_path / "a.wav", None, 0.5).samples, whole[:8_000])
    np.testing.assert_array_equal(
        audio.read(tmp_path / "a.wav", 0.75, 99.0).samples, whole[12_000:]
    )


def test_a_segment_beyond_the_end_holds_no_audio(tmp_path: Path, tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    for start, end in ((5.0, 6.0), (5.0, None), (0.1, 0.1)):
        with pytest.raises(DataError, match=r"a\.wav' holds no audio from .* to .*: get it"):
            audio.read(tmp_path / "a.wav", start, end)


def test_a_lossless_copy_has_the_same_key_and_another_recording_has_not(
    tmp_path: Path, tone: Tone
) -> None:
    samples = (tone() * 32_767).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    soundfile.write(tmp_path / "a.flac", samples, 16_000)
    soundfile.write(tmp_path / "b.flac", -samples, 16_000)
    soundfile.write(tmp_path / "c.flac", samples, 8_000)
    keys = [audio.read(tmp_path / name).key for name in ("a.wav", "a.flac", "b.flac", "c.flac")]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    "suffix",
    ["wav", "flac", "ogg", "mp3", "aif", "aiff", "mp4", "m4a", "mov", "mkv", "webm", "aac", "wma"],
)
def test_an_ending_is_that_of_audio_in_any_case(suffix: str) -> None:
    """An ending that is not known would make a recording invisible in a folder."""
    assert audio.is_audio(f"folder.d/a.{suffix}")
    assert audio.is_audio(f"A.{suffix.upper()}")
    assert not audio.is_audio(f"{suffix}/a.txt")
    assert not audio.is_audio(suffix)


def test_a_missing_file_and_a_broken_link_say_so(tmp_path: Path) -> None:
    refused(tmp_path / "none.wav", "does not exist", "unpack the corpus again")
    (tmp_path / "link.wav").symlink_to(tmp_path / "gone.wav")
    refused(tmp_path / "link.wav", "does not exist")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    refused(tmp_path / "loop.wav", "does not exist")
    # One such row of a table must not end the run of all others.
    refused(tmp_path / f"{'9' * 5_000}.wav", "does not exist")


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    refused(tmp_path / "a.wav", "is empty (0 bytes)", "get it from the publisher again")


def test_a_header_without_audio_says_so(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0, dtype=np.float32), 16_000)
    refused(tmp_path / "a.wav", "holds no audio", "get it from the publisher again")


def test_less_than_one_sample_at_16_khz_is_no_audio(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(2, 0.5, dtype=np.float32), 48_000)
    refused(tmp_path / "a.wav", "holds no audio")
    soundfile.write(tmp_path / "b.wav", np.full(3, 0.5, dtype=np.float32), 48_000)
    assert len(audio.decode(tmp_path / "b.wav")) >= 1


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.m4a", "a.mp4"])
@pytest.mark.parametrize(
    "content", [b"<html>404</html>" * 100, bytes(5_000), b"RIFF\xff\xff\xff\x7fWAVEfmt "]
)
def test_bytes_that_are_no_audio_say_so(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "get it from the publisher again")


def test_a_pointer_of_large_file_storage_says_what_to_run(tmp_path: Path) -> None:
    """A clone of CREMA-D or ShEMO without git-lfs looks complete by its names; 'cannot be decoded'
    would not help.
    """
    for name in ("a.wav", "a.mp3", "a.flac"):
        (tmp_path / name).write_text(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 60000\n"
        )
        refused(
            tmp_path / name,
            "is a pointer of Git's large-file storage, not audio: run 'git lfs pull'",
        )


def test_a_folder_with_an_audio_name_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    refused(tmp_path / "a.wav", "does not exist")


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(libsndfile, "read", denied)
    refused(tmp_path / "a.wav", "Permission denied")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_nan_and_infinite_samples_say_so(
    tmp_path: Path, tone: Tone, value: float, subtype: str
) -> None:
    samples = tone()
    samples[100] = value
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype=subtype)
    refused(tmp_path / "a.wav", "NaN or infinite samples", "convert or exclude it")


def test_a_double_beyond_float32_is_infinite_and_says_so(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.0, 1e300]), 16_000, subtype="DOUBLE")
    refused(tmp_path / "a.wav", "NaN or infinite samples")


def write_container(
    path: Path, samples: NDArray[np.float32], rate: int, layout: str, codec: str = "aac"
) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T), format="fltp", layout=layout
        )
        frame.sample_rate = rate

        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


@pytest.mark.parametrize("suffix", ["m4a", "mp4", "mkv"])
def test_containers_are_read_by_pyav(tmp_path: Path, tone: Tone, suffix: str) -> None:
    pytest.importorskip("av", reason="PyAV is absent: pip install 'mserbench[video]'")
    write_container(tmp_path / f"a.{suffix}", tone(1.0, 44_100, channels=2), 44_100, "stereo")
    clip = audio.decode(tmp_path / f"a.{suffix}")
    assert len(clip) == pytest.approx(16_000, abs=1_600), "coding adds or drops some frames"
    assert rms(clip[4_000:12_000]) == pytest.approx(rms(tone(1.0)[4_000:12_000]), rel=0.05)
    assert len(audio.decode(tmp_path / f"a.{suffix}", 0.25, 0.5)) == 4_000


def test_the_centre_of_a_film_is_louder_than_its_surrounds(tmp_path: Path, tone: Tone) -> None:
    pytest.importorskip("av", reason="PyAV is absent: pip install 'mserbench[video]'")
    loud = []
    for channel in (2, 3, 4):  # centre, low frequency effects, surround
        samples = np.zeros((48_000, 6), dtype=np.float32)
        samples[:, channel] = tone(1.0, 48_000)
        write_container(tmp_path / "a.mp4", samples, 48_000, "5.1")
        loud.append(rms(audio.decode(tmp_path / "a.mp4")[4_000:12_000]))

    centre, effects, surround = loud
    assert centre > 1.5 * surround
    assert effects < 0.01 * centre


def test_a_container_without_audio_says_so(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is absent: pip install 'mserbench[video]'")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), dtype=np.uint8), format="rgb24")

        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)

    refused(tmp_path / "a.mp4", "has no audio stream")


def test_without_pyav_a_container_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.m4a").write_bytes(b"anything")
    real_import = builtins.__import__

    def without_av(name: str, *arguments: object, **named: object) -> object:
        if name == "av":
            raise ModuleNotFoundError("No module named 'av'")
        return real_import(name, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(
        MissingExtra, match=r"a\.m4a' needs the package 'av'.*pip install 'mserbench\[video\]'"
    ) as caught:
        audio.read(tmp_path / "a.m4a")

    assert caught.value.exit_code == 4
