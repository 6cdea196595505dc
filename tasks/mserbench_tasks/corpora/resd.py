"""RESD: Russian acted dialogues, seven emotions (Amentes, Lubenets and Davidchuk, 2022)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.tables import Row, rows

# Dialogue, the emotions of its two roles, the letter of this one (after a blank in dialogues 01 to
# 11), number.
NAME = re.compile(
    r"(?P<dialogue>\d\d)_(?P<roles>[a-z]+_[a-z]+)[ _](?P<letter>[adefhns])_(?P<number>\d{3})"
)
WORDS = {
    word[0]: word
    for word in ("anger", "disgust", "enthusiasm", "fear", "happiness", "neutral", "sadness")
}
TABLE = re.compile(r"(?:.*/)?(?P<split>train|test)\.csv", re.IGNORECASE)

CARD = CorpusCard(
    name="resd",
    title="RESD, Russian Emotional Speech Dialogs",
    languages=("ru",),
    speakers=None,
    licence="MIT",
    access="open",
    source="https://huggingface.co/datasets/Aniemore/resd",
    how_to_get="'mserbench data download resd' exports the dataset Aniemore/resd of the hub (extra "
        "'hub')",
    unpack="put it into DATA/resd, so that it holds train.csv, test.csv, and the folders train and "
        "test",
    citation="A. Amentes, I. Lubenets and N. Davidchuk, Open library of artificial intelligence "
        "for analysis and recognition of emotional shades of human speech (Aniemore), 2022, "
        "doi:10.57967/hf/1273",
    counts={
        "published": {
            "anger": 219, "disgust": 185, "enthusiasm": 198, "fear": 223, "happiness": 218,
            "neutral": 191,
            "sadness": 162,
        }
    },
    hours=2.34,
    inventory="mserbench_tasks:inventory/resd.txt",
    divisions={
        "official": Division(
            "the publisher's split: 1,116 to train, 280 to test; all 50 dialogues are on both "
            "sides",
            "mserbench_tasks:splits/resd-official.csv",
            "ffd278ed3496ca1e9dd64de10ceb5ca3f8fb9c5923dece20da1675071b8b5c63",
            "split",
            "https://huggingface.co/datasets/Aniemore/resd",
        )
    },
    hub="Aniemore/resd",
    notes="No speaker is published: a role (dialogue and emotion) is no speaker, and has one "
        "emotion only. Cards of the dataset say 3.5 or 4 hours; 2.34 were measured.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the recordings; the name tells the label, and train.csv and test.csv must agree."""
    listed: dict[str, str] = {}  # stem to split
    for name in sorted(name for name in tree.names if TABLE.fullmatch(name)):
        yield from _compared(tree, name, listed)

    stems = set()
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            stems.add(stem)
            folder = [
                part.lower() for part in path.split("/")[:-1] if part.lower() in ("train", "test")
            ]
            split = folder[-1] if folder else listed.get(stem)
            if listed and split is None:
                yield Fault(
                    f"audio file {path!r} has no row in train.csv or test.csv: get these files "
                    "again"
                )

            yield _utterance(match, path, split)

    # Rows without a file become utterances too, so that each missing file is named.
    for stem in sorted(set(listed) - stems):
        if match := NAME.fullmatch(stem):
            yield _utterance(
                match,
                f"{listed[stem]}/{match['dialogue']}_{match['roles']}/{stem}.wav",
                listed[stem],
            )


def _compared(tree: Tree, name: str, listed: dict[str, str]) -> Iterator[Fault]:
    """Note the split of each row in `listed`; yield the rows that contradict the file names."""
    table = TABLE.fullmatch(name)
    for row in rows(name, tree.read(name), ("path", "emotion")):
        if not isinstance(row, Row):
            yield row
            continue

        stem = row.values["path"].rpartition("/")[2].removesuffix(".wav")
        match = NAME.fullmatch(stem)
        if match is None or WORDS[match["letter"]] != row.values["emotion"] or stem in listed:
            yield Fault(
                f"label file {name!r}, line {row.line}: one row for each recording, with the "
                "emotion whose letter its name bears, was expected, but this is "
                f"{row.values['path']!r}, {row.values['emotion']!r}"
            )

        if match and table:
            listed.setdefault(stem, table["split"].lower())


def _utterance(match: re.Match[str], path: str, split: str | None) -> Utterance:
    role = f"{match['dialogue']}_{match['letter']}"
    extra = {"dialogue": match["dialogue"], "role": role}
    return Utterance(match[0], path, WORDS[match["letter"]], None, "ru", split=split, extra=extra)


CORPUS = Corpus(CARD, parse)
