"""The training loop: resumed it gives the same bits, it stops early on sources, and damage is told
in a sentence.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from mserbench.errors import DataError, ModelError, UsageError  # noqa: E402
from mserbench_training.learning import checkpoints, loop  # noqa: E402
from mserbench_training.learning.sampler import ShuffledSampler  # noqa: E402

STEPS = 24
SCRIPT = """
    import json, os, signal, sys
    from pathlib import Path
    import torch
    from torch import nn
    from mserbench_training.learning import checkpoints, loop
    from mserbench_training.learning.sampler import ShuffledSampler

    torch.set_num_threads(1)


    def train(folder, killed_after, accumulation):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 3))
        inputs = torch.randn(50, 6)
        answers = inputs[:, :3].argmax(1)

        class Objective:
            calls = 0

            def batch(self, indices, epoch):
                return torch.tensor(indices)

            def losses(self, model, batch, progress):
                self.calls += 1
                if self.calls == killed_after:
                    os.kill(os.getpid(), signal.SIGKILL)
                found = nn.functional.cross_entropy(model(inputs[batch]), answers[batch])
                return {"emotion": found, "total": found}

            def score(self, model):
                assert not model.training
                if accumulation == 3:
                    return None  # the average is kept then
                return float((model(inputs).argmax(1) == answers).float().mean())

        options = loop.LoopOptions(
            24, 0.05, warmup=5, evaluate_every=5, patience=99, accumulation=accumulation, seed=3, averaged=0.6
        )
        outcome = loop.train(model, Objective(), ShuffledSampler(50, 8, seed=3), options, folder)
        checkpoints.write_tensors(folder / "final.safetensors", checkpoints.learnt(model), {})
        (folder / "outcome.txt").write_text(str(outcome))


    ends = []
    for folder, killed_after, accumulation in json.loads(sys.argv[1]):
        child = os.fork()  # a process of its own, which need not import torch again
        if child == 0:
            train(Path(folder), killed_after, accumulation)
            os._exit(0)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(json.dumps(ends))
"""


def start(*runs: tuple[Path, int, int]) -> list[int]:
    """Run trainings in turn, each in a process that is killed in the batch of that number; return
    how each ended.
    """
    arguments = json.dumps([[str(folder), *numbers] for folder, *numbers in runs])
    command, quiet = (
        [sys.executable, "-c", dedent(SCRIPT), arguments],
        {**os.environ, "OMP_NUM_THREADS": "1"},
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=quiet)
    assert done.returncode == 0, done.stderr

    return json.loads(done.stdout)


@pytest.mark.parametrize("accumulation", [1, 3])
def test_killed_again_and_again_it_ends_with_the_same_bits(
    tmp_path: Path, accumulation: int
) -> None:
    """Else a published number would depend on the weather in the computing centre."""
    whole, cut, killed = tmp_path / "whole", tmp_path / "cut", -signal.SIGKILL
    at = [
        3 * accumulation,
        8 * accumulation + accumulation - 1,
        7 * accumulation,
        -1,
        1,
    ]  # the last one is done already
    ends = start(
        (whole, -1, accumulation), *((cut, killed_after, accumulation) for killed_after in at)
    )
    assert ends == [0, killed, killed, killed, 0, 0]

    for name in ("final.safetensors", "training.csv", "checkpoint.safetensors", "outcome.txt"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name


class Scripted:
    """An objective whose held-out scores are given."""

    def __init__(self, scores, loss=1.0):
        self.scores, self.loss, self.asked = list(scores), loss, 0

    def batch(self, indices, epoch):
        return torch.tensor(indices)

    def losses(self, model, batch, progress):
        total = (model.weight**2).sum() * self.loss
        return {"total": total}

    def score(self, model):
        self.asked += 1
        return self.scores[min(self.asked, len(self.scores)) - 1]


def run(folder: Path, objective: Scripted, **changes):
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    options = loop.LoopOptions(
        **{"steps": STEPS, "learning_rate": 0.1, "evaluate_every": 2, "patience": 3, **changes}
    )

    return model, loop.train(model, objective, ShuffledSampler(4, 2), options, folder)


def test_it_stops_when_the_held_out_speakers_get_no_better_and_keeps_the_best(
    tmp_path: Path,
) -> None:
    """Else the weights would be those that fit the sources' own speakers best."""
    model, outcome = run(tmp_path / "a", Scripted([0.2, 0.5, 0.5, 0.4, 0.3]))
    assert outcome == loop.Outcome(steps=10, best=0.5, best_step=4, reason="patience")
    shorter, _ = run(tmp_path / "b", Scripted([0.2, 0.5]), steps=4, shape="constant")
    same_rate, _ = run(tmp_path / "c", Scripted([0.2, 0.5, 0.5, 0.4, 0.3]), shape="constant")
    assert torch.equal(same_rate.weight, shorter.weight)
    assert not torch.equal(model.weight, torch.zeros_like(model.weight))


def test_without_held_out_speakers_it_takes_all_steps(tmp_path: Path) -> None:
    _, outcome = run(tmp_path, Scripted([None]))
    assert outcome == loop.Outcome(steps=STEPS, best=None, best_step=0, reason="steps")
    assert "held_out_uar" not in (tmp_path / "training.csv").read_text()


def test_the_average_is_that_of_the_last_steps_alone(tmp_path: Path) -> None:
    """Else weights of the beginning, which know nothing yet, would be in what is kept."""
    whole = [
        run(tmp_path / str(n), Scripted([None]), steps=n, shape="constant")[0].weight
        for n in (3, 4)
    ]
    averaged_weights, _ = run(
        tmp_path / "kept", Scripted([None]), steps=4, shape="constant", averaged=0.5
    )
    assert torch.allclose(averaged_weights.weight, (whole[0] + whole[1]) / 2, atol=1e-7)
    assert not torch.allclose(averaged_weights.weight, whole[1], atol=1e-3)


def test_the_log_has_a_row_for_each_evaluation_and_the_means_between_them(tmp_path: Path) -> None:
    run(tmp_path, Scripted([0.1, 0.2, 0.3]), steps=5)
    rows = list(csv.DictReader((tmp_path / "training.csv").open()))
    assert [row["step"] for row in rows] == ["2", "4", "5"]
    assert [row["held_out_uar"] for row in rows] == ["0.1", "0.2", "0.3"]
    totals = [float(row["total"]) for row in rows]
    assert totals == sorted(totals, reverse=True)


def test_a_loss_that_is_no_number_stops_with_advice(tmp_path: Path) -> None:
    """Weights of NaN would score every clip alike, in silence."""
    with pytest.raises(
        ModelError, match=r"the loss at step 0 is no number .*smaller learning_rate"
    ):
        run(tmp_path, Scripted([0.1], loss=float("nan")))


def test_bfloat16_trains_and_is_not_float32(tmp_path: Path) -> None:
    weights = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)

        class Objective(Scripted):
            def losses(self, model, batch, progress):
                return {"total": (model(torch.full((4, 2), 0.333)) ** 2).sum()}

        options = loop.LoopOptions(3, 0.1, precision=precision)
        loop.train(model, Objective([None]), ShuffledSampler(4, 2), options, tmp_path / precision)
        assert model.weight.dtype == torch.float32
        weights.append(model.weight)

    assert torch.allclose(*weights, atol=1e-2)
    assert not torch.equal(*weights)


@pytest.mark.parametrize(
    "changes", [{"steps": 0}, {"learning_rate": 0.0}, {"patience": 0}, {"accumulation": 0}]
)
def test_options_out_of_range_are_refused(changes) -> None:
    with pytest.raises(UsageError, match=next(iter(changes))):
        loop.LoopOptions(**{"steps": 1, "learning_rate": 0.1, **changes})


def test_a_device_that_is_not_here_is_named(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("a CUDA device is here")

    with pytest.raises(UsageError, match="no CUDA device is here"):
        loop.train(
            torch.nn.Linear(1, 1),
            Scripted([0]),
            ShuffledSampler(4, 2),
            loop.LoopOptions(1, 0.1),
            tmp_path,
            "cuda",
        )


# Checkpoints


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    """Weights are told apart by their hash."""
    for name, order in (("a", ("x", "y")), ("b", ("y", "x"))):
        checkpoints.write_tensors(
            tmp_path / name, {key: torch.ones(2, 3).T for key in order}, {"b": 1, "a": [2]}
        )

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    tensors, state = checkpoints.read_tensors(tmp_path / "a")
    assert state == {"a": [2], "b": 1}
    assert torch.equal(tensors["x"], torch.ones(3, 2))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: path.write_bytes(b"\x80\x04pickle."), "is damaged"),
        (lambda path: path.unlink(), "is not there"),
        (
            lambda path: path.write_bytes(
                path.read_bytes().replace(b'schema\\": 1', b'schema\\": 7')
            ),
            "not of schema 1",
        ),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path, damage, complaint) -> None:
    path = tmp_path / "c.safetensors"
    checkpoints.write_tensors(path, {"x": torch.ones(4)}, {})
    damage(path)

    with pytest.raises(DataError, match=complaint):
        checkpoints.read_tensors(path)


def test_tensors_of_another_model_are_refused() -> None:
    """Half-loaded weights would score silently wrong."""
    model = torch.nn.Linear(2, 1)
    for tensors in (
        {"weight": torch.ones(1, 2)},
        {"weight": torch.ones(1, 3), "bias": torch.ones(1)},
    ):
        with pytest.raises(DataError, match="do not fit the model"):
            checkpoints.load_learnt(model, tensors, "weights 'x'")


def test_frozen_parameters_are_not_saved() -> None:
    """A checkpoint must not carry the encoder, which may be 400 MB and has a licence of its own."""
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 2).requires_grad_(False), torch.nn.BatchNorm1d(2)
    )
    names = set(checkpoints.learnt(model))
    assert names == {
        "1.weight",
        "1.bias",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    }


def test_tensorboard_is_optional_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError, match="install tensorboard"):
        loop.train(
            torch.nn.Linear(1, 1),
            Scripted([0]),
            ShuffledSampler(4, 2),
            loop.LoopOptions(1, 0.1),
            tmp_path,
            "cpu",
            True,
        )
