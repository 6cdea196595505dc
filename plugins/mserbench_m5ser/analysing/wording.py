"""The report of an analysis, for a reader who is new: what each figure claims, and the numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from statistics import fmean

from mserbench.report import markdown
from mserbench.report.blocks import (
    Block,
    Bullets,
    Column,
    Heading,
    Inline,
    Number,
    Paragraph,
    Picture,
    Table,
    Written,
    paragraphs,
)
from mserbench_m5ser.analysing import prose
from mserbench_m5ser.analysing.analysis import Analysis
from mserbench_m5ser.analysing.distances import Distance
from mserbench_m5ser.analysing.estimates import Estimate
from mserbench_m5ser.analysing.findings import findings
from mserbench_m5ser.analysing.points import Tally, in_order
from mserbench_m5ser.analysing.preservation import ENGLISH, Preservation
from mserbench_m5ser.analysing.spaces import BY_CORPUS, SPACES


def report(analysis: Analysis) -> str:
    """Return the report as Markdown. It names the pictures and `numbers.json` beside it."""
    return markdown.page(
        [
            Heading("What this M5SER set looks like", 1),
            *_head(analysis),
            Heading("What the numbers say", 2),
            Bullets([_literal(sentence) for sentence in findings(analysis)]),
            *_figure_1(analysis),
            *_figure_2(analysis),
            *_clusters(analysis),
            *_of_languages(analysis),
            *_labels(analysis.preserved),
            Heading("How it was computed", 2),
            *paragraphs(prose.HOW),
            Bullets([_literal(f"{name}: {meaning}.") for name, meaning in SPACES.items()]),
        ]
    )


def _head(analysis: Analysis) -> Iterator[Block]:
    generated, points = analysis.generated, analysis.points
    total = sum(generated.clips.values())
    originals = sum(not point.is_generated for point in points)
    yield Paragraph(
        _literal(
            f"{total:,} generated clips, {sum(generated.hours_by(0).values()):,.2f} hours, in "
            f"{', '.join(generated.by(0))}; made from {', '.join(analysis.sources)}. Manifest "
            f"{analysis.digest[:12]}."
        )
    )
    counted = total + (0 if analysis.english is None else sum(analysis.english.clips.values()))
    # A reader must know whether a table is of all clips or of some.
    which = (
        "all of them"
        if len(points) == counted
        else (
            f"about {analysis.limit:,} were asked for: the same share of each language, emotion "
            "and corpus, chosen by a hash of the source"
        )
    )
    yield Paragraph(
        _literal(
            f"Counts and hours are of the whole set. All else is of {len(points) - originals:,} "
            f"generated clips and {originals:,} English originals ({which})."
        )
    )


def _figure_1(analysis: Analysis) -> Iterator[Block]:
    yield Heading("Figure 1: emotions and languages", 2)
    yield from paragraphs(prose.FIGURE_1)
    yield Picture("figure-1.png", "Bars: clips by emotion, and hours by language.")
    sides = {"generated": analysis.generated}
    if analysis.english is not None:
        sides = {"English originals": analysis.english, **sides}

    emotions = in_order(name for tally in sides.values() for name in tally.by(1))
    yield Table(
        [Column("clips"), *(Column(name, right=True) for name in emotions)],
        [
            [name, *(f"{tally.by(1).get(emotion, 0):,}" for emotion in emotions)]
            for name, tally in sides.items()
        ],
    )
    yield Table(
        [Column("language"), Column("of"), Column("clips", True), Column("hours", True)],
        [row for name, tally in sides.items() for row in _hours(name, tally)],
    )


def _hours(side: str, tally: Tally) -> list[list[str]]:
    hours = tally.hours_by(0)
    return [
        [language, side, f"{clips:,}", f"{hours[language]:.3f}"]
        for language, clips in tally.by(0).items()
    ]


def _figure_2(analysis: Analysis) -> Iterator[Block]:
    yield Heading("Figure 2: mean spectrograms", 2)
    yield from paragraphs(prose.FIGURE_2)
    yield Paragraph(
        f"A plane keeps {100 * float(analysis.shares.sum()):.0f} % of the variance here: what "
        "overlaps on it may lie apart. The tables below use all bands."
    )
    yield Picture(
        "figure-2.png", "Scatter plots: English originals beside generated clips, panel by panel."
    )
    yield Picture("figure-2-fields.png", "The same points, by emotion, language and corpus.")


def _clusters(analysis: Analysis) -> Iterator[Block]:
    yield Heading("By emotion, or by language?", 2)
    yield from paragraphs(prose.CLUSTERS)
    yield Table(
        [
            Column("spectra"), Column("by"), Column("groups", True), Column("silhouette", True),
            Column("purity, %", True), Column("chance, %", True),
        ],
        [
            [
                space, field, str(clustering.groups), _plain(clustering.silhouette),
                _percent(clustering.purity), _chance(clustering.purity),
            ]
            for space, fields in analysis.clustered.items()
            for field, clustering in fields.items()
        ],
    )  # fmt: skip


def _of_languages(analysis: Analysis) -> Iterator[Block]:
    yield Heading("How far is each language from English?", 2)
    if not any(analysis.of_languages.values()):
        yield Paragraph(
            "Not computed: English originals with two emotions of the set are not at hand."
        )
        return

    yield from paragraphs(prose.LANGUAGES)
    yield Table(
        [
            Column("spectra"), Column("language"), Column("same", True), Column("other", True),
            Column("ratio", True), Column("chance", True), Column("nearest", True),
        ],
        [
            [
                space, language, f"{fmean(distance.same.values()):.3f}",
                f"{fmean(distance.different.values()):.3f}", f"{distance.ratio:.3f}",
                f"{distance.chance[0]:.3f} to {distance.chance[1]:.3f}",
                f"{distance.own} of {len(distance.same)}",
            ]
            for space, languages in analysis.of_languages.items()
            for language, distance in languages.items()
        ],
    )  # fmt: skip
    yield from _by_emotion(analysis.of_languages[BY_CORPUS])


def _by_emotion(languages: Mapping[str, Distance]) -> Iterator[Block]:
    """Yield the distance of each emotion, and in brackets its share of that to the others."""
    emotions = in_order(name for distance in languages.values() for name in distance.same)
    yield Paragraph(
        f"By emotion, {BY_CORPUS}: the distance to the same emotion of the originals, and in "
        "brackets its ratio to that to the others."
    )
    yield Table(
        [Column("language"), *(Column(name, right=True) for name in emotions)],
        [
            [language, *(_distance_of(distance, emotion) for emotion in emotions)]
            for language, distance in languages.items()
        ],
    )


def _distance_of(distance: Distance, emotion: str) -> str:
    if emotion not in distance.same:
        return "-"

    same, different = distance.same[emotion], distance.different[emotion]
    return f"{same:.2f} ({same / different:.2f})" if different else f"{same:.2f}"


def _labels(preserved: Preservation | None) -> Iterator[Block]:
    yield Heading("Are the labels preserved?", 2)
    if preserved is None:
        yield Paragraph(
            "Not computed: it wants English originals of two emotions and two speakers at hand."
        )
        return

    yield from paragraphs(prose.LABELS)
    yield Paragraph(_literal(f"The emotions that it knows: {', '.join(preserved.labels)}."))
    scales = list(preserved.ua)
    yield Table(
        [
            Column("asked about"), Column("clips", True),
            *(Column(f"UA, %, {scale}", True) for scale in scales), Column("chance, %", True),
        ],
        [
            [
                f"human: {name}" if name in preserved.controls else name,
                f"{estimate.clips:,}",
                *(_percent(preserved.ua[scale][name]) for scale in scales),
                _chance(estimate),
            ]
            for name, estimate in preserved.ua[scales[0]].items()
        ],
    )  # fmt: skip
    # The originals taught the labels, so that none of theirs can be unknown.
    ignored = {
        name: count for name, count in preserved.ignored.items() if count and name != ENGLISH
    }
    if ignored:
        listed = ", ".join(f"{count} of {name}" for name, count in ignored.items())
        yield Paragraph(_literal(f"Left out, as no original has their label: {listed}."))


def _literal(text: str) -> tuple[Inline, ...]:
    """Return a text that names things of strangers, in pieces that are short enough to be shown.

    A report cuts a text that nobody vouches for where it is too long, as a name may be anything.
    """
    lines = textwrap.wrap(text, markdown.LONGEST - 1, break_on_hyphens=False)
    return tuple(f"{line} " for line in lines[:-1]) + tuple(lines[-1:])


def _plain(estimate: Estimate | None) -> Inline:
    if estimate is None:
        return "-"
    if estimate.interval is None:
        return f"{estimate.value:.3f}"

    lower, upper = estimate.interval
    return Written(f"{estimate.value:.3f} [{lower:.3f}, {upper:.3f}]")


def _percent(estimate: Estimate | None) -> Number | str:
    return "-" if estimate is None else Number(estimate.value, estimate.interval)


def _chance(estimate: Estimate | None) -> str:
    return "-" if estimate is None or estimate.chance is None else f"{100 * estimate.chance:.1f}"
