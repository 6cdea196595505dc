"""Parts of recordings that lie beyond their file: each is a problem, with the unit that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from mserbench.contracts import Utterance
from mserbench.data import spans
from mserbench.data.index import Facts

LENGTH = 3.0  # seconds of every file


def heard(times: list[tuple[float, float]]) -> tuple[list[Utterance], dict[str, Facts]]:
    """Return utterances with these starts and ends, and what decoding files of 3 s tells."""
    clips = [
        Utterance(f"u{n}", f"{n}.wav", "a", None, "de", start, end)
        for n, (start, end) in enumerate(times)
    ]
    facts = {
        clip.id: Facts("key", min(clip.end, LENGTH) - clip.start, 16_000, 1)  # type: ignore[type-var, operator]
        for clip in clips
    }
    return clips, facts


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1_000, "milliseconds"), (16_000, "samples at 16,000 Hz"), (100, "hundredths of a second")],
)
def test_one_factor_for_all_is_asked_for(factor: int, unit: str) -> None:
    """If no unit were named, whoever has milliseconds would look for an error in each row."""
    clips, facts = heard([(0.0, 2.5 * factor), (0.0, 1.0 * factor), (0.0, 3.0 * factor)])
    problems = [clip.problem for clip in spans.checked(Path(), clips, facts).values()]
    assert all(f"are they {unit}? (units_per_second = {factor} " in text for text in problems)


@pytest.mark.parametrize("times", [[(0.0, 4.0)] * 5, [(0.0, 2500.0), *[(0.0, 2.0)] * 5]])
def test_no_unit_is_guessed_that_explains_nothing(times: list[tuple[float, float]]) -> None:
    """If ends that are a little late were called hundredths, the advice would ruin the table."""
    clips, facts = heard(times)
    checked = spans.checked(Path(), clips, facts)
    assert "ends at" in checked["u0"].problem
    assert not any("factor" in clip.problem for clip in checked.values())


def test_what_fits_stays_as_it_was() -> None:
    """If rounding were a problem, good tables would stop a run."""
    clips, facts = heard([(0.5, 3.0), (1.0, 3.04), (0.0, 0.1)])
    assert spans.checked(Path(), clips, facts) == facts
