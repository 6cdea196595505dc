"""A checkpoint as its files describe it: what it is, whether it can be asked for emotions, why not.

Nothing here imports torch or transformers, and no file is read that could run code.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.errors import DataError, UsageError, plain, why
from mserbench.fetching.models import snapshot

CONFIG = "config.json"
EXTRACTOR = "preprocessor_config.json"
_INDEX = "model.safetensors.index.json"
_READ = (CONFIG, EXTRACTOR, "processor_config.json", _INDEX, "*.safetensors", "README.md")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_CACHED = "models--"  # begins the name of a model's folder in the hub's cache
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")

# Heads of these names tell how somebody speaks on scales, not which emotion it is.
_DIMENSIONS = frozenset(
    [
        *("arousal", "valence", "dominance", "activation", "activity"),
        *("pleasure", "power", "control", "intensity"),
    ]
)
# The class names of transformers whose head classifies a clip end so.
_CLASSIFIES = ("ForSequenceClassification", "ForAudioClassification")


@dataclass(frozen=True)
class Checkpoint:
    """A folder that transformers can open, checked as far as its configuration tells.

    `name`: the id or the folder as the user named it; `labels`: those of its head, by number.
    """

    name: str
    folder: Path
    config: Mapping[str, Any]
    extractor: Mapping[str, Any]
    labels: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that decide its scores."""
        listed = (path for pattern in _READ[:-1] for path in self.folder.glob(pattern))
        return tuple(sorted(listed))

    @property
    def weights_hash(self) -> str:
        """SHA-256 (hex) of its safetensors, in the order of their names."""
        return hashlib.sha256(b"".join(self._digests())).hexdigest()

    def _digests(self) -> list[bytes]:
        paths = sorted(self.folder.glob("*.safetensors"))
        return [_digest(path, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]

    @property
    def file_hashes(self) -> tuple[str, ...]:
        """SHA-256 (hex) of each of its safetensors, in the order of their names."""
        return tuple(digest.hex() for digest in self._digests())

    @property
    def hub_id(self) -> str:
        """Its id on the hub, where it came from there; "" of a folder of the user's own."""
        if not Path(self.name).expanduser().is_dir():
            return self.name.partition("@")[0]

        # A folder of the hub's cache: models--OWNER--NAME/snapshots/COMMIT.
        cached = self.folder.absolute().parent.parent.name
        return cached[len(_CACHED) :].replace("--", "/", 1) if cached.startswith(_CACHED) else ""

    @property
    def made_from(self) -> str:
        """What its configuration says that it was loaded from before it was saved."""
        return str(self.config.get("_name_or_path") or "")

    @property
    def licence(self) -> str:
        """What the header of its README says; `unknown` where it says nothing."""
        try:
            text = outside.read(self.folder / "README.md", outside.CARD).decode("utf-8", "replace")
        except OSError:
            return "unknown"

        match = re.search(r"^license:[ \t]*([\w.+-]+)", text[:20_000], re.MULTILINE)
        return match[1] if match else "unknown"


@functools.lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed: int) -> bytes:
    """Return the SHA-256 of a file; gigabytes are read once a process, as long as they stay."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def opened(name: str) -> Checkpoint:
    """Return a checkpoint by its folder, or by its id on the hub.

    Raises UsageError for what is neither, or is no classifier of emotions; DataError where it
    cannot be fetched, has no safetensors, or is damaged.
    """
    folder = _folder(name)
    if not (folder / CONFIG).is_file():
        raise UsageError(f"checkpoint {name!r} {_what_else(folder)}")

    config = _json(name, folder / CONFIG)
    _require_classifier(name, folder, config)
    labels = _labels(name, config)
    _require_categories(name, config, labels)
    _require_safetensors(name, folder)
    if not (folder / EXTRACTOR).is_file() and not (folder / "processor_config.json").is_file():
        raise DataError(
            f"checkpoint {name!r} has no {EXTRACTOR}, which says how audio is given to it: save "
            f"the feature extractor into its folder too, "
            f"'AutoFeatureExtractor.from_pretrained(BASE).save_pretrained(FOLDER)'"
        )

    extractor = _json(name, folder / EXTRACTOR) if (folder / EXTRACTOR).is_file() else {}
    return Checkpoint(name, folder, config, extractor, labels)


def _folder(name: str) -> Path:
    if not name:
        raise UsageError(
            "model 'hf' is no model by itself: give a checkpoint, --model hf:FOLDER or "
            "hf:OWNER/NAME"
        )

    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise UsageError(
            f"checkpoint {name!r} is a file: give the folder that 'save_pretrained' wrote, with "
            f"its {CONFIG}"
        )
    if not _HUB_ID.fullmatch(name) or name.startswith("."):
        raise UsageError(
            f"checkpoint {name!r}: there is no such folder{_near(folder)}, and an id of the hub is "
            f"OWNER/NAME"
        )

    # A branch may move; the files that came decide the key all the same.
    identifier, _, revision = name.partition("@")
    return snapshot(identifier, revision or None, _READ)


def _near(folder: Path) -> str:
    """Return the checkpoint beside a folder that is not there whose name is the most like it."""
    beside = [path.parent.name for path in folder.parent.glob(f"*/{CONFIG}")]
    near = difflib.get_close_matches(folder.name, beside, n=1)
    return f" (did you mean {str(folder.parent / near[0])!r}?)" if near else ""


def _what_else(folder: Path) -> str:
    """Say what a folder without a configuration is, where that can be seen."""
    worker = "run it by --model worker:COMMAND in an environment of its own"
    if list(folder.glob("configuration.json")) or "emotion2vec" in folder.name.lower():
        return f"is a FunASR model such as emotion2vec, not one of transformers: {worker}"
    if list(folder.glob("hyperparams.yaml")):
        return f"is a SpeechBrain recipe, not a model of transformers: {worker}"
    if (folder / "adapter_config.json").is_file():
        return (
            "holds an adapter alone: merge it into its base model and save that (merge_and_unload)"
        )
    if below := sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}")):
        return f"has no {CONFIG}, but folders in it have, such as {below[-1]!r}: name one of them"
    return f"has no {CONFIG}: give the folder that 'save_pretrained' of transformers wrote"


def _json(name: str, path: Path) -> dict[str, Any]:
    try:
        record = json.loads(outside.read(path, outside.CARD).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"checkpoint {name!r}: {path.name} cannot be read ({why(error)}): save it again"
        ) from error

    if not isinstance(record, dict):
        raise DataError(f"checkpoint {name!r}: {path.name} is no JSON object: save it again")

    return record


def _require_classifier(name: str, folder: Path, config: Mapping[str, Any]) -> None:
    kinds = [str(kind) for kind in config.get("architectures") or ()]
    is_known = any(kind.endswith(_CLASSIFIES) for kind in kinds)
    # transformers would add it where the package peft is there, and pass it over elsewhere.
    if (folder / "adapter_config.json").is_file():
        raise UsageError(
            f"checkpoint {name!r} holds an adapter beside its model: merge it and save the whole "
            f"(merge_and_unload), as which of them answers must not depend on installed packages"
        )
    if is_known and not config.get("auto_map"):
        return

    classes = plain(", ".join(kinds) or "no architecture", 100)
    if config.get("auto_map"):
        raise UsageError(
            f"checkpoint {name!r} ({classes}) brings code of its own, which is never run here: run "
            f"it by --model worker:COMMAND"
        )
    if kinds and all(kind.endswith("ForSpeechClassification") for kind in kinds):
        raise UsageError(
            f"checkpoint {name!r} ({classes}) has a head of its author's own, which transformers "
            f"would replace by a random one: run it by --model worker:COMMAND with that "
            f"class"
        )

    raise UsageError(
        f"checkpoint {name!r} ({classes}) has no head that classifies a clip: a pretrained or "
        f"transcribing model must be fine-tuned first, as AutoModelForAudioClassification"
    )


def _labels(name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the labels by number. Raises DataError where they are not numbered from 0 on."""
    by_number = config.get("id2label")
    if by_number is None:
        # transformers leaves the names out where they are its own: two, if nothing is said.
        by_number = {str(i): f"LABEL_{i}" for i in range(int(config.get("num_labels") or 2))}

    expected = [str(number) for number in range(len(by_number))]
    if not isinstance(by_number, dict) or set(by_number) != set(expected):
        raise DataError(
            f"checkpoint {name!r}: 'id2label' of {CONFIG} must name the labels by their numbers "
            f"from 0 on: mend it"
        )

    return tuple(str(by_number[number]) for number in expected)


def _require_categories(name: str, config: Mapping[str, Any], labels: tuple[str, ...]) -> None:
    """Refuse a head that tells dimensions, or nothing that can be chosen from."""
    scales = [label for label in labels if label.strip().casefold() in _DIMENSIONS]
    if len(scales) == len(labels) or config.get("problem_type") == "regression":
        numbers = ", ".join(scales) or f"{len(labels)} numbers"
        raise UsageError(
            f"checkpoint {name!r} tells dimensions ({numbers}), not emotions: no class follows "
            f"from them without a rule that somebody chose, so tasks of emotions are not for it"
        )
    if len(labels) < 2:
        raise UsageError(
            f"checkpoint {name!r} has {len(labels)} label(s), but two or more to choose from are "
            f"needed: give a classifier of emotions"
        )


def _require_safetensors(name: str, folder: Path) -> None:
    if (folder / "model.safetensors").is_file() or (folder / _INDEX).is_file():
        return

    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if not pickles:
        raise DataError(
            f"checkpoint {name!r} has no model.safetensors: copy all files that 'save_pretrained' "
            f"wrote"
        )

    raise DataError(
        f"checkpoint {name!r} has its weights as a pickle ({pickles[0]}), which can run code when "
        f"it is read: where you trust it, convert it once, AutoModelForAudioClassification"
        f".from_pretrained({name!r}).save_pretrained('converted'), and copy its {EXTRACTOR} there"
    )
