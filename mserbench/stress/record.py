"""A finished stress on disk: its record, the answers beside it, and the numbers made anew of
them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from mserbench.disk import outside
from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why
from mserbench.results import marks, parts
from mserbench.results.parts import COUNT, FLAG, NAME, TEXT, TEXTS, Part, checked
from mserbench.results.record import (
    CLUSTER,
    CorpusPart,
    ModelPart,
    RunRecord,
    TaskPart,
    VerdictPart,
)
from mserbench.stress import answers_file
from mserbench.stress.alterations import ALTERATIONS
from mserbench.stress.altered import tools
from mserbench.stress.answers_file import Table
from mserbench.stress.numbers import Cost, Costs, costs

RECORD = "record.json"
ANSWERS = "answers.csv"
SCHEMA = 1

_AGAIN = "run it again with --fresh"


def _are_clusters(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(each is None or parts.is_count(each) for each in value)
    )


# By name: a lambda inside an annotation would not see this module.
SCHEMAS = checked(lambda value: value == SCHEMA)
CLUSTERS = checked(_are_clusters)


@dataclass(frozen=True, kw_only=True)
class StressRecord(Part):
    """All that is kept of a stress beside its answers.

    `clusters` are the speaker numbers of the clips, so that anyone can recompute; `costs` what was
    computed: `numbers.Costs` as JSON. `done` says what each condition was, in words.
    """

    schema: Annotated[int, SCHEMAS]
    key: Annotated[str, TEXT]
    model: ModelPart
    task: TaskPart
    corpus: CorpusPart
    verdict: VerdictPart
    marks: Annotated[tuple[str, ...], TEXTS]
    clips: Annotated[int, COUNT]
    partial: Annotated[bool, FLAG]
    cluster: Annotated[str, CLUSTER]
    clusters: Annotated[Any, CLUSTERS]
    done: Annotated[Mapping[str, Any], parts.OBJECT]
    tools: Annotated[str, TEXT]
    costs: Annotated[Mapping[str, Any], parts.OBJECT]
    answers: Annotated[str, TEXT]
    seconds: Annotated[Mapping[str, Any] | None, parts.OBJECT] = None
    device: Annotated[str, NAME] = "cpu"
    environment: Annotated[Mapping[str, Any] | None, parts.OBJECT] = None
    created: Annotated[str, TEXT] = ""


@dataclass(frozen=True)
class Stressed:
    """One model under stress on one task, finished; `shown_again`: nothing was computed now."""

    folder: Path
    record: StressRecord
    costs: Costs
    shown_again: bool = False

    @property
    def name(self) -> str:
        """The name of the model, with the preset and the name of its weights, if it has any."""
        # Of all of a run's record, the name rests on the model's part alone.
        return marks.name_of(self.record)  # type: ignore[arg-type]

    @property
    def by_clip(self) -> bool:
        """Whether the intervals are over clips, as no speaker is known."""
        return self.record.cluster == "clip"

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        record = self.record
        return {
            "model": self.name,
            "task": record.task.name,
            "n": record.clips,
            "verdict": record.verdict.verdict,
            "heard": record.verdict.heard,
            "marks": list(record.marks),
            **_plain(self.costs),
            "done": dict(record.done),
            "folder": str(self.folder),
            "created": record.created,
        }


def of_run(run: RunRecord, table: Table, recorded: Mapping[str, Any]) -> StressRecord:
    """Return the record of a stress from that of the run that asked all of it.

    `recorded` holds the parts `task` and `corpus` of the clips as they were recorded, and their
    speaker numbers as `clusters`.
    """
    computed = _costs(table, run.task.labels, recorded["clusters"])
    # The marks are those of the clean clips: a pooled interval would be narrower.
    clean = replace(run, intervals={**run.intervals, "UA": computed.clean.interval})
    return StressRecord(
        schema=SCHEMA,
        key=run.key or "",
        model=run.model,
        verdict=run.verdict,
        marks=tuple(marks.of_record(clean)),
        clips=len(table.ids),
        partial=run.counts.partial,
        cluster=run.statistics.cluster,
        done=done(),
        tools=tools(),
        costs=_plain(computed),
        answers=_digest(answers_file.write(table, run.task.labels)),
        seconds=run.seconds,
        device=run.device or "cpu",
        environment=run.environment,
        created=run.created or "",
        **recorded,
    )


def write(folder: Path, record: StressRecord, table: Table) -> Stressed:
    """Write the answers, then the record: the stress is complete from that moment."""
    write_atomic(folder / ANSWERS, answers_file.write(table, record.task.labels))
    write_atomic(folder / RECORD, text_of(record))
    return read(folder)


def read(folder: Path) -> Stressed:
    """Read a folder, ours or a stranger's, as data, and compute its numbers from its answers.

    Raises DataError where it is not one, or was changed later.
    """
    path = folder / RECORD
    try:
        record = StressRecord.from_json(json.loads(outside.read(path, outside.RECORD).decode()))
        answers = outside.read(folder / ANSWERS, outside.TABLE).decode()
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"stress record {str(path)!r} cannot be read ({why(error)}): {_AGAIN}"
        ) from error

    if _digest(answers) != record.answers:
        raise DataError(
            f"{str(folder / ANSWERS)!r} is not the file that {RECORD} names, it was changed later: "
            f"{_AGAIN}"
        )

    table = answers_file.read(folder / ANSWERS, record.task.labels)
    try:
        computed = _costs(table, record.task.labels, record.clusters)
    except ValueError as error:
        raise DataError(
            f"stress record {str(path)!r} does not fit its answers ({why(error)}): {_AGAIN}"
        ) from error

    return Stressed(folder, record, computed)


def finding(stressed: Stressed) -> str:
    """Say in which way a record is not what its answers give, byte for byte; empty if it is."""
    path = stressed.folder / RECORD
    remade = replace(stressed.record, costs=_plain(stressed.costs), key_order=())
    if path.read_text(encoding="utf-8") == text_of(remade):
        return ""
    return f"{str(path)!r} is not what its answers give: {_AGAIN}"


def text_of(record: StressRecord) -> str:
    """Return the text of a record."""
    return json.dumps(record.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _costs(table: Table, labels: tuple[str, ...], clusters: Any) -> Costs:
    return costs(table.truth, table.answers, labels, clusters)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(computed: Costs) -> dict[str, Any]:
    """Return costs as JSON has them: lists in place of tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(computed)))
    return plain


__all__ = ["ANSWERS", "RECORD", "Cost", "StressRecord", "Stressed", "finding", "of_run", "read"]


def done() -> dict[str, str]:
    """Return what each condition does to a clip, in words, by its name."""
    return {
        f"{alteration.name}:{number}": words
        for alteration in ALTERATIONS.values()
        for number, words in enumerate(alteration.severities, start=1)
    }
