"""What the program does not do yet: the expected failures of the tests of this folder.

Mending removes a row: a test that passes although its row stands here fails.
"""

from __future__ import annotations

import pytest

SEEN: dict[str, list[str]] = {  # what was seen, and of which tests
    "init-task proposes a class 'emotion' and a speaker 'speaker'; verify finds one utterance without a file": [
        "a header again in the middle",
    ],
    "the index cache answers by size and time: digest and problems are those of before": [
        "verify after bits flipped, times kept",
        "sizes swapped between two files, times kept",
    ],
    "does not end (killed after the limit)": [
        "a sleep without end at import",
        "a sleep without end in a hook",
        "predict gives texts of 10 MB each",
    ],
    "exit 0, the item is not named": [
        "sys.exit(0) in predict",
        "sys.exit(0) in prepare",
        "sys.exit(0) in facts",
        "sys.exit(0) in __init__",
        "sys.exit(0) in a parser",
        "sys.exit(0) in card",
    ],
    "exit 1, the item is not named": [
        "sys.exit('text') in predict",
    ],
    "exit 130, the item is not named": [
        "KeyboardInterrupt in predict",
        "KeyboardInterrupt in prepare",
        "KeyboardInterrupt in facts",
        "KeyboardInterrupt in __init__",
        "KeyboardInterrupt in a parser",
        "KeyboardInterrupt at import",
        "KeyboardInterrupt in card",
        "KeyboardInterrupt in a hook",
    ],
    "a traceback, exit 1": [
        "GeneratorExit in predict",
        "a BaseException in predict",
        "GeneratorExit in a parser",
    ],
    "'mserbench itself failed (ValueError: no text)'": [
        "an exception whose text raises in predict",
        "an exception whose text raises in a parser",
        "an exception whose text raises in prepare",
        "an exception whose text raises in facts",
        "an exception whose text raises in __init__",
        "an exception whose text raises at import",
        "an exception whose text raises in card",
        "an exception whose text raises in a hook",
    ],
    "raw control or bidi characters are shown": [
        "an exception of escapes in predict",
        "an exception of escapes in a parser",
    ],
    "a line of 5,000,114 characters is shown": [
        "an exception of 5 MB in predict",
    ],
    "the item is not named": [
        "a plugin prints by os.write",
        "a plugin prints in predict",
        "os._exit(0) at import",
        "os._exit(0) in a hook",
        "a plugin prints at import",
    ],
    "a line of 5,000,108 characters is shown": [
        "an exception of 5 MB at import",
    ],
    "exit -9, the item is not named": [
        "SIGKILL to itself at import",
        "SIGKILL to itself in a hook",
    ],
    "exit -11, the item is not named": [
        "a segfault at import",
        "a segfault in a hook",
    ],
    "exit -6, the item is not named": [
        "os.abort at import",
        "os.abort in a hook",
    ],
}
FAILS_TODAY = {name: seen for seen, names in SEEN.items() for name in names}


def marked(name: str) -> object:
    """Return a parameter of a test by its name, marked where it is expected to fail."""
    expected = (
        [pytest.mark.xfail(reason=FAILS_TODAY[name], strict=True)] if name in FAILS_TODAY else []
    )
    return pytest.param(name, marks=expected, id=ascii(name)[1:-1])
