"""Progress bars on stderr: of a training with its losses and the time left, and of anything that is counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """A bar over `steps`; silent where `show` is False or stderr is no terminal."""

    def __init__(self, steps: int, done: int = 0, show: bool = True) -> None:
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=Console(stderr=True),
            disable=not (show and sys.stderr.isatty()),
        )
        self._task = self._progress.add_task("training", total=steps, completed=done, losses="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, step: int, losses: Mapping[str, float], best: float | None) -> None:
        """Show the step, the mean losses since the last evaluation and the best held-out UAR."""
        if self._progress.disable:
            return
        text = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
        if best is not None:
            text += f" held-out UAR {100 * best:.1f}"
        self._progress.update(self._task, completed=step, losses=text)


@contextmanager
def counting(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with how many are done, and how many there are; silent where stderr is no terminal."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
