"""A check as GitHub shows it: annotations of a step, and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mserbench.checking.outcome import Outcome, Status
from mserbench.report import foreign

MOST = 10
"""Annotations of a kind that GitHub shows of one step."""

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file of the step's summary."""

_LONGEST = 1_000  # characters of one annotation


def commands(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines that a step prints: an error for each run that fails, a warning for one that
    passes with something to say. The last of `MOST` says how many more there are.
    """
    lines = []
    kinds = {
        "error": [outcome for outcome in outcomes if outcome.exit_code],
        "warning": [
            outcome for outcome in outcomes if outcome.status in (Status.TIES, Status.UNCONFIRMED)
        ],
    }
    for kind, members in kinds.items():
        first = members if len(members) <= MOST else members[: MOST - 1]
        lines += [_line(kind, _title(outcome), outcome.sentence) for outcome in first]
        if len(members) > len(first):
            sentence = f"{len(members) - len(first)} more runs: the step summary has them"
            lines.append(_line(kind, "more", sentence))

    return lines


def write_summary(path: Path, page: str) -> None:
    """Add a page to the file that GitHub shows below a step."""
    with path.open("a", encoding="utf-8") as file:
        file.write(page + "\n")


def _title(outcome: Outcome) -> str:
    return f"{outcome.status}: {outcome.model} on {outcome.task}"


def _line(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_message(message)}"


def _message(text: str) -> str:
    """Escape a text as workflow commands want it: it can begin no command of its own."""
    line = foreign.line(text, _LONGEST)
    return line.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
