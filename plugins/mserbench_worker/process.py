"""One process of a worker: started, introduced, asked, ended; its prints go to a log."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mserbench.errors import ModelError, plain, why
from mserbench_worker.hello import KEY, Hello, hello_of

_LINE = 16_000_000  # characters of the longest line that is read
_QUOTED = 3  # last lines of the log that an error quotes
_TAIL = 4_000  # bytes of the log that are looked at for them
_FAREWELL = 2.0  # seconds to end by itself once nothing more will be asked


class Died(Exception):
    """The process ended, or was ended as it hung; its text says which."""


class Process:
    """A running worker. One thread at a time may ask it.

    `log` is a file that what it prints is put behind, `remedy` what to do where it never introduces
    itself in `timeout` seconds. Raises ModelError where the process cannot be started, ends, or
    says nothing before it has introduced itself.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        timeout: float,
        remedy: str,
    ) -> None:
        self.log = log
        self._hung = False
        self._remedy = remedy
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as prints:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=prints,
                    env=dict(environment),
                    # A group of its own: Ctrl-C is ours, and its children end with it.
                    start_new_session=True,
                )
            except OSError as error:
                raise ModelError(
                    f"worker {command[0]!r} cannot be started ({why(error)}): give a command that "
                    "is there, or a Python by option python"
                ) from error

        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        assert self._process.stdin is not None
        self._stdin: IO[bytes] = self._process.stdin
        # Read all the time: who writes into a full pipe would stand still.
        threading.Thread(target=self._read, daemon=True).start()
        self.hello = self._introduced(timeout)

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request and return the reply that bears its id; others are put into the log.

        Raises Died where the process ends, or has not answered in `timeout` seconds.
        """
        with self._ended_after(timeout):
            try:
                self._stdin.write(json.dumps(request).encode() + b"\n")
                self._stdin.flush()
            # A broken pipe: it has ended, which reading tells as well.
            except OSError:
                pass

            return self._next(lambda line: line.get("id") == request["id"])

    def stop(self) -> None:
        """End the process: its input ends, and after a moment so does it."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    @property
    def last_words(self) -> str:
        """The last lines of its log, to stand in an error, and where it lies."""
        with contextlib.suppress(OSError), open(self.log, "rb") as file:
            file.seek(max(0, self.log.stat().st_size - _TAIL))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
            if lines:
                return f"its last words: {plain(' / '.join(lines[-_QUOTED:]))} (log: {self.log})"

        return f"it printed nothing (log: {self.log})"

    def _introduced(self, timeout: float) -> Hello:
        try:
            with self._ended_after(timeout):
                return hello_of(self._next(lambda line: KEY in line))
        except Died as error:
            raise ModelError(
                f"the worker {error} before it introduced itself, {self.last_words}: {self._remedy}"
            ) from None
        except ModelError:
            self.kill()
            raise

    def _next(self, is_awaited: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the next line that is awaited; the others are told in the log."""
        while (line := self._lines.get()) is not None:
            if is_awaited(line):
                return line

            # Such as a second reply: answers go by the id of their question alone.
            self._note(f"a line that nobody awaits: {plain(json.dumps(line), 200)}")

        self._lines.put(None)  # for whoever asks again
        code = self._process.wait()
        raise Died("hung and was ended" if self._hung else f"ended ({_meaning(code)})")

    def _read(self) -> None:
        """Put the lines of the protocol into the queue, others into the log; None is the end."""
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            while text := stdout.readline(_LINE):
                line = _object_of(text)
                if line is None:
                    self._note(text.decode("utf-8", "replace").rstrip())
                else:
                    self._lines.put(line)

        self._lines.put(None)

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        """End the process if the body takes longer, which also frees a write that is stuck."""

        def end() -> None:
            self._hung = True
            self.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def kill(self) -> None:
        """End the process and those that it has started, at once."""
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _note(self, text: str) -> None:
        with open(self.log, "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{text}\n")


def _object_of(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line of the protocol; None for what a library prints."""
    try:
        line = json.loads(text)
    except ValueError:
        return None

    return line if isinstance(line, dict) and ("id" in line or KEY in line) else None


def _meaning(code: int) -> str:
    """Return what the exit status of a process says."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
