"""A stranger's predictions, scored anew and judged as a run that is to go on the board."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mserbench.contracts import Task
from mserbench.data import corpus, dataset, lookup
from mserbench.errors import DataError, MserbenchError, UnknownName, escaped
from mserbench.results import predictions, runs
from mserbench.running.submission import score_file
from mserbench_leaderboard import admission, doubts, offered, published, store
from mserbench_leaderboard.entries import BoardRun

# From the weakest claim to the strongest; `unknown` proves nothing.
_CLAIMED = {"leaked": 0, "in-corpus": 0, "unknown": 0, "cross-corpus": 1, "zero-shot": 2}
_HEX = 8  # of a task's hash, at least


@dataclass(frozen=True)
class Answered:
    """What came of the predictions on one task."""

    task: str
    version: int
    hash: str
    clips: int
    ua: float
    interval: tuple[float, float] | None
    verdict: str
    reasons: tuple[str, ...]
    note: str

    def record(self) -> dict[str, Any]:
        """Return it as JSON tells it."""
        return {
            "task": self.task, "version": self.version, "hash": self.hash, "clips": self.clips,
            "UA": round(self.ua, 6),
            "interval": [round(end, 6) for end in self.interval or ()] or None,
            "verdict": self.verdict, "reasons": list(self.reasons), "note": self.note,
        }  # fmt: skip

    @property
    def sentence(self) -> str:
        """What a person reads of it."""
        low, high = self.interval or (self.ua, self.ua)
        spread = f" [{100 * low:.1f}, {100 * high:.1f}]" if self.interval else ""
        note = f"; {self.note}" if self.note else ""
        return (
            f"{self.task}: UA {100 * self.ua:.1f} %{spread} of {self.clips:,} clips, verdict "
            f"{self.verdict!r} ({'; '.join(self.reasons)}{note})"
        )


@dataclass
class Checked:
    """What is to be said of a submission: `findings` must be mended, `doubts` be looked at by a
    person, `notes` be known.
    """

    name: str
    answered: list[Answered] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(folder: Path, board: Path, data: Path | None = None) -> Checked:
    """Check a folder of predictions beside the runs of a board; nothing is written anywhere.

    Raises DataError where the folder cannot be read, and where the truth of a task needs recordings
    that are not here.
    """
    offer = offered.read(folder)
    checked = Checked(offer.name, findings=offer.findings)
    standing = _standing(board, checked)
    reported = published.judged(published.read(board / published.FILE))

    with tempfile.TemporaryDirectory(prefix="mserbench-") as scratch:
        for name, path in sorted(offer.tables.items()):
            entry = _scored(name, path, offer, data, Path(scratch), checked)
            if entry is None:
                continue

            neighbours = [run for run in standing if run.question.name == entry.question.name]
            results = [result for result in reported if result.task == entry.question.name]
            checked.findings += admission.refusals(entry, standing)
            checked.findings += _obeyed(path, entry)
            checked.doubts += doubts.doubts(entry, neighbours, results)
            checked.answered.append(_answered(entry))

    checked.findings += _contradicted(offer, checked.answered)
    for task in sorted(set(offer.versions) - set(offer.tables)):
        checked.findings.append(
            f"the card names the task {task[:60]!r}, but there is no predictions file of that name"
        )
    return checked


def _standing(board: Path, checked: Checked) -> list[BoardRun]:
    """Return the runs of a board; what is wrong with them is not the stranger's fault."""
    results = board / store.RESULTS
    if not results.is_dir():
        checked.notes.append(
            f"there is no board in {str(board)!r}, so nothing was compared with other runs: give "
            f"--dir"
        )
        return []

    standing, problems = store.collect(results)
    checked.notes += problems
    return standing


def _scored(
    name: str,
    path: Path,
    offer: offered.Offered,
    data: Path | None,
    scratch: Path,
    checked: Checked,
) -> BoardRun | None:
    """Score a file anew into a run of a temporary folder; None where that fails, with findings."""
    try:
        task = lookup.task(name, corpus.data_folder(data))
    except UnknownName as error:
        checked.findings.append(f"{str(path)!r} is named after no task: {error}")
        return None

    if fault := _other_version(offer, task):
        checked.findings.append(fault)
        return None
    if name not in offer.versions:
        checked.notes.append(
            f"{name}: the card's 'tasks' does not say which version was answered; {task.version} "
            f"({task.hash[:_HEX]}) is taken for granted"
        )

    # What we lack is no fault of theirs: that raises.
    dataset.truth(task, corpus.data_folder(data))
    called = offer.name if store.NAME.fullmatch(offer.name) else "submission"
    try:
        run = score_file(path, name, called, card=offer.card, data=data, out=scratch)
        checked.notes += [f"{path.name}: {note}" for note in run.record.notes or ()]
        return store.load(run.folder)
    except MserbenchError as error:
        checked.findings.append(str(error))
        return None


def _other_version(offer: offered.Offered, task: Task) -> str:
    stated = offer.versions.get(task.name)
    is_hash = stated is not None and len(stated) >= _HEX and task.hash.startswith(stated)
    if stated is None or stated == str(task.version) or is_hash:
        return ""

    return (
        f"the card says that version {stated[:60]!r} of task {task.name!r} was answered, but "
        f"{task.version} ({task.hash[:_HEX]}) is current: answer the current one"
    )


def _answered(entry: BoardRun) -> Answered:
    verdict, score = entry.run.record.verdict, entry.scores["UA"]
    return Answered(
        task=entry.question.name,
        version=entry.question.version,
        hash=entry.question.hash,
        clips=entry.n,
        ua=score.value,
        interval=score.interval,
        verdict=entry.verdict,
        reasons=tuple(verdict.reasons),
        note=verdict.note or "",
    )


def _obeyed(path: Path, entry: BoardRun) -> list[str]:
    """Return a sentence where answers hold signs that a terminal obeys, or that nobody sees."""
    rows = predictions.read(entry.run.folder / runs.PREDICTIONS, entry.question.labels)
    unfit = [row.id for row in rows if escaped(row.answer) != row.answer]
    if not unfit:
        return []

    return [
        f"{path.name}: {len(unfit)} answer(s), such as that of {unfit[0]!r}, hold controls or "
        f"signs that turn the direction of text: remove them"
    ]


def _contradicted(offer: offered.Offered, answered: Sequence[Answered]) -> list[str]:
    """Return a sentence for each claim that the verdict, computed from the card, does not allow."""
    return [
        f"{where} claims {claim!r}, but for task {part.task!r} its exposure gives "
        f"{part.verdict!r} ({'; '.join(part.reasons)}): correct the claim or the exposure"
        for where, claim in offer.claims
        for part in answered
        if _CLAIMED[part.verdict] < _CLAIMED[claim]
    ]


def require_board(board: Path, is_named: bool) -> None:
    """Raise DataError where a board was named that is none."""
    if is_named and not (board / store.RESULTS).is_dir():
        raise DataError(
            f"{str(board)!r} has no folder {store.RESULTS!r}: name the folder of a leaderboard "
            f"with --dir"
        )
