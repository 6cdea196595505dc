"""The espeak-ng worker, run as a script: requests come in on stdin, speech goes out on stdout.

It is a program of its own because espeak-ng is GPL-3, keeps state and changes the locale of its
process; it imports nothing of mserbench. A request is one line of JSON (see `synthesise`). The
reply is one line of JSON, {"samples": n} followed by n native int16 samples at 22,050 Hz, or
{"error": sentence}.

espeak-ng's output depends on what was said before, even after it is terminated. Only a freshly
loaded library gives the same bytes each time, so every request loads and unloads it (under 1 ms).
Where unloading does nothing, the first line, {"reloads": false}, says so, and the client starts one
process a clip (`--once`).
"""

from __future__ import annotations

import _ctypes
import ctypes
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import espeakng_loader

SAMPLE_RATE = 22_050  # Hz
SYNCHRONOUS = 2
BUFFER_MS = 0  # other lengths change the samples
DONT_EXIT = 0x8000  # else a bad data path ends the process
UTF8_SSML = 0x01 | 0x10
PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}
SEED = 1
# Relative to the working folder: espeak-ng takes no data path above 159 bytes.
DATA = Path("espeak-ng-data")

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class SpeechError(Exception):
    """espeak-ng refused a request; the message is one sentence."""


def synthesise(voice: str, variant: str, ssml: str, **parameters: int) -> bytes:
    """Speak `ssml` with a fresh library; `parameters` are `rate`, `volume`, `pitch` and `range`.

    Returns native int16 samples, mono, 22,050 Hz. Raises SpeechError.
    """
    # An unknown variant is silently ignored by espeak-ng.
    if not (DATA / "voices" / "!v" / variant).is_file():
        raise SpeechError(f"espeak-ng has no voice variant {variant!r}")

    chunks: list[bytes] = []

    def collect(wave: int | None, samples: int, _events: int | None) -> int:
        if wave and samples > 0:
            chunks.append(ctypes.string_at(wave, 2 * samples))
        return 0

    callback = CALLBACK(collect)
    with _library() as library:
        library.espeak_SetSynthCallback(callback)
        # After a failure espeak-ng would go on with the voice it had.
        _check(library.espeak_SetVoiceByName(f"{voice}+{variant}".encode()), f"voice {voice!r}")
        for name, value in parameters.items():
            _check(library.espeak_SetParameter(PARAMETERS[name], value, 0), f"{name} {value}")

        library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
        text = ssml.encode()
        size = ctypes.c_size_t(len(text) + 1)
        _check(library.espeak_Synth(text, size, 0, 0, 0, UTF8_SSML, None, None), f"text {ssml!r}")
        _check(library.espeak_Synchronize(), f"text {ssml!r}")

    return b"".join(chunks)


@contextmanager
def _library() -> Iterator[ctypes.CDLL]:
    """Load espeak-ng anew for one request, and unload it afterwards."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, os.fsencode(DATA), DONT_EXIT)
    if rate != SAMPLE_RATE:
        raise SpeechError(
            f"espeak-ng did not start: espeak_Initialize gave {rate}, {SAMPLE_RATE} expected"
        )

    try:
        yield library
    finally:
        library.espeak_Terminate()
        _unload(library._handle)


def _unload(handle: int) -> None:
    if sys.platform == "win32":
        _ctypes.FreeLibrary(handle)
    else:
        _ctypes.dlclose(handle)


def _check(status: int, item: str) -> None:
    if status != 0:
        raise SpeechError(f"espeak-ng refused {item} (status {status})")


def _reloads() -> bool:
    """Tell whether unloading clears all state: A, B, A must give the same A."""
    request: dict[str, Any] = {
        "voice": "en-us",
        "variant": "m3",
        "ssml": "<speak>one two three</speak>",
    }
    disturbance: dict[str, Any] = {
        "voice": "el",
        "variant": "f2",
        "ssml": "<speak>ένα δύο</speak>",
        "pitch": 80,
    }
    first = synthesise(**request)
    synthesise(**disturbance)

    return synthesise(**request) == first


def _reply(header: dict[str, object], body: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def main() -> None:
    """Answer requests until stdin ends; with `--once`, without the test of reloading."""
    # Ctrl-C is the client's to handle; it ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(Path(espeakng_loader.__file__).parent)
    try:
        if "--once" not in sys.argv:
            _reply({"reloads": _reloads()})

        for line in sys.stdin.buffer:
            speech = synthesise(**json.loads(line))
            _reply({"samples": len(speech) // 2}, speech)
    except SpeechError as error:
        _reply({"error": str(error)})


if __name__ == "__main__":
    main()
