"""How the check of a run can end, each end with the exit status that a program reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mserbench.checking.comparing import Comparison


class Status(StrEnum):
    """The end of one run's check; `EXIT` holds the exit status of each."""

    SAME = "same"
    TIES = "flips at ties alone"
    UNCONFIRMED = "not seen again"
    CHANGED = "changed answers"
    REGRESSION = "regression"
    CLIPS = "other clips"
    NO_BASELINE = "no baseline"
    STALE = "stale baseline"
    DEVICE = "other device"
    DATA = "unusable data"
    CRASH = "crash"


EXIT = {
    Status.SAME: 0,
    Status.TIES: 0,
    Status.UNCONFIRMED: 0,
    Status.CHANGED: 1,
    Status.REGRESSION: 1,
    Status.CLIPS: 1,
    Status.NO_BASELINE: 2,
    Status.STALE: 2,
    Status.DEVICE: 3,
    Status.DATA: 3,
    Status.CRASH: 4,
}

# Of several runs a regression says most: it stays one whatever else broke. What could not be
# looked at comes after what failed while it was looked at.
_GRAVEST_FIRST = (1, 4, 3, 2)


@dataclass(frozen=True)
class Finding:
    """What a gate saw of one run: `measure` names the gate, `sentence` is for people."""

    measure: str
    fails: bool
    sentence: str
    is_judged: bool = True  # False where the run or its baseline lacks what the gate compares


@dataclass(frozen=True)
class Outcome:
    """One run beside its baseline.

    `sentence` says why the status is what it is. `adjusted_p` is that of McNemar after Holm over
    the runs of one check. `rtf_change` and `memory_change` are fractions of the baseline's, None
    where either does not tell.
    """

    run: str
    task: str
    model: str
    device_key: str
    status: Status
    sentence: str
    baseline: str = ""
    comparison: Comparison | None = None
    findings: tuple[Finding, ...] = ()
    adjusted_p: float | None = None
    rtf_change: float | None = None
    memory_change: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit status of this run alone."""
        return EXIT[self.status]


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Return the exit status of several runs: that of the gravest."""
    codes = {outcome.exit_code for outcome in outcomes}
    return next((code for code in _GRAVEST_FIRST if code in codes), 0)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return one line on all runs: how many ended how, in the order of the statuses."""
    ends = [outcome.status for outcome in outcomes]
    counts = [f"{ends.count(status)} {status}" for status in Status if status in ends]
    return f"{len(ends)} run{'s' if len(ends) > 1 else ''} checked: {', '.join(counts)}"
