"""The README tells the truth, and is short: its commands run as printed, on corpora of official
names, and so do those of the pages that it leads to first.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import official.audio
import pytest
from pages import ROOT, page_named

import mserbench
from mserbench.contracts import Utterance
from mserbench.data import dataset, lookup

if TYPE_CHECKING:
    from conftest import Outcome

README = page_named("README.md")
MOST_WORDS = 1110
MOST_IN_A_PARAGRAPH = 60
MOST_COLUMNS = 6

# What a newcomer types in the first hour, in that order. The pages on models that stand on
# pretrained weights are tried apart, as those weights are not on every machine.
FIRST = [
    page_named(name)
    for name in (
        "README.md",
        "docs/running.md",
        "docs/data.md",
        "docs/audit.md",
        "docs/training.md",
        "docs/experiments.md",
        "docs/plot.md",
        "docs/predict.md",
        "docs/your-predictions.md",
    )
]
MODELS = [
    page_named(f"docs/{name}.md")
    for name in ("predict", "whisper-linear", "supcon-w2v2", "mser-llm")
]
PRINTED_RUNS = ("demo-el", "demo-fa", "emodb-sample")  # tasks of the tables that the README prints

# What takes minutes is run whole by tests of its own.
LIGHTER = {
    "experiment supcon-table2": ["--plan"],
    "experiment transfer-real": ["--plan"],
    "train --model supcon-w2v2": ["--option", "steps=2", "--option", "evaluate_every=1"],
}
# What rewrites the board, wants files that nobody has, a GPU, or audio on standard input; the test of
# the command line parses these all the same.
NOT_RUN = re.compile(
    r"^leaderboard|^packages|^--help|^predict - |RUN_DIR|FOLDER|SOURCES|models/s[12]|--device cuda"
)
# Needs pretrained weights: by its model, or by the default preset of supcon-w2v2.
PRETRAINED = re.compile(
    r"--model (?:whisper-linear|mser-llm)|--model supcon-w2v2(?! --preset (?:tiny|logmel))"
    r"|^weights (?:get|path) (?P<name>\S+)|^weights verify"
)
PARTS = {"mser-llm": ["whisper-base", "smollm2-135m-instruct"]}

QUOTED = {  # of each experiment: what stands before a figure, and the row that it is of
    "transfer-real": {
        "cross-entropy alone": "Baseline 2: cross-entropy, Whisper base",
        "with both losses": "Proposed, Whisper base",
        "without the adversary": "without adversary, Whisper base",
        "the linear `whisper-linear`": "whisper-linear",
        r"On log-mels neither helps \(": "Proposed, log-mels",
        r"On log-mels neither helps \(.{,9} with,": "Baseline 2: cross-entropy, log-mels",
    },
    "mser-real": {
        r"\[pictures\]\(../../leaderboard/mser-real/embeddings.md\)\):": "mser-llm (mini), layer "
        "2, scored",
        "answers that the LLM writes": "answer written by the LLM",
        "without its contrastive loss": "without L_lec",
    },
}
# Of what one change brings in transfer-real: what stands before a figure, and the pair that it is
# of.
CHANGES = {
    "contrastive loss alone brings": "contrastive loss alone: without adversary - neither",
    "beside the adversary": "contrastive loss, with the adversary: proposed - without SupCon",
    "the adversary alone": "adversary alone: without SupCon - neither",
    "the hierarchical batches": "batches alone: neither - Baseline 2",
    "the contrastive loss alone costs,": "log-mels, contrastive loss alone",
}
PAPERS = page_named("docs/measured/papers.md")


@pytest.fixture
def prepared(
    tmp_path: Path, build_corpus: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a working folder with complete corpora of tiny clips in D, and files of one's own."""
    for name in ("ravdess", "emodb", "emovo"):
        build_corpus(name, tmp_path / "D")

    for name in ("aesdd", "shemo", "resd", "iemocap", "meld"):
        official.build(name, tmp_path / "D")

    recordings = [f"{who}_{word}.wav" for who in "ab" for word in ("anger", "joy")]
    official.audio.link(
        tmp_path,
        [
            f"{folder}/{name}"
            for folder in ("my-corpus", "recordings", "calls")
            for name in recordings
        ],
    )
    shutil.copy(tmp_path / "recordings" / recordings[0], tmp_path)
    sides = [
        f"{utterance.id},{'test' if number % 5 else 'train'}"
        for number, utterance in enumerate(utterances_of("resd"))
    ]
    (tmp_path / "my_split.csv").write_text("\n".join(["id,part", *sides]))
    (tmp_path / "my_card.json").write_text(json.dumps({"exposure": [], "exposure_complete": True}))
    (tmp_path / "mine.toml").write_text(page_named("docs/experiments.md").files["mine.toml"])

    monkeypatch.chdir(tmp_path)
    mserbench.evaluate("egemaps", "emodb-sample")  # a reader of the README has run that before

    return tmp_path


def utterances_of(task: str) -> list[Utterance]:
    return [utterance for utterance, _ in dataset.truth(lookup.task(task), None)]


def predict_as_told(command: str) -> None:
    """Write the file of predictions that a command of `score` asks for, of its task."""
    task = re.search(r"--task (\S+)", command)
    assert task is not None

    with open("my_predictions.csv", "w", newline="") as file:
        rows = [[utterance.id, "happy"] for utterance in utterances_of(task[1])]
        csv.writer(file).writerows([["id", "prediction"], *rows])

    # As a vendor writes it, who was given files.
    with open("vendor.csv", "w", newline="") as file:
        rows = [[f"{name}.wav", "FREUDE"] for name, _ in rows]
        csv.writer(file, delimiter=";").writerows([["File", "Emotion"], *rows])

    Path("map.toml").write_text('[labels]\n"FREUDE" = "happy"\n')


def expanded(command: str) -> list[str]:
    """Split a command as a shell would; a pattern stands for its first match."""
    words = shlex.split(command)
    lighter = [
        word for start, more in LIGHTER.items() if command.startswith(start) for word in more
    ]
    return [str(sorted(Path().glob(word))[0]) if "*" in word else word for word in words] + lighter


def parts_of(command: str) -> list[str]:
    """Return the pretrained weights that a command needs, in the order in which it asks for
    them.
    """
    match = PRETRAINED.search(command)
    if match and match["name"]:
        return [match["name"]]
    return next((parts for model, parts in PARTS.items() if model in command), ["whisper-base"])


def test_every_command_that_a_newcomer_meets_first_runs(
    prepared: Path, cli: Callable[..., Outcome]
) -> None:
    """The first thing a newcomer does is to type them."""
    # A command that stands on several pages is run once, in the order of the first.
    page_of: dict[str, str] = {}
    for page in FIRST:
        for command in page.commands:
            if not NOT_RUN.search(command) and not PRETRAINED.search(command):
                page_of.setdefault(command, page.name)

    assert len(page_of) >= 40

    for command, name in page_of.items():
        if command.startswith("score "):
            predict_as_told(command)

        done = cli(*expanded(command))
        assert done.code == 0, f"{name}: mserbench {command}: {done.err}"

    table = (prepared / "mine/README.md").read_text(encoding="utf-8")
    assert "upper-bound" in table
    assert "synthetic" in table


def test_commands_that_need_pretrained_weights_run_or_say_how_to_get_them(
    prepared: Path, cli: Callable[..., Outcome], pretrained: Path
) -> None:
    """If they did neither, a newcomer would not know what is missing."""
    commands = [
        command
        for page in MODELS
        for command in page.commands
        if PRETRAINED.search(command) and not NOT_RUN.search(command)
    ]
    assert len(commands) >= 8

    for command in dict.fromkeys(commands):
        missing = [name for name in parts_of(command) if not (pretrained / name).exists()]
        if not missing and "models/" not in command:  # a training of these takes minutes
            done = cli(*expanded(command))
            assert done.code == 0, f"mserbench {command}: {done.err}"
        elif missing and not command.startswith("weights"):  # those would go to the network
            done = cli(*expanded(command))
            assert done.code == 3
            assert f"mserbench weights get {missing[0]}" in done.err


def test_the_python_of_the_page_on_running_runs(
    no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook user copies it whole."""
    pytest.importorskip("opensmile", reason="the snippet runs egemaps")
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", page_named("docs/running.md").text, re.DOTALL)
    assert code is not None
    exec(code[1], {})


def test_make_knows_the_targets_of_the_documents() -> None:
    """`make run` and `make test` are all the set-up there is, and CI runs the latter."""
    makefile = (ROOT / "Makefile").read_text()
    pages = (README, page_named("CONTRIBUTING.md"), page_named("docs/install.md"))
    targets = {
        line.split()[1]
        for page in pages
        for line in page.lines_of_shell
        if line.startswith("make ")
    }
    assert {"run", "test"} <= {line.split()[1] for line in README.lines_of_shell if "make" in line}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    assert "make test" in (ROOT / ".ci/run").read_text()


def test_the_readme_is_short() -> None:
    """A page that nobody reads to its end hides what stands there: it once had 2,500 words."""
    assert len(README.text.split()) <= MOST_WORDS
    long = [block for block in README.paragraphs if len(block.split()) > MOST_IN_A_PARAGRAPH]
    assert long == []
    rows = [line for line in README.text.splitlines() if line.startswith("|")]
    assert {row for row in rows if row.count("|") > MOST_COLUMNS + 1} == set()


def test_the_readme_says_what_disappoints() -> None:
    """A front page of the best figures alone would be an advertisement."""
    text = " ".join(README.text.split())
    for words in (
        "No figure of either is reproduced",
        "no GPU",
        "not shipped",
        "*Blind*",
        "flatters",
    ):
        assert words in text


def test_the_readme_prints_what_the_commands_print() -> None:
    """A figure typed by hand would be another one than its reader gets."""
    rows = re.findall(r"^(\S+) +(\S.*?) +(\d+\.\d \[.*?\]) ", README.text, re.MULTILINE)
    printed = [(task, name, figure) for task, name, figure in rows if task in PRINTED_RUNS]
    assert len(printed) >= 5

    for task, name, figure in printed:
        model = re.split(r"[ ,]", name)[0]
        records = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in (ROOT / "leaderboard/results" / task).glob(f"{model}-*/run.json")
        ]
        assert figure in {shown(record) for record in records}, f"{task}, {name}: {figure}"


def shown(record: dict[str, dict[str, float] | dict[str, list[float]]]) -> str:
    """Return the UA of a record of a run as the table prints it."""
    low, high = record["intervals"]["UA"]
    return f"{100 * record['metrics']['UA']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


@pytest.mark.parametrize("name", QUOTED)
def test_the_figures_of_an_experiment_stand_in_its_table(name: str) -> None:
    """A figure that was quoted by hand, of a table made anew since, would be false on the page that
    readers of the papers open first.
    """
    report = (ROOT / "leaderboard" / name / "README.md").read_text(encoding="utf-8")
    table = report.partition("## UA, mean recall of the emotions")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    averages = {row[0]: row[-1] for row in rows}
    page = " ".join(PAPERS.text.split())

    for words, system in QUOTED[name].items():
        (quoted,) = re.findall(rf"{words} ?(\d+\.\d(?: \[[\d., ]+\])?)", page)
        assert averages[system].startswith(quoted), (
            f"{PAPERS.name}: {quoted} for {system!r}, the table: {averages[system]}"
        )


@pytest.mark.parametrize("words", CHANGES)
def test_what_one_change_brings_stands_in_its_table(words: str) -> None:
    """ "So the loss helps" once rested on a difference that had changed the batches too."""
    report = (ROOT / "leaderboard/transfer-real/README.md").read_text(encoding="utf-8")
    (row,) = [line for line in report.splitlines() if line.startswith(f"| {CHANGES[words]} |")]
    average = row.strip(" |").rpartition("|")[2].strip()
    page = " ".join(PAPERS.text.split())
    (quoted,) = re.findall(rf"{words} ([+-]\d+\.\d \[[+-]?\d+\.\d, [+-]?\d+\.\d\])", page)
    assert plain(average).startswith(plain(quoted)), (
        f"{PAPERS.name}: {quoted}, the table: {average}"
    )


def plain(text: str) -> str:
    return text.replace("+", "")


WITHOUT_TRAIN = """
import sys

HIDDEN = {
    "torch", "torchaudio", "transformers", "whisper", "accelerate", "peft", "safetensors", "gguf"
}


class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):  # such as what finds installed distributions
        return getattr(self.finder, name)

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] in HIDDEN else self.finder.find_spec(name, *more)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from mserbench.cli import main

main(sys.argv[1:])
"""


def test_the_base_install_scores_without_torch(no_settings: None, tmp_path: Path) -> None:
    """If it did not, five gigabytes would stand before the first number, and `make run` would hide
    it.
    """

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_TRAIN, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("run", "--model", "prior,random,logmel,egemaps", "--task", "emodb-sample")
    assert done.returncode == 0, done.stderr
    assert "egemaps" in done.stdout
    assert run("models").returncode == run("weights", "list").returncode == 0
    done = run("run", "--model", "whisper-linear", "--task", "emodb-sample")
    assert done.returncode == 4
    assert "pip install 'mserbench[train]'" in done.stderr
