"""Names resolve to their objects late, and every way in which that can fail is one sentence."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from mserbench.contracts import Corpus, Task
from mserbench.data import lookup
from mserbench.errors import MissingExtra, PluginError, UnknownName, UsageError
from mserbench.model import Model, NoOptions
from mserbench.options import make_options
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, Entry, ModelEntry, TaskEntry
from mserbench.plugins.loading import Plugin
from mserbench.running.lookup import model_class, shipped_weights


@dataclass(frozen=True)
class Options:
    layers: int = 3
    rate: float = 0.5
    fast: bool = False
    mode: str = "mean"

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise ValueError(f"layers is {self.layers}, but must be at least 1")


class Tunable(Model):
    Options = Options


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch):
    """Register entries as if a plugin had brought them, with a module `things` for their
    targets.
    """

    def offered(*entries: Entry, **targets: object) -> None:
        module = ModuleType("things")
        vars(module).update(targets)
        monkeypatch.setitem(sys.modules, "things", module)
        plugin = Plugin("test", "test", "1", "things", list(entries))
        monkeypatch.setattr(registry, "installed", lambda strict=False: (plugin,))

        # what other tests described by files of their own
        monkeypatch.setattr(lookup, "_owned", {})

    return offered


def test_names_resolve_to_their_objects() -> None:
    """If they did not, nothing that a listing shows could be used."""
    task = lookup.task("emodb-sample")
    assert isinstance(task, Task)
    assert task.name == "emodb-sample"
    assert isinstance(lookup.corpus(task.corpus), Corpus)


@pytest.mark.parametrize(
    ("find", "near"),
    [(lookup.task, "emodb-sampel"), (lookup.corpus, "emodbsample"), (lookup.task, "EMODB-sample")],
)
def test_an_unknown_name_offers_the_nearest(find, near: str) -> None:
    """If it did not, a typing error would cost a search through the list."""
    with pytest.raises(
        UnknownName, match=f"'{near}' is not known; did you mean .*'emodb-sample'"
    ) as caught:
        find(near)

    assert caught.value.exit_code == 2


def test_a_name_like_no_other_says_where_all_are_listed() -> None:
    """If it offered something far off, its reader would be misled."""
    with pytest.raises(
        UnknownName, match=r"task 'qqqq' is not known; 'mserbench tasks' lists all \d+"
    ):
        lookup.task("qqqq")


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("nowhere_at_all:THING", "cannot be imported .ModuleNotFoundError"),
        ("things:MISSING", "cannot be imported .AttributeError"),
        ("things:NUMBER", "is not a Task"),
        ("things:TASK", "calls itself by another name"),
    ],
)
def test_a_target_that_is_not_there_or_not_right(offer, target: str, sentence: str) -> None:
    """If this were a traceback, a user would take a plugin's fault for their own."""
    task = Task("other", "", "emodb", ("de",), ("sad",), {"T": "sad"}, {"sad": 1})
    offer(TaskEntry("mine", target, ""), NUMBER=3, TASK=task)
    with pytest.raises(PluginError, match=f"'mine': its target '{target}' {sentence}"):
        lookup.task("mine")


def test_a_target_that_exits_at_import(
    offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it ended the program with its own code, a failed run could pass for a good one."""
    (tmp_path / "quitter.py").write_text("raise SystemExit(0)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    offer(CorpusEntry("mine", "quitter:CORPUS", ""))

    with pytest.raises(PluginError, match="SystemExit"):
        lookup.corpus("mine")


def test_a_model_must_be_a_model_class(offer) -> None:
    """If any object passed, the failure would come in the middle of a run."""
    offer(ModelEntry("mine", "things:NUMBER", ""), NUMBER=3)
    with pytest.raises(PluginError, match=r"is not a subclass of mserbench\.Model"):
        model_class("mine")


def test_a_missing_package_names_the_command_that_installs_it(offer) -> None:
    """If it were an ImportError, the user would have to find out which extra it is."""
    offer(
        ModelEntry("mine", "things:Tunable", "", needs={"not_here_at_all": "fancy"}),
        Tunable=Tunable,
    )
    with pytest.raises(
        MissingExtra,
        match=r"model 'mine' needs .*'not_here_at_all'.*pip install 'mserbench\[fancy\]'",
    ):
        model_class("mine")


def test_options_are_typed() -> None:
    """If a number stayed text, an option would be recorded that never acted."""
    options = make_options(
        Tunable, {"layers": "5", "rate": "1e-3", "fast": "True", "mode": "max"}, "mine"
    )
    assert options == Options(5, 0.001, True, "max")
    assert make_options(Tunable, {}, "mine") == Options()


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"layer": "5"}, "'layer' is not known; did you mean 'layers'"),
        ({"layers": "five"}, "'layers' of model 'mine' is 'five', but int was expected"),
        ({"layers": "1.5"}, "but int was expected"),
        ({"fast": "maybe"}, "but bool was expected"),
        ({"layers": "0"}, "layers is 0, but must be at least 1"),
    ],
)
def test_a_wrong_option_is_refused(texts: dict[str, str], sentence: str) -> None:
    """If it were dropped, the run would not be the one that was asked for."""
    with pytest.raises(UsageError, match=sentence):
        make_options(Tunable, texts, "mine")


def test_a_choice_that_is_called_none_can_be_given() -> None:
    """Taken for no value it would leave a preset's value in place, in silence: `--option
    pooling=none` did so.
    """

    @dataclass(frozen=True)
    class Options:
        pooling: Literal["none", "mean"] | None = None
        rate: float | None = 1.0

    kind = type("Model", (), {"Options": Options})
    options = make_options(kind, {"pooling": "none", "rate": "none"}, "m")  # type: ignore[arg-type]
    assert (options.pooling, options.rate) == ("none", None)


def test_a_model_without_options_takes_none() -> None:
    """If it swallowed them, a misplaced option would go unseen."""
    assert make_options(Model, {}, "mine") == NoOptions()
    with pytest.raises(UnknownName):
        make_options(Model, {"rate": "1"}, "mine")


def test_shipped_weights_are_found_in_their_package() -> None:
    """If they were not, a model could not bring its weights."""
    entry = ModelEntry(
        "mine", "m:M", "", weights={"best": "mserbench:cli", "lost": "not_here_at_all:weights"}
    )
    assert shipped_weights(entry, "best").name == "cli"
    assert shipped_weights(entry, "best").is_dir()

    with pytest.raises(UnknownName, match="did you mean 'best'"):
        shipped_weights(entry, "bst")

    with pytest.raises(PluginError, match="'not_here_at_all', which is not a package"):
        shipped_weights(entry, "lost")


def test_entries_are_sorted_by_name(offer) -> None:
    """If they followed the order of installation, listings would differ between machines."""
    offer(*(CorpusEntry(name, "m:C", "") for name in ("c", "a", "b")))
    assert list(registry.entries(CorpusEntry)) == ["a", "b", "c"]
