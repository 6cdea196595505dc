"""A run's key is known before its model is made: it is that of the board, and of the model once it
is made.
"""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mserbench import evaluate
from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.data import dataset, lookup
from mserbench.errors import ModelError
from mserbench.model import Model
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.running import evaluation
from mserbench.running.adapting import Adaptation
from mserbench.running.lookup import model_class
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject

ROOT = Path(__file__).parents[2]
TASK = "demo-el"
RECORDS = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "leaderboard" / "results").rglob("run.json"))
]

DESCRIBED = """
    from mserbench.model import Described


    class Light(Model):
        @classmethod
        def describe(cls, options, weights):
            return Described(_card("light"), cls.version)


    class Tells(Light):
        made = 0

        def __init__(self, *given):
            super().__init__(*given)
            type(self).made += 1

        @property
        def card(self):
            return _card("tells")

        def predict(self, clips, labels):
            return _scores(clips, labels)
"""


def shipped_here(record: dict[str, Any]) -> bool:
    """Whether a run used no weights or shipped ones, and none of today's options are younger than
    it.
    """
    model, entries = record["model"], registry.entries(ModelEntry)
    # A checkpoint of somebody's own is on their disk alone.
    if model["name"] not in entries or model.get("address"):
        return False
    if model["weights"] and model["weights"]["name"] not in entries[model["name"]].weights:
        return False

    return set(spec_of(record).identity.options) == set(model["options"])


def spec_of(record: dict[str, Any]) -> Spec:
    """Return the spec that a record tells of."""
    model, weights = record["model"], record["model"]["weights"]
    options = {name: str(value) for name, value in model["options"].items() if value is not None}
    return Spec.of(model["name"], None, weights and weights["name"], options)


def in_a_process(code: str, *arguments: str) -> str:
    """Run code in a process of its own; return the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


KEYS = """
import sys
sys.path.insert(0, sys.argv[1])
from test_spec import RECORDS, committed_keys

same, torch = committed_keys(), "torch" in sys.modules
print(len(RECORDS), same, torch)
"""


def committed_keys() -> int:
    """Compare the key of each committed run of shipped weights with that of its spec; return how
    many.
    """
    records = [record for record in RECORDS if shipped_here(record)]
    for record in records:
        # Of the code as it was then, which older keys do not hold at all.
        model = record["model"]
        identity = dataclasses.replace(
            spec_of(record).identity,
            source=model.get("source") or "",
            files=model.get("files") or {},
        )
        if "development" not in record["model"]:  # the run is older than that part of the key
            card = dataclasses.replace(identity.card, development=())
            identity = dataclasses.replace(identity, card=card)

        task = lookup.task(record["task"]["name"])
        heard = record.get("adaptation")
        adaptation = heard and Adaptation(heard["clips"], heard["way"], heard["draw"])
        key = identity.key(task, record["corpus"]["index_digest"], adaptation)
        assert key == record["key"], record["model"]

    return len(records)


def test_the_keys_of_the_board_come_from_specs_without_torch() -> None:
    """Of every model on it with shipped weights; none of them is made, not even imported."""
    pytest.importorskip("torch")
    n_records, same, has_torch = in_a_process(KEYS, str(Path(__file__).parent)).split()
    assert (int(n_records), int(same), has_torch) == (101, 66, "False")


@pytest.mark.parametrize("weights", ["demo", "demo-speaker"])
def test_a_described_model_is_what_it_says(weights: str) -> None:
    """One that says otherwise would never find its runs again."""
    options = {"normalise": "speaker"} if weights.endswith("speaker") else {}
    spec = Spec.of("logmel", None, weights, options)
    assert spec.identity == spec.subject.identity
    assert spec.identity.transductive == weights.endswith("speaker")


def test_a_spec_travels_as_names_alone() -> None:
    """Another process makes its own model: nothing that was made goes with it."""
    spec = Spec.of("logmel", None, "demo", {"C": "0.5"})
    plain = pickle.dumps(Spec(spec.model, spec.options, spec.folder, spec.weights, spec.device))
    _ = spec.identity, spec.subject
    text = pickle.dumps(spec)
    assert len(text) == len(plain) < 1_000
    copy = pickle.loads(text)
    assert copy == spec
    assert copy.identity == spec.identity


def test_a_finished_run_is_shown_without_making_its_model(plugin, tmp_path: Path) -> None:
    """Where the class tells what decides the key; `--fresh` makes the model as ever."""
    plugin(DESCRIBED.replace('_card("light")', '_card("tells")'), models=["Tells"])
    first = evaluate("tells", TASK, out=tmp_path)
    kind = model_class("tells")
    assert kind.made == 1
    second = evaluate("tells", TASK, out=tmp_path)
    assert kind.made == 1
    assert second.record == first.record
    evaluate("tells", TASK, out=tmp_path, fresh=True)
    assert kind.made == 2


def test_a_class_that_describes_another_model_is_refused(plugin, tmp_path: Path) -> None:
    """Before a single clip is heard."""
    plugin(DESCRIBED, models=["Tells"])
    with pytest.raises(ModelError, match=r"'tells' calls its card .*'describe' of its class said"):
        evaluate("tells", TASK, out=tmp_path / "runs")

    assert not (tmp_path / "runs").exists()


def test_a_class_that_tells_nothing_is_made_as_ever(plugin, tmp_path: Path) -> None:
    """Plugins of strangers were written before `describe` was."""
    plugin("", models=["Steady"])
    spec = Spec.of("steady", dataset.load(lookup.task(TASK), None))
    assert spec.kind.describe(spec.settings, None) is None
    assert spec.identity == spec.subject.identity
    first = evaluate("steady", TASK, out=tmp_path)
    finished = evaluation.finished_run(
        spec.identity, dataset.load(lookup.task(TASK), None), tmp_path
    )
    assert finished is not None
    assert finished.record == first.record


class Same(Model):
    """The same scores for every clip, whatever the model that it stands in for would say."""

    decodes_ahead = False

    @property
    def card(self) -> ModelCard:
        """Not asked for."""
        raise AssertionError

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return ones of shape (n_clips, n_labels)."""
        return np.ones((len(clips), len(labels)))


SHOWN = """
import sys
from mserbench.cli import main

try:
    main(sys.argv[1:])
finally:
    print(sorted({"torch", "transformers", "whisper", "sklearn"} & set(sys.modules)))
"""


@pytest.mark.parametrize("name", ["whisper-linear", "mser-llm"])
def test_a_finished_run_is_shown_without_torch(name: str, tmp_path: Path) -> None:
    """The run is laid down as if the model had made it, so that no pretrained part is needed
    here.
    """
    pytest.importorskip("torch")
    target = dataset.load(lookup.task("emodb-sample"), None)
    spec = Spec.of(name, target)
    stand_in = Same(spec.settings)
    stand_in.version = spec.identity.version
    own = spec.identity
    subject = Subject(name, stand_in, own.card, own.weights, own.source, own.files)
    assert subject.identity == spec.identity
    evaluation.run_subject(subject, target, tmp_path)
    arguments = ["run", "--model", name, "--task", "emodb-sample", "--out", str(tmp_path)]
    assert in_a_process(SHOWN, *arguments) == "[]"
