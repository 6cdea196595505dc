"""What a run could have reached, as blocks: floors, a ceiling, what its clips can show."""

from __future__ import annotations

from mserbench.report.blocks import Block, Bullets, Cell, Column, Drawn, Number, Table
from mserbench.telling.facts import RunFacts


def blocks(facts: RunFacts) -> list[Block]:
    """Return what a run reached beside floors, its ceiling, and what its clips can show."""
    run, floors = facts.run, facts.floors
    chance = Number(floors.chance)
    rows: list[list[Cell]] = [
        [
            "this run",
            Number(run.metrics["UA"], run.intervals["UA"], run.by_clip, strong=True),
            Number(run.metrics["WA"]),
        ],
        [
            f"always {floors.label!r}",
            Number(floors.constant["UA"]),
            Number(floors.constant["WA"]),
        ],
        ["random answers", chance, chance],
    ]
    lowest, highest = map(Number, floors.range)
    points: list[Cell] = [
        ("Of random answerers 19 of 20 have a UA of ", lowest, " to ", highest, ".")
    ]

    # A model that can give all labels has no ceiling to be told of.
    if facts.coverage.is_told:
        of_labels, sentences = _coverage(facts)
        rows += of_labels
        points += sentences

    points.append(smallest_shown(facts.smallest))
    columns = [Column("what"), Column("UA", right=True), Column("WA", right=True)]
    return [Table(columns, rows, beside_chance(1, facts)), Bullets(points)]


def beside_chance(position: int, facts: RunFacts) -> Drawn:
    """Return how a column of UA, or of recalls, is drawn: random answers are right by chance."""
    return Drawn(position, facts.floors.chance, "dashed: random answers")


def _coverage(facts: RunFacts) -> tuple[list[list[Cell]], list[Cell]]:
    """Return rows and sentences on the labels that a model can give."""
    run, covered = facts.run, facts.coverage
    share = f"{len(covered.labels)} of {len(run.labels)} labels"
    lacking = f"lacking: {', '.join(covered.lacking)}."

    # What never occurs among answers may be known all the same.
    proof = "occur among its answers (answers only: no proof that it knows no others)"
    points: list[Cell] = [
        f"{share} {proof if covered.by_answers else 'are what it can give'}; {lacking}"
    ]
    ceiling = Number(covered.ceiling["UA"]), Number(covered.ceiling["WA"])
    rows: list[list[Cell]] = [[f"ceiling with {share}", *ceiling]]

    if shared := covered.shared:
        value = Number(shared.metrics["UA"], shared.intervals["UA"], run.by_clip)
        name = f"this run, the {shared.n} clips of those labels"
        rows.append([name, value, Number(shared.metrics["WA"])])
        points.append("The last row answers another question than the task, and is not ranked.")

    return rows, points


def smallest_shown(difference: float | None) -> str:
    """Return what is said of the smallest difference that clips show, a fraction of 1."""
    if difference is None:
        return "Without four speakers or more no difference between two systems can be shown."
    if difference >= 1:
        return "These clips show no difference between two usual systems: one speaker has most."
    return (
        f"These clips and speakers show a difference of UA between two usual systems from "
        f"{100 * difference:.1f} points on, in 4 of 5 tries (simulated)."
    )
