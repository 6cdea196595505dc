"""What decoding tells of each clip of a corpus: its audio key, length and faults; remembered between runs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mserbench.contracts import Utterance
from mserbench.errors import DataError, MissingExtra
from mserbench.files import cache_dir, write_atomic

SCHEMA = 2
SHORT = 0.1  # seconds; below this most models see next to nothing
LONG = 60.0  # seconds; no utterance of the known corpora is longer
Progress = Callable[[int, int], None]  # clips done, clips in all
_CHUNK = 256  # clips handed to the threads at once: a task in waiting costs more memory than its facts


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one clip; `problem` (it cannot be scored) and `warning` are sentences or empty."""

    key: str
    seconds: float
    rate: int
    channels: int
    problem: str = ""
    warning: str = ""


def index(root: Path, utterances: Sequence[Utterance], progress: Progress | None = None) -> dict[str, Facts]:
    """Decode every utterance once, in parallel, and return its facts by id.

    Facts are remembered in the cache folder and taken from there while size and time of a file stay the
    same. A clip that cannot be decoded has a `problem`; nothing raises for a bad clip.
    """
    memory = _Memory(root)
    known = {utterance.id: memory.get(utterance) for utterance in utterances}
    stale = [utterance for utterance in utterances if known[utterance.id] is None]
    with ThreadPoolExecutor(max_workers=available_cores()) as pool:
        for start in range(0, len(stale), _CHUNK):
            chunk = stale[start : start + _CHUNK]
            for utterance, facts in zip(chunk, pool.map(partial(_examine, root), chunk), strict=True):
                known[utterance.id] = facts
                if not facts.problem:  # what made it fail may be mended without touching the file
                    memory.put(utterance, facts)
            if progress:
                progress(start + len(chunk), len(stale))
    if stale:
        memory.save()
    return {identity: facts for identity, facts in known.items() if facts is not None}


def digest(facts: Mapping[str, Facts]) -> str:
    """SHA-256 (hex) over the sorted ids and audio keys: equal data, equal digest, wherever it lies."""
    lines = (f"{identity}\t{facts[identity].key}\n" for identity in sorted(facts))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(facts: Iterable[Facts]) -> str:
    """Say the total length of some clips, as in `1.48 h`."""
    return f"{sum(one.seconds for one in facts) / 3600:.2f} h"


def _examine(root: Path, utterance: Utterance) -> Facts:
    import numpy as np

    from mserbench import audio

    try:
        recording = audio.read(root / utterance.audio, utterance.start, utterance.end)
    except (DataError, MissingExtra) as error:
        return Facts("", 0.0, 0, 0, problem=str(error))
    warning = ""
    if not np.any(recording.samples):
        warning = f"clip {utterance.id!r} is digital silence: it is scored as it is, check the file"
    elif recording.seconds < SHORT:
        warning = f"clip {utterance.id!r} lasts only {recording.seconds:.3f} s: it is scored as it is"
    elif recording.seconds > LONG:
        warning = f"clip {utterance.id!r} lasts {recording.seconds:.0f} s, far longer than an utterance: check it"
    return Facts(recording.key, recording.seconds, recording.rate, recording.samples.shape[1], warning=warning)


class _Memory:
    """Facts by file, start and end, valid for one size and modification time; a JSON file a corpus folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:24]
        self.path = cache_dir() / "index" / f"{name}.json"
        self.rows: dict[str, list[Any]] = {}  # size and time, then the fields of `Facts`
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
            if held["schema"] == SCHEMA:
                self.rows = dict(held["rows"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass  # a cache: absent or damaged, it is made anew

    def get(self, utterance: Utterance) -> Facts | None:
        try:
            size, time, *fields = self.rows[self._name(utterance)]
            return Facts(*fields) if [size, time] == self._state(utterance) else None
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, utterance: Utterance, facts: Facts) -> None:
        self.rows[self._name(utterance)] = [*self._state(utterance), *astuple(facts)]

    def save(self) -> None:
        # Without a cache the next run decodes again; the facts at hand are good.
        with contextlib.suppress(OSError):
            write_atomic(self.path, json.dumps({"schema": SCHEMA, "rows": self.rows}))

    def _name(self, utterance: Utterance) -> str:
        return f"{utterance.audio}|{utterance.start}|{utterance.end}"

    def _state(self, utterance: Utterance) -> list[int]:
        try:
            status = os.stat(f"{self.root}/{utterance.audio}")  # joining paths takes longer than the look-up
        except OSError:
            return [-1, -1]
        return [status.st_size, status.st_mtime_ns]
