"""`mserbench experiment`: remake a table, or replay it from its stored answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _tables
from mserbench.errors import ModelError, UsageError

if TYPE_CHECKING:
    from mserbench.experiments.conduct import Finished, Means
    from mserbench.experiments.definition import Wishes
    from mserbench.experiments.shapes import Definition


def _renamed(context: click.Context, option: click.Parameter, value: bool) -> None:
    """Say what the old spelling is called now, whatever else was typed."""
    if value:
        raise UsageError(
            "'--check' is called '--replay' now: give 'mserbench experiment NAME --replay'"
        )


@click.command(name="experiment", short_help="remake a table: each system trained and scored")
@click.argument("name", required=False)
@click.option("--preset", default="", help="A variant that the definition has, such as tiny.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the table.  [default: experiments/NAME]",
)
@_common.data_option
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="cpu, cuda or cuda:N, several with commas; auto takes every GPU, or the CPU where "
    "there is none.",
)
@click.option(
    "--jobs",
    "--workers",
    "jobs",
    type=click.IntRange(min=1),
    help="Workers.  [default: one a core, at most 4; one a GPU; of a cluster, all]",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Of each training.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Of arithmetic, a process.",
)
@click.option(
    "--engine",
    default="local",
    show_default=True,
    metavar="NAME[:DETAIL]",
    help="Who does the work: local[:N], or ray[:HOST:PORT], a Ray cluster.",
)
@click.option("--seeds", default="", help="Seeds in place of the table's, comma separated.")
@click.option("--only", default="", help="These systems only, comma separated.")
@click.option("--settings", default="", help="These settings only, comma separated.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="MODEL.KEY=VALUE",
    help="An option of a model; repeatable.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Where a set lies that you made, such as m5ser; else it is looked for here and in the "
    "data folder. Repeatable.",
)
@click.option(
    "--allow-partial",
    is_flag=True,
    help="Use what is there of incomplete corpora; marked as partial.",
)
@click.option(
    "--plan", "plan_only", is_flag=True, help="Print what is trained, run and needed, and stop."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="With --plan: parameters, memory, disk and hours of the trainings.",
)
@click.option(
    "--replay",
    is_flag=True,
    help="Remake the page from the stored answers alone; exit 1 if it differs.",
)
@click.option(
    "--check", is_flag=True, hidden=True, is_eager=True, expose_value=False, callback=_renamed
)
@click.option(
    "--rewrite", is_flag=True, help="Write the page anew from the stored answers alone, and stop."
)
@_common.wide_option
@_common.json_option
def command(
    name: str | None,
    preset: str,
    out: Path | None,
    data: Path | None,
    device: str,
    jobs: int | None,
    processes: int,
    threads: int,
    engine: str,
    seeds: str,
    only: str,
    settings: str,
    options: Sequence[str],
    sources: Sequence[str],
    allow_partial: bool,
    plan_only: bool,
    dry_run: bool,
    replay: bool,
    rewrite: bool,
    as_json: bool,
) -> None:
    """Train and score all systems of a table in all its settings, with intervals and paired tests.

    NAME is an experiment of a plugin, or a TOML file of your own; without it, all are listed.
    Started again, it goes on where it was; work that settings share is done once.
    """
    if name is None:
        _list(as_json)
        return

    folder = out or Path("experiments") / "-".join(filter(None, [Path(name).stem, preset]))
    if replay:
        _replay(folder)
        return
    if rewrite:
        _rewrite(folder)
        return
    if dry_run and not plan_only:
        raise UsageError("--dry-run is a part of the plan: give --plan too")

    # Imported here, as a replay needs neither plans nor workers.
    from mserbench.cli._means import chosen
    from mserbench.experiments import conduct, definition
    from mserbench.experiments.adaptation import curve

    wishes = _tables.wishes(preset, seeds, only, settings, options)
    means = chosen(engine, data, device, jobs, threads, allow_partial, processes)
    if curve.is_curve(name):
        refused = preset or seeds or options or sources or dry_run or processes > 1
        _curve(name, wishes, folder, means, plan_only, bool(refused), as_json)
        return

    experiment, folders = definition.load(name, wishes), _tables.folders(sources)
    if plan_only:
        _plan(experiment, data, dry_run, folders, as_json)
        return

    done = conduct.conduct(
        experiment,
        folder,
        replace(means, sets=folders),
        _tables.typed(name, wishes, allow_partial),
        _say,
    )
    _told(done, as_json)


def _curve(
    name: str,
    wishes: Wishes,
    folder: Path,
    means: Means,
    plan_only: bool,
    is_refused: bool,
    as_json: bool,
) -> None:
    """Make a curve of adaptation, or say what it takes. Raises UsageError for options of tables."""
    from mserbench.experiments.adaptation import conduct, curve

    if is_refused:
        raise UsageError(
            f"{name!r} is a curve of adaptation, which takes --only MODEL, --settings TASK, "
            f"--data, --jobs, --device and --engine: leave the other options out"
        )

    asked = curve.load(name, wishes.systems, wishes.settings)
    if plan_only:
        plan = curve.plan(asked)
        _common.print_json(plan) if as_json else _say_lines(plan)
        return

    command = _tables.typed(name, wishes, means.allow_partial)
    _told(conduct.conduct(asked, folder, means, command, _say), as_json)


def _say_lines(plan: Mapping[str, object]) -> None:
    for key, value in plan.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key}: {shown}")


def _told(done: Finished, as_json: bool) -> None:
    """Print the page that was made. Raises ModelError where cells have no numbers."""
    if as_json:
        _common.print_json({"page": str(done.page), "failures": list(done.failures)})
    else:
        click.echo(done.page.read_text(encoding="utf-8"))
        click.echo(f"written to {done.page}", err=True)

    if done.failures:
        raise ModelError(
            f"{len(done.failures)} cell(s) have no numbers, the first: {done.failures[0]}"
        )


def _list(as_json: bool) -> None:
    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import ExperimentEntry

    listing(ExperimentEntry, as_json)


def _replay(folder: Path) -> None:
    from mserbench.experiments.folder import PAGE, is_remade

    if not is_remade(folder):
        click.echo(f"{folder / PAGE} is not what its answers and its record give")
        raise click.exceptions.Exit(1)

    click.echo(f"{folder / PAGE} is what its answers and its record give, byte for byte")


def _rewrite(folder: Path) -> None:
    """Write the page that the stored answers give, as after a change of the statistics or of the
    page's words.
    """
    from mserbench.disk.files import write_atomic
    from mserbench.experiments.folder import PAGE, contents

    for name, content in contents(folder).items():
        write_atomic(folder / name, content)

    click.echo(f"written: {folder / PAGE}")


def _plan(
    experiment: Definition,
    data: Path | None,
    dry_run: bool,
    folders: Mapping[str, str],
    as_json: bool,
) -> None:
    from mserbench.cli import _plan
    from mserbench.experiments.describing import describe

    described = describe(experiment, data, dry_run, folders)
    if as_json:
        _common.print_json(described)
    else:
        _plan.show(described)


def _say(line: str) -> None:
    click.echo(line, err=True)
