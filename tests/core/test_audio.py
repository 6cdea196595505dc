"""The decoder: every rate, width and layout becomes the same clip, and every bad file has its
sentence.
"""

from __future__ import annotations

import builtins
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mserbench.data import audio
from mserbench.data.sound import libsndfile
from mserbench.errors import DataError, MissingExtra, PackageMisfit

Tone = Callable[..., NDArray[np.float32]]
# Left and right are averaged after the surrounds of each side were added at their level.
HALF_POWER = 0.5**0.5
SHARES = {  # by ITU-R BS.775: FL FR FC LFE BL BR (SL SR); no rule for what is between
    1: [1],
    2: [1, 1],
    3: [1, 1, 1],
    5: [1, 1, 1, 1, 1],
    6: [1, 1, 2 * HALF_POWER, 0, HALF_POWER, HALF_POWER],
    7: [1, 1, 1, 1, 1, 1, 1],
    8: [1, 1, 2 * HALF_POWER, 0, 0.5, 0.5, 0.5, 0.5],
    9: [1, 1, 1, 1, 1, 1, 1, 1, 1],
}


def rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def refused(path: Path, *words: str) -> None:
    with pytest.raises(DataError) as caught:
        audio.read(path)

    for word in (repr(str(path)), *words):
        assert word in str(caught.value)

    assert caught.value.exit_code == 3


def refused_in_pieces(path: Path, text: str) -> None:
    """Look for the whole sentence, with the name that a person gave the file and without one."""
    for name, shown in (("mine.wav", "mine.wav"), ("", str(path))):
        with pytest.raises(DataError) as caught:
            list(audio.blocks(path, 1.0, name))

        assert str(caught.value) == f"audio file {shown!r} {text}"


def write_wav(path: Path, n_samples: int, rate: int = 16_000) -> Path:
    """Write samples that each tell their place."""
    soundfile.write(path, np.arange(n_samples, dtype=np.int16), rate)
    return path


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


@pytest.mark.parametrize("n_channels", SHARES)
def test_a_channel_alone_is_heard_at_its_weight(n_channels: int) -> None:
    """Each sample has sound in one channel only, so that the clip is the list of the weights."""
    alone = np.eye(n_channels, dtype=np.float32)
    weights = np.array(SHARES[n_channels]) / sum(SHARES[n_channels])
    for mono in (audio.mix_down(alone), audio.to_clip(audio.Recording(alone, 16_000))):
        assert mono.shape == (n_channels,)
        assert mono.dtype == np.float32
        np.testing.assert_allclose(mono, weights, rtol=1e-4)

    assert audio.weights(n_channels).sum() == pytest.approx(1.0, abs=1e-6)


def test_the_weights_are_those_of_published_predictions_to_the_last_bit() -> None:
    """Sums in doubles would differ there, and each embedding of a film with them."""
    front, centre, surround = 0.1846995, 0.26120204, 0.09234975
    shares = np.array([front, front, centre, 0.0, *[surround] * 4], dtype=np.float32)
    assert audio.weights(8).tolist() == shares.tolist()
    assert audio.weights(8).dtype == np.float32


@pytest.mark.parametrize("rate", [2_000, 22_050, 48_000])
def test_another_rate_is_resampled_at_the_highest_quality(rate: int) -> None:
    """A lower one keeps less of what is near 8 kHz, where sibilants are."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (rate // 4, 1)).astype(np.float32)
    clip = audio.to_clip(audio.Recording(noise, rate))
    best = soxr.resample(noise[:, 0], rate, 16_000, quality="VHQ")
    np.testing.assert_array_equal(clip, np.clip(best, -1, 1))
    assert clip.dtype == np.float32
    assert len(clip) == pytest.approx(4_000, abs=1)


def test_sound_at_16_khz_is_left_as_it_is() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (1_000, 1)).astype(np.float32)
    clip = audio.to_clip(audio.Recording(noise, 16_000))
    np.testing.assert_array_equal(clip, noise[:, 0])


def test_what_resampling_overshoots_is_limited() -> None:
    square = np.where(np.arange(2_000) // 20 % 2, 1.0, -1.0).astype(np.float32)
    clip = audio.to_clip(audio.Recording(square[:, None], 22_050))
    assert (clip.min(), clip.max()) == (-1.0, 1.0)


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


@pytest.mark.parametrize(("start", "end"), [(None, None), (0.0, None), (None, 9.0)])
def test_no_audio_in_a_part_names_the_part(
    tmp_path: Path, start: float | None, end: float | None
) -> None:
    write_wav(tmp_path / "a.wav", 0)
    span = "" if (start, end) == (None, None) else f" from {start} to {end} s"
    with pytest.raises(DataError, match=rf"a\.wav' holds no audio{re.escape(span)}: get it"):
        audio.read(tmp_path / "a.wav", start, end)


def test_a_recording_tells_its_seconds(tmp_path: Path) -> None:
    assert audio.read(write_wav(tmp_path / "a.wav", 12_000, 8_000)).seconds == 1.5


def test_the_key_is_the_hash_of_rate_channels_and_samples() -> None:
    """Keys are published: what was made by an earlier release must be the same audio still."""
    samples = np.array([[0.5, -1.0], [0.25, 0.0]], dtype=np.float32)
    content = b"8000 2 " + b"".join(value.tobytes() for value in samples.ravel())
    for layout in (samples, np.asfortranarray(samples)):
        assert audio.Recording(layout, 8_000).key == hashlib.sha256(content).hexdigest()


def test_audio_that_was_changed_in_use_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 1_600)
    key = audio.read(path, 0.0, 0.05).key
    np.testing.assert_array_equal(
        audio.decode_known(path, 0.0, 0.05, key), audio.decode(path, 0.0, 0.05)
    )

    soundfile.write(path, np.ones(1_600, dtype=np.int16), 16_000)
    with pytest.raises(DataError, match=r"a\.wav' was changed while it was in use"):
        audio.decode_known(path, 0.0, 0.05, key)


def test_a_file_tells_its_seconds_without_being_decoded(tmp_path: Path) -> None:
    assert audio.told_seconds(write_wav(tmp_path / "a.wav", 12_000, 8_000)) == 1.5

    (tmp_path / "b.wav").write_bytes(b"no audio")
    assert audio.told_seconds(tmp_path / "b.wav") == 0.0
    assert audio.told_seconds(tmp_path / "none.wav") == 0.0


@settings(max_examples=25)
@given(n_samples=st.integers(1, 2_000), n_piece=st.integers(100, 2_500))
def test_pieces_are_the_whole_in_order_and_only_the_last_is_shorter(
    tmp_path_factory: pytest.TempPathFactory, n_samples: int, n_piece: int
) -> None:
    path = write_wav(tmp_path_factory.mktemp("pieces") / "a.wav", n_samples)
    pieces = list(audio.blocks(path, n_piece / 16_000))
    *full, last = [len(piece.samples) for piece in pieces]
    assert set(full) <= {n_piece}
    assert 1 <= last <= n_piece
    assert {piece.rate for piece in pieces} == {16_000}
    np.testing.assert_array_equal(
        np.concatenate([piece.samples for piece in pieces]), audio.read(path).samples
    )


def test_a_piece_comes_before_the_next_is_decoded(tmp_path: Path, tone: Tone) -> None:
    """Else hours of a recording would be held at once, and a fault at its end cost all of it."""
    samples = tone()
    samples[2_000] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    pieces = audio.blocks(tmp_path / "a.wav", 0.1)
    assert len(next(pieces).samples) == 1_600
    with pytest.raises(DataError, match="holds NaN or infinite samples: convert it"):
        next(pieces)


def test_a_file_in_pieces_that_is_missing_empty_or_short_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    refused_in_pieces(path, "does not exist: give the name of a file that does")

    path.touch()
    refused_in_pieces(path, "is empty (0 bytes): record or copy it again")
    for n_samples, rate in ((0, 16_000), (2, 48_000)):
        refused_in_pieces(
            write_wav(path, n_samples, rate), "holds no audio: record or copy it again"
        )

    assert [len(piece.samples) for piece in audio.blocks(write_wav(path, 3, 48_000), 1.0)] == [3]


@pytest.mark.parametrize("n_samples", [1, 1_600])
def test_a_file_that_was_cut_short_says_so(tmp_path: Path, n_samples: int) -> None:
    """Libsndfile takes what is left for the whole, and the clip would be a part of a word."""
    path = write_wav(tmp_path / "a.wav", 3_200)
    path.write_bytes(path.read_bytes()[: 44 + 2 * n_samples])
    refused(path, "was cut short", "get it from the publisher again")
    with pytest.raises(DataError, match=r"'mine' was cut short.*: record or copy it again"):
        list(audio.blocks(path, 1.0, "mine"))


def test_a_single_byte_is_not_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"R")
    refused(tmp_path / "a.wav", "cannot be decoded")
    with pytest.raises(DataError, match="cannot be decoded"):
        list(audio.blocks(tmp_path / "a.wav", 1.0))


def test_a_library_that_does_not_load_is_not_the_fault_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unloaded(*_: object) -> None:
        raise OSError("cannot load library 'libsndfile.so'")

    monkeypatch.setattr(libsndfile, "read", unloaded)
    monkeypatch.setattr(libsndfile, "pieces", unloaded)
    path = write_wav(tmp_path / "a.wav", 1_600)
    with pytest.raises(PackageMisfit, match="cannot load library"):
        audio.read(path)

    with pytest.raises(PackageMisfit, match="cannot load library"):
        list(audio.blocks(path, 1.0))


def test_a_file_that_goes_away_while_it_is_read_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: Path, *_: object) -> None:
        path.unlink()
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(libsndfile, "read", gone)
    refused(write_wav(tmp_path / "a.wav", 1_600), "does not exist", "unpack the corpus again")


def test_a_reason_in_pieces_is_that_of_the_library_and_names_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "a.wav", 1_600)

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission \n denied", "folder/of/the/host")

    with monkeypatch.context() as patch:
        patch.setattr(libsndfile, "pieces", denied)
        refused_in_pieces(path, "cannot be decoded (Permission denied): convert it to wav or flac")

    path.write_bytes(b"no audio")
    with pytest.raises(DataError, match=r"cannot be decoded \(\w.*\): convert") as caught:
        list(audio.blocks(path, 1.0, "mine"))

    assert str(tmp_path) not in str(caught.value)


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


def test_the_content_decides_who_reads_a_file_not_its_name(tmp_path: Path, tone: Tone) -> None:
    pytest.importorskip("av", reason="PyAV is absent: pip install 'mserbench[video]'")
    write_container(tmp_path / "a.mp4", tone(1.0, 44_100, channels=2), 44_100, "stereo")
    (tmp_path / "a.mp4").rename(tmp_path / "a.wav")
    assert rms(audio.decode(tmp_path / "a.wav")[4_000:12_000]) == pytest.approx(
        rms(tone(1.0)[4_000:12_000]), rel=0.05
    )
    pieces = list(audio.blocks(tmp_path / "a.wav", 0.25))
    assert sum(piece.seconds for piece in pieces) == pytest.approx(1.0, abs=0.1)

    soundfile.write(tmp_path / "b.mp4", tone(), 16_000, format="WAV")
    assert len(audio.decode(tmp_path / "b.mp4")) == len(tone())


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
