"""A stranger's distribution: built, installed into a fresh environment, and used from the command
line there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

import mserbench

PACKAGE = Path(__file__).parent / "extension_package"


class Environment:
    """A fresh virtual environment that sees the packages of this one, and what is installed into
    it.
    """

    def __init__(self, root: Path) -> None:
        venv.create(root / "venv", with_pip=False, symlinks=True)
        self.root = root
        self.python = root / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        (self.site / "parent.pth").write_text("\n".join(parents()) + "\n")

    @property
    def site(self) -> Path:
        base = {"base": str(self.root / "venv"), "platbase": str(self.root / "venv")}
        return Path(sysconfig.get_path("purelib", scheme="venv", vars=base))

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "MSERBENCH"))
        }
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self.root,
            env={**clean, "MSERBENCH_CACHE": str(self.root / "cache"), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def mserbench(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self("-m", "mserbench", *arguments, **variables)


def parents() -> list[str]:
    """The folders that this interpreter imports from: `.pth` lines of a `.pth` folder are not
    followed again.
    """
    source = Path(mserbench.__file__).resolve().parent.parent
    folders = [Path(folder).resolve() for folder in sys.path if folder and Path(folder).is_dir()]
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    tests = PACKAGE.parent.resolve()
    chosen = [
        f
        for f in folders
        if f.name == "site-packages" or (standard not in f.parents and f != standard)
    ]

    return [str(folder) for folder in dict.fromkeys([source, *chosen]) if folder != tests]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Build the wheel from a copy of the sources and install it, without a package index."""
    root = tmp_path_factory.mktemp("stranger")
    shutil.copytree(PACKAGE, root / "source", ignore=shutil.ignore_patterns("__pycache__"))
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(root / "dist"),
    ]
    subprocess.run([*build, str(root / "source")], check=True, capture_output=True, text=True)
    (wheel,) = (root / "dist").glob("*.whl")
    fresh = Environment(root)
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(fresh.python),
        "install",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, text=True)

    return fresh


def test_the_plugin_is_listed_with_its_version(environment: Environment) -> None:
    """If it were not, installing a package would not be all it takes to extend mserbench."""
    listed = environment.mserbench("plugins", "--json")
    assert listed.returncode == 0, listed.stderr
    (plugin,) = (entry for entry in json.loads(listed.stdout) if entry["name"] == "stranger")
    assert plugin["distribution"] == "mserbench-stranger"
    assert plugin["version"] == "0.3.1"
    assert plugin["status"] == "ok"
    assert set(plugin["brings"]) == {"stranger-model", "stranger", "stranger-task"}


def test_its_task_stands_beside_ours(environment: Environment) -> None:
    """If ours vanished, or its did not show, one plugin would change what another offers."""
    listed = environment.mserbench("tasks", "--json")
    names = {record["name"]: record["plugin"] for record in json.loads(listed.stdout)}
    assert names["stranger-task"] == "stranger"
    assert names["emodb-sample"] == "tasks"


def test_its_model_runs_on_its_task(environment: Environment) -> None:
    """If this failed, a stranger's model and task could not be scored by the one command."""
    done = environment.mserbench(
        "run", "--model", "stranger-model", "--task", "stranger-task", "--json"
    )
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)
    assert run["n"] == 12
    assert run["metrics"]["UA"] == 1.0
    assert run["verdict"] == "zero-shot"


def test_its_model_runs_on_our_task(environment: Environment) -> None:
    """If this failed, a stranger's model could not be compared with any other."""
    done = environment.mserbench(
        "run", "--model", "stranger-model", "--task", "emodb-sample", "--json"
    )
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)
    assert run["n"] == 70

    # Recalls of two labels of seven can be above 0, the others never are.
    assert 0.0 < run["metrics"]["UA"] <= 2 / 7


@pytest.mark.parametrize(
    "subject", [("model", "stranger-model"), ("task", "stranger-task"), ("corpus", "stranger")]
)
def test_it_passes_the_conformance_kit(environment: Environment, subject: tuple[str, str]) -> None:
    """If it did not, the kit would reject honest work, or this example would teach something
    wrong.
    """
    done = environment.mserbench("conform", *subject, "--json")
    findings = json.loads(done.stdout)
    assert done.returncode == 0, [finding for finding in findings if finding["ok"] is False]
    assert sum(finding["ok"] is True for finding in findings) > len(findings) / 2


def test_an_option_reaches_the_model(environment: Environment) -> None:
    """If it were ignored, an option could be reported beside a number it had no part in."""
    call = ("run", "--model", "stranger-model", "--task", "stranger-task", "--json", "--option")
    (run,) = json.loads(environment.mserbench(*call, "threshold=0.99").stdout)
    assert run["metrics"]["UA"] == 0.5
    misspelt = environment.mserbench(*call, "treshold=0.99")
    assert misspelt.returncode == 2
    assert "did you mean 'threshold'" in misspelt.stderr


def test_the_switch_hides_it(environment: Environment) -> None:
    """If it did not, a broken or slow plugin could not be put aside without uninstalling it."""
    listed = environment.mserbench("tasks", "--json", MSERBENCH_PLUGINS="none")
    names = {record["name"] for record in json.loads(listed.stdout)}
    assert "stranger-task" not in names
    assert "emodb-sample" in names


BROKEN = {
    "absent": ("raise ImportError('no module named torchvision')", "torchvision"),
    "exits": ("import sys; sys.exit(7)", "SystemExit"),
    "misspelt": (
        "import mserbench\n@mserbench.hookimpl\ndef register_modles(): return []",
        "register_models",
    ),
    "twin": (
        "import mserbench\n@mserbench.hookimpl\ndef register_models():\n"
        "    return [mserbench.ModelEntry('stranger-model', 'nowhere:Model', 'a second one')]",
        "'stranger-model'",
    ),
}


@pytest.fixture
def siblings(environment: Environment) -> Iterator[list[str]]:
    """Install broken distributions beside it, as an installer writes them; removed after the
    test.
    """
    stray = []
    for name, (code, _) in BROKEN.items():
        module = environment.site / f"broken_{name}.py"
        module.write_text(code + "\n")
        facts = environment.site / f"broken_{name}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: broken-{name}\nVersion: 1.0\n"
        )
        (facts / "entry_points.txt").write_text(f"[mserbench]\nzz-{name} = broken_{name}\n")
        stray += [module, facts]

    yield list(BROKEN)
    for path in stray:
        path.unlink() if path.is_file() else shutil.rmtree(path)


@pytest.mark.usefixtures("siblings")
def test_broken_siblings_are_named_and_stop_nothing(environment: Environment) -> None:
    """If one hid the rest, installing a bad package would break everybody else's work."""
    listed = environment.mserbench("plugins", "--json")
    assert listed.returncode == 1
    plugins = {entry["name"]: entry for entry in json.loads(listed.stdout)}

    for name, (_, culprit) in BROKEN.items():
        assert plugins[f"zz-{name}"]["status"] == "failed"
        assert culprit in plugins[f"zz-{name}"]["failures"][0]
        assert f"broken-{name} 1.0" in plugins[f"zz-{name}"]["failures"][0]

    done = environment.mserbench(
        "run", "--model", "stranger-model", "--task", "stranger-task", "--json"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("siblings")
def test_strict_plugins_stops_at_a_broken_sibling(environment: Environment) -> None:
    """If it went on, a pipeline that asks for a sound environment would not get one."""
    strict = environment.mserbench("--strict-plugins", "tasks")
    assert strict.returncode == 4
    assert strict.stdout == ""
    assert "broken-absent" in strict.stderr


@pytest.mark.usefixtures("siblings")
def test_the_switch_silences_broken_siblings(environment: Environment) -> None:
    """If a plugin that is switched off still failed, the switch would be no remedy."""
    listed = environment.mserbench("plugins", "--json", MSERBENCH_PLUGINS="mserbench-stranger")
    assert listed.returncode == 0, listed.stderr
    status = {entry["name"]: entry["status"] for entry in json.loads(listed.stdout)}
    assert status["stranger"] == "ok"
    assert {status[f"zz-{name}"] for name in BROKEN} == {"off"}
