"""What pages and documents say of a table and its model is true of what was asked for, whatever the
preset.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

for needed in ("torch", "transformers", "whisper", "accelerate", "peft"):
    pytest.importorskip(needed)

from mserbench.data import lookup  # noqa: E402
from mserbench.experiments import needs, plan  # noqa: E402
from mserbench.experiments.definition import Wishes, load  # noqa: E402
from mserbench.experiments.lookup import experiment_file  # noqa: E402
from mserbench.experiments.shapes import Definition  # noqa: E402
from mserbench.plugins import registry  # noqa: E402
from mserbench.plugins.hookspecs import ExperimentEntry, WeightsEntry  # noqa: E402
from mserbench_mser_llm.planning import footprint_of  # noqa: E402
from mserbench_mser_llm.presets import PRESETS  # noqa: E402

ROOT = Path(__file__).parents[2]
# An experiment of another kind, as the curve of adaptation is, has no table.
TABLES = [
    name
    for name in registry.entries(ExperimentEntry)
    if "kind" not in tomllib.loads(experiment_file(name).read_text(encoding="utf-8"))
]
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "twelve": 12}
CORPORA = {  # how texts call corpora: the registry's names
    "IEMOCAP": "iemocap", "MELD": "meld", "MEAD": "mead", "MOSEI": "mosei",
    "MSP-Podcast": "msp-podcast",
    "ShEMO": "shemo", "AESDD": "aesdd", "RAVDESS": "ravdess", "RESD": "resd", "EmoDB": "emodb",
    "EMOVO": "emovo",
    "CaFE": "cafe", "ESD": "esd", "URDU": "urdu",
}  # fmt: skip
PARTS = {  # how texts call pretrained parts: what the registry's names begin with
    "LLaMA": "llama", "SmolLM2": "smollm2", "MiniLM": "minilm", "whisper-base": "whisper-base",
    "wav2vec": "wav2vec2", "BERT": "bert",
}  # fmt: skip


def presets(name: str) -> list[str]:
    return list(tomllib.loads(experiment_file(name).read_text(encoding="utf-8")).get("presets", {}))


VARIANTS = [(name, preset) for name in TABLES for preset in ("", *presets(name))]


def spoken(table: Definition) -> str:
    return " ".join([table.title, table.text, *(system.title for system in table.systems)])


def names(text: str, words: dict[str, str]) -> set[str]:
    return {
        meaning
        for word, meaning in words.items()
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w])", text)
    }


@pytest.mark.parametrize(("name", "preset"), VARIANTS)
def test_a_table_names_no_corpus_and_no_part_that_it_has_not(name: str, preset: str) -> None:
    """A page of toys under the paper's corpora, or of a small model under LLaMA's name, would be
    believed.
    """
    table = load(name, Wishes(preset))
    cells = plan.cells(table)
    used = {lookup.task(task).corpus for task in plan.tasks(cells)}
    assert names(spoken(table), CORPORA) <= used
    parts = {need["name"] for need in needs.parts(cells)}

    for part in names(spoken(table), PARTS):
        assert any(need.startswith(part) for need in parts), f"{part} is none of {sorted(parts)}"


@pytest.mark.parametrize(("name", "preset"), [variant for variant in VARIANTS if variant[1]])
def test_a_preset_that_changes_corpora_or_model_has_words_of_its_own(
    name: str, preset: str
) -> None:
    full, variant = load(name), load(name, Wishes(preset))
    if (variant.corpora, variant.last_options) == (full.corpora, {}) or not changes(full, variant):
        assert variant.text == full.text
        return

    assert f"preset `{preset}`" in variant.text
    assert variant.title != full.title
    assert variant.reported == ()

    for row in variant.systems:
        assert (
            row.model != "mser-llm"
            or "mser-llm" not in row.title
            or f"mser-llm ({preset})" in row.title
        )


def changes(full: Definition, variant: Definition) -> bool:
    """Whether a preset gives other corpora or other options than the table has anyway."""
    unchanged = all(
        full.options.get(model, {}).get(key) == value
        for model, values in variant.last_options.items() for key, value in values.items()
    )  # fmt: skip

    return variant.corpora != full.corpora or not unchanged


@pytest.mark.parametrize(("name", "preset"), VARIANTS)
def test_chance_is_left_to_the_row_that_is_computed(name: str, preset: str) -> None:
    assert not re.search(r"chance (is|of|lies)", load(name, Wishes(preset)).text)


def test_the_small_model_is_never_called_the_paper_s() -> None:
    """mser-llm (mini) beside the paper's numbers under the paper's name is what a reviewer would
    find first.
    """
    for name in ("mser-real", "mser-prompts"):
        table = load(name)
        assert "mser-llm (mini)" in spoken(table)
        assert not re.search(r"[Pp]aper 1's model in small|model is Zou", spoken(table))

    text = (ROOT / "docs/measured/mser-llm.md").read_text(encoding="utf-8")
    assert re.search(r"\| mser-llm \(mini\)[^|]*\|.*\| the paper's mser-llm \|", text)
    assert not re.search(r"\| mser-llm \|.*\| the paper's mser-llm \|", text)


@pytest.mark.parametrize("name", ["transfer-real", "mser-real", "mser-prompts", "mser-stages"])
def test_a_committed_page_says_what_its_definition_says(name: str) -> None:
    """A sentence that was mended in the definition alone would go on being read where people
    look.
    """
    record = json.loads((ROOT / "leaderboard" / name / "record.json").read_text(encoding="utf-8"))[
        "experiment"
    ]
    table = load(name)
    assert (record["title"], record["text"]) == (table.title, table.text)
    titles = {system.name: system.title for system in table.systems}
    assert {
        system["name"]: system["title"] for system in record["systems"]
    }.items() <= titles.items()


def documents() -> list[Path]:
    tables = [experiment_file(name) for name in TABLES]
    return [
        ROOT / "README.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("leaderboard/*/README.md"),
        *tables,
    ]


def test_layers_and_queries_of_mini_are_those_of_its_settings() -> None:
    """`mini` was said to have four layers; it has two."""
    mini, statements = PRESETS["mini"], 0
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for layers in re.findall(r"Q-Former of (\w+)\s+\\?\s*layers", text):
            assert NUMBERS[layers] == mini.qformer_layers, path
            statements += 1

        for layers, queries in re.findall(r"Q-Former \((\d+) layers[^)]*?(\d+) queries", text):
            assert (int(layers), int(queries)) == (mini.qformer_layers, mini.num_queries), path
            statements += 1

    assert statements >= 6


def test_the_table_of_presets_says_what_the_settings_say() -> None:
    """Sizes and memory in the document decide which machine somebody pays for."""
    text = (ROOT / "docs/mser-llm.md").read_text(encoding="utf-8")
    for name, settings in PRESETS.items():
        (row,) = re.findall(rf"^\| `{name}` \| .*$", text, re.MULTILINE)
        assert f"{settings.qformer_layers} layers of {settings.hidden_size}" in row
        if name != "tiny":
            assert f"{settings.num_queries} queries" in row
            assert settings.encoder in row

        takes, large = footprint_of(settings), name in ("paper", "small")
        millions = re.search(r"\| ([\d.]+) M \|", row)
        assert millions
        trained = sum(takes.trainable.values()) / 1e6
        assert trained == pytest.approx(float(millions[1]), abs=0.5 if large else 0.05)

        if large:
            gigabytes = re.search(r"\| about (\d+) GB", row)
            assert gigabytes
            assert sum(takes.memory.values()) / 1e9 == pytest.approx(float(gigabytes[1]), abs=0.5)


def test_names_of_parts_are_known() -> None:
    registered = list(registry.entries(WeightsEntry))
    assert all(any(entry.startswith(part) for entry in registered) for part in PARTS.values())
