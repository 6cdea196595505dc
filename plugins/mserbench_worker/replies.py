"""A worker's reply to one clip, checked: scores by label, or a text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mserbench.errors import plain
from mserbench_worker.hello import Hello


class Unfit(Exception):
    """A reply that is none; its text says why."""


def answer_of(reply: Mapping[str, Any], hello: Hello, labels: Sequence[str]) -> list[float] | str:
    """Return scores in the order of `labels`, or a text.

    A label that the worker does not know lies below all that it knows. Raises Unfit for what the
    protocol has not.
    """
    if "error" in reply:
        raise Unfit(f"failed ({plain(str(reply['error']))})")
    if hello.labels is None:
        return _text_of(reply)

    scores = reply.get("scores")
    if not isinstance(scores, dict):
        raise Unfit(
            f"replied {_shown(reply)}, but an object 'scores' was expected, as it names labels"
        )

    _check_names(scores, hello)
    # `type`, not `isinstance`: true of JSON is a number to Python.
    for label, score in scores.items():
        if type(score) not in (int, float) or not math.isfinite(score):
            raise Unfit(f"gave {label!r} the score {_shown(score)}, not a finite number")

    return _in_order(scores, hello, labels)


def _text_of(reply: Mapping[str, Any]) -> str:
    text = reply.get("text")
    if not isinstance(text, str):
        raise Unfit(
            f"replied {_shown(reply)}, but a 'text' was expected, as it names no labels (LABELS in "
            "a Python file)"
        )

    return text


def _check_names(scores: Mapping[str, Any], hello: Hello) -> None:
    """Raise Unfit where the labels are not those that the worker named at its start."""
    expected = set(hello.labels or ())
    if strange := sorted(set(scores) - expected):
        raise Unfit(f"scored {strange[0]!r}, which is none of its labels {sorted(expected)}")
    if missing := sorted(expected - set(scores)):
        raise Unfit(f"gave no score for its label {missing[0]!r}")


def _in_order(scores: Mapping[str, float], hello: Hello, labels: Sequence[str]) -> list[float]:
    by_label = {name: float(scores[own]) for own, name in hello.label_of(labels).items()}
    if not by_label:
        raise Unfit(f"knows none of the labels {list(labels)}")

    # Far below in the worker's own measure, be that shares or logits.
    below = min(scores.values()) - max(1.0, max(scores.values()) - min(scores.values()))
    return [by_label.get(label, below) for label in labels]


def _shown(value: Any) -> str:
    return plain(repr(value), 100)
