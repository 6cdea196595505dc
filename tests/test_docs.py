"""The tutorials work as they are printed: files written out, commands run. Every page is in the
index, its links lead somewhere, its commands are commands, its figures are those of a page that is
remade.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from pages import DOCS, PAGES, ROOT, Page, page_named

from mserbench import options
from mserbench.cli import program
from mserbench.errors import MserbenchError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import (
    CorpusEntry,
    ExperimentEntry,
    ModelEntry,
    TaskEntry,
    WeightsEntry,
)
from mserbench.running import lookup

TUTORIALS = {"write-a-model.md": "brightness", "write-a-task.md": "kitchen"}
MOST_LINES = 40  # of code, without blank lines
MOST_WORDS = 1000  # of a page on how to use a thing
GENERATED = ("docs/corpora.md", "docs/exposures.md")


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
    page = page_named(f"docs/{request.param}")
    for name, text in page.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    install(tmp_path)
    return Tutorial(tmp_path, page.lines_of_shell)


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
    files = page_named(f"docs/{name}").files
    code = [line for line in files[f"{TUTORIALS[name]}.py"].splitlines() if line.strip()]
    assert 10 < len(code) < MOST_LINES


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_ends_its_commands_with_a_score(name: str) -> None:
    """If it did not, a newcomer would not see the number that all of it is for."""
    commands = page_named(f"docs/{name}").commands
    assert any(re.match(r"conform (model|task) ", command) for command in commands)
    assert commands[-1].startswith("run ")


PAPERS = page_named("docs/measured/papers.md")
ASSUMED = {  # of a row of the table of assumptions: options of the preset `paper`
    "temperature": ["temperature"],
    "gradient reversal": ["reversal", "reversal_strength"],
    "speaker head": ["speaker_hidden", "speaker_dropout"],
    "LoRA rank": ["lora_rank", "lora_alpha", "lora_dropout", "adapter_width", "gate_start"],
    "optimiser": ["weight_decay", "steps", "schedule", "warmup", "clip"],
    "stopping": ["evaluate_every", "patience"],
    "crop in training": ["crop_seconds", "longest_seconds"],
    "equal-length passes": ["length_step"],
    "a language without": ["missing"],
}


@pytest.mark.parametrize("start", ASSUMED)
def test_the_table_of_assumptions_says_what_the_preset_of_the_paper_has(start: str) -> None:
    """If one was changed, the page would describe another program."""
    settings = pytest.importorskip(
        "mserbench_supcon_w2v2.settings", reason="pip install 'mserbench[train]'"
    )
    (row,) = re.findall(rf"^\| {start}.*$", PAPERS.text, re.MULTILINE)
    choice = row.split("|")[2]

    for name in ASSUMED[start]:
        value = getattr(settings.PRESETS["paper"], name)
        text = f"{value:g}" if isinstance(value, float) else str(value)
        assert re.search(rf"(?<![\d.]){re.escape(text)}(?![\d.]\d)", choice), (name, text)


FIGURE = re.compile(r"[+-]?\d+\.\d \[[+-]?\d+\.\d, [+-]?\d+\.\d\]")
EXAMPLES = {"45.3 [41.2, 49.0]"}  # of the form, not of a result


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_a_figure_with_an_interval_stands_on_a_page_that_is_remade(path: Path) -> None:
    """A figure typed by hand stays as it was when its statistics or its predictions change."""
    generated = "\n".join(
        report.read_text(encoding="utf-8") for report in (ROOT / "leaderboard").rglob("README.md")
    )
    figures = set(FIGURE.findall(Page(path).text.replace("**", ""))) - EXAMPLES
    assert {figure for figure in figures if figure not in generated.replace("**", "")} == set()


def test_the_prompts_have_the_figures_of_their_table() -> None:
    """What a prompt costs is quoted without its interval too."""
    report = (ROOT / "leaderboard/mser-prompts/README.md").read_text(encoding="utf-8")
    page = page_named("docs/measured/mser-llm.md").text
    (spread,) = re.findall(r"mean (\d+\.\d), standard deviation (\d+\.\d)", report)
    assert f"Mean {spread[0]}, standard deviation {spread[1]}" in page


# Pages

INDEX = page_named("docs/README.md")


def test_every_page_is_in_the_index() -> None:
    """A page that no index names is read by nobody but its author."""
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in INDEX.links}
    assert {page_id(path) for path in DOCS.rglob("*.md") if path not in linked} == {
        "docs/README.md"
    }


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_links_lead_somewhere(path: Path) -> None:
    """A dead link is a promise broken, on the first page as on the last."""
    page, dead = Page(path), []
    for link in page.links:
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in Page(target).anchors):
            dead.append(link)

    assert dead == []


# Other languages take more words or fewer; a translation is as long as the README, which is held.
USED = [
    path
    for path in DOCS.glob("*.md")
    if page_id(path) not in GENERATED and not path.match("README.*.md")
]


@pytest.mark.parametrize("path", USED, ids=page_id)
def test_a_page_on_how_to_use_a_thing_is_short(path: Path) -> None:
    """One had 4,400 words: how to use the model stood between tables of what had been tried."""
    assert len(Page(path).text.split()) <= MOST_WORDS


def test_what_the_code_says_of_documents_is_there() -> None:
    """An error that sends its reader to a page that was renamed is worse than none."""
    sources = [
        path
        for folder in ("mserbench", "tasks", "plugins", "leaderboard/mserbench_leaderboard")
        for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.toml")]
    ]
    named = {
        name
        for path in sources
        for name in re.findall(r"docs/[\w/-]+\.(?:md|toml)", path.read_text(encoding="utf-8"))
    }
    assert len(named) >= 5
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_paths_of_where_things_go_are_there() -> None:
    """Who adds a thing where the page says should find its neighbours there."""
    # NAME ends what can be looked up: the folder before it must be there. Rooms are named from the
    # core, other paths from the root.
    quoted = re.findall(r"`([\w./-]+/[\w./-]*)`", page_named("docs/design/where-things-go.md").text)
    rooms = [name.partition("NAME")[0] for name in quoted]
    missing = {
        name
        for name in rooms
        if not (ROOT / name).exists() and not (ROOT / "mserbench" / name).exists()
    }
    assert missing - {"extension_package/", "benchmarks/"} == set()


def test_the_page_on_installing_names_every_variable() -> None:
    """A switch that no page names might as well not be there."""
    sources = [
        path
        for folder in ("mserbench", "plugins", "tasks")
        for path in (ROOT / folder).rglob("*.py")
    ]
    names = {
        name
        for path in sources
        for name in re.findall(r"\bMSERBENCH_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    page = page_named("docs/install.md").text
    ours = {"MSERBENCH_API"}  # what a plugin says of itself, no variable of the environment
    assert {name for name in names - ours if f"`{name}`" not in page} == set()


# Commands

OF_TUTORIALS = {"brightness", "kitchen", "kitchen-2"}
# A name such as m5ser-demo is the folder of a set that the page itself makes.
PLACEHOLDER = re.compile(r"^(?:[A-Z]+|m5ser(?:-\w+)?|.*\.toml(?::.*)?|\.\.\.)$")


def parsed(words: Iterable[str]) -> click.Context:
    """Read a command as the program does, up to where it would begin to work.

    Raises the program's own errors: for an unknown command or option, a missing one, a value of the
    wrong type.
    """
    command: click.Command = program
    context = click.Context(program, info_name="mserbench")
    remaining = list(words)

    # Groups are walked by hand, as click reads a command below a group only when it also runs it.
    while isinstance(command, click.Group):
        name, command, remaining = command.resolve_command(context, remaining)
        assert command is not None
        context = (
            click.Context(command, parent=context, info_name=name)
            if isinstance(command, click.Group)
            else command.make_context(str(name), remaining, parent=context)
        )

    # What stands for the command alone, as its --data, must not stand for the tests that follow.
    context.close()
    return context


def names_in(value: object) -> list[str]:
    """Return the names of a list with commas that are no placeholder."""
    text = value if isinstance(value, str) else ""
    names = [name.partition(":")[0] for name in text.split(",") if name]
    return [name for name in names if not PLACEHOLDER.match(name) and name not in OF_TUTORIALS]


NAMED_BY = {  # what a flag or, of these commands, an argument names
    "--model": ModelEntry,
    "--task": TaskEntry,
    "--on": TaskEntry,
    "--validate-on": TaskEntry,
    "--chosen-on": CorpusEntry,
    "experiment": ExperimentEntry,
    "weights get": WeightsEntry,
    "weights path": WeightsEntry,
    "weights verify": WeightsEntry,
    "models": ModelEntry,
    "data show": CorpusEntry,
    "data verify": CorpusEntry,
    "data download": CorpusEntry,
    "croissant": TaskEntry,
    "conform model": ModelEntry,
    "conform task": TaskEntry,
    "conform corpus": CorpusEntry,
}
NO_NAMES = {"none"}  # of corpora that something was chosen on


def unknown_names(context: click.Context) -> list[str]:
    """Return the models, tasks, corpora, experiments and weights of a command that are none."""
    _, _, command = context.command_path.partition(" ")
    faults = []
    for parameter in context.command.params:
        spelling = command if isinstance(parameter, click.Argument) else parameter.opts[0]
        if spelling not in NAMED_BY:
            continue

        value = context.params[str(parameter.name)]
        names = names_in(",".join(value) if isinstance(value, tuple) else value)
        entries = registry.entries(NAMED_BY[spelling])
        faults += [name for name in names if name not in entries and name not in NO_NAMES]

    return faults


def check_options(words: list[str]) -> None:
    """Raise the program's own error for an `--option` that the model of a command does not have."""
    pairs = dict(itertools.pairwise(words))
    model = pairs.get("--model", "")
    settings = [word for flag, word in itertools.pairwise(words) if flag == "--option"]
    if not settings or model in OF_TUTORIALS:
        return

    options.make_options(
        lookup.described_class(model), dict(setting.split("=", 1) for setting in settings), model
    )


def faults_of(command: str) -> list[str]:
    """Return what is wrong with a command as a page writes it."""
    words = shlex.split(command)
    if words == ["--help"]:  # it prints and exits while it is read
        return []

    try:
        faults = unknown_names(parsed(words))
        check_options(words)
    except (click.ClickException, MserbenchError) as error:
        faults = [str(error)]

    return [f"mserbench {command}: {fault}" for fault in faults]


@pytest.mark.parametrize(
    "command",
    [
        "rum --model prior --task aesdd",
        "run --model prior",
        "run --model pryor --task aesdd",
        "run --model prior --task aesd",
        "run --model prior --task aesdd --limit many",
        "run --model prior --task aesdd --limits 3",
        "train --model egemaps --on emodb,emvo --out W",
        "run --model egemaps --task aesdd --option normalize=speaker",
        "experiment transfer-reel --plan",
        "weights get whisper-bass",
        "data show emodbb",
        "train --model egemaps --on emodb --chosen-on emovvo --out W",
        "predict a.wav --model egemap",
    ],
)
def test_a_wrong_command_is_seen(command: str) -> None:
    """Else all pages would pass, whatever they say."""
    assert len(faults_of(command)) == 1


WITH_COMMANDS = [path for path in PAGES if Page(path).commands]


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=page_id)
def test_every_command_of_a_page_is_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that was renamed goes on being typed for years, from the page that nobody read."""
    # The folder of data is the one path that the command line itself wants to be there.
    (tmp_path / "D").mkdir()
    monkeypatch.chdir(tmp_path)

    faults = [fault for command in Page(path).commands for fault in faults_of(command)]
    assert faults == []


WITH_SENTENCES = [path for path in PAGES if Page(path).spoken]


@pytest.mark.parametrize("path", WITH_SENTENCES, ids=page_id)
def test_every_command_in_a_sentence_is_one(path: Path) -> None:
    """What prose says may leave parts out, but what it names must be there."""
    faults = []
    for command in Page(path).spoken:
        target: click.Command | None = program
        context = click.Context(program)
        words = command.split()

        # NAME and FILE stand for anything, so that only the words in small letters are commands.
        while isinstance(target, click.Group) and words and words[0].islower():
            try:
                target = target.get_command(context, words.pop(0))
            except MserbenchError:
                target = None

        assert target is not None, f"mserbench {command}"
        flags_there = {flag for parameter in target.params for flag in parameter.opts}
        flags = [word.partition("=")[0] for word in words if word.startswith("--")]
        faults += [
            f"mserbench {command}: {flag}" for flag in flags if flag not in flags_there | {"--help"}
        ]

    assert faults == []
