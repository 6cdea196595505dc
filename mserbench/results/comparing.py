"""Two runs on the utterances that both scored: which one is better, by how much, and where."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.errors import DataError, UsageError, plain
from mserbench.results import disagreeing, reach, runs, tables_html
from mserbench.results.disagreeing import Agreement, Disagreement, Flips, Pair
from mserbench.results.runs import Run
from mserbench.statistics.compare import Comparison
from mserbench.statistics.compare import compare as compare_answers
from mserbench.statistics.intervals import FEWEST
from mserbench.statistics.metrics import confusion, metrics

if TYPE_CHECKING:
    import pandas as pd

HEAD = ("metric", "A", "B", "A - B", "95 % interval")


@dataclass(frozen=True)
class Compared:
    """Two runs, their metrics on the clips that both scored, as fractions of 1, the tests, and the
    rows of both for each of these clips, by id.
    """

    a: Run
    b: Run
    metrics_a: Mapping[str, float]
    metrics_b: Mapping[str, float]
    result: Comparison
    pairs: Sequence[Pair]

    @cached_property
    def by_label(self) -> list[Flips]:
        """Who is right on the clips of each label, in the order of the task."""
        return disagreeing.by_label(self.pairs, self.a.labels, self.result.by_clip)

    @cached_property
    def by_speaker(self) -> list[Flips]:
        """Who is right on the clips of each speaker, named by the number that A's record has."""
        return disagreeing.by_speaker(self.pairs, self.a.labels)

    @cached_property
    def disagreements(self) -> list[Disagreement]:
        """The clips that they answer differently, those of which both are surest first."""
        return disagreeing.disagreements(self.pairs, self.a.labels)

    @cached_property
    def agreement(self) -> Agreement:
        """How alike they answer."""
        return disagreeing.alike(self.pairs, self.a.labels)

    @cached_property
    def answers(self) -> list[list[int]]:
        """Clips by the answer of A (row) and of B (column): labels, then answers not read."""
        return [
            [int(count) for count in row] for row in disagreeing.crossed(self.pairs, self.a.labels)
        ]

    @cached_property
    def smallest(self) -> float | None:
        """The smallest difference of UA that these clips show, as `reach.smallest_difference`."""
        if self.result.by_clip:
            return None

        truth = [pair.a.label for pair in self.pairs]
        return reach.smallest_shown(truth, self.a.labels, [pair.speaker for pair in self.pairs])

    @property
    def notes(self) -> list[str]:
        """What a reader must know of the clips; empty where both scored the same ones."""
        if self.result.n == max(len(self.a.rows), len(self.b.rows)):
            return []
        return [
            f"compared on the {self.result.n} clips that both scored: A has {len(self.a.rows)}, "
            f"B has {len(self.b.rows)}"
        ]

    @property
    def rows(self) -> list[list[str]]:
        """Return the cells of a table with the columns `HEAD`, in percent.

        A difference is in points and has a sign, else it would be read as a third score.
        """
        rows = []
        for name, difference in self.result.differences.items():
            ends = self.result.intervals[name]
            interval = "-" if ends is None else f"[{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]"
            both = (self.metrics_a[name], self.metrics_b[name])
            cells = [f"{100 * value:.1f}" for value in both]
            rows.append([name, *cells, f"{100 * difference:+.1f}", interval])

        return rows

    @property
    def heading(self) -> str:
        """Which run is which, on what."""
        task = self.a.record.task.name
        return f"A: {self.a.name}   B: {self.b.name}   task {task}, n {self.result.n}"

    @property
    def tests(self) -> list[str]:
        """The tests, a sentence each."""
        result = self.result
        unit = "clip" if result.by_clip else "speaker"
        p_value = (
            f"needs at least {FEWEST} {unit}s" if result.ua_p is None else f"p = {result.ua_p:.4g}"
        )
        sentences = [f"UA, paired t test over {result.clusters} {unit}s: {p_value}"]

        # Then the interval over clips is all there is, and nobody should take it for one of people.
        if result.by_clip:
            sentences.append(
                "no speaker is known: intervals and test take clips as independent and are too "
                "sure of themselves"
            )

        return [
            *sentences,
            f"both right {result.both_right}, only A {result.only_a}, only B {result.only_b}, "
            f"both wrong {result.both_wrong}; of these clips alone, taken as independent: "
            f"exact McNemar p = {result.mcnemar_p:.4g}",
        ]

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints of the comparison."""
        shared = {"a": dict(self.metrics_a), "b": dict(self.metrics_b)}
        both = {"a": self.a.summary(), "b": self.b.summary()}
        return {
            **both,
            "shared": shared,
            **asdict(self.result),
            "smallest_difference": None if self.smallest is None else round(self.smallest, 4),
            "agreement": asdict(self.agreement),
            "labels": [asdict(flips) for flips in self.by_label],
            "speakers": [asdict(flips) for flips in self.by_speaker],
            "answers": {"labels": list(self.a.labels), "rows_are_a": self.answers},
            "disagreements": [asdict(clip) for clip in self.disagreements],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row a metric, as fractions of 1: of A, of B, their difference and its 95 %
        interval (`low`, `high`; missing with too few speakers).
        """
        import pandas as pd

        rows = []
        for name, difference in self.result.differences.items():
            low, high = self.result.intervals[name] or (None, None)
            a, b = self.metrics_a[name], self.metrics_b[name]
            facts = {"A": a, "B": b, "difference": difference, "low": low, "high": high}
            rows.append({"metric": name, **facts})

        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        difference = 100 * self.result.differences["UA"]
        return f"<Compared {self.heading}: UA A - B {difference:+.1f}; {self.tests[0]}>"

    def _repr_html_(self) -> str:
        table = tables_html.table([dict(zip(HEAD, row, strict=True)) for row in self.rows])
        sentences = [f"{self.heading}. Percent.", *self.notes, *self.tests]
        return table + "".join(map(tables_html.sentence, sentences))


def compare(run_a: Run | str | Path, run_b: Run | str | Path) -> Compared:
    """Compare two runs of one task and version, or the folders of two, on the clips that both
    scored: a paired t test over speakers, then McNemar over clips.

    Raises DataError where they are not of one task, share no clip, hold different labels of one, or
    a folder is no run; UsageError for arguments of other types.
    """
    first, second = _run("run_a", run_a), _run("run_b", run_b)
    _check_same_question(first, second)
    pairs = _shared(first, second)
    truth = [pair.a.label for pair in pairs]
    answers_a = [pair.a.prediction for pair in pairs]
    answers_b = [pair.b.prediction for pair in pairs]
    speakers = None if first.record.clusters is None else [pair.speaker for pair in pairs]
    result = compare_answers(truth, answers_a, answers_b, first.labels, speakers)
    # Not those of the records: a difference beside them must be theirs.
    metrics_a, metrics_b = (
        _metrics(truth, predicted, first.labels) for predicted in (answers_a, answers_b)
    )
    return Compared(first, second, metrics_a, metrics_b, result, pairs)


def _run(argument: str, run: object) -> Run:
    if isinstance(run, Run):
        return run
    if isinstance(run, str | os.PathLike):
        return runs.read(Path(os.fsdecode(run)))

    raise UsageError(
        f"{argument} is {type(run).__name__} {plain(str(run), 80)!r}, but a Run or the folder of "
        f"a run was expected"
    )


def _check_same_question(first: Run, second: Run) -> None:
    a, b = first.record.task, second.record.task
    if (a.question, a.labels) != (b.question, b.labels):
        raise DataError(
            f"{str(first.folder)!r} is of task {a.name} version {a.version}, "
            f"{str(second.folder)!r} of {b.name} version {b.version}: "
            f"only runs of one task and version can be compared"
        )


def _shared(first: Run, second: Run) -> list[Pair]:
    """Return the rows of both runs for each clip that both scored, with its speaker in the first.

    Raises DataError where there is none, and where a run holds another truth than the other.
    """
    by_id = {row.id: row for row in second.rows}
    clusters = first.record.clusters or [None] * len(first.rows)
    pairs = [
        Pair(row, by_id[row.id], speaker)
        for row, speaker in zip(first.rows, clusters, strict=True)
        if row.id in by_id
    ]
    if not pairs:
        raise DataError(
            f"{str(first.folder)!r} and {str(second.folder)!r} scored no clip in common: run both "
            f"without --limit and --allow-partial"
        )

    differing = [pair.a.id for pair in pairs if pair.a.label != pair.b.label]
    if differing:
        raise DataError(
            f"{str(first.folder)!r} and {str(second.folder)!r} hold different labels of "
            f"{len(differing)} clip(s), such as {differing[0]!r}: one of the two was changed, "
            f"score it again"
        )

    return pairs


def _metrics(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]
) -> dict[str, float]:
    """Return the metrics of one run on the shared clips, as fractions of 1."""
    return {
        name: float(value) for name, value in metrics(confusion(truth, predicted, labels)).items()
    }
