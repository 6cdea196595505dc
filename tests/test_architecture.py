"""The shape of the code: sizes, first lines, what may be imported, and what must never occur in
it.
"""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "mserbench": ROOT,
    "mserbench_tasks": ROOT / "tasks",
    "mserbench_baselines": ROOT / "plugins",
    "mserbench_training": ROOT / "plugins",
    "mserbench_whisper_linear": ROOT / "plugins",
    "mserbench_supcon_w2v2": ROOT / "plugins",
    "mserbench_mser_llm": ROOT / "plugins",
    "mserbench_m5ser": ROOT / "plugins",
    "mserbench_hf": ROOT / "plugins",
    "mserbench_openai": ROOT / "plugins",
    "mserbench_worker": ROOT / "plugins",
    "mserbench_leaderboard": ROOT / "leaderboard",
}
MODULES = {
    ".".join(path.relative_to(folder).with_suffix("").parts): path
    for package, folder in PACKAGES.items()
    for path in sorted((folder / package).rglob("*.py"))
}
SCRIPTS = {"mserbench.__main__"}  # importing them runs the program
HEAVY = ("torch", "torchaudio", "transformers", "whisper", "datasets")
TRAIN = {*HEAVY, "accelerate", "peft", "safetensors", "gguf", "tokenizers"}  # of the extra train


def code_lines(lines: list[str]) -> int:
    """Count lines that are neither blank nor a comment: room to breathe must not cost anything."""
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in lines)


def without_docstrings(text: str) -> list[str]:
    """Return the lines of a module that no docstring takes: what explains must not cost either."""
    lines = text.splitlines()
    documented = set()
    for node in ast.walk(ast.parse(text)):
        holds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, holds) and ast.get_docstring(node) is not None:
            documented.update(range(node.body[0].lineno - 1, node.body[0].end_lineno or 0))

    return [line for number, line in enumerate(lines) if number not in documented]


def functions(path: Path) -> list[int]:
    """Return the code lines of each function of a module, without its docstring."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    lengths = []

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lengths.append(
                code_lines(lines[body[0].lineno - 1 : body[-1].end_lineno]) if body else 1
            )

    return lengths


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_one_room(name: str) -> None:
    """A file that nobody can hold in their head is where faults hide."""
    most = 110 if ".corpora." in name else 250
    text = MODULES[name].read_text(encoding="utf-8")
    assert code_lines(without_docstrings(text)) <= most
    assert max(functions(MODULES[name]), default=0) <= 50


def test_functions_are_short() -> None:
    """The median tells whether the code is written in pieces that have names."""
    assert (
        statistics.median(length for path in MODULES.values() for length in functions(path)) <= 12
    )


@pytest.mark.parametrize("name", [name for name in MODULES if name not in SCRIPTS])
def test_a_module_imports_and_says_what_it_is(name: str) -> None:
    """Code that does not even import has shipped elsewhere in this field; a first line is a
    promise.
    """
    if name == "mserbench.speaking.worker":
        pytest.importorskip("espeakng_loader", reason="the worker is a script of the extra demo")

    try:
        module = importlib.import_module(name.removesuffix(".__init__"))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in TRAIN:
            raise

        pytest.skip(f"{error.name} is not installed: it is of the extra train")

    assert module.__doc__
    opening = " ".join(module.__doc__.partition("\n\n")[0].split())
    assert re.fullmatch(r".{10,118}[.!?]", opening), "one sentence before anything else"


@pytest.mark.parametrize("name", MODULES)
def test_no_data_can_run_code(name: str) -> None:
    """Weights, results and data come from strangers."""
    text = MODULES[name].read_text(encoding="utf-8")
    text = text.replace(".eval()", "")  # a module of torch set to inference
    text = text.replace("trust_remote_code=False", "")  # said, as a folder may ask for the question
    assert not re.search(
        r"\bimport pickle\b|\bjoblib\b|\beval\(|\bexec\(|trust_remote_code|yaml\.load\(", text
    )


def test_nothing_heavy_is_imported_by_any_entry_point() -> None:
    """The core runs without torch, and a listing must not wait for it."""
    code = f"""
        import importlib, sys
        import mserbench
        for name in {[*PACKAGES, "mserbench.cli"]}:
            importlib.import_module(name)
        from mserbench.plugins import registry
        registry.installed()
        print([name for name in {(*HEAVY, "numpy", "pandas", "scipy", "sklearn")} if name in sys.modules])
    """
    lines = "\n".join(
        line.strip() if not line.startswith(" " * 12) else line[8:] for line in code.splitlines()
    )
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_repository_holds_no_path_of_a_machine() -> None:
    """Such a path works for one person only, and tells where they work."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")

    texts = [
        ROOT / name
        for name in listed.stdout.split("\0")
        if name.endswith((".py", ".md", ".toml", ".json", ".csv", ".txt", ".in", "Makefile"))
    ]
    wrong = [
        str(path)
        for path in texts
        if re.search(r"(?<![\w.])/(?:home|Users|root)/\w", path.read_text("utf-8"))
    ]
    assert wrong == []


OWN_ERRORS = {  # their texts are sentences of ours, which hold foreign texts as `why` gives them
    *("MserbenchError", "UsageError", "UnknownName", "DataError", "ModelError", "PluginError"),
    *("MissingExtra", "PackageMisfit", "WrongValue", "Refused", "NotChecked", "Violation"),
    *("SpeechError", "_Broken", "Died", "_Unanswered"),
}
BY_CLASS = {  # module: an error of ours beside those of the system, each with its own words
    "mserbench.weights.lookup",
    # Runs where mserbench is not; who reads the line that it writes shortens it.
    "mserbench_worker.serve",
}


def raw_texts(tree: ast.AST) -> list[int]:
    """Return the lines that put the text of a foreign error into a message as it is."""
    lines = []
    for handler in ast.walk(tree):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue

        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        classes = {ast.unparse(kind).rpartition(".")[2] for kind in kinds if kind is not None}
        if classes <= OWN_ERRORS:
            continue

        for node in ast.walk(handler):
            shown = node.value if isinstance(node, ast.FormattedValue) else None
            if isinstance(shown, ast.Name) and shown.id == handler.name:
                lines.append(shown.lineno)

            # By hand, which meets neither controls nor an error without text.
            is_split = isinstance(node, ast.Attribute) and node.attr in ("split", "splitlines")
            if is_split and ast.unparse(node.value) == f"str({handler.name})":
                lines.append(node.lineno)

    return lines


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_message_holds_the_raw_text_of_a_foreign_error(name: str) -> None:
    """A library's text may be megabytes, of many lines, or hold what a terminal obeys."""
    lines = raw_texts(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    assert name in BY_CLASS or not lines, "say it by mserbench.errors.why or words"


def test_the_raw_text_of_a_foreign_error_is_seen() -> None:
    text = 'try:\n    f()\nexcept {}:\n    g(f"it {{error{}}}")\n'
    tree = ast.parse(text.format("(DataError, ValueError) as error", ""))
    assert raw_texts(tree) == [4]
    assert not raw_texts(ast.parse(text.format("errors.DataError as error", "")))
    assert not raw_texts(ast.parse(text.format("ValueError as error", ".strerror")))

    by_hand = "try:\n    f()\nexcept OSError as error:\n    g(str(error).splitlines()[0])\n"
    assert raw_texts(ast.parse(by_hand)) == [4]
