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
    "'mserbench itself failed (MemoryError)'": [
        "20 GiB as a record",
        "20 GiB as a card",
        "/dev/zero as a card",
    ],
    "does not end (killed after the limit)": [
        "a pipe as a record",
        "a folder link to /proc",
        "a folder link to /",
        "a pipe as a label file of a publisher",
        "a sleep without end at import",
        "a sleep without end in a hook",
        "a pipe as a card",
        "predict gives texts of 10 MB each",
    ],
    "exit 0, the item is not named": [
        "a link out of the corpus to another's file",
        "sys.exit(0) in predict",
        "sys.exit(0) in prepare",
        "sys.exit(0) in facts",
        "sys.exit(0) in __init__",
        "sys.exit(0) in a parser",
        "a record: its name leads out",
        "sys.exit(0) in card",
        "a card: title is a dict",
    ],
    "'mserbench itself failed (RecursionError: maximum recursion depth exceeded)'": [
        "folders nested 3,000 deep",
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
        "a plugin's title: escapes",
        "a name of a model of escapes scored",
        "a name of escapes --csv, predict listen",
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
    "'mserbench itself failed (UnicodeEncodeError: 'ascii' codec can't encode character '\\\\xeb' in position 8: )'": [
        "a locale of ASCII and names that are not",
    ],
    "'mserbench itself failed (IndexError: tuple index out of range)'": [
        "a journal row too short",
    ],
    "'mserbench itself failed (UnicodeEncodeError: 'utf-8' codec can't encode character '\\\\udcff' in position 1)'": [
        "a name of bytes scored",
    ],
    "a line of 5,000,185 characters is shown": [
        "a record: a label of 5 MB",
    ],
    "'mserbench itself failed (OSError: [Errno 28] No space left on device)'": [
        "stdout is full",
    ],
    "exit 4": [
        "stderr is closed",
    ],
    "'mserbench itself failed (FileNotFoundError: [Errno 2] No such file or directory: '/proc/x')'": [
        "weights into a read-only cache",
    ],
    "exit 3, 'holds .run.json.abcdefgh ...: remove it'": [
        "a leftover in the board",
    ],
    "a line of 5,000,108 characters is shown": [
        "an exception of 5 MB at import",
    ],
    "'mserbench itself failed (UnicodeEncodeError: 'utf-8' codec can't encode character '\\\\ud800' in position 2)'": [
        "an exception of a surrogate at import",
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
    "'mserbench itself failed (UnicodeEncodeError: 'utf-8' codec can't encode character '\\\\ud800' in position 3)'": [
        "a plugin's title: a surrogate",
    ],
    "a line of 5,000,124 characters is shown": [
        "a plugin's title: 5 MB",
    ],
    "'mserbench itself failed (UnicodeEncodeError: 'utf-8' codec can't encode character '\\\\ud800' in position 1)'": [
        "a card: a surrogate in its title",
    ],
    "exit 130 without a word: click makes Abort of it": [
        "Ctrl-C while a model is asked",
    ],
    "a traceback of imports after 0.05 and 0.15 s": [
        "Ctrl-C in the first second",
    ],
    "run.json has the mode 0644": [
        "umask 077",
    ],
    "IndexError in best_label: a row with fewer scores than labels is taken": [
        "fuzz journal",
    ],
}
FAILS_TODAY = {name: seen for seen, names in SEEN.items() for name in names}


def marked(name: str) -> object:
    """Return a parameter of a test by its name, marked where it is expected to fail."""
    expected = (
        [pytest.mark.xfail(reason=FAILS_TODAY[name], strict=True)] if name in FAILS_TODAY else []
    )
    return pytest.param(name, marks=expected, id=ascii(name)[1:-1])
