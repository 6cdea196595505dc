"""What `mserbench run` is told of adaptation, and what it tells of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.results.runs import Run
    from mserbench.running.adapting import Wish


def wish_of(adapt: int, adapt_from: str | None, draw: int) -> Wish:
    """Return what the models are adapted to. Raises UsageError for a draw of no clips."""
    from mserbench.running.adapting import Wish

    if not adapt and (draw or adapt_from):
        option = "--draw" if draw else "--adapt-from"
        raise UsageError(f"{option} says which clips are heard, but none are: give --adapt N too")

    return Wish(adapt, (adapt_from or "").replace("-", " "), draw)


def heard_by(run: Run) -> str:
    """Say whose clips a run was adapted to, and by which draw."""
    part = run.record.adaptation
    assert part is not None
    return (
        f"{run.record.task.name}: {part.clips} unlabelled clip(s) of the {part.way} were heard "
        f"before, for each half of the scored ones from the other half (draw {part.draw})"
    )
