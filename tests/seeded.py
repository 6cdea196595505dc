"""A copy of our packages with a fault in it, run in a child, and what the checks say of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mserbench.checking import afresh, conduct
from mserbench.checking.again import Means, arguments
from mserbench.checking.baselines import Baseline, Envelope, Store
from mserbench.checking.device_key import device_key
from mserbench.checking.outcome import Outcome
from mserbench.results.record import RunRecord
from mserbench.results.runs import Run

ROOT = Path(__file__).parents[1]
PACKAGES = ("mserbench", *(
    f"{folder}/{path.name}" for folder in ("tasks", "plugins", "leaderboard")
    for path in sorted((ROOT / folder).glob("mserbench_*"))
))  # fmt: skip
FOLDERS = ("", "tasks", "plugins", "leaderboard")


@dataclass(frozen=True)
class Change:
    """A change of source text: `file` below the repository, what stands there, what stands then."""

    file: str
    before: str
    after: str


@dataclass
class Copy:
    """Our packages in a folder of their own."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, folder: Path) -> Copy:
        for package in PACKAGES:
            # Links: weights are large, and a file that is changed is written anew.
            shutil.copytree(
                ROOT / package, folder / package, copy_function=_linked,
                ignore=shutil.ignore_patterns("__pycache__"),
            )  # fmt: skip

        return cls(folder)

    def change(self, changes: Sequence[Change]) -> None:
        for change in changes:
            path = self.folder / change.file
            text = path.read_text(encoding="utf-8")
            assert text.count(change.before) == 1, f"{change.file} has not once: {change.before}"
            path.unlink()
            path.write_text(text.replace(change.before, change.after), encoding="utf-8")

    def starts_with(self, program: str) -> None:
        """Run a program at each start of Python, as a dependency that changed would act."""
        (self.folder / "sitecustomize.py").write_text(program, encoding="utf-8")

    def environment(self, cache: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
        paths = os.pathsep.join(str(self.folder / folder) for folder in FOLDERS)
        return afresh.environment(cache, {"PYTHONPATH": paths, **self.more, **(more or {})})

    def run(self, record: RunRecord, out: Path, *words: str, **more: str) -> Run:
        """Make the run that a record tells of. Raises DataError where it fails."""
        environ = self.environment(out / "cache", more)
        asked = [*arguments(record, Means(), out / "runs"), *words]
        (run,) = afresh.run(asked, out / "runs", environ)
        return run


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def baseline_of(record: RunRecord, folder: Path) -> Baseline:
    """Return a baseline made by our code as it stands, on this machine.

    Its epsilon is that of the committed baseline of the model, whose reference runs were made once.
    """
    committed = Store(ROOT / "leaderboard" / "baselines").others(record)
    assert committed, f"no baseline of {record.model.name} on {record.task.name} is committed"
    epsilon = max(baseline.envelope.epsilon for baseline in committed)

    run = Copy(ROOT).run(record, folder / "made")
    return Store(folder / "baselines").add(run.folder, Envelope(epsilon=epsilon), "as it stands")


def checked(run: Run, baseline: Baseline) -> Outcome:
    """Return what `mserbench check` says of a run, with no threshold of its own."""
    store = Store(baseline.folder.parents[2])
    (outcome,) = conduct.check([run.folder], store, device_key, {})
    return outcome
