"""A corpus on disk: where its folder is, which utterances it holds, and what is wrong with them."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mserbench.cards import CorpusCard
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.data.audio import is_audio
from mserbench.data.shards.names import file_of
from mserbench.data.trees import Folder
from mserbench.errors import DataError
from mserbench.plugins import blame
from mserbench.plugins.packages import package_file
from mserbench.report import alike

_RANGE = re.compile(r"\{(?P<first>\d+)\.\.(?P<last>\d+)\}")
# In `extra`: the published file that an utterance supersedes, which is no stray file.
INSTEAD_OF = "instead_of"
# In `extra`: CORPUS:ID of the utterance that synthetic or translated speech is made from.
DERIVED_FROM = "derived_from"
# In `extra`: the audio key of that utterance, by which it is known under any name.
DERIVED_AUDIO = "derived_audio"
_REPORT = "report it to its plugin's author"
_LISTED = 20  # faults of a folder that an error shows


@dataclass
class Reading:
    """What a corpus folder holds: utterances by id, what stops a run, and notes that do not."""

    corpus: str
    utterances: dict[str, Utterance]
    root: Path
    faults: list[str] = field(default_factory=list)  # what is wrong with the files that are there
    # Expected ids that no file has; none in a known variant.
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Listed in a label file, but without a file.
    without_audio: list[Utterance] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)  # audio files that are no utterance
    variant: str | None = None  # the known variant whose histogram this is
    links_out: tuple[str, ...] = ()  # links that lead out of the folder

    @property
    def told_links(self) -> list[str]:
        """A sentence on links that lead out of the folder: what they lead to may change unseen."""
        if not self.links_out:
            return []

        examples = ", ".join(map(repr, self.links_out[:3]))
        return [
            f"{self.corpus}: {len(self.links_out)} link(s) lead out of the folder, such as "
            f"{examples}: copy what they lead to, or link the whole folder"
        ]

    @property
    def problems(self) -> list[str]:
        """One sentence for each fault and each missing utterance."""
        return self.problems_of_task(self.missing)

    @property
    def stray(self) -> list[str]:
        """One sentence on audio files that are no utterance, or none: a note, never a problem."""
        if not self.extra:
            return []
        return [
            f"{len(self.extra)} audio file(s) are no utterance of the corpus and are left out, "
            f"such as {', '.join(map(repr, self.extra[:3]))}"
        ]

    def problems_of_task(self, identities: Iterable[str]) -> list[str]:
        """Return the problems of a task: all faults, and which of its `identities` are missing."""
        absent = set(self.missing)
        return [
            *self.faults,
            *(
                f"{self.corpus}: utterance {identity!r} is missing"
                for identity in identities
                if identity in absent
            ),
        ]


def data_folder(folder: str | Path | None) -> Path | None:
    """Return the data folder: the one given, else `$MSERBENCH_DATA`, else None."""
    chosen = folder or os.environ.get("MSERBENCH_DATA")
    return Path(chosen) if chosen else None


def find(corpus: Corpus, data: Path | None) -> Path:
    """Return the folder of a corpus: its own where it provides one, else `data`/NAME in any case.

    Raises DataError where there is none.
    """
    if corpus.provide is not None:
        with blame.blamed(f"corpus {corpus.card.name!r} failed to provide itself", advice=_REPORT):
            return corpus.provide()

    name = corpus.card.name
    advice = f"'mserbench data show {name}' says where to get it and how to unpack it"
    if data is None:
        raise DataError(
            f"corpus {name!r} needs a data folder: give --data or set MSERBENCH_DATA; {advice}"
        )
    if not data.is_dir():
        raise DataError(
            f"data folder {str(data)!r} does not exist: give another --data or MSERBENCH_DATA"
        )

    # Publishers and mirrors write the names of corpora in any case.
    for folder in sorted(data.iterdir()):
        if folder.name.casefold() == name.casefold() and folder.is_dir():
            return folder

    raise DataError(
        f"corpus {name!r} is not in {str(data)!r}: a folder {name!r} was expected there; {advice}"
    )


def read(corpus: Corpus, root: Path) -> Reading:
    """List and parse a corpus folder, and compare it with the card.

    Opens no audio but that of duplicates.
    """
    folder = Folder(root, tuple(corpus.card.skipped))
    utterances, faults = parse(corpus, folder)
    reading = Reading(corpus.card.name, {}, root, links_out=folder.links_out)

    for fault in faults:
        (reading.notes if fault.minor else reading.faults).append(fault.sentence)

    by_id: dict[str, Utterance] = {}
    # Of ids that occur again: most corpora have none.
    copies: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        if by_id.setdefault(utterance.id, utterance) is not utterance:
            copies[utterance.id].append(utterance)

    for identity in sorted(copies):
        by_id[identity] = _first_of_copies([by_id[identity], *copies[identity]], reading)

    reading.utterances = {identity: by_id[identity] for identity in sorted(by_id)}
    if not reading.utterances:
        reading.faults.append(
            f"folder {str(root)!r} holds no utterance of corpus {corpus.card.name!r} among "
            f"{len(folder.names)} files: {corpus.card.unpack}"
        )
        return reading

    present = set(folder.names)
    reading.without_audio = [
        utterance
        for utterance in reading.utterances.values()
        if file_of(utterance.audio) not in present
    ]
    # All copies are used files, also those of which another was taken above.
    used = {file_of(utterance.audio) for utterance in utterances}
    used |= {utterance.extra.get(INSTEAD_OF, "") for utterance in utterances}
    reading.extra = [name for name in folder.names if name not in used and is_audio(name)]
    _compare_with_card(corpus.card, reading)

    if corpus.remarks is not None:
        with blame.blamed(f"the remarks of corpus {corpus.card.name!r} failed", advice=_REPORT):
            reading.notes += corpus.remarks(list(reading.utterances.values()))

    return reading


def parse(corpus: Corpus, tree: Tree) -> tuple[list[Utterance], list[Fault]]:
    """Run the corpus's own parser. Raises PluginError where that fails by an error not of ours."""
    # The parser is a plugin's code: anything may happen in it.
    with blame.blamed(f"the parser of corpus {corpus.card.name!r} failed", advice=_REPORT):
        parsed = list(corpus.parse(tree))

    utterances = [entry for entry in parsed if isinstance(entry, Utterance)]
    faults = [entry for entry in parsed if isinstance(entry, Fault)]
    # Of folders any name will do: what is written of an utterance is its id.
    nameless = [entry for entry in utterances if not _is_text(entry.id)]
    if not nameless:
        return utterances, faults

    faults += [
        Fault(f"file {entry.audio!r} has a name that is not UTF-8 text: give it another name")
        for entry in nameless
    ]
    return [entry for entry in utterances if _is_text(entry.id)], faults


def _is_text(name: str) -> bool:
    """Say whether a name can be written: Python has signs of its own for bytes that are no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False

    return True


def utterances(corpus: Corpus, tree: Tree) -> list[Utterance]:
    """Run the corpus's own parser. Raises DataError with its faults, if there are any."""
    parsed, faults = parse(corpus, tree)
    faults = [fault for fault in faults if not fault.minor]
    if faults:
        sentences = alike.together(fault.sentence for fault in faults)
        more = f"\n  - and {len(sentences) - _LISTED} more" if len(sentences) > _LISTED else ""
        listed = "".join(f"\n  - {sentence}" for sentence in sentences[:_LISTED])
        raise DataError(f"corpus {corpus.card.name!r} has {len(faults)} fault(s):{listed}{more}")

    return parsed


def inventory(card: CorpusCard) -> tuple[str, ...]:
    """Return the expected ids of a corpus, sorted; empty where its card names no inventory."""
    if card.inventory is None:
        return ()

    lines = package_file(card.inventory).read_text(encoding="utf-8").splitlines()
    return tuple(sorted(identity for line in lines for identity in _expanded(line)))


def _expanded(line: str) -> list[str]:
    """Return the ids that a line stands for: `a{01..12}` is a01 to a12."""
    span = _RANGE.search(line)
    if span is None:
        return [line]

    width = len(span["first"])
    numbers = range(int(span["first"]), int(span["last"]) + 1)
    return [f"{line[: span.start()]}{number:0{width}}{line[span.end() :]}" for number in numbers]


def histogram(utterances: Sequence[Utterance]) -> dict[str, int]:
    """Count utterances by raw label."""
    return dict(sorted(Counter(utterance.raw_label for utterance in utterances).items()))


def _compare_with_card(card: CorpusCard, reading: Reading) -> None:
    """Note which known variant a reading is, what is missing, and what does not belong."""
    counts = histogram(list(reading.utterances.values()))
    for variant, expected in card.counts.items():
        if counts == dict(sorted(expected.items())):
            reading.variant = variant

    expected_ids = set(inventory(card))
    unknown = sorted(set(reading.utterances) - expected_ids) if expected_ids else []
    if reading.variant is None or unknown:  # a known part of the corpus is complete in itself
        reading.missing = sorted(expected_ids - set(reading.utterances))

    reading.faults += [
        f"{card.name}: file {reading.utterances[identity].audio!r} is no utterance of the "
        "published corpus"
        for identity in unknown
    ]
    # A wrong total is told only where nothing more exact could be said.
    if reading.variant is None and not reading.missing and not unknown:
        total = (
            " or ".join(str(sum(expected.values())) for expected in card.counts.values())
            or "a number not known is"
        )
        sentence = (
            f"{card.name}: {sum(counts.values())} utterances were found, {total} expected; by raw "
            f"label {counts}"
        )
        (reading.notes if card.releases_vary else reading.faults).append(sentence)


def _first_of_copies(copies: list[Utterance], reading: Reading) -> Utterance:
    """Keep the first of several files of one id where they sound alike; else note a problem."""
    first, *later = sorted(copies, key=lambda utterance: utterance.audio)
    for utterance in later:
        if (
            utterance.audio == first.audio
        ):  # two rows of a label file, which may say different things
            reading.faults.append(
                f"utterance {first.id!r} is listed twice, with {first.audio!r}: remove one row"
            )
        elif _same_audio(reading.root / first.audio, reading.root / utterance.audio):
            reading.notes.append(
                f"{utterance.audio!r} is a copy of {first.audio!r}: one of the two is used"
            )
        else:
            reading.faults.append(
                f"{utterance.audio!r} and {first.audio!r} are both utterance {first.id!r} but "
                "differ: remove one"
            )

    return first


def _same_audio(first: Path, second: Path) -> bool:
    from mserbench.data import audio

    try:
        return audio.read(first).key == audio.read(second).key
    except DataError:
        return False
