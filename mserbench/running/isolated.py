"""A model whose code runs in a child process, which is given arrays and label sets alone.

In one process a model could look through memory for labels and names. The child has neither: no
task, no corpus, no folder of data. It keeps a model from labels, not a machine from a model: code
in the child may still read files that the user may read.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.contracts import Clip
from mserbench.engine.base import Engine, Shard, Workers
from mserbench.engine.cores import available_cores
from mserbench.engine.named import engine_named
from mserbench.errors import ModelError
from mserbench.model import Remoteness
from mserbench.running.answers import check_output
from mserbench.running.elsewhere import (
    Elsewhere,
    Introduced,
    answered,
    introduced,
    plain_facts,
    plain_remoteness,
    value_of,
)
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, as_model_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DATA = "MSERBENCH_DATA"

_child: dict[Spec, Subject] = {}  # of the child process: its model, once it is made


@dataclass(frozen=True)
class Sent:
    """A clip on its way to the child: `samples` are float32, or the file that holds them."""

    key: str
    seed: str
    seconds: float
    group: int | None
    samples: NDArray[np.float32] | str

    def clip(self) -> Clip:
        """Return the clip that the model gets in the child."""
        load = partial(_loaded, self.samples)
        return Clip(self.key, self.seed, self.seconds, load, self.group)


@contextmanager
def isolated(spec: Spec) -> Iterator[Subject]:
    """Make a model in a child, which lives as long as the context.

    Raises ModelError where the child ends, at whatever it is asked, or the model's code fails.
    """
    # As many threads of arithmetic as without a child: the last digits of numbers depend on it.
    threads = int(os.environ.get("OMP_NUM_THREADS") or available_cores())
    engine = engine_named("local", Workers(1, devices=(spec.device,), threads=threads))
    with engine, _without_data():
        model = _Distant(spec, engine)
        yield spec.subject_of(model, model.card)


class _Distant(Elsewhere):
    """Stands for a model in a child: whatever it is asked is asked there."""

    def __init__(self, spec: Spec, engine: Engine) -> None:
        self._spec, self._engine = spec, engine
        super().__init__(spec, self._ask("loading", _introduce))

    def prepare(self, clips: Callable[[], Iterable[Clip]]) -> None:
        if not self.introduced.prepares:
            return

        # All audio of a corpus may not fit into memory: files, called by the hash of what they
        # hold.
        with tempfile.TemporaryDirectory(prefix="mserbench-isolated-") as folder:
            sent = [_written(clip, Path(folder)) for clip in clips()]
            self._ask("preparing", _prepare, sent)

    def adapt(self, clips: Sequence[Clip]) -> None:
        # The child lets go of a model that has heard other clips.
        with tempfile.TemporaryDirectory(prefix="mserbench-isolated-") as folder:
            self._ask("adapting", _adapt, [_written(clip, Path(folder)) for clip in clips])

    def remoteness(self, clips: Sequence[Clip]) -> Remoteness | None:
        with tempfile.TemporaryDirectory(prefix="mserbench-isolated-") as folder:
            sent = [_written(clip, Path(folder)) for clip in clips]
            doing = "telling how far the clips lie from its training"
            remote = self._ask(doing, _remoteness, sent)

        return None if remote is None else Remoteness(*remote)

    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        sent = [Sent(c.key, c.seed, c.seconds, c.group, c.waveform) for c in clips]
        answer: NDArray[np.float64] | list[str] = self._ask("predicting", _predict, sent, labels)
        return answer

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self._ask("telling the facts of the run", _tell, labels)
        return facts

    def _ask(self, doing: str, work: Callable[..., Any], *arguments: Any) -> Any:
        shard: Shard[tuple[str, Any]] = Shard(doing, answered, (work, self._spec, *arguments))
        (outcome,) = self._engine.do([shard])
        name = self._spec.model
        if outcome.lost:
            raise ModelError(
                f"model {name!r} ended its process while {doing} (a crash, os._exit, or out of "
                "memory): what was done is kept; without --isolated its own words may be seen"
            )

        return value_of(outcome, f"model {name!r} failed while {doing}")


def _introduce(spec: Spec) -> Introduced:
    # Ctrl-C is for the parent, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _child.clear()
    subject = _child[spec] = spec.for_a_worker()
    return introduced(subject, spec)


def _prepare(spec: Spec, sent: Sequence[Sent]) -> None:
    with as_model_error(spec.model, "preparing"):
        _child[spec].model.prepare(lambda: (clip.clip() for clip in sent))


def _adapt(spec: Spec, sent: Sequence[Sent]) -> None:
    _child.clear()
    # Made anew, so that this one has heard nothing.
    _child[spec] = spec.for_a_worker()
    with as_model_error(spec.model, "adapting"):
        _child[spec].model.adapt([clip.clip() for clip in sent])


def _remoteness(spec: Spec, sent: Sequence[Sent]) -> tuple[float, float, str] | None:
    return plain_remoteness(_child[spec], [clip.clip() for clip in sent])


def _predict(spec: Spec, sent: Sequence[Sent], labels: Sequence[str]) -> Any:
    with as_model_error(spec.model, "predicting"):
        output = _child[spec].model.predict([clip.clip() for clip in sent], labels)
        answers = check_output(spec.model, output, len(sent), labels)

    # Plain lists: what a model's own classes would do when they are unpickled is left behind.
    are_texts = isinstance(output, list) and all(isinstance(answer, str) for answer in output)
    return [text if are_texts else list(scores) for scores, text in answers]


def _tell(spec: Spec, labels: Sequence[str]) -> Any:
    return plain_facts(_child[spec], labels)


def _written(clip: Clip, folder: Path) -> Sent:
    import numpy as np

    path = folder / f"{clip.key}.npy"
    if not path.exists():
        # Not clip.waveform, which the clip would keep.
        np.save(path, clip.load(), allow_pickle=False)

    return Sent(clip.key, clip.seed, clip.seconds, clip.group, str(path))


def _loaded(samples: NDArray[np.float32] | str) -> NDArray[np.float32]:
    import numpy as np

    if isinstance(samples, str):
        loaded: NDArray[np.float32] = np.load(samples, allow_pickle=False)
        return loaded

    return samples.copy()


@contextmanager
def _without_data() -> Iterator[None]:
    """Take the folder of corpora out of the environment, which the child takes over."""
    folder = os.environ.pop(_DATA, None)
    try:
        yield
    finally:
        if folder is not None:
            os.environ[_DATA] = folder
