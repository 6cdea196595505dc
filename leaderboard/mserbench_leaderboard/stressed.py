"""What systems lose on altered clips: the records in `stress/TASK/RUN`, their table and audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mserbench.errors import DataError
from mserbench.report.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Marks,
    Number,
    Paragraph,
    Table,
    Written,
)
from mserbench.results import tried
from mserbench.results.runs import Run
from mserbench.stress import measured, record, wording
from mserbench.stress.record import Stressed
from mserbench_leaderboard import words

STRESS = "stress"

# Where what a model and its weights say of themselves lies, beside the board of a source tree.
_FOR_CARDS = Path("mserbench", "stress", measured.FILE)
_FOR_WEIGHTS = Path("mserbench", "results", tried.FILE)


def collect(folder: Path) -> tuple[list[Stressed], list[str]]:
    """Read every record below `folder`/stress, sorted by place; return them, and a sentence for
    each fault.

    Nothing is followed that is a link, and nothing is skipped but hidden files.
    """
    stresses, problems = [], []
    for path in _run_folders(folder / STRESS):
        if path.is_symlink() or not path.is_dir():
            problems.append(
                f"{str(path)!r} is no folder, but {STRESS} holds TASK/RUN folders only: remove it"
            )
            continue

        try:
            stresses.append(record.read(path))
        except DataError as error:
            problems.append(str(error))

    return stresses, [*problems, *_faults(stresses)]


def findings(stresses: Sequence[Stressed]) -> list[str]:
    """Return a sentence for each record that is not what its answers give, byte for byte."""
    return [fault for stressed in stresses if (fault := record.finding(stressed))]


def blocks(stresses: Sequence[Stressed]) -> list[Block]:
    """Return the section of the board; nothing where there is no record."""
    if not stresses:
        return []

    columns = [
        Column("task"),
        Column("model"),
        Column("clean UA"),
        Column("mean UA"),
        Column("change [95 % interval]"),
        Column("worst"),
        Column("worst UA"),
        Column("change at worst"),
        Column("verdict"),
        Column("marks"),
    ]
    table = Table(columns, [_row(stressed) for stressed in ordered(stresses)])
    return [Heading(words.STRESS_TITLE, 2), Paragraph(Written(words.STRESS)), table]


def ordered(stresses: Sequence[Stressed]) -> list[Stressed]:
    """Return records by task, and of each task the best under stress first."""
    # The place decides between equal ones, so that the board is the same on every machine.
    return sorted(
        stresses, key=lambda each: (each.record.task.name, -each.costs.mean.ua, str(each.folder))
    )


def worst_condition(stressed: Stressed) -> str:
    """Return the condition of the lowest UA, and what was done there: `mp3:3 (16 kbit/s)`."""
    name = stressed.costs.worst.name
    return f"{name} ({stressed.record.done.get(name, '')})"


def for_cards(folder: Path, stresses: Sequence[Stressed], runs: Iterable[Run]) -> dict[Path, str]:
    """Return the files that models and their weights are told from, where the board lies in a
    source tree.
    """
    tree = folder.resolve().parent
    texts = {
        tree / _FOR_CARDS: measured.text_of(stresses),
        tree / _FOR_WEIGHTS: tried.text_of(runs),
    }
    return {path: text for path, text in texts.items() if path.is_file()}


def _row(stressed: Stressed) -> list[Cell]:
    costs, by_clip = stressed.costs, stressed.by_clip
    return [
        stressed.record.task.name,
        stressed.name,
        Number(costs.clean.ua, costs.clean.interval, by_clip),
        Number(costs.mean.ua),
        Written(wording.change(costs.mean, by_clip)),
        _condition(stressed),
        Number(costs.worst.ua),
        Written(wording.change(costs.worst, by_clip)),
        stressed.record.verdict.verdict,
        Marks(stressed.record.marks),
    ]


def _condition(stressed: Stressed) -> Cell:
    """Return the worst condition with what was done there, as text of ours if it is one of ours."""
    name, words = stressed.costs.worst.name, worst_condition(stressed)
    # A record may be a stranger's: what it says was done there is his text.
    is_ours = record.done().get(name) == stressed.record.done.get(name)
    return Written(words) if is_ours else words


def _faults(stresses: Sequence[Stressed]) -> list[str]:
    """Name the records that may not stand on the board: partial ones, and two of one system."""
    faults = [
        f"stress record {str(stressed.folder)!r} is partial: put all clips of its task under stress"
        for stressed in stresses
        if stressed.record.partial
    ]
    first: dict[tuple[str, str], Path] = {}
    for stressed in stresses:
        before = first.setdefault((stressed.record.task.name, stressed.name), stressed.folder)
        if before != stressed.folder:
            faults.append(
                f"stress records {str(before)!r} and {str(stressed.folder)!r} are of one system on "
                "one task: remove the older one"
            )

    return faults


def _run_folders(stress: Path) -> list[Path]:
    """Return what lies in the folders of tasks, and what is none, sorted; hidden files apart."""
    if not stress.is_dir() or stress.is_symlink():
        return []

    below: list[Path] = []
    for task in sorted(stress.iterdir()):
        if task.name.startswith(".") or task.name == "workers.log":
            continue

        below += sorted(task.iterdir()) if task.is_dir() and not task.is_symlink() else [task]

    return [path for path in below if not path.name.startswith(".")]
