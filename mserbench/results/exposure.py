"""From what a model was trained on, and what it is tested on, to the verdict: did it really never
see this?
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mserbench import languages
from mserbench.cards import CorpusCard, Exposure, ModelCard
from mserbench.contracts import Task
from mserbench.results.manifest import Manifest, Source
from mserbench.spelling import plain

# from the strictest test down
VERDICTS = ("zero-shot", "cross-corpus", "unknown", "in-corpus", "leaked")

Heard = Literal["yes", "text", "no", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What a run may claim: one of `VERDICTS`, the reasons, and what is shown beside it.

    `heard`: whether the language was met at all in training: `yes`, labelled or in other speech;
    `text`, it was read and not heard; `no`; `unknown`. `transductive`: statistics of the target
    corpus were used. `development`: the target corpus was used in choosing the model's defaults, or
    its figures were seen meanwhile. `note`: what the verdict could not look at, "" for nothing.
    """

    verdict: str
    reasons: tuple[str, ...]
    heard: Heard
    transductive: bool
    development: bool = False
    note: str = ""


@dataclass(frozen=True)
class Copied:
    """How many test clips are copies of clips of a corpus that was trained on: the same recording,
    though its samples differ.
    """

    corpus: str
    evidence: str
    clips: int


def judge(
    card: ModelCard,
    task: Task,
    corpus: CorpusCard,
    keys: Iterable[str],
    transductive: bool = False,
    copies: Sequence[Copied] = (),
) -> Verdict:
    """Compute the verdict of a model on a task: what it may claim, and why.

    `leaked`: a test clip was trained on, as it is or as a copy (`copies`). `in-corpus`: other clips
    of the corpus, or of a release that shares its speakers, were. `cross-corpus`: its language was
    seen with emotion labels.
    `zero-shot`: neither. `unknown`: the list of training corpora is not known to be complete or is
    without evidence, or the task's language is not declared (`und`). `keys` are the test clips'
    audio keys, and CORPUS:ID of them and of what they were made from.
    """
    labelled = [part for part in card.exposure if part.kind == "emotion-labels"]
    verdict, reasons = _worst(labelled, task, corpus, frozenset(keys), copies)

    # What a list that may lack an entry proves is a leak, and never that there is none.
    complete = card.exposure_complete and all(
        part.corpus != "unknown" and languages.are_named(part.languages) for part in labelled
    )
    unproved = [part.corpus for part in card.exposure if not part.evidence.strip()]
    declared = languages.are_named(task.languages)

    if not (complete and declared and not unproved) and verdict in ("zero-shot", "cross-corpus"):
        incomplete = (
            "the list of corpora with emotion labels it was trained on is not known to be complete"
        )
        reasons = [
            *reasons,
            *([] if declared else ["the language of the task is not declared"]),
            *([] if complete else [incomplete]),
            *(f"no evidence is given of what was learnt from {name}" for name in unproved),
        ]
        verdict = "unknown"

    if verdict == "zero-shot":
        spoken = sorted({language for part in labelled for language in part.languages})
        trained = f"languages {', '.join(spoken)}" if spoken else "no language"
        reasons = [f"emotion labels were seen in {trained} only, and no clip of {corpus.same_as}"]

    chosen_on = {plain(name) for name in card.development}
    return Verdict(
        verdict=verdict,
        reasons=tuple(reasons),
        heard=_heard(card, task, complete and declared and not unproved),
        transductive=transductive,
        development=not chosen_on.isdisjoint(_names(corpus)),
    )


def _worst(
    labelled: Sequence[Exposure],
    task: Task,
    corpus: CorpusCard,
    keys: frozenset[str],
    copies: Sequence[Copied],
) -> tuple[str, list[str]]:
    # From the worst to the best: a leak is one whatever else the model may claim.
    leaked = [(part, len(part.clips & keys)) for part in labelled if part.clips & keys]
    if leaked or copies:
        same = [
            f"{n} test clip(s) were trained on, in {part.corpus} ({part.evidence})"
            for part, n in leaked
        ]
        alike = [
            f"{copied.clips} test clip(s) are the same recordings as clips that were trained on, "
            f"though their samples differ (by fingerprint), in {copied.corpus} ({copied.evidence})"
            for copied in copies
        ]
        return "leaked", same + alike

    own = [part for part in labelled if plain(part.corpus) in _names(corpus)]
    if own:
        return "in-corpus", [f"trained on corpus {part.corpus} ({part.evidence})" for part in own]

    spoken = [(part, ", ".join(_shared(part, task))) for part in labelled if _shared(part, task)]
    if spoken:
        reasons = [
            f"trained on {shared} emotion labels of {part.corpus} ({part.evidence})"
            for part, shared in spoken
        ]
        return "cross-corpus", reasons

    return "zero-shot", []


def _names(corpus: CorpusCard) -> set[str]:
    """Return the names under which a corpus may be known, in their plain spelling."""
    return {plain(corpus.name), plain(corpus.same_as)}


def _heard(card: ModelCard, task: Task, is_known: bool) -> Heard:
    """Return whether the task's language was met; `is_known`: of the labels, and of the task, all
    languages are.
    """
    # Text alone is not speech: a language model inside may have read it.
    met = {part.kind for part in card.exposure if _shared(part, task)}
    if met - {"text"}:
        return "yes"
    if not is_known or not all(languages.are_named(part.languages) for part in card.exposure):
        return "unknown"

    return "text" if met else "no"


def _shared(part: Exposure, task: Task) -> list[str]:
    """Return the languages of the task that were seen, in whatever region, script or dialect:
    `en-GB` is `en`.
    """
    trained = {languages.group(code) for code in part.languages} - languages.UNNAMED
    return [code for code in task.languages if languages.group(code) in trained]


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
    evidence = evidence_of(source)
    yield Exposure(
        source.family, source.languages, "emotion-labels", evidence, frozenset(source.clips)
    )

    for corpus in sorted({name.partition(":")[0] for name in source.origins}):
        clips = frozenset(name for name in source.origins if name.partition(":")[0] == corpus)
        derived = f"{evidence}, speech made from its clips"
        yield Exposure(corpus, source.languages, "emotion-labels", derived, clips)


def evidence_of(source: Source) -> str:
    """Return where it is known from that a source was trained on."""
    return f"training manifest, task {source.task}"


def with_families(card: ModelCard, family: Callable[[str], str]) -> ModelCard:
    """Return the card with each corpus under the name that its related releases share, by
    `family`.
    """
    exposure = tuple(
        dataclasses.replace(part, corpus=family(part.corpus)) for part in card.exposure
    )
    development = tuple(sorted({family(name) for name in card.development}))
    return dataclasses.replace(card, exposure=exposure, development=development)
