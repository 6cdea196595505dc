"""The model `worker`: clips to processes of somebody else's program, their replies as answers."""

from __future__ import annotations

import base64
import itertools
import logging
import os
import queue
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.disk.files import cache_dir
from mserbench.errors import ClipError, ModelError, plain
from mserbench.model import Model, short_name
from mserbench.results.public import registry
from mserbench_worker.hello import Hello
from mserbench_worker.options import Options
from mserbench_worker.process import Died, Process
from mserbench_worker.replies import Unfit, answer_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRIES = 3  # times that a clip may end its worker
_SHORTEST = SAMPLE_RATE // 10  # samples of a wav file: programs fail at what is shorter
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_log = logging.getLogger(__name__)


class _Ended(Exception):
    """Another clip has failed, so that this one is not asked any more."""


class Worker(Model):
    """A program in an environment of its own; what it says at its start is its card.

    The command, the files that it names, and the version that the worker tells are part of a run's
    key.
    """

    Options: ClassVar[type[Any]] = Options
    address: ClassVar[str] = "command"
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, device)
        # What the program computes on is its own affair where nothing is asked for.
        self.device = "cpu" if device == "auto" else device
        self._device = device
        self._command = self.options.arguments
        self._folder = tempfile.TemporaryDirectory(prefix="mserbench-worker-")
        # Of this instance alone: two of one command do not write into one log.
        self._logs = Logs.beside_caches()
        self._ending = False
        self._numbers = itertools.count()
        # Processes by number that nobody asks at the moment; None is not started yet.
        self._free: queue.SimpleQueue[tuple[int, Process | None]] = queue.SimpleQueue()
        self._running: dict[int, Process] = {}
        weakref.finalize(self, _end, self._running, self._logs)

        first = self._start(0)
        self._hello = first.hello
        self._free.put((0, first))
        for number in range(1, self.options.workers):
            self._free.put((number, None))

        # Of the instance, as each stands for another program.
        vars(self).update(version=self._hello.version, labels=self._hello.usual_labels)

    @classmethod
    def contents(cls, options: Any) -> Mapping[str, Path | str]:
        """Return the words of the command without folders of a machine, and what it names."""
        words = " ".join(short_name(word) for word in options.words)
        return {"command": words, **options.paths}

    @property
    def card(self) -> ModelCard:
        """What the worker says of itself; of a name alone, what the registry says of that name."""
        hello = self._hello
        card = ModelCard(
            "worker",
            hello.name,
            hello.version,
            hello.licence,
            hello.citation,
            exposure=hello.exposure,
            exposure_complete=hello.exposure_complete,
        )
        entries = registry()
        match = entries.find(name=hello.name)
        if match is None or hello.exposure or hello.exposure_complete:
            return card

        public = entries.card(match, "worker")
        return replace(card, exposure=public.exposure, basis=public.basis)

    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        """Return scores (n_clips, n_labels), or texts where the worker named no labels.

        Raises ClipError for a clip that ends its worker three times, and for a reply that is none.
        """
        self._hello.label_of(labels)  # raises for a label that nobody knows, before any clip
        answers = self._answers(clips, labels)
        if self._hello.labels is None:
            return [str(answer) for answer in answers]

        import numpy as np

        return np.array(answers, dtype=np.float64).reshape(len(clips), len(labels))

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Return who the worker is, which labels it knows, and the packages that it imported."""
        return {
            "worker": self._hello.name,
            "worker_labels": list(self._hello.labels or ()),
            "packages": dict(self._hello.packages),
        }

    def _answers(self, clips: Sequence[Clip], labels: Sequence[str]) -> list[list[float] | str]:
        """Ask all processes side by side; after a fault no clip is begun any more."""
        self._ending = False
        pool = ThreadPoolExecutor(self.options.workers, thread_name_prefix="worker")
        futures: list[Future[list[float] | str]] = []
        try:
            for position, clip in enumerate(clips):
                futures.append(pool.submit(self._answer, position, clip, labels))

            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            # A fault, or Ctrl-C: who is at a clip is not waited for.
            if not all(future.done() for future in futures):
                self._ending = True
                for process in list(self._running.values()):
                    process.kill()

            pool.shutdown(wait=True, cancel_futures=True)

        faults = [future.exception() for future in futures if not future.cancelled()]
        for fault in faults:
            if fault is not None and not isinstance(fault, _Ended):
                raise fault

        return [future.result() for future in futures]

    def _answer(self, position: int, clip: Clip, labels: Sequence[str]) -> list[float] | str:
        """Ask a free process; one that ends or hangs is started anew, up to three times a clip."""
        number, process = self._free.get()
        try:
            if self._ending:
                raise _Ended
            with self._request(clip, labels) as request:
                for attempt in range(1, TRIES + 1):
                    process = process or self._start(number)
                    try:
                        reply = process.ask(request, self.options.timeout)
                        return answer_of(reply, self._hello, labels)
                    except Died as error:
                        fault, words = f"{error} at a clip", process.last_words
                        process = None
                        self._after_death(number, fault, words, is_last=attempt == TRIES)
            fault = f"{fault}, {TRIES} times"
            self._ending = True
        except Unfit as error:
            fault, words = str(error), process.last_words if process else ""
            self._ending = True
        finally:
            # Behind the flag, so that nobody begins another clip with it.
            self._free.put((number, process))

        self._logs.are_wanted = True
        raise ClipError(
            f"worker {self._hello.name!r} {fault}, {words}: mend the worker, or leave the clip out",
            position,
        )

    def _after_death(self, number: int, fault: str, words: str, is_last: bool) -> None:
        """Forget a process that has ended, and say so where another one is started for it."""
        self._running.pop(number).stop()
        self._logs.are_wanted = True
        if self._ending:
            raise _Ended
        if not is_last:
            _log.warning("worker %r %s and is started anew; %s", self._hello.name, fault, words)

    @contextmanager
    def _request(self, clip: Clip, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Give a request under a new number, which tells nothing of the clip, and its wav file."""
        name = str(next(self._numbers))
        if self._hello.wants == "samples":
            data = base64.b64encode(clip.waveform.astype("<f4").tobytes()).decode("ascii")
            yield {"id": name, "samples": data, "rate": SAMPLE_RATE, "labels": list(labels)}
            return

        path = Path(self._folder.name) / f"{name}.wav"
        _write_wav(path, clip.waveform)
        try:
            yield {"id": name, "path": str(path), "labels": list(labels)}
        finally:
            path.unlink(missing_ok=True)

    def _start(self, number: int) -> Process:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        gpu = self.options.gpu_of(number)
        if gpu is None and self._device.startswith("cuda:"):
            gpu = self._device.partition(":")[2]
        if gpu is None and self._device == "cpu":
            gpu = ""
        if gpu is not None:
            environment[_VISIBLE] = gpu

        log, options = self._logs.folder / f"{number}.log", self.options
        try:
            process = Process(
                self._command, environment, log, options.start_timeout, options.remedy
            )
        except ModelError:
            self._logs.are_wanted = True
            raise

        self._running[number] = process
        self._require_same(process.hello)
        return process

    def _require_same(self, hello: Hello) -> None:
        """Raise ModelError where a process introduces itself otherwise than the first one did."""
        first = getattr(self, "_hello", hello)
        if hello != first:
            raise ModelError(
                f"worker {first.name!r} introduced itself otherwise when it was started again "
                f"({plain(repr(hello), 200)}): it must say the same each time"
            )


def _write_wav(path: Path, waveform: NDArray[np.float32]) -> None:
    """Write samples (float32, 16 kHz, in [-1, 1]) as wav of 16 bits, silence behind short ones."""
    import numpy as np
    import soundfile

    padded = np.pad(waveform, (0, max(0, _SHORTEST - len(waveform))))
    soundfile.write(path, padded, SAMPLE_RATE, format="WAV", subtype="PCM_16")


@dataclass
class Logs:
    """A folder of logs, a file a process; it goes where nothing in it `are_wanted`."""

    folder: Path
    are_wanted: bool = False

    @classmethod
    def beside_caches(cls) -> Logs:
        """Make an empty folder. Raises OSError where none can be made."""
        place = cache_dir() / "workers"
        place.mkdir(parents=True, exist_ok=True)
        return cls(Path(tempfile.mkdtemp(dir=place)))


def _end(running: Mapping[int, Process], logs: Logs) -> None:
    """End processes that nobody will ask any more."""
    for process in list(running.values()):
        process.stop()

    if not logs.are_wanted:
        shutil.rmtree(logs.folder, ignore_errors=True)
