"""Chooses the defaults of `whisper-linear` by the rule of the module `rule`.

    C="python -m mserbench_whisper_linear.stressing --data D"
    $C                    # candidates, and what the rule takes
    $C --far A.toml,B.toml  # beside them, corpora far from home
    $C --nested           # each corpus by what the rule takes on the three others
    $C --alterations      # one by one

The figures stand in docs/measured/whisper-linear.md. Wants `mserbench weights get whisper-base`.
The first run hears tens of thousands of seconds of speech; `--precision bfloat16` (of altered clips
and copies) is faster on processors that have it, and many times slower on others; vectors are kept.
`--only TEXT` keeps the rows that say TEXT.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import click
import numpy as np

from mserbench.statistics import metrics
from mserbench_whisper_linear import rule
from mserbench_whisper_linear.candidates import (
    DEFAULT,
    Candidate,
    Learnt,
    Vectors,
    candidates,
    learn,
)
from mserbench_whisper_linear.rule import CORPORA
from mserbench_whisper_linear.studied import ALTERED, Corpus, Hearing

_HEARD = 10  # unlabelled clips of the target
_DRAWS = 20  # of them


class Study:
    """What every candidate gives, each classifier learnt once."""

    def __init__(self, data: Path | None, precision: str) -> None:
        self._hearing = Hearing(data, precision)

    @cache  # noqa: B019 - lives as long as the script
    def learnt(self, candidate: Candidate, names: tuple[str, ...]) -> Learnt:
        """Return a candidate taught by all clips of some corpora."""
        corpora = [self._hearing.corpus(name) for name in names]
        copies = ("", "tempo") if candidate.at_any_tempo else ("",)
        vectors = np.concatenate(
            [
                self._hearing.vectors(corpus, candidate, copy)
                for copy in copies
                for corpus in corpora
            ]
        )
        labels = [label for corpus in corpora for label in corpus.labels] * len(copies)
        speakers = [speaker for corpus in corpora for speaker in corpus.speakers] * len(copies)

        return learn(candidate, vectors, labels, speakers)

    @cache  # noqa: B019 - as above
    def stressed(
        self, candidate: Candidate, teachers: tuple[str, ...], target: str
    ) -> Mapping[str, float]:
        """Return the UA of each alteration on the sample of a corpus, the mean over severities."""
        corpus, learnt = self._hearing.corpus(target), self.learnt(candidate, teachers)
        labels = [corpus.labels[position] for position in corpus.sample]

        return {
            name: float(
                np.mean(
                    [
                        recall(
                            learnt, self._hearing.altered(corpus, candidate, name, severity), labels
                        )
                        for severity in rule.SEVERITIES
                    ]
                )
            )
            for name in ALTERED
        }

    def under_stress(self, candidate: Candidate, names: Sequence[str] = CORPORA) -> rule.Stressed:
        """Return what the rule asks for: each of `names` left out in turn."""
        return {
            target: self.stressed(
                candidate, tuple(name for name in names if name != target), target
            )
            for target in names
        }

    def clean(self, candidate: Candidate, teachers: tuple[str, ...], target: str) -> list[float]:
        """Return the UA on all clips of a corpus: blind, and with ten unlabelled ones heard.

        The latter is the mean over 20 draws; the clips heard are not scored.
        """
        corpus, learnt = self._hearing.corpus(target), self.learnt(candidate, teachers)
        vectors, labels = self._hearing.vectors(corpus, candidate), np.array(corpus.labels)
        adapted = []
        for seed in range(_DRAWS):
            order = np.random.default_rng(seed).permutation(len(labels))
            heard, scored = order[:_HEARD], order[_HEARD:]
            adapted.append(recall(learnt, vectors[scored], labels[scored].tolist(), vectors[heard]))

        return [recall(learnt, vectors, corpus.labels), float(np.mean(adapted))]

    def left_out(self, candidate: Candidate) -> list[float]:
        """Return `clean`, the mean over the four corpora, each left out in turn."""
        folds = [
            self.clean(candidate, tuple(name for name in CORPORA if name != target), target)
            for target in CORPORA
        ]
        return [float(value) for value in np.mean(folds, axis=0)]


def recall(
    learnt: Learnt, vectors: Vectors, labels: Sequence[str], heard: Vectors | None = None
) -> float:
    """Return the UA in percent over the labels that were trained; other clips are not asked for."""
    # A label that only the target has cannot be answered, and would count for nothing but 0.
    common = sorted(set(labels) & set(learnt.classifier.labels))
    scored = [position for position, label in enumerate(labels) if label in common]
    answers = learnt.probabilities(vectors[scored], common, heard).argmax(axis=1)
    truth = [labels[position] for position in scored]
    counts = metrics.confusion(truth, [common[answer] for answer in answers], common)

    return 100 * float(metrics.metrics(counts)["UA"])


def table(study: Study, chosen: Sequence[Candidate], far: Sequence[str]) -> None:
    """Print a row a candidate as it is done, then what the rule takes."""
    names = [Corpus.short(name) for name in far]
    columns = ["worst", "mean under stress", "clean", "clean, ten heard"]
    columns += [f"{name}{heard}" for name in names for heard in ("", ", ten heard")]
    say(f"| candidate | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|")
    results = {}

    for candidate in chosen:
        stressed = results[candidate] = study.under_stress(candidate)
        values = [rule.worst(stressed), rule.mean(stressed), *study.left_out(candidate)]
        values += [value for name in far for value in study.clean(candidate, CORPORA, name)]
        say(f"| {candidate.told} | {' | '.join(f'{value:.1f}' for value in values)} |")

    say("", f"The rule takes: {rule.chosen(results).told}")


def nested(study: Study, chosen: Sequence[Candidate]) -> None:
    """Print for each corpus what the rule takes on the three others, and what that gives on it."""
    totals = []
    for target in CORPORA:
        sources = tuple(name for name in CORPORA if name != target)
        winner = rule.chosen(
            {candidate: study.under_stress(candidate, sources) for candidate in chosen}
        )
        stressed = study.stressed(winner, sources, target)
        before = study.stressed(DEFAULT, sources, target)
        row = [
            study.clean(winner, sources, target)[0],
            float(np.mean([*stressed.values()])),
            min(stressed.values()),
            study.clean(DEFAULT, sources, target)[0],
            float(np.mean([*before.values()])),
            min(before.values()),
        ]
        totals.append(row)
        say(f"| {target} | {winner.told} | {' | '.join(f'{value:.1f}' for value in row)} |")

    say(f"| mean | | {' | '.join(f'{value:.1f}' for value in np.mean(totals, axis=0))} |")


def alterations(study: Study, chosen: Sequence[Candidate]) -> None:
    """Print the UA of each alteration, meaned over corpora and severities, a column a candidate."""
    say(
        f"| alteration | {' | '.join(candidate.told for candidate in chosen)} |",
        "|---" * (1 + len(chosen)) + "|",
    )
    results = [study.under_stress(candidate) for candidate in chosen]
    for name in ALTERED:
        values = [np.mean([stressed[target][name] for target in CORPORA]) for stressed in results]
        say(f"| {name} | {' | '.join(f'{value:.1f}' for value in values)} |")


def say(*lines: str) -> None:
    """Print lines at once."""
    for line in lines:
        click.echo(line)


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--precision", default="float32", help="of copies and altered clips")
    parser.add_argument("--only", default="", help="rows that say this")
    parser.add_argument("--far", default="", help="TOML files with commas between")
    parser.add_argument("--nested", action="store_true")
    parser.add_argument("--alterations", action="store_true")
    arguments = parser.parse_args()

    study = Study(arguments.data, arguments.precision)
    chosen = [
        candidate
        for candidate in dict.fromkeys(candidates())
        if candidate == DEFAULT or arguments.only in candidate.told
    ]
    if arguments.nested:
        nested(study, chosen)
    elif arguments.alterations:
        alterations(study, chosen)
    else:
        table(study, chosen, [name for name in arguments.far.split(",") if name])


if __name__ == "__main__":
    main()
