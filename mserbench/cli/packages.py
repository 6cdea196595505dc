"""`mserbench packages`: load what is installed, and name packages that do not fit one another."""

from __future__ import annotations

import click

from mserbench.cli import _common


@click.command(name="packages", short_help="load all packages; say which do not fit one another")
def command() -> None:
    """Load every installed package that the core and the models need; exit 4 where two do not fit
    one another.
    """
    from mserbench.plugins import misfits, registry
    from mserbench.plugins.hookspecs import ModelEntry
    from mserbench.weights.named import weights_named, weights_names

    needed = [package for entry in registry.entries(ModelEntry).values() for package in entry.needs]
    needed += [package for name in weights_names() for package in weights_named(name).needs]

    # The core's packages come first: the first that fails is named, and others are built on numpy.
    versions = misfits.load(dict.fromkeys((*misfits.CORE, *needed)))
    _common.say(
        f"{len(versions)} packages load: "
        f"{', '.join(f'{name} {version}' for name, version in versions.items())}"
    )
