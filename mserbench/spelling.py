"""Names of corpora as people write them, reduced to what tells them apart."""

from __future__ import annotations

import re
import unicodedata

_NO_WORD = re.compile(r"[\W_]+")


def plain(name: str) -> str:
    """Return a name in its plain spelling: NFKC, no case, no accents, no blanks, no punctuation.

    `Emo-DB`, `EMO_DB` and full-width letters are `emodb`.
    """
    # Decomposed by compatibility, so that full-width letters and accents fall away alike.
    letters = unicodedata.normalize("NFKD", name).casefold()
    return _NO_WORD.sub("", "".join(sign for sign in letters if not unicodedata.combining(sign)))
