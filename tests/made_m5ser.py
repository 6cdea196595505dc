"""Built sets of multilingual speech, small and made up, and the folders of sources beside them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import soundfile
from numpy.typing import NDArray

from mserbench_m5ser import layout

RATE = 16_000
TYPES = {
    "string": pyarrow.string(),
    "double": pyarrow.float64(),
    "int64": pyarrow.int64(),
    "struct<bytes: binary, path: string>": pyarrow.struct(
        [("bytes", pyarrow.binary()), ("path", pyarrow.string())]
    ),
}
SCHEMA = pyarrow.schema([(name, TYPES[kind]) for name, kind in layout.COLUMNS.items()])

Sound = Callable[[str, str, int], NDArray[np.float32]]
"""From language, emotion and the number of the clip to samples at 16 kHz."""


@dataclass(frozen=True)
class Made:
    """A built set, and the data folder and file of the corpus that it was made from."""

    folder: Path
    source: Path
    corpus: str


def tone_of_noise(centre: float, number: int, seconds: float = 0.45) -> NDArray[np.float32]:
    """Noise around a frequency in Hz, different for each number."""
    n = round(seconds * RATE)
    generator = np.random.default_rng(number)
    spectrum = np.fft.rfft(generator.normal(size=n))
    frequencies = np.fft.rfftfreq(n, 1 / RATE)
    spectrum *= np.exp(-0.5 * (np.log2(np.maximum(frequencies, 20) / centre) / 0.4) ** 2)
    waveform = np.fft.irfft(spectrum, n) + 1e-3 * generator.normal(size=n)

    return np.asarray(0.1 * waveform / waveform.std(), dtype=np.float32).clip(-1, 1)


def make(
    folder: Path,
    sound: Sound,
    emotions: Sequence[str],
    languages: Iterable[str] = ("de", "fr"),
    speakers: int = 6,
    takes: int = 3,
) -> Made:
    """Write an English corpus of one's own, and a built set that says to be made from it."""
    # A process knows a corpus of one's own by its name: each has another.
    corpus = f"made-{folder.name}"
    source = _english(corpus, folder / "english", sound, emotions, speakers, takes)
    rows = {
        language: [
            _row(corpus, language, emotion, speaker, take, sound(language, emotion, number))
            for number, (emotion, speaker, take) in enumerate(_plan(emotions, speakers, takes))
        ]
        for language in languages
    }
    return Made(write(folder / "set", rows, [corpus]), source, corpus)


def write(folder: Path, rows: Mapping[str, list[dict[str, object]]], sources: list[str]) -> Path:
    """Write shards, one a language, and a manifest."""
    shards = folder / layout.SHARDS
    shards.mkdir(parents=True)
    for language, entries in rows.items():
        table = pyarrow.Table.from_pylist(entries, schema=SCHEMA)
        # Groups of few rows, so that several are read and some passed over.
        pyarrow.parquet.write_table(table, shards / f"{language}-00000.parquet", row_group_size=16)

    records = [{"task": source, "partial": False} for source in sources]
    (folder / layout.MANIFEST).write_text(json.dumps({"asked": {"sources": records}}))
    return folder


def flac(samples: NDArray[np.float32]) -> bytes:
    """Return samples as a FLAC file of 16 bit."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, format="FLAC", subtype="PCM_16")
    return out.getvalue()


def _plan(emotions: Sequence[str], speakers: int, takes: int) -> list[tuple[str, int, int]]:
    return [
        (emotion, speaker, take)
        for speaker in range(speakers)
        for emotion in emotions
        for take in range(takes)
    ]


def _english(
    corpus: str, folder: Path, sound: Sound, emotions: Sequence[str], speakers: int, takes: int
) -> Path:
    folder.mkdir(parents=True)
    for number, (emotion, speaker, take) in enumerate(_plan(emotions, speakers, takes)):
        name = f"s{speaker}_{emotion}_{take}.flac"
        (folder / name).write_bytes(flac(sound("en", emotion, number)))

    definition = folder.parent / "english.toml"
    labels = "\n".join(f'"{emotion}" = "{emotion}"' for emotion in emotions)
    definition.write_text(
        rf"""name = "{corpus}"
language = "en"
audio = "english"
pattern = '(?P<speaker>s\d+)_(?P<label>[a-z]+)_(?P<take>\d+)\.flac'

[labels]
{labels}
"""
    )
    return definition


def _row(
    corpus: str, language: str, emotion: str, speaker: int, take: int, samples: NDArray[np.float32]
) -> dict[str, object]:
    source = f"s{speaker}_{emotion}_{take}"
    sound = flac(samples)
    name = f"{corpus}/{source}/{language}"
    return {
        "id": name,
        "audio": {"bytes": sound, "path": f"{source}.flac"},
        "emotion": emotion,
        "language": language,
        "speaker": f"s{speaker}",
        "split": None,
        "text": None,
        "source_text": None,
        "source_corpus": corpus,
        "source_id": source,
        "derived_from": f"{corpus}:{source}",
        "derived_audio": "0" * 64,
        "seconds": len(samples) / RATE,
        "pcm16_bytes": 44 + 2 * len(samples),
        "key": hashlib.sha256(sound).hexdigest(),
        "translator": "made",
        "translator_version": "1",
    }
