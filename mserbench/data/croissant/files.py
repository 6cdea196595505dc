"""The files of a corpus in a document: its publisher's archives, and the recordings in them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from mserbench.cards import CorpusCard, Remote
from mserbench.data.croissant.vocabulary import Json, field, record_set

_TYPES = {  # of files, by suffix
    "wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "ogg": "audio/ogg", "aif": "audio/aiff", "aiff": "audio/aiff", "aac": "audio/aac",
    "wma": "audio/x-ms-wma",
    "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm",
    "zip": "application/zip",
    "tar": "application/x-tar", "gz": "application/gzip", "tgz": "application/gzip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed", "csv": "text/csv", "json": "application/json", "parquet":
    "application/vnd.apache.parquet",
}  # fmt: skip
_ARCHIVES = frozenset(_TYPES[suffix] for suffix in ("zip", "tar", "gz", "tgz", "rar", "7z"))
# The archives that a reader of the format must be able to open.
_OPENED = frozenset(_TYPES[suffix] for suffix in ("zip", "tar"))
# What a corpus of the field holds, where its names are not known.
_USUAL = ("flac", "m4a", "mp3", "mp4", "wav")


def distribution(
    card: CorpusCard, suffixes: Sequence[str], as_published: bool = True
) -> list[Json]:
    """Return the files of an open corpus, and the set of recordings, with the files it is in where
    it is `as_published`.
    """
    # What ships with a package lies beside it, not in the archive that it was once taken from.
    remotes = () if card.access == "bundled" else card.files
    files = [_file(remote) for remote in remotes]
    archives = _archives(files)
    endings = suffixes or _USUAL
    recordings: Json = {
        "@type": "cr:FileSet",
        "@id": "recordings",
        "name": "recordings",
        "description": "The recordings, in the folders and under the names of their publisher.",
        "encodingFormat": [_TYPES.get(suffix, "audio/*") for suffix in endings],
        "includes": [f"**/*.{suffix}" for suffix in endings],
    }

    if archives and as_published:
        recordings["containedIn"] = [{"@id": archive["@id"]} for archive in archives]
    elif card.access == "bundled":
        recordings["description"] = "The recordings, in a folder of the package that ships them."
        # They lie in the folder itself, which a pattern with folders does not fit.
        recordings["includes"] = [f"*.{suffix}" for suffix in endings]

    return [*files, recordings]


def audio(files: Sequence[Json]) -> list[Json]:
    """Return the record set of the sound in archives; empty where a reader could not open them."""
    archives = _archives(files)
    if "containedIn" not in files[-1] or any(
        file["encodingFormat"] not in _OPENED for file in archives
    ):
        return []

    source = {"fileSet": {"@id": "recordings"}}
    fields = [
        field(
            "clips/name",
            "sc:Text",
            "Name of the file, as 'file' of an utterance ends.",
            source={**source, "extract": {"fileProperty": "filename"}},
        ),
        field(
            "clips/audio",
            "sc:AudioObject",
            "The bytes of the file.",
            source={**source, "extract": {"fileProperty": "content"}},
        ),
    ]

    return [record_set("clips", "name", "The files of the archives, with their sound.", fields)]


def _archives(files: Sequence[Json]) -> list[Json]:
    objects = [file for file in files if file["@type"] == "cr:FileObject"]
    return [file for file in objects if file["encodingFormat"] in _ARCHIVES]


def _file(remote: Remote) -> Json:
    """Describe a file of an open corpus: its address, size and hash, not its content."""
    name = remote.url.partition("?")[0].rpartition("/")[2]
    if name == "content":  # Zenodo ends its addresses so
        name = remote.url.split("/")[-2]

    kind, _, value = remote.hash.partition(":")
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": unquote(name),
        "contentUrl": remote.url,
        "contentSize": f"{remote.bytes} B",
        "encodingFormat": _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream"),
        kind: value,
    }
