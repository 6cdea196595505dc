"""Whatever stands in a label file, a card, a record or a recording, the answer is a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from damaged import fuzz
from damaged.fails_today import marked

SECONDS = float(os.environ.get("MSERBENCH_FUZZ_SECONDS", "60"))  # of processor time, a target
TARGETS = fuzz.targets()


@pytest.fixture(autouse=True)
def _same_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The targets set a cache of their own: give the tests theirs back."""
    monkeypatch.setenv("MSERBENCH_CACHE", os.environ["MSERBENCH_CACHE"])
    return


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked(f"fuzz {name}") for name in TARGETS])
def test_no_mutation_ends_in_a_traceback(name: str) -> None:
    """If a byte in a file could end the program, its user would be told that it failed itself."""
    found = list(fuzz.fuzz(name, TARGETS[name.removeprefix("fuzz ")], SECONDS))
    assert not found, "\n".join(f"{each.error}: {each.data[:300]!r}" for each in found)
