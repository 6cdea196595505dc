"""From what a model was trained on, and what it is tested on, to the verdict: did it really never
see this?
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mserbench.cards import CorpusCard, Exposure, ModelCard
from mserbench.contracts import Task
from mserbench.results.manifest import Manifest, Source

# from the strictest test down
VERDICTS = ("zero-shot", "cross-corpus", "unknown", "in-corpus", "leaked")
_UNNAMED = frozenset({"mul", "und"})  # several, undetermined: codes of no language

Heard = Literal["yes", "text", "no", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What a run may claim: one of `VERDICTS`, the reasons, and what is shown beside it.

    `heard`: whether the language was met at all in training: `yes`, labelled or in other speech;
    `text`, it was read and not heard; `no`; `unknown`. `transductive`: statistics of the target
    corpus were used. `development`: the target corpus was used in choosing the model's defaults, or
    its figures were seen meanwhile.
    """

    verdict: str
    reasons: tuple[str, ...]
    heard: Heard
    transductive: bool
    development: bool = False


def judge(
    card: ModelCard, task: Task, corpus: CorpusCard, keys: Iterable[str], transductive: bool = False
) -> Verdict:
    """Compute the verdict of a model on a task: what it may claim, and why.

    `leaked`: a test clip was trained on. `in-corpus`: other clips of the corpus, or of a release
    that shares its speakers, were. `cross-corpus`: its language was seen with emotion labels.
    `zero-shot`: neither. `unknown`: the list of training corpora is not known to be complete, or
    the task's language is not declared (`und`). `keys` are the test clips' audio keys, and
    CORPUS:ID of them and of what they were made from.
    """
    labelled = [part for part in card.exposure if part.kind == "emotion-labels"]
    verdict, reasons = _worst(labelled, task, corpus, frozenset(keys))

    # What a list that may lack an entry proves is a leak, and never that there is none.
    complete = card.exposure_complete and all(
        part.corpus != "unknown" and _are_known(part.languages) for part in labelled
    )
    declared = _are_known(task.languages)

    if not (complete and declared) and verdict in ("zero-shot", "cross-corpus"):
        incomplete = (
            "the list of corpora with emotion labels it was trained on is not known to be complete"
        )
        reasons = [
            *reasons,
            *([] if declared else ["the language of the task is not declared"]),
            *([] if complete else [incomplete]),
        ]
        verdict = "unknown"

    if verdict == "zero-shot":
        spoken = sorted({language for part in labelled for language in part.languages})
        trained = f"languages {', '.join(spoken)}" if spoken else "no language"
        reasons = [f"emotion labels were seen in {trained} only, and no clip of {corpus.same_as}"]

    chosen_on = {name.casefold() for name in card.development}
    return Verdict(
        verdict=verdict,
        reasons=tuple(reasons),
        heard=_heard(card, task, complete and declared),
        transductive=transductive,
        development=not chosen_on.isdisjoint(_names(corpus)),
    )


def _worst(
    labelled: Sequence[Exposure], task: Task, corpus: CorpusCard, keys: frozenset[str]
) -> tuple[str, list[str]]:
    # From the worst to the best: a leak is one whatever else the model may claim.
    leaked = [(part, len(part.clips & keys)) for part in labelled if part.clips & keys]
    if leaked:
        return "leaked", [
            f"{n} test clip(s) were trained on, in {part.corpus} ({part.evidence})"
            for part, n in leaked
        ]

    same = [part for part in labelled if part.corpus.casefold() in _names(corpus)]
    if same:
        return "in-corpus", [f"trained on corpus {part.corpus} ({part.evidence})" for part in same]

    spoken = [(part, ", ".join(_shared(part, task))) for part in labelled if _shared(part, task)]
    if spoken:
        reasons = [
            f"trained on {shared} emotion labels of {part.corpus} ({part.evidence})"
            for part, shared in spoken
        ]
        return "cross-corpus", reasons

    return "zero-shot", []


def _names(corpus: CorpusCard) -> set[str]:
    """Return the names under which a corpus may be known, without case."""
    return {corpus.name.casefold(), corpus.same_as.casefold()}


def _heard(card: ModelCard, task: Task, is_known: bool) -> Heard:
    """Return whether the task's language was met; `is_known`: of the labels, and of the task, all
    languages are.
    """
    # Text alone is not speech: a language model inside may have read it.
    met = {part.kind for part in card.exposure if _shared(part, task)}
    if met - {"text"}:
        return "yes"
    if not is_known or not all(_are_known(part.languages) for part in card.exposure):
        return "unknown"

    return "text" if met else "no"


def _shared(part: Exposure, task: Task) -> list[str]:
    """Return the languages of the task that were seen, in whatever region or script: `en-GB` is
    `en`.
    """
    trained = {_primary(code) for code in part.languages} - _UNNAMED
    return [code for code in task.languages if _primary(code) in trained]


def _primary(code: str) -> str:
    """Return the language of a tag in its shortest code: `de` of `de-AT` and `deu`, `zh` of
    `cmn`.
    """
    # Already the shortest, so the table of codes, which is slow to import, need not be loaded.
    if len(code) == 2:
        return code.casefold()

    import langcodes

    return langcodes.standardize_tag(code, macro=True).partition("-")[0].casefold()


def _are_known(languages: Sequence[str]) -> bool:
    """Whether languages are named at all: `mul` (several) and `und` (undetermined) name none."""
    return bool(languages) and _UNNAMED.isdisjoint(map(_primary, languages))


def card_with_manifest(card: ModelCard, manifest: Manifest | None) -> ModelCard:
    """Return the card with the training sources of a manifest added to its exposure, those of
    earlier stages too.

    Weights that say which corpora their options were chosen on (`chosen_on`) say so in place of the
    card.
    """
    if manifest is None:
        return card

    learnt = (part for source in manifest.all_sources for part in _learnt(source))
    development = card.development if manifest.chosen_on is None else manifest.chosen_on
    return dataclasses.replace(card, exposure=(*card.exposure, *learnt), development=development)


def _learnt(source: Source) -> Iterator[Exposure]:
    """Yield the exposure of a source, and that of each corpus whose utterances its clips were made
    from.
    """
    evidence = f"training manifest, task {source.task}"
    yield Exposure(
        source.family, source.languages, "emotion-labels", evidence, frozenset(source.clips)
    )

    for corpus in sorted({name.partition(":")[0] for name in source.origins}):
        clips = frozenset(name for name in source.origins if name.partition(":")[0] == corpus)
        derived = f"{evidence}, speech made from its clips"
        yield Exposure(corpus, source.languages, "emotion-labels", derived, clips)


def with_families(card: ModelCard, family: Callable[[str], str]) -> ModelCard:
    """Return the card with each corpus under the name that its related releases share, by
    `family`.
    """
    exposure = tuple(
        dataclasses.replace(part, corpus=family(part.corpus)) for part in card.exposure
    )
    development = tuple(sorted({family(name) for name in card.development}))
    return dataclasses.replace(card, exposure=exposure, development=development)
