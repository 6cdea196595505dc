"""One sound in every format that the decoders read, as bytes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile

from damaged.own_corpus import RATE, sound

NUMBER = 3  # of the sound: that of the row whose recording is damaged
WRITTEN_BY_SOUNDFILE = {  # format, subtype
    "wav": ("WAV", "PCM_16"),
    "wavex": ("WAVEX", "PCM_16"),
    "float wav": ("WAV", "FLOAT"),
    "24 bit wav": ("WAV", "PCM_24"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
}


def encoded(kind: str, seconds: float = 2.0) -> bytes:
    """Return the victim's sound in a format."""
    file = io.BytesIO()
    form, subtype = WRITTEN_BY_SOUNDFILE[kind]
    soundfile.write(file, sound(NUMBER, seconds), RATE, subtype=subtype, format=form)
    return file.getvalue()


def contained(path: Path, codec: str, seconds: float = 2.0) -> bytes:
    """Return the victim's sound as PyAV writes it into a container."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        samples = sound(NUMBER, seconds, 48_000).astype(np.float32)[None, :]
        for start in range(0, samples.shape[1], 960):
            part = np.ascontiguousarray(samples[:, start : start + 960])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    return path.read_bytes()
