"""IEMOCAP: dialogues of ten American actors, turn by turn (Busso et al., LRE 42, 2008)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench_tasks import iemocap_lines

FACTS = ("dialogue", "style", "start", "end", "valence", "activation", "dominance")
LABELS = ("neu", "hap", "exc", "sad", "ang", "fru", "sur", "fea", "dis", "oth", "xxx")
SESSIONS = {  # counts in the order of LABELS
    "1": (384, 135, 143, 194, 229, 280, 25, 12, 1, 1, 415), "2": (362, 117, 210, 197, 137, 325, 17,
    9, 0, 1, 436),
    "3": (320, 135, 151, 305, 240, 382, 28, 2, 1, 0, 572), "4": (258, 65, 238, 143, 327, 481, 19, 7,
    0, 1, 564),
    "5": (384, 143, 299, 245, 170, 381, 18, 10, 0, 0, 520),
}  # fmt: skip


def _counts(numbers: Iterable[int]) -> dict[str, int]:
    return {label: n for label, n in zip(LABELS, numbers, strict=True) if n}


CARD = CorpusCard(
    name="iemocap",
    title="IEMOCAP, Interactive Emotional Dyadic Motion Capture Database",
    languages=("en",),
    speakers=10,
    licence="research only, by a signed release form; no redistribution",
    access="request",
    source="https://sail.usc.edu/iemocap/",
    how_to_get="ask the SAIL laboratory, University of Southern California, by the release form on "
        "its page",
    unpack="unpack the release into DATA/iemocap, so that it holds Session1 ... Session5",
    citation="C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee "
        "and S. S. Narayanan, IEMOCAP: Interactive emotional dyadic motion capture database, "
        "Language Resources and Evaluation 42, 2008",
    counts={
        "full release": _counts(map(sum, zip(*SESSIONS.values(), strict=True))),
        **{f"session {session}": _counts(numbers) for session, numbers in SESSIONS.items()},
    },
    hours=12.44,
    skipped={"*dialog/wav/*": "recordings of whole dialogues, of which the turns are cut"},
    divisions={
        "sessions": Division(
            "leave one session out: five folds, as EmoBox and SUPERB do",
            "mserbench_tasks:splits/iemocap-sessions.csv",
            "e33796d84462d84bd177a9232850898d0ab22a09a37c2725ec0043501807e837", "folds",
            "EmoBox, https://github.com/emo-box/EmoBox, data/iemocap",
        ),
        "speakers": Division(
            "leave one speaker out, in ten folds", "mserbench_tasks:splits/iemocap-speakers.csv",
            "9d68e3d516efdfe87b0aea12a84d723e67579a0258bd877f9f230b0e85b9d0e3", "folds",
            "common in papers; the speakers are those of the turns",
        ),
    },
    notes="The speaker is session and letter before the turn's number; many loaders take the "
        "dialogue's prefix, which names the other actor for 4,951 of the 10,039 turns. Two turns "
        "are longer than 30 s.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the turns that have a label, with their words where there are transcripts."""
    paths: dict[str, list[str]] = defaultdict(list)
    for path, stem in tree.audio("wav"):
        paths[stem].append(path)

    words: dict[str, str] = {}
    for _, line in iemocap_lines.spoken(tree):
        if isinstance(line, Fault):
            yield line
        else:
            words[line["turn"]] = line["words"].strip()

    first_lines: dict[str, tuple[str, str]] = {}
    for name, line in iemocap_lines.consensus(tree):
        if isinstance(line, Fault):
            yield line
            continue
        if line["turn"] not in first_lines:
            first_lines[line["turn"]] = name, line[0]
            above = name.rpartition("dialog/")[0]
            # Where the publisher puts the turn, for one whose recording is missing.
            place = f"{above}sentences/wav/{line['dialogue']}/{line['turn']}.wav"
            yield from (
                _utterance(line, path, words.get(line["turn"]))
                for path in paths.get(line["turn"], [place])
            )
            continue

        # A copy of the whole file does no harm: its lines are the same, in another file.
        first_name, first_line = first_lines[line["turn"]]
        if first_name == name or first_line != line[0]:
            yield Fault(
                f"label file {name!r} has {line[0]!r}, but that turn has {first_line!r} in "
                f"{first_name!r} already"
            )


def _utterance(line: re.Match[str], path: str, words: str | None) -> Utterance:
    return Utterance(
        id=line["turn"],
        audio=path,
        raw_label=line["emotion"],
        speaker=f"iemocap:Ses0{line['session']}_{line['letter']}",
        language="en",
        session=line["session"],
        sex="f" if line["letter"] == "F" else "m",
        text=words or None,
        extra={name: line[name] for name in FACTS},
    )


CORPUS = Corpus(CARD, parse)
