"""Plugins are found, loaded each on its own, and every fault of one is named and stops no other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench.errors import PluginError
from mserbench.plugins import loading
from mserbench.plugins.loading import Plugin

HOOK = (
    "from mserbench import CommandEntry, CorpusEntry, ModelEntry, TaskEntry, hookimpl\n@hookimpl\n"
)
GOOD = (
    HOOK + "def register_models(): return [ModelEntry('{name}-model', '{name}:Model', 'a model')]\n"
)

Install = Callable[..., None]
BOTH = {"aa_one", "bb_two"}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with one entry point on the path, as an installer would write it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("MSERBENCH_PLUGINS", raising=False)

    def write(name: str, code: str, entry: str = "", target: str = "") -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code.format(name=module), encoding="utf-8")
        facts = tmp_path / f"{module}-2.5.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
        (facts / "entry_points.txt").write_text(
            f"[mserbench]\n{entry or name} = {target or module}\n"
        )
        monkeypatch.delitem(sys.modules, module, raising=False)

    return write


def loaded() -> dict[str, Plugin]:
    return {
        plugin.distribution if plugin.name == "shared" else plugin.name: plugin
        for plugin in loading.load_plugins()
    }


def names(plugin: Plugin) -> list[str]:
    return [entry.name for entry in plugin.entries]


def test_a_plugin_brings_what_its_hooks_return(install: Install) -> None:
    """If it did not, no package could add anything."""
    install("aa_good", GOOD)
    plugin = loaded()["aa_good"]
    assert (plugin.status, plugin.version, names(plugin)) == ("ok", "2.5", ["aa_good-model"])


FAULTS = {
    "an absent import": ("import not_here_at_all\n",
    "ModuleNotFoundError: No module named 'not_here_at_all'"),
    "an exit at import": ("raise SystemExit(0)\n", "SystemExit"),
    "a syntax error": ("def def\n", "SyntaxError"),
    "an exit in a hook": (HOOK + "def register_models(): raise SystemExit\n",
        "failed in register_models (SystemExit"),
    "an error half-way": (
        HOOK + "def register_models():\n    yield ModelEntry('half-model', 'half:Model', '')\n    "
            "1 / 0\n",
        "failed in register_models (ZeroDivisionError",
    ),
    "no list": (HOOK + "def register_models(): return None\n",
        "failed in register_models (TypeError"),
    "no record": (HOOK + "def register_models(): return ['m']\n",
    "returned 'm' from register_models"),
    "the wrong record": (
        HOOK + "def register_tasks(): return [ModelEntry('m', 'm:M', '')]\n",
        "from register_tasks instead of a TaskEntry",
    ),
    "a target without attribute": (HOOK + "def register_models(): return [ModelEntry('m', 'm.M', "
        "'')]\n", "'m.M'"),
    "no target": (HOOK + "def register_models(): return [ModelEntry('m', None, '')]\n",
    "the target None"),
    "no name": (HOOK + "def register_models(): return [ModelEntry(None, 'm:M', '')]\n",
    "gave None the target"),
    "a misspelt hook": (HOOK + "def register_taks(): return []\n",
    "no hook; did you mean 'register_tasks'"),
    "no marker": ("def register_tasks(): return []\n",
    "defines 'register_tasks' without @mserbench.hookimpl"),
    "a strange argument": (HOOK + "def register_tasks(folder): return []\n", "has an invalid hook"),
    "another API": ("MSERBENCH_API = 99\n",
    "was made for API version 99, but this mserbench has 1"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_plugin_is_named_and_hides_no_other(install: Install, fault: str) -> None:
    """If one fault hid the plugins around it, installing a bad package would break good ones."""
    code, sentence = FAULTS[fault]
    install("aa_before", GOOD)
    install("bb_broken", code.replace("{", "{{").replace("}", "}}"))
    install("cc_after", GOOD)
    plugins = loaded()
    assert len(plugins["bb_broken"].failures) == 1
    assert sentence in plugins["bb_broken"].failures[0]
    assert "'bb_broken' of bb_broken 2.5" in plugins["bb_broken"].failures[0]
    assert plugins["bb_broken"].status == "failed"
    assert names(plugins["aa_before"]) == ["aa_before-model"]
    assert names(plugins["cc_after"]) == ["cc_after-model"]


def test_an_entry_point_that_is_no_module_is_named(install: Install) -> None:
    """If it raised, or passed for a plugin without entries, its author would look in the wrong
    place.
    """
    install("aa_object", "THING = 3\n", target="aa_object:THING")
    assert "'aa_object:THING', which is no module" in loaded()["aa_object"].failures[0]


def test_a_misspelt_hook_leaves_the_others_of_its_plugin(install: Install) -> None:
    """If all were lost, one typing error would cost a user the models that work."""
    install("aa_mixed", GOOD + "@hookimpl\ndef register_corpuses(): return []\n")
    plugin = loaded()["aa_mixed"]
    assert names(plugin) == ["aa_mixed-model"]
    assert "'register_corpora'" in plugin.failures[0]


def test_an_imported_helper_is_no_misspelt_hook(install: Install) -> None:
    """If it were, a plugin could not use a library that names its functions alike."""
    install("aa_helper", "from atexit import register as register_exit\n" + GOOD)
    assert loaded()["aa_helper"].failures == []


def test_the_first_plugin_keeps_a_name_that_two_offer(install: Install) -> None:
    """If the second won, installing a package could silently change what a name means."""
    model = HOOK + "def register_models(): return [ModelEntry('same', '{name}:Model', '')]\n"
    install("aa_first", model)
    install("bb_second", model)
    plugins = loaded()
    assert names(plugins["aa_first"]) == ["same"]
    assert plugins["aa_first"].failures == []
    assert names(plugins["bb_second"]) == []
    assert "'same', a name that 'aa_first' has" in plugins["bb_second"].failures[0]


def test_no_plugin_takes_a_name_of_ours(install: Install) -> None:
    """If it could, a package whose name sorts first could replace `emodb-sample` and its labels."""
    install(
        "a_thief",
        HOOK + "def register_tasks(): return [TaskEntry('emodb-sample', 'a_thief:T', '')]\n",
    )
    plugins = loaded()
    assert names(plugins["a_thief"]) == []
    assert "emodb-sample" in names(plugins["tasks"])


def test_one_name_for_things_of_two_kinds_is_no_conflict(install: Install) -> None:
    """If it were, a task could not be called like its corpus."""
    install(
        "aa_kinds",
        HOOK + "def register_corpora(): return [CorpusEntry('same', 'm:C', '')]\n"
        "@hookimpl\ndef register_tasks(): return [TaskEntry('same', 'm:T', '')]\n",
    )
    assert names(loaded()["aa_kinds"]) == ["same", "same"]


def test_a_plugin_that_repeats_a_name_keeps_the_first(install: Install) -> None:
    """If both stayed, which of the two runs would be chance."""
    entry = "ModelEntry('same', 'm:{kind}', '')"
    install(
        "aa_twice",
        f"{HOOK}def register_models(): return [{entry.format(kind='A')}, "
        f"{entry.format(kind='B')}]\n",
    )
    plugin = loaded()["aa_twice"]
    assert [entry.target for entry in plugin.entries] == ["m:A"]
    assert len(plugin.failures) == 1


def test_two_distributions_with_one_entry_point_name(install: Install) -> None:
    """If the second were skipped without a word, its user would search in vain for what it
    brings.
    """
    install("aa_one", GOOD, entry="shared")
    install("bb_two", GOOD, entry="shared")
    plugins = loaded()
    assert names(plugins["aa_one"]) == ["aa_one-model"]
    assert "must rename its entry point" in plugins["bb_two"].failures[0]


@pytest.mark.parametrize(
    ("switch", "on"),
    [
        (None, BOTH),
        ("none", set()),
        ("", set()),
        ("bb_two", {"bb_two"}),
        (" aa_one , bb_two", BOTH),
    ],
)
def test_the_switch_names_the_plugins_to_load(
    install: Install, monkeypatch: pytest.MonkeyPatch, switch: str | None, on: set[str]
) -> None:
    """If it did not, a harmful plugin could only be uninstalled; ours always load."""
    install("aa_one", GOOD)
    install("bb_two", GOOD)
    if switch is not None:
        monkeypatch.setenv("MSERBENCH_PLUGINS", switch)

    plugins = loaded()
    assert {name for name in ("aa_one", "bb_two") if plugins[name].status == "ok"} == on
    assert {name for name in ("aa_one", "bb_two") if plugins[name].status == "off"} == BOTH - on
    assert plugins["tasks"].status == "ok"


def test_a_plugin_that_is_off_is_never_imported_and_never_fails(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were, switching it off would not protect from it."""
    install("aa_first", GOOD, entry="shared")
    install("bb_broken", "raise SystemExit\n", entry="shared")
    monkeypatch.setenv("MSERBENCH_PLUGINS", "aa_first")
    plugins = loaded()
    assert plugins["bb_broken"].status == "off"
    assert plugins["bb_broken"].failures == []
    assert "bb_broken" not in sys.modules


def test_strict_raises_the_first_failure(install: Install) -> None:
    """If it did not, a pipeline could not insist on a sound environment."""
    install("aa_good", GOOD)
    install("bb_broken", "import not_here_at_all\n")
    with pytest.raises(
        PluginError, match=r"'bb_broken' of bb_broken 2\.5 cannot be imported.*--strict-plugins"
    ):
        loading.load_plugins(strict=True)


@pytest.mark.parametrize("command", ["--help", "tasks", "models", "corpora", "plugins"])
def test_listing_imports_nothing_heavy(command: str) -> None:
    """If it did, every look at what is there would take seconds."""
    code = (
        "import sys\nfrom mserbench.cli import main\ntry:\n    main([sys.argv[1]])\nexcept "
        "SystemExit as done:\n    assert done.code == 0, done.code\nheavy = {'numpy', 'pandas', "
        "'scipy', 'sklearn', 'soundfile', 'torch', 'rich'} & set(sys.modules)\nassert not heavy, "
        "heavy\n"
    )
    environment = {"MSERBENCH_PLUGINS": "none", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code, command],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
