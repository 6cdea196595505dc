"""Remakes the figures of prosody transfer: what of real speech's prosody `espeak` carries over.

`python -m mserbench_m5ser.measuring` speaks clips of RAVDESS in one target language each, in turn,
and prints a table: F0 and energy correlation, rate and pauses, of espeak-ng's own speech and of
that with the clip's prosody. Wants $MSERBENCH_DATA and the extras demo and prosody.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import click
import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.data.labelled import labelled_clips
from mserbench.report.progress import counting
from mserbench.translator import Refusal, SourceClip, Speech
from mserbench_m5ser.translators.espeak import Espeak, EspeakOptions

if TYPE_CHECKING:
    from mserbench_m5ser.prosody.likeness import Likeness

TASK = "ravdess-8"
LANGUAGES = ("fr", "de", "it", "zh", "es")
_WHEN = ("before", "after")  # names of the fields of a pair
OFF = EspeakOptions(melody=False, register=False, loudness=False, timing=False)


@dataclass(frozen=True)
class Pair:
    """A clip against its translation as espeak-ng speaks it, and with the clip's prosody."""

    language: str
    label: str
    before: Likeness
    after: Likeness


def sources(count: int) -> list[SourceClip]:
    """Return that many clips, spread evenly over all of RAVDESS.

    Raises DataError where it is not here.
    """
    data = labelled_clips(TASK)
    chosen = [data.items[index] for index in np.linspace(0, len(data.items) - 1, count).astype(int)]
    return [
        SourceClip(
            id=f"ravdess:{item.utterance.id}",
            clip=item.clip("ravdess"),
            text=item.utterance.text,
            label=item.label,
            language=item.utterance.language,
            speaker=item.utterance.speaker,
        )
        for item in chosen
    ]


def compare(clips: Sequence[SourceClip]) -> Iterator[Pair | Refusal]:
    """Yield what became of each clip, in the next of the five languages."""
    from mserbench_m5ser.prosody.likeness import measure

    plain, carried = Espeak(OFF), Espeak()
    try:
        for source, language in zip(clips, cycle(LANGUAGES)):
            spoken = [
                translator.translate([source], language)[0] for translator in (plain, carried)
            ]
            refusals = [result for result in spoken if isinstance(result, Refusal)]
            if refusals:
                yield refusals[0]
                continue

            before, after = (
                measure(source.clip.waveform, result.waveform, SAMPLE_RATE)
                for result in spoken
                if isinstance(result, Speech)
            )
            yield Pair(language, source.label, before, after)
    finally:
        plain.close()
        carried.close()


def table(pairs: Sequence[Pair]) -> str:
    """Return the figures of all clips, of each language and of each emotion, as Markdown."""
    groups = {"all": list(pairs)}
    for pair in sorted(pairs, key=lambda pair: LANGUAGES.index(pair.language)):
        groups.setdefault(pair.language, []).append(pair)

    for pair in sorted(pairs, key=lambda pair: pair.label):
        groups.setdefault(pair.label, []).append(pair)

    head = (
        "| clips | n | F0 before | F0 after | F0 after, 10th percentile | energy before "
        "| energy after | rate of source | before | after | off by, before | after |"
    )
    rows = [_row(name, members) for name, members in groups.items()]
    return "\n".join([head, "|---" * 12 + "|", *rows])


def _row(name: str, pairs: Sequence[Pair]) -> str:
    melodies = [_mean([getattr(pair, when).f0 for pair in pairs]) for when in _WHEN]
    lowest = np.percentile([pair.after.f0 for pair in pairs if pair.after.f0 is not None], 10)
    energies = [_mean([getattr(pair, when).energy for pair in pairs]) for when in _WHEN]
    source = np.array([pair.after.rates[0] for pair in pairs])
    rates = [np.array([getattr(pair, when).rates[1] for pair in pairs]) for when in _WHEN]
    off = [np.abs(rate - source).mean() for rate in rates]
    cells = [*melodies, lowest, *energies, source.mean(), *(rate.mean() for rate in rates), *off]

    return f"| {name} | {len(pairs)} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |"


def _mean(values: Sequence[float | None]) -> float:
    """Return the mean of what could be told."""
    return float(np.mean([value for value in values if value is not None]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--clips", type=int, default=200, help="how many clips (200)")
    count = parser.parse_args().clips

    pairs: list[Pair] = []
    refusals: list[Refusal] = []
    with counting("measuring") as report:
        for result in compare(sources(count)):
            (refusals if isinstance(result, Refusal) else pairs).append(result)  # type: ignore[arg-type]
            report(len(pairs) + len(refusals), count)

    click.echo(table(pairs))
    click.echo(f"\n{len(refusals)} of {count} clips could not be carried over.")
    source = np.mean([pair.after.pauses[0] for pair in pairs])
    before, after = (np.mean([getattr(pair, when).pauses[1] for pair in pairs]) for when in _WHEN)
    click.echo(f"Share of pauses: source {source:.3f}, before {before:.3f}, after {after:.3f}.")
    untold = sum(pair.after.f0 is None for pair in pairs)
    click.echo(f"F0 could not be compared in {untold} of them.")


if __name__ == "__main__":
    main()
