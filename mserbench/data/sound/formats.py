"""Formats of audio by what a file holds, whatever its name says, and the endings they go by."""

from __future__ import annotations

from pathlib import PurePosixPath

from mserbench.data.sound.held import Place, opened

# Endings by format. PyAV reads the first group, libsndfile the second.
_BY_PYAV: dict[str, tuple[str, ...]] = {
    "mp4": ("mp4", "m4a", "m4b", "mov", "3gp"),
    "matroska": ("mkv", "mka", "webm"),
    "asf": ("wma",),
    "aac": ("aac",),
    "amr": ("amr",),
}
_BY_SOUNDFILE: dict[str, tuple[str, ...]] = {
    "wav": ("wav", "wave", "bwf", "rf64"),
    "w64": ("w64",),
    "aiff": ("aif", "aiff", "aifc"),
    "au": ("au", "snd"),
    "caf": ("caf",),
    "sphere": ("sph", "nist"),
    "voc": ("voc",),
    "flac": ("flac",),
    "ogg": ("ogg", "oga", "opus"),
    "mpeg": ("mp3", "mp2", "mpga"),
}
_FORMATS = {
    ending: form for form, endings in (_BY_PYAV | _BY_SOUNDFILE).items() for ending in endings
}
CONTAINERS = frozenset(ending for endings in _BY_PYAV.values() for ending in endings)
SUFFIXES = frozenset(_FORMATS)

_HEAD = 16  # bytes that tell every format but those behind a tag
_ID3 = 10  # bytes of the header of a tag that may precede the sound
# What a person calls a format where its name would not say.
_CALLED = {"mp4": "mp4 (m4a)", "matroska": "Matroska (mkv, webm)", "mpeg": "mp3", "asf": "wma"}

_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (  # offset, bytes, format
    (0, b"RIFF", "wav"),
    (0, b"RIFX", "wav"),
    (0, b"RF64", "wav"),
    (0, b"riff\x2e\x91\xcf\x11", "w64"),
    (0, b"FORM", "aiff"),
    (0, b".snd", "au"),
    (0, b"dns.", "au"),
    (0, b"caff", "caf"),
    (0, b"NIST_1A", "sphere"),
    (0, b"Creative Voice", "voc"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"#!AMR", "amr"),
    (4, b"ftyp", "mp4"),
    (4, b"moov", "mp4"),
)


def is_audio(name: str) -> bool:
    """Whether a path is that of an audio file, by its suffix in any case."""
    return _ending(name) in SUFFIXES


def told_by_name(path: Place) -> str:
    """Return the format that the ending of a name stands for; empty where it is none of ours."""
    return _FORMATS.get(_ending(path.name), "")


def told_by_content(path: Place) -> str:
    """Return the format that the first bytes of a file tell; empty where they tell none.

    Raises OSError.
    """
    with opened(path) as file:
        head = file.read(_HEAD)
        if head[:3] == b"ID3":
            file.seek(_ID3 + tag_length(head))
            head = file.read(_HEAD)

    for offset, beginning, form in _BEGINNINGS:
        if head[offset : offset + len(beginning)] == beginning:
            return form

    # Eleven bits set begin a frame of MPEG audio; of AAC the layer after them is 0.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mpeg"
    return ""


def tag_length(head: bytes) -> int:
    """Return the bytes of an ID3v2 tag after its header of ten; 7 bits a byte say it."""
    return sum(
        (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False)
    )


def read_by_pyav(form: str) -> bool:
    """Whether PyAV reads a format, and not libsndfile."""
    return form in _BY_PYAV


def misnamed(path: Place, form: str) -> str:
    """Return what is to be said of a file whose ending is that of another format, or nothing."""
    by_name = told_by_name(path)
    if not form or not by_name or by_name == form:
        return ""
    return f"is called .{_ending(path.name)} but holds {_CALLED.get(form, form)}"


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower().lstrip(".")
