"""What was found in a folder, written as the TOML file that a person looks over."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mserbench.data.own import words as own_words
from mserbench.data.own.findings import Findings
from mserbench.data.own.keys import is_label
from mserbench.languages import UNDECLARED

_LOOK = "# look at this"


def write(proposed: Findings, folder: Path, target: Path, name: str, language: str) -> str:
    """Return the text of the TOML file `target` for the recordings in `folder`.

    `language` is a code, or empty where the folder names it in a column or a header.
    """
    # Relative and with slashes, so that file and recordings can move together to any system.
    below = _below(folder, target)
    source = {
        key: f"{below}/{value}" if key == "table" else value
        for key, value in proposed.source.items()
    }
    # Of these the folder itself is the source.
    whole = next((key for key in ("audformat", "parquet") if key in source), "")
    if whole:
        source = {**proposed.source, whole: below}

    lines = [
        *_head(proposed, name, language),
        *([] if whole else [f"audio = {quoted(below)}"]),
        *(f"{key} = {_literal(value)}" for key, value in source.items()),
        *([f"strip = {_literal(proposed.strip)}"] if proposed.strip else []),
    ]
    if proposed.units_per_second != 1:
        lines.append(f"units_per_second = {proposed.units_per_second}  # of the times below")

    if proposed.columns:
        lines += ["", "[columns]"]
        lines += [f"{key} = {_value(column)}" for key, column in proposed.columns.items()]

    lines += ["", "[labels]", *_labels(proposed)]
    return "\n".join([*lines, *_remarks(proposed.doubts)]) + "\n"


def skeleton(
    proposed: Findings, folder: Path, target: Path, name: str, language: str, reasons: Sequence[str]
) -> str:
    """Return the text of a file that a person must complete, with the reasons why."""
    lines = [
        *_head(proposed, name, language or UNDECLARED),
        f"audio = {quoted(_below(folder, target))}",
        "",
        "# Complete one of the two, and give each raw label its label; then remove the other.",
        '# table = "labels.csv"',
        "# pattern = '(?P<speaker>[^/]+)/(?P<label>[a-z]+)_\\d+\\.wav'",
        "",
        "# [columns]",
        '# path = "file"',
        '# label = "emotion"',
        '# speaker = "speaker"',
        "",
        "[labels]",
        '# "wut" = "angry"',
        '# "?" = "DROP"',
    ]
    return "\n".join([*lines, *_remarks(reasons)]) + "\n"


def _below(folder: Path, target: Path) -> str:
    return os.path.relpath(folder, target.parent).replace(os.sep, "/")


def _head(proposed: Findings, name: str, language: str) -> list[str]:
    look = f"  {_LOOK}"
    licence = look if proposed.licence == "unknown" or proposed.is_licence_guessed else ""
    return [
        "# What this file says, and what else it may say: docs/your-own-corpus.md",
        f"name = {quoted(name)}",
        f"title = {quoted(name)}",
        *_language(proposed, language),
        f"licence = {quoted(proposed.licence)}{licence}",
        *([f"family = {quoted(proposed.family)}{look}"] if proposed.family else []),
    ]


def _remarks(sentences: Sequence[str]) -> list[str]:
    return ["", *(f"# {' '.join(text.split())}" for text in sentences)] if sentences else []


def _language(proposed: Findings, language: str) -> list[str]:
    if language == UNDECLARED:
        return [
            f"language = {quoted(language)}  {_LOOK}: not seen; 'und' makes every verdict 'unknown'"
        ]

    guessed = f"  {_LOOK}: {proposed.language_from}" if proposed.language_from else ""
    return [f"language = {quoted(language)}{guessed}"] if language else []


def _labels(proposed: Findings) -> list[str]:
    """Return a line for each raw label: its label, or the word itself, marked to be looked at."""
    lines = []
    for raw in proposed.labels:
        label, is_certain = label_of(raw, proposed.meanings)
        mark = "" if is_certain and raw not in proposed.guessed else f"  {_LOOK}"
        if raw and own_words.is_missing(raw):
            mark = f"  {_LOOK}: written where there is no label"

        lines.append(f"{quoted(raw)} = {quoted(label)}{mark}")

    return lines


def label_of(raw: str, meanings: Mapping[str, str]) -> tuple[str, bool]:
    """Return the label of a raw label, and whether its word is known."""
    if not raw:
        return "DROP", True
    if own_words.is_missing(raw):
        return "DROP", False
    if meanings.get(raw) == "":  # a publisher's code for no agreement
        return "DROP", True

    for word in (raw, meanings.get(raw, "")):
        if label := own_words.emotion(word):
            return label, True

    word = meanings.get(raw, raw).casefold()
    return (word if is_label(word) else "DROP"), False


def quoted(text: str) -> str:
    """Return a text as TOML writes it between double quotes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _literal(text: str) -> str:
    """Return a text without escapes where that is possible: a pattern is easier to read so."""
    return f"'{text}'" if "\\" in text and "'" not in text and text.isprintable() else quoted(text)


def _value(column: str | list[str]) -> str:
    """Return the name of a column, or a list of them, as TOML writes it."""
    return quoted(column) if isinstance(column, str) else f"[{', '.join(map(quoted, column))}]"
