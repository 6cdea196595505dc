"""MSP-Podcast: English of podcasts, ten classes by vote (Lotfian & Busso, TAC 10(4), 2019)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.tables import Row, rows

# Releases 1.6 and 1.8 misspell it, later ones do not.
LABEL_FILES = ("labels_concensus.csv", "labels_consensus.csv")
COLUMNS = ("FileName", "EmoClass", "SpkrID", "Gender", "Split_Set")
CLASSES = "ACDFHNOSUX"  # O other, X no agreement
WITHHELD = "withheld"  # the label of a recording of Test3, which the publisher keeps to itself
SPLITS = {
    "train": "train", "validation": "dev", "development": "dev", "test": "test", "test1": "test1",
    "test2": "test2",
    "test3": "test3",
}  # fmt: skip
SEXES: Mapping[str, Literal["f", "m"] | None] = {
    "male": "m",
    "female": "f",
    "unknown": None,
    "": None,
}
PODCAST = re.compile(r"MSP-PODCAST_(\d+)_.*")

CARD = CorpusCard(
    name="msp-podcast",
    title="MSP-Podcast",
    languages=("en",),
    speakers=None,
    licence="signed agreement with the MSP Lab, University of Texas at Dallas; labels may not be "
        "passed on",
    access="request",
    source="https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Podcast.html",
    how_to_get="sign the academic licence of the MSP Lab, which sends the link",
    unpack="unpack the release into DATA/msp-podcast, so that it holds the folders Audios and "
        "Labels",
    citation="R. Lotfian and C. Busso, Building Naturalistic Emotionally Balanced Speech Corpus by "
        "Retrieving Emotional Speech from Existing Podcast Recordings, IEEE Transactions on "
        "Affective Computing 10(4), 2019, pp. 471-483",
    counts={
        "1.8": {
            "A": 3218, "C": 3644, "D": 2593, "F": 1544, "H": 14285, "N": 26009, "O": 817, "S": 2649,
            "U": 4084,
            "X": 14199,
        },
    },
    releases_vary=True,
    hours=113.6,
    divisions={
        "official": Division(
            "the publisher's sets: train, dev (Validation, Development), test (Test, Test1), test2 "
            "and test3",
            "mserbench_tasks:splits/msp-podcast-official.csv",
            "e2a12c2f6bfd9e1a84c46de148de46e9d18a69e20d36939de06c04601e80fcdc",
            "split",
            "the column Split_Set of the publisher's label file",
        ),
    },
    notes="Releases grow: hours and counts are those of the 73,042 turns in EmoBox, taken for "
        "release 1.8. Speakers and sexes that the publisher calls Unknown are unknown here, not "
        "one speaker. The publisher withholds the labels of Test3, so its recordings belong to no "
        "task. The session is the podcast: the first number of the name.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the rows of the label file, in either spelling of its name."""
    label_files = [name for name in tree.names if name.rpartition("/")[2].lower() in LABEL_FILES]
    if len(label_files) != 1:
        yield Fault(
            f"one label file {LABEL_FILES[1]!r} was expected in the folder Labels, but there are "
            f"{label_files}"
        )
        return

    paths = {stem: path for path, stem in tree.audio("wav")}
    for row in rows(label_files[0], tree.read(label_files[0]), COLUMNS):
        yield _utterance(row, label_files[0], paths) if isinstance(row, Row) else row


def _utterance(row: Row, name: str, paths: Mapping[str, str]) -> Utterance | Fault:
    """Return the utterance of a row, or a fault where one of its values is unknown."""
    file, label, speaker, sex, split = values = [row.values[column] for column in COLUMNS]
    split = SPLITS.get(split.lower(), "")
    label = WITHHELD if split == "test3" and label in ("", "Unknown") else label
    if not file or not split or sex.lower() not in SEXES or label not in (*CLASSES, WITHHELD):
        return Fault(
            f"label file {name!r}, line {row.line}: a file, a class of {CLASSES}, Male, Female or "
            f"Unknown, and a known set were expected in {COLUMNS}, but this is {values}"
        )

    # Some releases list names without their ending.
    stem, podcast = file.rpartition(".")[0] or file, PODCAST.fullmatch(file)
    return Utterance(
        id=stem,
        audio=paths.get(stem, f"Audios/{file}"),
        raw_label=label,
        speaker=None if speaker.lower() in ("", "unknown") else f"msp-podcast:{speaker}",
        language="en",
        split=split,
        session=podcast[1] if podcast else None,
        sex=SEXES[sex.lower()],
    )


def remarks(utterances: Sequence[Utterance]) -> Iterator[str]:
    """Say how many recordings have no label or no speaker."""
    if withheld := sum(utterance.raw_label == WITHHELD for utterance in utterances):
        yield (
            f"the publisher withholds the labels of {withheld} recordings of Test3: they belong to "
            "no task"
        )

    if unknown := sum(utterance.speaker is None for utterance in utterances):
        yield f"{unknown} of {len(utterances)} recordings have no known speaker"


CORPUS = Corpus(CARD, parse, remarks=remarks)
