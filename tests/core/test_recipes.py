"""Recipes: the line that remakes weights does so, anywhere, and tells of no machine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mserbench import evaluate, train
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results.manifest import Manifest, read_manifest
from mserbench.running import recipes
from mserbench.running.lookup import model_entry, shipped_weights

if TYPE_CHECKING:
    from conftest import Outcome

TASK = "emodb-sample"
Install = Callable[..., Path]
MODELS = """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Many:
        preset: str | None = None
        init: str = ""
        encoder: str = "tiny"
        prompt: str = "The speaker feels"
        rate: float = 0.1
        seed: int = 0
        fast: bool = True
        C: float | None = 1.0

    class Chosen(Trainee):
        Options = Many

        @property
        def card(self):
            return _card("chosen")

        def fit(self, training, validation, out):
            before = Path(self.options.init, "weights.json").read_text() if self.options.init else ""
            seen = sorted((item.clip.key, item.label) for item in training)
            told = [f"{name}={value}" for name, value in vars(self.options).items() if name != "init"]
            (out / "weights.json").write_text(f"{before}{told}{seen}{len(validation)}")
"""


USUAL = {
    "encoder": "tiny",
    "prompt": "The speaker feels",
    "rate": 0.1,
    "seed": 0,
    "fast": True,
    "C": 1.0,
}
"""The options of the model `chosen` that are set where none is given."""


def remade(cli: Callable[..., Outcome], recipe: str) -> None:
    """Type a recipe: each of its commands through the program."""
    for line in recipe.split(" && "):
        program, *arguments = shlex.split(line)
        assert program == "mserbench"
        assert cli(*arguments).code == 0


def hash_of(weights: Path) -> str:
    return read_manifest(weights).weights_hash


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"preset": "small", "seed": "3"},
        {"rate": "1e-05", "fast": "false", "C": "none"},
        {"prompt": 'What\'s "it", {labels}? $HOME; a=b', "rate": "0.30000000000000004"},
    ],
)
def test_a_recipe_remakes_the_weights(
    plugin: Install,
    cli: Callable[..., Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: Any,
) -> None:
    """Typed in another folder, it gives the same bytes; what is a default is not said."""
    plugin(MODELS, models=["Chosen"])
    weights = train("chosen", [TASK], tmp_path / "mine", options=options)
    recipe = recipes.command(read_manifest(weights), "again")
    assert recipe is not None
    assert str(tmp_path) not in recipe
    assert recipe.count("--") == 3 + len(options), recipe
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    remade(cli, recipe)
    assert hash_of(Path("again")) == hash_of(weights)


@pytest.mark.parametrize("chosen_on", [[], ["emovo", "emodb"]])
def test_a_recipe_says_what_the_options_were_chosen_on(
    plugin: Install, cli: Callable[..., Outcome], tmp_path: Path, chosen_on: list[str]
) -> None:
    """Without it the remade weights would have another verdict than the row that they are to
    prove.
    """
    plugin(MODELS, models=["Chosen"])
    weights = train("chosen", [TASK], tmp_path / "mine", chosen_on=chosen_on)
    recipe = recipes.command(read_manifest(weights), str(tmp_path / "again").lstrip("/"))
    assert recipe is not None
    remade(cli, recipe.replace("--out ", "--out /"))
    (first, second) = (read_manifest(folder) for folder in (weights, tmp_path / "again"))
    assert first == second
    assert second.chosen_on == tuple(sorted(chosen_on))
    stages = [stage.to_json() for stage in recipes.trained(second)]
    assert stages == [{"on": [TASK], "options": USUAL, "chosen_on": sorted(chosen_on)}]


def test_a_recipe_remakes_the_stages_before_first(
    plugin: Install, cli: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of a second stage without those of the first cannot be remade; where they lay is
    nobody's business.
    """
    plugin(MODELS, models=["Chosen"])
    first = train("chosen", [TASK], tmp_path / "one", options={"seed": "1"})
    second = train("chosen", [TASK], tmp_path / "two", options={"init": str(first), "seed": "2"})
    third = train("chosen", [TASK], tmp_path / "three", options={"init": str(second)})
    shutil.rmtree(first)
    recipe = recipes.command(read_manifest(third), "w")
    base = f"mserbench train --model chosen --on {TASK}"
    assert recipe == (
        f"{base} --option seed=1 --out w-1 && {base} --init w-1 --option seed=2 --out w-2 "
        f"&& {base} --init w-2 --out w"
    )
    monkeypatch.chdir(tmp_path)
    remade(cli, recipe)
    assert hash_of(Path("w")) == hash_of(third)


def test_a_recipe_tells_of_no_folder(
    plugin: Install, tone: Callable[..., Any], tmp_path: Path
) -> None:
    """A corpus of one's own and a folder of pretrained weights are named by their last names
    alone.
    """
    import soundfile

    plugin(MODELS, models=["Chosen"])
    for name, hertz in (("a", 200.0), ("b", 300.0)):
        soundfile.write(tmp_path / f"{name}.wav", tone(0.5, 16_000, hertz), 16_000)

    (tmp_path / "t.csv").write_text("file,emo\na.wav,a\nb.wav,b\n")
    own = tmp_path / "mine.toml"
    own.write_text(
        'language = "fr"\ntable = "t.csv"\n[columns]\npath = "file"\nlabel = '
        '"emo"\n[labels]\na = "happy"\nb = "sad"\n'
    )
    weights = train(
        "chosen",
        [TASK],
        tmp_path / "w",
        validate_on=[str(own)],
        options={"encoder": str(tmp_path / "whisper")},
    )
    recipe = recipes.command(read_manifest(weights))
    assert recipe == (
        f"mserbench train --model chosen --on {TASK} --validate-on mine.toml --option "
        f"encoder=./whisper --out weights"
    )


def manifest(**changed: Any) -> Manifest:
    sources = [
        {"task": task, "family": task, "languages": ["de"], "clips": []} for task in (TASK, "emovo")
    ]
    record = {
        "model": "chosen",
        "options": {"seed": 2},
        "sources": sources,
        "validated_on": ["emovo"],
        "files": {},
    }

    return Manifest.from_json({**record, **changed})


UNTOLD = {"model": None, "options": None, "on": [], "validated_on": [], "partial": False}


def test_a_manifest_from_before_recipes_is_read(plugin: Install) -> None:
    """Shipped weights are older than recipes: their sources tell which tasks they were trained
    on.
    """
    plugin(MODELS, models=["Chosen"])
    command = "mserbench train --model chosen --on emodb-sample --validate-on emovo --option seed=2"
    assert recipes.command(manifest(), "w") == f"{command} --out w"
    partial = [{**source.to_json(), "partial": True} for source in manifest().sources]
    assert (
        recipes.command(manifest(sources=partial), "..")
        == f"{command} --allow-partial --out weights"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "gone"},
        {"model": None},
        {"options": {"gone": 1}},
        {"options": {"seed": "many"}},
        {"options": {"prompt": " blank before"}},
        {"options": {"prompt": "two\nlines"}},
        {"options": {"prompt": "half \ud800 a letter"}},
        {"options": None},
        {"options": {"init": "weights 0123"}},
        {"before": [UNTOLD], "options": {"init": "weights 0123"}},
        {"on": ["a,b"]},
        {"on": ["a", "a"]},
        {"on": []},
        {"on": ["--help"]},
        {"chosen_on": ["--help"]},
    ],
)
def test_what_cannot_be_typed_is_not_said(plugin: Install, changed: dict[str, Any]) -> None:
    """A recipe that gives other weights, or runs something else, is worse than none."""
    plugin(MODELS, models=["Chosen"])
    assert recipes.command(manifest(**changed)) is None


def test_a_run_tells_the_recipe_of_its_weights(plugin: Install, tmp_path: Path) -> None:
    """It is no part of the key: weights are their bytes. A model without weights has neither."""
    plugin(MODELS, models=["Chosen"])
    weights = train("chosen", [TASK], tmp_path / "mine", options={"seed": "4"})
    run = evaluate("chosen", TASK, weights=weights, out=tmp_path / "runs")
    recipe = f"mserbench train --model chosen --on {TASK} --option seed=4 --out mine"
    assert run.record.model.weights.to_json() == {
        "name": "mine", "hash": hash_of(weights), "shipped": False, "recipe": recipe,
        "trained": [{"on": [TASK], "options": {**USUAL, "seed": 4}}],
    }  # fmt: skip
    record = json.loads((weights / "manifest.json").read_text())
    (weights / "manifest.json").write_text(json.dumps({**record, "options": {"gone": 1}}))
    rerun = evaluate("chosen", TASK, weights=weights, out=tmp_path / "others")
    assert rerun.record.key == run.record.key
    assert set(rerun.record.model.weights.to_json()) == {"name", "hash", "shipped", "trained"}
    assert evaluate("steady", TASK, out=tmp_path / "runs").record.model.weights is None


def test_shipped_weights_are_known_by_their_bytes(tmp_path: Path) -> None:
    """A copy of their folder is the same weights: anybody has them."""
    (name, *_) = model_entry("logmel").weights
    folder = shipped_weights(model_entry("logmel"), name)
    copy = shutil.copytree(folder, tmp_path / "copy")

    for weights, called in ((name, name), (copy, "copy")):
        described = evaluate(
            "logmel", TASK, weights=weights, out=tmp_path / "runs", fresh=True
        ).record.model.weights
        assert (described.name, described.shipped) == (called, True)
        assert described.recipe.endswith(f" --out {called}")


SHIPPED = [
    (name, shipped_name)
    for name, entry in registry.entries(ModelEntry).items()
    for shipped_name in entry.weights
]


@pytest.mark.parametrize(("model", "name"), SHIPPED)
def test_all_shipped_weights_have_a_recipe(model: str, name: str) -> None:
    """Whoever doubts a row of the board can train its weights again."""
    folder = shipped_weights(model_entry(model), name)
    recipe = recipes.command(read_manifest(folder), name)
    assert recipe is not None
    assert re.fullmatch(
        rf"mserbench train --model {model} --on \S+( --option \S+=\S+)* --out {name}", recipe
    )
