"""How far a call from Python is: a bar where one can be drawn, a line a minute where none can."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from mserbench.report import cells, progress, watched


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend that a kernel runs this; returns what its cell showed, state by state."""
    states: list[str] = []

    class Handle:
        def update(self, data: dict[str, Any], raw: bool) -> None:
            states.append(data["text/html"])

    def display(data: dict[str, Any], raw: bool, display_id: bool) -> Handle:
        states.append(data["text/html"])
        return Handle()

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return states


def test_in_a_notebook_a_bar_is_drawn_and_gone(
    notebook: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(cells, "now", lambda: float(next(clock)))
    with watched.watched("<b> on emodb-sample") as report:
        report(35, 70)

    assert "&lt;b&gt; on emodb-sample" in notebook[0]
    assert "35 of 70" in notebook[0]
    assert notebook[-1] == ""


def test_a_bar_is_not_redrawn_for_each_clip(
    notebook: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that gets a thousand states a second shows none."""
    monkeypatch.setattr(cells, "now", lambda: 5.0)
    with watched.watched("x") as report:
        for done in range(1_000):
            report(done, 1_000)

    assert len(notebook) == 2


def test_work_that_reports_nothing_leaves_nothing_in_the_cell(notebook: list[str]) -> None:
    with watched.watched("shown again"):
        pass

    assert notebook == []


def test_elsewhere_a_line_is_told_each_minute_and_none_of_quick_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watched.EVERY == 60
    with watched.watched("quick") as report:
        report(1, 2)

    assert capsys.readouterr().err == ""
    monkeypatch.setattr(watched, "EVERY", 0.01)
    with watched.watched("slow") as report:
        report(1, 2)
        threading.Event().wait(0.2)

    assert "slow: 1 of 2" in capsys.readouterr().err
    assert progress.WATCHER not in {thread.name for thread in threading.enumerate()}


def test_a_training_is_told_too_and_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program tells of its own; a second watcher would say each line twice."""
    monkeypatch.setattr(watched, "EVERY", 0.01)
    names: list[str] = []

    @watched.telling()
    def train() -> None:
        with watched.watched("steps"), progress.doing("training"):
            threading.Event().wait(0.1)
            names.extend(thread.name for thread in threading.enumerate())

    train()
    assert names.count(progress.WATCHER) == 1
    assert "steps: training" in capsys.readouterr().err


def test_the_bars_of_the_callers_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is the user's, who may draw bars with tqdm in the next cell."""
    import os

    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    with watched.watched("work"):
        pass

    assert "TQDM_DISABLE" not in os.environ


@pytest.mark.parametrize(
    ("done", "total", "note", "text"),
    [
        (0, 2, "", "x ────────────────────────────── 0 of 2"),
        (3, 2, "", "x ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 3 of 2"),
        (3, 0, "loss 1", "x 3 (loss 1)"),
    ],
)
def test_a_bar_in_text(done: int, total: int, note: str, text: str) -> None:
    assert cells.bar("x", done, total, note) == text
