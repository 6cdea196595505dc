"""`mserbench tasks`: list the tasks."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="tasks", short_help="list the tasks")
@_common.wide_option
@_common.json_option
def command(as_json: bool) -> None:
    """List the tasks of all installed plugins."""
    from mserbench.cli._listing import listing
    from mserbench.plugins.hookspecs import TaskEntry

    listing(TaskEntry, as_json)
