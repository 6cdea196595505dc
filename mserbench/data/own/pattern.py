"""Named groups of a file-name pattern, matched where one that never ends can be stopped."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mserbench.errors import DataError, why

SECONDS = 20.0  # for all file names together; a sane pattern matches 100,000 a second
_CHILD = """
import json, re, signal, sys
# A parent that is killed cannot end its child: the system does, at once on Linux, else in time.
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
elif hasattr(signal, "alarm"):
    signal.alarm(int(sys.argv[1]))
given = json.loads(sys.stdin.buffer.read())
try:
    pattern = re.compile(given["pattern"])
except (re.error, OverflowError, RecursionError) as error:
    json.dump({"fault": str(error)}, sys.stdout)
else:
    found = [match and match.groupdict() for match in map(pattern.fullmatch, given["names"])]
    json.dump({"groups": list(pattern.groupindex), "found": found}, sys.stdout)
"""


@dataclass(frozen=True)
class Matches:
    """The names of a pattern's groups, and their values by file, of those that match."""

    groups: tuple[str, ...]
    by_name: Mapping[str, Mapping[str, str]]


@functools.lru_cache(maxsize=4)
def match(pattern: str, names: Sequence[str]) -> Matches:
    """Match a pattern against whole paths; `names` is a tuple.

    Raises DataError for a pattern that is none, or never ends.

    Python's regular expressions can take longer than the age of the universe for a short pattern,
    and nothing in the process can stop them: so they run in a process of their own, which is ended
    after `SECONDS`.
    """
    request = json.dumps({"pattern": pattern, "names": list(names)}).encode()
    # Isolated and without site-packages, so that it starts fast and takes nothing of ours along.
    command = [sys.executable, "-I", "-S", "-c", _CHILD, str(round(SECONDS) + 5)]
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, timeout=SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(
            f"the pattern {pattern!r} took more than {SECONDS:.0f} s for {len(names)} file names: "
            "avoid a repeat inside a repeat, and name what lies between two groups"
        ) from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise DataError(
            f"the pattern {pattern!r} could not be matched ({why(error)}): make it simpler"
        ) from error

    answer = json.loads(done.stdout)
    if "fault" in answer:
        raise DataError(f"the pattern {pattern!r} is no regular expression: {answer['fault']}")

    matched = zip(names, answer["found"], strict=True)
    by_name = {
        name: {key: value or "" for key, value in groups.items()}
        for name, groups in matched
        if groups is not None
    }

    return Matches(tuple(answer["groups"]), by_name)
