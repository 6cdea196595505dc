"""Experiments by name: the file that defines each."""

from __future__ import annotations

from pathlib import Path

from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ExperimentEntry

OWN = ".toml"  # the name of an experiment of one's own is the path of such a file


def experiment_file(name: str) -> Path:
    """Return the file of the experiment of that name, or the TOML file itself. Raises UnknownName,
    PluginError.
    """
    if name.endswith(OWN):
        return Path(name)

    file: Path = registry.resolve(registry.entry(ExperimentEntry, name))
    return file
