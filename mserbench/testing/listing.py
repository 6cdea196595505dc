"""A corpus made ready to be checked: its names and label files, to be parsed in any arrangement,
without audio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from mserbench.contracts import Corpus, Tree, Utterance
from mserbench.data import corpus as reader
from mserbench.data.audio import is_audio
from mserbench.data.trees import Folder, Inventory
from mserbench.errors import DataError
from mserbench.testing.findings import NotChecked, Violation


@dataclass(frozen=True)
class Listing:
    """A tree (`mserbench.contracts.Tree`) of names: `originals` maps each to the one that `source`
    reads.
    """

    originals: Mapping[str, str]
    source: Callable[[str], bytes]

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of `originals`."""
        return tuple(self.originals)

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of every file with one of `suffixes` (without dot) or `flac`, in
        order.
        """
        for name in self.names:
            path = PurePosixPath(name)
            if path.suffix.lower().lstrip(".") in {*suffixes, "flac"}:
                yield name, path.stem

    def read(self, name: str) -> bytes:
        """Return the bytes of a label file. Raises Violation for audio: a parser goes by names and
        label files.
        """
        if is_audio(name):
            raise Violation(
                f"the parser reads the audio file {name!r}, but it must go by names and label "
                "files alone"
            )

        return self.source(self.originals[name])

    def write(self, root: Path) -> None:
        """Write the tree to disk, with empty files for audio."""
        for name in self.names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"" if is_audio(name) else self.read(name))


@dataclass
class Specimen:
    """A corpus, the folder where it is (`root`), or the reason why it is not here."""

    corpus: Corpus
    root: Path | None
    reason: str

    @cached_property
    def listing(self) -> Listing:
        """The names on disk, else those that the inventory expects, by the publisher's file
        type.
        """
        if self.root is not None:
            folder = Folder(self.root, tuple(self.corpus.card.skipped))
            return Listing({name: name for name in folder.names}, folder.read)

        inventory = Inventory(reader.inventory(self.corpus.card))
        if not inventory.names:
            raise NotChecked(f"it has no inventory, and {self.reason}")

        try:
            names = [utterance.audio for utterance in reader.utterances(self.corpus, inventory)]
        except DataError as error:
            raise NotChecked(str(error)) from error

        return Listing({name: name for name in names}, inventory.read)

    @cached_property
    def utterances(self) -> list[Utterance]:
        """What the parser makes of the listing. Raises Violation where that is nothing."""
        parsed = self.parse(self.listing)
        if not parsed:
            raise Violation(f"the parser finds no utterance among {len(self.listing.names)} files")
        return parsed

    def parse(self, tree: Tree) -> list[Utterance]:
        """Run the corpus's parser on a tree."""
        return reader.utterances(self.corpus, tree)
