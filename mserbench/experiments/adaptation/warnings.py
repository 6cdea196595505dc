"""How often the warnings on far and one-sided recordings come, over draws of the clips of tasks.

    python -m mserbench.experiments.adaptation.warnings --model M --task T1,T2 --data D

On corpora that a model was trained on, and others like them, each is a false one: at most 5 % is
what is wanted. A draw holds clips of a random half of the speakers, as a user's recordings are not
of all of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np

from mserbench.data import corpus, dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.experiments.adaptation.work import ask
from mserbench.results import doubts
from mserbench.running.remote import of_clips
from mserbench.running.spec import Spec


@dataclass(frozen=True)
class Rate:
    """The share of draws of so many clips of a task that were called far, and one-sided; `far` is
    None where the model does not tell.
    """

    task: str
    clips: int
    far: float | None
    one_sided: float


def rates(
    spec: Spec, target: Dataset, sizes: Sequence[int], draws: int, seed: int = 0
) -> list[Rate]:
    """Return how often draws of the clips of a target are warned of; a size that it lacks is left
    out.

    The same draws for each model, by `seed`. Raises ModelError where the model fails.
    """
    answers = ask(spec, target, None)
    subject = spec.subject
    measured = []
    for size in sizes:
        random = np.random.default_rng([seed, size])
        far: list[bool] = []
        sided: list[bool] = []
        for _ in range(draws):
            chosen = _drawn(target, size, random)
            if len(chosen) < size:
                continue

            part = of_clips(subject, list(target.clips(chosen)))
            far += [doubts.is_far(part)] if part else []
            sided.append(bool(doubts.most_frequent([answers[at] for at in chosen])[0]))

        if sided:
            share = float(np.mean(far)) if far else None
            measured.append(Rate(target.task.name, size, share, float(np.mean(sided))))

    return measured


def _drawn(target: Dataset, size: int, random: np.random.Generator) -> list[int]:
    """Return the positions of so many clips of half of the speakers, fewer where these have
    fewer.
    """
    speakers = sorted({str(speaker) for speaker in target.speakers})
    half = set(random.permutation(speakers)[: -(-len(speakers) // 2)].tolist())
    pool = [at for at, speaker in enumerate(target.speakers) if str(speaker) in half]
    return sorted(int(at) for at in random.permutation(pool)[:size])


@click.command()
@click.option("--model", "model_name", required=True, help="Name of a model.")
@click.option("--weights", help="Name of shipped weights, or a folder.")
@click.option("--task", "tasks", required=True, help="Names of tasks, comma separated.")
@click.option("--clips", "sizes", default="20,50,100", show_default=True, help="Clips of a draw.")
@click.option("--draws", type=click.IntRange(min=1), default=200, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), envvar="MSERBENCH_DATA")
def main(
    model_name: str, weights: str | None, tasks: str, sizes: str, draws: int, data: Path | None
) -> None:
    """Print as JSON how often draws of the clips of tasks are called far, and one-sided."""
    measured: list[Rate] = []
    for name in tasks.split(","):
        target = dataset.load(lookup.task(name), corpus.data_folder(data))
        spec = Spec.of(model_name, target, weights, {}, "cpu")
        measured += rates(spec, target, [int(size) for size in sizes.split(",")], draws)

    click.echo(json.dumps([asdict(rate) for rate in measured], indent=1))


if __name__ == "__main__":
    main()
