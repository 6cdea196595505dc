"""`mserbench plugins`: list the plugins, their versions and failures."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="plugins", short_help="list the plugins, their versions and failures")
@_common.wide_option
@_common.json_option
def command(as_json: bool) -> None:
    """List every installed plugin; exit 1 where one failed."""
    from mserbench.plugins import registry

    installed = registry.installed()
    if as_json:
        _common.print_json(
            [
                {
                    "name": plugin.name,
                    "distribution": plugin.distribution,
                    "version": plugin.version,
                    "module": plugin.module,
                    "status": plugin.status,
                    "brings": [entry.name for entry in plugin.entries],
                    "failures": plugin.failures,
                }
                for plugin in installed
            ]
        )
    else:
        rows = [
            [plugin.name, plugin.distribution, plugin.version, plugin.status, len(plugin.entries)]
            for plugin in installed
        ]
        _common.print_table(
            rows,
            ["plugin", "distribution", "version", "status", "entries"],
            right=("entries",),
            least=("distribution", "version", "entries"),
        )
        for plugin in installed:
            for failure in plugin.failures:
                click.echo(f"failed: {failure}", err=True)

    if any(plugin.failures for plugin in installed):
        raise click.exceptions.Exit(1)
