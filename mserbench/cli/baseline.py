"""`mserbench baseline`: add, list and show the runs that later ones are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mserbench.cli import _common
from mserbench.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from mserbench.checking.again import Means
    from mserbench.checking.baselines import Baseline, Envelope
    from mserbench.results.runs import Run

_STORE = Path("leaderboard") / "baselines"
_AUTO = "auto"

# Spelt out, as the module that has them loads what a list of commands does not need.
_held_option = click.option(
    "--held-to",
    "level",
    type=click.Choice(["avx2", "basic"]),
    help="Hold kernels to these instructions, for the baselines of processors that have no more.",
)

_store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=_STORE,
    show_default=True,
    help="Folder of baselines.",
)


@click.group(
    name="baseline", short_help="keep runs as what later ones of the device are compared with"
)
def command() -> None:
    """Add, list and show baselines: runs that 'mserbench check' compares later ones with.

    A baseline is of one device, task and model with its options and weights. With it stand how far
    repeated runs lie apart (its envelope), its speed and its memory.
    """


@command.command(name="add")
@click.argument("run_folders", metavar="RUN...", nargs=-1, required=True)
@_store_option
@click.option(
    "--device-key", default=_AUTO, show_default=True, metavar="KEY",
    help="The key of the device; auto takes that of the run.",
)  # fmt: skip
@click.option(
    "--envelope-runs",
    "count",
    default=10,
    show_default=True,
    help="Reference runs to make under other circumstances; 0 makes none, and only equal answers "
    "pass then.",
)
@click.option("--replace", is_flag=True, help="Take the place of a baseline: wants --reason.")
@click.option("--reason", default="", metavar="TEXT", help="Why: it is kept with the baseline.")
@click.option("--commit", default="", metavar="HASH", help="The commit of the code, to be kept.")
@click.option(
    "--weights",
    "weights",
    multiple=True,
    type=click.Path(path_type=Path),
    help="For reference runs: a folder of weights that do not ship; repeatable.",
)
@_held_option
@_common.data_option
@_common.json_option
def add(
    run_folders: Sequence[str],
    store: Path,
    device_key: str,
    count: int,
    replace: bool,
    reason: str,
    commit: str,
    weights: Sequence[Path],
    level: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Make each RUN, a run folder or a folder of them, the baseline of its device.

    All are looked at before any is added.
    """
    from mserbench.checking import envelope as envelopes
    from mserbench.checking.again import Means, named_weights
    from mserbench.checking.baselines import Store
    from mserbench.checking.conduct import folders
    from mserbench.results import runs

    baselines = Store(store)
    key = None if device_key == _AUTO else device_key
    if replace and not reason.strip():
        raise UsageError("--replace takes the place of a baseline: say why by --reason TEXT")

    finished = [runs.read(folder) for folder in folders([Path(name) for name in run_folders])]
    for run in finished:
        baselines.refuse(run, replace, key)

    means = Means(data, named_weights(weights))
    why, added = reason or "first baseline", []
    with envelopes.held(level or ""):
        for run, envelope in _with_envelopes(finished, means, count):
            added.append(baselines.add(run.folder, envelope, why, replace, key=key, commit=commit))
            _tell(f"{_name(added[-1])}: epsilon {envelope.epsilon:g}")

    if as_json:
        _common.print_json([_facts(baseline) for baseline in added])


def _with_envelopes(
    finished: Sequence[Run], means: Means, count: int
) -> Iterator[tuple[Run, Envelope]]:
    """Yield runs with their envelopes as these are made: what was added stays if a later one
    fails.
    """
    from mserbench.checking import envelope
    from mserbench.checking.baselines import Envelope

    if count == 0:
        yield from ((run, Envelope(epsilon=envelope.FLOOR)) for run in finished)
        return

    # One process makes the runs of a model on all its tasks.
    together: dict[str, list[Run]] = {}
    for run in finished:
        options = sorted(run.record.model.options.items(), key=str)
        together.setdefault(f"{run.name} {options} {run.record.device}", []).append(run)

    for group in together.values():
        yield from zip(group, envelope.envelopes(group, means, count, _tell), strict=True)


@command.command(name="list")
@_store_option
@_common.wide_option
@_common.json_option
def list_(store: Path, as_json: bool) -> None:
    """List the baselines: device, task, model, and how far repeated runs lie apart."""
    from mserbench.checking.baselines import Store

    baselines = Store(store).all()
    if as_json:
        _common.print_json([_facts(baseline) for baseline in baselines])
        return

    head = ["device", "task", "model", "n", "epsilon", "reference runs", "reason"]
    rows = [
        [
            baseline.device_key,
            baseline.told.task,
            baseline.told.model,
            baseline.record.counts.scored,
            f"{baseline.envelope.epsilon:.1e}",
            len(baseline.envelope.runs),
            baseline.reason,
        ]
        for baseline in baselines
    ]
    _common.print_table(
        rows, head, right=("n", "epsilon", "reference runs"), least=("reason", "reference runs")
    )


@command.command(name="replay")
@_store_option
def replay(store: Path) -> None:
    """Compute the numbers of all baselines anew from their predictions; exit 1 if any differs."""
    from mserbench.checking import replay as replaying

    count, findings = replaying.findings(store)
    if findings:
        click.echo(replaying.listed(findings))
        raise click.exceptions.Exit(1)

    _common.say(f"{count} baselines: every number follows from its predictions")


@command.command(name="show")
@click.argument("key")
@_store_option
@_common.wide_option
@_common.json_option
def show(key: str, store: Path, as_json: bool) -> None:
    """Show baselines whose folder KEY begins: DEVICE, DEVICE/TASK or DEVICE/TASK/MODEL."""
    from mserbench.checking.baselines import Store

    everything = {_name(baseline): baseline for baseline in Store(store).all()}
    chosen = [own for name, own in everything.items() if f"{name}/".startswith(f"{key}/")]
    if not chosen:
        raise UnknownName("baseline", key, list(everything), "'mserbench baseline list'")

    if as_json:
        _common.print_json([_facts(baseline) for baseline in chosen])
        return

    for baseline in chosen:
        _show(baseline)


@command.command(name="run")
@_store_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs") / "regress" / "runs",
    show_default=True,
    help="Run folders, for 'mserbench check'; what is there goes away.",
)
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--full", is_flag=True, help="Whole tasks too, not frozen subsets alone.")
@click.option(
    "--not-run",
    type=click.Path(path_type=Path),
    help="Write what was skipped or failed to this file, as Markdown.",
)
@click.option("--model", "models", multiple=True, help="Runs of this model alone; repeatable.")
@_held_option
@_common.data_option
def run(
    store: Path,
    out: Path,
    device: str,
    full: bool,
    not_run: Path | None,
    models: Sequence[str],
    level: str | None,
    data: Path | None,
) -> None:
    """Make the runs of all baselines again, afresh, for 'mserbench check'.

    What they make on another kind of device 'mserbench baseline add' takes as its baselines.
    Nothing is taken from the cache but pretrained weights and demo corpora. What needs a corpus or
    weights that are not here is skipped, and said; exit status 4 where a run failed.
    """
    import shutil

    from mserbench.checking import envelope, rerun
    from mserbench.checking.baselines import Store
    from mserbench.data import corpus
    from mserbench.disk.files import write_atomic

    baselines = Store(store).all()
    if not baselines:
        raise UsageError(f"{str(store)!r} holds no baseline: 'mserbench baseline add RUN' adds one")

    names = sorted({baseline.record.model.name for baseline in baselines})
    for name in models:
        if name not in names:
            raise UnknownName("model with a baseline", name, names, "'mserbench baseline list'")

    chosen = [own for own in baselines if not models or own.record.model.name in models]
    shutil.rmtree(out, ignore_errors=True)
    with envelope.held(level or ""):
        result = rerun.rerun(chosen, out, device, full, corpus.data_folder(data), _tell)

    if not_run:
        write_atomic(not_run, rerun.page(result))

    for sentence in (*result.skipped, *result.failed):
        _common.say(f"not run: {sentence}", err=True)

    _common.say(f"{result.n_runs} runs in {out}", err=True)
    if result.failed:
        raise click.exceptions.Exit(4)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _show(baseline: Baseline) -> None:
    from mserbench.report.numbers import percent

    speed, metrics = baseline.speed, baseline.record.metrics
    click.echo(_name(baseline))
    click.echo(f"  model    {baseline.told.model} on {baseline.told.task}")
    click.echo(f"  UA       {percent(metrics['UA'])}, {baseline.record.counts.scored} clips")
    click.echo(f"  reason   {baseline.reason}")
    click.echo(f"  commit   {baseline.commit or 'not said'}")
    if speed:
        click.echo(f"  speed    {speed.rtf:g} s a second of audio, {speed.ratio:g} products")
    if baseline.memory_mb:
        click.echo(f"  memory   {baseline.memory_mb:.0f} MB")

    click.echo(f"  epsilon  {baseline.envelope.epsilon:g}\n")
    rows = [
        [run.threads, run.batch, run.processor or "own", _drift(run.drift), len(run.flips)]
        for run in baseline.envelope.runs
    ]
    head = ["threads", "batch", "processor", "drift", "flips"]
    _common.print_table(rows, head, right=("threads", "batch", "drift", "flips"))


def _drift(value: float | None) -> str:
    return "no scores" if value is None else f"{value:.1e}"


def _name(baseline: Baseline) -> str:
    return "/".join(baseline.folder.parts[-3:])


def _facts(baseline: Baseline) -> dict[str, Any]:
    """Return what `--json` prints of a baseline."""
    return {
        "key": _name(baseline),
        **baseline.told.to_json(),
        "n": baseline.record.counts.scored,
        "metrics": dict(baseline.record.metrics),
    }
