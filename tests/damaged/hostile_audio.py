"""Audio without bound: hours of silence in a few bytes, headers that lie, rates that nobody has."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from damaged.damages_audio import encoded
from damaged.hostile import RUN, VERIFY, Place, hostile

PREDICT = ("predict", "c/wav/ada_happy_2.flac", "--model", "logmel", "--json")
PREDICT_WAV = ("predict", "c/wav/ada_happy_2.wav", "--model", "logmel", "--json")
ITEM = "ada_happy_2"


@cache
def hours_of_silence() -> bytes:
    """Return a FLAC of four hours of silence at 8 kHz: some hundred kilobytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.flac"
        with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16") as file:
            block = np.zeros(8_000 * 600, dtype=np.int16)
            for _ in range(24):
                file.write(block)

        return path.read_bytes()


@hostile("a flac of four hours of silence", VERIFY, RUN, codes=(1, 3), says=ITEM, memory=2 << 30)
def _silence(place: Place) -> None:
    place.corpus.rename(3, ".flac").write_bytes(hours_of_silence())
    place.corpus.write()


@hostile("predict of four hours of silence", PREDICT, codes=(0, 2, 3), memory=2 << 30, seconds=90.0)
def _silence_heard(place: Place) -> None:
    place.corpus.rename(3, ".flac").write_bytes(hours_of_silence())


@hostile("a flac that claims 2^36 samples", VERIFY, RUN, PREDICT, codes=(1, 3), says=ITEM)
def _claim(place: Place) -> None:
    data = bytearray(encoded("flac", 0.6))
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    place.corpus.rename(3, ".flac").write_bytes(data)
    place.corpus.write()


def _header(name: str, offset: int, form: str, value: int, codes: tuple[int, ...] = (1, 3)) -> None:
    @hostile(name, VERIFY, RUN, PREDICT_WAV, codes=codes, says=ITEM)
    def _make(place: Place) -> None:
        data = bytearray(place.corpus.path(3).read_bytes())
        struct.pack_into(form, data, offset, value)
        place.corpus.path(3).write_bytes(data)


for _rate in (0, 1, 7, 100, 2**31 - 1, 2**32 - 1):
    _header(f"a wav of {_rate} Hz", 24, "<I", _rate)
for _channels in (0, 1_000, 65_535):
    _header(f"a wav of {_channels} channels", 22, "<H", _channels, (0, 1, 3))
_header("a wav of 0 bits", 34, "<H", 0)
_header("a wav of an unknown codec", 20, "<H", 0x0161)


@hostile("a long recording of 1 Hz", VERIFY, RUN, codes=(1, 3), says=ITEM, memory=2 << 30)
def _slow(place: Place) -> None:
    """A megabyte at 1 Hz becomes 8,000,000,000 samples at 16 kHz."""
    soundfile.write(place.corpus.path(3), np.zeros(500_000), 1, "PCM_16")


@hostile("aiff that claims 2^32 frames", VERIFY, RUN, codes=(0, 1, 3))
def _aiff(place: Place) -> None:
    data = bytearray(encoded("aiff", 0.6))
    struct.pack_into(">I", data, data.index(b"COMM") + 10, 0xFFFFFFFF)
    place.corpus.rename(3, ".aiff").write_bytes(data)
    place.corpus.write()


@hostile("ogg whose last page claims 2^60 samples", VERIFY, RUN, codes=(1, 3), says=ITEM)
def _ogg(place: Place) -> None:
    """The page's checksum is wrong then, as for any bit that flipped."""
    data = bytearray(encoded("ogg", 0.6))
    struct.pack_into("<q", data, data.rindex(b"OggS") + 6, 1 << 60)
    place.corpus.rename(3, ".ogg").write_bytes(data)
    place.corpus.write()


@hostile("an mp3 of 300,000 bytes of nothing", VERIFY, RUN, codes=(1, 3), says=ITEM)
def _mp3(place: Place) -> None:
    place.corpus.rename(3, ".mp3").write_bytes(b"\xff\xfb\x90\x00" * 75_000)
    place.corpus.write()


@hostile("a segment of 10^18 s", VERIFY, RUN, codes=(1, 3), says="labels.csv|ada")
def _segment(place: Place) -> None:
    for row in place.corpus.rows:
        row |= {"start": "0", "end": "1e18"}

    place.corpus.columns |= {"start": "start", "end": "end"}
    place.corpus.write()


@hostile("a segment that starts at 10^300 s", VERIFY, RUN, codes=(1, 3), says="labels.csv|ada")
def _far(place: Place) -> None:
    for row in place.corpus.rows:
        row |= {"start": "1e300", "end": "1e301"}

    place.corpus.columns |= {"start": "start", "end": "end"}
    place.corpus.write()
