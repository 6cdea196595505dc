"""The training loop: steps over sampled batches on any device or several, stopped early, resumable
after any crash.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from mserbench.errors import ModelError
from mserbench.report.progress import Report, counting
from mserbench_training.learning import checkpoints, schedule, weight_average
from mserbench_training.learning.loop_options import LoopOptions as LoopOptions
from mserbench_training.learning.machine import Machine
from mserbench_training.learning.sampler import Sampler, shard
from mserbench_training.learning.stream import made_ahead, places
from mserbench_training.learning.training_log import TrainingLog, in_words

CHECKPOINT = "checkpoint.safetensors"
_log = logging.getLogger(__name__)


class Objective(Protocol):
    """What is trained for: batches, losses, and the score of held-out source speakers."""

    def batch(self, indices: Sequence[int], epoch: int) -> Any:
        """Make a batch; called ahead of time in a thread, so it must draw from generators of its
        own only.
        """

    def losses(self, model: nn.Module, batch: Any, progress: float) -> dict[str, Tensor]:
        """Return scalars by name; `total` is minimised. `progress` is the part of the training
        done, in [0, 1).
        """

    def score(self, model: nn.Module) -> float | None:
        """Return the UAR of the held-out source speakers, in [0, 1]; None where there are none."""


@dataclass
class State:
    """Where a training stands; with the tensors it is all that a resume needs.

    There is no state of random numbers: each step draws from generators seeded by seed, step and
    process.
    """

    step: int = 0
    epoch: int = 0
    position: int = 0  # of the next batch in the epoch
    best: float | None = None
    best_step: int = 0
    worse: int = 0  # evaluations since the best one
    summed: int = 0  # steps in the average of weights
    # Sum and number of batches of each loss since the log's last row.
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    done: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a training ended: steps done, the best score and its step, and why it stopped."""

    steps: int
    best: float | None
    best_step: int
    reason: Literal["steps", "patience"]


def train(
    model: nn.Module,
    objective: Objective,
    sampler: Sampler,
    options: LoopOptions,
    folder: Path,
    device: str = "cpu",
    tensorboard: bool = False,
) -> Outcome:
    """Train `model` in place, which then holds the best weights; a training cut off in `folder`
    goes on.

    `folder` holds the checkpoint and the log; it belongs to this training alone: the caller names
    it by everything that decides the outcome. Of several processes the main one alone reads and
    writes there. On the CPU a training that was killed and resumed gives the same bits as one that
    was not. Raises ModelError where the loss is no number, DataError for a damaged checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    machine = Machine(device, options.precision, options.accumulation)
    running = _Running(model, objective, options, folder, machine)
    log = TrainingLog(folder, tensorboard and machine.is_main)

    if machine.is_main:
        log.keep(running.state.step)

    try:
        with counting("steps") as report:
            running.go(sampler, log, report)
    finally:
        log.close()

    # Else the main process removes the folder while others still read in it.
    machine.wait()
    state = running.state
    return Outcome(
        state.step,
        state.best,
        state.best_step,
        "steps" if state.step == options.steps else "patience",
    )


class _Running:
    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        options: LoopOptions,
        folder: Path,
        machine: Machine,
    ) -> None:
        self.model, self.objective, self.options, self.machine = model, objective, options, machine
        self.path = folder / CHECKPOINT
        learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            learnt, lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self.state = State()
        self.best: dict[str, Tensor] = {}
        self.mean: dict[str, Tensor] = {}  # of the weights of the last steps
        # The wrapped model computes gradients of all processes; checkpoints and scores take the
        # plain one, whose names do not depend on how many there are.
        self.prepared = machine.prepare(model, self.optimizer)
        self._resume()

    def go(self, sampler: Sampler, log: TrainingLog, report: Report) -> None:
        if not self.state.done:
            self.prepared.train()
            part = partial(shard, rank=self.machine.rank, n_processes=self.machine.n_processes)
            planned = places(sampler, part, self.state.epoch, self.state.position)
            # One thread ahead of the step: batches are decoded while the network computes.
            with closing(made_ahead(planned, self.objective.batch)) as stream:
                while not self.state.done:
                    self._step([next(stream) for _ in range(self.options.accumulation)])
                    report(
                        self.state.step,
                        self.options.steps,
                        in_words(self._means(), self.state.best),
                    )
                    if (
                        self.state.step % self.options.evaluate_every == 0
                        or self.state.step == self.options.steps
                    ):
                        self._evaluate(log)

        # Averaged weights stand in where there was nobody to choose the best by.
        if best_weights := self.best or self.mean:
            checkpoints.load_learnt(self.model, best_weights, "the weights that this training kept")

    def _step(self, batches: Sequence[tuple[Any, int, int]]) -> None:
        state, options = self.state, self.options
        rate = options.learning_rate * schedule.factor(
            state.step, options.steps, options.warmup, options.shape
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate

        for number, (batch, epoch, at) in enumerate(batches):
            torch.manual_seed(self._seed(state.step * options.accumulation + number))
            losses = self.machine.backward(
                self.prepared,
                lambda: self.objective.losses(self.prepared, batch, state.step / options.steps),  # noqa: B023
            )
            self._count(losses)
            state.epoch, state.position = epoch, at + 1

        self.machine.update(self.prepared, options.clip)
        state.step += 1
        if state.step > options.steps * (1 - options.averaged):
            state.summed += 1
            weight_average.add(self.mean, self.model, state.summed)

    def _seed(self, number: int) -> int:
        """Return a seed of its own for each batch and process: a resume then needs no state of
        random numbers.
        """
        return (self.options.seed * 1_000_003 + number) * 4_096 + self.machine.rank

    def _count(self, losses: Mapping[str, Tensor]) -> None:
        for name, value in losses.items():
            total, n = self.state.sums.get(name, (0.0, 0))
            self.state.sums[name] = (total + float(value.detach()), n + 1)

        # Told at once: weights full of NaN would be kept and score as chance.
        if not math.isfinite(self.state.sums["total"][0]):
            values = {name: float(value.detach()) for name, value in losses.items()}
            raise ModelError(
                f"the loss at step {self.state.step} is no number ({values}): give a "
                f"smaller learning_rate, or "
                f"precision=float32"
            )

    def _means(self) -> dict[str, float]:
        return {name: total / n for name, (total, n) in self.state.sums.items()}

    def _evaluate(self, log: TrainingLog) -> None:
        state = self.state
        score = self.machine.from_main(self._score)
        row = {
            "epoch": state.epoch,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            **self._means(),
        }
        if score is not None:
            row["held_out_uar"] = score
            self._compare(score)

        state.sums = {}
        state.done = state.step == self.options.steps or (
            score is not None and state.worse >= self.options.patience
        )
        if self.machine.is_main:
            log.add(state.step, row)
            self._save()

    def _score(self) -> float | None:
        self.model.eval()
        with torch.no_grad():
            score = self.objective.score(self.model)

        self.model.train()
        return score

    def _compare(self, score: float) -> None:
        if self.state.best is None or score > self.state.best:
            self.state.best, self.state.best_step, self.state.worse = score, self.state.step, 0
            self.best = {
                name: tensor.detach().cpu().clone()
                for name, tensor in checkpoints.learnt(self.model).items()
            }
        else:
            self.state.worse += 1

    def _save(self) -> None:
        tensors = {
            **checkpoints.below("model", checkpoints.learnt(self.model)),
            **checkpoints.below("optimizer", checkpoints.optimizer_tensors(self.optimizer)),
            **checkpoints.below("best", self.best),
            **checkpoints.below("mean", self.mean),
        }
        checkpoints.write_tensors(self.path, tensors, asdict(self.state))

    def _resume(self) -> None:
        # By the main process alone, which wrote it: the folders of other machines may lack it.
        checkpoint = self.machine.from_main(
            lambda: checkpoints.read_tensors(self.path) if self.path.exists() else None
        )
        if checkpoint is None:
            return

        tensors, state = checkpoint
        self.state = State(**state)
        checkpoints.load_learnt(
            self.model, checkpoints.part(tensors, "model"), f"checkpoint {str(self.path)!r}"
        )
        checkpoints.load_optimizer(self.optimizer, checkpoints.part(tensors, "optimizer"))
        self.best = checkpoints.part(tensors, "best")
        self.mean = checkpoints.part(tensors, "mean")
        _log.info("training goes on from step %d of %r", self.state.step, str(self.path))
