"""Records of pretrained weights: what they are, what they were trained on, and where they can be
had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mserbench.cards import Exposure

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")  # a file name: no folder, no parent, not hidden
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Hub:
    """A repository of the Hugging Face hub: `files` are patterns (fnmatch) of files at its top;
    never pickles.

    `revision` is a whole commit, or empty where none is pinned; the commit that came is recorded
    beside the weights. `sha256` maps files of that commit to their SHA-256. Raises ValueError for a
    revision that could move.
    """

    repository: str
    files: tuple[str, ...]
    revision: str = ""
    gated: bool = False
    sha256: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.revision and not _COMMIT.fullmatch(self.revision):
            raise ValueError(
                f"revision {self.revision!r} of {self.repository!r} is no whole commit, so it "
                "could move"
            )


@dataclass(frozen=True)
class Member:
    """A data file inside a wheel of a package index; members of the same `file` are joined in
    order.

    `sha256` and `bytes` are those of the member. `project` and `version` pin the wheel, `path` the
    member in it.
    """

    project: str
    version: str
    path: str
    sha256: str
    bytes: int
    file: str

    def __post_init__(self) -> None:
        if not _PLAIN.fullmatch(self.file):
            raise ValueError(
                f"member {self.path!r}: {self.file!r} is no plain file name, so it could lie "
                "anywhere"
            )


@dataclass(frozen=True)
class Weights:
    """Pretrained weights by name.

    `assemble` is `"module:function"`, called as `assemble(found, out)` with a folder of what a
    source gave and an empty folder, in which it writes JSON, text and safetensors only. `needs`
    maps each package that it imports to the extra which installs it. `expected` are values that
    `described_by`, a JSON file in the ready folder, must hold: they keep other weights from passing
    under this name. `files` maps ready files to their SHA-256 where it is the same from every
    source. `exposure` is handed on to the models built upon it; `exposure_complete` is True where
    it holds all speech and every emotion label of speech they learnt from. `bytes` is the size of
    the ready folder, about. `remarks` says what a user must know. `index_first`: the package index
    comes before the hub, where the two give other numbers and weights that ship were trained upon
    the index's.
    """

    name: str
    title: str
    licence: str
    page: str
    bytes: int
    exposure: tuple[Exposure, ...]
    exposure_complete: bool
    assemble: str
    described_by: Literal["config.json", "dims.json"]
    expected: Mapping[str, str | int]
    hub: Hub
    members: tuple[Member, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=lambda: {"safetensors": "train"})
    index_first: bool = False
    remarks: str = ""

    @property
    def wheels(self) -> tuple[str, ...]:
        """The wheels that hold the members, as requirements `project==version`, each once."""
        return tuple(
            dict.fromkeys(f"{member.project}=={member.version}" for member in self.members)
        )
