"""The column of a table that holds the emotions, and why the others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from mserbench.data.own import codes, one_hot
from mserbench.data.own import words as own_words
from mserbench.data.own.table import OwnRow, Table
from mserbench.data.own.wording import listed, shown

_MOST_LABELS = 60
_MOST_COLUMNS = 200  # columns that are looked at
_ENOUGH = 0.5  # of the values must be emotion words that are known


@dataclass
class Choice:
    """A column of labels, or one for each label, with what is to be said of it."""

    column: str | list[str]
    meanings: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """All columns that hold it."""
        return self.column if isinstance(self.column, list) else [self.column]


@dataclass(frozen=True)
class _Column:
    """How the values of a column look: `share` of them are emotion words."""

    name: str
    values: Counter[str]
    share: float
    is_named: bool

    @property
    def is_numbers(self) -> bool:
        return all(map(_is_number, self.values))

    @property
    def is_fractions(self) -> bool:
        return self.is_numbers and not all(float(value).is_integer() for value in self.values)

    @property
    def fits(self) -> bool:
        few = 2 <= len(self.values) <= _MOST_LABELS
        return few and (self.share >= _ENOUGH or (self.is_named and not self.is_fractions))

    @property
    def score(self) -> float:
        # A telling name counts like half of the values, but does not beat a column full of
        # emotions.
        return self.share + 0.5 * self.is_named


def choose(table: Table, rows: Sequence[OwnRow], paths: Sequence[str]) -> Choice | None:
    """Return the column with most emotion words, or one that is called so; None without any.

    `paths` are the columns that name the recording.
    """
    looks = _looks(table, rows, paths)
    fitting = [look for look in looks if look.fits]
    best = max(fitting, key=lambda look: look.score, default=None)
    if best is None or best.share < _ENOUGH:
        # One-hot tables have no column of labels, unless they have that too.
        apart = [look.name for look in looks if _is_flag(look, rows)]
        if len(apart) > 1:
            return Choice(apart, doubts=[f"the labels are one-hot: a column for each of {apart}"])

        coded = _coded(looks)
        if coded is not None and best is None:
            return coded

    if best is None:
        return None

    choice = _with_codes(best)
    rivals = [look.name for look in fitting if look is not best and look.share >= _ENOUGH]
    if rivals:
        choice.doubts.append(
            f"column {listed(rivals, 5)} holds emotions too, perhaps of several raters; "
            f"{best.name!r} was taken"
        )

    return choice


def reasons(table: Table, rows: Sequence[OwnRow], paths: Sequence[str]) -> str:
    """Say for each column why it was not taken for the labels."""
    looks = _looks(table, rows, paths)
    causes = [f"{look.name[:60]!r} ({_why_not(look)})" for look in looks[:12]]
    more = f" and {len(looks) - 12} more" if len(looks) > 12 else ""
    return f"no column holds emotions: {', '.join(causes) or 'there is no other'}{more}"


def _looks(table: Table, rows: Sequence[OwnRow], paths: Sequence[str]) -> list[_Column]:
    return [_look(column, rows) for column in table.columns[:_MOST_COLUMNS] if column not in paths]


def _look(column: str, rows: Sequence[OwnRow]) -> _Column:
    # Blank cells and `nan` are no labels: they must not hide how many of the others are.
    values = Counter(row.values.get(column, "") for row in rows)
    words = Counter(
        {value: n for value, n in values.items() if value and not own_words.is_missing(value)}
    )
    emotions = sum(n for value, n in words.items() if own_words.emotion(value))
    share = emotions / words.total() if words else 0.0
    return _Column(column, words, share, own_words.column(column) == "label")


def _why_not(look: _Column) -> str:
    if not look.values:
        return "blank"
    if look.is_numbers:
        return f"numbers, {len(look.values)} different: a task is one of classes"
    if len(look.values) == 1:
        return f"always {shown(next(iter(look.values)))}"
    if len(look.values) > _MOST_LABELS:
        return f"{len(look.values)} different values"

    return f"no emotion words: {listed(sorted(look.values), 4)}"


def _is_flag(look: _Column, rows: Sequence[OwnRow]) -> bool:
    """Whether a column is called like an emotion and says yes or no."""
    allowed = one_hot.YES | one_hot.NO
    return own_words.emotion(look.name) is not None and all(
        row.values.get(look.name, "").casefold() in allowed for row in rows
    )


def _coded(looks: Sequence[_Column]) -> Choice | None:
    """Return the column whose values are all codes of a publisher."""
    for look in looks:
        if len(look.values) <= _MOST_LABELS and codes.read(look.name, look.values):
            return _with_codes(look)

    return None


def _with_codes(look: _Column) -> Choice:
    """Return a column with what its codes mean, where its values are codes or numbers."""
    choice = Choice(look.name)
    reading = codes.read(look.name, look.values) if look.share < _ENOUGH else None
    if reading is not None:
        choice.meanings = reading.meanings
        choice.doubts.append(
            f"column {look.name!r} was read by the codes of {' or '.join(reading.systems)}"
        )
    elif look.is_numbers:
        choice.doubts.append(
            f"the labels of column {look.name!r} are numbers: write what each stands for"
        )

    return choice


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False

    return True
