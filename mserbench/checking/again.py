"""A run that failed is run again, and beside it the code of an earlier commit, before it counts."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.checking import afresh
from mserbench.checking.outcome import Outcome, Status
from mserbench.errors import MserbenchError, UsageError, plain
from mserbench.options import told
from mserbench.results import runs
from mserbench.results.record import RunRecord
from mserbench.running.lookup import described_class

Judge = Callable[[Path, str], Outcome]
"""Checks one run folder, of a device by its key, as the first run was checked."""

_SOURCES = ("", "tasks", "plugins", "leaderboard")  # folders of the repository that hold packages


@dataclass(frozen=True)
class Means:
    """What a run needs that its record does not hold: places on this machine.

    `weights`: folders of weights that do not ship, by their names. `data`: as `--data`.
    """

    data: Path | None = None
    weights: Mapping[str, Path] | None = None


def confirmed(outcome: Outcome, means: Means, judge: Judge, beside: str = "") -> Outcome:
    """Run a failed run again into a folder that goes away, and say what that showed.

    Failed are regressions and runs of other clips; any other outcome comes back as it is. Where the
    second run passes, the failure is not called a regression. With `beside` the code of that commit
    runs too. What cannot be run again stays failed, and says why.
    """
    if outcome.exit_code != 1:
        return outcome

    record = runs.read(Path(outcome.run)).record
    try:
        second = _ended(record, means, judge, outcome.device_key)
    except MserbenchError as error:
        return _noted(outcome, f"it could not be run again: {error}")

    if second.exit_code == 0:
        return replace(
            outcome,
            status=Status.UNCONFIRMED,
            sentence=f"a second run passes ({second.sentence}), the first one did not: "
            f"{outcome.sentence}",
        )

    outcome = _noted(outcome, f"run again, it fails again ({second.status}): {second.sentence}")
    if not beside:
        return outcome

    return _noted(outcome, _beside(record, means, judge, outcome.device_key, beside))


def _beside(record: RunRecord, means: Means, judge: Judge, key: str, commit: str) -> str:
    """Return what a run by the code of a commit shows."""
    try:
        with _checked_out(commit) as code:
            earlier = _ended(record, means, judge, key, code)
    except MserbenchError as error:
        return f"the code of {commit} could not be run beside it: {error}"

    if earlier.exit_code == 0:
        return f"the code of {commit} passes on this machine: what changed since then is the cause"
    if earlier.exit_code != 1:
        return f"the code of {commit} gives nothing to compare ({earlier.sentence})"

    return (
        f"the code of {commit} fails on this machine too: its packages or the machine changed, not "
        f"the code ({earlier.sentence})"
    )


def _noted(outcome: Outcome, note: str) -> Outcome:
    return replace(outcome, notes=(*outcome.notes, note))


def _ended(
    record: RunRecord, means: Means, judge: Judge, key: str, code: Path | None = None
) -> Outcome:
    """Run what a record tells of, with the packages of a folder if `code`, and judge it.

    Nothing that was computed before is taken for it, as features in a cache are. Raises DataError
    where that run fails, and UsageError where it cannot be said how to run it.
    """
    with tempfile.TemporaryDirectory(prefix="mserbench-again-") as folder:
        out = Path(folder) / "runs"
        # These come before what is installed.
        paths = [str(code / name) for name in _SOURCES] if code else []
        packages = {afresh.PATHS: os.pathsep.join(paths)} if code else {}
        environ = afresh.environment(Path(folder) / "cache", packages)
        (run,) = afresh.run(arguments(record, means, out), out, environ)

        return judge(run.folder, key)


def arguments(record: RunRecord, means: Means, out: Path) -> list[str]:
    """Return the words after `mserbench` that make a run like that of a record.

    Raises UsageError where its weights do not ship and no folder of them was named.
    """
    model = record.model
    words = ["run", "--model", model.name, "--task", record.task.name, "--out", str(out)]
    words += ["--fresh", "--device", record.device or "auto"]
    words += ["--data", str(means.data.resolve())] if means.data else []
    if model.weights is not None:
        words += ["--weights", _weights(record, means)]

    if heard := record.adaptation:
        words += ["--adapt", str(heard.clips), "--adapt-from", heard.way.replace(" ", "-")]
        words += ["--draw", str(heard.draw)]

    # What the model would do anyway is not said: weights may bind it.
    defaults = told(described_class(model.name).Options())
    for name, value in model.options.items():
        if value is not None and value != defaults.get(name):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            words += ["--option", f"{name}={text}"]

    return words


def _weights(record: RunRecord, means: Means) -> str:
    weights = record.model.weights
    assert weights is not None
    named = (means.weights or {}).get(weights.name)
    if named is not None:
        return str(named.resolve())
    if weights.shipped:
        return weights.name

    raise UsageError(
        f"the weights {weights.name!r} do not ship with {record.model.name}: give their folder by "
        "--weights"
    )


@contextmanager
def _checked_out(commit: str) -> Iterator[Path]:
    """Check a commit of the repository here out beside it. Raises UsageError where git cannot."""
    # Else git would take it for an option.
    if commit.startswith("-"):
        raise UsageError(f"--beside {commit!r} is no commit: give its hash")

    with tempfile.TemporaryDirectory(prefix="mserbench-beside-") as folder:
        code = Path(folder) / "code"
        _git("worktree", "add", "--detach", str(code), commit)
        try:
            yield code
        finally:
            _git("worktree", "remove", "--force", str(code))


def _git(*words: str) -> None:
    try:
        done = subprocess.run(
            ["git", *words],  # noqa: S607 - the one that the user has
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise UsageError(f"git cannot be run ({error.strerror or error}): install it") from error

    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise UsageError(f"git {words[0]} {words[1]} failed ({plain(lines[-1])})")


def named_weights(folders: Sequence[Path]) -> dict[str, Path]:
    """Return folders of weights by name. Raises UsageError where two have one name."""
    named = {folder.resolve().name: folder for folder in folders}
    if len(named) < len(folders):
        raise UsageError("two folders of --weights have one name: rename one of them")
    return named
