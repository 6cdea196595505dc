"""All adaptations of one model to one task: asked one after another, kept line by line."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mserbench.data import dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.errors import MserbenchError
from mserbench.experiments.adaptation import letters
from mserbench.experiments.adaptation.curve import Curve, Point
from mserbench.experiments.work import Workplace, in_a_worker
from mserbench.labels import read_answer
from mserbench.report.progress import counting
from mserbench.results.exposure import Verdict
from mserbench.results.predictions import best_label
from mserbench.running import adapting, asking, batches, leaks
from mserbench.running.adapting import Adaptation
from mserbench.running.lookup import described_class
from mserbench.running.spec import Spec
from mserbench.running.subject import Identity, device_for

LINES = "lines"  # the folder of what was asked so far


@dataclass(frozen=True)
class Asked:
    """What came of a model on a task: the file of its lines below the workplace and what the page
    tells of it, or the sentence that says why there is none.
    """

    lines: str = ""
    told: dict[str, Any] | None = None
    failure: str = ""


@in_a_worker()
def do_curve(place: Workplace, curve: Curve, model: str, task: str, device: str) -> Asked:
    """Ask a model about a task after each adaptation of a curve; what was asked before is there.

    A number of clips that the task does not have is left out. A model that fails has its sentence.
    """
    place.enter()
    target = dataset.load(lookup.task(task), place.data, place.allow_partial)
    try:
        spec = Spec.of(model, target, None, {}, device_for(described_class(model), device))
        way = adapting.way_of(target, curve.adapt_from)
        asking.require_adapts(spec.subject, model)
        facts = _told(spec, target, way)
        points = [point for point in curve.points(model) if has(target, point, way)]
        name = f"{LINES}/{_key(spec.identity, target, way)}.txt"
        _ask(place.out / name, spec, target, points, way)
    except MserbenchError as error:
        return Asked(failure=str(error))

    return Asked(name, {**facts, "points": [[point.clips, point.draw] for point in points]})


def has(target: Dataset, point: Point, way: str) -> bool:
    """Whether a task has so many clips to hear."""
    adaptation = point.adaptation(way)
    if adaptation is None:
        return True
    return point.clips <= min(adapting.pools(target, adaptation))


def _ask(path: Path, spec: Spec, target: Dataset, points: list[Point], way: str) -> None:
    """Add the lines that a file lacks, each whole or, after a kill, not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = read_lines(path, len(target.items))
    # A torn last line goes away.
    text = "".join(f"{letters.line(point, kept[point])}\n" for point in kept)
    path.write_text(text, encoding="ascii")

    with counting(f"{spec.model} on {target.task.name}", bar=False) as report:
        for number, point in enumerate(points, start=1):
            if point not in kept:
                answers = ask(spec, target, point.adaptation(way))
                with path.open("a", encoding="ascii") as file:
                    coded = letters.letters_of(answers, target.task.labels)
                    file.write(f"{letters.line(point, coded)}\n")

            report(number, len(points))


def read_lines(path: Path, clips: int) -> dict[Point, str]:
    """Return the lines that a file has; one that was cut off is passed over."""
    kept: dict[Point, str] = {}
    if path.exists():
        for row in path.read_text(encoding="ascii").splitlines():
            try:
                point, coded = letters.read_line(row, clips)
            except ValueError:
                continue

            kept[point] = coded

    return kept


def ask(spec: Spec, target: Dataset, adaptation: Adaptation | None) -> list[str]:
    """Return the label of each clip, "" for an answer that could not be read: those of a run that
    is adapted so.
    """
    labels, named = target.task.labels, [""] * len(target.items)
    for fold in adapting.folds(target, adaptation):
        subject = spec.anew()
        spent: dict[str, float] = {}
        asking.hear(subject, target, fold, spent)
        asking.prepare(subject, target, fold, spent)
        lengths = [target.items[at].facts.seconds for at in fold.scored]
        pending = [[fold.scored[i] for i in batch] for batch in batches.plan(lengths)]
        for batch, answers in asking.answers(subject, target, pending):
            for at, (scores, answer) in zip(batch, answers, strict=True):
                named[at] = (
                    best_label(scores, labels) if scores else read_answer(answer, labels) or ""
                )

        # Two models may not fit into memory.
        del subject

    return named


def _told(spec: Spec, target: Dataset, way: str) -> dict[str, Any]:
    """Return what the page tells of a model on a task."""
    verdict = _verdict(spec, target)
    return {
        "weights": spec.weights, "version": spec.identity.version, "way": way,
        "verdict": verdict.verdict, "development": verdict.development,
    }  # fmt: skip


def _verdict(spec: Spec, target: Dataset) -> Verdict:
    copied = leaks.copied_clips(spec.folder, spec.manifest, target)
    return leaks.judged(spec.identity.card, target, False, copied)


def _key(identity: Identity, target: Dataset, way: str) -> str:
    """Return the name of a file of lines: by contents, so that other code or weights, and other
    clips, have another one.
    """
    adaptation = asdict(Adaptation(1, way)) | {"folds": adapting.FOLDS}
    content = [identity.key(target.task, target.digest), adaptation]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return re.sub(r"[^A-Za-z0-9._-]+", "_", f"{target.task.name}.{identity.name}-{digest[:16]}")
