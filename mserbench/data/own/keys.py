"""The keys of the TOML file of a corpus of one's own, and what is wrong with their values."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mserbench import languages
from mserbench.contracts import ADAPT_WAYS
from mserbench.data.own import heard
from mserbench.data.own.wording import nearest, shown
from mserbench.languages import UNDECLARED, UNNAMED

FIELDS = (
    "speaker",
    "sex",
    "split",
    "session",
    "text",
    "language",
    "sentence",
    "dialogue",
    "derived_from",
    "derived_audio",
)
COLUMNS = ("path", "label", "id", *FIELDS, "start", "end", "duration")
# An audformat table itself says which files, and from where to where.
_OF_AUDFORMAT = ("label", *FIELDS)
AUDIO = "audio"  # the column of the recordings themselves
_OF_PARQUET = ("label", "id", AUDIO, *FIELDS, "start", "end", "duration")
_SOURCES = ("table", "pattern", "audformat", "parquet")
TEXTS = (
    "name", "title", "licence", "audio", "pattern", "audformat", "parquet", "citation", "family",
    "strip",
)  # fmt: skip
_TABLES = ("columns", "labels", "select")
_KEYS = (
    *TEXTS, "language", "table", "version", "synthetic", "units_per_second", "derived_corpora",
    "adapt", "exposure", "exposure_complete", *_TABLES,
)  # fmt: skip
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_LABEL = re.compile(r"\w[\w +.-]{0,59}")
_LONGEST_PATTERN = 1_000  # characters


Fault = tuple[tuple[str, ...], str]  # a key, and what is wrong with it


def faults(record: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield everything that is wrong with the keys of a file, without a look at other files."""
    for key in record:
        if key not in _KEYS:
            yield (key,), f"is not known; {nearest(key, _KEYS)}"

    for key in TEXTS:
        if key in record and not is_text(record[key]):
            yield (key,), f"is {shown(record[key])}, but a text was expected"

    for key in ("language", "table", "derived_corpora"):
        if key in record and not _texts(record[key]):
            yield (key,), f"is {shown(record[key])}, but a text or a list of texts was expected"

    if record.get("adapt", ADAPT_WAYS[0]) not in ADAPT_WAYS:
        ways = " or ".join(f'"{way}"' for way in ADAPT_WAYS)
        yield ("adapt",), f"is {shown(record['adapt'])}, but {ways} was expected"

    version, synthetic = record.get("version", 1), record.get("synthetic", False)
    # In Python true is a whole number too.
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        yield ("version",), f"is {shown(version)}, but a whole number from 1 was expected"

    if not isinstance(synthetic, bool):
        yield ("synthetic",), f"is {shown(synthetic)}, but true or false was expected"

    units = record.get("units_per_second", 1)
    if isinstance(units, bool) or not isinstance(units, (int, float)) or not 0 < units < 1e12:
        yield (
            ("units_per_second",),
            f"is {shown(units)}, but a number such as 1000 was expected, for times in milliseconds",
        )

    yield from heard.faults(record)
    yield from _source_faults(record)
    yield from _language_faults(record)
    yield from _label_faults(record.get("labels"))
    yield from _select_faults(record.get("select", {}))


def _source_faults(record: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield faults of where the rows come from, which must be one place, and of its columns."""
    sources = [key for key in _SOURCES if key in record]
    alone = [[key] for key in _SOURCES]
    if sources not in (*alone, ["table", "audformat"]):
        named = f"{' and '.join(map(repr, sources))} are given" if sources else "none is given"
        yield (
            (sources[-1] if sources else "table",),
            f"one of 'table', 'pattern', 'audformat' and 'parquet' was expected, but {named}",
        )
        return

    if "pattern" in record and len(str(record["pattern"])) > _LONGEST_PATTERN:
        yield (
            ("pattern",),
            f"has more than {_LONGEST_PATTERN:,} characters: a table suits such names better",
        )

    if sources == ["table"] and len(_texts(record["table"])) > 1:
        yield (
            ("table",),
            "is a list, but one table was expected: join them, with a column for the split",
        )

    if "parquet" in record and "audio" in record:
        yield (
            ("audio",),
            "belongs to a table, but the recordings lie in the shards of 'parquet': remove it",
        )

    yield from _column_faults(record, sources[-1])


def _column_faults(record: Mapping[str, Any], source: str) -> Iterator[Fault]:
    """Yield faults of the table that says which column holds what."""
    columns = record.get("columns", {})
    if not isinstance(columns, dict):
        yield ("columns",), f"is {shown(columns)}, but a table [columns] was expected"
        return
    if "pattern" in record and columns:
        yield (
            ("columns",),
            "belongs to a table, but the pattern's named groups say what is what: remove one of "
            "the two",
        )
        return

    allowed = {"audformat": _OF_AUDFORMAT, "parquet": _OF_PARQUET}.get(source, COLUMNS)
    for key, column in columns.items():
        if key not in allowed:
            yield ("columns", key), f"is not known; {nearest(key, allowed)}"
        elif key == "label" and source == "table" and len(_texts(column)) > 1:
            continue  # a column for each label
        elif not is_text(column):
            yield ("columns", key), f"is {shown(column)}, but the name of a column was expected"

    if {"end", "duration"} <= columns.keys():
        yield (
            ("columns", "duration"),
            "says where a recording ends, as 'end' does: remove one of the two",
        )

    required = {"table": ("path", "label"), "pattern": ()}.get(source, ("label",))
    for key in required:
        if key not in columns:
            yield (
                ("columns",),
                f"has no {key!r}, but a table needs {' and '.join(map(repr, required))}",
            )


def _language_faults(record: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield faults of `language`: codes, or a column that gives each row its own."""
    columns = record.get("columns", {})
    by_row = "(?P<language>" in str(record.get("pattern", "")) or (
        isinstance(columns, dict) and "language" in columns
    )
    # `language = ""` was told above as a wrong text; it is not a missing key.
    codes = _texts(record.get("language", []))
    if not codes and "language" not in record and not by_row and "audformat" not in record:
        yield (
            ("language",),
            "is missing, but the verdict needs it: an ISO 639 code such as 'de', or "
            f"{UNDECLARED!r}",
        )

    if len(codes) > 1 and not by_row:
        yield (
            ("language",),
            "names several languages, but no column 'language' says which row is in which",
        )

    for code in codes:
        if not is_language(code):
            yield ("language",), f"is {shown(code)}, but an ISO 639 code such as 'de' was expected"


@functools.cache
def is_language(code: str) -> bool:
    """Whether this is `und` or the code of one language: two or three letters, perhaps a region."""
    return code == UNDECLARED or (code not in UNNAMED and languages.is_language(code))


def is_label(text: str) -> bool:
    """Whether a text can be a label: letters, digits, blanks, `_ + . -`, 60 at most."""
    return _LABEL.fullmatch(text) is not None


def _label_faults(labels: object) -> Iterator[Fault]:
    """Yield faults of the table of labels, which must ask a question."""
    if not isinstance(labels, dict) or not labels:
        yield (
            ("labels",),
            'a table [labels] was expected that gives each raw label a label or "DROP"',
        )
        return

    wrong = [
        raw for raw, label in labels.items() if not isinstance(label, str) or not is_label(label)
    ]
    for raw in wrong:
        yield (
            ("labels", raw),
            f'is {shown(labels[raw])}, but a label (letters, digits, blanks, "_+.-") or "DROP" '
            f"was expected",
        )

    if not wrong and len(set(labels.values()) - {"DROP"}) < 2:
        yield (
            ("labels",),
            f"maps to {shown(sorted(set(labels.values())))}, but a question needs two labels or "
            "more",
        )


def _select_faults(select: object) -> Iterator[Fault]:
    if not isinstance(select, dict):
        yield ("select",), f"is {shown(select)}, but a table [select] was expected"
        return

    for key, values in select.items():
        if not _texts(values):
            yield ("select", key), f"is {shown(values)}, but a text or a list of texts was expected"


def is_text(value: object) -> bool:
    """Whether this is a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def _texts(value: object) -> list[str]:
    """Return the texts of a text or a list of texts; none where there is anything else in it."""
    values = value if isinstance(value, list) else [value]
    texts = [text for text in values if isinstance(text, str) and text]
    return texts if len(texts) == len(values) else []
