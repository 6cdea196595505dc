"""`mserbench plugins`: list the plugins, their versions and failures."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="plugins", short_help="list the plugins, their versions and failures")
@_common.json_option
def command(as_json: bool) -> None:
    """List every installed plugin; exit 1 where one failed."""
    from mserbench.plugins import registry

    found = registry.installed()
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
                for plugin in found
            ]
        )
    else:
        rows = [
            [plugin.name, plugin.distribution, plugin.version, plugin.status, len(plugin.entries)]
            for plugin in found
        ]
        _common.print_table(
            rows, ["plugin", "distribution", "version", "status", "entries"], right=("entries",)
        )
        for plugin in found:
            for failure in plugin.failures:
                click.echo(f"failed: {failure}", err=True)

    if any(plugin.failures for plugin in found):
        raise click.exceptions.Exit(1)
