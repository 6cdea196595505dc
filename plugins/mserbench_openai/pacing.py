"""What all threads that ask one server share: when it may be asked again, and what may be spent."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime

from mserbench.errors import ModelError

PATIENCE = 120.0  # seconds that a server may ask to wait for; more is for another day
_LONGEST = 30.0  # seconds between two tries where the server names none


class Stopped(Exception):
    """The work that a thread belongs to has failed elsewhere."""


class Spent(ModelError):
    """No request may be sent any more, be it for this clip or another."""


class Pacing:
    """The moment before which nobody asks, as one thread's "too many requests" holds for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._stopped = threading.Event()

    def hold(self, seconds: float) -> None:
        """Let nobody ask for some seconds from now on."""
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def wait(self) -> None:
        """Wait until the server may be asked. Raises Stopped where nobody waits any more."""
        while (seconds := self._not_before - time.monotonic()) > 0:
            if self._stopped.wait(seconds):
                break

        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """End all waiting, as another thread failed for good."""
        self._stopped.set()

    def go_on(self) -> None:
        """Let threads ask again after a stop."""
        self._stopped.clear()


class Budget:
    """Counts requests, and refuses the one beyond the limit; 0 is without limit."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._limit = limit
        self.spent = 0

    def spend(self) -> None:
        """Count a request that is about to be sent. Raises Spent where none is left."""
        with self._lock:
            if self._limit and self.spent >= self._limit:
                raise Spent(
                    f"the budget of {self._limit} requests is spent (option max_requests): all "
                    "answers are kept, so the same command goes on from here"
                )

            self.spent += 1


def pause(attempt: int) -> float:
    """Return the seconds to wait after a try, the first of which is 0: 1, 2, 4 ... at most 30."""
    return float(min(2.0**attempt, _LONGEST))


def asked_pause(retry_after: str | None) -> float | None:
    """Return the seconds that a header Retry-After asks for: a number, or a date.

    None where there is none, or none that can be read.
    """
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass

    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
