"""mser-llm: the frozen LLM, the loss of answers, and label scores against one full forward pass a
label.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("whisper")

from mserbench.errors import DataError, UsageError  # noqa: E402
from mserbench.labels import CANONICAL  # noqa: E402
from mserbench.weights import lookup  # noqa: E402
from mserbench_mser_llm import exact_head, tiny_parts  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.scoring import Question, generate, log_probabilities  # noqa: E402
from mserbench_mser_llm.synonyms import SYNONYMS  # noqa: E402

PROMPT = "The speaker feels"
ONE_TOKEN = CANONICAL
MANY_TOKENS = ("happy", "calm", "enthusiasm", "no_agreement", "sad")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny LLaMA and its tokenizer, as their own libraries save them."""
    place = tmp_path_factory.mktemp("llama")
    tiny_parts.make("llama", place)
    return place


@pytest.fixture(scope="module")
def llm(folder) -> FrozenLanguageModel:
    return FrozenLanguageModel.from_folder(folder)


@pytest.fixture(scope="module")
def smollm(pretrained) -> FrozenLanguageModel:
    if not (pretrained / "smollm2-135m-instruct").is_dir():
        pytest.skip(
            "smollm2-135m-instruct is not in the cache: 'mserbench weights get "
            "smollm2-135m-instruct'"
        )

    return FrozenLanguageModel.from_folder(lookup.folder("smollm2-135m-instruct"))


def audio(llm: FrozenLanguageModel, n: int = 5, queries: int = 3) -> torch.Tensor:
    torch.manual_seed(7)
    return torch.randn(n, queries, llm.dim) * llm.embedding_norm() / llm.dim**0.5


@torch.no_grad()
def slowly(
    llm: FrozenLanguageModel, heard: torch.Tensor, question: Question, ends: bool = False
) -> torch.Tensor:
    """One full forward pass a label and clip, by transformers alone, all logits kept."""
    table = llm.module.get_input_embeddings()
    rows = []
    for clip in heard:
        row = []
        for answer in question.answers:
            spelled = (*answer, llm.end) if ends else answer
            tokens = [*question.prompt_tokens, *spelled]
            inputs = torch.cat([table(torch.tensor(llm.bos)), clip, table(torch.tensor(tokens))])
            log_probs = llm.module(inputs_embeds=inputs[None]).logits[0].log_softmax(-1)
            at = range(len(inputs) - len(spelled) - 1, len(inputs) - 1)
            row.append(sum(log_probs[i, token] for i, token in zip(at, spelled, strict=True)))

        rows.append(torch.stack(row))

    return torch.stack(rows)


# Scores


@pytest.mark.parametrize(
    "labels", [ONE_TOKEN, MANY_TOKENS, ("calm", "boredom"), ("sad", "enthusiasm")]
)
def test_scores_are_those_of_one_full_pass_a_label(llm, labels):
    """The fast way must change the time alone."""
    question = Question.of(llm, PROMPT, labels)
    heard = audio(llm)
    torch.testing.assert_close(
        log_probabilities(llm, heard, question), slowly(llm, heard, question), atol=1e-4, rtol=0
    )


def test_which_labels_are_one_token(llm):
    """Else the test above would try one way only."""
    assert set(map(len, Question.of(llm, PROMPT, ONE_TOKEN).answers)) == {1}
    assert [len(tokens) > 1 for tokens in Question.of(llm, PROMPT, MANY_TOKENS).answers] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("labels", [ONE_TOKEN, MANY_TOKENS])
def test_a_clip_alone_scores_as_among_many(llm, labels):
    question, heard = Question.of(llm, PROMPT, labels), audio(llm)
    together = log_probabilities(llm, heard, question)
    alone = torch.cat([log_probabilities(llm, clip_alone[None], question) for clip_alone in heard])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_a_label_scores_the_same_whatever_other_labels_are_asked_for(llm):
    """Answers stand side by side and must not see one another."""
    heard = audio(llm)
    many = log_probabilities(llm, heard, Question.of(llm, PROMPT, MANY_TOKENS))
    for i, label in enumerate(MANY_TOKENS):
        alone = log_probabilities(llm, heard, Question.of(llm, PROMPT, [label, "boredom"]))
        torch.testing.assert_close(alone[:, 0], many[:, i], atol=1e-5, rtol=0)


def test_a_label_that_begins_another_is_scored_with_its_end(llm):
    """A shorter text is never less likely than a longer one that begins with it: the longer could
    not win.
    """
    question = Question.of(llm, PROMPT, ["calm", "calmness", "sad"])
    assert question.ambiguous
    heard = audio(llm)
    expected = slowly(llm, heard, question, ends=True)
    torch.testing.assert_close(log_probabilities(llm, heard, question), expected, atol=1e-4, rtol=0)
    assert not Question.of(llm, PROMPT, MANY_TOKENS).ambiguous


def test_the_mean_reading_divides_by_tokens(llm):
    question, heard = Question.of(llm, PROMPT, MANY_TOKENS), audio(llm)
    lengths = torch.tensor([float(len(tokens)) for tokens in question.answers])
    total, mean = (
        log_probabilities(llm, heard, question),
        log_probabilities(llm, heard, question, "mean"),
    )
    torch.testing.assert_close(mean * lengths, total)


def test_probabilities_of_all_that_can_be_said_are_one(llm):
    """Scores are log-probabilities over the vocabulary, not over the labels."""
    question = Question.of(llm, PROMPT, ONE_TOKEN)
    logits = llm.logits(llm.question(audio(llm), question.prompt_tokens), keep=1)
    total = logits[:, 0].log_softmax(-1).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones(5))
    assert (log_probabilities(llm, audio(llm), question).exp().sum(1) < 1).all()


# Precision


@pytest.fixture(scope="module")
def rounded(folder) -> FrozenLanguageModel:
    """A LLaMA in bfloat16 whose logits are as large as a real one's, about 20."""
    llm = FrozenLanguageModel.from_folder(folder, "bfloat16")
    with torch.no_grad():
        llm.module.get_output_embeddings().weight.mul_(5)

    return llm


def ties(scores: torch.Tensor) -> int:
    """How many pairs of labels have the same score for a clip."""
    return int((scores[:, :, None] == scores[:, None, :]).sum() - scores.numel()) // 2


def hidden_states(
    llm: FrozenLanguageModel, heard: torch.Tensor, question: Question
) -> torch.Tensor:
    inputs = llm.question(heard, question.prompt_tokens)
    return llm.module.get_decoder()(inputs_embeds=inputs, use_cache=False).last_hidden_state[:, -1]


@torch.no_grad()
def test_a_rounded_llm_scores_by_a_float32_head(rounded):
    """Its own head would give logits in steps of 0.125: labels tie, and the first in the list gets
    the clip.
    """
    question, heard = Question.of(rounded, PROMPT, ONE_TOKEN), audio(rounded, n=400)
    weight = rounded.module.get_output_embeddings().weight
    assert weight.dtype == torch.bfloat16
    hidden = hidden_states(rounded, heard, question)
    at = [answer[0] for answer in question.answers]
    logits = hidden.float() @ weight.float().T
    assert 20 < logits.abs().max() < 60, "as large as those of a real LLM"
    scores = log_probabilities(rounded, heard, question)
    torch.testing.assert_close(scores, logits.log_softmax(-1)[:, at], atol=2e-5, rtol=0)
    assert ties((hidden @ weight.T).float()[:, at]) > 3, "as it was"
    assert ties(scores) == 0


def test_learning_through_a_rounded_llm_has_the_gradient_of_a_float32_head(rounded):
    """The head goes forth and back in parts; the sum of its parts is the whole."""
    question = Question.of(rounded, PROMPT, ONE_TOKEN)
    heard = audio(rounded).requires_grad_(True)
    losses, counts = rounded.answer_losses(heard, question.prompt_tokens, question.answers[:1] * 5)
    assert counts.tolist() == [2] * 5
    (slope,) = torch.autograd.grad(losses.sum(), heard)
    weight = rounded.module.get_output_embeddings().weight
    behind = rounded.embed(question.answers[0]).expand(5, -1, -1)
    inputs = torch.cat([rounded.question(heard, question.prompt_tokens), behind], dim=1)
    hidden = rounded.module.get_decoder()(inputs_embeds=inputs, use_cache=False).last_hidden_state[
        :, -2:
    ]
    targets = torch.tensor([*question.answers[0], rounded.end]).expand(5, -1)
    by_hand = torch.nn.functional.cross_entropy(
        (hidden.float() @ weight.float().T).transpose(1, 2), targets, reduction="sum"
    )
    torch.testing.assert_close(losses.sum(), by_hand, atol=1e-4, rtol=1e-6)
    torch.testing.assert_close(slope, torch.autograd.grad(by_hand, heard)[0], atol=1e-6, rtol=0.02)


def test_a_head_larger_than_its_parts_is_whole(monkeypatch):
    """The vocabulary of LLaMA 3 has 128,256 tokens, sixteen parts; the last one is smaller."""
    monkeypatch.setattr(exact_head, "_ROWS", 7)
    torch.manual_seed(0)
    linear = torch.nn.Linear(5, 24, bias=True).to(torch.bfloat16)
    hidden = torch.randn(3, 2, 5, dtype=torch.bfloat16, requires_grad=True)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = exact_head.ExactHead(linear)(hidden)

    expected = torch.nn.functional.linear(
        hidden.float(), linear.weight.float(), linear.bias.float()
    )
    torch.testing.assert_close(logits, expected)
    pull = torch.randn_like(logits)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        (gradient,) = torch.autograd.grad(logits, hidden, pull)

    torch.testing.assert_close(gradient, torch.autograd.grad(expected, hidden, pull)[0])


def test_a_float32_llm_scores_the_very_bits_of_its_own_head(llm):
    """Published scores of float32 models must not move by a bit."""
    question, heard = Question.of(llm, PROMPT, ONE_TOKEN), audio(llm)
    with torch.no_grad():
        hidden = hidden_states(llm, heard, question)
        logits = torch.nn.functional.linear(
            hidden[:, None], llm.module.get_output_embeddings().weight
        )
        ours = llm.logits(llm.question(heard, question.prompt_tokens), keep=1)

    assert torch.equal(ours, logits)


# Questions


def test_the_prompt_names_the_labels_where_it_asks_to(llm):
    question = Question.of(llm, "One of {labels}. Answer:", ["sad", "no_agreement"])
    assert question.prompt == "One of sad, no agreement. Answer:"
    assert (
        llm.tokenizer.decode(question.prompt_tokens + question.answers[1])
        == question.prompt + " no agreement"
    )


def test_the_record_tells_all_that_is_needed_to_ask_again(llm):
    record = Question.of(llm, PROMPT, MANY_TOKENS).record()
    assert record["prompt"] == PROMPT
    assert len(record["sha256"]) == 64
    assert record["label_tokens"]["happy"] == 1
    assert record["prompt_tokens"] == len(llm.tokens(PROMPT))
    assert Question.of(llm, PROMPT + ":", MANY_TOKENS).record()["sha256"] != record["sha256"]


@pytest.mark.parametrize("prompt", ["", "  ", "Answer: ", "Answer:\n"])
def test_prompts_that_end_in_a_space_or_hold_nothing_are_refused(llm, prompt):
    """The labels bring their space; a second one would be another token before each of them."""
    with pytest.raises(UsageError, match="option prompt"):
        Question.of(llm, prompt, ["sad"])


# The loss of an answer


def test_the_first_answer_token_is_supervised_from_the_last_of_the_prompt(llm):
    """A loss that starts one later would, with labels of one word, train the end token alone."""
    question, heard = Question.of(llm, PROMPT, MANY_TOKENS), audio(llm, len(MANY_TOKENS))
    losses, counts = llm.answer_losses(heard, question.prompt_tokens, question.answers)
    expected = slowly(llm, heard, question, ends=True).diagonal()
    torch.testing.assert_close(losses, -expected, atol=1e-4, rtol=1e-5)
    assert counts.tolist() == [len(tokens) + 1 for tokens in question.answers]


def test_the_loss_is_that_of_transformers(llm):
    """With `labels` of -100 for all but label and end, over [bos, audio, prompt, label, end]."""
    question, heard = Question.of(llm, PROMPT, ["happy"]), audio(llm, 2)
    answer = [*question.answers[0], llm.end]
    inputs = torch.cat(
        [llm.question(heard, question.prompt_tokens), llm.embed(answer).expand(2, -1, -1)], dim=1
    )
    labels = torch.full(inputs.shape[:2], -100)
    labels[:, -len(answer) :] = torch.tensor(answer)

    with torch.no_grad():
        theirs = llm.module(inputs_embeds=inputs, labels=labels).loss

    losses, counts = llm.answer_losses(heard, question.prompt_tokens, [question.answers[0]] * 2)
    torch.testing.assert_close(losses.sum() / counts.sum(), theirs)


def test_the_gradient_passes_through_the_llm_and_leaves_it_alone(folder):
    llm = FrozenLanguageModel.from_folder(folder)
    heard = audio(llm).requires_grad_()
    question = Question.of(llm, PROMPT, ["sad"])
    llm.answer_losses(heard, question.prompt_tokens, [question.answers[0]] * 5)[0].sum().backward()
    assert (heard.grad.abs().sum(dim=(1, 2)) > 0).all()
    assert not any(p.requires_grad or p.grad is not None for p in llm.module.parameters())
    assert not llm.module.training


# Writing


def test_what_is_written_is_the_likeliest_text_token_by_token(llm):
    question, heard = Question.of(llm, PROMPT, ["sad"]), audio(llm)
    expected = []
    for clip in heard:
        inputs, written = llm.question(clip[None], question.prompt_tokens), []
        for _ in range(3):
            token = int(llm.logits(inputs, keep=1)[0, 0].argmax())
            if token == llm.end:
                break

            written.append(token)
            inputs = torch.cat([inputs, llm.embed([token])[None]], dim=1)

        expected.append(llm.tokenizer.decode(written, skip_special_tokens=True).strip().lower())

    assert generate(llm, heard, question, 3) == expected


def test_a_label_of_many_tokens_can_be_written(llm):
    """Else a long label could not be answered, and would count as unread for ever."""
    question = Question.of(llm, PROMPT, ["enthusiasm"])
    written = llm.tokens(generate(llm, audio(llm, 1), question, 1)[0])
    assert len(question.answers[0]) > 4
    assert len(written) >= len(question.answers[0]) - 1


# Folders and real parts


def test_a_folder_that_holds_no_llm_is_told_in_a_sentence(tmp_path, folder):
    with pytest.raises(DataError, match="cannot be loaded"):
        FrozenLanguageModel.from_folder(tmp_path)

    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    (tmp_path / "model.safetensors").write_bytes(b"x" * 99)
    with pytest.raises(DataError, match="cannot be loaded"):
        FrozenLanguageModel.from_folder(tmp_path)


def test_the_embedding_norm_is_the_mean_length_of_rows(llm):
    table = llm.module.get_input_embeddings().weight
    assert llm.embedding_norm() == pytest.approx(float(table.norm(dim=1).mean()), rel=1e-6)


@pytest.mark.real
def test_the_canonical_labels_are_one_token_each_for_smollm2(smollm):
    """What the speed of the preset `mini` rests on."""
    tokens = {9174, 5587, 8177, 12575, 8731, 30271, 3696}
    assert {token for (token,) in Question.of(smollm, PROMPT, CANONICAL).answers} == tokens


@pytest.mark.real
def test_no_word_begins_another_for_smollm2(smollm):
    """Else the end of every word would be scored too, which costs a token a word."""
    assert not Question.of(smollm, PROMPT, list(SYNONYMS), synonyms=True).ambiguous


@pytest.mark.real
def test_smollm2_scores_as_one_full_pass_a_label(smollm):
    heard, question = (
        audio(smollm, 2),
        Question.of(smollm, PROMPT, ("happy", "enthusiasm", "no_agreement", "sad")),
    )
    assert max(map(len, question.answers)) > 1
    expected = slowly(smollm, heard, question)
    torch.testing.assert_close(
        log_probabilities(smollm, heard, question), expected, atol=1e-3, rtol=0
    )


@pytest.mark.real
def test_smollm2_knows_what_follows(smollm):
    """Else the words of the labels would mean nothing to it, and its knowledge would be of no
    use.
    """
    text = torch.cat(
        [smollm.embed(smollm.tokens("My dog died yesterday.")), smollm.embed(smollm.tokens("\n"))]
    )[None]
    scores = log_probabilities(smollm, text, Question.of(smollm, PROMPT, CANONICAL))
    assert CANONICAL[int(scores[0].argmax())] == "sad"
