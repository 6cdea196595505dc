"""The record of a run (`run.json`, docs/results.md) as typed parts, each value checked once when a
file is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self, get_args

from mserbench import languages
from mserbench.results import parts
from mserbench.results.conditions import AdaptationPart as AdaptationPart
from mserbench.results.conditions import OneSidedPart as OneSidedPart
from mserbench.results.conditions import RemotenessPart as RemotenessPart
from mserbench.results.exposure import VERDICTS, Heard
from mserbench.results.parts import COUNT, FLAG, FRACTION, NAME, OBJECT, TEXT, TEXTS, Part, checked
from mserbench.statistics.names import METRICS

SCHEMA = 2
READ = (1, SCHEMA)  # schemas that are understood: of the first, the statistics are computed anew
PREDICTIONS = "predictions.csv"

Interval = tuple[float, float] | None


def _is_freedom(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 1.0 <= value < 2**53


def _is_interval(value: Any) -> bool:
    return value is None or (
        isinstance(value, list)
        and len(value) == 2
        and all(map(parts.is_fraction, value))
        and value[0] <= value[1]
    )


def _are_labels(value: Any) -> bool:
    return parts.are_texts(value) and 0 < len(value) == len(set(value)) and "" not in value


def _are_seconds(value: Any) -> bool:
    return parts.are_facts(value) and all(
        isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        for seconds in value.values()
    )


def _are_versions(value: Any) -> bool:
    return isinstance(value, dict) and all(map(parts.is_text, (*value, *value.values())))


def _intervals(value: Any, path: str) -> dict[str, Any]:
    checked_object = parts.each(METRICS, _is_interval)(value, path)
    return {
        name: tuple(ends) if name in METRICS and ends else ends
        for name, ends in checked_object.items()
    }


def _facts(value: Any, path: str) -> dict[str, Any]:
    if not parts.are_facts(value):
        raise ValueError(
            f"{path!r} must be an object of texts, finite numbers, flags, nulls, and lists "
            f"and objects of them"
        )

    return dict(value)


def _languages(value: Any, path: str) -> tuple[str, ...]:
    fault = languages.fault(value) if isinstance(value, list) else "it is no list"
    if fault:
        raise ValueError(f"{path!r}: {fault}")
    return tuple(value)


LABELS = checked(_are_labels, tuple)
SCHEMAS = checked(lambda value: value in READ)
VERDICT = checked(lambda value: value in VERDICTS)
HEARD = checked(lambda value: value in get_args(Heard))
DIGEST = checked(lambda value: value is None or parts.is_text(value))
AMOUNT = checked(lambda value: value is None or parts.is_amount(value))
FILE = checked(lambda value: value == PREDICTIONS)
FREEDOM = checked(_is_freedom)
CLUSTER = checked(lambda value: value in ("speaker", "clip"))
METRIC_VALUES = parts.each(METRICS, parts.is_fraction)


@dataclass(frozen=True, kw_only=True)
class ExposurePart(Part):
    """What a model learnt from: `clips` is how many of them its manifest lists."""

    corpus: Annotated[str, TEXT]
    languages: Annotated[tuple[str, ...], _languages]
    kind: Annotated[str, TEXT]
    evidence: Annotated[str, TEXT]
    clips: Annotated[int | None, COUNT] = None


@dataclass(frozen=True, kw_only=True)
class TrainingPart(Part):
    """A stage of the training behind weights; `chosen_on` is None where nobody said."""

    on: Annotated[tuple[str, ...], TEXTS]
    options: Annotated[Mapping[str, Any], OBJECT]
    validated_on: Annotated[tuple[str, ...], TEXTS] = ()
    partial: Annotated[bool, FLAG] = False
    chosen_on: Annotated[tuple[str, ...] | None, TEXTS] = None

    @classmethod
    def from_json(cls, value: object, path: str = "") -> Self:
        """Read a stage, whose options are shown to people. Raises ValueError."""
        stage = super().from_json(value, path)
        if not parts.are_facts(value) or not parts.is_text(stage.options.get("preset", "")):
            raise parts.invalid(value, path)
        return stage


@dataclass(frozen=True, kw_only=True)
class WeightsPart(Part):
    """The weights of a model: `shipped` and `recipe` are None where it is not said."""

    name: Annotated[str, TEXT]
    hash: Annotated[str, TEXT]
    shipped: Annotated[bool | None, FLAG] = None
    trained: Annotated[tuple[TrainingPart, ...], parts.parts(TrainingPart)] = ()
    recipe: Annotated[str | None, TEXT] = None


@dataclass(frozen=True, kw_only=True)
class ModelPart(Part):
    """The model of a run; `submitted` is the file of predictions that somebody sent.

    `source` is the digest of its code, `files` are those of what options that are paths name, and
    of other contents; `address` is the short name of what a model such as `hf` is made of, `recipe`
    the commands that make this again, as its card tells them.
    """

    name: Annotated[str, NAME]
    title: Annotated[str, TEXT]
    version: Annotated[str, TEXT]
    options: Annotated[Mapping[str, Any], OBJECT]
    weights: Annotated[WeightsPart | None, parts.part_or_null(WeightsPart)]
    licence: Annotated[str | None, TEXT] = None
    citation: Annotated[str | None, TEXT] = None
    development: Annotated[tuple[str, ...] | None, TEXTS] = None
    exposure_complete: Annotated[bool | None, FLAG] = None
    exposure: Annotated[tuple[ExposurePart, ...] | None, parts.parts(ExposurePart)] = None
    submitted: Annotated[str | None, TEXT] = None
    source: Annotated[str | None, TEXT] = None
    files: Annotated[Mapping[str, Any] | None, OBJECT] = None
    address: Annotated[str | None, TEXT] = None
    recipe: Annotated[str | None, TEXT] = None

    @property
    def called(self) -> str:
        """Its name where people read it: `hf:my-checkpoint`, `prior`."""
        return f"{self.name}:{self.address}" if self.address else self.name


@dataclass(frozen=True, kw_only=True)
class TaskPart(Part):
    """The task: `question` is the hash of what is asked, `hash` of that and of the audio."""

    name: Annotated[str, NAME]
    title: Annotated[str | None, TEXT] = None
    version: Annotated[int, COUNT]
    hash: Annotated[str, TEXT]
    question: Annotated[str, TEXT]
    corpus: Annotated[str, TEXT]
    languages: Annotated[tuple[str, ...], _languages]
    labels: Annotated[tuple[str, ...], LABELS]


@dataclass(frozen=True, kw_only=True)
class CorpusPart(Part):
    """The corpus: `index_digest` is that of the scored clips' audio, None where none was read."""

    name: Annotated[str, NAME]
    title: Annotated[str | None, TEXT] = None
    licence: Annotated[str | None, TEXT] = None
    citation: Annotated[str | None, TEXT] = None
    synthetic: Annotated[bool, FLAG]
    index_digest: Annotated[str | None, DIGEST]


@dataclass(frozen=True, kw_only=True)
class Counts(Part):
    """How many clips the task has, were scored, and had an answer that could not be read."""

    expected: Annotated[int, COUNT]
    scored: Annotated[int, COUNT]
    unparsed: Annotated[int, COUNT]
    partial: Annotated[bool, FLAG]


@dataclass(frozen=True, kw_only=True)
class Statistics(Part):
    """What the intervals rest on: `clusters` speakers, or clips where no speaker is known."""

    method: Annotated[str, TEXT]
    level: Annotated[float, FRACTION]
    cluster: Annotated[str, CLUSTER]
    clusters: Annotated[int, COUNT]
    unattributed: Annotated[int, COUNT]
    freedom: Annotated[float, FREEDOM]


@dataclass(frozen=True, kw_only=True)
class Subset(Part):
    """The numbers of the canonical labels alone, as fractions of 1."""

    labels: Annotated[tuple[str, ...], LABELS]
    n: Annotated[int, COUNT]
    unparsed: Annotated[int, COUNT]
    metrics: Annotated[Mapping[str, float], METRIC_VALUES]
    intervals: Annotated[Mapping[str, Interval], _intervals]
    cluster: Annotated[str, CLUSTER]
    clusters: Annotated[int, COUNT]
    unattributed: Annotated[int, COUNT]
    freedom: Annotated[float, FREEDOM]


@dataclass(frozen=True, kw_only=True)
class VerdictPart(Part):
    """The verdict; `development` is None in records from before it was judged. `note`: what it
    could not look at.
    """

    verdict: Annotated[str, VERDICT]
    reasons: Annotated[tuple[str, ...], TEXTS]
    heard: Annotated[Heard, HEARD]
    transductive: Annotated[bool, FLAG]
    development: Annotated[bool | None, FLAG] = None
    note: Annotated[str, TEXT] = ""


@dataclass(frozen=True, kw_only=True)
class PredictionsPart(Part):
    """The file of predictions and its SHA-256 (hex)."""

    file: Annotated[str, FILE]
    sha256: Annotated[str, TEXT]


@dataclass(frozen=True, kw_only=True)
class MachinePart(Part):
    """What decides the last digits and the speed of a run: facts of provenance, no part of any key.

    `arithmetic`: library and precision that the scores are computed in, as `torch-float32`.
    `instructions`: the widest that the processor has, as `avx512`. `gpu`: its architecture, as
    `sm90`, empty on a processor. `audio_seconds` of the scored clips. `product_seconds`: a matrix
    product timed in the same process, the measure that speed is told by. `memory_mb`: the most that
    the process held, in MB.
    """

    arithmetic: Annotated[str, TEXT]
    instructions: Annotated[str, TEXT]
    gpu: Annotated[str, TEXT] = ""
    audio_seconds: Annotated[float | None, AMOUNT] = None
    product_seconds: Annotated[float | None, AMOUNT] = None
    memory_mb: Annotated[float | None, AMOUNT] = None


@dataclass(frozen=True, kw_only=True)
class RunRecord(Part):
    """All that is kept of a run beside its predictions; metrics and intervals are fractions of 1.

    `clusters` are the speaker numbers of the rows, so that anyone can recompute. `knows` are the
    labels of the task that the model can give, None where it does not tell.
    """

    schema: Annotated[int, SCHEMAS]
    key: Annotated[str | None, TEXT] = None
    model: ModelPart
    task: TaskPart
    corpus: CorpusPart
    counts: Counts
    metrics: Annotated[Mapping[str, float], METRIC_VALUES]
    intervals: Annotated[Mapping[str, Interval], _intervals]
    statistics: Statistics
    canonical: Annotated[Subset | None, parts.part_or_null(Subset)]
    clusters: Annotated[tuple[int | None, ...] | None, lambda value, path: value]
    verdict: VerdictPart
    facts: Annotated[Mapping[str, Any] | None, _facts] = None
    knows: Annotated[tuple[str, ...] | None, TEXTS] = None
    adaptation: Annotated[AdaptationPart | None, parts.part_or_null(AdaptationPart)] = None
    remoteness: Annotated[RemotenessPart | None, parts.part_or_null(RemotenessPart)] = None
    one_sided: Annotated[OneSidedPart | None, parts.part_or_null(OneSidedPart)] = None
    warnings: Annotated[tuple[str, ...] | None, TEXTS] = None
    notes: Annotated[tuple[str, ...] | None, TEXTS] = None
    seconds: Annotated[Mapping[str, float] | None, checked(_are_seconds)] = None
    device: Annotated[str | None, TEXT] = None
    environment: Annotated[Mapping[str, str] | None, checked(_are_versions)] = None
    created: Annotated[str | None, TEXT] = None
    machine: Annotated[MachinePart | None, parts.part_or_null(MachinePart)] = None
    predictions: PredictionsPart

    @classmethod
    def from_json(cls, value: object, path: str = "") -> Self:
        """Read a record, ours or a stranger's. Raises ValueError in one sentence.

        Of schema 1 the numbers are those of other statistics, which `runs.read` computes anew.
        """
        if not isinstance(value, dict) or value.get("schema") not in READ:
            raise ValueError(f"an object with schema {' or '.join(map(str, READ))} was expected")

        if value["schema"] == 1:
            value = {key: part for key, part in value.items() if key != "bootstrap"}
            value |= {"canonical": None, "statistics": _BEFORE}
            value["task"] = _with_question(value.get("task"), value.get("corpus"))

        record = super().from_json({"canonical": None, "clusters": None, **value}, path)
        clusters = _clusters(record.clusters, record.counts.scored)
        return replace(record, clusters=clusters, key_order=tuple(value))


_BEFORE = {
    "method": "bootstrap", "level": 0.95, "cluster": "clip", "clusters": 0, "unattributed": 0,
    "freedom": 1.0,
}  # fmt: skip
"""Stands for the statistics of a record of schema 1 until they are computed."""


def task_hash(question: str, digest: str | None) -> str:
    """SHA-256 (hex) of a question (`Task.hash`) and the audio it was put to.

    The question's own where no audio was read.
    """
    both = f"{question} {digest}".encode()
    return question if digest is None else hashlib.sha256(both).hexdigest()


def _with_question(task: object, corpus: object) -> object:
    """Return the task of a record of schema 1 with its question, which the first of them had as
    their hash.
    """
    if not isinstance(task, dict) or not isinstance(corpus, dict) or "question" in task:
        return task

    question = task.get("hash")
    both = task_hash(str(question), corpus.get("index_digest"))
    return {**task, "question": question, "hash": both}


def _clusters(value: object, scored: int) -> tuple[int | None, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != scored or not all(map(_is_speaker, value)):
        raise ValueError(
            f"'clusters' must be null or {scored} speaker numbers, "
            f"each null where a speaker is not known"
        )

    return tuple(value)


def _is_speaker(value: object) -> bool:
    return value is None or parts.is_count(value)
