"""A file of predictions that somebody made elsewhere, scored into a run like any other."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

from mserbench.cards import CorpusCard, ModelCard
from mserbench.contracts import Task
from mserbench.data import corpus, dataset, fewer_labels, lookup
from mserbench.results import (
    exposure,
    foreign,
    own_cards,
    predictions,
    public,
    recording,
    runs,
    scoring,
)
from mserbench.results.naming import Naming, require_meanings
from mserbench.results.record import SCHEMA, RunRecord
from mserbench.results.runs import Run
from mserbench.running import leaks


def score_file(
    path: str | Path,
    task: str,
    name: str,
    *,
    card: str | Path | None = None,
    data: str | Path | None = None,
    out: str | Path = "runs",
    naming: Naming | None = None,
    labels: Sequence[str] | None = None,
) -> Run:
    """Score a csv of predictions on a task and return the run.

    Truth comes from the corpus in `data`, or, where its file names hold all labels, from the task's
    list of names, so that no audio is needed. `card`: a file, or `registry:NAME` for an entry of
    the registry of public checkpoints; without one nothing is known of the model, and the verdict
    is `unknown`. `naming` says what the file calls its columns and labels; with `labels` only these
    of the task are asked for, and rows of other clips are passed over. Raises DataError with every
    fault of the file, UsageError for labels that the task does not have.
    """
    path = Path(path)
    folder = corpus.data_folder(data)
    whole = lookup.task(task, folder)
    question = whole if labels is None else fewer_labels.asked(whole, labels)
    own = public.card_named(str(card), name) if card else own_cards.unknown_card(name)
    own = exposure.with_families(own, lookup.family)
    labelled = dataset.truth(question, folder)
    truth = {utterance.id: label for utterance, label in labelled}
    naming = naming or Naming()
    require_meanings(naming.meanings, whole.labels)
    all_clips = labelled
    # Of a task asked with some of its labels, what else its clips are is no fault of a file.
    if question != whole:
        all_clips = dataset.truth(whole, folder)
        others = {utterance.id for utterance, _ in all_clips} - set(truth)
        naming = dataclasses.replace(naming, passed=frozenset(others), whole=whole.labels)

    files = {utterance.id: utterance.audio for utterance, _ in all_clips}
    file = foreign.read_foreign(path, truth, question.labels, naming, files)
    rows = file.rows
    clusters = dataset.cluster_numbers([utterance.speaker for utterance, _ in labelled])
    scores = scoring.score(rows, question.labels, clusters)
    source = lookup.corpus(question.corpus).card
    text = predictions.write(rows, question.labels)
    # The content, not the file: the same answers in another order are the same run.
    content = hashlib.sha256(text.encode()).hexdigest()
    identity = {"predictions": content, "task": question.hash, "name": name, "card": repr(own)}
    # Left out of what has none, so that runs of before keep their keys.
    later = {"development": own.development, "basis": own.basis}
    key = runs.run_key(identity | {part: value for part, value in later.items() if value})
    folder = runs.run_folder(Path(out), question.name, name, key)
    # As for any run: how many answers rest on the order of the labels.
    ties = {"ties": predictions.count_ties(row.scores for row in rows)}
    record = RunRecord(
        schema=SCHEMA,
        key=key,
        model=recording.model_part(own, own.version, {}, None, submitted=path.name),
        task=recording.task_part(question, None),
        corpus=recording.corpus_part(source, None),
        **recording.numbers(scores, len(labelled), len(rows) != len(labelled), clusters),
        verdict=recording.verdict_part(_verdict(own, question, source)),
        facts=ties if rows[0].scores else None,
        warnings=(),
        notes=file.notes,
        seconds={},
        device="unknown",
        environment=recording.environment(),
        created=recording.now(),
        predictions=recording.UNWRITTEN,
    )

    with runs.locked(folder):
        return runs.finish(folder, record, rows)


def _verdict(card: ModelCard, task: Task, source: CorpusCard) -> exposure.Verdict:
    judged = exposure.judge(card, task, source, ())
    return dataclasses.replace(judged, note=leaks.unseen(card, judged.verdict))
