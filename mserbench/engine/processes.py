"""Which of several processes that train together this one is, as the launcher says in its
environment.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from mserbench.errors import MserbenchError

# torchrun and accelerate set the first; the others are of MPI, which accelerate uses on CPUs.
_RANK = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
_COUNT = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_OWN_FAULT, _ECHO = 5.0, 12.0  # seconds that a launcher gets to end a process before that speaks


@dataclass(frozen=True)
class Place:
    """The number of a process, from 0, and how many train together; number 0 alone writes files and
    speaks.
    """

    number: int = 0
    count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes."""
        return self.number == 0


def place() -> Place:
    """Return the place of this process; the only one where nothing launched it as one of
    several.
    """
    count = _first(_COUNT, 1)
    return Place(_first(_RANK, 0), count) if count > 1 else Place()


def _first(names: tuple[str, ...], otherwise: int) -> int:
    numbers = (os.environ[name] for name in names if os.environ.get(name, "").isdigit())
    return int(next(numbers, otherwise))


def wait_for_the_end(error: MserbenchError) -> None:
    """Before one of several processes tells its error, let the launcher end it if another told one
    already.

    What all of them find wrong is so told once, by the main process. A process that fails because
    another one is gone (a foreign error, such as a closed connection, is its cause) is the last to
    speak.
    """
    own = place()
    foreign = error.__cause__ is not None and not isinstance(error.__cause__, MserbenchError)
    if own.count > 1 and (foreign or not own.is_main):
        time.sleep(_ECHO if foreign and own.is_main else _OWN_FAULT)


class Ended(SystemExit):
    """The end that a launcher asked for by SIGTERM: no error of whatever code it comes out of."""


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM, by which launchers end processes, clean up as leaving does: nothing half done
    stays on disk.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        raise Ended(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
