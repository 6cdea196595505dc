"""`mserbench experiment`: remake a table, or check that its answers give it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common
from mserbench.errors import ModelError, UsageError

if TYPE_CHECKING:
    from mserbench.experiments.definition import Wishes


@click.command(name="experiment", short_help="remake a table: systems and settings, each trained and scored")
@click.argument("name", required=False)
@click.option("--preset", default="", help="A variant that the definition has, such as tiny.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the table.  [default: experiments/NAME]")
@_common.data_option
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N; several with commas.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one a core, at most 4; one a GPU]")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Of arithmetic, a process.")
@click.option("--seeds", default="", help="Seeds in place of the table's, comma separated.")
@click.option("--only", default="", help="These systems only, comma separated.")
@click.option("--settings", default="", help="These settings only, comma separated.")
@click.option("--option", "options", multiple=True, metavar="MODEL.KEY=VALUE", help="An option of a model; repeatable.")
@click.option("--allow-partial", is_flag=True, help="Use what is there of incomplete corpora; marked as partial.")
@click.option("--plan", "plan_only", is_flag=True, help="Print what would be trained and run, and stop.")
@click.option("--check", is_flag=True, help="Remake the page from the stored answers alone; exit 1 if it differs.")
@click.option("--rewrite", is_flag=True, help="Write the page anew from the stored answers alone, and stop.")
@_common.json_option
def command(
    name: str | None,
    preset: str,
    out: Path | None,
    data: Path | None,
    device: str,
    jobs: int | None,
    threads: int,
    seeds: str,
    only: str,
    settings: str,
    options: Sequence[str],
    allow_partial: bool,
    plan_only: bool,
    check: bool,
    rewrite: bool,
    as_json: bool,
) -> None:
    """Train and score all systems of a table in all its settings, with intervals and paired tests.

    NAME is an experiment of a plugin, or a TOML file of your own; without it, all are listed. Started again, it goes
    on where it was; work that settings share is done once.
    """
    if name is None:
        _list(as_json)
        return
    folder = out or Path("experiments") / "-".join(filter(None, [Path(name).stem, preset]))
    if check:
        _check(folder)
        return
    if rewrite:
        _rewrite(folder)
        return
    from mserbench.experiments import conduct, definition

    wishes = _wishes(preset, seeds, only, settings, options)
    experiment = definition.load(name, wishes)
    if plan_only:
        _plan(conduct.describe(experiment), as_json)
        return
    devices = _devices(device)
    means = conduct.Means(data, devices, jobs or _jobs(devices), threads, allow_partial)
    done = conduct.conduct(experiment, folder, means, _typed(name, wishes, allow_partial), _say)
    if as_json:
        _common.print_json({"page": str(done.page), "failures": list(done.failures)})
    else:
        click.echo(done.page.read_text(encoding="utf-8"))
        click.echo(f"written to {done.page}", err=True)
    if done.failures:
        raise ModelError(f"{len(done.failures)} cell(s) have no numbers, the first: {done.failures[0]}")


def _list(as_json: bool) -> None:
    from mserbench.cli._listing import listing
    from mserbench.hookspecs import ExperimentEntry

    listing(ExperimentEntry, ("name", "title", "plugin"), as_json)


def _check(folder: Path) -> None:
    from mserbench.experiments.folder import PAGE, is_remade

    if not is_remade(folder):
        click.echo(f"{folder / PAGE} is not what its answers and its record give")
        raise click.exceptions.Exit(1)
    click.echo(f"{folder / PAGE} is what its answers and its record give, byte for byte")


def _rewrite(folder: Path) -> None:
    """Write the page that the stored answers give, as after a change of the statistics or of the page's words."""
    from mserbench.experiments.folder import PAGE, remade
    from mserbench.files import write_atomic

    write_atomic(folder / PAGE, remade(folder))
    click.echo(f"written: {folder / PAGE}")


def _wishes(preset: str, seeds: str, only: str, settings: str, options: Sequence[str]) -> Wishes:
    from mserbench.experiments.definition import Wishes

    numbers = _common.names(seeds, "seeds") if seeds else []
    if not all(number.isdecimal() for number in numbers):
        raise UsageError(f"--seeds is {seeds!r}, but whole numbers with commas between were expected")
    by_model: dict[str, dict[str, str]] = {}
    for key, value in _common.pairs(options).items():
        model, dot, option = key.rpartition(".")
        if not dot:
            raise UsageError(f"--option {key}={value} is not understood: MODEL.KEY=VALUE was expected")
        by_model.setdefault(model.replace("_", "-"), {})[option] = value
    return Wishes(
        preset=preset,
        seeds=tuple(int(number) for number in numbers),
        systems=tuple(_common.names(only, "only")) if only else (),
        settings=tuple(_common.names(settings, "settings")) if settings else (),
        options=by_model,
    )


def _typed(name: str, wishes: Wishes, allow_partial: bool) -> str:
    """Return the command that remakes the table, without what tells of a machine."""
    words = ["mserbench experiment", Path(name).name]
    flags = {
        "--preset": wishes.preset,
        "--seeds": ",".join(map(str, wishes.seeds)),
        "--only": ",".join(wishes.systems),
        "--settings": ",".join(wishes.settings),
    }
    words += [f"{flag} {value}" for flag, value in flags.items() if value]
    given = [(model, key, value) for model, options in wishes.options.items() for key, value in options.items()]
    words += [f"--option {model}.{key}={value}" for model, key, value in given]
    return " ".join([*words, *(["--allow-partial"] if allow_partial else [])])


def _plan(described: dict[str, object], as_json: bool) -> None:
    if as_json:
        _common.print_json(described)
        return
    trainings, runs = described["trainings"], described["runs"]
    assert isinstance(trainings, list)
    assert isinstance(runs, list)
    rows = [
        [one["model"], " ".join(one["on"]), " ".join(f"{key}={value}" for key, value in one["options"].items())]
        for one in trainings
    ]
    _common.print_table(rows, ["model", "trained on", "options"])
    asked = described["asked"]
    assert isinstance(asked, dict)
    if asked:
        click.echo()
        rows = [[name, " ".join(f"{key}={value}" for key, value in one.items())] for name, one in asked.items()]
        _common.print_table(rows, ["system", "asked with"])
    tasks = described["tasks"]
    assert isinstance(tasks, list)
    click.echo(f"\n{len(trainings)} trainings, {len(runs)} runs, {described['cells']} cells; tasks {', '.join(tasks)}")


def _devices(text: str) -> tuple[str, ...]:
    devices = tuple(_common.names(text, "device"))
    for one in devices:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", one):
            raise UsageError(f"--device has {one!r}, but cpu, cuda or cuda:N was expected")
    return devices


def _jobs(devices: Sequence[str]) -> int:
    from mserbench.index import available_cores

    return len(devices) if any(one.startswith("cuda") for one in devices) else min(4, available_cores())


def _say(line: str) -> None:
    click.echo(line, err=True)
