"""Workers of a Ray cluster: actors that each do one shard after another, wherever there is room.

They are made as Ray's documentation has batch inference with a model in each worker: a pool of
actors that keep what they loaded, work handed out by `ray.wait` as it is asked for, so that no
queue grows. Ray Data builds its `map_batches` upon the same pool, but is not used: its blocks have
no keys, so that a block which fails either ends all or is dropped unnamed, and it tries the work of
a dead worker for ever. Here an outcome has its key, and deaths are counted a shard.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mserbench.engine.base import Engine, Outcome, Shard, T, Workers, sentence, thread_variables
from mserbench.engine.nodes import Worker, call, deadly, packages, reason, unlike, unreachable
from mserbench.errors import MissingExtra, MserbenchError, UsageError

TRIES = 3  # deaths of its workers that a shard may cost
_REACH, _ANSWER = 5.0, 180.0  # seconds until a head is given up, and until a node has answered
_PATIENCE = 300.0  # seconds that nothing is at work before it is said that nothing starts
_STORE = 256 * 2**20  # bytes of memory for what is on its way, of a cluster that is started here
_SILENT = logging.CRITICAL + 1
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is told to anybody
    # Else a cluster that starts here waits for workers nobody asked for, and for ever where one of
    # them is not there within a minute, as on a busy machine.
    "RAY_prestart_worker_first_driver": "0",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a warning of a future version
}


@dataclass(frozen=True)
class _Attempt:
    """A shard on its way, and how many workers died of it, or with it."""

    shard: Shard[Any]
    deaths: int = 0


class Cluster(Engine):
    """Actors of the cluster whose head has an address (`HOST:PORT`, or `auto`: that of this
    machine); without one, of a cluster that is started on this machine and ended again.

    A shard whose worker or node dies is done again by another; after `TRIES` deaths its outcome is
    a failure that names it. A GPU is asked for a worker where the devices say so.
    """

    def __init__(self, address: str, workers: Workers) -> None:
        self._address, self._workers = _checked(address), workers
        self._ray: Any = None
        self._folder = ""  # of the files of a cluster of our own
        self._is_ours = False  # whether the connection is, so that it is to be closed
        self._template: Any = None  # of actors, with what each asks for
        self._idle: list[Any] = []
        self._starting: dict[Any, Any] = {}  # actors by what tells that they have begun
        self._working: dict[Any, tuple[Any, _Attempt]] = {}
        self._false_starts = 0

    def do(self, shards: Iterable[Shard[T]]) -> Iterator[Outcome[T]]:
        """Yield the outcomes as they come; shards are taken as workers become free.

        Raises MserbenchError where the cluster cannot be reached, or no worker can start.
        """
        coming = (_Attempt(shard) for shard in shards)
        retries: deque[_Attempt] = deque()
        first = next(coming, None)
        if first is None:
            return

        retries.append(first)
        self._open()
        try:
            while True:
                is_all, refusals = self._hand_out(retries, coming)
                yield from refusals
                if is_all and not self._working and not retries:
                    return

                yield from self._finished(retries)
        finally:
            self._give_up_working()

    def everywhere(self, work: Callable[..., T], *arguments: Any) -> dict[str, T]:
        """Ask every node that has room for a worker, by its host name and address."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._connect()
        references = {}
        for node in self._nodes():
            place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            function = self._ray.remote(num_cpus=0, scheduling_strategy=place)(call)
            name = f"node {node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            references[f"{name}, {node['NodeID'][:6]}"] = function.remote(work, *arguments)

        return {name: self._answer(name, reference) for name, reference in references.items()}

    def close(self, at_once: bool = False) -> None:
        """End the workers, and the cluster if it was started here; nothing is left to wait for."""
        if self._ray is None:
            return

        self._template = None
        self._give_up_working()
        for actor in (*self._idle, *self._starting.values()):
            self._ray.kill(actor)

        self._idle, self._starting = [], {}
        if self._is_ours:
            self._ray.shutdown()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

        self._ray, self._folder, self._is_ours = None, "", False

    def _connect(self) -> None:
        """Reach the cluster, or start one, and hold its nodes to the packages that are here."""
        if self._ray is not None:
            return

        os.environ.update({key: os.environ.get(key, value) for key, value in ENVIRONMENT.items()})
        try:
            import ray
        except ModuleNotFoundError as error:
            raise MissingExtra("--engine ray", "ray", "ray") from error

        # Its log goes to standard error, and of what it tells all that matters is told by us.
        logging.getLogger("ray").setLevel(_SILENT)
        # The deaths of workers are printed, to standard output, whatever it is told otherwise.
        ray._private.worker._worker_logs_enabled = False
        if not ray.is_initialized():
            self._is_ours = True
            try:
                self._begin(ray)
            except (Exception, SystemExit) as error:  # of many kinds, by how far it came
                ray.shutdown()
                raise unreachable(self._address, error) from error

        self._ray = ray
        own = packages()
        for name, theirs in self.everywhere(packages).items():
            if theirs != own:
                raise MserbenchError(unlike(name, own, theirs))

    def _begin(self, ray: Any) -> None:
        settings: dict[str, Any] = {
            "logging_level": _SILENT,
            "log_to_driver": False,
            "ignore_reinit_error": True,
        }
        if self._address:
            if self._address != "auto":
                # By hand, as Ray itself tries for more than a minute.
                host, _, port = self._address.rpartition(":")
                socket.create_connection((host, int(port)), _REACH).close()

            ray.init(self._address, **settings)
            return

        # Names of sockets have at most about 100 letters, which other folders for a while exceed.
        self._folder = tempfile.mkdtemp(prefix="mserbench-", dir="/tmp")
        workers = self._workers
        ray.init(
            "local",
            num_cpus=workers.number * workers.threads or None,
            include_dashboard=False,
            object_store_memory=_STORE,
            _temp_dir=self._folder,
            **settings,
        )

    def _nodes(self) -> list[dict[str, Any]]:
        """Return the nodes that can have a worker."""
        return [
            node
            for node in self._ray.nodes()
            if node["Alive"] and (node["Resources"].get("CPU") or node["Resources"].get("GPU"))
        ]

    def _answer(self, name: str, reference: Any) -> Any:
        try:
            return self._ray.get(reference, timeout=_ANSWER)
        except self._ray.exceptions.RayError as error:
            raise MserbenchError(
                f"{name} cannot be set to work ({reason(error)}): install the same mserbench "
                "there, or take the node out of the cluster, and start again"
            ) from error

    def _open(self) -> None:
        """Ask for the workers, unless they were before."""
        self._connect()
        if self._template is not None:
            return

        workers, nodes = self._workers, self._nodes()
        gpus = sum(int(node["Resources"].get("GPU", 0)) for node in nodes)
        device = workers.devices[0]
        wants_gpu = device.startswith("cuda") or (device == "auto" and gpus > 0)
        room = sum(int(node["Resources"].get("CPU", 0) // workers.threads) for node in nodes)
        if (wants_gpu and not gpus) or not room:
            raise MserbenchError(
                f"the cluster has no node with {'a GPU' if wants_gpu and not gpus else 'the CPUs'} "
                f"for a worker: start one that has, or ask for less (--device, threads)"
            )

        self._template = self._ray.remote(Worker).options(
            num_cpus=workers.threads,
            num_gpus=int(wants_gpu),
            max_restarts=0,  # deaths are counted here, a shard
            scheduling_strategy="SPREAD",
            runtime_env={"env_vars": thread_variables(workers.threads)},
        )
        for _ in range(workers.number or (min(gpus, room) if wants_gpu else room)):
            self._start()

    def _start(self) -> None:
        """Ask for a worker; it begins when the cluster has room for it."""
        actor = self._template.remote()
        log = self._workers.log
        begun = actor.begin.remote(os.getcwd(), str(log.absolute()) if log is not None else "")
        self._starting[begun] = actor

    def _hand_out(
        self, retries: deque[_Attempt], coming: Iterator[_Attempt]
    ) -> tuple[bool, list[Outcome[Any]]]:
        """Give shards to all who are idle; return whether none was left, and what cannot be
        sent.
        """
        refusals: list[Outcome[Any]] = []
        while self._idle:
            attempt = retries.popleft() if retries else next(coming, None)
            if attempt is None:
                return True, refusals

            try:
                reference = self._idle[-1].carry_out.remote(attempt.shard)
            except Exception as error:  # what cannot be pickled raises whatever it likes
                refusals.append(
                    Outcome(attempt.shard.key, failure=sentence(error.__cause__ or error))
                )
                continue

            # The last that was idle: what it has loaded is used again.
            self._working[reference] = (self._idle.pop(), attempt)

        return False, refusals

    def _finished(self, retries: deque[_Attempt]) -> Iterator[Outcome[Any]]:
        """Wait for something to happen, and yield the outcomes of it."""
        # While somebody works, who has not begun may take as long as it takes.
        ready, _ = self._ray.wait(
            [*self._starting, *self._working], timeout=None if self._working else _PATIENCE
        )
        if not ready:
            raise MserbenchError(
                f"no worker could start within {_PATIENCE / 60:.0f} minutes: 'ray status' says "
                "what the nodes are busy with; what is done is kept, start again later"
            )

        for reference in ready:
            if reference in self._starting:
                self._begun(reference)
            else:
                outcome = self._outcome(reference, retries)
                if outcome is not None:
                    yield outcome

    def _begun(self, reference: Any) -> None:
        actor = self._starting.pop(reference)
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            # A node that is lost at the start is no reason to stop, one fault of all workers is.
            self._false_starts += 1
            if self._false_starts > TRIES + self._workers.number:
                raise MserbenchError(f"workers do not start ({reason(error)})") from error

            self._start()
            return

        self._false_starts = 0
        self._idle.append(actor)

    def _outcome(self, reference: Any, retries: deque[_Attempt]) -> Outcome[Any] | None:
        """Return what came of a shard; None where it is to be done again."""
        faults = self._ray.exceptions
        actor, attempt = self._working.pop(reference)
        key = attempt.shard.key
        try:
            outcome: Outcome[Any] = self._ray.get(reference)
        except (faults.RayActorError, faults.ObjectLostError, faults.OutOfMemoryError) as error:
            # It may only be out of reach, and must not go on beside its successor.
            self._ray.kill(actor)
            self._start()
            attempt = replace(attempt, deaths=attempt.deaths + 1)
            if attempt.deaths < TRIES:
                retries.append(attempt)
                return None

            return Outcome(key, failure=deadly(key, TRIES, error))
        except Exception as error:  # a value that cannot be pickled, here or there
            outcome = Outcome(key, failure=sentence(getattr(error, "cause", None) or error))

        self._idle.append(actor)
        return outcome

    def _give_up_working(self) -> None:
        """End whoever is at work, as nobody waits for it any more."""
        for actor, _ in self._working.values():
            self._ray.kill(actor)
            if self._template is not None:
                self._start()

        self._working.clear()


def _checked(address: str) -> str:
    host, _, port = address.rpartition(":")
    if address not in ("", "auto") and not (host and "/" not in host and port.isdecimal()):
        raise UsageError(
            f"engine 'ray:{address}' is not understood: ray, ray:auto or ray:HOST:PORT with the "
            "address that 'ray start --head' printed was expected"
        )

    return address
