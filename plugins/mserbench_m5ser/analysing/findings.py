"""What the numbers of an analysis say for or against the claims of the figures, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from mserbench.report.numbers import percent
from mserbench_m5ser.analysing.analysis import Analysis
from mserbench_m5ser.analysing.clusters import ACROSS, NEIGHBOURS, Clustering
from mserbench_m5ser.analysing.estimates import Estimate
from mserbench_m5ser.analysing.preservation import ENGLISH, Preservation
from mserbench_m5ser.analysing.spaces import BY_CORPUS

BALANCED = 0.1  # how far the hours of the languages may lie apart, of the largest


def findings(analysis: Analysis) -> list[str]:
    """Return the sentences: one claim each, with the numbers that it rests on."""
    return [
        *_balance(analysis),
        *_gathering(analysis.clustered[BY_CORPUS]),
        *_distances(analysis),
        *_labels(analysis),
        *_gaps(analysis),
    ]


def _balance(analysis: Analysis) -> Iterator[str]:
    hours = analysis.generated.hours_by(0)
    # Of one language there is no balance to speak of.
    least, most = (choose(hours, key=lambda name: hours[name]) for choose in (min, max))
    if hours[most] == 0 or len(hours) < 2:
        return

    share = hours[least] / hours[most]
    verdict = "are balanced" if share >= 1 - BALANCED else "are not balanced"
    yield (
        f"The languages {verdict}: {least} has {hours[least]:.3g} hours and {most} "
        f"{hours[most]:.3g}, which is {percent(share)} % of the most."
    )


def _gathering(fields: dict[str, Clustering]) -> Iterator[str]:
    emotion, language = fields["emotion"].purity, fields["language"].purity
    for name, purity in (("emotion", emotion), ("language", language)):
        if purity is not None:
            yield (
                f"Of the {NEIGHBOURS} nearest neighbours of a clip, {shown(purity)} are of its "
                f"{name}, where chance gives {_chance(purity)} %{_against_chance(purity)}."
            )

    if emotion is not None and language is not None:
        # How much of the way from chance to all: fields with other numbers of groups compare so.
        by_emotion, by_language = excess(emotion), excess(language)
        if by_language > by_emotion:
            yield (
                "Clips gather by language more than by emotion "
                f"({percent(by_language)} against {percent(by_emotion)} % of the way from chance "
                "to certainty): this speaks against the overlap that the paper claims of figure 2."
            )
        else:
            yield (
                "Clips gather by emotion at least as much as by language "
                f"({percent(by_emotion)} against {percent(by_language)} % of the way from chance "
                "to certainty)."
            )

    if (across := fields[ACROSS].purity) is not None:
        yield (
            f"Among clips of other languages, {shown(across)} of the nearest are of a clip's "
            f"emotion, where chance gives {_chance(across)} %{_against_chance(across)}."
        )


def shown(estimate: Estimate) -> str:
    """Write a share as percent with its interval: `31.7 % (26.6 to 37.3)`."""
    text = f"{percent(estimate.value)} %"
    if estimate.interval is None:
        return text

    lower, upper = (percent(end) for end in estimate.interval)
    return f"{text} ({lower} to {upper})"


def excess(estimate: Estimate) -> float:
    """Return how much of the way from chance to 1 a share lies."""
    chance = estimate.chance or 0.0
    return 0.0 if chance == 1 else (estimate.value - chance) / (1 - chance)


def _chance(estimate: Estimate) -> str:
    return percent(estimate.chance or 0.0)


def _against_chance(estimate: Estimate) -> str:
    if estimate.is_above_chance is None:
        return " (no interval: there are fewer than four speakers)"
    return "" if estimate.is_above_chance else ", which the interval does not exclude"


def _distances(analysis: Analysis) -> Iterator[str]:
    languages = analysis.of_languages.get(BY_CORPUS, {})
    if not languages:
        return

    nearer = [name for name, distance in languages.items() if distance.is_below_chance]
    ratios = [distance.ratio for distance in languages.values()]
    yield (
        f"In {len(nearer)} of {len(languages)} languages the emotions lie nearer to the same "
        "emotion of the English originals than shuffled labels allow"
        f"{f' ({_listed(nearer)})' if nearer else ''}; the distance to the same emotion is "
        f"{min(ratios):.2f} to {max(ratios):.2f} of that to others."
    )


def _labels(analysis: Analysis) -> Iterator[str]:
    preserved = analysis.preserved
    if preserved is None:
        return

    for seen_as in preserved.ua:
        yield from _labels_at(preserved, seen_as)


def _labels_at(preserved: Preservation, seen_as: str) -> Iterator[str]:
    ua = preserved.ua[seen_as]
    ceiling = ua.get(ENGLISH)
    spoken = {n: ua[n] for n in ua if n != ENGLISH and n not in preserved.controls}
    if ceiling is None or not spoken:
        return

    least, most = (choose(spoken, key=lambda name: spoken[name].value) for choose in (min, max))
    above = [name for name, estimate in spoken.items() if estimate.is_above_chance]
    yield (
        f"A classifier of the English originals ({seen_as}) reaches UA {shown(ceiling)} on "
        f"originals of other speakers, and {shown(spoken[least])} in {least} to "
        f"{shown(spoken[most])} in {most} on generated speech. Chance is {_chance(ceiling)} %; the "
        f"interval lies above it in {len(above)} of {len(spoken)} languages"
        f"{f' ({_listed(above)})' if above else ''}."
    )
    if human := [f"{shown(ua[name])} on {name}" for name in preserved.controls if name in ua]:
        yield f"On human speech the same classifier ({seen_as}) reaches UA {'; '.join(human)}."


def _gaps(analysis: Analysis) -> Iterator[str]:
    if analysis.english is None:
        yield (
            f"The sources ({_listed(analysis.sources)}) are not at hand: nothing is said of the "
            "English originals, of distances to them, nor of whether labels are preserved. Give "
            "the folder of the sources by --data."
        )
    elif analysis.missing:
        yield (
            f"Of the sources, {_listed(sorted(analysis.missing))} are not at hand: what compares "
            "with English originals rests on the others alone."
        )

    if analysis.missing_controls:
        yield (
            f"Controls that are not at hand, and left out: "
            f"{_listed(sorted(analysis.missing_controls))}."
        )

    if analysis.english is not None and analysis.preserved is None:
        yield (
            "Whether labels are preserved cannot be said: the originals have fewer than two "
            "emotions or speakers."
        )

    if analysis.other_sound:
        yield (
            f"{analysis.other_sound} source clip(s) here sound other than those that the set was "
            "made from: compare with care, or give the data that it was made from."
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names)
