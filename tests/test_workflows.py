"""The workflows of continuous integration: valid, safe for a stranger's code, and each of their
steps can be run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
TOOLS = Path(sys.executable).parent
# What a step may call that a machine without a GPU, a hub or root has not; each notes that it was
# called. The real `make` reads the Makefile, and only says what it would do.
STANDING_IN = {
    "make": 'echo "make $*" >> "$CALLS"; exec "$REAL_MAKE" --dry-run "$@" > /dev/null',
    "nvidia-smi": "echo a GPU",
    "gh": 'echo "gh $*" >> "$CALLS"',
}
# What the environment of the checkout holds: the tests that a step names must be there (they are
# this very run's, so they are not run again), and a command must be one.
INSTALLED = {
    "python": 'for word in "$@"; do case "$word" in tests/*) test -e "$word" || exit 1;; esac; done',
    "mserbench": f'exec "{sys.executable}" -m mserbench "$@" --help',
}


@dataclass(frozen=True)
class Step:
    """A step of a job that runs a script."""

    workflow: str
    job: str
    title: str
    script: str
    environment: dict[str, str]

    def __str__(self) -> str:
        return f"{self.workflow} {self.job} {self.title}"


def read(path: Path) -> dict[str, Any]:
    """Return a workflow; YAML takes its key `on` for a flag."""
    content: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in content.items()}


WORKFLOWS = {path.stem: read(path) for path in FILES}
JOBS = [
    (workflow, name, job)
    for workflow, content in WORKFLOWS.items()
    for name, job in content["jobs"].items()
]


def steps() -> Iterator[Step]:
    """Yield the steps that run a script."""
    for workflow, name, job in JOBS:
        for step in job["steps"]:
            if "run" in step:
                yield Step(workflow, name, step["name"], step["run"], step.get("env", {}))


def test_there_is_a_workflow_of_each_kind() -> None:
    assert set(WORKFLOWS) == {"ci", "gpu-regression", "nightly", "canary", "submission"}


def test_they_are_valid() -> None:
    """If a key were misspelt, a job would not run, and nobody would be told."""
    command = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *FILES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_audit_finds_nothing() -> None:
    """If it did, a pull request might run code on our machines, or get at a token."""
    command = [TOOLS / "zizmor", "--offline", "--pedantic", "--no-progress", FOLDER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_token_may_do_more_than_its_job_says(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow["on"]
    # Else the shell of a step has no pipefail, and `make test | tee` is always green.
    assert workflow["defaults"]["run"]["shell"] == "bash"


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS, ids=lambda value: str(value)[:30])
def test_each_job_ends_and_pins_what_it_uses(workflow: str, name: str, job: dict[str, Any]) -> None:
    """If an action were named by a tag, whoever owns it could change what our runners do."""
    assert job["timeout-minutes"] <= 360
    assert set(job["permissions"].values()) <= {"read"} or workflow == "canary"
    for step in job["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]), (name, step)

        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_a_fork_never_reaches_our_own_machines() -> None:
    for workflow, name, job in JOBS:
        if "self-hosted" in job["runs-on"] and "pull_request" in WORKFLOWS[workflow]["on"]:
            assert "head.repo.full_name == github.repository" in job["if"], (workflow, name)

    assert WORKFLOWS["gpu-regression"]["concurrency"]["cancel-in-progress"] is False


def write_programs(folder: Path, programs: dict[str, str]) -> Path:
    """Write programs that stand in for others."""
    folder.mkdir(parents=True)
    for name, script in programs.items():
        program = folder / name
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)

    return folder


@pytest.mark.parametrize("step", list(steps()), ids=str)
def test_each_step_is_a_script_that_runs(step: Step, tmp_path: Path) -> None:
    """If a step named a target that the Makefile has not, the first to know would be a runner."""
    place = tmp_path / "checkout"
    place.mkdir()
    for name in ("Makefile", ".ci", "requirements", "pyproject.toml", "tests", "docs"):
        (place / name).symlink_to(ROOT / name)

    write_programs(place / ".venv" / "bin", INSTALLED)
    stand_ins = write_programs(tmp_path / "bin", STANDING_IN)
    (place / "changed.txt").touch()
    (place / "offered" / "submissions" / "a model").mkdir(parents=True)
    for log in ("tests.log", "regress.log"):
        (place / log).write_text("a failure\n")

    calls = tmp_path / "calls"
    calls.touch()
    environment = {
        **os.environ,
        "PATH": f"{stand_ins}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(calls),
        "REAL_MAKE": "/usr/bin/make",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        **{name: "newest" if "matrix" in text else text for name, text in step.environment.items()},
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("make " in step.script) == ("make " in calls.read_text())


def test_a_failing_command_fails_its_step() -> None:
    """If the tee hid it, the canary would sing for ever."""
    script = "false 2>&1 | tee /dev/null"
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", script], check=False)
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="wants root on Linux")
def test_a_command_without_network_reaches_itself_alone() -> None:
    """If the leg without network had one, nothing would be known of machines that have none."""
    program = (
        "import socket; server = socket.create_server(('127.0.0.1', 0)); "
        "socket.create_connection(server.getsockname()); "
        "print(socket.socket().connect_ex(('192.0.2.1', 80)) != 0)"
    )
    command = [ROOT / ".ci" / "offline", sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
