"""Checkpoints of `hf` by their files: what is refused and why, what labels mean, what is in a key."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")

from made_checkpoints import save

from mserbench import evaluate
from mserbench.data import label_map
from mserbench.errors import DataError, MserbenchError, UsageError
from mserbench.running.spec import Spec
from mserbench_hf.checkpoint import opened
from mserbench_hf.described import DescribedHf
from mserbench_hf.exposure import exposure_of
from mserbench_hf.label_map import meaning, meanings
from mserbench_hf.options import HfOptions

TASK = "emodb-sample"
CONFIG: Mapping[str, Any] = {
    "architectures": ["Wav2Vec2ForSequenceClassification"],
    "model_type": "wav2vec2",
    "id2label": {"0": "ang", "1": "hap"},
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder that looks like a checkpoint; None removes a file, a mapping is JSON."""

    def write(config: Mapping[str, Any] | None = None, **files: str | None) -> Path:
        folder = tmp_path / "ser"
        folder.mkdir(exist_ok=True)
        texts: dict[str, str | None] = {
            "config.json": json.dumps({**CONFIG, **(config or {})}),
            "preprocessor_config.json": "{}",
            "model.safetensors": "",
            **{name.replace("__", "."): text for name, text in files.items()},
        }
        for name, text in texts.items():
            if text is not None:
                (folder / name).write_text(text)

        return folder

    return write


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ({"id2label": {"0": "arousal", "1": "valence", "2": "dominance"}}, {}, "tells dimensions"),
        ({"problem_type": "regression"}, {}, "tells dimensions (2 numbers)"),
        ({"architectures": ["Wav2Vec2ForCTC"]}, {}, "no head that classifies a clip"),
        ({"architectures": ["Wav2Vec2ForSpeechClassification"]}, {}, "head of its author's own"),
        ({"auto_map": {"AutoModel": "code.Own"}}, {}, "code of its own, which is never run"),
        ({"id2label": {"1": "ang", "2": "hap"}}, {}, "numbers from 0 on"),
        ({"id2label": {"0": "ang"}}, {}, "two or more to choose from"),
        ({}, {"adapter_config__json": "{}"}, "holds an adapter beside its model"),
        (
            {},
            {"model__safetensors": None, "pytorch_model__bin": "x"},
            "as a pickle (pytorch_model.bin), which can run code",
        ),
        ({}, {"model__safetensors": None}, "has no model.safetensors"),
        ({}, {"preprocessor_config__json": None}, "has no preprocessor_config.json"),
        ({}, {"config__json": "[]"}, "is no JSON object"),
        ({}, {"config__json": None}, "has no config.json"),
        (
            {},
            {"config__json": None, "configuration__json": "{}"},
            "FunASR model such as emotion2vec",
        ),
        ({}, {"config__json": None, "hyperparams__yaml": "{}"}, "SpeechBrain recipe"),
    ],
)
def test_what_cannot_be_asked_is_named_as_what_it_is(
    written: Callable[..., Path],
    config: Mapping[str, Any],
    files: Mapping[str, str | None],
    expected: str,
) -> None:
    folder = written(config, **files)
    with pytest.raises((UsageError, DataError), match=re.escape(expected)):
        opened(str(folder))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "no model by itself"),
        ("./nowhere", "there is no such folder"),
        ("my-modle", "did you mean 'my-model'?"),
        ("nobody/nothing", "hf download nobody/nothing"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, expected: str
) -> None:
    monkeypatch.setenv("MSERBENCH_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-model").mkdir()
    (tmp_path / "my-model" / "config.json").write_text("{}")
    with pytest.raises(MserbenchError, match=re.escape(expected)):
        opened(name)


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("ang", "angry"), ("Anger", "angry"), ("ANGRY", "angry"), ("Wut", "angry"), ("ira", "angry"),
        ("ärgerlich", "angry"), ("Überrascht", "surprise"), ("ueberrascht", "surprise"),
        ("злость", "angry"), ("生气/angry", "angry"), ("怒り", "angry"), ("분노", "angry"),
        ("male_angry", "angry"), ("hap", "happy"), ("Freude", "happy"), ("开心/happy", "happy"),
        ("neu", "neutral"), ("中立/neutral", "neutral"), ("sad", "sad"), ("难过/sad", "sad"),
        ("suprised", "surprise"), ("pleasant surprise", "surprise"), ("dis", "disgust"),
        ("fearful", "fear"), ("恐惧/fearful", "fear"), ("calm", "calm"), ("boredom", "boredom"),
        ("enthusiasm", "enthusiasm"), ("other", "none"), ("其他/other", "none"), ("<unk>", "none"),
        ("LABEL_0", None), ("positive", None), ("happy/sad", None), ("W", None),
    ],
)  # fmt: skip
def test_labels_of_public_checkpoints_mean_what_they_say(raw: str, label: str | None) -> None:
    assert meaning(raw) == label


def test_no_word_stands_for_two_emotions() -> None:
    words = Counter(word for words in label_map._ALIASES.values() for word in set(words.split()))
    assert [word for word, n in words.items() if n > 1] == []


def test_an_unknown_label_is_told_with_the_line_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=re.escape('"LABEL_1" = "..."')) as caught:
        meanings("ser", ("ang", "LABEL_1"), "")

    assert "--option labels=FILE" in str(caught.value)
    path = tmp_path / "map.toml"
    path.write_text('[labels]\n"LABEL_1" = "sad"\n"ang" = "none"\n')
    assert meanings("ser", ("ang", "LABEL_1"), str(path)) == ("none", "sad")

    path.write_text('[labels]\n"LABEL_1" = "Freude"\n"ang" = "content"\n')
    assert meanings("ser", ("ang", "LABEL_1"), str(path)) == ("content", "happy")

    path.write_text('[labels]\n"LABEL_1" = "hapy"\n')
    with pytest.raises(DataError, match=re.escape("means 'hapy', which is no emotion")):
        meanings("ser", ("ang", "LABEL_1"), str(path))

    path.write_text('[labels]\n"LABEL_2" = "sad"\n')
    with pytest.raises(DataError, match="'LABEL_2', which is no label of checkpoint 'ser'"):
        meanings("ser", ("ang", "LABEL_1"), str(path))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save("wav2vec2-group", tmp_path_factory.mktemp("made") / "ser")


def test_one_weight_changed_is_another_run(checkpoint: Path, tmp_path: Path) -> None:
    """The same name with other contents must never show an old result."""
    import safetensors.torch

    first = evaluate(f"hf:{checkpoint}", TASK, out=tmp_path, limit=8)
    assert first.verdict == "unknown", "nobody says what it was trained on"
    assert evaluate(f"hf:{checkpoint}", TASK, out=tmp_path, limit=8).shown_again

    path = checkpoint / "model.safetensors"
    before = path.read_bytes()
    tensors = safetensors.torch.load_file(path)
    tensors["classifier.bias"][0] += 50
    safetensors.torch.save_file(tensors, path, {"format": "pt"})
    changed = evaluate(f"hf:{checkpoint}", TASK, out=tmp_path, limit=8)

    path.write_bytes(before)
    assert not changed.shown_again
    assert changed.folder != first.folder
    assert {row.prediction for row in changed.rows} == {"angry"}
    assert evaluate(f"hf:{checkpoint}", TASK, out=tmp_path, limit=8).shown_again


def test_what_decides_no_score_is_in_no_key(checkpoint: Path) -> None:
    before = Spec.of(f"hf:{checkpoint}").identity.files
    (checkpoint / "optimizer.pt").write_text("state of the training")
    assert Spec.of(f"hf:{checkpoint}").identity.files == before

    path = checkpoint / "preprocessor_config.json"
    text = path.read_text()
    path.write_text(text.replace("16000", "16001"))
    assert Spec.of(f"hf:{checkpoint}").identity.files != before
    path.write_text(text)


def test_a_card_of_the_user_decides_the_verdict(
    checkpoint: Path, tmp_path: Path, cli: Callable[..., Any]
) -> None:
    card = tmp_path / "card.json"
    part = {"corpus": "iemocap", "languages": ["en"], "kind": "emotion-labels", "evidence": "ours"}
    card.write_text(json.dumps({"exposure": [part], "exposure_complete": True}))
    done = cli(
        "run", "--model", f"hf:{checkpoint}", "--task", TASK, "--limit", 8, "--card", card,
        "--out", tmp_path / "runs", "--json",
    )  # fmt: skip
    (run,) = json.loads(done.out)
    assert run["verdict"] == "zero-shot"
    assert run["model"] == "hf:ser"

    refused = cli("run", "--model", "prior", "--task", TASK, "--card", card)
    assert refused.code == 2
    assert "--card" in refused.err


def test_a_run_says_how_its_labels_were_read_and_what_a_verdict_wants(
    checkpoint: Path, tmp_path: Path, cli: Callable[..., Any]
) -> None:
    """A label that is read as what its author did not mean would be seen nowhere else."""
    done = cli(
        "run", "--model", f"hf:{checkpoint}", "--task", TASK, "--limit", 8, "--out", tmp_path,
    )  # fmt: skip
    assert "of its labels it reads 'ang' as angry, 'Freude' as happy, 'neu' as neutral" in done.out
    assert "'fear' as" not in done.out, "what is said as we say it needs no word"
    assert done.out.count("say what it was trained on, --card FILE") == 1


def test_a_public_checkpoint_is_looked_up(checkpoint: Path, tmp_path: Path) -> None:
    """By its folder alone it is a claim, which the reasons say: the list is not complete then."""
    import shutil

    folder = tmp_path / "emotion2vec_plus_seed"
    shutil.copytree(checkpoint, folder)
    verdict = evaluate(f"hf:{folder}", TASK, out=tmp_path / "runs", limit=8).record.verdict
    assert verdict.verdict == "in-corpus"
    assert "only the name of its folder" in verdict.reasons[-1]

    card = Spec.of(f"hf:{folder}", options={"card": "registry:superb-hubert-base-er"}).identity.card
    assert [part.corpus for part in card.exposure] == ["iemocap", "LibriSpeech"]
    assert card.exposure_complete


def test_what_a_configuration_was_made_from_is_no_id(written: Callable[..., Path]) -> None:
    """A student's model bears the name of what it was fine-tuned from: it is not that model."""
    checkpoint = opened(str(written({"_name_or_path": "superb/hubert-base-superb-er"})))
    assert checkpoint.hub_id == ""
    card = exposure_of(checkpoint)
    assert card is not None
    assert not card.exposure_complete
    assert "what it learnt after that nobody says" in card.basis


def test_a_folder_of_the_hub_cache_has_its_id(written: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "models--superb--hubert-base-superb-er" / "snapshots" / "0123abc"
    folder.parent.mkdir(parents=True)
    written().rename(folder)
    checkpoint = opened(str(folder))
    assert checkpoint.hub_id == "superb/hubert-base-superb-er"
    card = exposure_of(checkpoint)
    assert card is not None
    assert card.exposure_complete


def test_a_head_that_is_not_of_its_class_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    """transformers would take random weights, and a number would come out that means nothing."""
    import shutil

    import safetensors.torch

    folder = tmp_path / "own-head"
    shutil.copytree(checkpoint, folder)
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    tensors["classifier.dense.weight"] = tensors.pop("classifier.weight")
    safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(UsageError, match=re.escape("such as 'classifier.weight', and has others")):
        _ = Spec.of(f"hf:{folder}").subject


def test_a_task_of_which_it_knows_no_label_is_refused_and_lacking_ones_are_lowest(
    checkpoint: Path,
) -> None:
    model = Spec.of(f"hf:{checkpoint}").subject.model
    assert set(model.labels) == {"angry", "happy", "neutral", "sad", "fear", "boredom", "disgust"}
    with pytest.raises(UsageError, match="none of the labels contempt"):
        model.predict([], ["contempt"])


def test_what_labels_mean_is_part_of_the_key(checkpoint: Path, tmp_path: Path) -> None:
    """The table of words is the core's: a run of before it was corrected must not be shown."""
    own = tmp_path / "map.toml"
    plain = DescribedHf.contents(HfOptions(str(checkpoint)))["labels"]
    raw = str(plain).partition("=")[0]
    own.write_text(f'[labels]\n"{raw}" = "contempt"\n')
    assert DescribedHf.contents(HfOptions(str(checkpoint), labels=str(own)))["labels"] != plain
    assert f"{raw}=contempt" in str(
        DescribedHf.contents(HfOptions(str(checkpoint), labels=str(own)))
    )
