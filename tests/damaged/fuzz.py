"""Mutations of label files, cards, records and tables, put to each reader for a number of seconds.

A reader may answer or raise an error of ours; anything else is a find. `python -m damaged.fuzz
SECONDS [NAME...]` (from the folder `tests`) prints each find with the bytes that make it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mserbench.errors import MserbenchError

SPICE = [
    b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b'"', b"'", b",", b";", b"\t", b"\n", b"\r",
    b"\r\n", b"{", b"}", b"[", b"]", b"{}", b"nan", b"inf", b"-inf", b"1e400", b"-1", b"0", b"..",
    b"/", b"\\", b"\\ud800", b"\xed\xa0\x80", b"null", b"true", b"=", b":", b"#", b"%", b"*", b"&a",
    b"*a", b"|", b"9" * 5_000, b"(" * 200, b"[" * 2_000, b"x" * 10_000, "ﬀ".encode(), "ı".encode(),
    "\u202e".encode(), "\U0001f600".encode(), b"!!python/object:os.system", b"<<: *a", b"DROP",
]  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A reader: good inputs to mutate, and what to do with the bytes of one in a folder."""

    seeds: tuple[bytes, ...]
    read: Callable[[Path, bytes], object]


@dataclass(frozen=True)
class Find:
    """An input that made a reader raise something that is no error of ours."""

    target: str
    data: bytes
    error: str


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Change a text in one to five places: bytes, slices, lines, spice."""
    text = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        start = chance.randrange(len(text) + 1)
        stop = min(len(text), start + chance.randint(0, 12))
        deed = chance.randrange(6)
        if deed == 0 and text:
            text[start % len(text)] = chance.randrange(256)
        elif deed == 1:
            del text[start:stop]
        elif deed == 2:
            text[start:start] = chance.choice(SPICE)
        elif deed == 3:
            text[start:stop] = chance.choice(SPICE)
        elif deed == 4:
            text[start:start] = text[start:stop] * chance.randint(1, 30)
        else:
            lines = text.split(b"\n")
            chance.shuffle(lines)
            text = bytearray(b"\n".join(lines))

    return bytes(text)


def fuzz(name: str, target: Target, seconds: float, seed: int = 0) -> Iterator[Find]:
    """Mutate the seeds of a target for some seconds of processor time; yield each new find.

    Finds are told apart by the place that raised.
    """
    chance = random.Random(seed)
    places: set[str] = set()
    end = time.process_time() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.process_time() < end:
            data = mutated(chance.choice(target.seeds), chance)
            try:
                target.read(Path(folder), data)
            except MserbenchError:
                continue
            except Exception as error:
                frame = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
                if place not in places:
                    places.add(place)
                    ours = [
                        f"{Path(each.filename).name}:{each.lineno}"
                        for each in traceback.extract_tb(error.__traceback__)
                        if "mserbench" in each.filename
                    ]
                    yield Find(name, data, f"{place} ({str(error)[:200]}) by {ours}")


def targets() -> dict[str, Target]:
    """Return all readers: every parser of a corpus, and every reader of a file from outside."""
    from damaged import fuzz_targets

    return fuzz_targets.all_targets()


if __name__ == "__main__":
    duration, *names = sys.argv[1:]
    for each_name, each in targets().items():
        if not names or each_name in names:
            for find in fuzz(each_name, each, float(duration)):
                print(f"{find.target}: {find.error}\n  {find.data[:2_000]!r}", flush=True)
