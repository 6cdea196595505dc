"""mser-llm: soft prompts make the LLM answer, alignment draws audio to them, and two means stand
for a clip.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("whisper")
pytest.importorskip("accelerate")

from made_clips import LABELS, clip, items  # noqa: E402

from mserbench.errors import ModelError, UsageError  # noqa: E402
from mserbench_mser_llm import feeding, soft_prompts, tiny_parts  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.model import MserLlm  # noqa: E402
from mserbench_mser_llm.presets import MserLlmOptions, resolve  # noqa: E402
from mserbench_mser_llm.scoring import Question, log_probabilities  # noqa: E402
from mserbench_mser_llm.teaching import SHARPNESS, Alignment, Decoding  # noqa: E402


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def llm() -> FrozenLanguageModel:
    return FrozenLanguageModel.from_folder(tiny_parts.tiny_folder("llama"))


def asked(llm: FrozenLanguageModel) -> Question:
    return Question.of(llm, "The speaker feels", LABELS)


# Soft prompts


def test_the_llm_answers_each_label_behind_its_soft_prompt(llm):
    """Else alignment would draw audio to where the LLM says something else."""
    before = {name: tensor.clone() for name, tensor in llm.module.state_dict().items()}
    prompts = soft_prompts.soft_prompts(llm, "v", asked(llm), 4)
    assert prompts.shape == (len(LABELS), 4, llm.dim)
    assert log_probabilities(llm, prompts, asked(llm), "sum").argmax(dim=1).tolist() == list(
        range(len(LABELS))
    )
    assert all(
        torch.equal(before[name], tensor) for name, tensor in llm.module.state_dict().items()
    )


def test_soft_prompts_are_found_once_for_an_llm_a_prompt_and_labels(llm, monkeypatch):
    """Else each of an experiment's trainings would spend a minute on them, or take those of another
    LLM.
    """
    calls = []
    tuned = soft_prompts._tuned
    monkeypatch.setattr(
        soft_prompts, "_tuned", lambda *arguments: calls.append(arguments) or tuned(*arguments)
    )
    first = soft_prompts.soft_prompts(llm, "v", asked(llm), 2)
    assert torch.equal(soft_prompts.soft_prompts(llm, "v", asked(llm), 2), first)
    assert len(calls) == 1
    soft_prompts.soft_prompts(llm, "another LLM", asked(llm), 2)
    soft_prompts.soft_prompts(llm, "v", Question.of(llm, "Emotion:", LABELS), 2)
    soft_prompts.soft_prompts(llm, "v", asked(llm), 3)
    assert len(calls) == 4
    rounded = FrozenLanguageModel.from_folder(tiny_parts.tiny_folder("llama"), "bfloat16")
    soft_prompts.soft_prompts(rounded, "v", asked(rounded), 2)
    assert len(calls) == 5, "what makes one precision answer need not make another"


def test_labels_that_the_llm_does_not_come_to_answer_are_named(llm, monkeypatch):
    """Else a connector would be trained towards inputs that mean nothing."""
    monkeypatch.setattr(
        soft_prompts, "_tuned", lambda *arguments: torch.zeros(len(LABELS), 2, llm.dim)
    )
    with pytest.raises(
        ModelError, match=r"no soft prompt was found .* give another prompt, or --option aligned=0"
    ):
        soft_prompts.soft_prompts(llm, "v", asked(llm), 2)


# Teachers


def test_alignment_is_its_formula():
    """Else what is published as the loss is not what was trained."""
    torch.manual_seed(0)
    prompts, audio, labels = torch.randn(3, 2, 5), torch.randn(4, 2, 5), torch.tensor([0, 2, 1, 1])
    losses, counts = Alignment(prompts)(audio, labels)
    flat = prompts.flatten(1)
    unit = sum(float(((prompt - flat.mean(0)) ** 2).sum()) for prompt in flat) / 3

    for i, label in enumerate(labels.tolist()):
        d = torch.tensor([float(((audio[i] - prompt) ** 2).sum()) / unit for prompt in prompts])
        assert losses[i] == pytest.approx(
            float(-torch.log_softmax(-SHARPNESS * d, 0)[label] + d[label]), rel=1e-5
        )

    assert counts.tolist() == [1, 1, 1, 1]
    at_home, _ = Alignment(prompts)(prompts[labels], labels)
    assert (at_home < losses).all()


def test_the_llm_is_asked_of_as_many_clips_as_are_to_be_decoded_and_not_of_the_first_ones(llm):
    """Else `decoded` changes nothing, or one emotion alone is taught: batches hold emotions one
    after another.
    """
    audio, labels = torch.randn(12, 2, llm.dim), torch.arange(12) // 4 % len(LABELS)
    question = asked(llm)
    whole, _ = Decoding(llm, question.prompt_tokens, question.answers)(audio, labels)
    assert len(whole) == 12
    torch.manual_seed(0)
    chosen = torch.randperm(12)[:5]
    torch.manual_seed(0)
    sampled, counts = Decoding(llm, question.prompt_tokens, question.answers, 5)(audio, labels)
    assert torch.allclose(sampled, whole[chosen], atol=1e-5)
    assert len(counts) == 5
    assert chosen.tolist() != list(range(5))


# The whole


QUICK = {
    "preset": "tiny", "pooling": "mean+loud", "standardise": True, "noise": 0.3, "aligned": 0.6,
    "decoded": 4,
    "steps": 60, "warmup": 5, "batch_emotions": 3, "held_out": 0.0, "averaged": 0.5, "reduce": 2,
}  # fmt: skip


def test_an_aligned_connector_on_two_means_a_clip_learns_and_is_asked_through_the_llm(tmp_path):
    """Else the way in which the shipped connectors were trained does not work."""
    out = tmp_path / "w"
    out.mkdir()
    MserLlm(MserLlmOptions(**QUICK)).fit(items(), [], out)
    model = MserLlm(weights=out)
    scores = model.predict([clip(i) for i in range(60, 90)], LABELS)
    assert (scores.argmax(axis=1) == np.arange(60, 90) % 3).mean() > 0.8
    rows = list(csv.DictReader((out / "training.csv").open()))
    assert [row["step"] for row in rows] == ["20", "40", "60"]
    assert [bool(row["alignment"]) for row in rows] == [True, True, False]
    assert [bool(row["decoding"]) for row in rows] == [False, True, True]


def test_two_means_of_a_clip_are_those_over_all_and_over_loud_frames():
    """Else a clip is heard otherwise than the documents say; one that is silent must not be divided
    by nothing.
    """
    frames = np.zeros((1, 4, 3), np.float16)
    frames[0, :, 0], frames[0, :, 1] = [1, 2, 3, 4], 7
    frames[0, :, 2] = [0, 1, 0.5, 0]
    heard = feeding._means(frames)
    assert heard.shape == (1, 2, 2)
    assert heard[0, 0].tolist() == [2.5, 7]
    assert heard[0, 1] == pytest.approx([(2 + 1.5) / 1.5, 7])
    frames[0, :, 2] = 0
    assert feeding._means(frames)[0, 1].tolist() == [2.5, 7]


@pytest.mark.parametrize(
    "changes",
    [{"aligned": 1.5}, {"noise": -1.0}, {"decoded": -1}, {"averaged": 2.0}, {"mask_seconds": 1.0}],
)
def test_options_out_of_range_are_refused(changes):
    with pytest.raises(UsageError, match="must be"):
        resolve(MserLlmOptions(**{**QUICK, **changes}))
