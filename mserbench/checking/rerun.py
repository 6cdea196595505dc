"""The runs of all baselines made again, afresh: what a check of the working tree compares."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.checking import afresh
from mserbench.checking.again import Means, arguments
from mserbench.checking.baselines import Baseline
from mserbench.contracts import FROZEN
from mserbench.data import corpus, lookup
from mserbench.errors import DataError, MissingExtra, MserbenchError
from mserbench.results import marks
from mserbench.results.record import RunRecord
from mserbench.running.lookup import described_class
from mserbench.weights.lookup import read_record

SMALL = 100  # clips of a task that a check on every change runs whole

Say = Callable[[str], None]


@dataclass(frozen=True)
class Rerun:
    """How it went: runs that were made, and a sentence for each that was skipped or failed.

    Skipped is what needs a corpus or weights that are not on this machine.
    """

    n_runs: int
    skipped: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """A model as a record tells of it, and the tasks that one process runs it on."""

    record: RunRecord
    tasks: tuple[str, ...]


def rerun(
    baselines: Sequence[Baseline], out: Path, device: str, full: bool, data: Path | None, say: Say
) -> Rerun:
    """Make the runs of all baselines again below `out`, whatever device these are of.

    Each model is run in a process of its own, with a cache that holds nothing but pretrained
    weights and the demo corpora.

    Args:
        device: `cpu` or `cuda`; a model that has no choice runs on what it has.
        full: whole tasks too: those of the baselines, and those whose subsets are among them.
    """
    n_runs, failed = 0, list[str]()
    absent: dict[str, list[str]] = {}  # what is not here, and of which runs
    for group in _groups(baselines, full):
        name = marks.name_of(group.record)
        try:
            tasks_here, missing = _that_can_be_run(group, data)
            for task, sentence in missing:
                absent.setdefault(sentence, []).append(f"{name} on {task}")

            if tasks_here:
                say(f"{name}: {', '.join(tasks_here)}")
                _run(replace(group, tasks=tasks_here), out, device, data)
                n_runs += len(tasks_here)
        except MserbenchError as error:
            failed.append(f"{name} on {', '.join(group.tasks)}: {error}")

    skipped = [f"{sentence} ({_counted(runs)})" for sentence, runs in absent.items()]
    return Rerun(n_runs, tuple(skipped), tuple(failed))


def _counted(runs: Sequence[str]) -> str:
    """Return how many runs these are, and the first of them."""
    named = "; ".join(runs[:3]) + ("; ..." if len(runs) > 3 else "")
    return f"{len(runs)} run{'s' if len(runs) > 1 else ''}: {named}"


def _groups(baselines: Sequence[Baseline], full: bool) -> list[_Group]:
    """Return the models of baselines with their tasks, each once, though several devices have it.

    Pretrained parts are large, so each is loaded once for all of its tasks.
    """
    groups: dict[str, _Group] = {}
    for baseline in baselines:
        record = baseline.record
        if record.counts.scored > SMALL and not full:
            continue

        name = record.task.name
        tasks = (name, name.removesuffix(FROZEN)) if full else (name,)
        key = f"{marks.name_of(record)} {sorted(record.model.options.items())}"
        group = groups.setdefault(key, _Group(record, ()))
        groups[key] = replace(group, tasks=tuple(dict.fromkeys((*group.tasks, *tasks))))

    return list(groups.values())


def _that_can_be_run(
    group: _Group, data: Path | None
) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Return the tasks whose corpora are here, and each other one with what is not here."""
    kind = described_class(group.record.model.name)
    missing = [name for name in kind.pretrained(kind.Options()) if read_record(name) is None]
    if missing:
        sentence = "weights {0} are not here: 'mserbench weights get {0}' gets them"
        sentences = " and ".join(sentence.format(name) for name in missing)
        return (), [(task, sentences) for task in group.tasks]

    tasks_here, absent = [], []
    for name in group.tasks:
        task = lookup.task(name)
        try:
            corpus.find(lookup.corpus(task.corpus), data)
        except (DataError, MissingExtra) as error:
            absent.append((name, str(error)))
        else:
            tasks_here.append(name)

    return tuple(tasks_here), absent


def _run(group: _Group, out: Path, device: str, data: Path | None) -> None:
    """Run a model on its tasks."""
    words = arguments(group.record, Means(data), out)
    devices = described_class(group.record.model.name).devices
    words[words.index("--task") + 1] = ",".join(group.tasks)
    words[words.index("--device") + 1] = device if device in devices else devices[0]

    # Not beside the runs, which are handed on: its links lead to large weights.
    with tempfile.TemporaryDirectory(prefix="mserbench-rerun-") as cache:
        afresh.run(words, out, afresh.environment(Path(cache)))


def page(result: Rerun) -> str:
    """Return what was not run, as Markdown to stand below the report of a check; else empty."""
    lines = [f"- failed: {sentence}" for sentence in result.failed]
    lines += [f"- skipped: {sentence}" for sentence in result.skipped]
    return "\n".join(["", "## Not run", "", *lines, ""]) if lines else ""
