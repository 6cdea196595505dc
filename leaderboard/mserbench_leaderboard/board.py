"""From entries to the board: sections by task, groups by verdict, ranks, tie groups, floors. No
text here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mserbench.statistics import metrics
from mserbench_leaderboard import systems as kin
from mserbench_leaderboard.entries import BoardRun, Items, TaskFacts
from mserbench_leaderboard.published import Published
from mserbench_leaderboard.systems import System

ZERO_SHOT, DEVELOPMENT, TRANSDUCTIVE = (
    "Zero-shot",
    "Zero-shot, development",
    "Zero-shot, transductive",
)
GROUPS: dict[str, Callable[[BoardRun], bool]] = {
    ZERO_SHOT: lambda entry: (
        entry.verdict == "zero-shot" and not entry.transductive and not entry.development
    ),
    DEVELOPMENT: lambda entry: (
        entry.verdict == "zero-shot" and not entry.transductive and bool(entry.development)
    ),
    TRANSDUCTIVE: lambda entry: entry.verdict == "zero-shot" and entry.transductive,
    "Cross-corpus": lambda entry: entry.verdict == "cross-corpus",
    "In-corpus or unknown": lambda entry: entry.verdict in ("in-corpus", "unknown", "leaked"),
}
"""Title of each group and which systems it holds, by their first runs, in the order of the board.

A leaked run is shown last, not ranked.
"""

ADAPTED = ", adapted:"  # and the number of clips: what the title of such a group ends with

FLOORS = ("prior", "random")


@dataclass(frozen=True, slots=True)
class Row:
    """One system in a table; `tied`: the best of its group does not beat it, or it is the best."""

    system: System
    name: str
    rank: int | None = None
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """The best constant answer and its metrics, as fractions of 1."""

    label: str
    n: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Section:
    """All that is shown of one task; `groups` are those of `GROUPS` that have systems."""

    question: TaskFacts
    groups: Mapping[str, Sequence[Row]]
    floors: Sequence[Row]
    constant: Constant | None
    partial: Sequence[Row]
    older: Sequence[Row]
    published: Sequence[Published]

    @property
    def complete(self) -> list[Row]:
        """The systems of the current version over all clips, floors included."""
        return [*(row for rows in self.groups.values() for row in rows), *self.floors]


def build(
    entries: Sequence[BoardRun],
    published: Sequence[Published],
    registered: Callable[[str], TaskFacts | None],
) -> tuple[list[Section], list[str]]:
    """Return the sections, those without runs last; or none, and a sentence for each run that
    contradicts others.

    `registered` gives the current question of a task; of an unknown task its most recent run states
    it.
    """
    by_task: dict[str, list[BoardRun]] = defaultdict(list)
    for entry in entries:
        by_task[entry.question.name].append(entry)

    questions, problems = [], []
    for name in sorted({*by_task, *(result.task for result in published)}):
        question = registered(name) or (newest(by_task[name]) if by_task[name] else None)
        if question is None:
            problems.append(
                f"published results name the task {name!r}, which is not known: install its plugin"
            )
        else:
            questions.append(question)
            problems += contradictions(question, by_task[name])

    if problems:
        return [], problems

    names = kin.names(kin.of(entries))
    questions.sort(
        key=lambda question: (not by_task[question.name], question.synthetic, question.name)
    )
    published_of = {
        question.name: [result for result in published if result.task == question.name]
        for question in questions
    }

    return [
        _section(question, by_task[question.name], published_of[question.name], names)
        for question in questions
    ], []


def newest(entries: Sequence[BoardRun]) -> TaskFacts:
    """Return the question of the latest task version among some runs of one task, at least one."""
    return max(
        entries, key=lambda entry: (entry.question.version, entry.created, entry.place)
    ).question


def contradictions(question: TaskFacts, entries: Sequence[BoardRun]) -> list[str]:
    """Name the runs whose labels or clips are not those of the other runs of the same task."""
    current = [entry for entry in entries if entry.question.hash == question.hash]
    wrong = [
        f"run {entry.place!r} has the labels {', '.join(entry.question.labels)}, but its task has "
        f"{', '.join(question.labels)}: its record was changed, score it again"
        for entry in current
        if entry.question.labels != question.labels
    ]
    usual = _usual_items(current)

    return [*wrong, *kin.twice(current)] + [
        f"run {entry.place!r} scored other clips, labels or speakers than the other runs of task "
        f"{question.name!r}: they are not comparable, score it again or remove it"
        for entry in current
        if not entry.partial and entry.items != usual
    ]


def _usual_items(entries: Sequence[BoardRun]) -> Items | None:
    """Return the clips of most complete runs, of the first ones where numbers are equal."""
    # Where runs contradict one another the few are taken for wrong; none is known to be right.
    counts = Counter(entry.items for entry in entries if not entry.partial)
    return counts.most_common(1)[0][0] if counts else None


def _section(
    question: TaskFacts,
    entries: Sequence[BoardRun],
    published: Sequence[Published],
    names: Mapping[str, str],
) -> Section:
    # Another hash is another question: its runs are shown, and compared with nothing.
    current = [entry for entry in entries if entry.question.hash == question.hash]
    complete = [entry for entry in current if not entry.partial]
    ranked = [entry for entry in complete if entry.model not in FLOORS]

    def rows(chosen: Iterable[BoardRun]) -> list[Row]:
        return [
            Row(system, names[system.place]) for system in sorted(kin.of(chosen), key=_best_first)
        ]

    groups = {
        title: _of_group((entry for entry in ranked if entry.adapted == clips), belongs)
        for base, belongs in GROUPS.items()
        for clips, title in _titles(base, ranked)
    }
    return Section(
        question=question,
        groups=_ranked({title: systems for title, systems in groups.items() if systems}, names),
        floors=rows(entry for entry in complete if entry.model in FLOORS),
        constant=_constant(complete),
        partial=rows(entry for entry in current if entry.partial),
        older=rows(entry for entry in entries if entry.question.hash != question.hash),
        published=published,
    )


def _titles(base: str, entries: Sequence[BoardRun]) -> list[tuple[int, str]]:
    """Return the titles of a group: that of systems that heard nothing of the target, then of those
    that heard the same number of clips.
    """
    adapted = sorted({entry.adapted for entry in entries} - {0})
    return [(0, base), *((clips, f"{base}{ADAPTED}{clips}") for clips in adapted)]


def _of_group(entries: Iterable[BoardRun], belongs: Callable[[BoardRun], bool]) -> list[System]:
    return sorted(
        kin.of(filter(belongs, entries)),
        # A leaked number is high, and must not stand where one looks first.
        key=lambda system: (system.first.verdict == "leaked", *_best_first(system)),
    )


def _best_first(system: System) -> tuple[float, str]:
    # The place decides between equal figures, so that the page is the same on every machine.
    return -system.scores["UA"].value, system.place


def _ranked(
    groups: Mapping[str, Sequence[System]], names: Mapping[str, str]
) -> dict[str, list[Row]]:
    """Rank each group by UA and mark its tie group; leaked systems stand without a rank."""
    fair = [
        [system for system in systems if system.first.verdict != "leaked"]
        for systems in groups.values()
    ]
    close, ranked = kin.top(fair), {system.place for systems in fair for system in systems}
    return {
        title: [
            Row(
                system,
                names[system.place],
                rank if system.place in ranked else None,
                system.place in close,
            )
            for rank, system in enumerate(systems, start=1)
        ]
        for title, systems in groups.items()
    }


def _constant(entries: Sequence[BoardRun]) -> Constant | None:
    items = _usual_items(entries)
    if items is None:
        return None

    # Of the labels of the task in their order, so that of equal constants the first one is named.
    label, values = metrics.best_constant(items.truth, entries[0].question.labels)
    return Constant(label, len(items.ids), values)
