"""The documented form of a run record (docs/results.md), checked whenever one is read: it may be a stranger's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

from mserbench.results.exposure import VERDICTS, Heard

SCHEMA = 2
READ = (1, 2)  # schemas that are understood: of the first, the statistics are computed anew
PREDICTIONS = "predictions.csv"
_METRICS = ("UA", "WA", "WF1", "MF1", "precision", "unparsed")

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    # Half a character (a lone surrogate) is good JSON, but cannot be printed or written.
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_fraction(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def _is_freedom(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 1.0 <= value < 2**53


def _is_interval(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and len(value) == 2 and all(map(_is_fraction, value)) and value[0] <= value[1]
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_labels(value: Any) -> bool:
    return _are_texts(value) and 0 < len(value) == len(set(value)) and "" not in value


def _is_options(value: Any) -> bool:
    return isinstance(value, dict)


def _is_weights(value: Any) -> bool:
    if not isinstance(value, dict):
        return value is None
    texts = (value.get("name"), value.get("hash"), value.get("recipe", ""))
    are_trainings = isinstance(value.get("trained", []), list) and all(map(_is_training, value.get("trained", [])))
    return all(map(_is_text, texts)) and _is_flag(value.get("shipped", False)) and are_trainings


def _is_training(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("options"), dict):
        return False
    lists = (value.get("on"), value.get("validated_on", []), value.get("chosen_on", []))
    return all(map(_are_texts, lists)) and are_facts(value) and _is_text(value["options"].get("preset", ""))


def _are_exposures(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_exposure, value))


def _is_exposure(value: Any) -> bool:
    texts = isinstance(value, dict) and all(_is_text(value.get(key)) for key in ("corpus", "kind", "evidence"))
    return texts and _are_texts(value.get("languages"))


def are_facts(value: object) -> bool:
    """Whether this is an object of texts, finite numbers, flags, nulls, and lists and objects of them."""
    return isinstance(value, dict) and _is_plain(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_text(key) and _is_plain(one) for key, one in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int) or _is_text(value)


_FORM: dict[str, dict[str, Check]] = {
    "model": {"name": _is_text, "title": _is_text, "version": _is_text, "options": _is_options, "weights": _is_weights},
    "task": {
        "name": _is_text,
        "version": _is_count,
        "hash": _is_text,
        "question": _is_text,
        "corpus": _is_text,
        "languages": _are_texts,
        "labels": _are_labels,
    },
    "corpus": {
        "name": _is_text,
        "synthetic": _is_flag,
        "index_digest": lambda value: value is None or _is_text(value),
    },
    "counts": {"expected": _is_count, "scored": _is_count, "unparsed": _is_count, "partial": _is_flag},
    "metrics": dict.fromkeys(_METRICS, _is_fraction),
    "intervals": dict.fromkeys(_METRICS, _is_interval),
    "statistics": {
        "method": _is_text,
        "level": _is_fraction,
        "cluster": lambda value: value in ("speaker", "clip"),
        "clusters": _is_count,
        "unattributed": _is_count,
        "freedom": _is_freedom,
    },
    "verdict": {
        "verdict": lambda value: value in VERDICTS,
        "reasons": _are_texts,
        "heard": lambda value: value in get_args(Heard),
        "transductive": _is_flag,
    },
    "predictions": {"file": lambda value: value == PREDICTIONS, "sha256": _is_text},
}


_LATER: dict[str, dict[str, Check]] = {
    "model": {"development": _are_texts, "exposure": _are_exposures},
    "verdict": {"development": _is_flag},
}
"""What records from before do not have yet."""


def check_record(record: object) -> Mapping[str, Any]:
    """Return a run record whose every used value has the documented type and range. Raises ValueError if not."""
    if not isinstance(record, dict) or record.get("schema") not in READ:
        raise ValueError(f"an object with schema {' or '.join(map(str, READ))} was expected")
    for part, checks in _FORM.items():
        if part == "statistics" and record["schema"] == 1:
            continue
        held = record.get(part)
        if not isinstance(held, dict):
            raise ValueError(f"{part!r} is missing or no object")
        for key, is_valid in checks.items():
            if key not in held or not is_valid(held[key]):
                raise ValueError(f"'{part}.{key}' is {_short(held.get(key))}, which is no valid value")
        for key, is_valid in _LATER.get(part, {}).items():
            if key in held and not is_valid(held[key]):
                raise ValueError(f"'{part}.{key}' is {_short(held[key])}, which is no valid value")
    _check_clusters(record.get("clusters"), record["counts"]["scored"])
    if not are_facts(record.get("facts", {})):
        raise ValueError(
            "'facts' must be an object of texts, finite numbers, flags, nulls, and lists and objects of them"
        )
    return record


def _check_clusters(clusters: object, scored: int) -> None:
    if clusters is None:
        return
    if not isinstance(clusters, list) or len(clusters) != scored or not all(map(_is_speaker, clusters)):
        raise ValueError(f"'clusters' must be null or {scored} speaker numbers, each null where a speaker is not known")


def _is_speaker(value: object) -> bool:
    return value is None or _is_count(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
