"""The board as Markdown: a summary, then for each task our runs by verdict, floors, and published
results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mserbench.labels import canonical_subset
from mserbench.report.numbers import percent
from mserbench.results import marks
from mserbench.statistics.compare import smallest_difference
from mserbench_leaderboard import cells, recipes, summary
from mserbench_leaderboard.board import DEVELOPMENT, TRANSDUCTIVE, ZERO_SHOT, Constant, Row, Section
from mserbench_leaderboard.markdown import escape, table
from mserbench_leaderboard.published import METRICS, Published

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
"""  # noqa: E501 - published text
SUMMARY = """## Best zero-shot system of each task

*Blind*: chosen without a look at the task's corpus. *Development*: that corpus was used in choosing the model's
settings, so the figure flatters. UA in percent, 95 % interval over speakers.

"""  # noqa: E501 - published text
GROUP_NOTES = {
    ZERO_SHOT: "Neither this corpus nor its language was seen with emotion labels, and no setting "
    "was chosen on it.",
    DEVELOPMENT: "Zero-shot, but this corpus was used in choosing the model's settings: ranked "
    "apart. "
    "Of a model that "
    "does not stand above, no blind figure exists here.",
    TRANSDUCTIVE: "Zero-shot, but statistics of the target's own clips were used: ranked apart.",
    "Cross-corpus": "The language was seen with emotion labels, in other corpora.",
    "In-corpus or unknown": "Clips of this corpus were seen in training, or nobody knows. Leaked "
    "runs "
    "are "
    "not "
    "ranked.",
}
SYNTHETIC = (
    "**Synthetic, rule-based speech**: it shows that things work, and proves nothing about people."
)


def board(sections: Sequence[Section]) -> str:
    """Return the whole file. Nothing in it depends on the time or the machine."""
    introduction = INTRODUCTION.replace("MARKS", _in_a_line(marks.MEANING)).replace(
        "HEARD", _in_a_line(marks.HEARD)
    )
    parts = [
        introduction,
        SUMMARY + summary.table_of(sections),
        *(_section(section) for section in sections),
    ]

    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _in_a_line(meanings: Mapping[str, str]) -> str:
    return "; ".join(f"*{name}*, {text.replace(';', ',')}" for name, text in meanings.items())


def _section(section: Section) -> str:
    asked = section.question
    lines = [f"## {escape(asked.name)}", f"{escape(asked.title)}. {_facts(section)}"]
    if asked.synthetic:
        lines.append(SYNTHETIC)

    extra = len(canonical_subset(asked.labels)) < len(asked.labels)
    for title, rows in section.groups.items():
        lines += [f"### {title}", GROUP_NOTES[title], cells.systems(rows, extra)]

    lines += recipes.lines([row for rows in section.groups.values() for row in rows])
    if not section.groups:
        lines.append("No run of ours yet.")

    if section.constant:
        lines += [
            "### Floors",
            "What can be had without listening.",
            _floors(section.floors, section.constant, extra),
        ]

    if section.partial:
        lines += [
            "### Partial runs, not comparable",
            cells.systems(section.partial, extra, sizes=True),
        ]

    if section.older:
        lines += ["### Older task versions, not comparable", cells.systems(section.older, extra)]

    if section.published:
        note = (
            "Not ranked: other splits, other training, and often other clips than ours; as "
            "printed by their authors."
        )
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
    """Say how many speakers a task has, how many clips have none, and the smallest difference that
    shows.
    """
    if not section.complete:
        return []

    run = section.complete[0].system.first.run
    statistics = run.record.statistics
    if statistics.cluster == "clip":
        return ["speakers: not known"]

    alone = (
        f" (of which {statistics.unattributed} clips without one)"
        if statistics.unattributed
        else ""
    )
    smallest = smallest_difference(run.record.counts.scored, statistics.clusters)
    shown = "none" if smallest is None else f"{100 * smallest:.0f} points"

    return [f"speakers: {statistics.clusters}{alone}", f"smallest difference: {shown}"]


def _floors(rows: Sequence[Row], constant: Constant, extra: bool) -> str:
    head = ["floor", "n", "UA [95 % interval]", *(["UA, canonical labels"] if extra else [])]
    head += ["WA", "WF1", "MF1", "verdict", "files"]
    lines = []

    for row in rows:
        scores, canonical = row.system.scores, row.system.canonical
        subset = [cells.points(canonical) if canonical else ""] if extra else []
        values = [percent(scores[name].value) for name in ("WA", "WF1", "MF1")]
        floor = [escape(row.name), str(row.system.first.n), cells.points(scores["UA"])]
        lines.append([*floor, *subset, *values, row.system.first.verdict, cells.files(row)])

    always = [f"always {escape(constant.label)} (the best constant answer)", str(constant.n)]
    values = [percent(constant.metrics[name]) for name in ("WA", "WF1", "MF1")]
    lines.append(
        [*always, percent(constant.metrics["UA"]), *([""] if extra else []), *values, "", ""]
    )

    return table(head, lines, right=cells.NUMBERS)


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
