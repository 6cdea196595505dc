"""Whatever a plugin's code raises becomes one sentence that names it; Ctrl-C stays the user's."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mserbench.engine.processes import Ended
from mserbench.errors import MserbenchError, PluginError, words
from mserbench.plugins import misfits


@contextmanager
def blamed(
    whose: str,
    kind: type[MserbenchError] = PluginError,
    advice: str = "--debug shows where",
    passed: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Stand around a plugin's code, so that whatever it raises becomes an error that names it.

    `whose` begins the sentence, as in "model 'x' failed while loading". Errors of ours are passed
    on, and so is what the user asked for: Ctrl-C, and the end that a launcher asks for. All else is
    raised as `kind`: also SystemExit, GeneratorExit, and a KeyboardInterrupt that no signal made.
    Errors of the classes `passed` are raised as ever.
    """
    with interrupts_noted() as was_interrupted:
        try:
            yield
        except BaseException as error:
            by_user = isinstance(error, KeyboardInterrupt) and was_interrupted()
            if by_user or isinstance(error, (MserbenchError, Ended, *passed)):
                raise

            misfits.refuse(error)
            raise kind(f"{whose} ({words(error)}): {advice}") from error


@contextmanager
def failure_told(
    tell: Callable[[str], None], passed: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Stand around a plugin's code that may fail: the reason is told, and nothing is raised.

    Ctrl-C, the end that a launcher asks for, and errors of the classes `passed` are raised as ever.
    """
    with interrupts_noted() as was_interrupted:
        try:
            yield
        except BaseException as error:
            by_user = isinstance(error, KeyboardInterrupt) and was_interrupted()
            if by_user or isinstance(error, (Ended, *passed)):
                raise

            # Our own errors are sentences already.
            reason = misfits.told(error) or error
            tell(str(reason) if isinstance(reason, MserbenchError) else words(reason))


@contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether the user interrupted since: SIGINT came.

    A KeyboardInterrupt is the user's only where that signal was sent; code may raise one as any
    other error, and some libraries do.
    """
    handler = signal.getsignal(signal.SIGINT)
    # Signals reach the main thread alone, and a handler of C is nobody's to replace.
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield lambda: False
        return

    arrived: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        arrived.append(number)
        handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(arrived)
    finally:
        # A plugin may have set a handler of its own, which then stays.
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, handler)
