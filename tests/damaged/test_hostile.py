"""Hostile and broken input ends in time and within memory, with a documented code, one sentence, no
traceback, and nothing left behind.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from damaged import child, hostile
from damaged.fails_today import marked

CASES = hostile.load()


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked(name) for name in CASES])
def test_hostile_input_is_met_with_a_sentence(name: str, tmp_path: Path) -> None:
    """If hostile input could hang, exhaust or crash the program, anyone's folder could stop it."""
    case = CASES[name]
    place = hostile.place(tmp_path)
    case.make(place)
    faults = []
    for command in case.commands:
        ended = child.run(place, case, command)
        faults += [f"{ascii(' '.join(command)[:60])}: {fault}" for fault in ended.faults(case.codes, case.says)]
        if ended.code is None:  # the next would only hang as long
            break

    assert not faults, "\n".join(faults)
