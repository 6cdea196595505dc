"""Rows of a corpus of one's own to utterances; a row that is wrong becomes a fault."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from mserbench.contracts import Fault, Utterance
from mserbench.data.corpus import DERIVED_AUDIO, DERIVED_FROM
from mserbench.data.own import paths
from mserbench.data.own.keys import FIELDS, is_language
from mserbench.data.own.settings import Settings
from mserbench.data.own.table import PATH, OwnRow, filled
from mserbench.data.own.times import WrongValue, span
from mserbench.data.own.wording import shown

_KEY = re.compile(r"[0-9a-f]{64}")
_NO_KEY = "0" * 64

PARTS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation"), "test"),
}
"""What a table may call the part of a split."""
SEXES: Mapping[str, Literal["f", "m"] | None] = {
    "f": "f", "female": "f", "w": "f", "woman": "f",
    "m": "m", "male": "m", "man": "m",
    "": None, "unknown": None, "other": None, "o": None, "x": None,
}  # fmt: skip
"""What a table may write for the sex of a speaker."""


def utterances(
    settings: Settings, rows: Iterable[OwnRow | Fault], unique: bool = True
) -> Iterator[Utterance | Fault]:
    """Yield the utterance of each row, or the fault that it has.

    `settings.columns` says which column holds what. With `unique` a row that repeats an id is a
    fault: of file names, two may well be one recording in two formats, which is judged by their
    audio elsewhere.
    """
    first: dict[str, str] = {}
    for row in rows:
        if isinstance(row, Fault):
            yield row
            continue

        try:
            utterance = _utterance(settings, row)
            if unique and utterance.id in first:
                line = first[utterance.id].rpartition(", ")[2]
                raise WrongValue(f"the id {utterance.id[:200]!r} stands in {line} already")

            first[utterance.id] = row.where
            yield utterance
        except WrongValue as wrong:
            yield Fault(f"{row.where}: {wrong}")


def _utterance(settings: Settings, row: OwnRow) -> Utterance:
    """Return the utterance of a row. Raises WrongValue with what is wrong in it."""
    values = {key: row.values.get(column, "") for key, column in settings.columns.items()}
    # Never an absolute path: a shared TOML file must not read what lies elsewhere.
    audio = _audio(filled(settings.columns[PATH], row.values, settings.strip), settings)
    start, end = span(values, settings.units_per_second)
    label = paths.composed(values["label"])
    if not label and "" not in settings.labels:
        raise WrongValue('the label is blank: fill it in, or add "" = "DROP" to [labels]')

    speaker = values.get("speaker")
    return Utterance(
        id=values.get("id") or _identity(audio, start, end),
        audio=audio,
        raw_label=label,
        speaker=f"{settings.family or settings.name}:{speaker}" if speaker else None,
        language=_language(values.get("language", ""), settings),
        start=start,
        end=end,
        split=values.get("split") or None,
        session=values.get("session") or None,
        sex=_sex(values.get("sex", "")),
        text=values.get("text") or None,
        extra=_extra(settings, row, values),
    )


def _audio(path: str, settings: Settings) -> str:
    """Return a path below the folder of recordings as POSIX writes it."""
    plain = paths.plain(path, settings.strip)
    if not plain or plain == ".":
        raise WrongValue(f"the path of the recording is blank (column {settings.columns[PATH]!r})")
    if paths.leads_out(plain):
        raise WrongValue(
            f"the path {path[:200]!r} leads out of the folder of recordings: give it relative to "
            "that folder"
        )

    return plain


def _identity(audio: str, start: float | None, end: float | None) -> str:
    """Return the path without its ending, and the part of the file in seconds."""
    # Composed, as the same folder has names of another form on macOS.
    stem = paths.composed(posixpath.splitext(audio)[0])
    if start is None and end is None:
        return stem
    return f"{stem}@{start or 0.0:.3f}-{'' if end is None else f'{end:.3f}'}"


def _language(code: str, settings: Settings) -> str:
    """Return the language of a row: its own, else the only one of the file."""
    if not code and len(settings.languages) == 1:
        return settings.languages[0]
    if not is_language(code):
        raise WrongValue(
            f"the language is {code[:100]!r}, but an ISO 639 code such as 'de' was expected"
        )
    if settings.languages and code not in settings.languages:
        raise WrongValue(
            f"the language is {code[:100]!r}, but the key 'language' names "
            f"{', '.join(settings.languages)}"
        )

    return code


def _sex(text: str) -> Literal["f", "m"] | None:
    try:
        return SEXES[text.casefold()]
    except KeyError:
        raise WrongValue(
            f"the sex is {text[:100]!r}, but 'f', 'm' or nothing was expected"
        ) from None


def _extra(settings: Settings, row: OwnRow, values: Mapping[str, str]) -> dict[str, str]:
    """Return what the contract has no field for, and the columns that are selected by."""
    keys = ("sentence", "dialogue", DERIVED_FROM, DERIVED_AUDIO)
    named = {key: values[key] for key in keys if values.get(key)}
    if not all(named.get(DERIVED_FROM, "corpus:id").partition(":")):
        raise WrongValue(
            f"{DERIVED_FROM} is {named[DERIVED_FROM]!r}, but CORPUS:ID of the utterance it is made "
            "from was meant"
        )

    if not _KEY.fullmatch(named.get(DERIVED_AUDIO, _NO_KEY)):
        raise WrongValue(
            f"{DERIVED_AUDIO} is {shown(named[DERIVED_AUDIO])}, but the audio key of what it is "
            "made from was meant: 64 digits from 0 to f"
        )

    return named | {
        key: row.values[key] for key in settings.select if key not in FIELDS and row.values.get(key)
    }
