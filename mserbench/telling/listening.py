"""Clips of a run to listen to and to look at, and on what terms their audio may be passed on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from mserbench.cards import CorpusCard
from mserbench.contracts import SAMPLE_RATE
from mserbench.data import licences
from mserbench.data.dataset import Dataset, Item
from mserbench.report.blocks import Block, Cell, Heading, Link, Notice, Paragraph, Recording, Strong
from mserbench.results import heard
from mserbench.results.runs import Run
from mserbench.telling import spectrogram
from mserbench.telling.facts import RunFacts, WrongAnswer

LONGEST = 20.0  # seconds of a clip that a page holds


@dataclass(frozen=True)
class Heard:
    """Blocks: the terms under which the audio of a page stands, and the clips; none where nothing
    of the run can be listened to.
    """

    terms: Sequence[Block]
    clips: Sequence[Block]


def blocks(facts: RunFacts, corpus: Dataset) -> Heard:
    """Return the wrong answers that a model is surest of as recordings, as the model heard them.

    Raises DataError where the corpus holds other audio than the run heard, or cannot be read.
    """
    if not facts.worst:
        return Heard([], [])

    items = {item.utterance.id: item for item in heard.items(facts.run, corpus)}
    recordings = [_recording(answer, items[answer.id], corpus) for answer in facts.worst]
    opening: list[Block] = [Heading("Listen to them", 3), Paragraph(_how(facts.run))]
    return Heard([_terms(corpus.card)], [*opening, *recordings])


def _how(run: Run) -> str:
    text = "As the model hears them: one channel, 16,000 Hz."
    if run.record.corpus.index_digest is None:
        # Of sent predictions nobody knows what they were made from.
        return f"{text} Which audio the predictions were made from is not known: these clips are "\
            "those of the corpus with the same ids."  # fmt: skip
    return f"{text} They are the audio that the run heard, by its digest."


def _recording(answer: WrongAnswer, item: Item, corpus: Dataset) -> Recording:
    import soundfile

    # Decoded under its key: a file that was changed meanwhile raises, and is not played.
    waveform = item.clip(corpus.card.name).load()[: int(LONGEST * SAMPLE_RATE)]
    file = io.BytesIO()
    soundfile.write(file, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    png, axes = spectrogram.picture(waveform)

    seconds = item.facts.seconds
    length = (
        f"{seconds:.2f} s" if seconds <= LONGEST else f"the first {LONGEST:g} of {seconds:.0f} s"
    )
    title: Cell = (
        Strong(answer.id),
        f": {answer.label}, taken for {answer.answer} (score {answer.score:.4g}, of "
        f"{answer.label} {answer.of_label:.4g}); {length}",
    )
    says = (
        f"Mel spectrogram of {answer.id}, 0 to {SAMPLE_RATE // 2} Hz, "
        f"{spectrogram.RANGE:g} dB from dark to bright"
    )
    return Recording(title, file.getvalue(), png, axes, says)


def _terms(card: CorpusCard) -> Block:
    """Return what a reader must know before passing a page with this audio on."""
    if not licences.lets_audio_be_passed_on(card.licence):
        why = (
            f" It holds audio of {card.title}, whose licence ({card.licence or 'unknown'}) does "
            f"not allow that, or is not known to. The page without --audio holds none."
        )
        return Notice((Strong("Local page, not to be passed on."), why), is_private=True)

    cite = f" Cite: {card.citation}" if card.citation else ""
    return Paragraph(
        (
            f"This page holds audio of {card.title}, under the licence ",
            Link(card.licence, licences.addresses(card.licence)[0]),
            f": it may be passed on under these terms.{cite}",
        )
    )
