"""The emotion labels everybody shares, and how a model's free answer is read as one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CANONICAL: tuple[str, ...] = ("neutral", "happy", "sad", "angry", "surprise", "disgust", "fear")
"""The seven labels of both papers; a corpus may add its own (calm, boredom, enthusiasm ...)."""

DROP = "<drop>"
"""Value in a label map: clips with this raw label are not part of the task."""

SYNONYMS: dict[str, str] = {
    "happiness": "happy", "joy": "happy", "joyful": "happy",
    "sadness": "sad", "sorrow": "sad",
    "anger": "angry", "mad": "angry",
    "surprised": "surprise", "astonished": "surprise", "astonishment": "surprise",
    "disgusted": "disgust",
    "fearful": "fear", "afraid": "fear", "scared": "fear",
    "neutrality": "neutral",
    "calmness": "calm", "bored": "boredom", "boring": "boredom",
    "enthusiastic": "enthusiasm", "excitement": "excited", "frustration": "frustrated",
}  # fmt: skip
"""Noun and adjective forms of one emotion; nothing that would merge two labels of a task."""

LONGEST = 20_000
"""Characters of the longest answer that is read; a longer one cannot be a label."""

_NEGATION = re.compile(r"\b(?:not|cannot|no|never|nor|neither|without|\w+n['’]t)\b", re.IGNORECASE)


def canonical_subset(labels: Iterable[str]) -> tuple[str, ...]:
    """Return those of `labels` that are among the seven canonical ones, in the given order."""
    return tuple(label for label in labels if label in CANONICAL)


def read_answer(answer: str, labels: Sequence[str]) -> str | None:
    """Read a text answer as one of `labels`; None where it names none, several, or negates.

    The rule is deliberately strict (docs/results.md): words are compared whole and case-folded,
    with the synonyms above; an answer that names two labels or holds a negation cannot be read.

    >>> read_answer("The speaker sounds Happy.", ["happy", "sad"])
    'happy'
    >>> read_answer("sad or angry", ["sad", "angry"]) is None
    True
    >>> read_answer("not happy", ["happy", "sad"]) is None
    True
    """
    # Reading takes longer the more there is, and a label is a word or two.
    if len(answer) > LONGEST or _NEGATION.search(answer):
        return None

    by_word = {label.casefold().replace("_", " "): label for label in labels}
    for word, label in SYNONYMS.items():
        if label in labels:
            by_word.setdefault(word, label)

    # Longest first, so that "no agreement" is not taken for a shorter label inside it.
    words = "|".join(re.escape(word) for word in sorted(by_word, key=len, reverse=True))
    text = " ".join(answer.casefold().replace("_", " ").split())
    named = {by_word[word] for word in re.findall(rf"(?<![\w-])(?:{words})(?![\w-])", text)}

    return named.pop() if len(named) == 1 else None
