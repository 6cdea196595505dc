"""Sentences whose translations are known: of corpora that have few, a table that a person read."""

from __future__ import annotations

import re
from pathlib import Path

from mserbench import tables
from mserbench.contracts import Fault
from mserbench.disk import outside
from mserbench.errors import DataError

_OURS = Path(__file__).parents[1] / "sentences.csv"
_COLUMNS = ("text", "language", "translation")


class KnownTranslations:
    """Translations by English sentence, whatever its case and punctuation, and language."""

    def __init__(self, table: dict[tuple[str, str], str]) -> None:
        self._table = table

    @classmethod
    def read(cls, path: str) -> KnownTranslations:
        """Read a csv file of the columns text, language, translation; without a path, ours.

        Raises DataError where it cannot be read, or has another form.
        """
        file = Path(path) if path else _OURS
        try:
            data = outside.read(file, outside.TABLE)
        except OSError as error:
            raise DataError(
                f"table of sentences {str(file)!r} cannot be read ({error}): name a csv file by "
                "--option sentences=FILE"
            ) from error

        table: dict[tuple[str, str], str] = {}
        for row in tables.rows(file.name, data, _COLUMNS):
            if isinstance(row, Fault):
                raise DataError(f"table of sentences {str(file)!r}: {row.sentence}: mend the line")

            sentence, language, translation = (row.values[column] for column in _COLUMNS)
            if not (sentence and language and translation):
                raise DataError(
                    f"table of sentences {str(file)!r}, line {row.line}: an empty cell; fill it or "
                    "delete the line"
                )

            table[_key(sentence), language] = translation

        return cls(table)

    def find(self, text: str, language: str) -> str | None:
        """Return the translation of an English sentence, or None where the table has none."""
        return self._table.get((_key(text), language))


def _key(text: str) -> str:
    # Corpora write a sentence in capitals, or without its full stop.
    return " ".join(re.findall(r"\w+", text.casefold()))
