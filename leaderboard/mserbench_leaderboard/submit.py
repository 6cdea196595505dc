"""`mserbench submit check`: look at a folder of predictions as a maintainer would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common

if TYPE_CHECKING:
    from mserbench_leaderboard.submitted import Checked


@click.group(name="submit", short_help="check a folder of predictions before a pull request")
def command() -> None:
    """Bring predictions of your own to the board; see CONTRIBUTING.md."""


@command.command(name="check", short_help="all that a maintainer would check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--dir",
    "board",
    type=click.Path(path_type=Path),
    help="Folder of the board that it is compared with.  [default: leaderboard]",
)
@_common.data_option
@_common.json_option
def check(folder: Path, board: Path | None, data: Path | None, as_json: bool) -> None:
    """Check FOLDER: card.json, predictions named after their task, and perhaps a README.md.

    Everything is computed anew: ids, labels, scores, verdict. Exit code 1 where something must be
    mended, or be looked at by a person; 3 where the folder cannot be read.
    """
    from mserbench_leaderboard import submitted

    place = board or Path("leaderboard")
    submitted.require_board(place, is_named=board is not None)
    checked = submitted.check(folder, place, data)
    if as_json:
        _common.print_json(
            {
                "name": checked.name,
                "tasks": [part.record() for part in checked.answered],
                "findings": checked.findings,
                "doubts": checked.doubts,
                "notes": checked.notes,
            }
        )
    else:
        _print(checked, folder)

    if checked.findings or checked.doubts:
        raise click.exceptions.Exit(1)


def _print(checked: Checked, folder: Path) -> None:
    for part in checked.answered:
        _common.say(part.sentence)
    for note in checked.notes:
        _common.say(f"note: {note}")
    for finding in checked.findings:
        _common.say(f"to mend: {finding}")
    for doubt in checked.doubts:
        _common.say(f"to look at: {doubt}")

    _common.say(
        f"{len(checked.findings)} to mend, {len(checked.doubts)} to look at in {str(folder)!r}"
    )
