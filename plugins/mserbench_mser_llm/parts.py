"""The frozen parts by name: weights that the registry knows, a folder, or `tiny`; their versions
and exposure.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from weakref import WeakValueDictionary

from mserbench.errors import UsageError
from mserbench.weights import lookup
from mserbench.weights.named import weights_names
from mserbench_mser_llm.language_model import FrozenLanguageModel
from mserbench_mser_llm.names import TINY
from mserbench_mser_llm.tiny_parts import Role, tiny_folder
from mserbench_training.encoders.base import Encoder, Length, Precision

# The options that name the parts, for errors.
_ROLES: dict[Role, str] = {"whisper": "encoder", "bert": "bert", "llama": "language_model"}
_VERSIONED = "*.safetensors"
_opened: WeakValueDictionary[tuple[str, ...], FrozenLanguageModel] = WeakValueDictionary()


def folder_of(name: str, role: Role) -> Path:
    """Return the folder of a part. Raises UnknownName for no such part, DataError where it is not
    on this machine.
    """
    return tiny_folder(role) if name == TINY else lookup.registered_or_own(name, _ROLES[role], TINY)


def open_encoder(name: str, length: Length, device: str, precision: Precision) -> Encoder:
    """Load the frozen Whisper encoder. Raises UnknownName, UsageError for another kind of folder,
    or DataError.
    """
    from mserbench_training.encoders.whisper import WhisperEncoder

    folder = folder_of(name, "whisper")
    if not (folder / "dims.json").is_file():
        raise UsageError(
            f"encoder {name!r} is no Whisper: its folder holds no dims.json; give another "
            f"--option encoder"
        )

    label = name if name == TINY or name in weights_names() else folder.name
    return WhisperEncoder.from_folder(folder, label, length, device, precision)


def open_language_model(
    name: str, precision: Precision, device: str
) -> tuple[FrozenLanguageModel, str]:
    """Load the frozen LLM; return it and its version. Raises UnknownName or DataError.

    While some model of this process holds it, the same is given again: it never changes, and is
    most of the memory.
    """
    folder = folder_of(name, "llama")
    version = language_version(name, folder)
    key = (str(folder.resolve()), version, precision, device)
    # Runs of several settings in one process, as experiments make them, would else hold it twice.
    llm = _opened.get(key)

    if llm is None:
        llm = _opened[key] = FrozenLanguageModel.from_folder(folder, precision, device)

    return llm, version


def language_version(name: str, folder: Path) -> str:
    """Return 16 digits of a SHA-256 over the weight files, the same for a name and for a copy of
    its folder.

    Those of weights by name were recorded when they were got: 16 GB need not be read twice.
    """
    recorded = lookup.read_record(name) if name in weights_names() else None
    files = sorted(folder.glob(_VERSIONED))
    digest = hashlib.sha256()

    for path in files:
        recorded_file = recorded["files"].get(path.name) if recorded else None
        digest.update(
            f"{path.name}\0{recorded_file['sha256'] if recorded_file else _sha256(path)}\n".encode()
        )

    return digest.hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
