"""The file `corpus.toml` of a set, by which it is a corpus of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mserbench_m5ser import layout
from mserbench_m5ser.building.plan import Plan

TITLE = "M5SER, synthetic multilingual emotional speech"
CITATION = "the method: arXiv 2503.21806, section III; this set was made anew, by the command m5ser"
# The keys of the file by the columns of the shards.
_COLUMNS = {
    "id": "id",
    "label": "emotion",
    "language": "language",
    "speaker": "speaker",
    "split": "split",
    "text": "text",
    "derived_from": "derived_from",
    "derived_audio": "derived_audio",
}


def corpus_file(manifest: Mapping[str, Any], plan: Plan) -> str:
    """Return the text of the file. The corpus is called as the folder that it lies in."""
    order, became = manifest["asked"], manifest["became"]
    origins = sorted({piece.origin[0].partition(":")[0] for piece in plan.pieces})
    filled = _filled(plan)
    lines = [
        "# Written by 'mserbench m5ser build'. 'mserbench train --on FOLDER' takes its folder.",
        f"title = {_text(title(order['translator']['name']))}",
        f"licence = {_text(licence(order))}",
        f"citation = {_text(CITATION)}",
        f"parquet = {_text(layout.SHARDS)}",
        f"language = {_list(sorted(became['by_language']))}",
        "synthetic = true",
        f"derived_corpora = {_list(origins)}",
        f"exposure_complete = {json.dumps(order['exposure_complete'])}",
        "",
        "[columns]",
        *(f"{key} = {_text(column)}" for key, column in _COLUMNS.items() if key in filled),
        "",
        "[labels]",
        *(f"{label} = {_text(label)}" for label in became["by_emotion"]),
    ]

    # Handed on to every model that is trained on the set: it learns from what the translator knows.
    for part in order["exposure"]:
        lines += [
            "",
            "[[exposure]]",
            f"corpus = {_text(part['corpus'])}",
            f"languages = {_list(part['languages'])}",
            f"kind = {_text(part['kind'])}",
            f"evidence = {_text(part['evidence'])}",
        ]

    return "\n".join(lines) + "\n"


def title(translator: str) -> str:
    """Return the title of a set by its translator."""
    return f"{TITLE}, by {translator}"


def licence(order: Mapping[str, Any]) -> str:
    """Return what binds who uses a set: the terms of its translator and of each source."""
    sources = {record["corpus"]: record["licence"] for record in order["sources"]}
    terms = "; ".join(f"{corpus}: {terms}" for corpus, terms in sorted(sources.items()))
    return f"that of the translator ({order['translator']['licence']}) and of the sources ({terms})"


def _filled(plan: Plan) -> set[str]:
    """Return the keys whose columns say anything: a split that no source has is no part."""
    optional = {
        "speaker": any(piece.item.utterance.speaker for piece in plan.pieces),
        "split": any(piece.item.utterance.split for piece in plan.pieces),
    }
    return {key for key in _COLUMNS if optional.get(key, True)}


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    # A string of JSON is one of TOML, but for a control that JSON may leave as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
