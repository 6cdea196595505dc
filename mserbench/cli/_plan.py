"""Prints the plan of a table: trainings, targets, corpora, pretrained parts, and what all of it
takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from mserbench.cli._common import print_table

_SPEAKERS = {"counted": "", "published": " (published)", "open": ""}


def show(described: Mapping[str, Any]) -> None:
    """Print what `describing.describe` returned."""
    _work(described)
    _targets(described["targets"])
    _corpora(described["corpora"])
    _parts(described["parts"])

    if "takes" in described:
        _takes(described["takes"])
        _totals(described["totals"])


def _work(described: Mapping[str, Any]) -> None:
    trainings, asked = described["trainings"], described["asked"]
    rows = [[one["model"], " ".join(one["on"]), _options(one["options"])] for one in trainings]
    print_table(rows, ["model", "trained on", "options"])
    if asked:
        click.echo()
        print_table(
            [[name, _options(one)] for name, one in asked.items()], ["system", "asked with"]
        )

    click.echo(
        f"\n{len(trainings)} trainings, {len(described['runs'])} runs, {described['cells']} cells; "
        f"tasks {', '.join(described['tasks'])}\n"
    )


def _targets(targets: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        [one["task"], "" if one["clips"] is None else f"{one['clips']:,}", _speakers(one)]
        for one in targets
    ]
    print_table(rows, ["target", "clips", "speakers"], right=("clips",))
    for remark in filter(None, (one["remark"] for one in targets)):
        click.echo(f"note: {remark}")


def _speakers(target: Mapping[str, Any]) -> str:
    if target["speakers_from"] == "open":
        return "not known before the corpus is here"
    return f"{target['speakers'] or 'not known'}{_SPEAKERS[target['speakers_from']]}"


def _corpora(corpora: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        [one["name"], one["state"], one["access"], one["licence"], one["hours"] or ""]
        for one in corpora
    ]
    click.echo()
    print_table(rows, ["corpus", "here", "access", "licence", "hours"], right=("hours",))
    absent = [one for one in corpora if not one["here"]]
    asked = [one["name"] for one in absent if one["access"] == "request"]

    if absent:
        ask = f", {len(asked)} of them on request ({', '.join(asked)})" if asked else ""
        click.echo(
            f"{len(absent)} of {len(corpora)} corpora are missing on this machine{ask}: "
            f"'mserbench data show NAME' says where to get one"
        )
    else:
        click.echo("no corpus is missing on this machine")


def _parts(parts: Sequence[Mapping[str, Any]]) -> None:
    if not parts:
        click.echo("\nno pretrained part is needed")
        return

    rows = [
        [one["name"], "yes" if one["here"] else "no", f"{one['megabytes']:,}", one["licence"]]
        for one in parts
    ]
    click.echo()
    print_table(rows, ["pretrained part", "here", "MB", "licence"], right=("MB",))
    missing = [one for one in parts if not one["here"]]
    gated = [one["name"] for one in missing if one["gated"]]

    if missing:
        accept = f"; accept the licence first of {', '.join(gated)}" if gated else ""
        click.echo(
            f"{len(missing)} of {len(parts)} parts are missing on this machine, "
            f"{sum(one['megabytes'] for one in missing):,} MB: 'mserbench weights get "
            f"NAME' gets one{accept}"
        )
    else:
        click.echo("no pretrained part is missing on this machine")


def _takes(groups: Sequence[Mapping[str, Any]]) -> None:
    click.echo()
    rows = [_group(one) for one in groups]
    head = ["model", "options", "trainings", "trainable", "frozen", "memory, GB", "hours each"]
    print_table(rows, head, right=head[2:])

    for group in groups:
        footprint = group["footprint"]
        if footprint:
            click.echo(
                f"{group['model']}{_after(_options(group['options']))}: {_inside(footprint)}"
            )


def _group(group: Mapping[str, Any]) -> list[Any]:
    footprint, told = (
        group["footprint"],
        [group["model"], _options(group["options"]), group["trainings"]],
    )
    if not footprint:
        return [*told, "not told", "", "", "not known"]

    seconds, memory = footprint["seconds"], footprint["memory_gb"]
    return [
        *told,
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
    memory = "not known" if totals["memory_gb"] is None else f"about {totals['memory_gb']:.1f} GB"
    click.echo(f"- memory of the largest training, on its device: {memory}")
    without = totals["without_hours"]
    unknown = f" (without {', '.join(without)}, whose hours are not known)" if without else ""
    click.echo(
        f"- disk: {totals['parts_mb']:,} MB of pretrained parts still to be got, "
        f"{totals['weights_gb']:.1f} GB of "
        f"trained weights, at most {totals['cache_gb']:.1f} GB of cached features{unknown}"
    )

    if totals["hours"] is not None:
        click.echo(f"- hours of the trainings that were measured: {totals['hours']:.2g}")

    if totals["unmeasured"]:
        models = ", ".join(f"{n} of {name}" for name, n in totals["unmeasured"].items())
        click.echo(
            f"- hours of the other trainings ({models}): not known, nobody has measured them"
        )

    for sentence in totals["basis"]:
        click.echo(f"- {sentence}")


def _options(options: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in options.items())


def _after(text: str) -> str:
    return f" {text}" if text else ""
