"""MELD: dialogues of a television series, seven emotions (Poria et al., ACL 2019)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.tables import Row, rows
from mserbench_tasks import meld_clips
from mserbench_tasks.meld_clips import Cuts

TABLE = re.compile(r"(?:.*/)?(?P<split>train|dev|test)_sent_emo\.csv", re.IGNORECASE)
NUMBER = r"\d{1,6}"
TIME = r"\d{1,2}:\d\d:\d\d,\d{2,3}"
COLUMNS = {
    "Utterance": ".*", "Speaker": ".+", "Emotion": ".+", "Dialogue_ID": NUMBER,
    "Utterance_ID": NUMBER,
    "Season": NUMBER, "Episode": NUMBER, "StartTime": TIME, "EndTime": TIME,
}  # fmt: skip
PATTERNS = {column: re.compile(grammar) for column, grammar in COLUMNS.items()}

CARD = CorpusCard(
    name="meld",
    title="MELD, Multimodal EmotionLines Dataset",
    languages=("en",),
    speakers=304,
    licence="annotations GPL-3.0; the clips are television material, for research",
    access="open",
    source="https://affective-meld.github.io/",
    how_to_get="download MELD.Raw.tar.gz from the authors' page; the extra 'video' reads its mp4 "
    "files",
    unpack="unpack MELD.Raw.tar.gz and the archives train, dev and test inside it into DATA/meld, "
    "so that it holds train_splits, dev_splits_complete, output_repeated_splits_test and three "
    "*_sent_emo.csv",
    citation="S. Poria, D. Hazarika, N. Majumder, G. Naik, E. Cambria and R. Mihalcea, MELD: A "
    "Multimodal Multi-Party Dataset for Emotion Recognition in Conversations, ACL 2019",
    counts=meld_clips.COUNTS,
    hours=12.1,
    skipped=meld_clips.SKIPPED,
    divisions={
        "official": Division(
            "the publisher's split; 69 of the 100 test speakers are in train too",
            "mserbench_tasks:splits/meld-official.csv",
            "9464b15bdcb3c6b6b3d75b149d7bb1323f4ac8fb42a4936641b17ee8abbd7688",
            "split",
            "https://github.com/declare-lab/MELD",
        )
    },
    files=meld_clips.FILES,
    notes="Rows train dia125_utt3 (corrupt) and dev dia110_utt7 (never published) are left out: "
    "13,706 of 13,708 stay. 132 test clips exist twice: final_videos_test... is the right cut "
    "and is taken; many scores rest on the other. Wrong times make test dia38_utt4 (305 s), "
    "dia220_utt0 (235 s) and train dia309_utt0 (41 s) too long.",
)


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the rows of the tables, each with its clip; a row says nothing of where that lies."""
    tables: dict[str, str] = {}
    for match in filter(None, map(TABLE.fullmatch, sorted(tree.names))):
        first = tables.setdefault(match["split"].lower(), match[0])
        if first != match[0] and tree.read(first) != tree.read(match[0]):
            yield Fault(
                f"label files {first!r} and {match[0]!r} differ: keep the one of the publisher"
            )

    clips, lost = meld_clips.find(tree, tables)
    if lost:
        yield Fault(
            f"{len(lost)} clip(s) such as {lost[0]!r} lie in no folder named after train, dev or "
            "test"
        )

    for split, name in tables.items():
        yield from _rows(tree, name, split, clips)


def _rows(
    tree: Tree, name: str, split: str, clips: Mapping[str, Cuts]
) -> Iterator[Utterance | Fault]:
    """Yield the utterances of a table, or a fault for a row that cannot be right."""
    clips_read: set[str] = set()
    for row in rows(name, tree.read(name), tuple(COLUMNS)):
        if not isinstance(row, Row):
            yield row
            continue

        values = row.values
        wrong = {
            key: values[key]
            for key, pattern in PATTERNS.items()
            if not pattern.fullmatch(values[key])
        }
        clip = (
            ""
            if wrong
            else meld_clips.identity(split, values["Dialogue_ID"], values["Utterance_ID"])
        )
        if wrong or clip in clips_read:
            problem = f"a second row of {clip!r}" if clip else f"{wrong}"
            yield Fault(
                f"label file {name!r}, line {row.line}: {problem} cannot be right: get it from the "
                "publisher again"
            )
        elif clip not in meld_clips.UNUSABLE:
            yield from _utterances(clip, values, clips.get(clip, Cuts()))

        clips_read.add(clip)


def _utterances(clip: str, values: Mapping[str, str], cuts: Cuts) -> Iterator[Utterance]:
    """Yield an utterance for each file of a clip, of the cut that is right."""
    split, dialogue = clip.split("/")[0], clip.rpartition("_")[0]
    extra = {"dialogue": dialogue, "season": values["Season"], "episode": values["Episode"]}
    if split == "test" and (cuts.plain or cuts.fixed):
        extra["cut"] = "fixed" if cuts.fixed else "plain"

    # The other cut is then a file that is known and left out, not a stray one.
    if cuts.fixed and cuts.plain:
        extra["instead_of"] = cuts.plain[0]

    for path in cuts.fixed or cuts.plain or [meld_clips.expected(clip)]:
        speaker, words = f"meld:{values['Speaker']}", values["Utterance"] or None
        yield Utterance(
            clip, path, values["Emotion"], speaker, "en", split=split, text=words, extra=extra
        )


CORPUS = Corpus(CARD, parse, remarks=meld_clips.remarks)
