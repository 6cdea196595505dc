"""From results to the files of a set: shards, what was left out, manifest, corpus file, card."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mserbench.disk.files import write_atomic
from mserbench_m5ser import layout
from mserbench_m5ser.building import card, shards
from mserbench_m5ser.building.corpus_file import corpus_file
from mserbench_m5ser.building.counts import Tally
from mserbench_m5ser.building.plan import Part, Plan
from mserbench_m5ser.building.protected import Protected
from mserbench_m5ser.building.store import Store

SCHEMA = 1


def finish_part(store: Store, part: Part) -> tuple[dict[str, Any], Tally]:
    """Write the shard of a part; return what is to be noted of it, and its counts."""
    tally, rejected = Tally(), []
    first = part.pieces[0].number

    def kept() -> Iterator[Sequence[tuple[Mapping[str, Any], bytes]]]:
        for chunk in store.results(part.name):
            for result in chunk:
                piece = part.pieces[result.number - first]
                tally.add(result, piece, part.language)
                if result.state != "kept":
                    identity = f"{piece.corpus}/{piece.item.utterance.id}/{part.language}"
                    rejected.append([identity, part.language, result.state, result.reason])

            yield [(result.row, result.audio) for result in chunk if result.state == "kept"]

    path = store.set_folder / layout.SHARDS / f"{part.name}.parquet"
    n_rows = shards.write(path, kept())
    shard = {
        "file": f"{layout.SHARDS}/{path.name}",
        "rows": n_rows,
        "bytes": path.stat().st_size,
        "sha256": shards.digest(path),
    } if n_rows else None  # fmt: skip

    return {"shard": shard, "tally": tally.to_json(), "rejected": rejected}, tally


def finish(
    store: Store, plan: Plan, order: dict[str, Any], tally: Tally, guard: Protected
) -> dict[str, Any]:
    """Write all files beside the shards; return the manifest, which is written last."""
    notes = [store.finished(part.name) or {} for part in plan.parts()]
    produced = [note["shard"] for note in notes if note["shard"]]
    manifest = {
        "schema": SCHEMA,
        "asked": order,
        "became": tally.record(),
        # Not of the request: whoever builds on goes on, whichever corpora are here by then.
        "compared_by_id_only": list(guard.by_id_only),
        "shards": produced,
    }

    folder = store.set_folder
    write_atomic(folder / layout.REJECTED, _rejected(notes))
    write_atomic(folder / layout.CORPUS_FILE, corpus_file(manifest, plan))
    write_atomic(folder / layout.CARD, card.card(manifest))
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    write_atomic(folder / layout.MANIFEST, f"{text}\n")

    return manifest


def _rejected(notes: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of clips that are not in the set, each with its reason."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "language", "became", "reason"])
    for note in notes:
        writer.writerows(note["rejected"])

    return text.getvalue()
