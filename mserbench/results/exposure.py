"""From what a model was trained on, and what it is tested on, to the verdict: did it really never
see this?
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
class Origins:
    """What tested speech was made from: `clips` are their audio keys and CORPUS:ID, each with how
    many test clips are made from it, `families` the names of their corpora and related releases.
    """

    clips: Mapping[str, int] = field(default_factory=dict)
    families: tuple[str, ...] = ()


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
    origins: Origins | None = None,
) -> Verdict:
    """Compute the verdict of a model on a task: what it may claim, and why.

    `leaked`: a test clip was trained on, as it is or as a copy (`copies`), or what it was made from
    (`origins`). `in-corpus`: other clips of the corpus, of a release that shares its speakers, or
    of a corpus that test clips are made from, were. `cross-corpus`: its language was
    seen with emotion labels.
    `zero-shot`: neither. `unknown`: the list of training corpora is not known to be complete or is
    without evidence, or the task's language is not declared (`und`). `keys` are the test clips'
    audio keys, and CORPUS:ID of them.
    """
    labelled = [part for part in card.exposure if part.kind == "emotion-labels"]
    leaks = _leaks(labelled, frozenset(keys), copies, origins or Origins())
    families = origins.families if origins else ()
    verdict, reasons = ("leaked", leaks) if leaks else _worst(labelled, task, corpus, families)

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
        reasons=(*reasons, *([card.basis] if card.basis else [])),
        heard=_heard(card, task, complete and declared and not unproved),
        transductive=transductive,
        development=not chosen_on.isdisjoint(_names(corpus)),
    )


def _leaks(
    labelled: Sequence[Exposure], keys: frozenset[str], copies: Sequence[Copied], origins: Origins
) -> list[str]:
    """Return how test clips were trained on: themselves, as copies, or what they were made from."""
    same = [
        f"{n} test clip(s) were trained on, in {part.corpus} ({part.evidence})"
        for part in labelled
        if (n := _count(dict.fromkeys(part.clips & keys, 1)))
    ]
    alike = [
        f"{copied.clips} test clip(s) are the same recordings as clips that were trained on, "
        f"though their samples differ (by fingerprint), in {copied.corpus} ({copied.evidence})"
        for copied in copies
    ]
    made = [
        f"{n} test clip(s) were made from clips that were trained on, in {part.corpus} "
        f"({part.evidence})"
        for part in labelled
        if (n := _count({name: origins.clips[name] for name in part.clips & origins.clips.keys()}))
    ]

    return same + alike + made


def _count(shared: Mapping[str, int]) -> int:
    """Count the clips that have some names: by audio key or by CORPUS:ID, as most have both."""
    by_name = sum(n for name, n in shared.items() if ":" in name)
    return max(by_name, sum(shared.values()) - by_name)


def _worst(
    labelled: Sequence[Exposure], task: Task, corpus: CorpusCard, families: Sequence[str]
) -> tuple[str, list[str]]:
    """Return the worst that exposure to corpora and languages allows, where no clip leaked."""
    own = [part for part in labelled if plain(part.corpus) in _names(corpus)]
    made_from = {plain(name) for name in families}
    related = [part for part in labelled if plain(part.corpus) in made_from and part not in own]
    if own or related:
        return "in-corpus", [
            *(f"trained on corpus {part.corpus} ({part.evidence})" for part in own),
            *(
                f"trained on corpus {part.corpus}, whose clips tested speech was made from "
                f"({part.evidence})"
                for part in related
            ),
        ]

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
    earlier stages too, and with what the models that made their speech were exposed to.

    Weights that say which corpora their options were chosen on (`chosen_on`) say so in place of the
    card.
    """
    if manifest is None:
        return card

    learnt = (part for source in manifest.all_sources for part in _learnt(source))
    handed_on = dict.fromkeys(
        part for source in manifest.all_sources for part in _handed_on(source)
    )
    return dataclasses.replace(
        card,
        exposure=(*card.exposure, *learnt, *handed_on),
        # Speech whose makers may have heard anything hands that on.
        exposure_complete=card.exposure_complete
        and all(source.exposure_complete is not False for source in manifest.all_sources),
        development=card.development if manifest.chosen_on is None else manifest.chosen_on,
    )


def _learnt(source: Source) -> Iterator[Exposure]:
    """Yield the exposure of a source, and that of each corpus whose utterances its clips were made
    from.
    """
    evidence = evidence_of(source)
    by_corpus: dict[str, set[str]] = defaultdict(set)
    for name in source.origins:
        by_corpus[name.partition(":")[0]].add(name)
    for name in source.derived_audio:
        corpus, _, key = name.rpartition(":")
        by_corpus[corpus].add(key)

    # What it was made from is known by its audio too where nobody told whose it is.
    own = frozenset(source.clips) | by_corpus.pop("", set())
    yield Exposure(source.family, source.languages, "emotion-labels", evidence, own)

    for corpus in sorted(by_corpus):
        derived = f"{evidence}, speech made from its clips"
        clips = frozenset(by_corpus[corpus])
        yield Exposure(corpus, source.languages, "emotion-labels", derived, clips)


def _handed_on(source: Source) -> Iterator[Exposure]:
    """Yield the exposure of what made the speech of a source."""
    for part in source.exposure or ():
        evidence = f"{part.evidence}; it made speech of {source.family}"
        yield Exposure(part.corpus, part.languages, part.kind, evidence)


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
