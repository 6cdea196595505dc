"""CREMA-D as cloned from its repository: wav, some mp3, demographics, votes of published counts."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus
from mserbench_tasks.corpora import crema_d
from official import audio

VOTES = {"N": 3897, "A": 986, "F": 645, "D": 547, "S": 370, "H": 353, "N:S": 600, "A:D:N": 44}
HEADER = '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"'


def build(root: Path) -> None:
    """Build the clone; who heard what is made up, how often is not."""
    stems = corpus.inventory(crema_d.CARD)
    audio.link(root, [f"AudioWAV/{stem}.wav" for stem in stems])
    # The same recordings once more: a parser that takes all audio would count them twice.
    audio.link(root, [f"AudioMP3/{stem}.mp3" for stem in stems[:20]])
    heard = [vote for vote, count in VOTES.items() for _ in range(count)]
    voted = enumerate(zip(stems, heard, strict=True), start=1)
    rows = [f'"{n}","{stem}","{vote}","50","N","50","N","50"' for n, (stem, vote) in voted]
    table = "".join(f"{row}\n" for row in [HEADER, *rows])

    for folder in ("processedResults", "data/InfoAndStats/processedResults"):
        (root / folder).mkdir(parents=True)
        (root / folder / "summaryTable.csv").write_text(table)

    people = [
        f'{1000 + n},30,"{"Female" if n in crema_d.FEMALE else "Male"}"' for n in range(1, 92)
    ]
    (root / "VideoDemographics.csv").write_text(
        "".join(f"{row}\n" for row in ['"ActorID","Age","Sex"', *people])
    )
