"""The store of baselines: a run with its predictions a device, task and model, and its envelope."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from mserbench.checking.device_key import device_key
from mserbench.disk import folders, outside
from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, MserbenchError, UsageError, why
from mserbench.results import parts, runs
from mserbench.results.parts import COUNT, NAME, TEXT, TEXTS, Part, checked
from mserbench.results.predictions import Prediction
from mserbench.results.record import AMOUNT, RunRecord

FILE = "baseline.json"
SCHEMA = 1
FILES = {runs.RECORD, runs.PREDICTIONS, FILE}

SCHEMAS = checked(lambda value: value == SCHEMA)


@dataclass(frozen=True, kw_only=True)
class ReferenceRun(Part):
    """A run that was repeated under other circumstances.

    `batch`: clips of the longest that a batch may hold. `processor`: what was asked of its kernels,
    as `ATEN_CPU_CAPABILITY=avx2`, empty for its own choice. `drift`: the largest change of a log
    probability, None without scores. `flips`: ids with another answer than the baseline's.
    """

    threads: Annotated[int, COUNT]
    batch: Annotated[int, COUNT]
    processor: Annotated[str, TEXT]
    drift: Annotated[float | None, AMOUNT]
    flips: Annotated[tuple[str, ...], TEXTS]


@dataclass(frozen=True, kw_only=True)
class Envelope(Part):
    """How far runs lie apart that ought to be the same: `epsilon` is a margin of log probability
    (natural logarithm) within which a flip is one of a tie; `record.epsilon_of` says how it is
    chosen.
    """

    epsilon: Annotated[float, checked(parts.is_amount)]
    runs: Annotated[tuple[ReferenceRun, ...], parts.parts(ReferenceRun)] = ()


@dataclass(frozen=True, kw_only=True)
class Speed(Part):
    """Seconds of computing a second of audio (`rtf`), those of a matrix product timed in the same
    process, and their ratio, which another machine of the kind compares with.
    """

    rtf: Annotated[float, checked(parts.is_amount)]
    product_seconds: Annotated[float, checked(parts.is_amount)]
    ratio: Annotated[float, checked(parts.is_amount)]


@dataclass(frozen=True, kw_only=True)
class BaselineFile(Part):
    """What `baseline.json` holds; `reason` says why it is here, or why it took another's place."""

    schema: Annotated[int, SCHEMAS]
    device_key: Annotated[str, NAME]
    model: Annotated[str, TEXT]
    task: Annotated[str, TEXT]
    run_key: Annotated[str, TEXT]
    reason: Annotated[str, TEXT]
    commit: Annotated[str, TEXT] = ""
    envelope: Envelope
    speed: Annotated[Speed | None, parts.part_or_null(Speed)] = None
    memory_mb: Annotated[float | None, AMOUNT] = None

    @classmethod
    def from_json(cls, value: object, path: str = "") -> Self:
        """Read the file. Raises ValueError."""
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ValueError(f"an object with schema {SCHEMA} was expected")
        return super().from_json(value, path)


@dataclass(frozen=True)
class Baseline:
    """A run that others are compared with; `told` is what its `baseline.json` says."""

    folder: Path
    record: RunRecord
    told: BaselineFile

    @property
    def device_key(self) -> str:
        """The key of the device that it was made on."""
        return self.told.device_key

    @property
    def envelope(self) -> Envelope:
        """How far repeated runs lay apart."""
        return self.told.envelope

    @property
    def speed(self) -> Speed | None:
        """How fast it was, None where that was not measured."""
        return self.told.speed

    @property
    def memory_mb(self) -> float | None:
        """The most memory that its process held, in MB of 10^6 bytes."""
        return self.told.memory_mb

    @property
    def reason(self) -> str:
        """Why it is what runs are compared with."""
        return self.told.reason

    @property
    def commit(self) -> str:
        """The commit of the code that made it, or empty."""
        return self.told.commit

    @cached_property
    def predictions(self) -> list[Prediction]:
        """What it said of each clip, sorted by id. Raises DataError."""
        return runs.Run(self.folder, self.record).rows


class Store:
    """A folder of baselines, `DEVICE-KEY/TASK/MODEL/`: read as data, and added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Baseline]:
        """Return all baselines, by device, task and model. Raises DataError for a damaged one."""
        return [_read(path.parent) for path in sorted(self.folder.glob(f"*/*/*/{FILE}"))]

    def find(self, record: RunRecord, key: str | None = None) -> Baseline | None:
        """Return the baseline of a run's device, task and model, None where there is none.

        The model is the same by its name, its options and the name of its weights; neither by its
        code nor by its weights' bytes, since a change of these is what is looked for. `key` takes
        the place of the device key of the record. Raises DataError where the record tells of no
        device, or the baseline is damaged.
        """
        return self._among(self._of_task(key or device_key(record), record), record)

    def others(self, record: RunRecord) -> list[Baseline]:
        """Return the baselines of a run's task and model on any device."""
        places = self.folder.glob(f"*/{_safe(record.task.name)}")
        candidates = (self._among(list(_baselines_in(place)), record) for place in sorted(places))
        return [baseline for baseline in candidates if baseline is not None]

    def add(
        self,
        run_folder: Path,
        envelope: Envelope,
        reason: str,
        replace: bool = False,
        *,
        key: str | None = None,
        commit: str = "",
    ) -> Baseline:
        """Make a finished run the baseline of its device, and return it.

        Raises UsageError without a reason, or where there is one already unless `replace`; and
        DataError where the run is not finished, or tells of no device.
        """
        if not reason.strip():
            raise UsageError("a baseline needs a reason: give --reason TEXT, as 'first baseline'")

        run = runs.read(run_folder)
        key, before = self.refuse(run, replace, key)
        told = BaselineFile(
            schema=SCHEMA, device_key=key, model=run.name, task=run.record.task.name,
            run_key=run.record.key or "", reason=reason.strip(), commit=commit,
            envelope=envelope, speed=speed_of(run.record),
            memory_mb=None if run.record.machine is None else run.record.machine.memory_mb,
        )  # fmt: skip
        place = self.folder / key / _safe(told.task)
        folder = before.folder if before is not None else place / model_folder(run.record)
        with folders.whole(folder) as work:
            for name in (runs.PREDICTIONS, runs.RECORD):
                (work / name).write_bytes((run.folder / name).read_bytes())

            # What the clock said decides nothing, and would change the file each time.
            runs.rewrite_record(runs.Run(work, _without_times(run.record)))
            text = json.dumps(told.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
            write_atomic(work / FILE, text + "\n")

        return _read(folder)

    def refuse(
        self, run: runs.Run, replace: bool = False, key: str | None = None
    ) -> tuple[str, Baseline | None]:
        """Return the device key of a run that may be added, and the baseline whose place it takes.

        Raises as `add`.
        """
        key = key or device_key(run.record)
        if not parts.is_name(key) or _safe(key) != key:
            raise UsageError(
                f"device key {key!r} is none: one like 'cpu-avx2-numpy2-float64' was expected"
            )

        before = self._among(self._of_task(key, run.record), run.record)
        if before is not None and not replace:
            raise UsageError(
                f"{str(before.folder)!r} is the baseline of {run.name} on {run.record.task.name} "
                f"already, made because: {before.reason}; to accept a change give --replace and "
                "--reason TEXT"
            )

        return key, before

    def _of_task(self, key: str, record: RunRecord) -> list[Baseline]:
        return list(_baselines_in(self.folder / _safe(key) / _safe(record.task.name)))

    def _among(self, candidates: list[Baseline], record: RunRecord) -> Baseline | None:
        return next((own for own in candidates if _same(own.record, record)), None)


def speed_of(record: RunRecord) -> Speed | None:
    """Return how fast a run was, None where its record does not tell, or nothing was computed."""
    part, seconds = record.machine, record.seconds or {}
    spent = seconds.get("prepare", 0.0) + seconds.get("predict", 0.0)
    if part is None or not part.audio_seconds or not part.product_seconds or not spent:
        return None

    rtf = spent / part.audio_seconds
    return Speed(
        rtf=float(f"{rtf:.4g}"),
        product_seconds=part.product_seconds,
        ratio=float(f"{rtf / part.product_seconds:.4g}"),
    )


def model_folder(record: RunRecord) -> str:
    """Return the name of a model's folder: with that of its weights, and a digest of its options
    where there are any that differ from what the model does without.
    """
    weights = record.model.weights
    name = f"{record.model.name}-{weights.name}" if weights else record.model.name
    if heard := _heard(record):
        name += f"-adapted-{'-'.join(map(str, heard))}"

    if _is_default(record):
        return _safe(name)

    options = json.dumps(dict(record.model.options), sort_keys=True)
    return _safe(f"{name}-{hashlib.sha256(options.encode()).hexdigest()[:8]}")


def _is_default(record: RunRecord) -> bool:
    from mserbench.options import told
    from mserbench.running.lookup import described_class

    try:
        defaults = told(described_class(record.model.name).Options())
    except MserbenchError:  # the model is not installed here
        return False

    # What weights bind (`normalise=speaker`) goes with their name.
    bound = described_class(record.model.name).bound_by_weights if record.model.weights else ()
    options = dict(record.model.options)
    return all(options.get(name) == value for name, value in defaults.items() if name not in bound)


def _heard(record: RunRecord) -> tuple[object, ...]:
    """Return what the model was adapted to: clips, way and draw; empty where it was not."""
    part = record.adaptation
    return (part.clips, part.way, part.draw) if part else ()


def _same(baseline: RunRecord, record: RunRecord) -> bool:
    def identity(of: RunRecord) -> tuple[object, ...]:
        weights = of.model.weights
        # An option that came later, and is not set, makes no other question.
        options = {name: value for name, value in of.model.options.items() if value is not None}
        return of.task.name, of.model.name, options, weights and weights.name, _heard(of)

    return identity(baseline) == identity(record)


def _without_times(record: RunRecord) -> RunRecord:
    # Without the order of keys either, which would write both as null.
    return dataclasses.replace(record, created=None, seconds=None, key_order=())


def _baselines_in(place: Path) -> Iterator[Baseline]:
    for path in sorted(place.glob(f"*/{FILE}")):
        yield _read(path.parent)


def _read(folder: Path) -> Baseline:
    """Read a baseline. Raises DataError where a file of it is missing, damaged or changed."""
    path = folder / FILE
    try:
        told = BaselineFile.from_json(json.loads(outside.read(path, outside.RECORD, folder)))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"baseline {str(path)!r} is damaged ({why(error)}): take it back from version control, "
            "or make it again by 'mserbench baseline add'"
        ) from error

    return Baseline(folder, runs.read(folder).record, told)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".") or "_"
