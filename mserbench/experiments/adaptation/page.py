"""The page of a curve: a pure function of its numbers, the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mserbench.experiments.adaptation import picture
from mserbench.experiments.adaptation.figures import Figures, Spread
from mserbench.report import markdown
from mserbench.report.blocks import (
    Block,
    Bullets,
    Commands,
    Heading,
    Paragraph,
    Picture,
    Table,
    Written,
    paragraphs,
    written_table,
)

NONE = "-"
_GAIN = 10  # clips, the number whose gain is tested; the largest below it where it is not there


def render(figures: Figures, hashes: Mapping[str, str]) -> str:
    """Return the page as Markdown. `hashes` are the SHA-256 of the files of answers by name."""
    record = figures.record
    blocks: list[Block] = [Heading(Written(record["title"]), 1), *paragraphs(record["text"])]
    blocks.append(Picture(picture.NAME, picture.TITLE))
    if len(figures.tasks) > 1:
        blocks += [Heading("Mean over the tasks", 2), _means(figures)]

    blocks.append(Paragraph(Written(_explained(figures))))
    for task in figures.tasks:
        asked = record["tasks"][task]
        blocks += [
            Heading(task, 2),
            Paragraph((asked["title"], f". {asked['scored']} clips scored{_doubtful(asked)}.")),
            _of_task(figures, task),
        ]

    blocks += [Heading("How it was made", 2), Commands([record["command"]])]
    blocks.append(Bullets([Written(line) for line in _told(figures)]))
    blocks.append(
        Bullets([Written(f"`answers/{name}` {digest}") for name, digest in sorted(hashes.items())])
    )
    return markdown.page(blocks)


def _doubtful(task: Mapping[str, object]) -> str:
    words = [word for word in ("partial", "synthetic") if task[word]]
    return f" ({', '.join(words)})" if words else ""


def _explained(figures: Figures) -> str:
    record = figures.record
    return f"""
        UA in percent after N unlabelled clips of the task were heard: mean over {record["draws"]}
        draws (of models that take long fewer, as told below) ± the standard deviation between them.
        The scored clips are the same in each column, and none of them was heard by the model that
        scored it (docs/adaptation.md). N = 0 is the model as it ships. The gain is paired: in
        brackets its 95 % interval over speakers and draws (jackknife, t). {NONE}: the model failed,
        or so many clips are not there to hear.
    """


def _means(figures: Figures) -> Table:
    rows = [
        [model, *(_text(figures.mean(model, clips)) for clips in figures.numbers)]
        for model in figures.models
    ]
    return written_table(["model", *map(str, figures.numbers)], rows)


def _of_task(figures: Figures, task: str) -> Table:
    gained = _gain_at(figures)
    head = ["model", *map(str, figures.numbers)]
    head += [f"gain of {gained}", f"least and most of {gained}"] if gained else []
    rows = []
    for model in figures.models:
        texts = [_text(figures.spread(model, task, clips)) for clips in figures.numbers]
        if gained:
            texts += [_gain(figures, model, task, gained), _range(figures, model, task, gained)]
        rows.append([model, *texts])

    return written_table(head, rows)


def _gain_at(figures: Figures) -> int:
    """Return the number of clips whose gain is told: ten, else the largest; 0 where none is."""
    return _GAIN if _GAIN in figures.numbers else max(figures.numbers)


def _gain(figures: Figures, model: str, task: str, clips: int) -> str:
    gain = figures.gain(model, task, clips)
    if gain is None:
        return NONE

    text = f"{100 * gain.value:+.1f}"
    return (
        f"{text} [{', '.join(f'{100 * end:+.1f}' for end in gain.interval)}]"
        if gain.interval
        else text
    )


def _range(figures: Figures, model: str, task: str, clips: int) -> str:
    spread = figures.spread(model, task, clips)
    return f"{100 * spread.least:.1f} to {100 * spread.most:.1f}" if spread else NONE


def _text(spread: Spread | None) -> str:
    if spread is None:
        return NONE

    deviation = f" ± {100 * spread.deviation:.1f}" if spread.deviation else ""
    return f"{100 * spread.mean:.1f}{deviation}"


def _draws(row: Mapping[str, Any]) -> int:
    """Return how many draws there are of a number of clips, at most."""
    return 1 + max(int(draw) for _, draw in row["points"])


def _told(figures: Figures) -> list[str]:
    """Return a line for each model on each task: whose clips were heard, weights and verdict."""
    lines = []
    for row in figures.record["rows"]:
        pair = f"{row['model']} on {row['task']}"
        if row["failure"]:
            lines.append(f"{pair}: no number: {markdown.escape(row['failure'])}")
            continue

        weights = f", weights `{row['weights']}`" if row["weights"] else ""
        development = ", *development*" if row["development"] else ""
        lines.append(
            f"{pair}: {row['verdict']}{development}{weights}, version {row['version']}; clips of "
            f"the {row['way']}, {_draws(row)} draw(s)"
        )

    return lines
