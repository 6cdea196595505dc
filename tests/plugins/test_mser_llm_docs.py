"""What documents say of the presets of mser-llm is what the presets are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

from mserbench_mser_llm import soft_prompts  # noqa: E402
from mserbench_mser_llm.connector import Connector, Shape  # noqa: E402
from mserbench_mser_llm.presets import PRESETS  # noqa: E402

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/mser-llm.md").read_text(encoding="utf-8")
MEASURED = " ".join((ROOT / "docs/measured/mser-llm.md").read_text(encoding="utf-8").split())
MINI = PRESETS["mini"]
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "twelve": 12}
FILES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "leaderboard").rglob("*.md"),
    *(ROOT / "plugins/mserbench_mser_llm").rglob("*.toml"),
]
WIDTHS = {  # of a frame of the speech encoder, and of an input of the LLM
    "tiny": (64, 64), "mini": (512, 576), "small": (768, 2048), "paper": (1280, 4096),
}  # fmt: skip


def row(preset: str) -> list[str]:
    """Return the cells of a preset's row in the table of presets."""
    (line,) = re.findall(rf"^\| `{preset}` \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def test_every_document_gives_the_q_former_its_number_of_layers() -> None:
    """The tables of the paper once said four of the preset mini, which has two."""
    claims = [
        (path.name, NUMBERS[number])
        for path in FILES
        for number in re.findall(
            r"Q-Former of (\w+) layers", path.read_text(encoding="utf-8").replace("\\\n", "")
        )
    ]
    assert len(claims) >= 4
    assert {number for _, number in claims} == {MINI.qformer_layers}, claims


@pytest.mark.parametrize("preset", PRESETS)
def test_the_table_of_presets_says_what_they_are(preset: str) -> None:
    encoder, qformer, llm, *_ = row(preset)
    settings = PRESETS[preset]
    assert f"{settings.qformer_layers} layers of {settings.hidden_size}, " in qformer

    for number in re.findall(r"(\d+) queries", qformer):
        assert int(number) == settings.num_queries

    for number in re.findall(r"layer (\d+)", encoder):
        assert number == settings.layers

    assert ("last layer" in encoder) == (settings.layers == "last")
    assert ("padded" in encoder) == (settings.length == "padded")
    assert ("two means" in encoder) == (settings.pooling == "mean+loud")
    assert ("bfloat16" in llm) == (settings.language_precision == "bfloat16")
    name = re.sub(r"[^a-z0-9]", "", settings.language_model.removesuffix("-instruct"))
    assert name in re.sub(r"[^a-z0-9]", "", llm.lower()) or preset == "tiny"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_table_of_presets_counts_what_is_trained(preset: str) -> None:
    """Memory is reckoned from this."""
    settings, (frame_dim, llm_dim) = PRESETS[preset], WIDTHS[preset]
    views = 2 if settings.pooling == "mean+loud" else 1
    n_layers = 3 if settings.layers == "all" else 1
    shape = Shape(
        n_layers, frame_dim, llm_dim, settings.num_queries, settings.qformer_layers,
        settings.hidden_size,
        settings.attention_heads, settings.intermediate_size, settings.cross_frequency,
        n_views=views,
    )  # fmt: skip
    n = sum(parameter.numel() for parameter in Connector(shape, 1.0).parameters())
    text = row(preset)[3]
    digits = len(text.removesuffix(" M").partition(".")[2])
    assert text == f"{n / 1e6:.{digits}f} M"


@pytest.mark.parametrize("name", ["mini-demo", "mini-real"])
def test_cards_say_what_the_preset_is(name: str) -> None:
    card = (ROOT / f"docs/cards/{name}.md").read_text(encoding="utf-8")
    assert (
        f"({MINI.qformer_layers} layers started from all-MiniLM-L6-v2, {MINI.num_queries} "
        f"queries, " in card
    )
    assert MINI.stored in card
    assert f"seed {MINI.seed}" in card


def test_the_page_gives_the_numbers_by_which_mini_learns() -> None:
    _, _, text = MEASURED.partition("## How `mini` learns")
    for words in (
        f"`aligned={MINI.aligned}`",
        f"(prompt tuning, {soft_prompts.STEPS} steps without any audio",
        f"first {MINI.aligned:.0%} of".replace("%", " %"),
        f"of {MINI.decoded} clips a batch",
        f"**layer {MINI.layers}**",
        f"**Noise** of {MINI.noise} deviations",
        f"(`averaged={MINI.averaged}`)",
        f"(`pooling={MINI.pooling}`)",
    ):
        assert words in text, words
