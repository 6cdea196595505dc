"""What stands in the way of a run that is to go on the board, be it ours or a stranger's."""

from __future__ import annotations

from collections.abc import Sequence

from mserbench_leaderboard import audit, board, registered
from mserbench_leaderboard.entries import BoardRun


def refusals(entry: BoardRun, standing: Sequence[BoardRun]) -> list[str]:
    """Return a sentence for each reason not to take a run in beside those that stand there."""
    name, question = f"run {str(entry.run.folder)!r}", entry.question
    neighbours = [run for run in standing if run.place != entry.place]
    same_task = [run for run in neighbours if run.question.name == question.name]
    current = registered.question(question.name) or board.newest([*same_task, entry])
    if entry.partial:
        return [f"{name} is partial: score all clips of task {question.name!r}"]
    if current.hash != question.hash:
        return [
            f"{name} answers version {question.version} ({question.hash[:8]}) "
            f"of task {question.name!r}, but {current.version} ({current.hash[:8]}) is current: "
            f"score the current one"
        ]

    # The same run again is no fault: then nothing changes.
    if any(run.place == entry.place and run.digest != entry.digest for run in standing):
        return [
            f"{name} has the name of a run with other predictions on the board: "
            f"remove that one first"
        ]

    return [*audit.findings(entry), *board.contradictions(current, [*same_task, entry])]
