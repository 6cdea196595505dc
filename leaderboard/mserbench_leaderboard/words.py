"""What the board says around its tables. How a text is broken into lines here moves no byte of the
page.
"""

from __future__ import annotations

from mserbench.results import marks
from mserbench_leaderboard.board import ADAPTED, DEVELOPMENT, TRANSDUCTIVE, ZERO_SHOT

TITLE = "Leaderboard"
OPENING = """
    This file is generated: `mserbench leaderboard` writes it from the runs in `results/`, and
    `mserbench leaderboard --replay` recomputes every number from their predictions.
    [How to read it, with all formulas](../docs/results.md).
"""
PICTURE = (
    "UA of the best zero-shot systems on each task of real speech, with 95 % intervals over "
    "speakers, and chance"
)


def _in_a_line(meanings: dict[str, str]) -> str:
    # A semicolon parts one word from the next, so none may stand within what is said of one.
    return "; ".join(f"*{name}*, {text.replace(';', ',')}" for name, text in meanings.items())


HOW_TO_READ = (
    """
    All numbers are percent. **UA** is the mean recall over the classes, and what runs are ranked
    by; chance is 100 divided by the number of classes. In brackets stands its 95 % interval over
    speakers (delete-one jackknife on the logit scale, Student's t); with at most three speakers
    there is none. Where no speaker is known, a range over clips stands in parentheses: it says
    nothing of other speakers. **WA** is accuracy, **WF1** and **MF1** are weighted and macro F1.
    **unparsed** answers could not be read as a label and count as wrong. **UA, canonical labels**
    is asked and scored among the seven common labels only, where a task has others too.
    """,
    """
    A row is a **system**: trainings that differ in their seed alone are one row, with the mean over
    them; **seeds** says how many, and in points the standard deviation between them. *none*:
    nothing in its training is random.
    """,
    f"""
    **verdict** is computed from what a model was trained on: {_in_a_line(marks.VERDICT)}.
    **trained on** names the corpora whose emotion labels it learnt from.
    """,
    f"""
    **heard** says whether the language was met in training at all: {_in_a_line(marks.HEARD)}.
    """,
    """
    **development** is ranked apart: the task's corpus was used in choosing the model's settings, or
    its figures were seen meanwhile. A *blind* run is one whose settings were chosen on other
    corpora.
    """,
    """
    **tie**: `top` stands at the best system of a group and at those that cannot be told from it
    (paired t test of UA over speakers, all pairs; over all groups of a task, a group of equal
    systems loses a member in at most 5 % of all cases). Systems of different groups answer
    different questions: they are ranked apart.
    """,
    """
    **smallest difference**: what a comparison of two usual systems shows in four of five cases,
    given so many speakers and clips. A smaller one on the board is no finding.
    """,
    f"""
    **marks**: {_in_a_line(marks.MEANING)}.
    """,
)
"""One point of a list each."""

SUMMARY_TITLE = "Best zero-shot system of each task"
SUMMARY = """
    *Blind*: chosen without a look at the task's corpus. *Development*: that corpus was used in
    choosing the model's settings, so the figure flatters. *Heard first*: the model heard ten
    recordings of the target before, without their labels, and did not score these. *Under stress*:
    the mean over 45 alterations of the clips, beside the clean figure. UA in percent, 95 % interval
    over speakers.
"""
STRESS_TITLE = "Under stress"
STRESS = """
    The same clips through noise, narrow bands, codecs, rooms, microphones, silence, pauses, tempo
    and playing speed, three severities each ([what each is](../docs/stress.md)). *mean*: over all
    of them. *change*: points of UA against the clean clips, with the 95 % interval of the paired
    difference over speakers. *worst*: the condition of the lowest UA; its interval does not count
    that it was picked among many.
"""
GROUP_NOTES = {
    ZERO_SHOT: """
        Neither this corpus nor its language was seen with emotion labels, and no setting was chosen
        on it.
    """,
    DEVELOPMENT: """
        Zero-shot, but this corpus was used in choosing the model's settings: ranked apart. Of a
        model that does not stand above, no blind figure exists here.
    """,
    TRANSDUCTIVE: """
        Zero-shot, but statistics of the target's own clips were used: ranked apart.
    """,
    "Cross-corpus": """
        The language was seen with emotion labels, in other corpora.
    """,
    "In-corpus or unknown": """
        Clips of this corpus were seen in training, or nobody knows. Leaked runs are not ranked.
    """,
}
"""What is said below the title of each group of `board.GROUPS`."""
ADAPTED_NOTE = """
    So many unlabelled clips of the target were heard before, from the half of its clips that is not
    scored meanwhile (docs/adaptation.md): ranked apart.
"""


def group_note(title: str) -> str:
    """Return what is said below the title of a group, of adapted systems too."""
    base, adapted, _ = title.partition(ADAPTED)
    return GROUP_NOTES[base] + (ADAPTED_NOTE if adapted else "")


SYNTHETIC = """
    **Synthetic, rule-based speech**: it shows that things work, and proves nothing about people.
"""
FLOORS = "What can be had without listening."
PUBLISHED = """
    Not ranked: other splits, other training, and often other clips than ours; as printed by their
    authors.
"""
NO_RUN = "No run of ours yet."
