"""mser-llm: a Whisper, a BERT and a LLaMA saved by their own library are taken over by name,
trained on and scored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
whisper = pytest.importorskip("whisper")
pytest.importorskip("accelerate")

from made_clips import LABELS, clip, items  # noqa: E402

from mserbench.errors import UsageError  # noqa: E402
from mserbench.weights import lookup  # noqa: E402
from mserbench.weights.named import weights_named  # noqa: E402
from mserbench_mser_llm import assembly, names  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.model import MserLlm  # noqa: E402
from mserbench_mser_llm.presets import MserLlmOptions, resolve  # noqa: E402
from mserbench_mser_llm.scoring import Question  # noqa: E402
from mserbench_mser_llm.tiny_parts import byte_tokenizer  # noqa: E402

if TYPE_CHECKING:
    from conftest import Outcome

NAMES = {"whisper": "whisper-small", "bert": "bert-base-uncased", "llama": "llama-3.2-1b-instruct"}
CHOSEN = {  # the preset `small` is of these three names
    "preset": "small", "length": "padded", "hidden_size": 32, "attention_heads": 2,
    "intermediate_size": 64,
    "qformer_layers": 2, "num_queries": 4, "language_precision": "float32", "batch_emotions": 3,
    "steps": 2,
}  # fmt: skip


class Saved(NamedTuple):
    """The models as their library made them."""

    whisper: Any
    bert: Any
    llama: Any


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Saved:
    """Small models of transformers saved by `save_pretrained`, and got by the names of real
    ones.
    """
    folder = tmp_path / "own"
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MSERBENCH_WEIGHTS", str(folder))
    weights_of = weights_named  # the sizes of the real ones are the one thing that small ones lack
    monkeypatch.setattr(
        lookup, "weights_named", lambda name: replace(weights_of(name), expected={})
    )
    torch.manual_seed(0)
    parts_saved = Saved(_whisper(), _bert(), _llama(0.0))

    for name, model in zip(NAMES.values(), parts_saved, strict=True):
        model.save_pretrained(folder / name)

    byte_tokenizer().save_pretrained(folder / NAMES["llama"])
    for name in NAMES.values():
        lookup.get(name)

    return parts_saved


def _whisper() -> Any:
    """One of 30 s, with heads as wide as in every published size."""
    config = transformers.WhisperConfig(
        d_model=128, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2,
            decoder_attention_heads=2,
        encoder_ffn_dim=512, decoder_ffn_dim=512,
    )  # fmt: skip

    return transformers.WhisperForConditionalGeneration(config).eval()


def _bert() -> Any:
    """One with a head, as BERT was published."""
    config = transformers.BertConfig(
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
    )

    return transformers.BertForMaskedLM(config).eval()


def _llama(dropout: float) -> Any:
    config = transformers.LlamaConfig(
        vocab_size=len(byte_tokenizer()), hidden_size=64, intermediate_size=128,
            num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, bos_token_id=1, eos_token_id=2,
            attention_dropout=dropout,
        initializer_range=0.2,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config).eval()


@torch.no_grad()
def test_parts_that_their_own_libraries_saved_give_the_same_numbers(saved: Saved) -> None:
    """Else what is named whisper, BERT or LLaMA here would be noise of the same shape."""
    settings = resolve(MserLlmOptions(**CHOSEN))
    ready = assembly.open_parts(settings)
    encoder = ready.feeder.frames.encoder
    waveform = np.random.default_rng(0).normal(0, 0.1, 480_000).astype(np.float32)
    (frames,) = encoder.frames([waveform], [encoder.layers - 1])
    mel = whisper.log_mel_spectrogram(torch.from_numpy(waveform))[None]
    expected = saved.whisper.model.encoder(mel).last_hidden_state[0]
    assert frames.shape == (1, 1500, 128)
    torch.testing.assert_close(torch.from_numpy(frames[0]), expected, atol=1e-4, rtol=1e-4)

    inputs = torch.randn(2, 5, 64)
    theirs = saved.llama(inputs_embeds=inputs).logits[:, -1:]
    torch.testing.assert_close(ready.llm.logits(inputs, keep=1), theirs, atol=1e-5, rtol=1e-5)

    network = assembly.network_of(ready, settings)
    assembly.start(network, settings)
    mine, bert = network.connector.qformer.state_dict(), saved.bert.bert.state_dict()

    for layer in (0, 1):
        own, its = (
            f"encoder.layer.{layer}.attention.attention",
            f"encoder.layer.{layer}.attention.self",
        )
        for part in ("query.weight", "key.bias", "value.weight"):
            assert torch.equal(mine[f"{own}.{part}"], bert[f"{its}.{part}"])


def test_they_are_trained_on_and_scored_with(saved: Saved, tmp_path: Path) -> None:
    """What a user of large parts does, from their folders to answers; and the weights name their
    frozen parts.
    """
    out = tmp_path / "w"
    out.mkdir()
    MserLlm(MserLlmOptions(**CHOSEN)).fit(items(), [], out)
    model = MserLlm(weights=out)
    scores = model.predict([clip(1), clip(2)], [*LABELS, "enthusiasm"])
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert {exposure.corpus for exposure in model.card.exposure}, (
        "what the named parts heard and read is known"
    )
    lookup.get(NAMES["llama"], _elsewhere(tmp_path / "other"))

    with pytest.raises(UsageError, match=r"stand on language_model 'llama-3\.2-1b-instruct'"):
        MserLlm(weights=out)


def _elsewhere(folder: Path) -> Path:
    torch.manual_seed(1)
    _llama(0.0).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)

    return folder


def test_an_llm_that_was_trained_with_dropout_is_heard_without(tmp_path: Path) -> None:
    """`.train()` of what holds it must not reach it: the connector would learn to answer noise."""
    _llama(0.9).save_pretrained(tmp_path / "llama")
    byte_tokenizer().save_pretrained(tmp_path / "llama")
    settings = resolve(MserLlmOptions(preset="tiny", language_model=str(tmp_path / "llama")))
    ready = assembly.open_parts(settings)
    network = assembly.network_of(ready, settings).train()
    assert network.llm.module.config.attention_dropout == 0.9
    audio, question = torch.randn(2, 3, 64), Question.of(ready.llm, "The speaker feels", LABELS)
    assert isinstance(network.llm, FrozenLanguageModel)
    losses = [
        network.llm.answer_losses(audio, question.prompt_tokens, question.answers[:2])[0]
        for _ in range(2)
    ]
    assert torch.equal(*losses)
    network.llm.module.train()
    noisy = [
        network.llm.answer_losses(audio, question.prompt_tokens, question.answers[:2])[0]
        for _ in range(2)
    ]
    assert not torch.equal(*noisy), "else this test would show nothing"


@pytest.mark.parametrize(
    ("option", "part"),
    [
        ("encoder", "whisper-small"), ("bert", "bert-base-uncased"), ("language_model",
        "llama-3-8b"),
        ("language_model", "no-such-part"),
    ],
)  # fmt: skip
def test_a_missing_part_is_one_sentence_that_says_how_to_get_it(
    cli: Callable[..., Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    part: str,
) -> None:
    """A user of gated weights starts without them."""
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    command = (
        "train",
        "--model",
        "mser-llm",
        "--preset",
        "tiny",
        "--on",
        "emodb-sample",
        "--out",
        tmp_path / "w",
    )
    done = cli(*command, "--option", f"{option}={part}")
    errors = [line for line in done.err.splitlines() if "error: " in line]
    assert len(errors) == 1

    if part == "no-such-part":
        assert (done.code, f"{option} 'no-such-part' is not known" in errors[0]) == (2, True)
    else:
        assert (done.code, f"mserbench weights get {part}" in errors[0]) == (3, True)

    assert not (tmp_path / "w").exists()


def test_every_name_of_a_preset_is_a_part_that_can_be_got() -> None:
    """Else a preset would fail for everyone."""
    for preset in ("mini", "small", "paper"):
        settings = resolve(MserLlmOptions(preset=preset))
        exposure, _ = names.exposure_of(settings.encoder, settings.language_model, settings.bert)
        assert {heard.kind for heard in exposure} == {"speech", "text"}
