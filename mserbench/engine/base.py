"""What an engine is: pure work in shards goes in, an outcome by key comes out as each is done.

Whoever calls it keeps the journal: an engine remembers nothing, and what was not done can be asked
again. `mserbench.engine.named` chooses an engine; nothing outside this room knows what workers are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from mserbench.errors import DataError, MserbenchError, words

T = TypeVar("T")
HERE = "this machine"


@dataclass(frozen=True)
class Shard(Generic[T]):
    """A part of some work: a function of a module's top level, and its arguments, all picklable.

    The same shard gives the same value wherever and however often it is carried out. With
    `on_device` the function gets the device of its worker (`cpu`, `cuda:1`) as its last argument.
    """

    key: str
    work: Callable[..., T]
    arguments: tuple[Any, ...] = ()
    on_device: bool = False


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What came of the shard of a key: a value, or one sentence that says why there is none.

    `lost` tells that its worker died: nothing is known against the shard, so it may be asked again.
    `cause` is the exception itself, where the work was done in this process.
    """

    key: str
    value: T | None = None
    failure: str = ""
    lost: bool = False
    cause: BaseException | None = field(default=None, compare=False, repr=False)

    def result(self) -> T:
        """Return the value; raises what stopped the work, or MserbenchError with its sentence."""
        if self.cause is not None:
            raise self.cause
        if self.failure:
            raise MserbenchError(self.failure)

        return self.value  # type: ignore[return-value] # None only where the work returns None


@dataclass(frozen=True)
class Workers:
    """Whom an engine is to set to work, how many, and what each has.

    `number` 0: as many as there is room for, as the engine sees it. Of `devices` each worker has
    one; "auto" stands for the GPUs that the engine finds, or the CPU where there is none.
    `kind` tells what the work needs: "processes" keep the state of one worker from the others and
    have a device each; "threads" will do where work is reading or decoding that leaves the
    interpreter lock. `threads` is how many threads of arithmetic a process has, as the last digits
    of numbers depend on it. What processes print is added to `log`.
    """

    number: int
    kind: Literal["processes", "threads"] = "processes"
    devices: tuple[str, ...] = ("cpu",)
    threads: int = 1
    log: Path | None = None


def thread_variables(threads: int) -> dict[str, str]:
    """Return the variables of the environment by which libraries of arithmetic take threads.

    They read them when they are loaded, so that a new process alone can be given them.
    """
    return dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads)
    )


class Engine(ABC):
    """Carries shards out; as a context it lets its workers go in the end, at once if that was an
    error.
    """

    @abstractmethod
    def do(self, shards: Iterable[Shard[T]]) -> Iterator[Outcome[T]]:
        """Yield one outcome of each shard as it comes, in no order; no shard's failure stops
        another.

        A worker that dies makes outcomes that are `lost`; called again, `do` has new workers.
        """

    def everywhere(self, work: Callable[..., T], *arguments: Any) -> dict[str, T]:
        """Return what a function gives on each machine that has workers, by the machine's name.

        Asked before any shard, so that what all shards would fail for is told once. Raises
        MserbenchError where a machine cannot be asked.
        """
        return {HERE: work(*arguments)}

    def require(self, paths: Iterable[Path]) -> None:
        """Raise DataError, one sentence, unless every machine that has workers sees these paths."""
        asked = [str(path.absolute()) for path in paths]
        absent = {name: paths for name, paths in self.everywhere(unseen, asked).items() if paths}
        if not absent:
            return

        name, lacking = next(iter(absent.items()))
        more = f" (nor do {len(absent) - 1} more machines)" if len(absent) > 1 else ""
        raise DataError(
            f"{name} does not see {lacking[0]!r}{more}: work there needs it at the same path as "
            "here, so share that folder or copy it, and start again"
        )

    @abstractmethod
    def close(self, at_once: bool = False) -> None:
        """Let the workers go, after what they are at; `at_once` leaves that undone."""

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        # Somebody wants to stop: what is done is kept by the caller, the rest need not end first.
        self.close(at_once=kind is not None)


def as_they_come(
    submit: Callable[[Shard[T]], Future[Outcome[T]]], shards: Iterable[Shard[T]], most: int
) -> Iterator[tuple[str, Future[Outcome[T]]]]:
    """Yield the key and the finished future of each shard; at most `most` are handed out at once.

    A stream of shards so takes no more memory than the few that are at work.
    """
    coming = iter(shards)
    pending = {submit(shard): shard.key for shard in islice(coming, most)}
    while pending:
        finished, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            yield pending.pop(future), future

        pending |= {submit(shard): shard.key for shard in islice(coming, most - len(pending))}


def unseen(paths: Sequence[str]) -> list[str]:
    """Return those of some paths that are not on this machine."""
    return [path for path in paths if not Path(path).exists()]


def carried_out(shard: Shard[T], device: str) -> Outcome[T]:
    """Return the outcome of a shard in this process; only a request to stop is raised."""
    arguments = (*shard.arguments, device) if shard.on_device else shard.arguments
    try:
        return Outcome(shard.key, shard.work(*arguments))
    except (Exception, SystemExit) as error:  # work that calls sys.exit ends itself, not the worker
        return Outcome(shard.key, failure=sentence(error), cause=error)


def sentence(error: BaseException) -> str:
    """Return one line on an error: the words of one of ours, name and words of any other."""
    return " ".join(str(error).split()) if isinstance(error, MserbenchError) else words(error)
