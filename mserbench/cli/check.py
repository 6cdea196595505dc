"""`mserbench check`: compare runs clip by clip with the baselines of their device."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.checking.outcome import Outcome

# What 'mserbench check' once was followed by; it is called 'conform' now.
_OLD_WORDS = ("model", "task", "corpus")


@click.command(name="check", short_help="compare runs with their baselines: did anything get worse")
@click.argument("run_folders", metavar="RUNS...", nargs=-1)
@click.option(
    "--baseline",
    "store",
    type=click.Path(path_type=Path),
    help="Folder of baselines, such as leaderboard/baselines.",
)
@click.option(
    "--fail-on",
    "conditions",
    multiple=True,
    metavar="MEASURE:CHANGE",
    help="Fail by this threshold instead: ua:-1.0pt, unparsed:+0.5pt, flips:+1pt, drift:1e-3, "
    "rtf:+15%, memory:+20%; repeatable.",
)
@click.option(
    "--device-key", metavar="KEY", help="Take the baselines of this device, not the run's own."
)
@click.option("--again", is_flag=True, help="Run what failed again before it is called that.")
@click.option(
    "--beside", metavar="COMMIT", default="", help="With --again: run the code of COMMIT beside it."
)
@click.option(
    "--weights",
    "weights",
    multiple=True,
    type=click.Path(path_type=Path),
    help="For --again: a folder of weights that do not ship; repeatable.",
)
@_common.data_option
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write the report to this file, as Markdown."
)
@click.option(
    "--github", is_flag=True, help="Print annotations, and add to the step summary of GitHub."
)
@_common.wide_option
@_common.json_option
def command(
    run_folders: Sequence[str],
    store: Path | None,
    conditions: Sequence[str],
    device_key: str | None,
    again: bool,
    beside: str,
    weights: Sequence[Path],
    data: Path | None,
    report: Path | None,
    github: bool,
    as_json: bool,
) -> None:
    """Compare RUNS, run folders or folders of them, clip by clip with the baselines of their
    device.

    A flip of an answer is excused only at a tie. Exit status: 0 nothing got worse, 1 a regression,
    2 no baseline, 3 another device or unusable data, 4 the check or a run failed.
    """
    _refuse_old_words(run_folders)
    if not run_folders or store is None:
        raise UsageError(
            "'mserbench check' compares runs with their baselines: give run folders and "
            "--baseline FOLDER, as in 'mserbench check runs --baseline leaderboard/baselines'"
        )
    if (beside or weights) and not again:
        raise UsageError("--beside and --weights are for runs that are run again: add --again")

    outcomes = _outcomes(
        [Path(folder) for folder in run_folders], store, conditions, device_key, again,
        beside, weights, data,
    )  # fmt: skip
    _show(outcomes, report, github, as_json)

    from mserbench.checking.outcome import exit_code

    if code := exit_code(outcomes):
        raise click.exceptions.Exit(code)


def _refuse_old_words(words: Sequence[str]) -> None:
    """Raises UsageError for what this command was called with before it compared runs."""
    # A folder of that name is one of runs.
    if not words or Path(words[0]).exists():
        return
    if words[0] == "packages":
        raise UsageError("'mserbench check packages' is called 'mserbench packages' now")
    if words[0] in _OLD_WORDS:
        raise UsageError(
            f"'mserbench check {words[0]}' is called 'mserbench conform {words[0]}' now: give "
            f"'mserbench conform {' '.join(words)}'"
        )


def _outcomes(
    run_folders: Sequence[Path],
    store: Path,
    conditions: Sequence[str],
    device_key: str | None,
    again: bool,
    beside: str,
    weights: Sequence[Path],
    data: Path | None,
) -> list[Outcome]:
    from mserbench.checking import conduct, gates
    from mserbench.checking.baselines import Store
    from mserbench.checking.device_key import device_key as key_of

    thresholds = gates.parse(conditions)
    if not store.is_dir():
        raise UsageError(
            f"--baseline {str(store)!r} is no folder: 'mserbench baseline add RUN' makes one"
        )

    baselines = Store(store)
    outcomes = conduct.check(
        conduct.folders(run_folders), baselines, key_of, thresholds, device_key
    )
    if not again:
        return outcomes

    from mserbench.checking.again import Means, confirmed, named_weights

    means = Means(data, named_weights(weights))

    def judge(folder: Path, key: str) -> Outcome:
        return conduct.check([folder], baselines, key_of, thresholds, key)[0]

    return [confirmed(outcome, means, judge, beside) for outcome in outcomes]


def _show(outcomes: Sequence[Outcome], report: Path | None, github: bool, as_json: bool) -> None:
    from mserbench.checking import reporting
    from mserbench.disk.files import write_atomic

    page = reporting.step_summary(outcomes) if report or github else ""
    if report:
        write_atomic(report, page)

    if github:
        from mserbench.checking.github import SUMMARY_VARIABLE, commands, write_summary

        # GitHub reads both streams; with --json stdout is for JSON alone.
        for line in commands(outcomes):
            click.echo(line, err=as_json)

        if summary_file := os.environ.get(SUMMARY_VARIABLE):
            write_summary(Path(summary_file), page)

    if as_json:
        _common.print_json(reporting.as_json(outcomes))
    else:
        _common.print_blocks(reporting.blocks(outcomes))
