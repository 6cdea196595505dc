"""The board as Markdown: a summary, then for each task our runs by verdict, floors, and published results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mserbench import marks
from mserbench.compare import smallest_difference
from mserbench.labels import canonical_subset
from mserbench.numbers import percent
from mserbench_leaderboard import pictures, recipes
from mserbench_leaderboard.board import DEVELOPMENT, TRANSDUCTIVE, ZERO_SHOT, Constant, Row, Section
from mserbench_leaderboard.entries import Score
from mserbench_leaderboard.markdown import escape, table
from mserbench_leaderboard.published import METRICS, Published
from mserbench_leaderboard.store import RESULTS

INTRODUCTION = """# Leaderboard

This file is generated: `mserbench leaderboard` writes it from the runs in `results/`, and
`mserbench leaderboard --check` recomputes every number from their predictions.
[How to read it, with all formulas](../docs/results.md).

- All numbers are percent. **UA** is the mean recall over the classes, and what runs are ranked by; chance is 100
  divided by the number of classes. In brackets stands its 95 % interval over speakers (delete-one jackknife
  on the logit scale, Student's t); with at most three speakers there is none. Where no speaker is known, a range over
  clips stands in parentheses: it says nothing of other speakers. **WA** is accuracy, **WF1** and **MF1** are weighted
  and macro F1. **unparsed** answers could not be read as a label and count as wrong. **UA, canonical labels** is asked
  and scored among the seven common labels only, where a task has others too.
- A row is a **system**: trainings that differ in their seed alone are one row, with the mean over them; **seeds** says
  how many, and in points the standard deviation between them. *none*: nothing in its training is random.
- **verdict** is computed from what a model was trained on. *zero-shot*: neither the corpus nor its language was seen
  with emotion labels. *cross-corpus*: the language was. *in-corpus*: other clips of the corpus were. *leaked*: test
  clips were. *unknown*: the list of what it was trained on is not known to be complete. **trained on** names the
  corpora whose emotion labels it learnt from.
- **heard** says whether the language was met in training at all: HEARD.
- **development** is ranked apart: the task's corpus was used in choosing the model's settings, or its figures were seen
  meanwhile. A *blind* run is one whose settings were chosen on other corpora.
- **tie**: `top` stands at the best system of a group and at those that cannot be told from it (paired t test of UA over
  speakers, all pairs; over all groups of a task, a group of equal systems loses a member in at most 5 % of all cases).
  Systems of different groups answer different questions: they are ranked apart.
- **smallest difference**: what a comparison of two usual systems shows in four of five cases, given so many speakers
  and clips. A smaller one on the board is no finding.
- **marks**: MARKS.
"""
SUMMARY = """## Best zero-shot system of each task

*Blind*: chosen without a look at the task's corpus. *Development*: that corpus was used in choosing the model's
settings, so the figure flatters. UA in percent, 95 % interval over speakers.

"""
GROUP_NOTES = {
    ZERO_SHOT: "Neither this corpus nor its language was seen with emotion labels, nor was the corpus chosen on.",
    DEVELOPMENT: "The same, but this corpus was used in choosing the model's settings: ranked apart.",
    TRANSDUCTIVE: "Zero-shot, but statistics of the target's own clips were used: ranked apart.",
    "Cross-corpus": "The language was seen with emotion labels, in other corpora.",
    "In-corpus or unknown": "Clips of this corpus were seen in training, or nobody knows. Leaked runs are not ranked.",
}
SYNTHETIC = "**Synthetic, rule-based speech**: it shows that things work, and proves nothing about people."
NOT_SHIPPED = "weights not shipped"
_NUMBERS = ("n", "UA, canonical labels", "WA", "WF1", "MF1", "unparsed")


def board(sections: Sequence[Section]) -> str:
    """Return the whole file. Nothing in it depends on the time or the machine."""
    introduction = INTRODUCTION.replace("MARKS", _in_a_line(marks.MEANING)).replace("HEARD", _in_a_line(marks.HEARD))
    parts = [introduction, SUMMARY + summary(sections), *(_section(section) for section in sections)]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _in_a_line(meanings: Mapping[str, str]) -> str:
    return "; ".join(f"*{name}*, {text.replace(';', ',')}" for name, text in meanings.items())


def summary(sections: Sequence[Section], page: str = "") -> str:
    """Return the table of the best systems, with links to the sections of `page`; real speech stands first."""
    head = ["task", "test speech", "a constant", "best zero-shot, blind", "best zero-shot, development"]
    rows = []
    for section in (section for section in sections if section.complete):
        rows.append(
            [
                f"[{escape(section.question.name)}]({page}#{_anchor(section)})",
                _speech(section),
                percent(section.constant.metrics["UA"]) if section.constant else "",
                _best(row for row in section.groups.get(ZERO_SHOT, []) if row.system.first.development is not None),
                _best(section.groups.get(DEVELOPMENT, [])),
            ]
        )
    return table(head, rows, right=("a constant",))


def _speech(section: Section) -> str:
    """Say in few words what a task tests on: `en, 24 speakers, 1,248 clips`."""
    languages = escape(", ".join(section.question.languages))
    synthetic = ["synthetic"] if section.question.synthetic else []
    clips = [f"{section.constant.n:,} clips"] if section.constant else []
    return ", ".join([languages, *synthetic, _speakers(section), *clips])


def _speakers(section: Section) -> str:
    statistics = section.complete[0].system.first.run.record["statistics"]
    return "speakers unknown" if statistics["cluster"] == "clip" else f"{statistics['clusters']} speakers"


def _best(rows: Iterable[Row]) -> str:
    """Return the first of some rows in one cell: its number, its seeds, its name, its marks."""
    row = next(iter(rows), None)
    if row is None:
        return "none yet"
    score, flags = row.system.scores["UA"], [flag for flag in _flags(row) if flag not in ("development", NOT_SHIPPED)]
    seeds = f" ({_seeds(row)} seeds)" if row.system.spread is not None else ""
    number = _points(score).replace(percent(score.value), f"**{percent(score.value)}**", 1)
    return f"{number}{seeds}, {escape(row.name)}" + (f", *{', '.join(flags)}*" if flags else "")


def _anchor(section: Section) -> str:
    """Return the name that GitHub gives the heading of a section."""
    return re.sub(r"[^a-z0-9_-]", "", section.question.name.lower())


def _section(section: Section) -> str:
    asked = section.question
    lines = [f"## {escape(asked.name)}", f"{escape(asked.title)}. {_facts(section)}"]
    if asked.synthetic:
        lines.append(SYNTHETIC)
    extra = len(canonical_subset(asked.labels)) < len(asked.labels)
    for title, rows in section.groups.items():
        lines += [f"### {title}", GROUP_NOTES[title], _systems(rows, extra)]
    lines += recipes.lines([row for rows in section.groups.values() for row in rows])
    if not section.groups:
        lines.append("No run of ours yet.")
    if section.constant:
        lines += ["### Floors", "What can be had without listening.", _floors(section.floors, section.constant, extra)]
    if section.partial:
        lines += ["### Partial runs, not comparable", _systems(section.partial, extra, sizes=True)]
    if section.older:
        lines += ["### Older task versions, not comparable", _systems(section.older, extra)]
    if section.published:
        note = "Not ranked: other splits, other training, and often other clips than ours; as printed by their authors."
        lines += ["### Published results", note, _published(section.published)]
    return "\n\n".join(lines)


def _facts(section: Section) -> str:
    asked = section.question
    parts = [
        f"Corpus: {escape(asked.corpus)}",
        f"languages: {escape(', '.join(asked.languages))}",
        *([f"clips: {section.constant.n:,}"] if section.constant else []),
        *_shown_by(section),
        f"labels: {escape(', '.join(asked.labels))}",
        f"task version {asked.version} ({escape(asked.hash[:8])})",
    ]
    return "; ".join(parts) + "."


def _shown_by(section: Section) -> list[str]:
    """Say how many speakers a task has, how many clips have none, and the smallest difference that shows."""
    if not section.complete:
        return []
    run = section.complete[0].system.first.run
    statistics = run.record["statistics"]
    if statistics["cluster"] == "clip":
        return ["speakers: not known"]
    alone = f" (of which {statistics['unattributed']} clips without one)" if statistics["unattributed"] else ""
    smallest = smallest_difference(run.record["counts"]["scored"], statistics["clusters"])
    shown = "none" if smallest is None else f"{100 * smallest:.0f} points"
    return [f"speakers: {statistics['clusters']}{alone}", f"smallest difference: {shown}"]


def _systems(rows: Sequence[Row], extra: bool, sizes: bool = False) -> str:
    """Return the table of some systems; `extra`: with the canonical subset, `sizes`: with the number of clips."""
    head = ["rank", "model", "trained on", *(["n"] if sizes else []), "UA [95 % interval]", "seeds"]
    head += [*(["UA, canonical labels"] if extra else []), "WA", "WF1", "MF1", "unparsed", "verdict", "heard"]
    cells = [_row(row, extra, sizes) for row in rows]
    return table([*head, "marks", "tie", "files"], cells, right=("rank", *_NUMBERS))


def _row(row: Row, extra: bool, sizes: bool) -> list[str]:
    system, verdict = row.system, row.system.first.verdict
    return [
        "" if row.rank is None else str(row.rank),
        escape(row.name),
        escape(", ".join(system.trained_on)),
        *([str(system.first.n)] if sizes else []),
        _points(system.scores["UA"]),
        _seeds(row),
        *([_points(system.canonical) if system.canonical else ""] if extra else []),
        *(percent(system.scores[name].value) for name in ("WA", "WF1", "MF1", "unparsed")),
        f"**{verdict}**" if verdict == "leaked" else verdict,
        system.first.heard,
        ", ".join(_flags(row)),
        "top" if row.tied else "",
        _files(row),
    ]


def _seeds(row: Row) -> str:
    """Return how many seeds a row is the mean of, and how far they lie apart: `5 ± 0.8`; nothing if nobody says."""
    system = row.system
    if system.spread is not None:
        return f"{len(system.entries)} ± {percent(system.spread)}"
    return {True: "1", False: "none", None: ""}[system.is_random]


def _files(row: Row) -> str:
    """Link the predictions of each run, by its seed where there are several, and the confusion matrix."""
    system = row.system
    paths = [f"{RESULTS}/{entry.place}/predictions.csv" for entry in system.entries]
    matrix = f"[matrix]({pictures.place(system)})"
    if len(paths) == 1:
        return f"[predictions]({paths[0]}), {matrix}"
    links = [f"[{escape(seed)}]({path})" for seed, path in zip(system.seeds, paths, strict=True)]
    return f"predictions by seed: {', '.join(links)}; {matrix}"


def _floors(rows: Sequence[Row], constant: Constant, extra: bool) -> str:
    head = ["floor", "n", "UA [95 % interval]", *(["UA, canonical labels"] if extra else [])]
    head += ["WA", "WF1", "MF1", "verdict", "files"]
    cells = []
    for row in rows:
        scores, canonical = row.system.scores, row.system.canonical
        subset = [_points(canonical) if canonical else ""] if extra else []
        values = [percent(scores[name].value) for name in ("WA", "WF1", "MF1")]
        floor = [escape(row.name), str(row.system.first.n), _points(scores["UA"])]
        cells.append([*floor, *subset, *values, row.system.first.verdict, _files(row)])
    always = [f"always {escape(constant.label)} (the best constant answer)", str(constant.n)]
    values = [percent(constant.metrics[name]) for name in ("WA", "WF1", "MF1")]
    cells.append([*always, percent(constant.metrics["UA"]), *([""] if extra else []), *values, "", ""])
    return table(head, cells, right=_NUMBERS)


def _published(results: Sequence[Published]) -> str:
    head = ["system", *METRICS, "exposure", "source", "note"]
    rows = [
        [
            escape(one.system),
            *(escape(one.values.get(name, "")) for name in METRICS),
            one.exposure,
            escape(f"{one.paper}, table {one.table}; {one.source}"),
            escape(one.note),
        ]
        for one in results
    ]
    return table(head, rows, right=METRICS)


def _points(score: Score) -> str:
    return percent(score.value, score.interval, score.by_clip)


def _flags(row: Row) -> list[str]:
    """Return the marks of a system; that speech is synthetic is said once for the task."""
    record, interval = row.system.first.run.record, row.system.scores["UA"].interval
    flags = [mark for mark in marks.of_record(record) if mark not in ("synthetic", "wide")]
    more = {
        "wide": marks.is_wide(interval),
        "submitted": "submitted" in record["model"],
        NOT_SHIPPED: row.system.is_shipped is False,
    }
    return [*flags, *(name for name, is_set in more.items() if is_set)]
