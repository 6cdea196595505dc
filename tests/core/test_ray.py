"""Work on a Ray cluster: the same bytes as by one process, whatever node or worker dies.

The clusters are real ones, of two nodes on this machine (`ray.cluster_utils.Cluster`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import wait_for

from mserbench.data import dataset, lookup
from mserbench.engine.base import Outcome, Shard, Workers
from mserbench.engine.named import engine_named
from mserbench.engine.ray import ENVIRONMENT
from mserbench.errors import DataError, MissingExtra, MserbenchError, UsageError
from mserbench.running import evaluation
from mserbench.running.spec import Spec
from mserbench.running.spread import Spread

Cli = Callable[..., Any]
DEAD = "127.0.0.1:1"  # a port where nobody listens
WORK = """
import os, signal, threading, time
from pathlib import Path


def slow_square(number):
    time.sleep(0.2)
    return number * number


def about(device):
    import ray
    print("a worker speaks", flush=True)
    threads = os.environ["OMP_NUM_THREADS"]
    time.sleep(0.5)
    return ray.get_runtime_context().get_node_id(), os.getpid(), device, threads


def gpu(device):
    time.sleep(0.5)
    return device, os.environ.get("CUDA_VISIBLE_DEVICES")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(folder):
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.touch()
        die()
    return "alive"


def unpicklable():
    return threading.Lock()


def fail():
    raise ValueError("the loss is not finite")
"""
# Read by every Python that starts with its folder on the path: a node of a test so differs.
SITE = """
import os
if os.environ.get("HIDDEN"):
    plain = os.stat

    def stat(path, *arguments, **named):
        if str(path).startswith(os.environ["HIDDEN"]):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return plain(path, *arguments, **named)

    os.stat = stat

if os.environ.get("OTHER_NUMPY"):
    import importlib.metadata as metadata
    version = metadata.version
    metadata.version = lambda name: "0.1" if name == "numpy" else version(name)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give the module of the work, in a folder that the workers of clusters find too."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "ray_work.py").write_text(WORK)
    (folder / "sitecustomize.py").write_text(SITE)
    monkeypatch.syspath_prepend(str(folder))
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), before])))
    import ray_work  # type: ignore[import-not-found]

    yield ray_work
    sys.modules.pop("ray_work")


@pytest.fixture
def make_cluster(work: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Start clusters of two nodes with a CPU each; variables are of the second node alone."""
    pytest.importorskip("ray")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="rt-", dir="/tmp")
    clusters = []

    def make(gpus: int = 0, **variables: str) -> Any:
        settings = {"num_cpus": 1, "include_dashboard": False, "temp_dir": folder}
        settings["num_gpus"] = gpus
        cluster = Cluster(initialize_head=True, head_node_args=settings)
        clusters.append(cluster)
        with pytest.MonkeyPatch.context() as patch:
            # The processes of a node, its workers among them, inherit what it is started with.
            for name, value in variables.items():
                patch.setenv(name, value)
            cluster.second = cluster.add_node(num_cpus=1, num_gpus=gpus)

        cluster.wait_for_nodes()
        return cluster

    yield make
    for cluster in clusters:
        cluster.shutdown()

    shutil.rmtree(folder, ignore_errors=True)


def on(cluster: Any, workers: Workers) -> Any:
    return engine_named(f"ray:{cluster.address}", workers)


def squares(work: Any, number: int) -> list[Shard[int]]:
    return [Shard(f"key-{n}", work.slow_square, (n,)) for n in range(number)]


def by_key(outcomes: Iterator[Outcome[Any]]) -> dict[str, Any]:
    return {outcome.key: outcome.result() for outcome in outcomes}


@pytest.mark.slow
def test_both_nodes_work_and_a_lost_one_costs_nothing(
    work: Any, make_cluster: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """Half of a cluster may be gone in the morning, and the result must be that of one process."""
    cluster = make_cluster()
    with on(cluster, Workers(2, threads=1)) as engine:
        assert len(engine.everywhere(os.getpid)) == 2
        asked = [Shard(str(n), work.about, on_device=True) for n in range(8)]
        nodes, processes, devices, threads = map(
            set, zip(*by_key(engine.do(asked)).values(), strict=True)
        )
        assert (len(nodes), len(processes)) == (2, 2), "one process a worker, a worker a node"
        assert (devices, threads) == ({"cpu"}, {"1"})

        values = {}
        for number, outcome in enumerate(engine.do(squares(work, 20))):
            values[outcome.key] = outcome.result()
            if number == 3:
                cluster.remove_node(cluster.second, allow_graceful=False)

    assert values == {f"key-{n}": n * n for n in range(20)}
    assert capfd.readouterr().out == "", "standard output is for results"


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_a_deadly_shard_named(
    work: Any, make_cluster: Callable[..., Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One clip that crashes a decoder must not cost the others, nor go on killing for ever."""
    jobs = [
        Shard("deadly", work.die),
        Shard("once", work.die_once, (str(tmp_path),)),
        Shard("value", work.unpicklable),
        Shard("argument", work.slow_square, (__import__("threading").Lock(),)),
        Shard("failing", work.fail),
        *squares(work, 6),
    ]
    with on(make_cluster(), Workers(2)) as engine:
        outcomes = {outcome.key: outcome for outcome in engine.do(jobs)}
        assert len(outcomes) == len(jobs)
        # What was given up by its caller must not come back in the next call.
        next(iter(engine.do(squares(work, 4))))
        assert set(by_key(engine.do([Shard("next", work.slow_square, (3,))]))) == {"next"}

    failure = outcomes["deadly"].failure
    assert failure.startswith("deadly: its worker died 3 times (killed, or out of memory?")
    assert outcomes["once"].result() == "alive"
    assert outcomes["failing"].failure == "ValueError: the loss is not finite"
    for key in ("value", "argument"):
        assert outcomes[key].failure == "TypeError: cannot pickle '_thread.lock' object"
    assert all(outcomes[f"key-{n}"].result() == n * n for n in range(6))
    assert capfd.readouterr().out == "", "Ray prints deaths of workers to standard output"


@pytest.mark.slow
def test_a_node_without_the_data_or_with_other_packages_is_told_before_anything_starts(
    work: Any, make_cluster: Callable[..., Any], tmp_path: Path
) -> None:
    """Hours later half of the shards would fail, or differ in the last digits."""
    folder = tmp_path / "corpora"
    folder.mkdir()
    cluster = make_cluster(HIDDEN=str(folder))
    with on(cluster, Workers(2)) as engine:
        engine.require([tmp_path])
        with pytest.raises(
            DataError, match=r"^node .+ does not see '.+/corpora': work there needs"
        ):
            engine.require([tmp_path, folder])

    cluster.remove_node(cluster.second)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTHER_NUMPY", "1")
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    with (
        pytest.raises(MserbenchError, match=r"^node .+ has numpy 0\.1, but this machine .+: inst"),
        on(cluster, Workers(2)) as engine,
    ):
        engine.require([])


@pytest.mark.slow
def test_each_worker_asks_ray_for_a_gpu_of_its_own(
    work: Any, make_cluster: Callable[..., Any]
) -> None:
    """By GPUs that are only pretended: Ray lends numbers, and looks at no device."""
    cluster = make_cluster(gpus=1)
    jobs = [Shard(str(n), work.gpu, on_device=True) for n in range(8)]
    with on(cluster, Workers(0, devices=("auto",))) as engine:
        assert set(by_key(engine.do(jobs)).values()) == {("cuda:0", "0")}
    with on(cluster, Workers(1, devices=("cpu",))) as engine:
        assert by_key(engine.do(jobs[:1]))["0"][0] == "cpu"


@pytest.mark.slow
def test_a_run_has_the_same_bytes_though_a_node_is_lost_in_it(
    work: Any, make_cluster: Callable[..., Any], tmp_path: Path
) -> None:
    target = dataset.load(lookup.task("emodb-sample"), None)
    spec = Spec.of("logmel", target)
    plain = evaluation.run_spec(spec, target, tmp_path / "plain", 3.0)
    with engine_named("local:2", Workers(0)) as engine:
        local = evaluation.run_spec(spec, target, tmp_path / "local", 3.0, engine=engine)

    cluster = make_cluster()
    progress: list[int] = []

    def lose_a_node(done: int, total: int) -> None:
        progress.append(done)
        if len(progress) == 3:
            cluster.remove_node(cluster.second, allow_graceful=False)

    with on(cluster, Workers(2)) as engine:
        run = evaluation.run_spec(
            spec, target, tmp_path / "ray", 3.0, progress=lose_a_node, engine=engine
        )

    assert len(progress) > 10, "the node was lost in the midst"
    for other in (local, run):
        assert (other.folder / "predictions.csv").read_bytes() == (
            plain.folder / "predictions.csv"
        ).read_bytes()
        assert without_time(other.folder / "run.json") == without_time(plain.folder / "run.json")


def without_time(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text())
    measured = ("seconds", "created", "machine")  # of each run anew, and of no key
    return {key: value for key, value in record.items() if key not in measured}


@pytest.mark.slow
def test_a_cluster_of_its_own_leaves_nothing_behind(
    tmp_path: Path, program: Callable[..., Any]
) -> None:
    """The result alone on standard output; no process, no folder, whether it ends or is killed."""
    pytest.importorskip("ray")
    mark = uuid.uuid4().hex
    folders = set(Path("/tmp").glob("mserbench-*"))
    arguments = ["data", "verify", "emodb-sample", "--engine", "ray", "--workers", "2", "--json"]
    done = program(*arguments, MARK=mark)
    assert done.code == 0, done.err
    assert json.loads(done.out) == json.loads(program(*arguments[:3], "--json").out)
    wait_for(lambda: not marked(mark))
    assert not {path for path in Path("/tmp").glob("mserbench-*") if path not in folders and
                any(path.glob("session_*"))}  # fmt: skip

    killed = subprocess.Popen(
        [sys.executable, "-m", "mserbench", *arguments],
        env={**os.environ, "MARK": mark},
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: any("raylet" in name for name in marked(mark)))
    time.sleep(1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_for(lambda: not marked(mark))


def marked(mark: str) -> list[str]:
    """Return the command lines of the processes that inherited a mark."""
    lines = []
    for folder in Path("/proc").iterdir():
        try:
            if f"MARK={mark}".encode() in (folder / "environ").read_bytes():
                lines.append((folder / "cmdline").read_text())
        except OSError:  # no process, or one that has ended
            continue

    return lines


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--model", "prior", "--task", "emodb-sample"],
        ["data", "verify", "emodb-sample", "--json"],
        ["experiment", "mser-real"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_head_in_reach_is_one_sentence_at_once(
    cli: Cli, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    done = cli(*arguments, "--engine", f"ray:{DEAD}")
    assert (done.code, done.out) == (4, "")
    assert done.err.count("\n") == 1
    assert f"no head of a Ray cluster can be reached at '{DEAD}' from this machine" in done.err
    assert time.monotonic() - began < 30
    assert not list(tmp_path.iterdir()), "nothing was begun"


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtra, match=r"pip install 'mserbench\[ray\]'"),
        engine_named("ray", Workers(1)) as engine,
    ):
        list(engine.do([Shard("a", abs, (1,))]))


@pytest.mark.parametrize("address", ["here", "host:", ":6379", "ray://host:10001", "host:x"])
def test_an_address_that_is_mistyped_is_answered_before_anything_is_started(address: str) -> None:
    with pytest.raises(UsageError, match="ray, ray:auto or ray:HOST:PORT"):
        engine_named(f"ray:{address}", Workers(1))


def test_what_engines_cannot_do_is_said(cli: Cli, tmp_path: Path) -> None:
    run = ["run", "--model", "prior", "--task", "emodb-sample", "--out", tmp_path]
    for arguments, words in [
        ([*run, "--workers", 2, "--isolated"], "leave --isolated away, or --engine and --workers"),
        ([*run, "--workers", 2, "--engine", "local:3"], "both say a number: leave one away"),
        (
            ["experiment", "mser-real", "--engine", "ray", "--processes", 2],
            "leave --processes away",
        ),
        (["experiment", "mser-real", "--engine", "ray", "--device", "cuda:1"], "cpu or cuda was"),
    ]:
        done = cli(*arguments)
        assert done.code == 2, done.err
        assert words in " ".join(done.err.split())


def test_the_workers_of_a_run_get_neither_labels_nor_speakers_and_one_batch_a_shard() -> None:
    """A model in a worker must not be told what it is to find out."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    shards: list[Shard[Any]] = []

    class Listening:
        def do(self, coming: Iterator[Shard[Any]]) -> Iterator[Outcome[Any]]:
            shards.extend(coming)
            return iter(())

    spread = Spread(Spec.of("logmel", target), Listening())  # type: ignore[arg-type]
    assert list(spread.answers(target, [[0, 1], [2]])) == []
    sent = [shard.arguments[3] for shard in shards]
    assert [[item.facts.key for item in items] for items in sent] == [
        [target.items[position].facts.key for position in batch] for batch in ([0, 1], [2])
    ]
    assert {(item.label, item.utterance.raw_label, item.utterance.speaker)
            for items in sent for item in items} == {("", "", None)}  # fmt: skip


def test_a_batch_that_kills_its_workers_is_named_after_all_others_are_done() -> None:
    target = dataset.load(lookup.task("emodb-sample"), None)

    class Deadly:
        def do(self, coming: Iterator[Shard[Any]]) -> Iterator[Outcome[Any]]:
            for number, shard in enumerate(coming):
                yield (
                    Outcome(shard.key, failure=f"{shard.key}: its worker died 3 times")
                    if number == 0
                    else Outcome(shard.key, ("", [((0.5,), "")]))
                )

    spread = Spread(Spec.of("logmel", target), Deadly())  # type: ignore[arg-type]
    batches: list[Any] = []
    first = target.items[4].utterance.id
    with pytest.raises(MserbenchError, match=rf"1 of 3 batches .+ clip '{first}': its worker died"):
        batches.extend(batch for batch, _ in spread.answers(target, [[4], [5], [6]]))

    assert batches == [[5], [6]]


def test_a_batch_that_was_lost_with_its_neighbour_is_asked_again() -> None:
    """Of local processes one takes the others with it, and their batches are without fault."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    calls: list[int] = []

    class Losing:
        def do(self, coming: Iterator[Shard[Any]]) -> Iterator[Outcome[Any]]:
            shards = list(coming)
            calls.append(len(shards))
            for number, shard in enumerate(shards):
                yield (
                    Outcome(shard.key, failure="a worker process died", lost=True)
                    if number < 2 and len(calls) == 1
                    else Outcome(shard.key, ("", [((0.5,), "")]))
                )

    spread = Spread(Spec.of("logmel", target), Losing())  # type: ignore[arg-type]
    batches = [batch for batch, _ in spread.answers(target, [[4], [5], [6]])]
    assert sorted(batches) == [[4], [5], [6]]
    assert calls == [3, 2]
