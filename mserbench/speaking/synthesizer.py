"""The client of the espeak-ng worker; nothing of espeak-ng enters this process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import MissingExtra, PluginError

SPEECH_RATE = 22_050  # Hz
_SCRIPT = Path(__file__).with_name("worker.py")


class Synthesizer:
    """A worker process that speaks: one request, the same samples, whatever came before.

    Use it as a context manager. `purpose` is what errors say that espeak-ng is needed for. Raises
    MissingExtra where espeak-ng is not installed.
    """

    def __init__(self, purpose: str, one_process_a_clip: bool = False) -> None:
        require_espeak(purpose)
        self._purpose = purpose
        self._worker: subprocess.Popen[bytes] | None = None
        self._one_process_a_clip = one_process_a_clip
        if not one_process_a_clip:
            self._start()
            if not self._header()["reloads"]:
                self.close()
                self._one_process_a_clip = True

    def __enter__(self) -> Synthesizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def speak(self, request: Mapping[str, str | int]) -> NDArray[np.int16]:
        """Return the speech of a request: int16, shape (n_samples,), mono, 22,050 Hz.

        A request has `voice` (espeak-ng's name of a language), `variant` (of its timbre), `ssml`,
        and of `rate`, `volume`, `pitch` and `range`, in espeak-ng's units, what is not its default.
        Raises PluginError where espeak-ng refuses it or its process ends; the next request then
        finds a new process.
        """
        if self._one_process_a_clip:
            self._start("--once")
        elif self._worker is None:
            self._start()
            self._header()

        assert self._worker is not None
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None

        try:
            self._worker.stdin.write(json.dumps(request).encode() + b"\n")
            self._worker.stdin.flush()
        except OSError as error:
            raise self._failure(f"its process has ended: {error.strerror}") from error

        size = 2 * self._header()["samples"]
        body = self._worker.stdout.read(size)
        if len(body) < size:
            raise self._failure("its process ended in the middle of a clip")

        if self._one_process_a_clip:
            self.close()

        return np.frombuffer(body, dtype=np.int16)

    def close(self) -> None:
        """End the worker process."""
        if self._worker is not None:
            self._worker.kill()  # it holds nothing worth saving
            self._worker.communicate()
            self._worker = None

    def _start(self, *options: str) -> None:
        # By path, so that the worker needs no mserbench; -P keeps this folder's modules out of its
        # imports.
        command = [sys.executable, "-P", str(_SCRIPT), *options]
        self._worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _header(self) -> dict[str, Any]:
        assert self._worker is not None
        assert self._worker.stdout is not None
        line = self._worker.stdout.readline()
        if not line:
            raise self._failure("its process ended without an answer")

        header: dict[str, Any] = json.loads(line)
        if "error" in header:
            raise self._failure(header["error"])

        return header

    def _failure(self, reason: str) -> PluginError:
        self.close()
        return PluginError(
            f"{self._purpose} could not be made by espeak-ng: {reason}; install the tested version "
            "again with pip install --force-reinstall 'mserbench[demo]'"
        )


def require_espeak(purpose: str) -> None:
    """Raise MissingExtra where espeak-ng is not installed; it is looked up, not imported."""
    if find_spec("espeakng_loader") is None:
        raise MissingExtra(purpose, "espeakng_loader", "demo")
