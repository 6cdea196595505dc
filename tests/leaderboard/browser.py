"""Pages of made-up boards to open in a browser."""

from __future__ import annotations

from typing import Any

from mserbench.labels import CANONICAL
from tests.browser import BREAKING, HOSTILE, LONG, TURNED


def made_values(tasks: int, models: int) -> dict[str, Any]:
    """Return what a page shows of `models` made-up models on each of some tasks."""
    groups = [
        {"title": "Zero-shot", "kind": "zero-shot", "note": "Nothing was seen."},
        {"title": "Cross-corpus", "kind": "cross-corpus", "note": "The language was seen."},
        {"title": "Floors", "kind": "floor", "note": "Without listening."},
    ]
    return {
        "schema": 1, "results": "../results", "groups": groups,
        "tasks": [made_task(number) for number in range(tasks)],
        "systems": [
            made_system(task, model) for task in range(tasks) for model in (*range(1, models), 0)
        ],
        "texts": ["emodb, emovo", "no clip of the corpus was seen", "A model", "1", "MIT",
                  "Somebody, A paper of some length in a journal, 2026"],
        "verdicts": {"zero-shot": "nothing was seen"},
        "marks": {"wide": "spans more than 15 points", "synthetic": "no people"},
        "heard": {"no": "in no way"},
    }  # fmt: skip


def made_task(number: int) -> dict[str, Any]:
    """Return a task, every third of which is synthetic, in one of seven languages."""
    corpus = {"title": "Corpus", "licence": "CC0", "citation": "A, 2020", "source": "https://x.org"}
    published = {
        "system": "Paper", "kind": "zero-shot", "exposure": "zero-shot",
        "values": [42.6, 42.6, None, 36.5], "source": "arXiv", "note": "other split",
    }  # fmt: skip
    return {
        "name": f"task-{number}", "title": f"Task {number}",
        "languages": [["el", "fa", "ru", "en", "de", "ur", "zh"][number % 7]],
        "labels": list(CANONICAL), "synthetic": number % 3 == 2, "version": 1, "hash": "00000000",
        "speech": "el, 6 speakers, 700 clips", "smallest": 12, "clips": 700,
        "constant": ["sad", 14.3], "corpus": corpus, "published": [published],
    }  # fmt: skip


def made_system(task: int, model: int) -> dict[str, Any]:
    """Return a system with a card as large as that of a real one."""
    value = 20.0 + (model * 37 + task * 11) % 600 / 10
    return {
        "task": task, "group": 2 if model == 0 else int(model % 4 == 3),
        "place": f"task-{task}/model-{model}-0123456789ab",
        "name": "prior" if model == 0 else f"model-{model:03}, normalise=speaker", "rank": model,
        "tied": model % 5 == 1, "ua": [value, value - 5, value + 5],
        "more": [value - 1, value - 2, value - 3], "unparsed": 0.0, "verdict": "zero-shot",
        "heard": "no", "reasons": [1], "marks": ["wide"], "trained": 0, "n": 700,
        "confusion": [40 + (model + cell) % 60 for cell in range(56)],
        "options": {"version": 3, "normalise": 4}, "title": 2, "licence": 4, "citation": 5,
        "weights": 2, "created": "2026-11-29",
        "seeds": [[str(seed), value, f"task-{task}/model-{model}-{seed:012}"] for seed in range(3)],
        "spread": 1.2,
    }  # fmt: skip


def hostile_values() -> dict[str, Any]:
    """Return a small board in which every text of a stranger is an attack."""
    values = made_values(2, 4)
    attacks = (HOSTILE, BREAKING, TURNED, LONG)
    for system, attack in zip(values["systems"], attacks * 2, strict=True):
        system["name"] = attack
        system["marks"] = [attack]
        system["options"] = {attack: 0}

    values["systems"][1]["place"] = BREAKING
    values["texts"] = [HOSTILE, BREAKING, TURNED, LONG, "{{program}}", "</script><b>"]
    for task in values["tasks"]:
        task["title"], task["labels"][0] = BREAKING, HOSTILE
        task["corpus"] = {"title": HOSTILE, "licence": LONG, "citation": TURNED,
                          "source": "javascript:document.title='owned'"}  # fmt: skip
        task["published"][0] |= {"system": BREAKING, "note": LONG, "source": HOSTILE}

    return values
