"""`mserbench conform`: run the conformance kit on a model, task or corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common

if TYPE_CHECKING:
    from mserbench.testing import Finding


@click.group(name="conform", short_help="run the conformance kit on a model, task or corpus")
def command() -> None:
    """Run the conformance kit; exit 1 where a check failed."""


@command.command(name="model")
@click.argument("name")
@click.option(
    "--weights", help="Folder of weights, or the name of weights that ship with the model."
)
@_common.option_option
@_common.wide_option
@_common.json_option
def model(name: str, weights: str | None, options: Sequence[str], as_json: bool) -> None:
    """Check a model on synthetic clips: what it returns, depends on, survives, and says of
    itself.
    """
    from mserbench.testing import check_model

    report(check_model(name, weights, _common.pairs(options)), as_json)


@command.command(name="task")
@click.argument("name")
@_common.data_option
@_common.wide_option
@_common.json_option
def task(name: str, data: Path | None, as_json: bool) -> None:
    """Check a task: labels, closed map, counts, languages."""
    from mserbench.testing import check_task

    report(check_task(name, data), as_json)


@command.command(name="corpus")
@click.argument("name")
@_common.data_option
@_common.wide_option
@_common.json_option
def corpus(name: str, data: Path | None, as_json: bool) -> None:
    """Check a corpus: its card, and that its parser does not depend on how the files lie."""
    from mserbench.testing import check_corpus

    report(check_corpus(name, data), as_json)


def report(findings: Sequence[Finding], as_json: bool) -> None:
    """Print findings as a table or as JSON; exit 1 where one failed."""
    if as_json:
        _common.print_json([{**asdict(finding), "status": finding.status} for finding in findings])
    else:
        _common.print_table(
            [[finding.check, finding.status, finding.sentence] for finding in findings],
            ["check", "", "what was seen"],
        )
        count = {
            status: sum(finding.status == status for finding in findings)
            for status in ("ok", "failed", "skipped")
        }
        _common.say("\n" + ", ".join(f"{n} {status}" for status, n in count.items()))

    # What could not be checked is no fault of the plugin.
    if any(finding.ok is False for finding in findings):
        raise click.exceptions.Exit(1)
