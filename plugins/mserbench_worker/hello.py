"""How a worker introduces itself: the first line of the protocol, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mserbench.cards import Exposure, ExposureKind
from mserbench.data.label_map import NONE, meaning
from mserbench.errors import ModelError, plain
from mserbench.labels import CANONICAL, SYNONYMS

PROTOCOL = 1
KEY = "mserbench"  # of the line that introduces a worker
_TEXTS = ("name", "version")
_SHOWN = 100  # characters of a value in an error


@dataclass(frozen=True)
class Hello:
    """What a worker says of itself. `labels` as it writes them; None where it answers in text."""

    name: str
    version: str
    labels: tuple[str, ...] | None
    wants: Literal["path", "samples"]
    exposure: tuple[Exposure, ...]
    exposure_complete: bool
    licence: str
    citation: str
    packages: Mapping[str, str]

    @property
    def usual_labels(self) -> tuple[str, ...]:
        """Its labels as everybody calls them, without those that mean none, as `other`.

        Raises ModelError for one that nobody knows.
        """
        usual = (_usual(own, ()) for own in self.labels or ())
        return tuple(label for label in usual if label != NONE)

    def label_of(self, labels: Sequence[str]) -> dict[str, str]:
        """Map each label of the worker to one of `labels`, as far as it is among them.

        Raises ModelError for a label that nobody knows, and where two are one to the task.
        """
        names: dict[str, str] = {}
        for own in self.labels or ():
            name = _usual(own, labels)
            if name == NONE:
                continue
            # Their scores could be added, or the larger one taken: the worker knows, not we.
            if name in names.values():
                raise ModelError(
                    f"worker {self.name!r} has two labels for {name!r}: give one score for them"
                )
            if name in labels:
                names[own] = name

        return names


def hello_of(line: Mapping[str, Any]) -> Hello:
    """Read the line that introduces a worker. Raises ModelError for what the protocol has not."""
    if line[KEY] != PROTOCOL:
        raise ModelError(
            f"the worker speaks version {_shown(line[KEY])} of the protocol, but {PROTOCOL} was "
            "expected: mend its first line (docs/worker.md)"
        )

    for name in _TEXTS:
        if not isinstance(line.get(name), str) or not line[name]:
            raise _wrong(name, line.get(name), "a text")

    labels = line.get("labels")
    if labels is not None and (not _are_texts(labels) or len(set(labels)) < max(2, len(labels))):
        raise _wrong("labels", labels, "two or more different texts, or null for answers in text")

    wants = line.get("wants", "path")
    if wants not in ("path", "samples"):
        raise _wrong("wants", wants, "'path' or 'samples'")

    return Hello(
        name=line["name"],
        version=line["version"],
        labels=None if labels is None else tuple(labels),
        wants=wants,
        exposure=_exposures(line.get("exposure") or []),
        exposure_complete=line.get("exposure_complete") is True,
        licence=str(line.get("licence") or "unknown"),
        citation=str(line.get("citation") or ""),
        packages={str(name): str(text) for name, text in dict(line.get("packages") or {}).items()},
    )


def _usual(own: str, labels: Sequence[str]) -> str:
    """Return the label of a task that a worker's label means, else the usual one that it means;
    NONE for one that means no emotion. Raises ModelError for one that nobody knows.
    """
    by_fold = {label.casefold(): label for label in labels}
    word = own.casefold().replace("_", " ").strip()
    usual = SYNONYMS.get(word) or meaning(own)
    # The task's own word first: it may have both forms.
    for name in (word, usual):
        if name in by_fold:
            return by_fold[name]

    if usual is None:
        usable = sorted({*CANONICAL, *SYNONYMS.values(), *labels})
        raise ModelError(
            f"the worker's label {own!r} is no known emotion: rename it, or leave it out of labels "
            f"and scores; known are {', '.join(usable)}, and words for them in many languages"
        )

    return usual


def _exposures(parts: Any) -> tuple[Exposure, ...]:
    """Read what the worker's model was trained on; the harness checks kinds and languages."""
    needed = ("corpus", "languages", "kind", "evidence")
    is_list = isinstance(parts, list) and all(isinstance(part, dict) for part in parts)
    if not is_list or any(set(part) != set(needed) for part in parts):
        raise _wrong("exposure", parts, f"a list of objects with {', '.join(needed)}")

    kinds = get_args(ExposureKind)
    strange = [part["kind"] for part in parts if part["kind"] not in kinds]
    if strange:
        raise _wrong("exposure of kind", strange[0], f"one of {', '.join(kinds)}")

    return tuple(
        Exposure(part["corpus"], tuple(part["languages"]), part["kind"], part["evidence"])
        for part in parts
    )


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _shown(value: Any) -> str:
    return plain(repr(value), _SHOWN)


def _wrong(name: str, value: Any, expected: str) -> ModelError:
    # Who wrote a Python file never saw the line that is made of it.
    return ModelError(
        f"the worker tells {name} {_shown(value)}, but {expected} was expected: mend its first "
        f"line, or {name.split()[0].upper()} in its Python file (docs/worker.md)"
    )
