"""A corpus folder on disk: which files it holds, which utterances they are, and what is wrong with them."""

from __future__ import annotations

import fnmatch
import importlib.util
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from mserbench.audio import SUFFIXES
from mserbench.contracts import Corpus, CorpusCard, Tree, Utterance
from mserbench.errors import DataError, MserbenchError, PluginError

_JUNK = ("._*", ".*", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Folder:
    """A corpus folder as a parser sees it (`mserbench.contracts.Tree`)."""

    root: Path
    skipped: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All file paths below the root: POSIX, sorted; junk and the card's skipped files left out.

        Links to folders are followed, but never into a folder that was seen: a loop of links ends.
        """
        found = []
        seen: set[tuple[int, int]] = set()
        for folder, folders, files in os.walk(self.root, followlinks=True):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if name != "__MACOSX" and not name.startswith("."))
            prefix = Path(folder).relative_to(self.root).as_posix()
            found += [name if prefix == "." else f"{prefix}/{name}" for name in files if not _is_junk(name)]
        return tuple(sorted(name for name in found if not self._is_skipped(name)))

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of every file with one of `suffixes` (without dot) or `flac`, in order."""
        wanted = {*suffixes, "flac"}
        for name in self.names:
            path = PurePosixPath(name)
            if path.suffix.lower().lstrip(".") in wanted:
                yield name, path.stem

    def read(self, name: str) -> bytes:
        """Return the bytes of a label file. Raises DataError where it cannot be read."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            raise DataError(f"label file {str(self.root / name)!r} cannot be read: {error.strerror}") from error

    def _is_skipped(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.skipped)


@dataclass
class Reading:
    """What a corpus folder holds: utterances by id, problems that stop a run, and notes that do not."""

    utterances: dict[str, Utterance]
    root: Path
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # expected ids without a file
    extra: list[str] = field(default_factory=list)  # audio files that are no utterance
    variant: str | None = None  # the known variant whose histogram this is


def data_folder(given: str | Path | None) -> Path | None:
    """Return the data folder: the one given, else `$MSERBENCH_DATA`, else None."""
    found = given or os.environ.get("MSERBENCH_DATA")
    return Path(found) if found else None


def find(corpus: Corpus, data: Path | None) -> Path:
    """Return the folder of a corpus: its own where it provides one, else `data`/NAME in any case.

    Raises DataError where there is none.
    """
    if corpus.provide is not None:
        return corpus.provide()
    name = corpus.card.name
    advice = f"'mserbench data show {name}' says where to get it and how to unpack it"
    if data is None:
        raise DataError(f"corpus {name!r} needs a data folder: give --data or set MSERBENCH_DATA; {advice}")
    if not data.is_dir():
        raise DataError(f"data folder {str(data)!r} does not exist: give another --data or MSERBENCH_DATA")
    for folder in sorted(data.iterdir()):
        if folder.name.casefold() == name.casefold() and folder.is_dir():
            return folder
    raise DataError(f"corpus {name!r} is not in {str(data)!r}: a folder {name!r} was expected there; {advice}")


def read(corpus: Corpus, root: Path) -> Reading:
    """List and parse a corpus folder, and compare it with the card. Opens no audio but that of duplicates."""
    folder = Folder(root, tuple(corpus.card.skipped))
    by_id: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in parse(corpus, folder):
        by_id[utterance.id].append(utterance)
    reading = Reading({}, root)
    for identity in sorted(by_id):
        reading.utterances[identity] = _one_of(by_id[identity], reading)
    if not reading.utterances:
        reading.problems.append(
            f"folder {str(root)!r} holds no utterance of corpus {corpus.card.name!r} among "
            f"{len(folder.names)} files: {corpus.card.unpack}"
        )
        return reading
    used = {utterance.audio for group in by_id.values() for utterance in group}
    reading.extra = [name for name in folder.names if _is_audio(name) and name not in used]
    _compare_with_card(corpus.card, reading)
    return reading


def parse(corpus: Corpus, tree: Tree) -> list[Utterance]:
    """Run the corpus's own parser. Raises PluginError where it fails otherwise than by an error of ours."""
    try:
        return list(corpus.parse(tree))
    except MserbenchError:
        raise
    except Exception as error:  # the parser is a plugin's code
        name = corpus.card.name
        raise PluginError(
            f"the parser of corpus {name!r} failed ({type(error).__name__}: {error}): report it to its plugin's author"
        ) from error


def inventory(card: CorpusCard) -> tuple[str, ...]:
    """Return the expected ids of a corpus, sorted; empty where its card names no inventory."""
    if card.inventory is None:
        return ()
    package, _, name = card.inventory.partition(":")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise PluginError(f"corpus {card.name!r}: its inventory names {package!r}, which is not a package here")
    text = (Path(next(iter(spec.submodule_search_locations))) / name).read_text(encoding="utf-8")
    return tuple(sorted(text.splitlines()))


@dataclass(frozen=True)
class Inventory:
    """A tree of the expected names only, for work on a corpus whose audio is not here."""

    names: Sequence[str]

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of every expected file."""
        for name in self.names:
            yield f"{name}.{suffixes[0]}", name

    def read(self, name: str) -> bytes:
        """Raise DataError: an inventory holds no label files."""
        raise DataError(f"label file {name!r} is only in the corpus itself: give --data")


def histogram(utterances: Sequence[Utterance]) -> dict[str, int]:
    """Count utterances by raw label."""
    return dict(sorted(Counter(utterance.raw_label for utterance in utterances).items()))


def _compare_with_card(card: CorpusCard, reading: Reading) -> None:
    counts = histogram(list(reading.utterances.values()))
    for variant, expected in card.counts.items():
        if counts == dict(sorted(expected.items())):
            reading.variant = variant
    known = set(inventory(card))
    reading.missing = sorted(known - set(reading.utterances))
    unknown = sorted(set(reading.utterances) - known) if known else []
    reading.problems += [f"{card.name}: utterance {identity!r} is missing" for identity in reading.missing]
    reading.problems += [
        f"{card.name}: file {reading.utterances[identity].audio!r} is no utterance of the published corpus"
        for identity in unknown
    ]
    if reading.variant is None and not reading.missing and not unknown:
        total = " or ".join(str(sum(expected.values())) for expected in card.counts.values())
        reading.problems.append(
            f"{card.name}: {sum(counts.values())} utterances were found, {total} expected; by raw label {counts}"
        )


def _one_of(copies: list[Utterance], reading: Reading) -> Utterance:
    """Keep the first of several files of one id where they hold the same audio; else note a problem."""
    first, *others = sorted(copies, key=lambda utterance: utterance.audio)
    for other in others:
        if _same_audio(reading.root / first.audio, reading.root / other.audio):
            reading.notes.append(f"{other.audio!r} is a copy of {first.audio!r}: one of the two is used")
        else:
            reading.problems.append(
                f"{other.audio!r} and {first.audio!r} are both utterance {first.id!r} but differ: remove one"
            )
    return first


def _same_audio(first: Path, second: Path) -> bool:
    from mserbench import audio

    try:
        return audio.read(first).key == audio.read(second).key
    except DataError:
        return False


def _is_junk(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _JUNK)


def _is_audio(name: str) -> bool:
    return PurePosixPath(name).suffix.lower().lstrip(".") in SUFFIXES
