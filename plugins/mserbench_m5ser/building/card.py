"""The dataset card of a set: the header by which `datasets` finds its shards, and what a reader
must know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mserbench_m5ser import layout
from mserbench_m5ser.building import corpus_file

PAPERS = "seamless-expressive"  # the translator that the paper used
PAPERS_SOURCES = {"iemocap", "meld", "mead", "mosei", "msp-podcast"}
PAPERS_LANGUAGES = {"fr", "de", "it", "zh", "es"}


def card(manifest: Mapping[str, Any]) -> str:
    """Return the text of the card."""
    order, became = manifest["asked"], manifest["became"]
    translator = order["translator"]
    parts = [
        *_header(order, became),
        f"# {corpus_file.title(translator['name'])}",
        "Speech that no person spoke: clips of emotional English were translated and spoken by "
        f"`{translator['name']}` ({translator['title']}, version {translator['version']}), and "
        "each has the emotion label of the clip that it was made from. Nobody has listened to "
        "whether it still sounds like it.",
        f"It holds {became['clips']:,} clips, {became['hours']:.2f} hours. `{layout.MANIFEST}` "
        "says how it was made; the same request gives the same bytes.",
        "## What is the paper's, and what is not",
        "\n".join(f"- {line}" for line in papers(order)),
        "## Counts",
        *_tables(became),
        "## What was left out",
        *_left_out(order, became),
        "## What a model that is trained on it may claim",
        *_claims(order, became),
        "## Licence",
        corpus_file.licence(order) + ".",
        "## Use",
        "```sh\nmserbench m5ser verify FOLDER\nmserbench train --model mser-llm --stage 2 --on "
        "FOLDER --out weights\n```",
        '```python\nfrom datasets import load_dataset\n\nload_dataset("FOLDER", "fr")\n```',
    ]

    return "\n\n".join(parts) + "\n"


def papers(order: Mapping[str, Any]) -> list[str]:
    """Return what of a set is as in the paper, and what stands in for it, a sentence each."""
    name = order["translator"]["name"]
    carried = (
        f"prosody of the source carried over: {order['translator']['prosody']}, voice: "
        f"{order['translator']['voice']}"
    )
    corpora = {record["corpus"] for record in order["sources"]}
    lacking = sorted(PAPERS_SOURCES - corpora)
    own = sorted(corpora - PAPERS_SOURCES)
    differing = sorted(PAPERS_LANGUAGES ^ set(order["languages"]))

    lines = [
        "The method is that of M5SER (arXiv 2503.21806, section III); its set was not released."
    ]
    lines += (
        [f"The translator is the paper's ({carried})."]
        if name == PAPERS
        else [
            f"The translator `{name}` is a stand-in for the paper's SeamlessExpressive ({carried})."
        ]
    )
    if not lacking and not own:
        lines += ["The source corpora are the paper's."]
    else:
        lines += [f"Source corpora of the paper that are not in it: {_listed(lacking)}."]
        lines += [f"Source corpora that are not the paper's: {_listed(own)}."]

    lines += [
        f"Languages that are in one and not in the other: {_listed(differing)}."
        if differing
        else "The languages are the paper's."
    ]
    lines += [
        "Labels are those of the source clips, as in the paper. How raw labels become seven "
        "emotions, and which utterances are held out for the test, the paper does not say: that is "
        "ours."
    ]
    return lines


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


def _header(order: Mapping[str, Any], became: Mapping[str, Any]) -> list[str]:
    """Return the YAML header, in JSON's notation where a text may need quotes."""
    languages = sorted(became["by_language"])
    lines = [
        "---",
        f"pretty_name: {json.dumps(corpus_file.title(order['translator']['name']))}",
        "license: other",
        "license_name: of-translator-and-sources",
        "language:",
        *(f"- {json.dumps(language)}" for language in languages),
        "task_categories:",
        "- audio-classification",
        "tags:",
        *(f"- {tag}" for tag in ("speech-emotion-recognition", "synthetic", "m5ser")),
        "configs:",
        *_config("default", "*", is_default=True),
    ]
    for language in languages:
        lines += _config(language, f"{language}-*")

    return ["\n".join([*lines, "---"])]


def _config(name: str, pattern: str, is_default: bool = False) -> Iterable[str]:
    yield f"- config_name: {json.dumps(name)}"
    yield "  data_files:"
    # Whatever part of its corpus a source clip was in, which the column `split` tells.
    yield "  - split: train"
    yield f"    path: {json.dumps(f'{layout.SHARDS}/{pattern}.parquet')}"
    if is_default:
        yield "  default: true"


def _tables(became: Mapping[str, Any]) -> list[str]:
    tables = []
    for title in ("language", "emotion", "source"):
        rows = [
            f"| {name} | {counts['clips']:,} | {counts['hours']:.2f} |"
            for name, counts in became[f"by_{title}"].items()
        ]
        tables.append("\n".join([f"| {title} | clips | hours |", "|---|---:|---:|", *rows]))

    return tables


def _left_out(order: Mapping[str, Any], became: Mapping[str, Any]) -> list[str]:
    rules = [f"- {count:,} clips: {reason} (filter)" for reason, count in became["dropped"].items()]
    # Of thousands of reasons the card shows the first; the table has all.
    rules += [
        f"- {count:,} clips: {reason} (failed)"
        for reason, count in list(became["failed"].items())[:20]
    ]
    return [
        "A size is that of the clip as a 16 kHz PCM16 wav file with its header of 44 bytes; 1 KB "
        f"is 1,024 bytes. `{layout.REJECTED}` names each clip.",
        "\n".join(rules) if rules else "Nothing.",
        *_left_out_before(order),
    ]


def _left_out_before(order: Mapping[str, Any]) -> list[str]:
    lines = []
    for record in order["sources"]:
        reasons = {
            **{f"raw label {raw!r}": n for raw, n in record["dropped_by_label_map"].items()},
            **record["dropped"],
        }
        counts = "; ".join(f"{reason} {count:,}" for reason, count in reasons.items())
        if counts:
            lines.append(f"- `{record['task']}`, before any translation: {counts}")

    return ["\n".join(lines)] if lines else []


def _claims(order: Mapping[str, Any], became: Mapping[str, Any]) -> list[str]:
    families = sorted({record["family"] for record in order["sources"]})
    languages = ", ".join(sorted(became["by_language"]))
    heard = sorted({part["corpus"] for part in order["exposure"]})
    lines = [
        f"- `leaked` on a test that holds a clip of {', '.join(families)} that this speech was "
        f"made from, `in-corpus` on other clips of these corpora: a test on all of "
        f"{families[0]} is `leaked`.",
        f"- `cross-corpus`, and not `zero-shot`, on any other corpus in {languages}.",
    ]
    complete = order["exposure_complete"]
    lines += [f"- What made the speech had heard: {', '.join(heard)}."] if heard else []
    lines += (
        []
        if complete
        else ["- That list is not known to be complete, so `zero-shot` cannot be claimed at all."]
    )
    return ["\n".join(lines)]
