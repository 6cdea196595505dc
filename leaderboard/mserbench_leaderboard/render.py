"""The board as Markdown: a summary, then for each task our runs by verdict, floors, and published results."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mserbench.cli.run import MEANING, marks
from mserbench.compare import smallest_difference
from mserbench.labels import canonical_subset
from mserbench.runs import percent
from mserbench_leaderboard import pictures
from mserbench_leaderboard.board import TRANSDUCTIVE, ZERO_SHOT, Constant, Row, Section
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
- **verdict** is computed from what a model was trained on. *zero-shot*: neither the corpus nor its language was seen
  with emotion labels. *cross-corpus*: the language was. *in-corpus*: other clips of the corpus were. *leaked*: test
  clips were. *unknown*: the list of what it was trained on is not known to be complete. **heard** says whether the
  language was heard in training at all, labelled or not.
- **tie**: `top` stands at the best run of a group and at those that cannot be told from it (paired t test of UA over
  speakers, all pairs; over all groups of a task, a group of equal systems loses a member in at most 5 % of all cases).
  Runs of different groups answer different questions: they are ranked apart.
- **smallest difference**: what a comparison of two usual systems shows in four of five cases, given so many speakers
  and clips. A smaller one on the board is no finding.
- **marks**: MARKS.
"""
SUMMARY = "## Best zero-shot run of each task\n\n"
GROUP_NOTES = {
    ZERO_SHOT: "Neither this corpus nor its language was seen with emotion labels.",
    TRANSDUCTIVE: "The same, but statistics of the target's own clips were used: ranked apart.",
    "Cross-corpus": "The language was seen with emotion labels, in other corpora.",
    "In-corpus or unknown": "Clips of this corpus were seen in training, or nobody knows. Leaked runs are not ranked.",
}
SYNTHETIC = "**Synthetic, rule-based speech**: it shows that things work, and proves nothing about people."
_NUMBERS = ("n", "UA, canonical labels", "WA", "WF1", "MF1", "unparsed")


def board(sections: Sequence[Section]) -> str:
    """Return the whole file. Nothing in it depends on the time or the machine."""
    parts = [INTRODUCTION.replace("MARKS", "; ".join(_meaning(name) for name in MEANING)), SUMMARY + summary(sections)]
    parts += [_section(section) for section in sections]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _meaning(mark: str) -> str:
    name, _, text = MEANING[mark].partition(": ")
    return f"*{name}*, {text.replace(';', ',')}"


def summary(sections: Sequence[Section], page: str = "") -> str:
    """Return the table of the best runs, with links to the sections of `page`; real speech stands first."""
    head = ["task", "languages", "speech", "n", "best zero-shot run", "UA [95 % interval]"]
    head += ["best with statistics of the target", "UA", "a constant", "runs"]
    rows = []
    for section in (section for section in sections if section.complete):
        rows.append(
            [
                f"[{escape(section.question.name)}]({page}#{_anchor(section)})",
                escape(", ".join(section.question.languages)),
                "synthetic" if section.question.synthetic else "real",
                str(section.constant.n) if section.constant else "",
                *_best(section, ZERO_SHOT),
                *_best(section, TRANSDUCTIVE),
                percent(section.constant.metrics["UA"]) if section.constant else "",
                str(len(section.complete)),
            ]
        )
    return table(head, rows, right=("n", "a constant", "runs"))


def _best(section: Section, group: str) -> tuple[str, str]:
    row = next(iter(section.groups.get(group, [])), None)
    return (_marked(row), _points(row.entry.scores["UA"])) if row else ("none yet", "")


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
        lines += [f"### {title}", GROUP_NOTES[title], _runs(rows, extra)]
    if not section.groups:
        lines.append("No run of ours yet.")
    if section.constant:
        lines += ["### Floors", "What can be had without listening.", _floors(section.floors, section.constant, extra)]
    if section.partial:
        lines += ["### Partial runs, not comparable", _runs(section.partial, extra)]
    if section.older:
        lines += ["### Older task versions, not comparable", _runs(section.older, extra)]
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
        *_speakers(section),
        f"labels: {escape(', '.join(asked.labels))}",
        f"task version {asked.version} ({escape(asked.hash[:8])})",
    ]
    return "; ".join(parts) + "."


def _speakers(section: Section) -> list[str]:
    """Say how many speakers a task has, how many clips have none, and the smallest difference that shows."""
    if not section.complete:
        return []
    statistics = section.complete[0].entry.run.record["statistics"]
    if statistics["cluster"] == "clip":
        return ["speakers: not known"]
    alone = f" (of which {statistics['unattributed']} clips without one)" if statistics["unattributed"] else ""
    smallest = smallest_difference(section.complete[0].entry.n, statistics["clusters"])
    shown = "none" if smallest is None else f"{100 * smallest:.0f} points"
    return [f"speakers: {statistics['clusters']}{alone}", f"smallest difference: {shown}"]


def _runs(rows: Sequence[Row], extra: bool) -> str:
    head = ["rank", "model", "n", "UA [95 % interval]", *(["UA, canonical labels"] if extra else [])]
    head += ["WA", "WF1", "MF1", "unparsed", "verdict", "heard", "marks", "tie", "files"]
    return table(head, [_row(row, extra) for row in rows], right=("rank", *_NUMBERS))


def _row(row: Row, extra: bool) -> list[str]:
    entry = row.entry
    return [
        "" if row.rank is None else str(row.rank),
        escape(row.name),
        str(entry.n),
        _points(entry.scores["UA"]),
        *([_points(entry.canonical) if entry.canonical else ""] if extra else []),
        *(percent(entry.scores[name].value) for name in ("WA", "WF1", "MF1", "unparsed")),
        f"**{entry.verdict}**" if entry.verdict == "leaked" else entry.verdict,
        entry.heard,
        ", ".join(_flags(row)),
        "top" if row.tied else "",
        f"[predictions]({RESULTS}/{entry.place}/predictions.csv), [matrix]({pictures.place(entry)})",
    ]


def _floors(rows: Sequence[Row], constant: Constant, extra: bool) -> str:
    head = ["floor", "n", "UA [95 % interval]", *(["UA, canonical labels"] if extra else [])]
    head += ["WA", "WF1", "MF1", "verdict", "files"]
    cells = []
    for row in rows:
        shown = _row(row, extra)
        cells.append([*shown[1 : 7 + extra], row.entry.verdict, shown[-1]])
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


def _marked(row: Row) -> str:
    flags = _flags(row)
    return f"{escape(row.name)}, *{', '.join(flags)}*" if flags else escape(row.name)


def _flags(row: Row) -> list[str]:
    """Return the marks of a run; that speech is synthetic is said once for the task."""
    return [mark for mark in marks(row.entry.run) if mark != "synthetic"]
