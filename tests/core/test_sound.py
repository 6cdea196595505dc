"""What samples and headers tell of a sound: levels, promises, bounds, formats, and silence."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from damaged.encodings import WRITTEN_BY_SOUNDFILE, encoded
from damaged.own_corpus import sound
from numpy.typing import NDArray

from mserbench.data import audio
from mserbench.data.sound import bounds, formats, promises
from mserbench.data.sound.levels import Level, level_of
from mserbench.errors import DataError

Samples = NDArray[np.float32]


def level(samples: NDArray[np.floating]) -> Level:
    """Return the level of one channel, or of several."""
    both = np.atleast_2d(samples.astype(np.float32).T).T
    return level_of(both, audio.mix_down(both), audio.weights(both.shape[1]))


SPEECH = sound(1)
STEP = 1 / 32_768


@pytest.mark.parametrize(
    ("samples", "words", "ruined"),
    [
        (0 * SPEECH, "digital silence", False),
        (0 * SPEECH + 0.25, "offset of 0.25", False),
        (np.tile([0, STEP, -STEP, 0, 0], 999), "nearly silence", False),
        (SPEECH / 32_768, "nearly silence", False),
        (SPEECH * 32_767, "scale of 16 bit", True),
        (SPEECH * 2.5, "make it softer", False),
        (np.sign(SPEECH) * 0.99997, "square wave", True),
        (np.clip(SPEECH * 6, -0.9, 0.9), "was clipped", False),
        (np.stack([SPEECH, -SPEECH], axis=1), "opposite phase", True),
        (np.stack([SPEECH, -0.95 * SPEECH], axis=1), "opposite phase", True),
        (np.concatenate([SPEECH[:3_000], np.zeros(6_600)]), "run of zeros", False),
        (np.concatenate([SPEECH[:1_500], np.zeros(6_600), SPEECH[:1_500]]), "zeros", False),
    ],
)
def test_what_was_done_to_a_sound_is_named(
    samples: NDArray[np.floating], words: str, ruined: bool
) -> None:
    damaged = level(samples)
    assert words in damaged.sentence
    assert damaged.ruined == ruined


@pytest.mark.parametrize(
    "samples",
    [
        SPEECH,
        SPEECH * 0.01,  # -46 dB, as the softest recording of RAVDESS
        SPEECH * 2.0,
        np.stack([SPEECH, 0 * SPEECH], axis=1),
        np.stack([SPEECH, SPEECH * 0.25], axis=1),
        np.stack([SPEECH, sound(2)], axis=1),  # nothing in common
        np.stack([SPEECH, *[0 * SPEECH] * 5], axis=1),
        np.stack([0 * SPEECH] * 3 + [SPEECH] + [0 * SPEECH] * 2, axis=1),  # low frequencies alone
        np.round(SPEECH * 127) / 128,  # 8 bit
        np.sin(np.arange(16_000) / 10),
        np.concatenate([np.zeros(4_000), SPEECH]),  # as RAVDESS begins
    ],
)
def test_nothing_is_said_of_what_is_usual(samples: NDArray[np.floating]) -> None:
    assert level(samples) == Level()


@pytest.mark.parametrize("kind", WRITTEN_BY_SOUNDFILE)
@pytest.mark.parametrize("seconds", [0.05, 0.6, 12.0])
def test_a_whole_file_keeps_its_promise(tmp_path: Path, kind: str, seconds: float) -> None:
    path = tmp_path / "a"
    path.write_bytes(encoded(kind, seconds))
    assert promises.broken(path) == ""
    assert formats.told_by_content(path)


@pytest.mark.parametrize("kind", [kind for kind in WRITTEN_BY_SOUNDFILE if kind != "flac"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_breaks_it_and_no_reader_takes_it(
    tmp_path: Path, kind: str, share: float
) -> None:
    path = tmp_path / "a"
    data = encoded(kind, 3.0)
    path.write_bytes(data[: round(len(data) * share)])
    assert "was cut short" in promises.broken(path)
    for read in (audio.read, lambda path: list(audio.blocks(path, 1.0))):
        with pytest.raises(DataError, match="cut short"):
            read(path)


def test_an_mp3_without_a_note_of_its_length_ends_with_a_whole_frame(tmp_path: Path) -> None:
    """An encoder that writes into a pipe notes no length: then only its frames can tell."""
    data = encoded("mp3", 2.0)
    frames = data.replace(b"Xing", b"\0\0\0\0").replace(b"Info", b"\0\0\0\0")
    path = tmp_path / "a.mp3"
    path.write_bytes(frames)
    assert promises.broken(path) == ""
    path.write_bytes(b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + frames + b"TAG" + bytes(125))
    assert promises.broken(path) == ""
    path.write_bytes(frames[:-50])
    assert "within a frame" in promises.broken(path)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF, 0x7FFFFFDB, 0x80000000])
def test_sizes_of_streams_promise_nothing(tmp_path: Path, size: int) -> None:
    data = bytearray(encoded("wav"))
    struct.pack_into("<I", data, data.index(b"data") + 4, size)
    (tmp_path / "a.wav").write_bytes(data)
    assert audio.read(tmp_path / "a.wav").seconds == 2.0


@pytest.mark.parametrize(
    ("rate", "channels", "frames", "words"),
    [
        (16_000, 1, 16_000 * 1_800, ""),
        (16_000, 1, 16_000 * 1_801, "1,801 s"),
        (1_999, 1, 10, "1,999 Hz"),
        (2_000, 1, 10, ""),
        (768_001, 1, 10, "768,001 Hz"),
        (768_000, 2, 768_000 * 600, "samples in 2 channels"),
        (8_000, 1, None, ""),
    ],
)
def test_what_a_header_claims_has_bounds(
    rate: int, channels: int, frames: int | None, words: str
) -> None:
    said = bounds.refused(rate, channels, frames)
    assert words in said
    assert bool(said) == bool(words)


def test_a_name_of_another_format_is_told_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(encoded("mp3"))
    said = formats.misnamed(path, formats.told_by_content(path))
    assert said == "is called .wav but holds mp3"
    assert audio.read(path).seconds == pytest.approx(2.0, abs=0.2)
    assert formats.misnamed(tmp_path / "a.unknown", "mp3") == ""


BROKEN_MP3 = """
import sys
from pathlib import Path
from mserbench.data import audio
path = Path(sys.argv[1])
try:
    audio.read(path)
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
"""


def test_a_library_is_silent_and_python_is_not(tmp_path: Path) -> None:
    """mpg123 writes its notes from C, past everything that Python could catch."""
    path = tmp_path / "a.mp3"
    path.write_bytes(b"\xff\xfb\x90\x00" * 500)
    command = [sys.executable, "-c", BROKEN_MP3, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr in ("DataError\n", "")


def test_a_part_of_a_long_file_is_read_and_the_whole_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(2_000 * 1_900, dtype=np.int16), 2_000)
    with pytest.raises(DataError, match="claims 1,900 s, but a clip of at most 1,800 s"):
        audio.read(path)

    assert audio.read(path, 1_850.0, 1_851.0).seconds == 1.0
    assert sum(piece.seconds for piece in audio.blocks(path, 100.0)) == 1_900.0
