"""The parts of an experiment's page that hold no score: what it is, its targets, its failures, how
it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from mserbench.experiments.markdown import table
from mserbench.results.marks import MEANING
from mserbench.statistics.compare import smallest_difference

_MEANING = {
    "zero-shot": "no clip of the corpus and no emotion label of its language was trained on",
    "in-corpus": "trained on other clips of the corpus: an upper bound, not a zero-shot number",
    "leaked": "test clips were trained on: the number means nothing",
    "cross-corpus": "another corpus of the language was trained on",
    "unknown": "it is not known all that the model was trained on",
    **MEANING,
}


def opening(record: Mapping[str, Any]) -> list[list[str]]:
    """Say what the table is, what was left out of it, and that synthetic speech proves nothing."""
    experiment = record["experiment"]
    blocks = [[text] for text in (experiment["text"], experiment["note"]) if text]
    if any(task["synthetic"] for task in record["tasks"].values()):
        blocks.append(
            [
                "**Synthetic speech: the numbers show that everything runs, and prove nothing "
                "about methods.**"
            ]
        )

    if experiment["left_out"]:
        blocks.append(
            [
                f"Left out here: {'; '.join(experiment['left_out'])}. An average is over the "
                f"settings shown."
            ]
        )

    rows = [
        [
            one["name"],
            ", ".join(one["source"]),
            ", ".join(one["others"]),
            f"{one['target']}: {one['target_title']}",
        ]
        for one in experiment["settings"]
    ]

    return [*blocks, table(["setting", "source", "others", "target"], rows)]


def meanings(used: Set[str]) -> list[str]:
    """Explain the verdicts and marks that occur."""
    return [f"- {word}: {text}" for word, text in _MEANING.items() if word in used]


def targets(record: Mapping[str, Any]) -> list[list[str]]:
    """Say how large each test is, and what one wrong answer is worth."""
    rows = []
    for name, task in record["tasks"].items():
        clips = {label: n for label, n in task["clips"].items() if n}
        total = sum(clips.values())
        least, most = (100 / (len(clips) * n) for n in (max(clips.values()), min(clips.values())))
        worth = f"{least:.2g}" if f"{least:.2g}" == f"{most:.2g}" else f"{least:.2g} to {most:.2g}"
        counts = ", ".join(f"{label} {n}" for label, n in clips.items())
        speakers = "not known" if task["speakers"] is None else str(task["speakers"])
        shown = smallest_difference(total, task["speakers"] or 0)
        smallest = "none" if shown is None else f"{100 * shown:.0f} points"
        rows.append(
            [
                f"{name}: {task['title']}",
                f"{total:,}",
                counts,
                speakers,
                f"{worth} points",
                smallest,
            ]
        )

    head = [
        "asked",
        "clips",
        "by emotion",
        "speakers",
        "one wrong answer moves UA by",
        "smallest difference",
    ]
    note = (
        "Smallest difference: what a comparison of two usual systems with one training "
        "each shows in four of five "
        "cases, given so many speakers and clips; none with at most three speakers."
    )

    return [["## What was asked"], table(head, rows), [note]]


def failures(record: Mapping[str, Any]) -> list[list[str]]:
    """Say why cells have no numbers."""
    failed = [cell for cell in record["cells"] if cell["failure"]]
    why: dict[str, list[str]] = {}
    for cell in failed:
        why.setdefault(cell["failure"], []).append(f"{cell['system']} in {cell['setting']}")

    lines = [f"- {', '.join(dict.fromkeys(where))}: {sentence}" for sentence, where in why.items()]
    return [["## Cells without numbers"], lines] if lines else []


def training(record: Mapping[str, Any]) -> list[list[str]]:
    """Say what each system is, and how long it took."""
    rows = []
    for system in record["experiment"]["systems"]:
        cells = [
            one for one in record["cells"] if one["system"] == system["name"] and not one["failure"]
        ]
        columns = [column for cell in cells for column in cell["columns"]]
        used = sorted({key for column in columns for key in column["trainings"]})
        seconds = [record["trainings"][key]["seconds"] for key in used]
        spent = sum(one for one in seconds if one is not None)
        asked = sum(
            {run: column["seconds"] for column in columns for run in column["runs"][:1]}.values()
        )
        options = ", ".join(
            [
                *(f"{key}={value}" for key, value in system["options"].items()),
                *(f"asked with {key}={value}" for key, value in system.get("asked", {}).items()),
            ]
        )
        rows.append(
            [
                system["title"], f"{system['model']} {system['version']}",
                " + ".join(system["train"]) or "nothing",
                options, str(len(used)), f"{spent:,.0f}", f"{asked:,.0f}",
            ]
        )  # fmt: skip

    head = ["system", "model", "trained on", "options", "trainings", "s to train", "s to score"]
    note = (
        "Seconds of this machine; trainings that systems share are counted for each, and "
        "the first system that wants "
        "features of the clips computes them for the others; of a training cut off, the "
        "last stretch."
    )

    return [["## Systems"], table(head, rows), [note]]


def provenance(record: Mapping[str, Any], hashes: Mapping[str, str]) -> list[list[str]]:
    """Say what remakes the table, and what it was made with."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    command = record["experiment"]["command"]
    return [
        ["## How it was made"],
        ["```sh", command, f"{command} --replay  # this page again, from the answers alone", "```"],
        [
            "`record.json` says for each cell which trainings and runs it rests on: "
            "options, versions, digests of the "
            "clips, verdicts. The files of answers hold the position of the label that "
            "each model gave to each clip."
        ],
        [f"- `answers/{name}`, SHA-256 {value}" for name, value in sorted(hashes.items())],
        [f"Versions: {versions}."],
    ]
