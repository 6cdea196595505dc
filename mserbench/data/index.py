"""What decoding tells of each clip of a corpus: its audio key, length and faults."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.contracts import Utterance
from mserbench.data.memory import Digests, Memory, Sound
from mserbench.data.shards import names
from mserbench.engine.base import Engine, Shard, Workers
from mserbench.engine.cores import available_cores
from mserbench.engine.named import LOCAL, engine_named
from mserbench.errors import DataError, MissingExtra

SHORT = 0.1  # seconds; below this most models see next to nothing
LONG = 60.0  # seconds; no utterance of the known corpora is longer
Progress = Callable[[int, int], None]  # clips done, clips in all
_CHUNK = 256  # clips between two saves: a killed process loses so many and those in work
_SHARD = 16  # clips that a worker takes at once: at the end the others wait for one shard at most


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one clip; `problem` (it cannot be scored) and `warning` are sentences or empty.

    `key` is the SHA-256 (hex) of its decoded audio, `rate` in Hz, `bytes` the size of the file that
    it lies in.
    """

    key: str
    seconds: float
    rate: int
    channels: int
    bytes: int = 0
    problem: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Examined:
    """A clip with its facts; and the digest of its file with what was heard, if that is news."""

    utterance: Utterance
    facts: Facts
    digest: str = ""
    sound: Sound | None = None


def index(
    root: Path,
    utterances: Sequence[Utterance],
    progress: Progress | None = None,
    from_memory: bool = True,
    engine: Engine | None = None,
) -> dict[str, Facts]:
    """Open the file of every utterance, in parallel, and return their facts by id.

    Facts are remembered in the cache folder by the digest of a file's bytes: the file is read
    whole, always, and decoded only where these bytes are new, or not `from_memory`. They are saved
    chunk by chunk, so that a killed process goes on where it was. Workers of an `engine` decode all
    anew. A clip that cannot be scored has
    a `problem`; nothing raises for a bad clip. `progress` hears of every clip.
    """
    memory, digests = Memory(root), Digests()
    facts: dict[str, Facts] = {}
    unsaved: list[_Examined] = []
    n_told = 0

    try:
        # Closed here, so that no thread decodes on for somebody who wants to stop.
        with closing(
            _examined(root, utterances, memory if from_memory else None, digests)
            if engine is None
            else _examined_apart(root, utterances, engine)
        ) as parts:
            for examined in parts:
                facts.update((clip.utterance.id, clip.facts) for clip in examined)
                unsaved += [clip for clip in examined if clip.sound is not None]

                if len(facts) - n_told >= _CHUNK or len(facts) == len(utterances):
                    _save(memory, unsaved)
                    unsaved, n_told = [], len(facts)
                    if progress:
                        progress(len(facts), len(utterances))
    finally:
        # Something stopped it, such as Ctrl-C: what is done by then is kept.
        _save(memory, unsaved)

    return {utterance.id: facts[utterance.id] for utterance in utterances}


def _save(memory: Memory, examined: Sequence[_Examined]) -> None:
    memory.save(
        [(clip.digest, clip.utterance, clip.sound) for clip in examined if clip.sound is not None]
    )


def _examined(
    root: Path, utterances: Sequence[Utterance], memory: Memory | None, digests: Digests
) -> Generator[list[_Examined], None, None]:
    """Yield the facts of clips, shard by shard, as an engine is done with them."""
    size = min(_SHARD, _CHUNK)
    shards = [
        Shard(str(start), _examine_all, (root, utterances[start : start + size], memory, digests))
        for start in range(0, len(utterances), size)
    ]
    # More workers than shards would be threads that have nothing to do.
    workers = Workers(max(1, min(available_cores(), len(shards))), kind="threads")
    with engine_named(LOCAL, workers) as engine:
        for outcome in engine.do(shards):
            yield outcome.result()


def _examined_apart(
    root: Path, utterances: Sequence[Utterance], engine: Engine
) -> Generator[list[_Examined], None, None]:
    """Yield the same from workers that may be on other machines: each reads the files itself."""
    starts = range(0, len(utterances), _SHARD)
    parts = {f"part {start // _SHARD}": utterances[start : start + _SHARD] for start in starts}
    work = (Shard(key, _examine_alone, (root.absolute(), part)) for key, part in parts.items())

    engine.require([root])
    for outcome in engine.do(work):
        if outcome.failure:
            yield [_unheard(utterance, outcome.failure) for utterance in parts[outcome.key]]
        else:
            yield outcome.result()


def _unheard(utterance: Utterance, reason: str) -> _Examined:
    """Return a clip that nobody could look at, as whoever did died of it or of one beside it."""
    problem = f"clip {utterance.id!r} was not heard ({reason})"
    return _Examined(utterance, Facts("", 0.0, 0, 0, problem=problem))


def _examine_alone(root: Path, utterances: Sequence[Utterance]) -> list[_Examined]:
    return _examine_all(root, utterances, None, Digests())


def digest(facts: Mapping[str, Facts]) -> str:
    """SHA-256 (hex) over the sorted ids and audio keys: equal data, equal digest, wherever it
    lies.
    """
    lines = (f"{identity}\t{facts[identity].key}\n" for identity in sorted(facts))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _examine_all(
    root: Path, utterances: Sequence[Utterance], memory: Memory | None, digests: Digests
) -> list[_Examined]:
    return [_examine(root, utterance, memory, digests) for utterance in utterances]


def _examine(
    root: Path, utterance: Utterance, memory: Memory | None, digests: Digests
) -> _Examined:
    """Return what is known of the bytes of a clip's file, or what decoding tells of them."""
    before = _state(root, utterance)
    file_digest = digests.of(root, utterance.audio)
    sound = memory.get(file_digest, utterance) if memory else None
    if sound is not None:
        return _Examined(utterance, _facts(root, utterance, sound))

    try:
        sound, problem = _heard(root, utterance)
    except (DataError, MissingExtra) as error:
        return _Examined(utterance, Facts("", 0.0, 0, 0, problem=_problem(utterance, error)))

    facts = _facts(root, utterance, sound)
    if problem:
        return _Examined(utterance, replace(facts, key="", problem=problem, warning=""))

    # Of a file that was changed meanwhile nobody knows which bytes were heard.
    is_sure = file_digest and _state(root, utterance) == before
    return _Examined(utterance, facts, file_digest, sound if is_sure else None)


def _problem(utterance: Utterance, error: Exception) -> str:
    """Return a sentence on a clip; a row of a shard is named by its id too, as nobody knows its
    number.
    """
    is_row = names.row_of(utterance.audio) is not None
    return f"clip {utterance.id!r}: {error}" if is_row else str(error)


def _heard(root: Path, utterance: Utterance) -> tuple[Sound, str]:
    """Decode a clip; return what is to be remembered, and its problem or nothing.

    Raises DataError and MissingExtra.
    """
    from mserbench.data import audio
    from mserbench.data.sound import formats
    from mserbench.data.sound.levels import level_of

    path = root / utterance.audio
    recording = audio.read(path, utterance.start, utterance.end)
    level = level_of(
        recording.samples,
        audio.mix_down(recording.samples),
        audio.weights(recording.samples.shape[1]),
    )
    remark = level.sentence or _length_remark(recording.seconds)
    is_file = names.row_of(utterance.audio) is None
    if (
        is_file
        and not remark
        and (misnamed := formats.misnamed(path, formats.told_by_content(path)))
    ):
        remark = f"is in a file that {misnamed}: it is read as what it holds"

    sound = Sound(
        recording.key, recording.seconds, recording.rate, recording.samples.shape[1], remark
    )
    return sound, f"clip {utterance.id!r} {level.sentence}" if level.ruined else ""


def _length_remark(seconds: float) -> str:
    if seconds < SHORT:
        return f"lasts only {seconds:.3f} s: it is scored as it is"
    if seconds > LONG:
        return f"lasts {seconds:.0f} s, far longer than an utterance: check it"
    return ""


def _facts(root: Path, utterance: Utterance, sound: Sound) -> Facts:
    """Return the facts of a clip, of which `sound` was heard."""
    size = _state(root, utterance)[0]
    warning = f"clip {utterance.id!r} {sound.remark}" if sound.remark else ""
    return Facts(sound.key, sound.seconds, sound.rate, sound.channels, size, "", warning)


def _state(root: Path, utterance: Utterance) -> tuple[int, int]:
    """Return size in bytes and time of change in ns of a clip's file; -1 where there is none."""
    try:
        # Joining paths takes longer than the look-up.
        status = os.stat(f"{root}/{names.file_of(utterance.audio)}")
    except OSError:
        return -1, -1

    return status.st_size, status.st_mtime_ns
