"""From what a model was trained on, and what it is tested on, to the verdict: did it really never see this?"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mserbench.contracts import CorpusCard, Exposure, ModelCard, Task
from mserbench.errors import DataError

VERDICTS = ("zero-shot", "cross-corpus", "unknown", "in-corpus", "leaked")  # from the strictest test down
MANIFEST = "manifest.json"
MANIFEST_SCHEMA = 1
_UNNAMED = frozenset({"mul", "und"})  # several, undetermined: codes of no language

Heard = Literal["yes", "text", "no", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What a run may claim: one of `VERDICTS`, the reasons, and what is shown beside it.

    `heard`: whether the language was met at all in training: `yes`, labelled or in other speech; `text`, it was read
    and not heard; `no`; `unknown`. `transductive`: statistics of the target corpus were used. `development`: the target
    corpus was used in choosing the model's defaults, or its figures were seen meanwhile.
    """

    verdict: str
    reasons: tuple[str, ...]
    heard: Heard
    transductive: bool
    development: bool = False


def judge(card: ModelCard, task: Task, corpus: CorpusCard, keys: Iterable[str], transductive: bool = False) -> Verdict:
    """Compute the verdict of a model on a task: what it may claim, and why.

    `leaked`: a test clip was trained on. `in-corpus`: other clips of the corpus, or of a release that shares
    its speakers, were. `cross-corpus`: its language was seen with emotion labels. `zero-shot`: neither.
    `unknown`: the list of training corpora is not known to be complete, or the task's language is not declared
    (`und`). `keys` are the test clips' audio keys, and CORPUS:ID of them and of what they were made from.
    """
    labelled = [one for one in card.exposure if one.kind == "emotion-labels"]
    verdict, reasons = _worst(labelled, task, corpus, frozenset(keys))
    complete = card.exposure_complete and all(one.corpus != "unknown" and _are_known(one.languages) for one in labelled)
    declared = _are_known(task.languages)
    if not (complete and declared) and verdict in ("zero-shot", "cross-corpus"):
        incomplete = "the list of corpora with emotion labels it was trained on is not known to be complete"
        reasons = [
            *reasons,
            *([] if declared else ["the language of the task is not declared"]),
            *([] if complete else [incomplete]),
        ]
        verdict = "unknown"
    if verdict == "zero-shot":
        seen = sorted({language for one in labelled for language in one.languages})
        trained = f"languages {', '.join(seen)}" if seen else "no language"
        reasons = [f"emotion labels were seen in {trained} only, and no clip of {corpus.same_as}"]
    chosen_on = {name.casefold() for name in card.development}
    return Verdict(
        verdict=verdict,
        reasons=tuple(reasons),
        heard=_heard(card, task, complete and declared),
        transductive=transductive,
        development=not chosen_on.isdisjoint(_names(corpus)),
    )


def _worst(labelled: Sequence[Exposure], task: Task, corpus: CorpusCard, keys: frozenset[str]) -> tuple[str, list[str]]:
    leaked = [(one, len(one.clips & keys)) for one in labelled if one.clips & keys]
    if leaked:
        return "leaked", [f"{n} test clip(s) were trained on, in {one.corpus} ({one.evidence})" for one, n in leaked]
    same = [one for one in labelled if one.corpus.casefold() in _names(corpus)]
    if same:
        return "in-corpus", [f"trained on corpus {one.corpus} ({one.evidence})" for one in same]
    spoken = [(part, ", ".join(_shared(part, task))) for part in labelled if _shared(part, task)]
    if spoken:
        reasons = [f"trained on {shared} emotion labels of {part.corpus} ({part.evidence})" for part, shared in spoken]
        return "cross-corpus", reasons
    return "zero-shot", []


def _names(corpus: CorpusCard) -> set[str]:
    """Return the names under which a corpus may be known, without case."""
    return {corpus.name.casefold(), corpus.same_as.casefold()}


def _heard(card: ModelCard, task: Task, is_known: bool) -> Heard:
    """Return whether the task's language was met; `is_known`: of the labels, and of the task, all languages are."""
    met = {part.kind for part in card.exposure if _shared(part, task)}
    if met - {"text"}:
        return "yes"
    if not is_known or not all(_are_known(part.languages) for part in card.exposure):
        return "unknown"
    return "text" if met else "no"


def _shared(part: Exposure, task: Task) -> list[str]:
    """Return the languages of the task that were seen, in whatever region or script: `en-GB` is `en`."""
    seen = {_primary(code) for code in part.languages} - _UNNAMED
    return [code for code in task.languages if _primary(code) in seen]


def _primary(code: str) -> str:
    """Return the language of a tag in its shortest code: `de` of `de-AT` and `deu`, `zh` of `cmn`."""
    if len(code) == 2:  # already the shortest, so the table of codes need not be loaded
        return code.casefold()
    import langcodes

    return langcodes.standardize_tag(code, macro=True).partition("-")[0].casefold()


def _are_known(languages: Sequence[str]) -> bool:
    """Whether languages are named at all: `mul` (several) and `und` (undetermined) name none."""
    return bool(languages) and _UNNAMED.isdisjoint(map(_primary, languages))


def card_with_manifest(card: ModelCard, manifest: Mapping[str, Any] | None) -> ModelCard:
    """Return the card with the training sources of a manifest added to its exposure, those of earlier stages too.

    Weights that say which corpora their options were chosen on (`chosen_on`) say so in place of the card.
    """
    if manifest is None:
        return card
    learnt = (one for source in sources_of(manifest) for one in _learnt(source))
    development = tuple(manifest.get("chosen_on", card.development))
    return dataclasses.replace(card, exposure=(*card.exposure, *learnt), development=development)


def sources_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sources of a manifest and those of the weights that its training went on from."""
    return [*manifest["sources"], *manifest.get("earlier", ())]


def _learnt(source: Mapping[str, Any]) -> Iterator[Exposure]:
    """Yield the exposure of a source, and that of each corpus whose utterances its clips were made from."""
    languages, evidence = tuple(source["languages"]), f"training manifest, task {source['task']}"
    yield Exposure(source["family"], languages, "emotion-labels", evidence, frozenset(source["clips"]))
    origins = source.get("origins", ())
    for corpus in sorted({name.partition(":")[0] for name in origins}):
        clips = frozenset(name for name in origins if name.partition(":")[0] == corpus)
        yield Exposure(corpus, languages, "emotion-labels", f"{evidence}, speech made from its clips", clips)


def write_manifest(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `manifest.json` beside weights, with the SHA-256 of each of their files."""
    from mserbench.disk.files import write_atomic

    full = {"schema": MANIFEST_SCHEMA, **record, "files": _hashes(folder)}
    write_atomic(folder / MANIFEST, json.dumps(full, indent=1, sort_keys=True) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a weights folder and check it against the files.

    Raises DataError where there is none, it is not readable, or a file is not the one that was trained.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise DataError(f"weights {str(folder)!r} are no folder: give one that 'mserbench train' wrote")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        files = record["files"]
        for source in sources_of(record):
            _check_source(source)
        _check_names(record.get("chosen_on", []))
        for key in ("on", "validated_on", "before"):
            if not isinstance(record.get(key, []), list):
                raise TypeError(f"{key!r} must be a list")
    except FileNotFoundError as error:
        raise DataError(
            f"weights {str(folder)!r} have no {MANIFEST}, so what they were trained on is unknown: use a folder "
            f"that 'mserbench train' wrote"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"manifest {str(path)!r} is damaged ({error}): train again") from error
    if files != _hashes(folder):
        raise DataError(
            f"weights {str(folder)!r} are not the files that their manifest names (changed, missing or added "
            f"since training): train again, or restore them"
        )
    return dict(record)


def _check_source(source: Mapping[str, Any]) -> None:
    if not all(isinstance(source[key], str) for key in ("task", "family")):
        raise TypeError("'task' and 'family' of a source must be text")
    lists = {"languages": source["languages"], "clips": source["clips"], "origins": source.get("origins", [])}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise TypeError(f"{key!r} of a source must be a list of texts")


def _check_names(value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError("'chosen_on' must be a list of names of corpora")


def weights_hash(manifest: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over names and hashes of the weight files."""
    return hashlib.sha256(json.dumps(manifest["files"], sort_keys=True).encode()).hexdigest()


def with_families(card: ModelCard, family: Callable[[str], str]) -> ModelCard:
    """Return the card with each corpus under the name that its related releases share, by `family`."""
    exposure = tuple(dataclasses.replace(one, corpus=family(one.corpus)) for one in card.exposure)
    development = tuple(sorted({family(name) for name in card.development}))
    return dataclasses.replace(card, exposure=exposure, development=development)


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
