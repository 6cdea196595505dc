"""The tutorials and the page on training work as they are printed: files written out, commands
run.
"""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Outcome

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TUTORIALS = {"write-a-model.md": "brightness", "write-a-task.md": "kitchen"}
MOST_LINES = 40  # of code, without blank lines

# A file is a block after a line that ends in its name; commands are blocks of sh.
FILE = re.compile(r"`(?P<name>[\w.]+)`\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Tutorial:
    """A tutorial written out as a folder, and as if its `pip install -e .` had been run."""

    folder: Path
    commands: list[str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("MSERBENCH")
        }
        environment = {
            **clean,
            "PYTHONPATH": str(self.folder),
            "MSERBENCH_CACHE": str(self.folder / "cache"),
        }

        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(params=TUTORIALS)
def tutorial(request: pytest.FixtureRequest, tmp_path: Path) -> Tutorial:
    text = (DOCS / request.param).read_text(encoding="utf-8")
    for match in FILE.finditer(text):
        (tmp_path / match["name"]).write_text(match["text"], encoding="utf-8")

    install(tmp_path)
    return Tutorial(
        tmp_path, [line for block in COMMANDS.finditer(text) for line in block["text"].splitlines()]
    )


def install(folder: Path) -> None:
    """Write what an editable install would: the facts of the distribution beside its module."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = "".join(
        f"{name} = {value}\n" for name, value in project["entry-points"]["mserbench"].items()
    )
    facts = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    facts.mkdir()
    (facts / "entry_points.txt").write_text(f"[mserbench]\n{points}")
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )


def test_the_tutorial_works_as_printed(tutorial: Tutorial) -> None:
    """If it did not, the first thing a newcomer types would fail."""
    assert tutorial.commands[0] == "pip install -e ."
    for line in tutorial.commands[1:]:
        program, *arguments = line.split()
        module = ["-m", "mserbench"] if program == "mserbench" else []
        done = tutorial.run(*module, *arguments)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

    assert list(tutorial.folder.glob("runs/*/*/run.json"))


def test_the_tutorials_own_test_passes(tutorial: Tutorial) -> None:
    """If it did not, the one line that we promise plugin authors would not do."""
    if (tutorial.folder / "make_noises.py").exists():
        assert tutorial.run("make_noises.py").returncode == 0

    (own,) = tutorial.folder.glob("test_*.py")
    done = tutorial.run("-m", "pytest", "-q", "-p", "no:cacheprovider", own.name)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_is_a_plugin_of_under_forty_lines(name: str) -> None:
    """If it grew, a plugin would look harder than it is."""
    files = {
        match["name"]: match["text"]
        for match in FILE.finditer((DOCS / name).read_text(encoding="utf-8"))
    }
    code = [line for line in files[f"{TUTORIALS[name]}.py"].splitlines() if line.strip()]
    assert 10 < len(code) < MOST_LINES


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_ends_its_commands_with_a_score(name: str) -> None:
    """If it did not, a newcomer would not see the number that all of it is for."""
    commands = [
        block["text"] for block in COMMANDS.finditer((DOCS / name).read_text(encoding="utf-8"))
    ]
    assert re.search(r"^mserbench conform (model|task) ", commands[-1], re.MULTILINE)
    assert commands[-1].splitlines()[-1].startswith("mserbench run ")


TRAINING = (DOCS / "training.md").read_text(encoding="utf-8")
LIGHTER = {"supcon-w2v2": ["--option", "steps=2", "--option", "evaluate_every=1"]}


def test_the_commands_on_training_run(
    cli: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If one did not, its reader would learn it after an hour, with data of their own."""
    monkeypatch.chdir(tmp_path)
    example = re.search(r"^```toml\n(.*?)^```$", TRAINING, re.MULTILINE | re.DOTALL)
    assert example is not None
    (tmp_path / "mine.toml").write_text(example[1], encoding="utf-8")
    lines = [line for block in COMMANDS.finditer(TRAINING) for line in block["text"].splitlines()]
    assert len(lines) >= 6

    for line in lines:
        words = line.split()[1:]
        done = cli(
            *words, *(word for name, more in LIGHTER.items() if name in words for word in more)
        )
        assert done.code == 0, f"{line}\n{done.err}"

    page = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert "upper-bound" in page
    assert "synthetic" in page


def test_the_options_on_the_page_of_training_are_those_of_the_model() -> None:
    """If one was renamed, the page would describe another program."""
    settings = pytest.importorskip(
        "mserbench_supcon_w2v2.settings", reason="pip install 'mserbench[train]'"
    )
    known = {field.name for field in dataclasses.fields(settings.Settings)} | {"preset"}
    assert set(re.findall(r"--option (\w+)=", TRAINING)) <= known

    for name, value in {
        "temperature": 0.07,
        "reversal_strength": 1.0,
        "cross_language_weight": 2.5,
        "beta": 0.3,
    }.items():
        assert getattr(settings.PRESETS["paper"], name) == value, (
            "the table of assumptions states it"
        )


FIGURE = re.compile(r"[+-]?\d+\.\d \[[+-]?\d+\.\d, [+-]?\d+\.\d\]")
WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = {"45.3 [41.2, 49.0]"}  # of the form, not of a result


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_figure_with_an_interval_stands_on_a_page_that_is_remade(page: Path) -> None:
    """A figure typed by hand stays as it was when its statistics or its predictions change."""
    generated = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "leaderboard").rglob("README.md")
    )
    text = page.read_text(encoding="utf-8").replace("**", "")
    figures = set(FIGURE.findall(text)) - EXAMPLES
    assert {figure for figure in figures if figure not in generated.replace("**", "")} == set()
