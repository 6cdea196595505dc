"""What a check says, and how checks are run: one finding each, whatever the checked code does."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mserbench import languages
from mserbench.errors import UsageError
from mserbench.plugins import blame

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: `ok` is None where it could not be made; `sentence` says what was
    seen or why not.
    """

    check: str
    ok: bool | None
    sentence: str

    @property
    def status(self) -> str:
        """`ok`, `failed` or `skipped`."""
        return "skipped" if self.ok is None else "ok" if self.ok else "failed"


class Violation(Exception):
    """The contract is broken; the message says how, and what to do."""


class NotChecked(Exception):
    """A check does not apply or cannot be made here; the message says why."""


def run_checks(checks: Mapping[str, Callable[[T], str]], subject: T) -> list[Finding]:
    """Run checks in order. A check returns what it saw; only a UsageError, the caller's own
    mistake, is raised.
    """
    return [_run(name, check, subject) for name, check in checks.items()]


def not_checked(checks: Mapping[str, Callable[[T], str]], reason: str) -> list[Finding]:
    """Return a skipped finding for each check."""
    return [Finding(name, None, reason) for name in checks]


def require(holds: bool, sentence: str) -> None:
    """Raise Violation with a sentence where something does not hold."""
    if not holds:
        raise Violation(sentence)


def require_languages(codes: Iterable[object], place: str) -> None:
    """Raise Violation where a code is that of no language."""
    fault = languages.fault(codes)
    require(not fault, f"{place}: {fault}")


def assert_all(subject: str, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings. Raises AssertionError listing the failed ones; warns of the skipped
    ones.
    """
    skipped = [
        f"{finding.check!r} was skipped: {finding.sentence}"
        for finding in findings
        if finding.ok is None
    ]
    if skipped:
        warnings.warn(
            "\n".join([f"{subject}, {len(skipped)} check(s) not made:", *skipped]), stacklevel=3
        )

    failed = [
        f"  - {finding.check}: {finding.sentence}" for finding in findings if finding.ok is False
    ]
    if failed:
        raise AssertionError(
            "\n".join([f"{subject} fails {len(failed)} of {len(findings)} checks:", *failed])
        )

    return list(findings)


def _run(name: str, check: Callable[[T], str], subject: T) -> Finding:
    failures: list[str] = []
    try:
        # The checked code is somebody else's: anything may happen in it, even sys.exit.
        with blame.failure_told(failures.append, passed=(UsageError, NotChecked, Violation)):
            return Finding(name, True, check(subject))
    # Whoever mistyped a name gets the error, not a finding against the model.
    except UsageError:
        raise
    except NotChecked as reason:
        return Finding(name, None, str(reason))
    except Violation as fault:
        return Finding(name, False, str(fault))

    return Finding(name, False, failures[0])
