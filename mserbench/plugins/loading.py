"""Finds plugins by entry point and loads each alone, so that a broken one hides no other."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

import pluggy

from mserbench.contracts import API_VERSION
from mserbench.disk.files import cache_dir
from mserbench.errors import PluginError, plain, why
from mserbench.plugins import blame, hookspecs, kinds, probing
from mserbench.plugins.hookspecs import Entry

GROUP = "mserbench"
SWITCH = "MSERBENCH_PLUGINS"
_TITLE = 200  # characters of a title that are shown
HOST = "mserbench"  # the distribution whose own entry points are always loaded


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

    `MSERBENCH_PLUGINS`, where set, names the only third-party plugins (entry point or distribution,
    comma separated) to load; `none` or empty loads none. Raises PluginError for the first failure
    if `strict`.
    """
    manager = _manager()
    discovered = list(_discover())
    plugins = [plugin for plugin, _ in discovered]

    with probing.watched(_strangers(plugins), cache_dir()) as reasons:
        for plugin, entry_point in discovered:
            if plugin.name in reasons and plugin.distribution != HOST:
                _fail(plugin, reasons[plugin.name])
            elif _is_to_load(plugin):
                _load(manager, plugin, entry_point)

    _mark_conflicts(plugins)
    if strict:
        for plugin in plugins:
            for failure in plugin.failures:
                raise PluginError(f"{failure} (--strict-plugins stops at the first failure)")

    return plugins


def load_for_a_parent(report: int) -> None:
    """Load the plugins that the environment names, one after another, each told by a byte.

    `report` is the descriptor of a pipe. Whatever becomes of this process is for its parent to see.
    """
    names = os.environ[probing.SWITCH].split(",")
    discovered = {plugin.name: (plugin, entry_point) for plugin, entry_point in _discover()}
    for name in names:
        manager = _manager()
        _load(manager, *discovered[name])
        os.write(report, b".")

    # At once, as what a plugin does at the end of a process is none of its loading.
    os._exit(0)


def _strangers(plugins: Iterable[Plugin]) -> list[probing.Candidate]:
    """Return the plugins to load that are not of this distribution."""
    return [
        probing.Candidate(plugin.name, plugin.distribution, plugin.version, plugin.module)
        for plugin in plugins
        if plugin.distribution != HOST and _is_to_load(plugin)
    ]


def _is_to_load(plugin: Plugin) -> bool:
    return not plugin.skipped and not plugin.failures


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(_specifications())
    return manager


def _hooks_by_name() -> dict[str, kinds.Kind]:
    return {kind.hook_name: kind for kind in kinds.KINDS}


def _specifications() -> ModuleType:
    """Return the hooks of all kinds in the form that pluggy takes: the functions of a module."""
    module = ModuleType("hooks")
    vars(module).update({name: kind.hook for name, kind in _hooks_by_name().items()})
    return module


def _discover() -> Iterator[tuple[Plugin, importlib.metadata.EntryPoint]]:
    """Yield the installed plugins in order; those switched off or with a taken name are marked."""
    switch = os.environ.get(SWITCH)
    switched_on = (
        None if switch is None else {name.strip() for name in switch.split(",")} - {"", "none"}
    )
    owners: dict[str, str] = {}

    for plugin, entry_point in _installed():
        names = {plugin.name, plugin.distribution}
        plugin.skipped = (
            switched_on is not None and plugin.distribution != HOST and not names & switched_on
        )
        # A plugin that is switched off takes no name.
        owner = plugin.distribution
        if not plugin.skipped:
            owner = owners.setdefault(plugin.name, plugin.distribution)

        if owner != plugin.distribution:
            plugin.failures.append(
                f"plugin {plugin.name!r} of {plugin.distribution} has the entry point name of a "
                f"plugin of {owner}: one of the two packages must rename its entry point"
            )

        yield plugin, entry_point


def _installed() -> list[tuple[Plugin, importlib.metadata.EntryPoint]]:
    """Return all plugins, the host first: where two claim a name, its own entries win."""
    pairs = []
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        # Read once: each access parses the file of a distribution anew.
        facts = (
            entry_point.dist.metadata
            if entry_point.dist
            else {"Name": "unknown", "Version": "unknown"}
        )
        plugin = Plugin(entry_point.name, facts["Name"], facts["Version"], entry_point.value)
        pairs.append((plugin, entry_point))

    return sorted(pairs, key=lambda pair: (pair[0].distribution != HOST, pair[0].name))


def _load(
    manager: pluggy.PluginManager, plugin: Plugin, entry_point: importlib.metadata.EntryPoint
) -> None:
    """Import a plugin and collect its entries; whatever it raises becomes its failure."""
    module = None
    # A plugin may even call sys.exit at import.
    with blame.failure_told(lambda reason: _fail(plugin, f"cannot be imported ({reason})")):
        module = entry_point.load()

    if plugin.failures:
        return
    if not isinstance(module, ModuleType):
        plugin.failures.append(
            _sentence(plugin, f"has the entry point {plugin.module!r}, which is no module")
        )
        return

    version = getattr(module, "MSERBENCH_API", API_VERSION)
    if version != API_VERSION:
        plugin.failures.append(
            _sentence(
                plugin, f"was made for API version {version}, but this mserbench has {API_VERSION}"
            )
        )
        return

    for hook in _hooks(manager, plugin, module):
        _collect(plugin, module, hook)


def _hooks(manager: pluggy.PluginManager, plugin: Plugin, module: ModuleType) -> list[str]:
    """Return the hooks a module implements; what only looks like one becomes a failure."""
    try:
        manager.register(module, name=plugin.name)
        implemented = [caller.name for caller in manager.get_hookcallers(module) or []]
    except pluggy.PluginValidationError as error:
        plugin.failures.append(_sentence(plugin, f"has an invalid hook ({why(error)})"))
        return []
    finally:
        if manager.is_registered(module):  # one at a time: nothing of a plugin can touch another
            manager.unregister(module)

    known_hooks = _hooks_by_name()
    for name in implemented:
        if name not in known_hooks:
            import difflib

            near = " or ".join(difflib.get_close_matches(name, known_hooks, n=1, cutoff=0.0))
            plugin.failures.append(
                _sentence(plugin, f"implements {name!r}, which is no hook; did you mean {near!r}?")
            )

    for name, value in vars(module).items():
        # A helper that it imports is no mistake.
        own = getattr(value, "__module__", None) == module.__name__
        if own and name.startswith("register_") and name not in implemented:
            plugin.failures.append(
                _sentence(plugin, f"defines {name!r} without @mserbench.hookimpl")
            )

    return [name for name in implemented if name in known_hooks]


def _collect(plugin: Plugin, module: ModuleType, hook: str) -> None:
    """Call one hook of a plugin, and keep those of its entries that are well formed."""
    entries: list[object] = []
    # The hook is the plugin's code: anything may happen in it.
    with blame.failure_told(lambda reason: _fail(plugin, f"failed in {hook} ({reason})")):
        entries = list(getattr(module, hook)())

    record = _hooks_by_name()[hook].record
    for entry in entries:
        if not isinstance(entry, record):
            plugin.failures.append(
                _sentence(plugin, f"returned {entry!r} from {hook} instead of a {record.__name__}")
            )
        elif not isinstance(entry.name, str) or not re.fullmatch(
            r"[\w.]+:[^:]+", str(entry.target)
        ):
            plugin.failures.append(
                _sentence(
                    plugin,
                    f"gave {entry.name!r} the target {entry.target!r}, not a name and "
                    "'module:attribute'",
                )
            )
        else:
            # Listings show it: a title is a plugin's text as any other.
            title = plain(str(entry.title), _TITLE)
            plugin.entries.append(dataclasses.replace(entry, title=title))


def _mark_conflicts(plugins: list[Plugin]) -> None:
    """Keep the first entry of each kind and name; each later one is a failure of its plugin."""
    owners: dict[tuple[type, str], Plugin] = {}
    for plugin in plugins:
        unique: dict[tuple[type, str], Entry] = {}
        for entry in plugin.entries:
            key = type(entry), entry.name
            first = owners.setdefault(key, plugin)
            # A plugin may offer one name twice itself.
            if first is plugin and key not in unique:
                unique[key] = entry
                continue

            plugin.failures.append(
                _sentence(
                    plugin,
                    f"offers {entry.name!r}, a name that {first.name!r} has; the first one stays",
                )
            )

        plugin.entries = list(unique.values())


def _fail(plugin: Plugin, problem: str) -> None:
    plugin.failures.append(_sentence(plugin, problem))


def _sentence(plugin: Plugin, problem: str) -> str:
    return (
        f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version} {problem}: update or "
        "uninstall it"
    )
