"""A TOML file proposed for a folder of recordings, and what a person must still say."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.data.audio import SUFFIXES, is_audio
from mserbench.data.own import audformat as own_audformat
from mserbench.data.own import proposed_names, proposed_table
from mserbench.data.own import words as own_words
from mserbench.data.own.keys import is_label
from mserbench.data.own.proposed_table import Findings
from mserbench.data.own.table import OwnRow
from mserbench.data.trees import Folder
from mserbench.errors import DataError
from mserbench.languages import UNDECLARED

_LOOK = "# look at this"


@dataclass(frozen=True)
class Proposal:
    """What was found in a folder, to be written as TOML once the language is known."""

    folder: Path
    findings: Findings
    files: int

    @property
    def sentences(self) -> list[str]:
        """What was seen, for people."""
        labels = ", ".join(f"{raw or '(blank)'} {n}" for raw, n in self.findings.labels.items())
        return [f"{self.files} audio files", *self.findings.sentences, f"labels: {labels}"]

    @property
    def knows_language(self) -> bool:
        """Whether the folder itself names the language."""
        return "language" in self.findings.columns or len(self.findings.languages) == 1


def examine(folder: Path) -> Proposal:
    """Look at names and tables of a folder, not at its audio.

    Raises DataError where no labels are found.
    """
    if not folder.is_dir():
        raise DataError(f"{str(folder)!r} is no folder: give the one that holds the recordings")

    names = Folder(folder).names
    audio = [name for name in names if is_audio(name)]
    if own_audformat.HEADER in names:
        return _with_labels(Proposal(folder, _audformat(folder), len(audio)))
    if not audio:
        raise DataError(
            f"folder {str(folder)!r} holds no audio file: {', '.join(sorted(SUFFIXES))} were "
            "looked for"
        )

    findings = proposed_table.find(folder, names, audio) or proposed_names.find(audio)
    if findings is None:
        raise DataError(
            f"no labels were found for the {len(audio)} audio files of {str(folder)!r}: an "
            "audformat database, a csv, tsv or jsonl table with a column of their paths and one of "
            "emotions, and emotion words in the names of files or folders were looked for"
        )

    return _with_labels(Proposal(folder, findings, len(audio)))


def _with_labels(proposal: Proposal) -> Proposal:
    """Raise DataError where a question would have fewer than two labels."""
    findings = proposal.findings
    labels = sorted({_label(raw, findings.meanings)[0] for raw in findings.labels} - {"DROP"})
    if len(labels) < 2:
        raise DataError(
            f"the recordings of {str(proposal.folder)!r} have the labels {labels} by "
            f"{findings.source}, but a question needs two or more: look at the table, or write the "
            "TOML file by hand (docs/your-own-corpus.md)"
        )

    return proposal


def write(proposal: Proposal, target: Path, name: str, language: str) -> str:
    """Return the text of the TOML file `target`.

    `language` is a code, or empty where the folder names it.
    """
    proposed = proposal.findings
    # Relative and with slashes, so that file and recordings can move together to any system.
    below = os.path.relpath(proposal.folder, target.parent).replace(os.sep, "/")
    source = {
        key: f"{below}/{value}" if key == "table" else value
        for key, value in proposed.source.items()
    }
    if "audformat" in source:
        source = {**proposed.source, "audformat": below}

    lines = [
        "# What this file says, and what else it may say: docs/your-own-corpus.md",
        f"name = {quoted(name)}",
        f"title = {quoted(name)}",
        *_language(proposed, language),
        f"licence = {quoted(proposed.licence)}"
        + (f"  {_LOOK}" if proposed.licence == "unknown" else ""),
        *([] if "audformat" in source else [f"audio = {quoted(below)}"]),
        *(f"{key} = {_literal(value)}" for key, value in source.items()),
    ]
    if proposed.columns:
        lines += [
            "",
            "[columns]",
            *(f"{key} = {quoted(column)}" for key, column in proposed.columns.items()),
        ]

    lines += ["", "[labels]", *_labels(proposed)]
    doubts = (
        ["", *(f"# {' '.join(doubt.split())}" for doubt in proposed.doubts)]
        if proposed.doubts
        else []
    )
    return "\n".join([*lines, *doubts]) + "\n"


def _language(proposed: Findings, language: str) -> list[str]:
    if language == UNDECLARED:
        return [
            f"language = {quoted(language)}  {_LOOK}: not seen; 'und' makes every verdict 'unknown'"
        ]

    return [f"language = {quoted(language)}"] if language else []


def _labels(proposed: Findings) -> list[str]:
    """Return a line for each raw label: its label, or the word itself, marked to be looked at."""
    lines = []
    for raw in proposed.labels:
        label, certain = _label(raw, proposed.meanings)
        mark = "" if certain else f"  {_LOOK}"
        lines.append(f"{quoted(raw)} = {quoted(label)}{mark}")

    return lines


def _label(raw: str, meanings: Mapping[str, str]) -> tuple[str, bool]:
    """Return the label of a raw label, and whether its word is known."""
    if not raw:
        return "DROP", True

    for word in (raw, meanings.get(raw, "")):
        if label := own_words.emotion(word):
            return label, True

    word = meanings.get(raw, raw).casefold()
    return (word if is_label(word) else "DROP"), False


def _audformat(folder: Path) -> Findings:
    """Return the table of an audformat database that has most emotion words, and its columns."""
    database = own_audformat.open_database(folder)
    best: tuple[float, Findings] | None = None
    unread = []

    for name in database.tables:
        try:
            table = own_audformat.read(database, [name], {})
        except DataError as error:
            unread.append(str(error))
            continue

        rows = [row for row in table.rows if isinstance(row, OwnRow)]
        for column in database.columns(name):
            candidate = _of_column(database, name, column, rows)
            emotions = sum(
                n
                for raw, n in candidate.labels.items()
                if _label(raw, candidate.meanings)[1] and raw
            )
            # A column that is called so wins where two have as many known words.
            share = emotions + (0.5 if own_words.column(column) == "label" else 0.0)
            if share >= 0.5 and len(candidate.labels) > 1 and (best is None or share > best[0]):
                best = share, candidate

    if best is None:
        more = f" ({unread[0]})" if unread else ""
        raise DataError(
            f"audformat database {str(folder)!r} has no column of emotions in "
            f"{database.tables}{more}"
        )

    # What could not be read is told beside the table that was taken.
    best[1].doubts += unread
    return best[1]


def _of_column(
    database: own_audformat.Database, table: str, column: str, rows: Sequence[OwnRow]
) -> Findings:
    """Return the findings with this column as the label, and others by their names."""
    counts: dict[str, int] = {}
    for row in rows:
        raw = row.values.get(column, "")
        counts[raw] = counts.get(raw, 0) + 1

    columns = {"label": column}
    places = [(table, name, name) for name in database.columns(table) if name != column]
    places += [
        (other_table, name, f"{other_table}.{name}")
        for other_table in database.tables
        if other_table != table
        for name in database.columns(other_table)
    ]

    for _, name, full in places:
        role = own_words.column(name)
        if role in ("speaker", "sex", "session", "text", "dialogue") and role not in columns:
            columns[role] = full

    proposed = Findings(
        {"audformat": ".", "table": table},
        columns,
        counts,
        meanings=own_audformat.scheme_labels(database, table, column),
        languages=database.languages,
        licence=database.licence,
    )
    proposed.sentences.append(
        f"an audformat database: table {table!r}, {len(rows)} rows, column {column!r}"
    )
    proposed.sentences += [
        f"{role}: column {name!r}" for role, name in columns.items() if role != "label"
    ]
    if len(database.tables) > 1:
        left_out = ", ".join(name for name in database.tables if name != table)
        proposed.doubts.append(
            f"other tables of the database were left out as lists of clips: {left_out}"
        )

    return proposed


def quoted(text: str) -> str:
    """Return a text as TOML writes it between double quotes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _literal(text: str) -> str:
    """Return a text without escapes where that is possible: a pattern is easier to read so."""
    return f"'{text}'" if "\\" in text and "'" not in text and text.isprintable() else quoted(text)
