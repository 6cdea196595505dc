"""Mutants that no test can see, each with the reason: what they change is no wrong value."""

from __future__ import annotations

EXPLAINED: dict[str, dict[str, str]] = {  # by module and mutant
    "mserbench.running.batches": {
        "longest = seconds[batches[-1][0]] if batches else 0.0 -> 0.0 + 1": (
            "without a batch the value is not looked at"
        ),
    },
    "mserbench.labels": {},
    "mserbench.results.journal": {},
}
