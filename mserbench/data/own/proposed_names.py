"""A pattern for the names of recordings: where the emotion stands, and perhaps the speaker."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mserbench.data.own import table as own_table
from mserbench.data.own import words as own_words
from mserbench.data.own.findings import Findings
from mserbench.data.own.rows import PARTS, SEXES
from mserbench.data.own.table import OwnRow

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_LETTERS, _DIGITS, _WHOLE = r"[^\W\d_]+", r"\d+", r"[^/]+"
_UNIFORM = 0.95  # of the files must have one shape, for the parts of their names to be told apart
_KNOWN = 0.5  # of the files must have a known emotion word in one place
_MOST_LABELS = 60
_MOST_SPEAKERS = 2_000


@dataclass
class Slot:
    """One place in the names: its expression, and its value in each file; separators have none."""

    regex: str
    values: tuple[str, ...] = ()


def find(audio: Sequence[str]) -> Findings | None:
    """Return a pattern for the names of most files; None where no place holds emotion words."""
    depths = Counter(path.count("/") for path in audio)
    # Files of one corpus lie equally deep; others, such as samples, must not hide them.
    for depth, _ in depths.most_common(3):
        paths = [path for path in audio if path.count("/") == depth]
        slots = _slots(paths)
        label = _label(slots)
        if label is not None:
            return _described(audio, slots, label)

    return None


def _slots(paths: Sequence[str]) -> list[Slot]:
    """Take the names apart, folder by folder; one whose names differ in shape stays whole."""
    stems = [re.sub(r"\.[^./]*$", "", path).split("/") for path in paths]
    slots: list[Slot] = []
    for values in zip(*stems, strict=True):
        shapes = [_shape(value) for value in values]
        shape, n = Counter(shapes).most_common(1)[0]
        slots += [Slot("/")] if slots else []
        if n < _UNIFORM * len(values):
            slots.append(Slot(_WHOLE, values))
            continue

        # A file of another shape holds nothing in these places: the pattern will not fit it.
        rows = [
            _TOKEN.findall(value) if own_shape == shape else [""] * len(shape)
            for value, own_shape in zip(values, shapes, strict=True)
        ]
        tokens = zip(*rows, strict=True)
        slots += [
            Slot(regex, values_there if regex in (_LETTERS, _DIGITS) else ())
            for regex, values_there in zip(shape, tokens, strict=True)
        ]

    return slots


def _shape(text: str) -> tuple[str, ...]:
    """Return an expression for each run of letters, digits and others: the shape of a name."""
    return tuple(
        _DIGITS if token.isdecimal() else _LETTERS if token[0].isalpha() else re.escape(token)
        for token in _TOKEN.findall(text)
    )


def _label(slots: Sequence[Slot]) -> int | None:
    """Return the place with most emotion words."""
    scores = {}
    for place, slot in enumerate(slots):
        values = Counter(slot.values)
        values.pop("", None)
        if 2 <= len(values) <= _MOST_LABELS:
            emotions = {value for value in values if own_words.emotion(value)}
            scores[place] = (
                sum(values[value] for value in emotions) / values.total()
                if len(emotions) > 1
                else 0.0
            )

    best = max(scores, key=lambda place: scores[place], default=None)
    return best if best is not None and scores[best] >= _KNOWN else None


def _described(audio: Sequence[str], slots: Sequence[Slot], label: int) -> Findings:
    """Return the findings for a place of the label, with doubts about files and speaker."""
    groups, doubts = _groups(slots, label)
    pattern = _pattern(slots, groups)
    rows = [row for row in own_table.from_names(pattern, audio).rows if isinstance(row, OwnRow)]
    counts = Counter(row.values["label"] for row in rows)
    proposed = Findings({"pattern": pattern}, {}, dict(sorted(counts.items())), doubts=doubts)
    proposed.sentences.append(
        f"the names of {len(rows)} of the {len(audio)} audio files hold the emotion ({pattern})"
    )

    if len(rows) < len(audio):
        matched = {row.values[own_table.PATH] for row in rows}
        unmatched = next(path for path in audio if path not in matched)
        doubts.append(
            f"{len(audio) - len(rows)} audio files have other names and are left out, such as "
            f"{unmatched!r}"
        )

    for group in groups:
        values = {row.values[group] for row in rows}
        if group != "label":
            proposed.sentences.append(f"{group}: in the names, {len(values)} different")

    return proposed


def _pattern(slots: Sequence[Slot], groups: Mapping[str, range]) -> str:
    """Return the regular expression of the names, a group around each run of places."""
    opening = {run[0]: f"(?P<{name}>" for name, run in groups.items()}
    closing = {run[-1] for run in groups.values()}
    pieces = [
        f"{opening.get(place, '')}{slot.regex}{')' if place in closing else ''}"
        for place, slot in enumerate(slots)
    ]

    return "".join(pieces) + r"\.\w+"


def _groups(slots: Sequence[Slot], label: int) -> tuple[dict[str, range], list[str]]:
    """Return which places hold label, split, sex and speaker, and doubts about the last."""
    groups = {"label": range(label, label + 1)}
    candidates = []
    for run in _runs(slots, label):
        values = {value.casefold() for value in _joined(slots, run)} - {""}
        role = "split" if values <= set(PARTS) else "sex" if values <= set(SEXES) else ""
        if len(values) > 1 and role and role not in groups:
            groups[role] = run
        elif len(values) > 1:
            candidates.append(run)

    speaker, doubts = _speaker(slots, label, candidates)
    return ({**groups, "speaker": speaker} if speaker else groups), doubts


def _speaker(slots: Sequence[Slot], label: int, runs: Sequence[range]) -> tuple[range, list[str]]:
    """Return the places of the speaker: those called so, else the first that fits most labels."""
    fitting = [run for run in runs if _is_crossed(_joined(slots, run), slots[label].values)]
    called = [run for run in fitting if _is_called_speaker(slots, run)]
    if called:
        return called[0], []
    if not fitting:
        return range(0), [
            "no part of the names looks like a speaker: intervals will be over clips, not speakers"
        ]

    examples = ", ".join(map(repr, sorted(set(_joined(slots, fitting[0])) - {""})[:4]))
    rivals = f" ({len(fitting) - 1} other parts could be it as well)" if len(fitting) > 1 else ""
    return fitting[0], [
        f"the speaker is a guess by its place in the names, such as {examples}{rivals}"
    ]


def _runs(slots: Sequence[Slot], label: int) -> list[range]:
    """Return the stretches of places between separators, but for that of the label."""
    runs, start = [], 0
    for place in range(len(slots) + 1):
        if place == len(slots) or not slots[place].values or place == label:
            runs += [range(start, place)] if start < place else []
            start = place + 1

    return runs


def _joined(slots: Sequence[Slot], run: range) -> list[str]:
    return ["".join(parts) for parts in zip(*(slots[place].values for place in run), strict=True)]


def _is_crossed(values: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether there are several values, each with half of the labels or more on average."""
    labels_of = defaultdict(set)
    for value, label in zip(values, labels, strict=True):
        if value and label:
            labels_of[value].add(label)

    # A speaker says most emotions, while a part tied to one emotion, such as a word for it, meets
    # one label only.
    met = sum(map(len, labels_of.values()))
    return (
        2 <= len(labels_of) <= _MOST_SPEAKERS
        and met >= len(labels_of) * len(set(labels) - {""}) / 2
    )


def _is_called_speaker(slots: Sequence[Slot], run: range) -> bool:
    """Whether `actor`, `spk` or the like stands at the begin of the values, or before them."""
    before = [slots[place] for place in (run[0] - 2,) if place >= 0]
    heads = [slots[run[0]], *before]
    words = [{value.casefold() for value in head.values} - {""} for head in heads]

    return any(spellings and spellings <= own_words.SPEAKERS for spellings in words)
