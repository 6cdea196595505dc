"""The table of how the code reads, remade: what falls short of a target is named, with its place."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from readability import VAGUE, read

ROOT = Path(__file__).parent.parent
PACKAGES = [ROOT / name for name in ("mserbench", "plugins", "tasks", "leaderboard")]
TESTS = [ROOT / "tests"]
BOTH = pytest.mark.parametrize("paths", [PACKAGES, TESTS], ids=["packages", "tests"])


@BOTH
def test_names_say_what_is_held(paths: list[Path]) -> None:
    """Two in a hundred may be vague where nothing more can be said of a value."""
    reading = read(paths)
    places = random.Random(0).sample(reading.vague, min(40, len(reading.vague)))
    assert reading.vague_percent <= 2, "\n".join(f"{place}: {name}" for name, place in places)


@BOTH
def test_lines_fit_the_screen(paths: list[Path]) -> None:
    """Programs and tables inside strings are the exceptions."""
    assert read(paths).long_percent <= 0.5


@BOTH
def test_steps_stand_apart(paths: list[Path]) -> None:
    """A blank line between steps lets a reader see them."""
    assert read(paths).blank_percent >= 4


def test_comments_give_reasons() -> None:
    """Where a reader would stop and ask why, the code answers."""
    assert read(PACKAGES).comments_per_thousand >= 20


def test_the_reading_sees_what_it_counts(tmp_path: Path) -> None:
    """A measure that cannot fail measures nothing."""
    module = tmp_path / "module.py"
    module.write_text(
        '"""A module.\n\n# no comment\n"""\n\n\n'
        "def total(found, rows):\n"
        '    """Add."""\n'
        "    # Integers only.\n"
        "    one = sum(found)\n"
        "\n"
        "    return one + len(rows)" + " " * 90 + "\n"
    )
    reading = read([module])

    assert (reading.lines, reading.code, reading.comments) == (12, 3, 1)
    assert (reading.inside, reading.blank, reading.long) == (5, 1, 1)
    assert sorted(name for name, _ in reading.names) == ["found", "one", "rows"]
    assert {name for name, _ in reading.vague} == {"found", "one"} < VAGUE
    assert reading.vague_percent == pytest.approx(200 / 3)
    assert reading.comments_per_thousand == pytest.approx(1000 / 3)
