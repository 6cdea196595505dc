"""What the other columns of a table hold, by name and values: speaker, split, times and more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mserbench.data.own import words as own_words
from mserbench.data.own.findings import Findings
from mserbench.data.own.keys import is_language
from mserbench.data.own.rows import SEXES
from mserbench.data.own.table import OwnRow, Table
from mserbench.data.own.wording import shown

_RATED = 20  # files whose rate is looked up for times in samples


def assign(proposed: Findings, table: Table, rows: Sequence[OwnRow], used: Iterable[str]) -> None:
    """Give each column its role, if its name tells one and its values fit; `used` have theirs."""
    # The path and the label have theirs, whatever they are called.
    with_role = set(used)
    for column in table.columns:
        role, _ = own_words.timed(column)
        if role is not None and role not in own_words.TIMES and column not in with_role:
            _assign(proposed, role, column, rows)


def assign_times(
    proposed: Findings, table: Table, rows: Sequence[OwnRow], files: Sequence[Path]
) -> None:
    """Find the columns of start and end or duration, in one unit; say which were left out."""
    by_role: dict[str, str] = {}
    for column in table.columns:
        role, _ = own_words.timed(column)
        if role in own_words.TIMES and role not in by_role and _are_times(column, rows):
            by_role[role] = column
        elif role in own_words.TIMES:
            proposed.doubts.append(
                f"column {shown(column)} is called like a {role} of a part, but was not taken"
            )

    by_role = _offset_as_start(by_role)
    units = {own_words.timed(column)[1] for column in by_role.values()}
    if "start" not in by_role and "end" not in by_role:
        return  # a duration alone is that of the whole file

    if "end" in by_role and "duration" in by_role:
        del by_role["duration"]

    # Sample numbers say nothing without the rate, which the recordings themselves tell.
    rate = _rate(files) if units == {0} else max(units)
    if len(units) > 1 or not rate or ("start" not in by_role and by_role.get("end") == "offset"):
        proposed.doubts.append(
            f"columns {', '.join(map(shown, by_role.values()))} look like times, but were not "
            "taken, as their unit or meaning is not clear: every clip is a whole file"
        )
        return

    proposed.columns |= {role: by_role[role] for role in own_words.TIMES if role in by_role}
    proposed.units_per_second = rate
    if by_role.keys() == {"start"}:
        proposed.doubts.append("there is a column for start, but none for end or duration")
    if by_role.keys() == {"end"}:
        proposed.doubts.append("there is a column for end, but none for start")


def _offset_as_start(by_role: Mapping[str, str]) -> dict[str, str]:
    """Read `offset` beside a duration as the start, as manifests of toolkits mean it."""
    plain = dict(by_role)
    if "duration" in plain and "start" not in plain and "offset" in plain.get("end", "").casefold():
        plain["start"] = plain.pop("end")

    return plain


def _rate(files: Sequence[Path]) -> int:
    """Return the samples a second that some recordings share; 0 where they differ or say none."""
    import soundfile

    rates = set()
    for path in files[:_RATED]:
        try:
            rates.add(int(soundfile.info(str(path)).samplerate))
        except (OSError, RuntimeError, TypeError, UnicodeError):
            return 0

    return rates.pop() if len(rates) == 1 else 0


def _are_times(column: str, rows: Sequence[OwnRow]) -> bool:
    values = {row.values.get(column, "") for row in rows} - {""}
    return bool(values) and all(map(_is_time, values))


def _assign(proposed: Findings, role: str, column: str, rows: Sequence[OwnRow]) -> None:
    values = {row.values.get(column, "") for row in rows}
    if role == "label" or role in proposed.columns:
        holder = proposed.columns[role]
        proposed.doubts.append(f"column {column!r} may hold the {role} too; {holder!r} was taken")
        return
    if not _fits(role, values, len(rows)):
        proposed.doubts.append(
            f"column {column!r} is called like one of the {role}, but its values are not: it was "
            "left out"
        )
        return

    proposed.columns[role] = column
    if role not in ("text", "id"):
        proposed.sentences.append(f"{role}: column {column!r}, {len(values - {''})} different")


def _fits(role: str, values: set[str], rows: int) -> bool:
    """Whether the values of a column can be what its name says."""
    if role == "language":
        return all(map(is_language, values))
    if role == "sex":
        return {value.casefold() for value in values} <= set(SEXES)
    if role == "id":
        return len(values) == rows and "" not in values

    return values != {""} and (role != "split" or len(values) <= 20)


def _is_time(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False
