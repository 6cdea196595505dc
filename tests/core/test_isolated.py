"""--isolated: a model's code runs in a child that gets arrays alone, with the same numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mserbench.data import dataset, lookup
from mserbench.errors import ModelError
from mserbench.results.runs import Run
from mserbench.running import evaluation
from mserbench.running.spec import Spec

TASK = "emodb-sample"
Install = Callable[..., Path]

LOOKING = """
    import gc
    import os


    class Looking(Model):
        @property
        def card(self):
            return _card("looking")

        def predict(self, clips, labels):
            names = {type(thing).__name__ for thing in gc.get_objects()}
            self.looked = sorted(names & {"Utterance", "Item", "Dataset"})
            self.looked += [key for key in os.environ if key == "MSERBENCH_DATA"]
            return _scores(clips, labels)

        def facts(self, labels):
            return {"looked": self.looked}


    class Dying(Model):
        @property
        def card(self):
            return _card("dying")

        def predict(self, clips, labels):
            os._exit(0)


    class Choosy(Model):
        @property
        def card(self):
            return _card("choosy")

        def predict(self, clips, labels):
            from mserbench.errors import ClipError
            raise ClipError("it heard nothing", 0)
"""


@pytest.fixture
def ask(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, bool], Run]:
    """Run a model by its name, in this process or in a child."""
    folder = plugin(LOOKING, models=["Looking", "Dying", "Choosy"])
    monkeypatch.setenv("MSERBENCH_DATA", str(tmp_path))
    # The child finds the plugin of this test as any process finds what is installed.
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), before]))

    def run(model: str, isolated: bool) -> Run:
        target = dataset.load(lookup.task(TASK), None, limit=20)
        spec = Spec.of(model, target)
        out = tmp_path / ("child" if isolated else "here")
        return evaluation.run_spec(spec, target, out, isolated=isolated)

    return run


@pytest.mark.parametrize("model", ["steady", "prior", "logmel"])
def test_a_child_gives_the_same_numbers(ask: Callable[[str, bool], Run], model: str) -> None:
    """If they differed, nobody could compare runs that were made with and without."""
    here, child = ask(model, False), ask(model, True)
    assert child.rows == here.rows
    assert child.record.key == here.record.key
    assert child.record.facts == here.record.facts
    assert ask(model, True).shown_again


def test_a_child_holds_no_label_and_no_name(ask: Callable[[str, bool], Run]) -> None:
    """If it did, `gc` would give a model what it is asked for; in one process it does."""
    assert "Item" in ask("looking", False).record.facts["looked"]
    assert ask("looking", True).record.facts["looked"] == []


def test_a_child_that_ends_is_the_models_fault(ask: Callable[[str, bool], Run]) -> None:
    """If the program ended with it, a model could end a run of many models without a word."""
    with pytest.raises(ModelError, match="model 'dying' ended its process while predicting"):
        ask("dying", True)


def test_a_clip_at_which_a_child_fails_is_named(ask: Callable[[str, bool], Run]) -> None:
    """The child does not know what the clip is called."""
    with pytest.raises(ModelError, match=r"at clip '.+', it heard nothing"):
        ask("choosy", True)


ODD = """
    from dataclasses import make_dataclass

    class Odd(Steady):
        # Of no module, so that no other process can be sent one.
        Options = make_dataclass("Odd", [("tone", int, 0)], frozen=True)

        @property
        def card(self):
            return _card("odd")
"""


@pytest.mark.parametrize("elsewhere", [["--isolated"], ["--workers", "1"]], ids=lambda way: way[0])
def test_options_of_a_class_made_at_run_time_need_not_be_sent(
    cli: Callable[..., Any], plugin: Callable[..., Path], tmp_path: Path, elsewhere: list[str]
) -> None:
    plugin(ODD, models=["Odd"])
    run: list[Any] = [
        "run",
        "--model",
        "odd",
        "--task",
        "emodb-sample",
        "--out",
        tmp_path,
        "--json",
    ]
    done = cli(*run, "--option", "tone=3", *elsewhere)
    assert done.code == 0, done.err
    (record,) = tmp_path.glob("emodb-sample/*/run.json")
    assert json.loads(record.read_text())["model"]["options"] == {"tone": 3}
