"""Finds plugins by entry point and loads each one on its own, so that a broken one cannot hide the rest."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pluggy

from mserbench import hookspecs
from mserbench.contracts import API_VERSION
from mserbench.errors import PluginError
from mserbench.hookspecs import Entry

GROUP = "mserbench"
SWITCH = "MSERBENCH_PLUGINS"
HOST = "mserbench"  # the distribution whose own entry points are always loaded

HOOKS: dict[str, type] = {
    "register_corpora": hookspecs.CorpusEntry,
    "register_tasks": hookspecs.TaskEntry,
    "register_models": hookspecs.ModelEntry,
    "register_commands": hookspecs.CommandEntry,
}


@dataclass(slots=True)
class Plugin:
    """One entry point of the group `mserbench`, and what became of it."""

    name: str
    distribution: str
    version: str
    module: str
    entries: list[Entry] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # one sentence each
    skipped: bool = False  # switched off by MSERBENCH_PLUGINS

    @property
    def status(self) -> str:
        """`ok`, `failed` (some or all of it is missing) or `off`."""
        return "off" if self.skipped else "failed" if self.failures else "ok"


def load_plugins(strict: bool = False) -> list[Plugin]:
    """Load every installed plugin, each in isolation, in the order of their names.

    `MSERBENCH_PLUGINS`, where set, names the only third-party plugins (entry point or distribution, comma
    separated) to load; `none` or empty loads none. Raises PluginError for the first failure if `strict`.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = []
    for plugin, entry_point in _discover():
        plugins.append(plugin)
        if not plugin.skipped and not plugin.failures:
            _load(manager, plugin, entry_point)
    _mark_conflicts(plugins)
    if strict:
        for plugin in plugins:
            for failure in plugin.failures:
                raise PluginError(f"{failure} (--strict-plugins stops at the first failure)")
    return plugins


def _discover() -> Iterator[tuple[Plugin, importlib.metadata.EntryPoint]]:
    switch = os.environ.get(SWITCH)
    wanted = None if switch is None else {name.strip() for name in switch.split(",")} - {"", "none"}
    seen: dict[str, str] = {}
    found = []
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        distribution = entry_point.dist.name if entry_point.dist else "unknown"
        version = entry_point.dist.version if entry_point.dist else "unknown"
        found.append((Plugin(entry_point.name, distribution, version, entry_point.value), entry_point))
    # The host first: where two plugins claim a name, its own entries win.
    for plugin, entry_point in sorted(found, key=lambda pair: (pair[0].distribution != HOST, pair[0].name)):
        names = {plugin.name, plugin.distribution}
        plugin.skipped = wanted is not None and plugin.distribution != HOST and not names & wanted
        if plugin.name in seen and seen[plugin.name] != plugin.distribution:
            plugin.failures.append(
                f"plugin {plugin.name!r} of {plugin.distribution} has the entry point name of a plugin of "
                f"{seen[plugin.name]}: one of the two packages must rename its entry point"
            )
        seen.setdefault(plugin.name, plugin.distribution)
        yield plugin, entry_point


def _load(manager: pluggy.PluginManager, plugin: Plugin, entry_point: importlib.metadata.EntryPoint) -> None:
    try:
        module = entry_point.load()
    except BaseException as error:  # a plugin may even call sys.exit at import
        if isinstance(error, KeyboardInterrupt):
            raise
        plugin.failures.append(_sentence(plugin, f"cannot be imported ({type(error).__name__}: {error})"))
        return
    wanted = getattr(module, "MSERBENCH_API", API_VERSION)
    if wanted != API_VERSION:
        plugin.failures.append(
            _sentence(plugin, f"was made for API version {wanted}, but this mserbench has {API_VERSION}")
        )
        return
    _warn_of_misspelt_hooks(plugin, module)
    try:
        manager.register(module, name=plugin.name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        manager.unregister(module)
        plugin.failures.append(_sentence(plugin, f"has an invalid hook ({_first_line(error)})"))
        return
    for caller in manager.get_hookcallers(module) or []:
        _collect(plugin, module, caller.name)


def _warn_of_misspelt_hooks(plugin: Plugin, module: object) -> None:
    for name in vars(module):
        if name.startswith("register_") and name not in HOOKS:
            near = " or ".join(HOOKS)
            plugin.failures.append(_sentence(plugin, f"defines {name!r}, which is no hook (hooks are {near})"))
        elif name in HOOKS and not hasattr(vars(module)[name], f"{hookspecs.PROJECT}_impl"):
            plugin.failures.append(_sentence(plugin, f"defines {name!r} without @mserbench.hookimpl"))


def _collect(plugin: Plugin, module: object, hook: str) -> None:
    try:
        entries = list(getattr(module, hook)())
    except Exception as error:  # the hook is the plugin's code: anything may happen in it
        plugin.failures.append(_sentence(plugin, f"failed in {hook} ({type(error).__name__}: {error})"))
        return
    for entry in entries:
        if not isinstance(entry, HOOKS[hook]):
            kind = HOOKS[hook].__name__
            plugin.failures.append(_sentence(plugin, f"returned {entry!r} from {hook} instead of a {kind}"))
        elif entry.target.count(":") != 1:
            plugin.failures.append(
                _sentence(plugin, f"gave {entry.name!r} the target {entry.target!r}, not 'module:attribute'")
            )
        else:
            plugin.entries.append(entry)


def _mark_conflicts(plugins: list[Plugin]) -> None:
    owner: dict[tuple[type, str], Plugin] = {}
    for plugin in plugins:
        kept = []
        for entry in plugin.entries:
            first = owner.setdefault((type(entry), entry.name), plugin)
            if first is plugin and entry.name not in {e.name for e in kept if type(e) is type(entry)}:
                kept.append(entry)
            else:
                plugin.failures.append(
                    _sentence(plugin, f"offers {entry.name!r}, a name that {first.name!r} has; the first one stays")
                )
        plugin.entries = kept


def _sentence(plugin: Plugin, what: str) -> str:
    return f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version} {what}: update or uninstall it"


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())
