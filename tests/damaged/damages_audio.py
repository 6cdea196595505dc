"""Damages of the sound itself: cut, overwritten, clipped, cancelled, silent."""

from __future__ import annotations

import struct

import numpy as np
import soundfile

from damaged.damages import allowed, damage
from damaged.encodings import WRITTEN_BY_SOUNDFILE, contained, encoded
from damaged.own_corpus import RATE, SECONDS, OwnCorpus, sound

VICTIM = 3  # the row whose recording is damaged
ITEM = "ada_happy_2"
CUT = (
    r"cut|short|promis|truncat|incomplete|ends early|holds only|expected .* (s|samples|bytes)"
    r"|cannot be decoded|holds no audio"  # another reason, but nothing passes in silence
)
ENDINGS = {"wavex": ".wav", "float wav": ".wav", "24 bit wav": ".wav", "rf64": ".wav"}


def _cutting(kind: str, share: float) -> None:
    @damage(f"{kind} cut to {share:.0%}", "audio", ITEM, CUT)
    def _cut(corpus: OwnCorpus) -> None:
        data = encoded(kind)
        target = corpus.rename(VICTIM, ENDINGS.get(kind, f".{kind}"))
        target.write_bytes(data[: round(len(data) * share)])


for _kind in WRITTEN_BY_SOUNDFILE:
    _cutting(_kind, 0.5)
for _kind in ("wav", "ogg", "opus", "flac", "mp3", "caf"):
    _cutting(_kind, 0.97)


def _cutting_container(ending: str, codec: str) -> None:
    @damage(f"{ending} cut to 50%", "audio", ITEM, CUT, needs="av")
    def _cut(corpus: OwnCorpus) -> None:
        target = corpus.rename(VICTIM, f".{ending}")
        data = contained(target, codec)
        target.write_bytes(data[: len(data) // 2])


for _ending, _codec in (("webm", "libopus"), ("m4a", "aac"), ("mkv", "libopus")):
    _cutting_container(_ending, _codec)


def _sized(size: int) -> bytes:
    """Return a wav whose RIFF and data chunks claim `size` bytes."""
    data = bytearray(encoded("wav"))
    struct.pack_into("<I", data, 4, size)
    struct.pack_into("<I", data, data.index(b"data") + 4, size)
    return bytes(data)


@allowed("wav of a stream, size 0xFFFFFFFF")
def _stream(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(_sized(0xFFFFFFFF))


@allowed("wav of a stream, size 0x7FFFFFFF")
def _stream_of_sox(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(_sized(0x7FFFFFFF))


@allowed("wav of ffmpeg's pipe, size 0xFFFFFFFF and a LIST chunk")
def _piped(corpus: OwnCorpus) -> None:
    data = _sized(0xFFFFFFFF)
    chunk = b"LIST" + struct.pack("<I", 26) + b"INFOISFT\x0e\0\0\0Lavf61.7.100\0\0"
    corpus.path(VICTIM).write_bytes(data[:36] + chunk + data[36:])


@allowed("wav with a chunk after the sound")
def _tagged(corpus: OwnCorpus) -> None:
    data = bytearray(corpus.path(VICTIM).read_bytes() + b"LIST\x04\0\0\0INFO")
    struct.pack_into("<I", data, 4, len(data) - 8)
    corpus.path(VICTIM).write_bytes(data)


@damage("wav whose data size is 0", "audio", ITEM, r"header|size 0|0 bytes|promis")
def _size_0(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(_sized(0))


@damage("two wavs joined", "audio", ITEM, r"more than|behind|after the|longer|join|promis|decoded")
def _joined(corpus: OwnCorpus) -> None:
    path = corpus.path(VICTIM)
    path.write_bytes(path.read_bytes() + corpus.path(VICTIM + 1).read_bytes())


@damage("two oggs joined", "audio", ITEM, r"more than|behind|after the|join|chain|stream")
def _chained(corpus: OwnCorpus) -> None:
    corpus.rename(VICTIM, ".ogg").write_bytes(encoded("ogg") + encoded("ogg", 1.0))


@damage("second half never written", "audio", ITEM, r"zero|silen|hole|never written|empty")
def _hole(corpus: OwnCorpus) -> None:
    samples, rate = soundfile.read(corpus.path(VICTIM))
    samples[len(samples) // 3 :] = 0
    soundfile.write(corpus.path(VICTIM), samples, rate, "PCM_16")


@damage("digital silence", "audio", ITEM, r"silen")
def _silent(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), np.zeros(8_000), RATE, "PCM_16")


@damage("silence with an offset", "audio", ITEM, r"silen|constant|no sound|offset")
def _constant(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), np.full(8_000, 0.25), RATE, "PCM_16")


@damage("silence of one step", "audio", ITEM, r"silen|quiet|faint|level|peak")
def _faint(corpus: OwnCorpus) -> None:
    steps = np.random.default_rng(1).integers(-1, 2, 9_600) / 32_768
    soundfile.write(corpus.path(VICTIM), steps, RATE, "PCM_16")


@damage("float on the scale of int16", "audio", ITEM, r"limited|clip|scale|beyond|above|reach")
def _int16_scale(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), sound(VICTIM) * 32_767, RATE, "FLOAT")


@damage("float that reaches 4", "audio", ITEM, r"limited|clip|scale|beyond|above|reach")
def _loud(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), sound(VICTIM) * 8, RATE, "FLOAT")


@allowed("float that reaches 1.1 in one sample")
def _barely(corpus: OwnCorpus) -> None:
    samples = sound(VICTIM)
    samples[100] = 1.1
    soundfile.write(corpus.path(VICTIM), samples, RATE, "FLOAT")


@damage("float 32,768 times too small", "audio", ITEM, r"silen|quiet|faint|scale|level|peak")
def _tiny(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), sound(VICTIM) / 32_768, RATE, "FLOAT")


@damage("clipped before it was written", "audio", ITEM, r"limit|clip|full scale|square")
def _square(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), np.sign(sound(VICTIM)) * 0.99997, RATE, "PCM_16")


@damage("stereo in opposite phase", "audio", ITEM, r"phase|cancel|mix|silen")
def _antiphase(corpus: OwnCorpus) -> None:
    wave = sound(VICTIM)
    soundfile.write(corpus.path(VICTIM), np.stack([wave, -wave], axis=1), RATE, "PCM_16")


@damage("stereo nearly in opposite phase", "audio", ITEM, r"phase|cancel|mix|silen")
def _nearly_antiphase(corpus: OwnCorpus) -> None:
    wave = sound(VICTIM)
    both = np.stack([wave, -0.998 * wave], axis=1)
    soundfile.write(corpus.path(VICTIM), both, RATE, "PCM_16")


@allowed("stereo with one silent channel")
def _one_sided(corpus: OwnCorpus) -> None:
    wave = sound(VICTIM)
    soundfile.write(corpus.path(VICTIM), np.stack([wave, 0 * wave], axis=1), RATE, "PCM_16")


@damage("NaN samples", "audio", ITEM, r"NaN")
def _nan(corpus: OwnCorpus) -> None:
    samples = sound(VICTIM).astype(np.float32)
    samples[500] = np.nan
    soundfile.write(corpus.path(VICTIM), samples, RATE, "FLOAT")


@damage("another file's bytes, another label", "audio", ITEM, r"same|equal|copy|copies|ident")
def _overwritten(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(corpus.path(VICTIM + 1).read_bytes())


@damage("another file's bytes, another speaker", "audio", ITEM, r"same|equal|copy|copies|ident")
def _overwritten_by_a_stranger(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(corpus.path(VICTIM + 6).read_bytes())


@damage("another file's bytes, all else alike", "audio", ITEM, r"same|equal|copy|copies|ident")
def _taken_twice(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(corpus.path(VICTIM - 1).read_bytes())


@damage("another file's sound as flac", "audio", ITEM, r"same|equal|copy|copies|ident")
def _converted_copy(corpus: OwnCorpus) -> None:
    samples, rate = soundfile.read(corpus.path(VICTIM + 1))
    soundfile.write(corpus.rename(VICTIM, ".flac"), samples, rate)


@damage("a page of a server", "audio", ITEM, r"decoded|not audio|html|text")
def _page(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_text("<html><body>404 Not Found</body></html>" * 99)


@damage("a pointer of large-file storage", "audio", ITEM, r"pointer")
def _pointer(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")


@damage("an empty file", "audio", ITEM, r"empty")
def _empty(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(b"")


@damage("a header and no sound", "audio", ITEM, r"no audio|0 s|header")
def _bare(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(corpus.path(VICTIM).read_bytes()[:44])


@damage("rate in the header is double", "audio", ITEM, r"rate|Hz")
def _double_rate(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.path(VICTIM), sound(VICTIM), 2 * RATE, "PCM_16")


@damage("m4a called mp3", "audio", ITEM, r"m4a|mp4|another (kind|format)", needs="av")
def _misnamed(corpus: OwnCorpus) -> None:
    made = corpus.folder / "made.m4a"
    data = contained(made, "aac", SECONDS)
    made.unlink()
    corpus.rename(VICTIM, ".mp3").write_bytes(data)


@allowed("mp3 called wav")
def _mp3_called_wav(corpus: OwnCorpus) -> None:
    corpus.path(VICTIM).write_bytes(encoded("mp3"))
