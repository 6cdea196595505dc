"""The files of an open corpus from their publisher: resumed, checked, unpacked."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mserbench.cards import CorpusCard, Remote
from mserbench.contracts import Corpus
from mserbench.disk import folders
from mserbench.errors import DataError, PluginError, UsageError
from mserbench.fetching.staging import relative, staging
from mserbench.fetching.transfer import Patience, Report, Transfer


def obtain(corpus: Corpus, target: Path, report: Report, patience: Patience) -> None:
    """Fetch the files of an open corpus, check and unpack them; `target` is whole or untouched.

    Raises DataError where the corpus is not open or has no known files, where a transfer or check
    fails, and where an archive is not safe; UsageError where another process is at it.
    """
    card = corpus.card
    files = _files(card)
    # Beside the corpus, on the same disk, and kept when the process is killed: parts resume.
    folder = target.parent / ".downloads" / card.name
    lock = folder.with_name(f"{card.name}.lock")

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with folders.held(lock):
            try:
                archives = [
                    _fetch(card, name, remote, folder, report, patience)
                    for name, remote in files.items()
                ]
                _unpack(card, archives, target, report)
                shutil.rmtree(folder)
            finally:
                _tidy(folder, lock)
    except folders.Busy as error:
        raise UsageError(
            f"another process downloads corpus {card.name!r} into {str(target.parent)!r}: wait "
            "until it is done"
        ) from error
    except OSError as error:
        raise DataError(
            f"corpus {card.name!r} cannot be written into {str(target.parent)!r} "
            f"({error.strerror or error}): make room or choose another folder, then start the same "
            "command again"
        ) from error


def _files(card: CorpusCard) -> dict[str, Remote]:
    """Return the files to fetch, by name."""
    if card.access != "open":
        raise DataError(
            f"corpus {card.name!r} is not open, its publisher gives it: {card.how_to_get} "
            f"({card.source})"
        )
    if not card.files:
        raise DataError(
            f"corpus {card.name!r} is open, but no address with a checksum is known for it: "
            f"{card.how_to_get} ({card.source}), then {card.unpack}"
        )

    try:
        files = {_name(remote.url): remote for remote in card.files}
    except ValueError:  # an address that is none
        files = {}

    if len(files) < len(card.files) or not all(map(relative, files)):
        raise PluginError(
            f"the card of corpus {card.name!r} lists files without names or with the same: report "
            "it to its author"
        )

    return files


def _name(url: str) -> str:
    """Return the name of a file: the last part of its address that is not Zenodo's `content`."""
    parts = [unquote(part) for part in urlsplit(url).path.split("/") if part not in ("", "content")]
    return parts[-1].replace("/", "_") if parts else ""


def _fetch(
    card: CorpusCard, name: str, remote: Remote, folder: Path, report: Report, patience: Patience
) -> Path:
    """Fetch one file with pooch, which checks it, or take it where it is here already."""
    import pooch

    advice = (
        f"'mserbench data show {card.name}' says how to get it by hand; put it at "
        f"{str(folder / name)!r}"
    )
    transfer = Transfer(name, remote, folder / f"{name}.part", report, patience, advice)
    pooch.get_logger().setLevel("ERROR")  # it would write to stderr what the progress bar shows

    try:
        return Path(
            pooch.retrieve(remote.url, remote.hash, fname=name, path=folder, downloader=transfer)
        )
    except ValueError as error:
        received = re.search(r"but got (\w+)", str(error))
        raise DataError(
            f"file {name!r} from {remote.url} has the checksum "
            f"{received[1] if received else 'of another file'!r}, but {remote.hash!r} was "
            f"expected: it was removed; start the same command again, else {advice}"
        ) from error


def _unpack(card: CorpusCard, archives: list[Path], target: Path, report: Report) -> None:
    """Put archives, unpacked, and other files into `target`, whole or not at all."""
    from mserbench.fetching import unpack

    size = sum(path.stat().st_size for path in archives)
    with staging(target, f"the download of corpus {card.name!r}", unpack.bound(size)) as stage:
        for path in archives:
            if unpack.is_archive(path.name):
                unpack.unpack(path, stage, lambda done, total: report("unpacking", done, total))
            else:
                stage.copy(path.name, path)


def _tidy(folder: Path, lock: Path) -> None:
    """Remove what is empty; parts of files stay, and what another process has begun."""
    for remove in (folder.rmdir, lock.unlink, folder.parent.rmdir):
        with contextlib.suppress(OSError):
            remove()
