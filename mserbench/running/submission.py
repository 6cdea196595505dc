"""A file of predictions that somebody made elsewhere, scored into a run like any other."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mserbench.data import corpus, dataset, lookup
from mserbench.results import exposure, own_cards, predictions, records, runs, scoring
from mserbench.results.runs import Run


def score_file(
    path: str | Path,
    task: str,
    name: str,
    *,
    card: str | Path | None = None,
    data: str | Path | None = None,
    out: str | Path = "runs",
) -> Run:
    """Score a csv of predictions on a task and return the run.

    Truth comes from the corpus in `data`, or, where its file names hold all labels, from the task's list of
    names, so that no audio is needed. Without a card nothing is known of the model: the verdict is `unknown`.
    Raises DataError with every fault of the file.
    """
    path = Path(path)
    question = lookup.task(task)
    known = own_cards.read_card(Path(card), name) if card else own_cards.unknown_card(name)
    known = exposure.with_families(known, lookup.family)
    labelled = dataset.truth(question, corpus.data_folder(data))
    truth = {utterance.id: label for utterance, label in labelled}
    rows = predictions.read_foreign(path, truth, question.labels)
    clusters = dataset.cluster_numbers([utterance.speaker for utterance, _ in labelled])
    scores = scoring.score(rows, question.labels, clusters)
    source = lookup.corpus(question.corpus).card
    text = predictions.write(rows, question.labels)
    content = hashlib.sha256(text.encode()).hexdigest()
    identity = {"predictions": content, "task": question.hash, "name": name, "card": repr(known)}
    key = runs.run_key(identity | ({"development": known.development} if known.development else {}))
    folder = runs.run_folder(Path(out), question.name, name, key)
    record = {
        "key": key,
        "model": {**records.of_model(known, known.version, {}, None), "submitted": path.name},
        **records.of_target(question, source, None),
        **records.of_scores(scores, len(labelled), len(rows) != len(labelled), clusters),
        **records.of_verdict(exposure.judge(known, question, source, ())),
        **({"facts": {"ties": predictions.count_ties(row.scores for row in rows)}} if rows[0].scores else {}),
        "warnings": [],
        "notes": [],
        "seconds": {},
        **records.of_machine("unknown"),
    }
    with runs.locked(folder):
        return runs.finish(folder, record, rows)
