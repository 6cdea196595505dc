"""What the program does not do yet: the expected failures of the tests of this folder.

Mending removes a row: a test that passes although its row stands here fails.
"""

from __future__ import annotations

import pytest

SEEN: dict[str, list[str]] = {}  # what was seen, and of which tests
FAILS_TODAY = {name: seen for seen, names in SEEN.items() for name in names}


def marked(name: str) -> object:
    """Return a parameter of a test by its name, marked where it is expected to fail."""
    expected = (
        [pytest.mark.xfail(reason=FAILS_TODAY[name], strict=True)] if name in FAILS_TODAY else []
    )
    return pytest.param(name, marks=expected, id=ascii(name)[1:-1])
