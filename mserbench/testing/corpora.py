"""Checks of a corpus: its card, and that its parser gives the same utterances however the files
lie.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from mserbench.contracts import Corpus, Utterance
from mserbench.data import corpus as reader
from mserbench.data import lookup
from mserbench.data.audio import is_audio
from mserbench.data.trees import Folder
from mserbench.errors import DataError, MissingExtra
from mserbench.testing.findings import (
    Finding,
    NotChecked,
    Violation,
    require,
    require_languages,
    run_checks,
)
from mserbench.testing.listing import Listing, Specimen

_ID = re.compile(r"\S(?:[^\t\r\n]*\S)?")
# What other systems and hubs leave beside recordings, and what people put there.
_JUNK = (
    "._{name}",
    "__MACOSX/{name}",
    ".cache/{name}",
    ".DS_Store",
    "Thumbs.db",
    "readme.txt",
    "unrelated talk.wav",
)


def check_corpus(corpus: str | Corpus, data: str | Path | None = None) -> list[Finding]:
    """Check a corpus, by name or object, on its folder in `data`; without one, on the ids of its
    inventory.

    Opens no audio but that of files which claim to be the same utterance. Raises UnknownName.
    """
    source = lookup.corpus(corpus) if isinstance(corpus, str) else corpus
    specimen = _specimen(source, None if data is None else Path(data))
    return run_checks(CHECKS, specimen)


def _specimen(corpus: Corpus, data: Path | None) -> Specimen:
    try:
        root = reader.find(corpus, data)
    except (DataError, MissingExtra) as error:
        return Specimen(corpus, None, str(error))

    return Specimen(corpus, root, "")


def _card(specimen: Specimen) -> str:
    card = specimen.corpus.card
    fields = (
        "name",
        "title",
        "licence",
        "source",
        "how_to_get",
        "unpack",
        "citation",
        "counts",
        "languages",
    )
    # Releases that differ have no counts that could be stated once.
    vary = {"counts"} if card.releases_vary else set()
    empty = [name for name in fields if not getattr(card, name) and name not in vary]
    require(
        not empty,
        f"fields {empty} of the card are empty: a reader must know where the data come from",
    )
    require_languages(card.languages, "card")

    return f"{card.title}, {card.licence}"


def _counts(specimen: Specimen) -> str:
    card = specimen.corpus.card
    wrong = [
        f"{variant}: {raw!r}"
        for variant, counts in card.counts.items()
        for raw, n in counts.items()
        if n < 1
    ]
    require(not wrong, f"counts of {wrong} are not positive: leave out labels that do not occur")
    counts = reader.histogram(specimen.utterances)
    # A label that the card lacks says more than a count that differs, so it is told first.
    matching = [variant for variant, expected in card.counts.items() if dict(expected) == counts]
    strange = sorted(set(counts) - {raw for expected in card.counts.values() for raw in expected})
    require(
        not strange, f"the parser gives the raw labels {strange}, which the card does not count"
    )
    require(
        bool(matching), f"the utterances count {counts}, but the card expects {dict(card.counts)}"
    )

    return f"{sum(counts.values())} utterances, variant {matching[0]!r}"


def _complete(specimen: Specimen) -> str:
    if specimen.root is None:
        raise NotChecked(f"not checked on real files: {specimen.reason}")

    reading = reader.read(specimen.corpus, specimen.root)
    require(
        not reading.problems,
        f"{len(reading.problems)} problem(s), the first: {''.join(reading.problems[:1])}",
    )

    return (
        f"all expected files are in {str(specimen.root)!r}, {len(reading.extra)} audio file(s) "
        "beside them"
    )


def _ids(specimen: Specimen) -> str:
    odd = [utterance.id for utterance in specimen.utterances if not _ID.fullmatch(utterance.id)]
    require(
        not odd,
        f"ids {odd[:3]} are empty, or hold a tab, a line break or outer blanks: use the "
        "publisher's stem",
    )
    first: dict[str, str] = {}

    for utterance in specimen.utterances:
        audio = first.setdefault(utterance.id, utterance.audio)
        # Mirrors hold whole folders twice: the reader compares the audio of copies.
        same = PurePosixPath(audio).name == PurePosixPath(utterance.audio).name
        require(
            same,
            f"id {utterance.id!r} is both {audio!r} and {utterance.audio!r}: an id must be unique "
            "in its corpus",
        )

    places = [(utterance.id, utterance.audio) for utterance in specimen.utterances]
    require(
        len(set(places)) == len(places),
        "the parser yields an utterance twice: yield each file once",
    )

    return f"{len(first)} unique ids, such as {min(first)!r}"


def _inventory(specimen: Specimen) -> str:
    expected = reader.inventory(specimen.corpus.card)
    if not expected:
        raise NotChecked(
            "the card names no inventory of expected ids, so missing files are found by counts "
            "alone"
        )

    parsed = {utterance.id for utterance in specimen.utterances}
    missing, extra = sorted(set(expected) - parsed), sorted(parsed - set(expected))
    require(
        not missing, f"{len(missing)} ids of the inventory are not parsed, such as {missing[:1]}"
    )
    require(not extra, f"{len(extra)} parsed ids are not in the inventory, such as {extra[:1]}")

    return f"all {len(expected)} ids"


def _facts(specimen: Specimen) -> str:
    card = specimen.corpus.card
    prefixes = tuple(f"{name}:" for name in {card.name, card.same_as})
    for utterance in specimen.utterances:
        named = utterance.speaker is None or utterance.speaker.startswith(prefixes)
        require(
            named,
            f"speaker {utterance.speaker!r} of {utterance.id!r} must begin with "
            f"{card.same_as + ':'!r}, to be unique",
        )
        spoken = utterance.language in card.languages
        require(
            spoken,
            f"language {utterance.language!r} of {utterance.id!r} is not among the card's "
            f"{card.languages}",
        )

    speakers = {utterance.speaker for utterance in specimen.utterances} - {None}
    expected = card.speakers is None or len(speakers) == card.speakers
    require(expected, f"{len(speakers)} speakers were parsed, but the card says {card.speakers}")

    return (
        f"{len(speakers)} speakers, languages "
        f"{', '.join(sorted({utterance.language for utterance in specimen.utterances}))}"
    )


def _order(specimen: Specimen) -> str:
    listing = specimen.listing
    # File systems list a folder each in an order of its own.
    backwards = Listing(
        {name: listing.originals[name] for name in reversed(listing.names)}, listing.source
    )
    _compare(specimen.utterances, specimen.parse(backwards), "names in another order", by_path=True)

    return "the same utterances for names in another order, and no audio opened"


def _nested(specimen: Specimen) -> str:
    # As browsers and archives do: a blank and brackets in the name, one folder in another.
    moved = {f"download (1)/data/{name}": name for name in specimen.listing.originals}
    deeper = specimen.parse(Listing(moved, specimen.listing.source))
    _compare(specimen.utterances, deeper, "the same files two folders deeper")

    return "the same utterances two folders deeper"


def _flac(specimen: Specimen) -> str:
    converted = {_as_flac(name): original for name, original in specimen.listing.originals.items()}
    _compare(
        specimen.utterances,
        specimen.parse(Listing(converted, specimen.listing.source)),
        "the same files as FLAC",
    )

    return "the same utterances for FLAC copies"


def _junk(specimen: Specimen) -> str:
    audio = PurePosixPath(specimen.utterances[0].audio)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        # On disk, as it is `Folder` that passes junk over.
        specimen.listing.write(root)
        for pattern in _JUNK:
            path = root / audio.parent / pattern.format(name=audio.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

        folder = Folder(root, tuple(specimen.corpus.card.skipped))
        _compare(specimen.utterances, specimen.parse(folder), "junk files beside them")

    return "junk and unrelated files change nothing"


def _compare(
    expected: Sequence[Utterance],
    parsed: Sequence[Utterance],
    arrangement: str,
    by_path: bool = False,
) -> None:
    def key(utterance: Utterance) -> tuple[str, ...]:
        facts = (
            utterance.raw_label,
            str(utterance.speaker),
            utterance.language,
            str(utterance.split),
        )
        # Where files lie elsewhere their paths differ, and nothing else may.
        return (utterance.id, utterance.audio, *facts) if by_path else (utterance.id, *facts)

    lost = sorted(
        {key(utterance) for utterance in expected} ^ {key(utterance) for utterance in parsed}
    )
    if lost:
        raise Violation(
            f"{arrangement} give other utterances: {lost[0]} is in one of the two only "
            f"({len(lost)} in all)"
        )


def _as_flac(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix(".flac")) if is_audio(name) else name


CHECKS: Mapping[str, Callable[[Specimen], str]] = {
    "card": _card,
    "complete": _complete,
    "counts": _counts,
    "ids": _ids,
    "inventory": _inventory,
    "speakers and languages": _facts,
    "pure": _order,
    "nested": _nested,
    "flac": _flac,
    "junk": _junk,
}
