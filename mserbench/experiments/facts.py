"""The parts of an experiment's page that hold no score: what it is, its targets, its failures, how
it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Commands,
    Heading,
    Paragraph,
    Written,
    paragraphs,
    written_table,
)
from mserbench.results import marks
from mserbench.statistics.compare import smallest_difference

_SYNTHETIC = (
    "**Synthetic speech: the numbers show that everything runs, and prove nothing about methods.**"
)
_SMALLEST = (
    "Smallest difference: what a comparison of two usual systems with one training each shows in "
    "four of five cases, given so many speakers and clips; none with at most three speakers."
)
_SECONDS = (
    "Seconds of this machine; trainings that systems share are counted for each, and the first "
    "system that wants features of the clips computes them for the others; of a training cut off, "
    "the last stretch."
)
_RECORD = (
    "`record.json` says for each cell which trainings and runs it rests on: options, versions, "
    "digests of the clips, verdicts. The files of answers hold the position of the label that each "
    "model gave to each clip."
)


def opening(record: Mapping[str, Any]) -> list[Block]:
    """Say what the table is, what was left out of it, and that synthetic speech proves nothing."""
    experiment = record["experiment"]
    texts = [experiment["text"], experiment["note"]]
    if any(task["synthetic"] for task in record["tasks"].values()):
        texts.append(_SYNTHETIC)

    # Whoever compares an average with a published one must know that it is over fewer settings.
    if experiment["left_out"]:
        texts.append(
            f"Left out here: {'; '.join(experiment['left_out'])}. "
            f"An average is over the settings shown."
        )

    rows = [
        [
            setting["name"],
            ", ".join(setting["source"]),
            ", ".join(setting["others"]),
            f"{setting['target']}: {setting['target_title']}",
        ]
        for setting in experiment["settings"]
    ]

    return [
        *(paragraph for text in texts for paragraph in paragraphs(text)),
        written_table(["setting", "source", "other sources", "target"], rows),
    ]


def meanings(used: Set[str]) -> list[str]:
    """Explain the verdicts and marks that occur."""
    explained = {**marks.VERDICT, **marks.MEANING, **marks.OFF_BOARD}
    return [f"{word}: {text}" for word, text in explained.items() if word in used]


def targets(record: Mapping[str, Any]) -> list[Block]:
    """Say how large each test is, and what one wrong answer is worth."""
    head = [
        "task", "clips", "clips by emotion", "speakers", "one wrong answer moves UA by",
        "smallest difference",
    ]  # fmt: skip
    rows = [_target(name, task) for name, task in record["tasks"].items()]

    return [Heading("What was asked", 2), written_table(head, rows), Paragraph(Written(_SMALLEST))]


def _target(name: str, task: Mapping[str, Any]) -> list[str]:
    clips = {label: n for label, n in task["clips"].items() if n}
    total = sum(clips.values())

    # UA is the mean of the recalls, so an answer is worth more where its emotion has few clips.
    least, most = (100 / (len(clips) * n) for n in (max(clips.values()), min(clips.values())))
    worth = f"{least:.2g}" if f"{least:.2g}" == f"{most:.2g}" else f"{least:.2g} to {most:.2g}"
    smallest = smallest_difference(total, task["speakers"] or 0)

    return [
        f"{name}: {task['title']}",
        f"{total:,}",
        ", ".join(f"{label} {n}" for label, n in clips.items()),
        "not known" if task["speakers"] is None else str(task["speakers"]),
        f"{worth} points",
        "none" if smallest is None else f"{100 * smallest:.0f} points",
    ]


def failures(record: Mapping[str, Any]) -> list[Block]:
    """Say why cells have no numbers."""
    # One cause may stop many cells, as a corpus that is absent does.
    cells_of: dict[str, list[str]] = {}
    for cell in record["cells"]:
        if cell["failure"]:
            name = f"{cell['system']} in {cell['setting']}"
            cells_of.setdefault(cell["failure"], []).append(name)

    if not cells_of:
        return []

    sentences: list[Cell] = [
        Written(f"{', '.join(dict.fromkeys(names))}: {sentence}")
        for sentence, names in cells_of.items()
    ]
    return [Heading("Cells without numbers", 2), Bullets(sentences)]


def training(record: Mapping[str, Any]) -> list[Block]:
    """Say what each system is, and how long it took."""
    head = ["system", "model", "trained on", "options", "trainings", "s to train", "s to score"]
    rows = [_system(record, system) for system in record["experiment"]["systems"]]

    return [Heading("Systems", 2), written_table(head, rows), Paragraph(Written(_SECONDS))]


def _system(record: Mapping[str, Any], system: Mapping[str, Any]) -> list[str]:
    columns = [
        column
        for cell in record["cells"]
        if cell["system"] == system["name"] and not cell["failure"]
        for column in cell["columns"]
    ]

    # A training serves the cells of several settings, and is counted once.
    trainings = sorted({key for column in columns for key in column["trainings"]})
    seconds = [record["trainings"][key]["seconds"] for key in trainings]
    spent = sum(duration for duration in seconds if duration is not None)

    # The columns of one model on one task come from one run.
    scoring = {run: column["seconds"] for column in columns for run in column["runs"][:1]}
    options = [f"{key}={value}" for key, value in system["options"].items()]
    stages = system.get("stages", ())
    options += [
        f"stage {number}: {key}={value}"
        for number, stage in enumerate(stages, start=1)
        for key, value in stage["options"].items()
    ]
    options += [f"asked with {key}={value}" for key, value in system.get("asked", {}).items()]

    return [
        system["title"],
        f"{_called(system)} {system['version']}",
        _trained_on(system),
        ", ".join(options),
        str(len(trainings)),
        f"{spent:,.0f}",
        f"{sum(scoring.values()):,.0f}",
    ]


def _called(system: Mapping[str, Any]) -> str:
    """Return the name of a system's model, with what it is made of: `openai:MODEL`, `logmel`."""
    address = system.get("address")
    return f"{system['model']}:{address}" if address else str(system["model"])


def _trained_on(system: Mapping[str, Any]) -> str:
    """Say what a system is trained on, of one with stages in their order."""
    trainings = system.get("stages") or [system]
    return ", then ".join(" + ".join(each["train"]) or "nothing" for each in trainings)


def provenance(record: Mapping[str, Any], hashes: Mapping[str, str]) -> list[Block]:
    """Say what remakes the table, and what it was made with."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    command = record["experiment"]["command"]
    files: list[Cell] = [
        Written(f"`answers/{name}`, SHA-256 {digest}") for name, digest in sorted(hashes.items())
    ]

    return [
        Heading("How it was made", 2),
        Commands([command, f"{command} --replay  # this page again, from the answers alone"]),
        Paragraph(Written(_RECORD)),
        Bullets(files),
        Paragraph(Written(f"Versions: {versions}.")),
    ]
