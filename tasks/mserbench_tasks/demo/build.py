"""Makes a demo corpus: its plan to a folder of FLAC files in the cache, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue

import soundfile

from mserbench.contracts import SAMPLE_RATE
from mserbench.disk import folders
from mserbench.disk.files import cache_dir, write_atomic
from mserbench.engine.ahead import ahead
from mserbench.engine.cores import available_cores
from mserbench.errors import DataError
from mserbench.report.progress import counting
from mserbench.speaking.synthesizer import Synthesizer, require_espeak
from mserbench_tasks.demo import post
from mserbench_tasks.demo.plan import Plan, plan, request
from mserbench_tasks.demo.tables import FILES, FOLDER

VERSION = "1"  # raise it whenever a sample of any clip changes
PURPOSE = "the demo corpus"
MARKER = "recipe.json"  # written last: a folder with it is complete
SECONDS_A_CLIP = 0.04  # of one core, with some margin; only for the estimate shown


def provide(corpus: str) -> Path:
    """Return the folder of a demo corpus, made first where the cache does not hold it.

    Raises MissingExtra without espeak-ng, DataError where the folder cannot be written.
    """
    require_espeak(PURPOSE)
    root = (cache_dir() / "demo" / recipe()).resolve()
    folder = root / corpus

    return (
        folder
        if (folder / MARKER).is_file()
        else build(corpus, plan(corpus), root, available_cores())
    )


def recipe() -> str:
    """Digest (24 hex digits) of what decides the samples: code version, tables, espeak-ng."""
    digest = hashlib.sha256(f"{VERSION} espeakng-loader {version('espeakng_loader')}".encode())
    for name in FILES:
        digest.update((FOLDER / name).read_bytes())

    return digest.hexdigest()[:24]


def build(corpus: str, clips: Sequence[Plan], root: Path, workers: int) -> Path:
    """Make `root`/`corpus` where it is not there yet; a second process waits for the first.

    The folder is filled under another name and renamed: a killed build leaves nothing that looks
    whole.
    """
    final = root / corpus
    try:
        with folders.held(root / f"{corpus}.lock", waiting=lambda: None):
            folders.clear_leftovers(root, corpus)
            if not (final / MARKER).is_file():
                with folders.whole(final) as part:
                    _make(corpus, clips, part, workers)
    except OSError as error:
        raise DataError(
            f"corpus {corpus!r} could not be made in {str(root)!r}: {error.strerror or error}; "
            "free some space there or set MSERBENCH_CACHE to another folder"
        ) from error

    return final


def render(clips: Sequence[Plan], folder: Path, workers: int) -> Iterator[tuple[str, str]]:
    """Write each clip as `folder`/ID.flac (16 kHz, 16 bit); yield its id and the samples' SHA-256.

    `workers` espeak-ng processes speak, each with a thread here that finishes the sound; neither
    their number nor the order of `clips` changes a sample.
    """
    idle: SimpleQueue[Synthesizer] = SimpleQueue()

    def make(clip: Plan) -> tuple[str, str]:
        voice = idle.get()
        try:
            samples = post.finish(voice.speak(request(clip)), clip)
        finally:
            idle.put(voice)

        # Encoded in memory, so that a full disk is an OSError like any other.
        encoded = io.BytesIO()
        soundfile.write(encoded, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
        (folder / f"{clip.id}.flac").write_bytes(encoded.getvalue())

        return clip.id, hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()

    with ExitStack() as stack:
        for _ in range(workers):
            idle.put(stack.enter_context(Synthesizer(PURPOSE)))

        # A few clips a thread ahead, so that none waits for its next one.
        yield from ahead(make, clips, depth=4 * workers, workers=workers)


def _make(corpus: str, clips: Sequence[Plan], part: Path, workers: int) -> None:
    """Write the clips, then the marker that says the corpus is complete."""
    seconds = max(1, round(len(clips) * SECONDS_A_CLIP / workers))
    sys.stderr.write(
        f"making {corpus}: {len(clips)} clips of synthetic speech, about {seconds} s\n"
    )
    digests = {}

    with counting(f"making {corpus}") as report:
        for identity, digest in render(clips, part, workers):
            digests[identity] = digest
            report(len(digests), len(clips))

    lines = "".join(f"{identity}\t{digests[identity]}\n" for identity in sorted(digests))
    record = {
        "corpus": corpus,
        "what": "synthetic, rule-based speech made by espeak-ng; it says nothing about people",
        "clips": len(digests),
        "samples_sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "espeakng_loader": version("espeakng_loader"),
        "code": VERSION,
    }
    write_atomic(part / MARKER, json.dumps(record, indent=2) + "\n")
