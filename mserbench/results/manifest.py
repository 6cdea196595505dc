"""The manifest beside trained weights (`manifest.json`): what they learnt from, as typed parts, and
their hashes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

from mserbench import languages
from mserbench.cards import ExposureKind
from mserbench.disk import outside
from mserbench.errors import DataError, why
from mserbench.results import binding, parts
from mserbench.results.parts import COUNT, FLAG, OBJECT, Part, checked

MANIFEST = "manifest.json"
FINGERPRINTS = "fingerprints.npy"
SCHEMA = 1


def _texts(value: Any, path: str) -> tuple[str, ...]:
    if not _are_strings(value):
        owner, _, name = path.rpartition(".")
        is_of_source = owner.startswith(("sources", "earlier"))
        subject = f"{name!r} of a source" if is_of_source else repr(path)
        raise ValueError(f"{subject} must be a list of texts")

    return tuple(value)


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_string_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _languages(value: Any, path: str) -> tuple[str, ...]:
    tags = _texts(value, path)
    if fault := languages.fault(tags):
        raise ValueError(f"{path!r}: {fault}")
    return tags


# Other than the TEXT of a record: a name may hold half a character.
STRING = checked(lambda value: isinstance(value, str))
STRING_OR_NULL = checked(_is_string_or_null)
KIND = checked(lambda value: value in get_args(ExposureKind))
OBJECT_OR_NULL = checked(lambda value: value is None or isinstance(value, dict))


@dataclass(frozen=True, kw_only=True)
class Heard(Part):
    """What a model that made speech of a source was exposed to; as `mserbench.Exposure`."""

    corpus: Annotated[str, STRING]
    languages: Annotated[tuple[str, ...], _languages]
    kind: Annotated[ExposureKind, KIND]
    evidence: Annotated[str, STRING]


@dataclass(frozen=True, kw_only=True)
class Source(Part):
    """A task that was trained or validated on: `clips` are audio keys.

    `origins` are the utterances, CORPUS:ID, that its clips were made from, `derived_audio` the
    audio keys of these, CORPUS:KEY, or KEY where the corpus is not told. `exposure` is that of what
    made the clips; `exposure_complete` is None where nothing was said of it.
    """

    task: Annotated[str, STRING]
    family: Annotated[str, STRING]
    languages: Annotated[tuple[str, ...], _languages]
    clips: Annotated[tuple[str, ...], _texts]
    origins: Annotated[tuple[str, ...], _texts] = ()
    corpus: Annotated[str | None, STRING] = None
    task_hash: Annotated[str | None, STRING] = None
    index_digest: Annotated[str | None, STRING_OR_NULL] = None
    synthetic: Annotated[bool | None, FLAG] = None
    partial: Annotated[bool | None, FLAG] = None
    derived_audio: Annotated[tuple[str, ...], _texts] = ()
    exposure: Annotated[tuple[Heard, ...] | None, parts.parts(Heard)] = None
    exposure_complete: Annotated[bool | None, FLAG] = None


@dataclass(frozen=True, kw_only=True)
class Stage(Part):
    """One training: model, tasks, options, and whether incomplete corpora were taken.

    `chosen_on` are the corpora that its options were chosen on, None where the card holds.
    """

    model: Annotated[str | None, STRING_OR_NULL]
    on: Annotated[tuple[str, ...], _texts]
    validated_on: Annotated[tuple[str, ...], _texts]
    options: Annotated[Mapping[str, Any] | None, OBJECT_OR_NULL]
    partial: Annotated[bool, FLAG]
    chosen_on: Annotated[tuple[str, ...] | None, _texts] = None


@dataclass(frozen=True, kw_only=True)
class Manifest(Part):
    """What weights were trained with; `earlier` and `before` are of the weights they went on from.

    `files` are the SHA-256 (hex) of the weight files by name, `fingerprints` that of the file of
    the training clips' fingerprints. What is None an old manifest does not say.
    """

    schema: Annotated[int | None, COUNT] = None
    model: Annotated[str | None, STRING_OR_NULL] = None
    model_version: Annotated[str | None, STRING] = None
    options: Annotated[Mapping[str, Any] | None, OBJECT_OR_NULL] = None
    transductive: Annotated[bool | None, FLAG] = None
    sources: Annotated[tuple[Source, ...], parts.parts(Source)]
    on: Annotated[tuple[str, ...] | None, _texts] = None
    validated_on: Annotated[tuple[str, ...] | None, _texts] = None
    chosen_on: Annotated[tuple[str, ...] | None, _texts] = None
    earlier: Annotated[tuple[Source, ...] | None, parts.parts(Source)] = None
    before: Annotated[tuple[Stage, ...] | None, parts.parts(Stage)] = None
    fingerprints: Annotated[str | None, STRING_OR_NULL] = None
    files: Annotated[Mapping[str, str], OBJECT]

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """The sources, and those of the weights that the training went on from."""
        return (*self.sources, *(self.earlier or ()))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The trainings behind the weights, the first one first.

        A manifest from before `on` and `before` were kept is read as well as it can be: its sources
        are the tasks.
        """
        validated_on = self.validated_on or ()
        tasks = tuple(source.task for source in self.sources if source.task not in validated_on)
        last = Stage(
            model=self.model,
            on=tasks if self.on is None else self.on,
            validated_on=validated_on,
            options=self.options,
            partial=any(source.partial for source in self.sources),
            chosen_on=self.chosen_on,
        )

        return (*(self.before or ()), last)

    @property
    def weights_hash(self) -> str:
        """SHA-256 (hex) over names and hashes of the weight files."""
        return hashlib.sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` beside weights, with the SHA-256 of each of their files and of the
    fingerprints, if they lie there, and bind the weights to it.
    """
    from mserbench.disk.files import write_atomic

    prints = folder / FINGERPRINTS
    digest = _sha256(prints) if prints.is_file() else None
    content = dataclasses.replace(manifest, schema=SCHEMA, fingerprints=digest)

    # First the weights, as they are then hashed with what binds them.
    binding.bind(folder, binding.content_hash(content.to_json()))
    full = dataclasses.replace(content, files=_hashes(folder, digest))
    write_atomic(folder / MANIFEST, json.dumps(full.to_json(), indent=1, sort_keys=True) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a weights folder and check it against the files.

    Raises DataError where there is none, it is not readable, a file is not the one that was
    trained, or the manifest not the one that the weights are bound to.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise DataError(
            f"weights {str(folder)!r} are no folder: give one that 'mserbench train' wrote"
        )

    try:
        content = json.loads(outside.read(path, outside.MANIFEST))
        if not isinstance(content, dict):
            raise ValueError("it is no object")

        manifest = Manifest.from_json(content)
    except FileNotFoundError as error:
        raise DataError(
            f"weights {str(folder)!r} have no {MANIFEST}, so what they were trained on is "
            f"unknown: use a folder "
            f"that 'mserbench train' wrote"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"manifest {str(path)!r} is damaged ({why(error)}): train again") from error

    _check_files(folder, manifest)
    bound_to = binding.bound_to(folder)
    if bound_to not in (None, binding.content_hash(content)):
        raise DataError(
            f"manifest {str(path)!r} is not the one that these weights were written with (it was "
            f"edited, or is that of others): restore it, or train again"
        )

    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    """Raise DataError where the files are not those that the manifest names."""
    if manifest.files != _hashes(folder, manifest.fingerprints):
        raise DataError(
            f"weights {str(folder)!r} are not the files that their manifest names "
            f"(changed, missing or added "
            f"since training): train again, or restore them"
        )

    prints = folder / FINGERPRINTS
    if manifest.fingerprints and not (
        prints.is_file() and _sha256(prints) == manifest.fingerprints
    ):
        raise DataError(
            f"fingerprints {str(prints)!r} are not those that the manifest names (changed or "
            f"missing since training): train again, or restore them"
        )


def _hashes(folder: Path, fingerprints: str | None) -> dict[str, str]:
    # Fingerprints have a hash of their own: they are no weights.
    beside = {MANIFEST, FINGERPRINTS} if fingerprints else {MANIFEST}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in beside)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
