"""Cards of models that come as files of somebody's own, and the card of a model of which nothing is
known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from mserbench import languages
from mserbench.cards import Exposure, ExposureKind, ModelCard
from mserbench.disk import outside
from mserbench.errors import DataError, UsageError, why
from mserbench.results.parts import is_name, is_text


def read_card(path: Path, name: str) -> ModelCard:
    """Read a model card of somebody's own (JSON; docs/results.md). Raises DataError naming the key
    at fault, and UsageError for a name that none can have.
    """
    require_name(name)
    try:
        record = json.loads(outside.read(path, outside.CARD, piped=True).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"model card {str(path)!r} cannot be read as JSON: {why(error)}") from error

    if not isinstance(record, dict) or not isinstance(record.get("exposure", []), list):
        raise DataError(f"model card {str(path)!r} must be an object with a list 'exposure'")

    complete = record.get("exposure_complete", False)
    if not isinstance(complete, bool):
        raise DataError(
            f"model card {str(path)!r}: 'exposure_complete' is {complete!r}, but must be true "
            f"or false"
        )

    development = record.get("development", [])
    if not isinstance(development, list) or not all(is_text(corpus) for corpus in development):
        raise DataError(
            f"model card {str(path)!r}: 'development' is {development!r}, but must be a "
            f"list of names of corpora"
        )

    return ModelCard(
        name=name,
        title=_text(path, record, "title", name),
        version=_text(path, record, "version", "unknown"),
        licence=_text(path, record, "licence", "unknown"),
        citation=_text(path, record, "citation", ""),
        exposure=tuple(
            _exposure(path, at, part) for at, part in enumerate(record.get("exposure", []))
        ),
        exposure_complete=complete,
        development=tuple(development),
        recipe=_text(path, record, "recipe", ""),
    )


def unknown_card(name: str) -> ModelCard:
    """Return the card of a model of which nothing is known: its verdict is `unknown`.

    Raises UsageError for a name that none can have.
    """
    require_name(name)
    return ModelCard(name, name, "unknown", "unknown", "", (), False)


def require_name(name: str) -> None:
    """Raise UsageError for a name of a model that cannot be written."""
    # Before a folder is made of it: half a character can be typed, but not written.
    if not is_name(name):
        raise UsageError(
            f"the name {name!r} of a model cannot be written: give letters, digits, '-' and '_'"
        )


def _text(path: Path, record: Mapping[str, Any], key: str, otherwise: str) -> str:
    """Return a text of a card; a number, as a version may be, becomes one."""
    value = record.get(key, otherwise)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not is_text(value):
        raise DataError(f"model card {str(path)!r}: {key!r} is {value!r}, but a text was expected")

    return str(value)


def _exposure(path: Path, position: int, record: object) -> Exposure:
    place = f"model card {str(path)!r}, exposure {position + 1}"
    if not isinstance(record, dict) or not is_text(record.get("corpus")):
        raise DataError(
            f"{place}: an object with 'corpus', 'languages', 'kind' and 'evidence' was expected"
        )

    kind: Any = record.get("kind")
    if kind not in get_args(ExposureKind):
        raise DataError(
            f"{place}: 'kind' is {kind!r}, but must be one of {', '.join(get_args(ExposureKind))}"
        )

    spoken = record.get("languages")
    if not isinstance(spoken, list) or languages.fault(spoken):
        raise DataError(
            f"{place}: 'languages' is {repr(spoken)[:60]}, but must be a list of ISO 639 codes "
            f"such as 'en', of languages that there are"
        )

    # Without evidence nothing is known of what was learnt: the verdict is then `unknown`.
    evidence = _text(path, {"evidence": record.get("evidence") or ""}, "evidence", "")
    return Exposure(record["corpus"], tuple(spoken), kind, evidence)
