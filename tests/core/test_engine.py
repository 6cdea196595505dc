"""Shards in, keyed outcomes out: whoever does the work, however many, and whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from processes import is_alive, wait_for

from mserbench.engine.ahead import ahead, groups_ahead
from mserbench.engine.base import Engine, Outcome, Shard, Workers, carried_out, sentence
from mserbench.engine.named import engine_named
from mserbench.errors import DataError, MserbenchError, UsageError
from mserbench.experiments import conduct
from mserbench.experiments.work import Result

# What workers do stands at the top level of a module that they can import by its name.
HELP = '''
import os, signal, sys, time
from pathlib import Path
from mserbench.errors import DataError


class Unpicklable(Exception):
    """An exception whose arguments are not those of its class, as many libraries have."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")
        self.lock = __import__("threading").Lock()


def square(number):
    return number * number


def slow_square(number):
    time.sleep(0.05 * (5 - number))
    return number * number


def on(number, device):
    return number, device


def fail(kind):
    if kind == "ours":
        raise DataError("clip 'x'\\nis empty")
    if kind == "strange":
        raise Unpicklable("this", "that")
    if kind == "exit":
        sys.exit(3)
    return lambda: kind  # cannot be pickled


def die_once(folder):
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def stay(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(300)


def threads_of_arithmetic():
    return os.environ["OMP_NUM_THREADS"]


def speak():
    print("said by Python", flush=True)
    os.system("echo said by a program >&2")
'''


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Give the module of the work, in a folder that workers find too."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "engine_work.py").write_text(HELP)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])
                       if "PYTHONPATH" in os.environ else str(folder))  # fmt: skip
    import engine_work  # type: ignore[import-not-found]

    yield engine_work
    sys.modules.pop("engine_work")


def engines() -> list[object]:
    return [
        pytest.param(Workers(1, kind="threads"), id="this thread"),
        pytest.param(Workers(3, kind="threads"), id="threads"),
        pytest.param(Workers(2), id="processes"),
    ]


def shards(work: Callable[..., object], *arguments: object) -> list[Shard[object]]:
    return [Shard(f"key-{argument}", work, (argument,)) for argument in arguments]


@pytest.mark.parametrize("workers", engines())
def test_every_shard_has_one_outcome_by_its_key(work, workers: Workers) -> None:
    """The same whatever the engine and the number of its workers."""
    with engine_named("local", workers) as engine:
        outcomes = list(engine.do(shards(work.slow_square, *range(5))))

    assert len(outcomes) == 5
    assert {done.key: done.result() for done in outcomes} == {f"key-{n}": n * n for n in range(5)}
    assert not any(done.failure or done.lost for done in outcomes)


@pytest.mark.parametrize("workers", engines())
def test_outcomes_come_as_they_are_done(work, workers: Workers) -> None:
    """Who keeps a journal writes the quick shards down before a slow one is done."""
    with engine_named("local", workers) as engine:
        keys = [done.key for done in engine.do(shards(work.slow_square, 0, 4))]

    assert keys == ([f"key-{n}" for n in ((0, 4) if workers.number == 1 else (4, 0))])


@pytest.mark.parametrize("workers", engines())
def test_a_failure_is_one_sentence_and_stops_no_other(work, workers: Workers) -> None:
    work_list = [*shards(work.fail, "ours", "strange", "exit"), Shard("good", work.square, (3,))]
    with engine_named("local", workers) as engine:
        outcomes = {done.key: done for done in engine.do(work_list)}

    assert outcomes["key-ours"].failure == "clip 'x' is empty"
    assert outcomes["key-strange"].failure == "Unpicklable: this and that"
    assert outcomes["key-exit"].failure == "SystemExit: 3"
    assert outcomes["good"].result() == 9
    assert not any(done.lost for done in outcomes.values()), "nobody died"


@pytest.mark.parametrize("workers", engines()[:2])
def test_within_this_process_the_exception_itself_is_there(work, workers: Workers) -> None:
    """Else a clip that cannot be read would end the program with another exit code."""
    with engine_named("local", workers) as engine:
        (outcome,) = engine.do(shards(work.fail, "ours"))

    with pytest.raises(DataError):
        outcome.result()


def test_from_another_process_the_sentence_is_raised(work) -> None:
    with engine_named("local", Workers(1)) as engine:
        (outcome,) = engine.do(shards(work.fail, "ours"))

    with pytest.raises(MserbenchError, match="clip 'x' is empty"):
        outcome.result()


def test_what_cannot_be_sent_fails_alone(work) -> None:
    """A value or an argument that no process can be given must not take the pool with it."""
    work_list = [
        *shards(work.fail, "value"),
        Shard("argument", work.square, (threading.Lock(),)),
        Shard("work", lambda: 1),
        Shard("good", work.square, (3,)),
    ]
    with engine_named("local", Workers(2)) as engine:
        outcomes = {done.key: done for done in engine.do(work_list)}

    assert outcomes["good"].result() == 9
    for key in ("key-value", "argument", "work"):
        assert "pickle" in outcomes[key].failure.lower()
        assert not outcomes[key].lost


def test_the_dead_fail_with_a_sentence_and_can_be_asked_again(work, tmp_path: Path) -> None:
    """What was lost is known by its key, and a second call does it, and nothing twice."""
    work_list = [
        Shard("deadly", work.die_once, (str(tmp_path),)),
        *shards(work.square, *range(20)),
    ]
    with engine_named("local", Workers(2)) as engine:
        first = {done.key: done for done in engine.do(work_list)}
        assert first["deadly"].lost
        assert "a worker process died" in first["deadly"].failure
        assert len(first) == len(work_list)

        lost = [shard for shard in work_list if first[shard.key].lost]
        second = {done.key: done for done in engine.do(lost)}

    assert second["deadly"].result() == "alive"
    values = {key: done.value for key, done in (first | second).items()}
    assert values == {"deadly": "alive"} | {f"key-{n}": n * n for n in range(20)}


def test_each_process_has_its_device_and_its_threads_of_arithmetic(work) -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    work_list = [Shard(str(n), work.on, (n,), on_device=True) for n in range(8)]
    with engine_named("local", Workers(2, devices=("cuda:0", "cuda:1"), threads=7)) as engine:
        results = [done.result() for done in engine.do(work_list)]
        (threads,) = engine.do([Shard("threads", work.threads_of_arithmetic)])

    assert sorted(number for number, _ in results) == list(range(8))
    assert {device for _, device in results} <= {"cuda:0", "cuda:1"}
    assert threads.result() == "7"
    assert os.environ.get("OMP_NUM_THREADS") == before, "the parent's own are left as they were"


def test_what_processes_print_goes_to_the_log(work, tmp_path: Path, capfd) -> None:
    """Standard output is for the result alone."""
    log = tmp_path / "new folder/workers.log"
    with engine_named("local", Workers(1, log=log)) as engine:
        list(engine.do([Shard("a", work.speak)]))

    assert log.read_text().split("\n")[:-1] == ["said by Python", "said by a program"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [1, 2])
def test_who_stops_keeps_what_is_done_and_leaves_nobody(work, tmp_path: Path, number: int) -> None:
    """Ctrl-C must end hours of work at once, not after it."""
    work_list = [Shard("quick", work.square, (2,)), *shards(work.stay, *[str(tmp_path)] * number)]
    journal: list[object] = []

    def stop(value: object) -> None:
        journal.append(value)
        wait_for(lambda: any(name.name.isdecimal() for name in tmp_path.iterdir()))
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        carry_out(Workers(number), work_list, stop)

    assert journal == [4]
    assert time.monotonic() - began < 60
    workers = [int(path.name) for path in tmp_path.iterdir() if path.name.isdecimal()]
    assert workers
    assert not any(map(is_alive, workers))


def test_who_stops_does_not_wait_for_threads_that_have_not_begun() -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)

    def stop(value: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(Workers(2, kind="threads"), shards(work, *range(100)), stop)

    assert len(begun) < 10


def carry_out(
    workers: Workers, work_list: list[Shard[object]], take: Callable[[object], None]
) -> None:
    with engine_named("local", workers) as engine:
        for outcome in engine.do(work_list):
            take(outcome.result())


PARENT = """
    import sys
    import engine_work
    from mserbench.engine.base import Shard, Workers
    from mserbench.engine.named import engine_named

    if __name__ == "__main__":
        with engine_named("local", Workers(2)) as engine:
            list(engine.do([Shard(n, engine_work.stay, (sys.argv[1],)) for n in "ab"]))
"""


def test_workers_die_with_their_parent(work, tmp_path: Path) -> None:
    """Killed and started again, the same command must find nobody at work."""
    (tmp_path / "parent.py").write_text(dedent(PARENT))
    (tmp_path / "at work").mkdir()
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), tmp_path / "at work"])
    wait_for(lambda: len(list((tmp_path / "at work").iterdir())) == 2)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    workers = [int(path.name) for path in (tmp_path / "at work").iterdir()]
    wait_for(lambda: not any(map(is_alive, workers)))


def test_an_engine_that_was_not_asked_starts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    before = threading.active_count()
    with engine_named("local", Workers(4)), engine_named("local", Workers(4, kind="threads")):
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("locla", "engine 'locla' is not known; did you mean 'local'"),
        ("local:0", "'local:0' is not understood: local, or local:N"),
        ("local:all", "a number of workers from 1 was expected"),
    ],
)
def test_an_engine_that_is_mistyped_is_answered_at_once(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        engine_named(text, Workers(1))


def test_the_name_may_say_how_many_work(work) -> None:
    pids = Shard("pid", os.getpid)
    with engine_named("local:3", Workers(1, kind="threads")) as engine:
        barrier = threading.Barrier(3, timeout=30)
        together = [Shard(str(number), barrier.wait) for number in range(3)]
        assert not any(done.failure for done in engine.do(together)), "three were not at work"
        assert next(engine.do([pids])).result() == os.getpid()


def test_an_error_of_ours_has_its_own_words_and_any_other_its_name() -> None:
    assert sentence(DataError("clip 'x'\n  is empty")) == "clip 'x' is empty"
    assert sentence(KeyError("x")) == "KeyError: 'x'"


def test_an_error_that_cannot_be_put_into_words_costs_no_worker() -> None:
    """Its text is made by the code that failed: if that fails too, other shards must go on."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

    def raise_it() -> None:
        raise Mute

    failed = carried_out(Shard("x", raise_it), "cpu")
    assert failed.failure == "Mute, whose text cannot be made"
    assert issubclass(type(engine_named("local", Workers(1))), Engine)


class Dying(Engine):
    """Loses the worker of the first shard, and does the others."""

    def do(self, shards):
        """Yield an outcome of each."""
        for number, shard in enumerate(shards):
            yield (
                Outcome(shard.key, failure="a worker process died", lost=True)
                if number == 0
                else (carried_out(shard, "cpu"))
            )

    def close(self, at_once: bool = False) -> None:
        """Let nobody go."""


def test_a_training_whose_worker_died_is_told_and_costs_no_other() -> None:
    """A table of forty trainings must not be lost to one that took all the memory."""
    lines: list[str] = []
    work_list = [Shard(key, Result, ("trainings/x",)) for key in "ab"]
    names = {"a": "big on emodb", "b": "small on emodb"}
    results = conduct._all(Dying(), "training", work_list, names, lines.append)
    assert results["a"].failure == "a worker process died"
    assert results["b"].folder == "trainings/x"
    assert lines == [
        "training 1/2: big on emodb: failed: a worker process died",
        "training 2/2: small on emodb: done",
    ]


def test_maps_ahead_keep_the_order() -> None:
    def work(number: int) -> int:
        time.sleep(0.01 * (number % 3))
        return number

    assert list(ahead(work, iter(range(20)), depth=5, workers=4)) == list(range(20))
    assert list(ahead(work, [], depth=5)) == []
    groups = [("a", [1, 2]), ("b", []), ("c", [3])]
    assert list(groups_ahead(work, groups, depth=1)) == [("a", [1, 2]), ("b", []), ("c", [3])]


def test_maps_ahead_go_no_further_than_memory_allows() -> None:
    arguments = []

    def endless() -> Iterator[int]:
        while True:
            arguments.append(None)
            yield len(arguments)

    with closing(ahead(abs, endless(), depth=3, workers=2)) as results:
        for number in range(1, 20):
            assert next(results) == number
            assert len(arguments) <= number + 3


def test_what_a_map_ahead_raises_is_raised_in_its_place_and_ends_it() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise DataError("clip 2 is empty")
        time.sleep(0.01)
        return number

    results = ahead(work, range(1_000), depth=100, workers=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(DataError, match="clip 2 is empty"):
        next(results)

    assert len(begun) < 110, "it works on for nobody"


def test_a_map_ahead_holds_no_result_that_was_taken() -> None:
    """A batch of waveforms more would be held for as long as the next one is waited for."""

    class Held:
        pass

    results = ahead(lambda _: Held(), range(10), depth=2, workers=2)
    import weakref

    first = weakref.ref(next(results))
    next(results)
    assert first() is None
