"""A model with an address: `NAME:REST` wherever a name is taken, and no path of it in a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mserbench import evaluate
from mserbench.cli import _common
from mserbench.errors import UsageError
from mserbench.experiments import definition_tables
from mserbench.experiments.toml_file import Table
from mserbench.model import short_name
from mserbench.results import runs
from mserbench.running.lookup import addressed
from mserbench.running.spec import Spec
from mserbench.testing import check_model

TASK = "emodb-sample"

MODEL = """
    from dataclasses import dataclass


    class Opened(Model):
        address = "folder"

        @dataclass(frozen=True)
        class Options:
            folder: str = ""
            table: str = ""

        @classmethod
        def contents(cls, options):
            return {"folder": [Path(options.folder) / "weights.txt"], "server": "says 1"}

        @property
        def card(self):
            return _card("opened")

        def predict(self, clips, labels):
            shift = int((Path(self.options.folder) / "weights.txt").read_text())
            return np.roll(_scores(clips, labels), shift, axis=1)
"""


@pytest.fixture
def checkpoint(plugin: Callable[..., Path], tmp_path: Path) -> Path:
    """Install the model `opened`, and write a folder that it can be made of."""
    plugin(MODEL, ["Opened"])
    folder = tmp_path / "one, two" / "mine"
    folder.mkdir(parents=True)
    (folder / "weights.txt").write_text("0")

    return folder


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:8000/v1#qwen/audio", "qwen/audio"),
        ("http://me:secret@localhost:8000/v1", "localhost:8000/v1"),
        ("/models/mine/ser/", "ser"),
        ("C:\\models\\ser", "ser"),
        ("superb/hubert-base-superb-er", "superb/hubert-base-superb-er"),
        ("python /opt/mine/worker.py --fast", "python worker.py --fast"),
    ],
)
def test_an_address_is_shown_without_the_folders_of_a_machine(address: str, expected: str) -> None:
    assert short_name(address) == expected


def test_an_address_is_the_option_that_the_class_names(checkpoint: Path) -> None:
    typed = {"table": "x"}
    assert addressed(f"opened:{checkpoint}", typed) == (
        "opened",
        {"table": "x", "folder": str(checkpoint)},
    )
    assert addressed("opened:C:\\a:b", {})[1] == {"folder": "C:\\a:b"}
    assert addressed("opened", typed) == ("opened", typed)


def test_models_with_commas_and_colons_in_their_addresses_are_split(checkpoint: Path) -> None:
    text = f"prior,opened:{checkpoint},opened:http://a:1/v1,b#c,random"
    expected = ["prior", f"opened:{checkpoint}", "opened:http://a:1/v1,b#c", "random"]
    assert _common.models(text) == expected
    # No address is there that a misspelt name could belong to.
    assert _common.models("prior,rndom") == ["prior", "rndom"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("opend:x", "'opend' before the colon is no model that takes an address"),
        ("C:\\models\\ser", "'C' before the colon is no model"),
        ("prior:x", "takes no address"),
        ("opened:", "nothing follows the colon"),
    ],
)
def test_what_takes_no_address_is_told_in_one_sentence(
    checkpoint: Path, model: str, expected: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(expected)):
        Spec.of(model)


def test_an_address_and_another_value_of_its_option_are_refused(checkpoint: Path) -> None:
    with pytest.raises(UsageError, match="name different things"):
        addressed(f"opened:{checkpoint}", {"folder": "elsewhere"})


def test_the_record_and_the_folder_of_a_run_hold_the_short_name(
    checkpoint: Path, tmp_path: Path
) -> None:
    run = evaluate(f"opened:{checkpoint}", TASK, out=tmp_path / "runs", limit=8)
    text = (run.folder / runs.RECORD).read_text()

    assert run.name == "opened:mine"
    assert run.summary()["model"] == "opened:mine"
    assert run.folder.name.startswith("opened_mine-")
    assert run.record.model.options["folder"] == "mine"
    assert str(tmp_path) not in text, "a record must not tell the folders of a machine"
    assert runs.read(run.folder).record.model.called == "opened:mine"


def test_a_run_is_found_again_by_contents_and_not_by_path(checkpoint: Path, tmp_path: Path) -> None:
    def run(folder: Path) -> Any:
        return evaluate(f"opened:{folder}", TASK, out=tmp_path / "runs", limit=8)

    first = run(checkpoint)
    moved = checkpoint.rename(tmp_path / "mine")
    assert run(moved).shown_again, "the same contents in a folder elsewhere are the same model"

    (moved / "notes.txt").write_text("not of the contents")
    assert run(moved).shown_again

    (moved / "weights.txt").write_text("1")
    changed = run(moved)
    assert not changed.shown_again, "other contents under the same name are another model"
    assert changed.folder != first.folder


def test_what_a_server_says_is_part_of_the_key(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = Spec.of(f"opened:{checkpoint}")
    before = dict(spec.identity.files)
    monkeypatch.setattr(
        spec.kind, "contents", classmethod(lambda kind, options: {"server": "says 2"})
    )

    after = Spec.of(f"opened:{checkpoint}").identity.files
    assert after["server"] != before["server"]


def test_other_options_that_are_paths_are_recorded_by_their_last_part(
    checkpoint: Path, tmp_path: Path
) -> None:
    table = tmp_path / "map.toml"
    table.write_text("")
    identity = Spec.of(f"opened:{checkpoint}", options={"table": str(table)}).identity
    assert identity.options["table"] == "map.toml"
    assert "table" in identity.files


def test_the_kit_and_experiments_take_an_address(checkpoint: Path, tmp_path: Path) -> None:
    # It answers by the key of a clip, which the kit rightly refuses; its card must pass.
    findings = {finding.check: finding.ok for finding in check_model(f"opened:{checkpoint}")}
    assert findings["card"]
    assert findings["described"]

    values = {"name": "mine", "model": f"opened:{checkpoint}", "options": {"table": "x"}}
    system = definition_tables.system(Table(tmp_path / "e.toml", "systems 'mine'", values))
    assert (system.model, system.options["folder"]) == ("opened", str(checkpoint))

    values["model"] = "prior:x"
    with pytest.raises(UsageError, match="takes no address"):
        definition_tables.system(Table(tmp_path / "e.toml", "systems 'mine'", values))


def test_the_command_line_takes_an_address(
    checkpoint: Path, cli: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    shown = cli(
        "run", "--model", f"opened:{checkpoint},prior", "--task", TASK, "--limit", 8, "--out", out
    )
    assert shown.code == 0
    assert "opened:mine" in shown.out

    wrong = cli("run", "--model", "opend:x", "--task", TASK)
    assert wrong.code == 2
    assert "before the colon" in wrong.err
