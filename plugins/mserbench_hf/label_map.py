"""What labels of a checkpoint mean: by the core's table of words and a TOML file of the user's."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mserbench.data import label_map
from mserbench.data.label_map import NONE as NONE
from mserbench.data.label_map import meaning as meaning
from mserbench.errors import DataError, UsageError, plain
from mserbench.labels import CANONICAL

_MISSPELT = 0.85  # of the letters: `hapy` is a slip, `content` beside `contempt` is another word


def meanings(name: str, labels: Sequence[str], own: str) -> tuple[str, ...]:
    """Return what each label of a checkpoint means, a label of ours or `none`.

    `own`: the path of the user's TOML file, or empty; what it says is stronger than the table.
    Raises UsageError for a label that nobody knows, with the lines to write, and DataError for a
    file that cannot be read.
    """
    own_meanings = _read(Path(own), name, labels) if own else {}
    meant = [own_meanings.get(label) or meaning(label) for label in labels]
    unknown = [raw for raw, label in zip(labels, meant, strict=True) if not label]
    if unknown:
        lines = "; ".join(label_map.line(label) for label in unknown)
        raise UsageError(
            f"checkpoint {name!r} has {len(unknown)} of {len(labels)} labels whose meaning is not "
            f"known: write into a TOML file, under [labels], {lines}, each with a label such as "
            f'"angry" or "{NONE}", and give it by --option labels=FILE'
        )

    if all(label == NONE for label in meant):
        raise UsageError(
            f"checkpoint {name!r}: all of its labels mean {NONE!r}: name an emotion for some"
        )

    return tuple(label for label in meant if label)


def _read(path: Path, name: str, labels: Sequence[str]) -> Mapping[str, str]:
    """Read the file of a user. Raises DataError where it is not as documented."""
    table = label_map.read(path)
    strange = [label for label in table if label not in labels]
    if strange:
        raise DataError(
            f"label map {str(path)!r} names {strange[0]!r}, which is no label of checkpoint "
            f"{name!r}: it has {plain(', '.join(labels), 200)}"
        )

    return {raw: _label(path, raw, value) for raw, value in table.items()}


def _label(path: Path, raw: str, value: str) -> str:
    """Return what a user says that a label means, as tasks call it; a word that nobody knows may be
    a label of the user's own corpus. Raises DataError for one that looks misspelt.
    """
    if (label := meaning(value)) is not None:
        return label

    # Else its clips would be lost without a word.
    near = difflib.get_close_matches(value, (*CANONICAL, NONE), n=1, cutoff=_MISSPELT)
    if near:
        raise DataError(
            f"label map {str(path)!r} says that {raw!r} means {value!r}, which is no emotion that "
            f"is known here: did you mean {near[0]!r}?"
        )

    return value
