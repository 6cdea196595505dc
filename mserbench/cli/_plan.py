"""Prints the plan of a table: trainings, targets, corpora, pretrained parts, and what all of it
takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from mserbench.cli._common import print_table, say

# What is said of a number of speakers, by where it was taken from.
_SPEAKERS = {"counted": "", "published": " (published)", "open": ""}


def show(described: Mapping[str, Any]) -> None:
    """Print what `describing.describe` returned."""
    _work(described)
    _targets(described["targets"])
    _corpora(described["corpora"], described["builds"])
    _parts(described["parts"])

    # Only a dry run builds the models, without which nobody knows what they take.
    if "takes" in described:
        _takes(described["takes"])
        _totals(described["totals"])


def _work(described: Mapping[str, Any]) -> None:
    trainings, questions = described["trainings"], described["asked"]
    rows = [
        [training["model"], " ".join(training["on"]), _options(training["options"])]
        for training in trainings
    ]
    head = ["model", "trained on", "options"]
    # Numbers are for those that go on from one another: elsewhere they would say nothing.
    if any(training["after"] for training in trainings):
        after = [training["after"] or "" for training in trainings]
        rows = [
            [n, *row, before] for n, (row, before) in enumerate(zip(rows, after, strict=True), 1)
        ]
        head = ["training", *head, "goes on from"]

    print_table(rows, head, right=("training", "goes on from"), least=("trained on",))
    if questions:
        click.echo()
        rows = [[system, _options(options)] for system, options in questions.items()]
        print_table(rows, ["system", "asked with"])

    say(
        f"\n{len(trainings)} trainings, {len(described['runs'])} runs, {described['cells']} cells; "
        f"tasks {', '.join(described['tasks'])}\n"
    )


def _targets(targets: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        [
            target["task"],
            "" if target["clips"] is None else f"{target['clips']:,}",
            _speakers(target),
        ]
        for target in targets
    ]
    print_table(rows, ["target", "clips", "speakers"], right=("clips",), least=("clips",))
    for remark in filter(None, (target["remark"] for target in targets)):
        say(f"note: {remark}")


def _speakers(target: Mapping[str, Any]) -> str:
    if target["speakers_from"] == "open":
        return "not known before the corpus is here"
    return f"{target['speakers'] or 'not known'}{_SPEAKERS[target['speakers_from']]}"


def _corpora(corpora: Sequence[Mapping[str, Any]], builds: Mapping[str, str]) -> None:
    rows = [
        [corpus["name"], corpus["state"], corpus["access"], corpus["licence"],
         corpus["hours"] or ""]
        for corpus in corpora
    ]  # fmt: skip
    click.echo()
    print_table(
        rows,
        ["corpus", "state", "access", "licence", "hours"],
        right=("hours",),
        least=("hours", "licence", "access"),
    )

    absent = [corpus for corpus in corpora if not corpus["here"]]
    on_request = [corpus["name"] for corpus in absent if corpus["access"] == "request"]
    if not absent:
        click.echo("no corpus is missing on this machine")
        return

    for name in (corpus["name"] for corpus in absent if corpus["name"] in builds):
        say(f"{name} is made by '{builds[name]}'")

    # Whoever has to ask the authors of a corpus should do so first: it may take weeks.
    ask = f", {len(on_request)} of them on request ({', '.join(on_request)})" if on_request else ""
    say(
        f"{len(absent)} of {len(corpora)} corpora are missing on this machine{ask}: "
        f"'mserbench data show NAME' says where to get one"
    )


def _parts(parts: Sequence[Mapping[str, Any]]) -> None:
    if not parts:
        click.echo("\nno pretrained part is needed")
        return

    rows = [
        [part["name"], "yes" if part["here"] else "no", f"{part['megabytes']:,}", part["licence"]]
        for part in parts
    ]
    click.echo()
    print_table(
        rows, ["pretrained part", "here", "MB", "licence"], right=("MB",), least=("licence",)
    )

    missing = [part for part in parts if not part["here"]]
    if not missing:
        click.echo("no pretrained part is missing on this machine")
        return

    gated = [part["name"] for part in missing if part["gated"]]
    accept = f"; accept the licence first of {', '.join(gated)}" if gated else ""
    say(
        f"{len(missing)} of {len(parts)} parts are missing on this machine, "
        f"{sum(part['megabytes'] for part in missing):,} MB: "
        f"'mserbench weights get NAME' gets one{accept}"
    )


def _takes(groups: Sequence[Mapping[str, Any]]) -> None:
    click.echo()
    head = ["model", "options", "trainings", "trainable", "frozen", "memory, GB", "hours each"]
    print_table(
        [_group(group) for group in groups],
        head,
        right=head[2:],
        least=("frozen", "trainable", "trainings"),
    )

    for group in groups:
        if group["footprint"]:
            name = " ".join(filter(None, [group["model"], _options(group["options"])]))
            say(f"{name}: {_inside(group['footprint'])}")


def _group(group: Mapping[str, Any]) -> list[Any]:
    """Return the cells of trainings that take the same; a model need not say what it takes."""
    footprint = group["footprint"]
    trained = [group["model"], _options(group["options"]), group["trainings"]]
    if not footprint:
        return [*trained, "not told", "", "", "not known"]

    seconds, memory = footprint["seconds"], footprint["memory_gb"]
    return [
        *trained,
        f"{footprint['n_trainable']:,}",
        f"{footprint['n_frozen']:,}",
        "" if memory is None else f"{memory:.1f}",
        "not known" if seconds is None else f"{seconds / 3600:.2g}",
    ]


def _inside(footprint: Mapping[str, Any]) -> str:
    parts = {**footprint["trainable"], **footprint["frozen"]}
    counts = ", ".join(f"{name} {n:,}" for name, n in parts.items())
    sizes = ", ".join(f"{name} {n / 1e9:.2g}" for name, n in footprint["memory"].items())
    memory = f"; GB for {footprint['clips']} clips: {sizes}" if sizes else ""

    return f"parameters: {counts}{memory}"


def _totals(totals: Mapping[str, Any]) -> None:
    click.echo("\nAll together:")

    # The largest and not the sum: trainings come one after another on a device.
    memory = "not known" if totals["memory_gb"] is None else f"about {totals['memory_gb']:.1f} GB"
    say(f"- memory of the largest training, on its device: {memory}")

    # Features are cached by the hour of speech, so a corpus of unknown length has no size here.
    without = totals["without_hours"]
    unknown = f" (without {', '.join(without)}, whose hours are not known)" if without else ""
    say(
        f"- disk: {totals['parts_mb']:,} MB of pretrained parts still to be got, "
        f"{totals['weights_gb']:.1f} GB of trained weights, "
        f"at most {totals['cache_gb']:.1f} GB of cached features{unknown}"
    )

    if totals["hours"] is not None:
        say(f"- hours of the trainings that were measured: {totals['hours']:.2g}")

    if totals["unmeasured"]:
        models = ", ".join(f"{n} of {name}" for name, n in totals["unmeasured"].items())
        say(f"- hours of the other trainings ({models}): not known, nobody has measured them")

    for sentence in totals["basis"]:
        say(f"- {sentence}")


def _options(options: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in options.items())
