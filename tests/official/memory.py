"""Official trees as parsers see them: built once a session, their label files changed in memory."""

from __future__ import annotations

import functools
import importlib.util
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import official
from mserbench.contracts import Utterance
from mserbench.data import corpus, divisions, lookup, trees
from mserbench.data.audio import is_audio

_LINES = 12  # of a label file in a small tree, its header included
_temporary = tempfile.TemporaryDirectory(prefix="mserbench-official-")  # gone when the tests end


@dataclass(frozen=True)
class Memory:
    """A tree (`mserbench.contracts.Tree`): names in any order, bytes of label files, no audio."""

    names: Sequence[str]
    source: Callable[[str], bytes]
    changed: Mapping[str, bytes] = field(default_factory=dict)

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        return trees.audio_names(self.names, suffixes)

    def read(self, name: str) -> bytes:
        assert not is_audio(name), f"the parser opened {name}"
        return self.changed[name] if name in self.changed else self.source(name)

    @property
    def labels(self) -> list[str]:
        """The files that are no audio."""
        return [name for name in self.names if not is_audio(name)]

    def renamed(self, rename: Callable[[str], str], names: Sequence[str] | None = None) -> Memory:
        """Return the same files under other names."""
        originals = {rename(name): name for name in (self.names if names is None else names)}
        return Memory(tuple(originals), lambda name: self.read(originals[name]))


def has_tree(name: str) -> bool:
    """Say whether there is an official tree of a corpus; those that ship have an inventory."""
    return importlib.util.find_spec(f"official.{name.replace('-', '_')}") is not None


@functools.cache
def data(name: str) -> Path:
    """Return a data folder that holds the official tree of a corpus; tests must not change it."""
    return official.build(name, Path(_temporary.name) / name)


@functools.cache
def tree(name: str) -> Memory:
    """Return the official tree of a corpus, or the names of its inventory where it ships."""
    source = lookup.corpus(name)
    if source.provide is not None:
        return Memory(tuple(f"{stem}.flac" for stem in corpus.inventory(source.card)), _nothing)

    folder = trees.Folder(data(name) / name, tuple(source.card.skipped))
    return Memory(folder.names, functools.cache(folder.read))


@functools.cache
def utterances(name: str) -> tuple[Utterance, ...]:
    """Return what the parser makes of the official tree."""
    return tuple(corpus.utterances(lookup.corpus(name), tree(name)))


@functools.cache
def small(name: str) -> Memory:
    """Return a tree of a dozen recordings, with the first lines of a few label files a folder."""
    # Shortened label files say which recordings a parser then names: only those are taken.
    whole = tree(name)
    labels = _few(whole.labels)
    changed = {name: _head(name, whole.read(name)) for name in labels}
    audio = [name for name in whole.names if is_audio(name)]
    utterances, _ = corpus.parse(
        lookup.corpus(name), Memory((*labels, *audio), whole.read, changed)
    )
    parsed = {utterance.audio for utterance in utterances}
    recordings = [name for name in audio if name in parsed][:_LINES]

    return replace(whole, names=(*labels, *recordings), changed=changed)


def _few(names: Sequence[str]) -> list[str]:
    """Return two files of each folder and type."""
    kinds: dict[tuple[PurePosixPath, str], list[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        kinds.setdefault((path.parent, path.suffix), []).append(name)

    return [name for of in kinds.values() for name in (of if len(of) < 5 else of[:2])]


def _head(name: str, data: bytes) -> bytes:
    if name.endswith(".csd"):
        from official.mosei import csd, segments

        videos = divisions.parts(lookup.corpus("mosei").card, "official").by_value
        return csd({video: segments(number) for number, video in enumerate(list(videos)[:_LINES])})
    if name.endswith(".json"):
        return json.dumps(dict(list(json.loads(data).items())[2:_LINES]), indent=4).encode()
    return (
        b"".join(data.splitlines(keepends=True)[:_LINES])
        if name.endswith((".csv", ".txt"))
        else data
    )


def _nothing(name: str) -> bytes:
    raise AssertionError(f"{name} was opened")
