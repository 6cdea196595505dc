"""Files that ship inside an installed package, named `package:file`."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mserbench.errors import PluginError


def package_file(target: str) -> Path:
    """Return the path of `package:file` (or `package:folder`).

    Raises PluginError where there is no such package.
    """
    package, _, name = target.partition(":")
    # Found, not imported: a file can be had of a package that fails to import.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise PluginError(
            f"{target!r} names {package!r}, which is not a package here: reinstall the plugin it "
            "is of"
        )

    return Path(next(iter(spec.submodule_search_locations))) / name
