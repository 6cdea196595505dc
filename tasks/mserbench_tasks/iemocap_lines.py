"""The lines of IEMOCAP's label files and transcripts, each read or named as a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.contracts import Fault, Tree
from mserbench.tables import text

# The letter after the session says who wore the markers, the one before the number who speaks; XX
# has no label.
_DIALOGUE = r"(?P<dialogue>Ses0(?P<session>[1-5])[FM]_(?P<style>impro|script)\w+?)"
_TURN = rf"{_DIALOGUE}_(?P<letter>[FM])(?:\d{{3}}|XX\d)"
_TIMES = r"\[(?P<start>\d+\.\d+) ?- ?(?P<end>\d+\.\d+)\]"
_VALUES = r"\[(?P<valence>\d\.\d+), (?P<activation>\d\.\d+), (?P<dominance>\d\.\d+)\]"
_CONSENSUS = re.compile(
    rf"{_TIMES}\t(?P<turn>{_TURN})\t(?P<emotion>[a-z]{{3}})\t{_VALUES}", re.ASCII
)
_SPOKEN = re.compile(rf"(?P<turn>{_TURN}) {_TIMES}:(?P<words>.*)", re.ASCII)


def consensus(tree: Tree) -> Iterator[tuple[str, re.Match[str] | Fault]]:
    """Yield (file, line or Fault) of the turns' common labels: the top level of EmoEvaluation.

    A line has `turn`, `dialogue`, `session`, `style`, `letter`, `start`, `end` (seconds),
    `emotion`, `valence`, `activation` and `dominance` (means of the raters, 1 to 5). The folders
    below hold the files of single raters.
    """
    return _lines(tree, "emoevaluation", _CONSENSUS, "[START - END], turn, emotion and [V, A, D]")


def spoken(tree: Tree) -> Iterator[tuple[str, re.Match[str] | Fault]]:
    """Yield (file, line or minor Fault) of the transcripts; a line has `turn` and `words`."""
    return _lines(tree, "transcriptions", _SPOKEN, "turn [START-END]: words", minor=True)


def _lines(
    tree: Tree, folder: str, pattern: re.Pattern[str], grammar: str, minor: bool = False
) -> Iterator[tuple[str, re.Match[str] | Fault]]:
    """Yield the lines of the files in a folder that name a turn, or a fault for each."""
    for name in sorted(tree.names):
        if not name.lower().endswith(".txt") or f"/{name}".lower().split("/")[-2] != folder:
            continue

        lines = text(name, tree.read(name)).split("\n")
        if not any("Ses0" in line for line in lines):
            yield (
                name,
                Fault(
                    f"label file {name!r} names no turn: get the file from the publisher again",
                    minor,
                ),
            )

        for number, line in enumerate(lines, start=1):
            # Ratings, comments and words between the turns name none; they are no part of what is
            # read here.
            if not line.startswith("[") and "Ses0" not in line:
                continue

            match = pattern.fullmatch(line.rstrip())
            if match is None:
                yield (
                    name,
                    Fault(
                        f"label file {name!r}, line {number}: {grammar} was expected, but it is "
                        f"{line[:100]!r}: get the file from the publisher again",
                        minor,
                    ),
                )
            elif "XX" not in match["turn"]:
                yield name, match
