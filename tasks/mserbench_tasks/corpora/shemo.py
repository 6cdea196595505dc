"""ShEMO: Persian radio plays, 87 speakers, six emotions (Mohamad Nezami et al., LRE 53, 2019)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.errors import why
from mserbench.tables import text

# Speaker (F is female here), emotion (A angry, F fear, H happy, N neutral, S sad, W surprise),
# number.
NAME = re.compile(r"(?P<speaker>(?P<sex>[FM])\d\d)(?P<emotion>[AFHNSW])(?P<number>\d{2,3})")
CORRECTIONS = "modified_shemo.json"

CARD = CorpusCard(
    name="shemo",
    title="ShEMO, Sharif Emotional Speech Database",
    languages=("fa",),
    speakers=87,
    licence="free for academic use",
    access="open",
    source="https://github.com/mansourehk/ShEMO",
    how_to_get="clone the repository and run 'git lfs pull', as female.zip and male.zip are "
    "large-file pointers until then; the corrected labels are modified_shemo.json of "
    "https://github.com/aliyzd95/ShEMO-Modification",
    unpack="unzip female.zip, male.zip and transcript.zip into DATA/shemo, so that it holds the "
    "folders female and male (and 'final text'); put modified_shemo.json beside them for the "
    "corrected labels",
    citation="O. Mohamad Nezami, P. Jamshid Lou and M. Karami, ShEMO: a large-scale validated "
    "database for Persian speech emotion detection, Language Resources and Evaluation 53, pp. "
    "1-16, 2019; corrected labels: A. Yazdani and Y. Shekofteh, arXiv:2211.09956",
    counts={
        "published": {"A": 1059, "F": 38, "H": 201, "N": 1028, "S": 449, "W": 225},
        "emobox": {"A": 1034, "F": 29, "H": 198, "N": 1018, "S": 360, "W": 199},
    },
    hours=3.42,
    inventory="mserbench_tasks:inventory/shemo.txt",
    divisions={
        "emobox": Division(
            "EmoBox: 2,131 to train and 707 to test at random, so that speakers are on both sides; "
            "'unpaired' are the 162 recordings without a transcript of the same name",
            "mserbench_tasks:splits/shemo-emobox.csv",
            "6bd103611c674b89e1ac9cc9426b7382e6c92f338baafe4d518fb7d231bb8a51",
            "split",
            "EmoBox, https://github.com/emo-box/EmoBox, data/shemo",
        )
    },
    notes="162 recordings have no transcript of the same name, and transcripts of 283 belong to "
    "another recording: modified_shemo.json pairs them anew and takes 163 labels from the "
    "transcript's name. Its text is used where the file is there. Two of its recordings share "
    "the transcript M50A03.",
)


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the recordings; all but the text and the corrected label stands in the file name."""
    corrections: dict[str, Mapping[str, str]] = {}
    for name in sorted(name for name in tree.names if name.rpartition("/")[2] == CORRECTIONS):
        yield from _corrections(tree, name, corrections)

    transcripts = {
        name.rpartition("/")[2][:-4]: name for name in sorted(tree.names) if name.endswith(".ort")
    }
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            written, correction = transcripts.get(stem), corrections.get(stem, {})
            words = correction.get("transcript") or (
                text(written, tree.read(written)) if written else ""
            )
            extra = {"corrected": correction["emotion"]} if correction else {}
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"shemo:{match['speaker']}",
                language="fa",
                sex="f" if match["sex"] == "F" else "m",
                text=_plain(words) or None,
                extra=extra | ({"transcribed": "yes"} if written else {}),
            )


def _corrections(tree: Tree, name: str, by_stem: dict[str, Mapping[str, str]]) -> Iterator[Fault]:
    """Add the corrected labels to `by_stem`; yield a fault for an entry that is none."""
    try:
        entries = json.loads(text(name, tree.read(name)))
    except (ValueError, RecursionError) as error:
        yield Fault(
            f"label file {name!r} is not JSON ({why(error)}): get it from its repository again"
        )
        return

    for key, entry in entries.items() if isinstance(entries, dict) else [("the file", entries)]:
        match = NAME.fullmatch(key.removesuffix(".wav"))
        strings = isinstance(entry, dict) and all(
            isinstance(value, str) for value in entry.values()
        )
        if match and strings and entry.get("emotion"):
            by_stem[match[0]] = entry
        else:
            yield Fault(
                f"label file {name!r}: {key!r} must be a recording with its 'emotion', but is "
                f"{entry!r:.80}"
            )


def _plain(words: str) -> str:
    # Marks of the direction of writing, and of byte order in the middle of a text.
    return words.replace("\u200e", "").replace("\u200f", "").replace("\ufeff", "").strip()


CORPUS = Corpus(CARD, parse)
