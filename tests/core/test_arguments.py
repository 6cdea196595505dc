"""The Python functions take names, paths and objects alike, and refuse the rest in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mserbench
from mserbench.data import lookup
from mserbench.errors import UnknownName, UsageError
from mserbench.results.manifest import read_manifest
from mserbench.running import arguments

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"


@pytest.mark.parametrize(
    "task", [TASK, Path(TASK), lookup.task(TASK)], ids=["text", "path", "task"]
)
def test_a_task_is_a_name_a_path_or_an_object(tmp_path: Path, task: Any) -> None:
    run = mserbench.evaluate("prior", task, data=tmp_path, out=tmp_path / "r", limit=np.int64(9))
    assert run.record.counts.scored == 9


@pytest.mark.parametrize(
    "on",
    [TASK, [TASK], (TASK,), Path(TASK), [Path(TASK)], lookup.task(TASK), iter([TASK])],
    ids=["text", "list", "tuple", "path", "paths", "task", "iterator"],
)
def test_sources_are_one_task_or_several(
    plugin: Callable[..., Path], tmp_path: Path, on: Any
) -> None:
    """If a text were a list of letters, the error would speak of a task 'e'."""
    plugin()
    folder = mserbench.train("trainee", on, out=str(tmp_path / "w"))
    assert read_manifest(folder).on == (TASK,)


def test_a_task_object_of_a_file_is_told_by_the_file(
    plugin: Callable[..., Path], tmp_path: Path, own_sample: Path
) -> None:
    """A manifest that named it by its name alone would give a command that finds nothing."""
    plugin()
    folder = mserbench.train("trainee", lookup.task(str(own_sample)), out=tmp_path / "w")
    assert read_manifest(folder).on == (own_sample.name,)


@pytest.fixture
def own_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the TOML file of a small corpus."""
    from damaged import own_corpus

    monkeypatch.setattr(lookup, "_owned", {})
    own_corpus.build(tmp_path, telling=False).write()
    return tmp_path / "t.toml"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"task": 5}, r"task is int '5', but a name, the path of a TOML file or a Task"),
        ({"task": [[TASK]]}, "task is list .*: call it once for each"),
        ({"task": []}, "task is an empty list, but one or more were expected"),
        ({"model": ["prior", 5]}, "model is int '5', but the name of a model"),
        ({"task": None}, "task is NoneType 'None'"),
        ({"model": Path("prior")}, "model is PosixPath 'prior', but the name of a model"),
        ({"model": mserbench.Model}, "model is the class Model, .*: make one of it"),
        ({"options": ["a=b"]}, r"options is list .*, but a mapping was expected"),
        ({"options": {"C": [1]}}, r"option 'C' is list '\[1\]'"),
        ({"data": 5}, "data is int '5', but a text or a path was expected"),
        ({"out": None}, "out is NoneType 'None', but a text or a path was expected"),
        ({"weights": 5}, "weights is int '5', but a text or a path was expected"),
        ({"limit": 0}, "limit is int '0', but None or a count of 1 or more was expected"),
        ({"limit": True}, "limit is bool 'True'"),
        ({"limit": "9"}, "limit is str '9'"),
        ({"batch_seconds": float("nan")}, "batch_seconds is float 'nan', but seconds above 0"),
        ({"batch_seconds": "9"}, "batch_seconds is str '9'"),
    ],
)
def test_an_argument_of_a_wrong_type_is_a_sentence(changed: dict[str, Any], words: str) -> None:
    """If it were an AttributeError of something within, nobody would know what to give."""
    with pytest.raises(UsageError, match=words) as caught:
        mserbench.evaluate(**{"model": "prior", "task": TASK, **changed})

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": 5}, "model is int '5', but the name of a model was expected"),
        ({"on": 5}, "on is int '5', but a task or a list of tasks was expected"),
        ({"on": [TASK, 5]}, "task is int '5'"),
        ({"on": []}, "on names no task"),
        ({"on": [TASK, TASK]}, f"on has the task '{TASK}' twice"),
        ({"validate_on": TASK}, "is given to train and to validate on"),
        ({"chosen_on": 5}, "chosen_on is int '5', but names were expected"),
        ({"chosen_on": [5]}, "chosen_on holds int '5', but names were expected"),
        ({"out": 5}, "out is int '5'"),
    ],
)
def test_so_is_one_of_a_training(
    plugin: Callable[..., Path], tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    plugin()
    with pytest.raises(UsageError, match=words):
        mserbench.train(**{"model": "trainee", "on": TASK, "out": tmp_path / "w", **changed})


def test_options_are_texts_or_plain_values() -> None:
    """Python has numbers and flags where a command line has texts; both mean the same."""
    values = {
        "C": 0.5,
        "seed": np.int64(3),
        "log": True,
        "preset": None,
        "init": Path("w"),
        "x": "y",
    }
    texts = {"C": "0.5", "seed": "3", "log": "true", "preset": "none", "init": "w", "x": "y"}
    assert arguments.options(values) == texts
    assert json.dumps(arguments.options(values)), "a value is still no text"


def test_a_folder_of_audio_is_no_task(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="is not known"):
        mserbench.evaluate("prior", tmp_path)
