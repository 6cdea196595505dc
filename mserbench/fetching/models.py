"""A model of the Hugging Face hub, or of its cache: data files alone, never a pickle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mserbench.errors import DataError, words
from mserbench.fetching import reach
from mserbench.plugins import misfits
from mserbench.report import progress

_PICKLES = ("*/*", "*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")


def snapshot(identifier: str, revision: str | None, patterns: Sequence[str]) -> Path:
    """Return a folder of the files of a model at its top that fit `patterns` (fnmatch), from the
    hub, or from its cache where there is no network.

    Raises MissingExtra without the package huggingface_hub, DataError where it cannot be had.
    """
    with misfits.optional(f"model {identifier!r} of the hub", "huggingface_hub", "train"):
        from huggingface_hub import snapshot_download

    away = "no network is to be used" if reach.is_hub_offline() else reach.hub_fault(identifier)
    try:
        with reach.quiet_hub(), progress.doing(f"fetching {identifier}"):
            folder = snapshot_download(
                identifier,
                revision=revision,
                allow_patterns=list(patterns),
                ignore_patterns=list(_PICKLES),
                local_files_only=bool(away),
            )
    except Exception as error:  # the hub's own errors and those of whatever HTTP library it uses
        raise DataError(_fault(identifier, error, away)) from error

    return Path(folder)


def _fault(identifier: str, error: Exception, away: str) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    place = f"model {identifier!r} of the hub"
    if "GatedRepoError" in kinds:
        return f"{place} is gated: accept its licence there and run 'hf auth login'"
    if "RevisionNotFoundError" in kinds:
        return f"{place} has no such revision: give another one, or none"
    if "RepositoryNotFoundError" in kinds:
        return f"{place} was not found: look at its name, or log in where it is private"
    if away or "LocalEntryNotFoundError" in kinds:
        return (
            f"{place} is not in the hub's cache, and the hub cannot be asked "
            f"({away or 'the connection broke'}): run 'hf download {identifier}' where there is a "
            f"network, and copy the folder that it names here, to be given in place of the id"
        )

    return f"{place} cannot be fetched ({words(error, 160)}): try again, or give a folder"
