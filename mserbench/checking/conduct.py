"""Runs in, outcomes out: each run is read, matched with its baseline, compared and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.checking import gates
from mserbench.checking.baselines import Baseline, Store, speed_of
from mserbench.checking.comparing import Comparison, compare
from mserbench.checking.gates import Condition, Measured
from mserbench.checking.matching import Mismatch, baseline_of
from mserbench.checking.outcome import Finding, Outcome, Status
from mserbench.errors import DataError, MserbenchError, words
from mserbench.results import runs
from mserbench.results.marks import name_of
from mserbench.results.record import RunRecord
from mserbench.results.runs import Run

KeyOf = Callable[[RunRecord], str]
"""The device key of the machine that a record was made on."""


@dataclass(frozen=True)
class _Compared:
    """An outcome that lacks its gates, and what they look at."""

    outcome: Outcome
    measured: Measured


def folders(paths: Sequence[Path]) -> list[Path]:
    """Return the run folders among and below some folders, finished or not, sorted.

    Raises DataError where one holds none.
    """
    unique: dict[Path, None] = {}
    for path in paths:
        marks = [*path.rglob(runs.RECORD), *path.rglob(runs.JOURNAL)]
        if not marks:
            raise DataError(
                f"{str(path)!r} holds no run: a run folder, or a folder of them, was expected"
            )

        unique.update(dict.fromkeys(sorted({mark.parent for mark in marks})))

    return list(unique)


def check(
    run_folders: Sequence[Path],
    store: Store,
    key_of: KeyOf,
    conditions: Mapping[str, Condition],
    device_key: str | None = None,
) -> list[Outcome]:
    """Compare runs with their baselines; one outcome a run, in order.

    Args:
        device_key: that of the baselines to take; None for that of each run. Where a run tells of
            another, it needs a condition on scores: single answers differ from device to device.
    """
    by_score = bool(set(gates.METRICS) & set(conditions))

    def look(folder: Path) -> _Compared | Outcome:
        return _look(folder, store, key_of, device_key, by_score)

    looked_at = [_guarded(folder, look) for folder in run_folders]
    together = [part.measured for part in looked_at if isinstance(part, _Compared)]
    pvalues = iter(gates.adjusted(together))

    return [
        _judged(part, next(pvalues), conditions) if isinstance(part, _Compared) else part
        for part in looked_at
    ]


def _guarded(folder: Path, look: Callable[[Path], _Compared | Outcome]) -> _Compared | Outcome:
    """Look at a run; whatever fails becomes an outcome, so that it hides no other run."""
    try:
        return look(folder)
    except DataError as error:
        return _unread(folder, Status.DATA, str(error))
    except MserbenchError as error:
        return _unread(folder, Status.CRASH, str(error))
    except Exception as error:
        return _unread(
            folder,
            Status.CRASH,
            f"the check itself failed ({words(error)}): report what --debug shows",
        )


def _unread(folder: Path, status: Status, sentence: str) -> Outcome:
    return Outcome(str(folder), folder.parent.name, folder.name, "", status, sentence)


def _look(
    folder: Path,
    store: Store,
    key_of: KeyOf,
    device_key: str | None,
    by_score: bool,
) -> _Compared | Outcome:
    if not (folder / runs.RECORD).is_file():
        return _unread(
            folder,
            Status.CRASH,
            f"run {str(folder)!r} did not finish: it has a journal and no record; start it again",
        )

    run = runs.read(folder)
    outcome = Outcome(str(folder), run.record.task.name, name_of(run.record), "", Status.SAME, "")
    own = _own_key(run.record, key_of, is_needed=device_key is None)
    key = device_key or own
    outcome = replace(outcome, device_key=key)
    if own not in ("", key) and not by_score:
        sentence = (
            f"it was run on {own}, and single answers differ from those of {key}: give a threshold "
            "of scores too, such as --fail-on ua:-1.0pt"
        )
        return replace(outcome, status=Status.DEVICE, sentence=sentence)

    match = baseline_of(run.record, key, store)
    if isinstance(match, Mismatch):
        return replace(outcome, status=match.status, sentence=match.sentence)

    return _compared(replace(outcome, baseline=str(match.folder)), run, match)


def _own_key(record: RunRecord, key_of: KeyOf, is_needed: bool) -> str:
    """Return the device key of a run; empty where its record does not tell, unless it is needed."""
    try:
        return key_of(record)
    except DataError:
        if is_needed:
            raise

        return ""


def _compared(outcome: Outcome, run: Run, baseline: Baseline) -> _Compared | Outcome:
    before, after = baseline.record.counts, run.record.counts
    if after.partial and not before.partial:
        sentence = (
            f"run {str(run.folder)!r} is partial, of {after.scored} clips of {after.expected}, and "
            "its baseline is not: run it without --limit and --allow-partial"
        )
        return replace(outcome, status=Status.DATA, sentence=sentence)

    comparison = compare(baseline.predictions, run.rows, run.labels, baseline.envelope.epsilon)
    if not comparison.same_clips:
        return replace(
            outcome,
            status=Status.CLIPS,
            sentence=_other_clips(comparison),
            comparison=comparison,
        )

    measured = Measured(
        comparison, _rtf_change(run.record, baseline), _memory_change(run.record, baseline)
    )
    return _Compared(outcome, measured)


def _judged(part: _Compared, p: float, conditions: Mapping[str, Condition]) -> Outcome:
    findings = tuple(gates.judge(part.measured, p, conditions))
    status, sentence = _end(part.measured.comparison, findings)
    return replace(
        part.outcome,
        status=status,
        sentence=sentence,
        comparison=part.measured.comparison,
        findings=findings,
        adjusted_p=p,
        rtf_change=part.measured.rtf_change,
        memory_change=part.measured.memory_change,
    )


def _end(comparison: Comparison, findings: Sequence[Finding]) -> tuple[Status, str]:
    failed = {finding.measure: finding.sentence for finding in findings if finding.fails}
    unjudged = [finding.sentence for finding in findings if not finding.is_judged]
    if failed:
        # Other answers that are no worse as a whole fail too, but nobody shall read them as a loss.
        is_loss = bool(failed.keys() - {"flips", "drift"})
        status = Status.REGRESSION if is_loss else Status.CHANGED
        return status, "; ".join(failed.values())
    # Asked for and not judged: that is no pass.
    if unjudged:
        return Status.NO_BASELINE, "; ".join(unjudged)
    if not comparison.flips:
        return Status.SAME, f"all {comparison.n} answers are those of the baseline"

    count = len(comparison.flips)
    if comparison.off_ties:
        return Status.SAME, f"{count} answers flipped, within the thresholds that were given"
    return Status.TIES, f"{count} answers flipped at ties, within {comparison.epsilon:.2g}"


def _other_clips(comparison: Comparison) -> str:
    """Say which clips came, went or have another label now."""
    parts = [
        f"{len(ids)} {title} ({', '.join(map(repr, ids[:3]))}{', ...' if len(ids) > 3 else ''})"
        for ids, title in (
            (comparison.missing, "clip(s) of the baseline are not in the run"),
            (comparison.added, "clip(s) of the run are not in the baseline"),
            (comparison.relabelled, "clip(s) have another label now"),
        )
        if ids
    ]
    is_renamed = comparison.missing and len(comparison.missing) == len(comparison.added)
    hint = "as many came as went, so ids may have been renamed; " if is_renamed else ""
    return f"{'; '.join(parts)}: {hint}nothing else was compared"


def _rtf_change(record: RunRecord, baseline: Baseline) -> float | None:
    """Return by which share of the baseline's the run's time changed, each beside its product."""
    speed, before = speed_of(record), baseline.speed
    return speed.ratio / before.ratio - 1 if speed and before and before.ratio else None


def _memory_change(record: RunRecord, baseline: Baseline) -> float | None:
    memory = record.machine.memory_mb if record.machine else None
    return memory / baseline.memory_mb - 1 if memory and baseline.memory_mb else None
