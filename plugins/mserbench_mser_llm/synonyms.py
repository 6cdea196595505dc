"""The words that a label may be read through, four of each, where the option `synonyms` asks for
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Of equal number, as a label's probability is the sum over its words. No word begins another in the
# tokens of SmolLM2, as "disgust" does "disgusted": the end of every word would then have to be
# scored too.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "neutral": ("indifferent", "detached", "normal"),
    "happy": ("joyful", "cheerful", "delighted"),
    "sad": ("unhappy", "sorrowful", "miserable"),
    "angry": ("furious", "mad", "enraged"),
    "surprise": ("surprised", "astonished", "amazed"),
    "disgust": ("revolted", "repulsed", "sickened"),
    "fear": ("afraid", "scared", "frightened"),
    "calm": ("relaxed", "peaceful", "serene"),
    "boredom": ("bored", "uninterested", "listless"),
    "enthusiasm": ("enthusiastic", "eager", "passionate"),
    "excited": ("thrilled", "exhilarated", "elated"),
    "frustrated": ("annoyed", "irritated", "exasperated"),
    "contempt": ("scorn", "disdain", "derision"),
}
"""The words beside the label itself; no word stands with two labels. A label that is not here
stands alone.
"""


def word(label: str) -> str:
    """Return a label as it is said."""
    return label.replace("_", " ")


def words_of(labels: Sequence[str], synonyms: bool) -> tuple[tuple[str, ...], ...]:
    """Return the words of each label, its own first; what is a label itself is no other label's
    word.
    """
    own = {word(label) for label in labels}
    return tuple(
        (
            word(label),
            *(
                synonym
                for synonym in (SYNONYMS.get(label, ()) if synonyms else ())
                if synonym not in own
            ),
        )
        for label in labels
    )
