"""The program in a process of its own, with limits of time and memory, and what became of it."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from damaged.hostile import Hostile, Place

# Escapes, other controls, and what turns the direction of text; line ends and tabs are no harm.
RAW = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
LONGEST = 5_000  # characters of a line that a person is shown


@dataclass(frozen=True)
class Ended:
    """How a command ended: its code (None where it had to be killed), what it said, what it left."""

    code: int | None
    out: str
    err: str
    left: tuple[str, ...]
    is_json: bool = False  # JSON is for programs: in it only what no text may hold counts

    @property
    def text(self) -> str:
        """All that was said."""
        return self.out + self.err

    def faults(self, codes: tuple[int, ...], says: str) -> list[str]:
        """Return a sentence for each thing that a user must never meet."""
        lines = [line[:300] for line in self.text.splitlines()]
        shown = " / ".join(lines[-4:])
        rules = {
            "it had to be killed, as it did not end in time": self.code is None,
            f"the code is {self.code}, one of {codes} was expected": self.code
            not in (None, *codes),
            "a traceback is shown": "Traceback" in self.text,
            "it calls a foreseeable fault its own": "mserbench itself failed" in self.text,
            f"it does not say {says!r}": self.code is not None
            and not re.search(says, self.text, re.IGNORECASE | re.DOTALL),
            "raw control characters are shown": (
                (CONTROL if self.is_json else RAW).search(self.out) is not None
                or RAW.search(self.err) is not None
            ),
            f"a line of {max(map(len, self.text.splitlines()), default=0):,} characters is shown": (
                max(map(len, self.text.splitlines()), default=0) > LONGEST
            ),
            f"it leaves behind {list(self.left)[:5]}": bool(self.left),
        }
        return [ascii(f"{rule}: {shown[:900]}") for rule, broken in rules.items() if broken]


def environment(place: Place, **more: str) -> dict[str, str]:
    """Return the environment of a command: a cache and a folder for temporary files of its own."""
    own = {
        "MSERBENCH_CACHE": str(place.folder / "cache"),
        "TMPDIR": str(place.folder / "tmp"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(place.folder / "site"), os.environ["PYTHONPATH"]])
        if os.environ.get("PYTHONPATH")
        else str(place.folder / "site"),
    }
    (place.folder / "tmp").mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MSERBENCH_")}
    return {**kept, **own, **place.environment, **more}


def run(place: Place, case: Hostile, command: tuple[str, ...]) -> Ended:
    """Run a command of a case, kill it with its children where it does not end, and look at what is
    left.
    """
    before = hidden(place.folder)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (case.memory, case.memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for name, value in case.limits:
            resource.setrlimit(getattr(resource, name), (value, value))

        if case.stdout == "closed":
            os.close(1)
        if case.stderr == "closed":
            os.close(2)

    with open("/dev/full", "w") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "mserbench", *command],
            cwd=place.folder,
            env=environment(place),
            stdin=subprocess.DEVNULL,
            stdout=full if case.stdout == "full" else subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=limit,
        )
        try:
            out, err = process.communicate(timeout=case.seconds)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            code = None
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()

    left = (
        [*sorted(hidden(place.folder) - before), *survivors(process.pid)]
        if code is not None
        else []
    )
    return Ended(code, decoded(out), decoded(err), tuple(left), "--json" in command)


def decoded(data: bytes | None) -> str:
    """Return what was said as text."""
    return (data or b"").decode("utf-8", "replace")


def hidden(folder: Path) -> set[str]:
    """Return files of the kind that only a half-done work leaves: temporary ones, hidden ones."""
    found = set()
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("c", "site", "data", "board")]
        inside = Path(parent).relative_to(folder)
        for name in (*folders, *files):
            if name.startswith(".") or inside.parts[:1] == ("tmp",):
                found.add(str(inside / name))

    return {name for name in found if not name.endswith(".lock")}


def survivors(session: int) -> list[str]:
    """Return the processes of a session that are still there, and end them."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue

        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            state, own_session = fields[0], int(fields[3])
            words = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except (OSError, ValueError):
            continue

        if own_session == session and state != "Z":
            found.append(f"process {words[:80]!r}")
            os.kill(int(folder.name), signal.SIGKILL)

    return found
