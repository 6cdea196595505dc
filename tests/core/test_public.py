"""The registry of public checkpoints: what it says, how a model is found in it, what it never does
for a model that only bears a name.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from mserbench.data import lookup
from mserbench.errors import DataError, UnknownName
from mserbench.results import exposure, public, public_check, public_page
from mserbench.results.public import Match, Registry

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mserbench" / "results"
RAVDESS = "ehcalabres/wav2vec2-lg-xlsr-en-speech-emotion-recognition"
ENTRY = """
outside = ["LibriSpeech"]
[[model]]
name = "base"
title = "Base"
ids = ["me/base"]
complete = true
checked = 2026-11-29
[[model.exposure]]
corpus = "LibriSpeech"
languages = ["en"]
kind = "speech"
evidence = "https://example.org/base"
evidence_checked = true
[[model]]
name = "mine"
title = "Mine"
ids = ["me/Mine-er"]
base = ["base"]
complete = true
checked = 2026-11-29
[[model.exposure]]
corpus = "emodb"
languages = ["de"]
kind = "emotion-labels"
evidence = "https://example.org/mine"
evidence_checked = true
[[model.claim]]
tasks = ["aesdd"]
says = "zero-shot"
evidence = "https://example.org/paper"
evidence_checked = true
"""


@pytest.fixture(scope="module")
def shipped() -> Registry:
    return public.registry()


def judged(registry: Registry, match: Match | None, task: str) -> exposure.Verdict:
    assert match is not None
    question = lookup.task(task)
    card = exposure.with_families(registry.card(match, "hf"), lookup.family)
    return exposure.judge(card, question, lookup.corpus(question.corpus).card, ())


def test_the_shipped_registry_has_no_fault(shipped: Registry) -> None:
    assert public_check.faults(shipped) == []
    assert len(shipped.models) >= 30


def test_the_shipped_registry_keeps_to_its_schema() -> None:
    """Reviewers of an entry have the schema before them, so it must be the form that is read."""
    # Beside the Python that runs the tests, which may not be on the path.
    tool = shutil.which("check-jsonschema", path=sysconfig.get_path("scripts"))
    if tool is None:
        pytest.skip("check-jsonschema is not installed")

    schema, file = FOLDER / "public.schema.json", FOLDER / "public.toml"
    done = subprocess.run(
        [tool, "--schemafile", str(schema), str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_of_the_registry_ship_with_the_package() -> None:
    assert (resources.files("mserbench.results") / public.FILE).is_file()


def test_the_page_is_what_the_registry_says(shipped: Registry) -> None:
    """A reader must not be told an old verdict, or one that nobody computed."""
    assert (ROOT / "docs/exposures.md").read_text(encoding="utf-8") == public_page.page(shipped), (
        "remake it: mserbench exposures list --markdown > docs/exposures.md"
    )


def test_what_was_not_read_makes_no_list_complete(shipped: Registry) -> None:
    """Hearsay could otherwise turn a model that saw the target into a zero-shot one."""
    for model in shipped.models.values():
        unread = [
            part
            for part in model.parts
            if not part.is_read and part.exposure.kind == "emotion-labels"
        ]
        assert not (model.complete and unread), model.name


@pytest.mark.parametrize(
    ("task", "verdict"),
    [("ravdess", "in-corpus"), ("iemocap-4", "cross-corpus"), ("aesdd", "zero-shot")],
)
def test_an_id_of_the_hub_decides_the_verdict(shipped: Registry, task: str, verdict: str) -> None:
    found_by_id = judged(shipped, shipped.find(identifier=RAVDESS), task)
    assert found_by_id.verdict == verdict
    assert found_by_id.reasons[-1] == (
        "what it learnt is told by entry 'ehcalabres-ravdess' of the registry"
    )


@pytest.mark.parametrize(
    ("way", "words", "says"),
    [
        ("folder", RAVDESS.rpartition("/")[2], "only the name of its folder"),
        ("name", RAVDESS, f"only the name '{RAVDESS}'"),
        ("made_from", RAVDESS, "what it learnt after that nobody says"),
    ],
)
def test_a_name_makes_a_verdict_worse_and_never_better(
    shipped: Registry, way: str, words: str, says: str
) -> None:
    """A folder can be called anything, and a fine-tuned model bears the name of its base in its
    configuration: either would make zero-shot of what was trained on the target.
    """
    match = shipped.find(**{way: words})  # type: ignore[arg-type]
    # One task that the entry learnt from, one that it did not.
    in_corpus, unknown = (judged(shipped, match, task) for task in ("ravdess", "aesdd"))
    assert (in_corpus.verdict, unknown.verdict) == ("in-corpus", "unknown")
    assert says in in_corpus.reasons[-1]
    assert says in unknown.reasons[-1]


def test_a_base_without_labels_makes_no_fine_tuned_model_zero_shot(shipped: Registry) -> None:
    match = shipped.find(folder="my-run", made_from="facebook/wav2vec2-base")
    assert judged(shipped, match, "aesdd").verdict == "unknown"


def test_an_incomplete_entry_is_unknown_but_for_what_it_names(shipped: Registry) -> None:
    match = shipped.find(identifier="emotion2vec/emotion2vec_plus_large")
    assert judged(shipped, match, "aesdd").verdict == "in-corpus"

    salmonn = shipped.find(identifier="tsinghua-ee/SALMONN")
    named, unnamed = (judged(shipped, salmonn, task) for task in ("iemocap-4", "shemo"))
    assert (named.verdict, unnamed.verdict) == ("in-corpus", "unknown")
    assert "a page that was not read" in named.reasons[0]


def test_weights_are_found_by_their_hash(shipped: Registry) -> None:
    """A copy under another name is the same model."""
    sha256 = shipped.models["whisper"].sha256[0]
    # Neither id nor folder is known: only the bytes tell.
    match = shipped.find(identifier="somebody/copy", hashes=["0" * 64, sha256], folder="copy")
    assert match is not None
    assert (match.model.name, match.way) == ("whisper", "hash")


def test_the_surest_way_comes_first(shipped: Registry) -> None:
    match = shipped.find(identifier=RAVDESS.upper(), folder="emotion2vec_base", made_from="x/y")
    assert match is not None
    assert (match.model.name, match.way) == ("ehcalabres-ravdess", "id")
    assert shipped.find(identifier="x/y", folder="checkpoint-500", made_from="./runs") is None


def test_what_a_base_learnt_is_handed_on() -> None:
    registry = public.parse(ENTRY, "test")
    card = registry.card(Match(registry.models["mine"], "id"), "hf")
    assert [(part.corpus, part.kind) for part in card.exposure] == [
        ("emodb", "emotion-labels"),
        ("LibriSpeech", "speech"),
    ]
    assert "of base, which it was made from" in card.exposure[1].evidence
    assert card.exposure_complete

    base = dataclasses.replace(registry.models["base"], complete=False)
    # One link of the chain that is not known is enough.
    less = Registry({**registry.models, "base": base}, registry.outside)
    assert not less.card(Match(less.models["mine"], "id"), "hf").exposure_complete


def test_a_claim_stands_beside_the_computed_verdict(shipped: Registry) -> None:
    """The table is what this registry is for: the paper calls RAVDESS zero-shot, the language of
    which it learnt from.
    """
    ours = {
        judged_claim.task: (judged_claim.claim.says, judged_claim.verdict.verdict)
        for judged_claim in public_page.claims(shipped)
        if judged_claim.model.name == "mser-llm-paper"
    }
    # English labels were learnt from, so a second English corpus is no unseen language.
    assert ours == {
        **dict.fromkeys(("aesdd", "resd", "shemo"), ("zero-shot", "zero-shot")),
        "ravdess": ("zero-shot", "cross-corpus"),
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('corpus = "emodb"', 'corpus = "emodbx"', "no such corpus is installed"),
        ('corpus = "emodb"', 'corpus = "Emo-DB"', "the corpus is called 'emodb' here"),
        ('["de"]', '["xx"]', "no language that there is"),
        ('["de"]', "[]", "has no language"),
        ('"https://example.org/mine"', '"the paper"', "is no address of a page"),
        ('"emotion-labels"', '"labels"', "kind 'labels' is none of"),
        ('ids = ["me/Mine-er"]', 'ids = ["ME/base"]', "id 'me/base' stands 2 times"),
        ('ids = ["me/base"]', 'ids = []\nbase = ["mine"]', "is made from itself"),
        ('ids = ["me/base"]', 'ids = []\nsha256 = ["abc"]', "is no SHA-256"),
        ('tasks = ["aesdd"]', 'tasks = ["aesd"]', "claim of task 'aesd'"),
        ('["LibriSpeech"]', '["LibriSpeech", "CASIA"]', "which no entry uses"),
        ('["LibriSpeech"]', '["LibriSpeech", "RAVDESS"]', "is installed as 'ravdess'"),
        ('corpus = "emodb"', 'corpus = "unknown"', "is complete, though a corpus"),
        (
            'mine"\nevidence_checked = true',
            'mine"\nevidence_checked = false',
            "evidence of it was not read",
        ),
    ],
)
def test_a_fault_of_an_entry_is_one_sentence(old: str, new: str, says: str) -> None:
    # Without the fault there is none, so that the fault alone is what is told.
    assert public_check.faults(public.parse(ENTRY, "test")) == []
    assert old in ENTRY
    sentences = public_check.faults(public.parse(ENTRY.replace(old, new), "test"))
    assert any(says in sentence for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("complete = true", 'complete = "yes"', "'complete' is 'yes'"),
        ("checked = 2026-11-29", "checked = 2026", "a date was expected"),
        ('ids = ["me/base"]', 'ids = "me/base"', "a list of texts was expected"),
        ('base = ["base"]', 'base = ["basis"]', "its base 'basis' is no entry"),
        ('name = "mine"', 'name = "base"', "has two entries 'base'"),
        ("[[model]]", "[[model", "is no TOML"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(old: str, new: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        public.parse(ENTRY.replace(old, new, 1), "test")


def test_an_entry_serves_as_a_card() -> None:
    card = public.card_named("registry:r-f-english", "mine")
    assert card.name == "mine"
    assert "the user says" in card.basis
    assert public.card_named(f"registry:{RAVDESS}", "mine").exposure_complete
    with pytest.raises(UnknownName, match="r-f-english"):
        public.card_named("registry:r-f-englich", "mine")


def test_commands_show_and_check(cli: Callable[..., Any], tmp_path: Path) -> None:
    printed = cli("exposures", "show", RAVDESS, "--task", "ravdess")
    assert printed.code == 0
    assert "in-corpus" in printed.out
    assert "https://huggingface.co/ehcalabres" in printed.out

    # The last part of an id names it too, and a page that names thirty corpora is shown once.
    printed = cli("exposures", "show", "emotion2vec_plus_base")
    assert printed.out.count("    https://github.com/emo-box/EmoBox") == 1
    assert "aesdd (el), ASED (am)" in printed.out

    own = tmp_path / "own.toml"
    own.write_text(ENTRY.replace('corpus = "emodb"', 'corpus = "emodbx"'), encoding="utf-8")
    checked = cli("exposures", "check", own)
    assert checked.code == 1
    assert checked.out.count("problem:") == 1
    assert cli("exposures", "check").code == 0


def test_the_list_is_json_for_programs(cli: Callable[..., Any]) -> None:
    records = json.loads(cli("exposures", "list", "--json").out)
    (record,) = [record for record in records if record["name"] == "salmonn"]
    assert record["complete_with_bases"] is False
    assert {part["corpus"] for part in record["parts"]} == {"iemocap", "unknown"}
    assert cli("exposures", "list", "--json", "--markdown").code == 2
