"""What kills leave that they should not, today: the expected failures of the tests of this folder.

Mending removes a row: a test that passes although its row stands here fails.
"""

from __future__ import annotations

import pytest

from kills.commands import COMMANDS

KINDS = ("answer", "bytes", "leftovers", "processes")
MANY = 1_000  # kills of all commands in `make slow`

SEEN: dict[str, str] = {}  # what was seen after a kill, by command and kind
SELDOM: frozenset[str] = frozenset()  # which of these a few kills hit by chance only


def marked(kills: int) -> list[object]:
    """Return each command and kind as parameters, marked where it is expected to fail."""
    parameters = []
    for command in COMMANDS:
        for kind in KINDS:
            name = f"{command}, {kind}"
            is_sure = kills == MANY or name not in SELDOM
            marks = [pytest.mark.xfail(reason=SEEN[name], strict=is_sure)] if name in SEEN else []
            parameters.append(pytest.param(command, kind, marks=marks, id=name))

    return parameters
