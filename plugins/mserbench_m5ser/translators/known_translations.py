"""Sentences whose translations are known: of corpora that have few, a table that a person read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mserbench import tables
from mserbench.contracts import Fault
from mserbench.disk import outside
from mserbench.errors import DataError, why

_OURS = Path(__file__).with_name("sentences.csv")
_COLUMNS = ("sentence", "language", "text")
_SOURCE = "en"


class KnownTranslations:
    """Translations by English sentence, whatever its case and punctuation, and language.

    A csv file has the columns sentence (a name that the translations of a sentence share), language
    and text; the rows whose language is `en` hold what is looked for.
    """

    def __init__(self, texts: Mapping[tuple[str, str], str]) -> None:
        self._texts = texts
        self._sentences = {
            _key(text): sentence
            for (sentence, language), text in texts.items()
            if language == _SOURCE
        }

    @classmethod
    def read(cls, path: str) -> KnownTranslations:
        """Read a csv file; without a path, that of the plugin.

        Raises DataError where it cannot be read, or has another form.
        """
        file = Path(path) if path else _OURS
        try:
            data = outside.read(file, outside.TABLE)
        except OSError as error:
            raise DataError(
                f"table of sentences {str(file)!r} cannot be read ({why(error)}): name a csv file "
                "by --option sentences=FILE"
            ) from error

        texts: dict[tuple[str, str], str] = {}
        for row in tables.rows(file.name, data, _COLUMNS):
            if isinstance(row, Fault):
                raise DataError(f"table of sentences {str(file)!r}: {row.sentence}: mend the line")

            sentence, language, text = (row.values[column] for column in _COLUMNS)
            if not (sentence and language and text):
                raise DataError(
                    f"table of sentences {str(file)!r}, line {row.line}: an empty cell; fill it or "
                    "delete the line"
                )

            texts[sentence, language] = text

        return cls(texts)

    def find(self, text: str, language: str) -> str | None:
        """Return the translation of an English sentence, or None where the table has none."""
        sentence = self._sentences.get(_key(text))
        return None if sentence is None else self._texts.get((sentence, language))


def _key(text: str) -> str:
    # Corpora write a sentence in capitals, or without its full stop.
    return " ".join(re.findall(r"\w+", text.casefold()))
