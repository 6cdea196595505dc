"""Whether a set is what its manifest says: counts, hours, hashes, keys, labels; and no leak."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mserbench import languages
from mserbench.contracts import SAMPLE_RATE
from mserbench.disk import outside
from mserbench.engine.ahead import ahead
from mserbench.errors import DataError, why, words
from mserbench.labels import CANONICAL
from mserbench.report import progress
from mserbench_m5ser import layout
from mserbench_m5ser.building import flac, shards
from mserbench_m5ser.building.counts import Tally
from mserbench_m5ser.building.protected import LANGUAGES, Protected, protected

_AHEAD = 64  # rows that are decoded before they are needed


@dataclass
class Problems:
    """Sentences by kind: how often each was met, and the first item it was met in."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, item: str = "") -> None:
        """Note a problem of a kind in an item."""
        self.counts[kind] += 1
        self.first.setdefault(kind, item)

    def lines(self) -> list[str]:
        """Return a line a kind, in the order in which they were met."""
        return [f"{kind}{_items(count, self.first[kind])}" for kind, count in self.counts.items()]


@dataclass(frozen=True)
class Verified:
    """What was read in a set: what it holds, its problems, and what could not be compared."""

    folder: Path
    tally: Tally
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        counts = self.tally.record()
        return {
            "folder": str(self.folder),
            **{name: counts[name] for name in counts if name not in ("dropped", "failed")},
            "problems": list(self.problems),
            "notes": list(self.notes),
        }

    def lines(self) -> Iterator[str]:
        """Yield it as lines."""
        yield from (f"problem: {problem}" for problem in self.problems)
        yield from (f"note: {note}" for note in self.notes)
        counts = self.tally.record()
        for title in ("language", "emotion", "source"):
            named = ", ".join(
                f"{name} {part['clips']:,} ({part['hours']:.2f} h)"
                for name, part in counts[f"by_{title}"].items()
            )
            yield f"by {title}: {named or 'nothing'}"

        yield (
            f"{self.folder}: {counts['clips']:,} clips, {counts['hours']:.2f} h, "
            f"{len(self.problems)} problem(s)"
        )


def verify(folder: Path, data: Path | None) -> Verified:
    """Read every row of a set, decode its audio, and compare all with the manifest.

    Clips are compared with those that systems are tested on by their names, and by audio keys where
    their corpora are in `data`. Raises DataError where there is no set, or no manifest to read.
    """
    manifest = _manifest(folder)
    guard = protected(data)
    problems, tally, identities = Problems(), Tally(), set[bytes]()
    spoken = manifest["asked"]["languages"]

    # What the manifest names is read; what it does not name is told, and not read.
    files = {shard["file"]: shard for shard in manifest["shards"]}
    _compare_files(folder, files, problems)
    total = sum(shard["rows"] for shard in files.values())
    with progress.counting(f"decoding {folder.name}") as report:
        for name, shard in files.items():
            n_rows = 0
            for row in _rows(folder / name, name, problems):
                _check(row, spoken, guard, identities, tally, problems)
                n_rows += 1
                report(tally.n_kept, total)

            if n_rows != shard["rows"]:
                problems.add(f"shard {name!r} has {n_rows} rows, not {shard['rows']}")

    _compare_counts(manifest["became"], tally.record(), problems)
    absent = ", ".join(guard.by_id_only)
    notes = (
        [f"compared by names alone, as their audio is not here or made on demand: {absent}"]
        if absent
        else []
    )
    return Verified(folder, tally, tuple(problems.lines()), tuple(notes))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / layout.MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(outside.read(path, outside.RECORD))
        # What is read below, so that a manifest of something else is told here.
        for shard in manifest["shards"]:
            shard["file"], shard["rows"], shard["sha256"]
        manifest["asked"]["languages"], manifest["became"]["clips"]
    except OSError as error:
        raise DataError(
            f"{str(folder)!r} is no set of 'm5ser build': {path.name!r} cannot be read "
            f"({error.strerror or error})"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{str(path)!r} is damaged ({words(error)}): build the set again"
        ) from error

    return manifest


def _compare_files(folder: Path, files: Mapping[str, Any], problems: Problems) -> None:
    """Note shards that are absent, changed, or in no manifest."""
    for name, shard in files.items():
        path = folder / name
        if not path.is_file():
            problems.add("a shard of the manifest is absent", name)
        elif shards.digest(path) != shard["sha256"]:
            problems.add("a shard is not the one of the manifest, by its SHA-256", name)

    strange = sorted(
        f"{layout.SHARDS}/{path.name}" for path in (folder / layout.SHARDS).glob("*.parquet")
    )
    for name in strange:
        if name not in files:
            problems.add("a shard is in no manifest", name)

    for name in (layout.CORPUS_FILE, layout.CARD):
        if not (folder / name).is_file():
            problems.add("a file of the set is absent", name)


def _rows(path: Path, name: str, problems: Problems) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shard, each with what its audio decodes to, as far as it can be read."""
    if not path.is_file():
        return

    try:
        columns = shards.columns_of(path)
        if columns != list(layout.COLUMNS):
            problems.add("a shard has other columns than a set has", name)
            return

        yield from ahead(_with_samples, shards.rows(path), _AHEAD)
    except (OSError, ValueError) as error:  # Arrow's own errors are of both
        problems.add(f"a shard cannot be read ({why(error, 200)})", name)


def _with_samples(row: dict[str, Any]) -> dict[str, Any]:
    """Add the length and the key of the decoded audio to a row, and take its bytes out."""
    audio = row.pop("audio") or {}
    try:
        samples = flac.decoded(audio.get("bytes") or b"")
    except (RuntimeError, ValueError) as error:  # soundfile's errors are of the first
        return {**row, "fault": why(error)}

    return {**row, "fault": "", "n_samples": len(samples), "heard": flac.key(samples)}


def _check(
    row: Mapping[str, Any],
    spoken: Sequence[str],
    guard: Protected,
    identities: set[bytes],
    tally: Tally,
    problems: Problems,
) -> None:
    """Note all that is wrong with a row, and count it."""
    identity = str(row["id"])
    # Of a million of them, digests weigh less than texts.
    short = hashlib.blake2b(identity.encode(), digest_size=16).digest()
    if short in identities:
        problems.add("an id is there twice", identity)

    identities.add(short)
    for kind in _faults(row, spoken, guard):
        problems.add(kind, identity)

    n_samples = row.get("n_samples", 0)
    tally.keep(str(row["language"]), str(row["emotion"]), str(row["source_corpus"]), n_samples)


def _faults(row: Mapping[str, Any], spoken: Sequence[str], guard: Protected) -> Iterator[str]:
    if row["fault"]:
        yield "audio cannot be decoded"
    else:
        if row["heard"] != row["key"]:
            yield "the audio is not that of the row's key"
        if row["n_samples"] != round(row["seconds"] * SAMPLE_RATE):
            yield "the audio is not as long as the row says"
        if flac.pcm16_bytes(row["n_samples"]) != row["pcm16_bytes"]:
            yield "the audio has not the size that the row says"

    if row["emotion"] not in CANONICAL:
        yield f"label {row['emotion']!r} is none of the seven"
    if row["language"] not in spoken:
        yield f"language {row['language']!r} is none of the manifest"
    if languages.group(str(row["language"])) in map(languages.group, LANGUAGES):
        yield f"language {row['language']!r} is one that systems are tested on"

    name = f"{row['source_corpus']}:{row['source_id']}"
    if row["id"] != f"{row['source_corpus']}/{row['source_id']}/{row['language']}":
        yield "an id is not SOURCE_CORPUS/SOURCE_ID/LANGUAGE"
    if not row["derived_from"] or not row["derived_audio"]:
        yield "a row does not say what it was made from"

    keys = (str(row["key"]), str(row["derived_audio"]))
    part = guard.leak((name, str(row["derived_from"])), keys)
    if part is not None:
        yield f"a clip is, or was made from, one of {part.name}, which systems are tested on"


def _compare_counts(
    claimed: Mapping[str, Any], read: Mapping[str, Any], problems: Problems
) -> None:
    """Note counts and hours of the manifest that the rows do not have."""
    for name in ("clips", "hours", "by_language", "by_emotion", "by_source"):
        if claimed.get(name) != read[name]:
            problems.add(f"the manifest says {name} {claimed.get(name)}, the rows {read[name]}")


def _items(count: int, first: str) -> str:
    if not first:
        return ""
    return f": {first!r}" if count == 1 else f": {count:,}, the first {first!r}"
