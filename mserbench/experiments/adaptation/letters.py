"""The answers behind a curve, compactly: a line an adaptation, a letter a clip, compressed.

A line is `CLIPS DRAW LETTERS`: the letters follow the ids of the task's file of clips, `a` for the
first label, `b` for the second, `-` for an answer that could not be read.
"""

from __future__ import annotations

import gzip
import string
import zlib
from collections.abc import Mapping, Sequence

from mserbench.errors import DataError, why
from mserbench.experiments.adaptation.curve import Point

UNREAD = "-"
_MOST_LABELS = len(string.ascii_letters)
_LONGEST_HEAD = 32  # characters before the letters of a line


def letters_of(answers: Sequence[str | None], labels: Sequence[str]) -> str:
    """Return the letters of some answers, "" or None for one that could not be read."""
    if len(labels) > _MOST_LABELS:
        raise DataError(
            f"a task has {len(labels)} labels, but a curve has letters for {_MOST_LABELS}: take a "
            f"task of fewer"
        )

    letter = dict(zip(labels, string.ascii_letters, strict=False))
    return "".join(letter[answer] if answer else UNREAD for answer in answers)


def answers_of(text: str, labels: Sequence[str]) -> list[str | None]:
    """Return the answers that letters stand for. Raises ValueError for any other letter."""
    label = {**dict(zip(string.ascii_letters, labels, strict=False)), UNREAD: None}
    strange = set(text) - set(label)
    if strange:
        raise ValueError(f"{sorted(strange)[0]!r} stands for no label")
    return [label[letter] for letter in text]


def line(point: Point, letters: str) -> str:
    """Return the line of an adaptation, without its end."""
    return f"{point.clips} {point.draw} {letters}"


def read_line(text: str, clips: int) -> tuple[Point, str]:
    """Return what a line says of so many clips. Raises ValueError where it is none."""
    heard, draw, letters = text.split(" ")
    if len(letters) != clips:
        raise ValueError(f"a line has {len(letters)} letters, not {clips}")
    return Point(int(heard), int(draw)), letters


def write(lines: Mapping[Point, str]) -> bytes:
    """Return the file of some adaptations, by clips and draws."""
    points = sorted(lines, key=lambda point: (point.clips, point.draw))
    text = "".join(f"{line(point, lines[point])}\n" for point in points)
    # Without a time: the same answers are the same bytes.
    return gzip.compress(text.encode("ascii"), 9, mtime=0)


def read(name: str, data: bytes, clips: int, points: Sequence[Point]) -> dict[Point, str]:
    """Return the letters of the adaptations of a file of so many clips.

    Raises DataError where it is not what `write` gave of these points.
    """
    most = (clips + _LONGEST_HEAD) * len(points)
    try:
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        text = unpacking.decompress(data, most)
        if not unpacking.eof or unpacking.unused_data:
            raise ValueError("it is longer than its record says, or torn")

        lines = dict(read_line(row, clips) for row in text.decode("ascii").splitlines())
        if set(lines) != set(points):
            raise ValueError("its adaptations are not those of its record")
    except (ValueError, zlib.error) as error:
        raise DataError(
            f"file of answers {name!r} is damaged ({why(error)}): run the experiment again"
        ) from error

    return lines
