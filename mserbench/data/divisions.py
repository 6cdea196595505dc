"""Published splits and folds of a corpus: files checked by hash, the part of each utterance."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Utterance
from mserbench.errors import DataError, PluginError, UnknownName
from mserbench.plugins.packages import package_file
from mserbench.tables import Row, rows

OTHERS = "*"  # in the first column: every value that is not listed
_NOT = "not-"


@dataclass(frozen=True)
class Parts:
    """A division as read: the part of each value of a field."""

    field: str
    by_value: dict[str, str]

    @property
    def names(self) -> list[str]:
        """The parts, sorted."""
        return sorted(set(self.by_value.values()))

    def of(self, utterance: Utterance) -> str | None:
        """Return the part of an utterance, or None where it is in none."""
        value = value_of(utterance, self.field)
        return None if value is None else self.by_value.get(value, self.by_value.get(OTHERS))


def value_of(utterance: Utterance, field: str) -> str | None:
    """Return a field of an utterance, or a key of its `extra`; None where it has none."""
    value = getattr(utterance, field, None) if field != "extra" else None
    return utterance.extra.get(field) if value is None else str(value)


@functools.cache
def _read(division: Division) -> Parts:
    """Read a division once a process, from its own rows or its file, checked by hash."""
    if division.rows:
        return Parts(division.table, dict(division.rows))

    # The hash on the card holds what was published: a split that changed would change results.
    data = package_file(division.table).read_bytes()
    if hashlib.sha256(data).hexdigest() != division.sha256:
        raise PluginError(
            f"the table {division.table!r} of {division.title!r} is not the one its card names by "
            "hash"
        )

    return parse(division.table, data)


def parts(card: CorpusCard, name: str) -> Parts:
    """Return a division of a corpus.

    Raises UnknownName, and PluginError where its file is not the published one.
    """
    if name not in card.divisions:
        raise _unknown(card, "division", name, card.divisions)
    return _read(card.divisions[name])


def parse(name: str, data: bytes) -> Parts:
    """Read the table of a division: a column named like a field, and `part`. Raises DataError."""
    header = data.split(b"\n", 1)[0].decode("utf-8", "replace").strip().lstrip("\ufeff")
    field = header.split(",")[0].strip()
    by_value: dict[str, str] = {}

    for row in rows(name, data, (field, "part")):
        if not isinstance(row, Row):
            raise DataError(row.sentence)

        value, part = row.values[field], row.values["part"]
        if not value or not part or value in by_value:
            raise DataError(
                f"table {name!r}, line {row.line}: each {field} must have one part, but this is "
                f"{row.values}"
            )

        by_value[value] = part

    return Parts(field, by_value)


def split_part(card: CorpusCard, full_name: str) -> tuple[str, str, bool]:
    """Take `DIVISION.PART` apart: division, part, and whether all others are meant (`not-PART`).

    The division may be left away where only one has that part. Raises UnknownName.
    """
    division, dot, part = full_name.rpartition(".")
    name = part.removeprefix(_NOT)
    if not dot:
        having = [candidate for candidate in card.divisions if name in parts(card, candidate).names]
        # A part such as `test` may belong to several divisions: then it must be said which.
        if len(having) != 1:
            raise _unknown(card, "part", full_name, all_parts(card))

        division = having[0]

    if name not in parts(card, division).names:
        raise _unknown(card, "part", full_name, all_parts(card))

    return division, name, part != name


def all_parts(card: CorpusCard) -> list[str]:
    """Return every part of a corpus as `DIVISION.PART`."""
    return [
        f"{division}.{part}" for division in card.divisions for part in parts(card, division).names
    ]


def belonging(
    card: CorpusCard, full_name: str, utterances: Iterable[Utterance]
) -> Iterator[Utterance]:
    """Yield the utterances of `DIVISION.PART`, or of the other parts for `DIVISION.not-PART`."""
    division, name, negated = split_part(card, full_name)
    table = parts(card, division)
    for utterance in utterances:
        part = table.of(utterance)
        if part is not None and (part != name) == negated:
            yield utterance


def _unknown(card: CorpusCard, kind: str, name: str, names: Iterable[str]) -> UnknownName:
    return UnknownName(
        f"{kind} of corpus {card.name!r}", name, names, f"'mserbench data show {card.name}'"
    )
