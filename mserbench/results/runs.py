"""A run on disk and in memory: its folder, its lock, its record, and the predictions beside it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.disk import folders, outside
from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, UsageError, why
from mserbench.report.numbers import percent
from mserbench.results import doubts, marks, predictions, tables_html
from mserbench.results.predictions import Prediction
from mserbench.results.record import PREDICTIONS as PREDICTIONS
from mserbench.results.record import SCHEMA, Interval, PredictionsPart, RunRecord

if TYPE_CHECKING:
    import pandas as pd

RECORD = "run.json"
JOURNAL = "journal.jsonl"
LOCK = ".lock"
_AGAIN = "run it again with --fresh, or score it again"


@dataclass(frozen=True)
class Run:
    """One model on one task, finished: what it said, what that is worth, and how it came about.

    `record` holds all that `run.json` does, as typed parts; `record.to_json()` is the file's
    mapping.
    """

    folder: Path
    record: RunRecord
    shown_again: bool = field(default=False, compare=False)  # nothing was computed for it now

    @property
    def metrics(self) -> dict[str, float]:
        """UA, WA, WF1, MF1, precision and unparsed, as fractions of 1."""
        return dict(self.record.metrics)

    @property
    def intervals(self) -> dict[str, Interval]:
        """The 95 % interval of each metric, as fractions of 1; None with too few speakers."""
        return dict(self.record.intervals)

    @property
    def by_clip(self) -> bool:
        """Whether the intervals are over clips, as no speaker is known."""
        return self.record.statistics.cluster == "clip"

    @property
    def name(self) -> str:
        """The name of the model, with the preset and the name of its weights, if it has any."""
        return marks.name_of(self.record)

    @property
    def marks(self) -> list[str]:
        """The words that qualify the numbers; `mserbench.results.marks.MEANING` says what each
        means.
        """
        return marks.of_record(self.record)

    @property
    def heard(self) -> str:
        """Whether the language was met in training at all: `yes`, `text`, `no` or `unknown`."""
        return self.record.verdict.heard

    @property
    def verdict(self) -> str:
        """`zero-shot`, `cross-corpus`, `unknown`, `in-corpus` or `leaked`."""
        return self.record.verdict.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is what it is."""
        return self.record.verdict.reasons

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set of the task, in its order."""
        return self.record.task.labels

    @cached_property
    def rows(self) -> list[Prediction]:
        """The predictions, sorted by id. Raises DataError where the file is not as documented."""
        rows = predictions.read(self.folder / PREDICTIONS, self.labels)
        if len(rows) != self.record.counts.scored:
            raise DataError(
                f"{str(self.folder / PREDICTIONS)!r} holds {len(rows)} rows, not those of "
                f"its record: {_AGAIN}"
            )

        return rows

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The predictions as a table: `id`, `label`, `prediction`, `score_<label>` ...,
        `answer`.
        """
        import pandas as pd

        text = dict.fromkeys(("id", "label", "prediction", "answer"), str)
        blank = {f"{predictions.SCORE}{label}": [""] for label in self.labels}
        return pd.read_csv(
            self.folder / PREDICTIONS, dtype=text, keep_default_na=False, na_values=blank
        )

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints of this run."""
        return {
            "model": self.record.model.called,
            "task": self.record.task.name,
            "n": self.record.counts.scored,
            "metrics": self.metrics,
            "intervals": {
                name: list(ends) if ends else None for name, ends in self.intervals.items()
            },
            "statistics": self.record.statistics.to_json(),
            "verdict": self.verdict,
            "heard": self.heard,
            "marks": self.marks,
            **self._reached(),
            **self._doubts(),
            "run_dir": str(self.folder),
            "created": self.record.created,
        }

    def _reached(self) -> dict[str, Any]:
        """Return what the run could have reached: floors, and a ceiling where its labels are
        fewer.
        """
        from mserbench.results import reach  # needs what a record alone does not

        covered = reach.coverage(self)
        smallest = reach.smallest_difference(self)
        return {
            "floors": reach.floors([row.label for row in self.rows], self.labels).to_json(),
            "smallest_difference": None if smallest is None else round(smallest, 4),
            **({"coverage": covered.to_json()} if covered.is_told else {}),
        }

    def _doubts(self) -> dict[str, Any]:
        """Return what a run was adapted to, and what makes its answers doubtful as a whole."""
        parts = {
            "adaptation": self.record.adaptation,
            "remoteness": self.record.remoteness,
            "one_sided": self.record.one_sided,
        }
        facts = {name: part.to_json() for name, part in parts.items() if part is not None}
        if far := self.record.remoteness:
            facts["remoteness"]["far"] = doubts.is_far(far)

        return facts

    def __repr__(self) -> str:
        earlier = f"; shown again, of {self.record.created}" if self.shown_again else ""
        return f"<Run {self.name} on {self.record.task.name}: {self._line()}{earlier}>"

    def _repr_html_(self) -> str:
        table = tables_html.table([self.cells()])
        try:
            return table + tables_html.confusion(self.confusion(), self.labels)
        # The numbers of a run can be shown whose folder was moved meanwhile.
        except DataError as error:
            return table + tables_html.sentence(str(error))

    def confusion(self) -> list[list[int]]:
        """Return how many clips of each true label got each answer: a row a label, a column a
        label and one more of the answers that could not be read. Raises as `rows`.
        """
        from mserbench.statistics.metrics import confusion  # only who asks for it waits for numpy

        truth, answers = zip(*((row.label, row.prediction) for row in self.rows), strict=True)
        return [[int(count) for count in row] for row in confusion(truth, answers, self.labels)]

    def cells(self) -> dict[str, str]:
        """Return what a table shows of this run, as text by column."""
        return {"model": self.name, "task": self.record.task.name, **self._cells()}

    def _line(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self._cells().items())

    def _cells(self) -> dict[str, str]:
        return {
            "n": str(self.record.counts.scored),
            "UA": percent(self.metrics["UA"], self.intervals["UA"], self.by_clip),
            "WA": percent(self.metrics["WA"]),
            "verdict": self.verdict,
            "heard": self.heard,
            **({"marks": ", ".join(self.marks)} if self.marks else {}),
        }


def run_key(identity: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what decides predictions and verdict: contents, never a path, a time or a
    device.
    """
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def run_folder(out: Path, task: str, model: str, key: str) -> Path:
    """Return the folder of a run: `out`/TASK/MODEL-KEY."""
    return out / _safe(task) / f"{_safe(model)}-{key[:12]}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the only writer's lock of a run folder, for all that reads or writes it.

    Raises UsageError where another process holds it, and DataError where the folder cannot be
    written, be it in here or in the body: models' and corpora's own errors have other classes.
    """
    try:
        with folders.held(folder / LOCK):
            yield
    except folders.Busy as error:
        raise UsageError(
            f"run folder {str(folder)!r} is being written by another process: wait for it, "
            f"or give another --out"
        ) from error
    except OSError as error:
        raise DataError(
            f"run folder {str(folder)!r} cannot be written ({error.strerror or error}): "
            f"make room or give another --out, and start again; what was done is kept"
        ) from error


def finish(folder: Path, record: RunRecord, rows: Sequence[Prediction]) -> Run:
    """Write predictions, then the record: the run is complete from that moment; then drop the
    journal.

    The caller holds the lock, so that half-written files beside it are those of a killed process.
    What the record says of the predictions is filled in here.
    """
    for name in (PREDICTIONS, RECORD):
        for half_written in folder.glob(f".{name}.*"):
            half_written.unlink()

    text = predictions.write(rows, record.task.labels)
    write_atomic(folder / PREDICTIONS, text)
    written = PredictionsPart(file=PREDICTIONS, sha256=hashlib.sha256(text.encode()).hexdigest())
    run = Run(folder, replace(record, predictions=written))
    rewrite_record(run)

    (folder / JOURNAL).unlink(missing_ok=True)
    return run


def read(folder: Path) -> Run:
    """Read a run folder, ours or a stranger's, as data. Raises DataError where it is not one or was
    changed.
    """
    path = folder / RECORD
    try:
        record = RunRecord.from_json(
            json.loads(_plain_file(path, outside.RECORD).decode("utf-8"), parse_constant=_refuse)
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{str(folder)!r} is no finished run: a file {RECORD} was expected in it"
            f"{_runs_below(folder)}"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"run record {str(path)!r} is damaged ({why(error)}): {_AGAIN}") from error

    try:
        data = _plain_file(folder / PREDICTIONS, outside.TABLE)
    except OSError as error:
        raise DataError(
            f"run {str(folder)!r} has no readable {PREDICTIONS} ({why(error)}): {_AGAIN}"
        ) from error

    if hashlib.sha256(data).hexdigest() != record.predictions.sha256:
        raise DataError(
            f"{str(folder / PREDICTIONS)!r} is not the file that {RECORD} names, it was "
            f"changed later: {_AGAIN}"
        )

    run = Run(folder, record)
    return run if record.schema == SCHEMA else rescored(run)


def _runs_below(folder: Path) -> str:
    """Return a clause that names a run in a folder of runs, as `run` tells that one."""
    # The last line of `run` names the folder of the task, which is the one above.
    below = [*folder.glob(f"*/{RECORD}"), *folder.glob(f"*/*/{RECORD}")]
    if not below:
        return ""
    return f"; runs lie below it, such as {str(min(below).parent)!r}: give that"


def rescored(run: Run) -> Run:
    """Return the run with its metrics and intervals computed anew from its predictions; nothing is
    written.

    A record of an earlier schema holds intervals of other statistics, which must not stand beside
    those of today.
    """
    from mserbench.results import recording, scoring  # a record of today needs neither

    counts, clusters = run.record.counts, run.record.clusters
    scores = scoring.score(run.rows, run.labels, clusters)
    computed = recording.numbers(scores, counts.expected, counts.partial, clusters)

    return Run(run.folder, replace(run.record, schema=SCHEMA, **computed))


def rewrite_record(run: Run) -> None:
    """Write the record of a run into its folder, whose predictions stay as they are."""
    text = json.dumps(run.record.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(run.folder / RECORD, text + "\n")


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".") or "_"


def _plain_file(path: Path, most: int) -> bytes:
    """Read a file of a run folder, but follow no link out of it."""
    if path.is_symlink():
        raise outside.Refused(f"{path.name} is a link: a plain file was expected")
    return outside.read(path, most)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no valid number")
