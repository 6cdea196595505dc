"""Doubts about who speaks: one person under two names, several under one, numbers that are none."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from mserbench.contracts import Utterance
from mserbench.data.own import words
from mserbench.data.own.paths import composed
from mserbench.data.own.wording import listed, shown

_FEWEST = 6  # speakers and clips, below which one clip a speaker is no sign
_SHORTEST = 3  # letters of a name that is looked for in the names of files
_PREFIX = re.compile(rf"(?:{'|'.join(sorted(words.SPEAKERS, key=len, reverse=True))})(?=\w)")


def doubts(utterances: Sequence[Utterance]) -> list[str]:
    """Return a sentence for each reason to doubt the speakers; intervals rest on them."""
    clips: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        if utterance.speaker:
            # As the table names them: the corpus's name stands before the colon.
            clips[utterance.speaker.partition(":")[2]].append(utterance)

    names = sorted(clips)
    return [
        *_spellings(names),
        *_nameless(clips),
        *_as_many(clips),
        *_against_names(clips),
        *_both_sexes(clips),
    ]


def _spellings(names: Sequence[str]) -> Iterator[str]:
    """Tell of names that differ only by case, form, signs, zeros or a word such as `spk`."""
    by_key = defaultdict(list)
    for name in names:
        by_key[_key(name)].append(name)

    double = [spellings for spellings in by_key.values() if len(spellings) > 1]
    if double:
        first = double[0]
        # In one form they look alike, and only their codes tell them apart.
        show = ascii if len(set(map(composed, first))) < len(first) else shown
        yield (
            f"{len(double)} speaker(s) may stand under two names, such as "
            f"{' and '.join(map(show, first[:3]))}: write the same name, as intervals rest on the "
            "number of speakers"
        )


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    plain = re.sub(r"[\W_]", "", folded)
    bare = _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain
    return re.sub(r"(?<!\d)0+(?=\d)", "", bare) or name


def _nameless(clips: dict[str, list[Utterance]]) -> Iterator[str]:
    for name, spoken in clips.items():
        if words.is_missing(name) and len(spoken) > 1:
            yield (
                f"the speaker of {len(spoken)} clips is called {name!r}, which may be several "
                "people: leave the cell blank where nobody knows"
            )


def _as_many(clips: dict[str, list[Utterance]]) -> Iterator[str]:
    """Tell of speakers that look like numbers of files or sentences."""
    total = sum(map(len, clips.values()))
    if len(clips) >= _FEWEST and 2 * len(clips) > total:
        yield (
            f"there are {len(clips)} speakers for {total} clips: a speaker for nearly each clip "
            "may be the number of a file or a sentence"
        )
        return

    # Each sentence by one speaker alone and one for each: then the numbers count sentences.
    sentences = {
        name: {u.text or u.extra.get("sentence", "") for u in spoken}
        for name, spoken in clips.items()
    }
    texts = {text for spoken in sentences.values() for text in spoken}
    single = all(len(spoken) == 1 for spoken in sentences.values())
    if len(clips) > 2 and single and "" not in texts and len(texts) == len(clips):
        yield (
            f"there are as many speakers as sentences ({len(texts)}), and each speaker says one "
            "alone: the column may hold the number of the sentence"
        )


def _against_names(clips: dict[str, list[Utterance]]) -> Iterator[str]:
    """Tell of files whose names hold another speaker's name, and not the one of the table."""
    # Numbers and single letters stand in names of files for much else.
    names = {name.casefold(): name for name in clips if name.isalpha() and len(name) >= _SHORTEST}
    strangers = [
        (utterance, name, names[token])
        for name, spoken in clips.items()
        for utterance in spoken
        for tokens in [set(re.split(r"[\W_\d]+", utterance.audio.casefold()))]
        if name.casefold() in names and name.casefold() not in tokens
        for token in sorted(tokens & names.keys())[:1]
    ]
    if strangers:
        utterance, name, named = strangers[0]
        yield (
            f"{len(strangers)} file(s) are named after another speaker than their row says, such "
            f"as {shown(utterance.audio)}, where the speaker is {name!r} and the name says "
            f"{named!r}: check that rows and files belong together"
        )


def _both_sexes(clips: dict[str, list[Utterance]]) -> Iterator[str]:
    both = [name for name, spoken in clips.items() if len({u.sex for u in spoken if u.sex}) > 1]
    if both:
        counts = Counter(utterance.sex for utterance in clips[both[0]])
        yield (
            f"{len(both)} speaker(s) are of both sexes ({listed(both, 3)}; the first with "
            f"{counts['f']} clips f and {counts['m']} m): two people may stand under one name"
        )
