"""The model `openai` against a real server: `transformers serve` with a tiny random Qwen2-Audio.

`$MSERBENCH_WORKER_ENVS` may name a folder with an environment `serve`; else one is made, which
wants a package index: the server needs the package `openai`, this project does not.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import worker_environments as environments

from mserbench import Clip, evaluate
from mserbench.errors import ModelError
from mserbench_openai.model import OpenAI
from mserbench_openai.options import Options

pytestmark = [pytest.mark.slow, pytest.mark.network]

TINY = """
import sys
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (PreTrainedTokenizerFast, Qwen2AudioConfig, Qwen2AudioForConditionalGeneration,
    Qwen2AudioProcessor, WhisperFeatureExtractor)
import torch
torch.manual_seed(0)
special = ["<pad>", "<unk>", "<|im_end|>", "<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"]
words = special + "neutral happy sad angry surprise disgust fear voice hears the".split()
tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="<|im_end|>",
    extra_special_tokens=special[3:])
template = ("{% for message in messages %}{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'audio' %}<|audio_bos|><|AUDIO|><|audio_eos|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{% endfor %}")
extractor = WhisperFeatureExtractor(feature_size=16, chunk_length=8)
processor = Qwen2AudioProcessor(extractor, fast, chat_template=template)
processor.save_pretrained(sys.argv[1])
audio = dict(model_type="qwen2_audio_encoder", num_mel_bins=16, d_model=16, encoder_layers=1, encoder_attention_heads=2,
    encoder_ffn_dim=16, max_source_positions=400)
text = dict(model_type="qwen2", vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
    num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=1024)
config = Qwen2AudioConfig(audio_config=audio, text_config=text, audio_token_index=3)
model = Qwen2AudioForConditionalGeneration(config)
model.generation_config.eos_token_id = 2
model.save_pretrained(sys.argv[1])
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a tiny model and give its address."""
    folder = tmp_path_factory.mktemp("served")
    python = environments.python_of("serve", folder)
    environments.run(python, TINY, folder / "tiny")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    program = "from transformers.cli.transformers import main; main()"
    command = [python, "-c", program, "serve", str(folder / "tiny")]
    command += ["--port", str(port), "--host", "127.0.0.1", "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = folder / "log"
    with open(log, "wb") as prints:
        server = subprocess.Popen(command, stdout=prints, stderr=prints, env=environment)

    try:
        url = f"http://127.0.0.1:{port}/v1"
        _wait(url, server, log)
        yield f"{url}#{folder / 'tiny'}"
    finally:
        server.terminate()
        server.wait()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        try:
            OpenAI(Options(server=f"{url}#x"))
            return
        except ModelError:
            time.sleep(1)

    pytest.fail(f"the server did not start: {log.read_text()[-2_000:]}")


@pytest.fixture(autouse=True)
def own_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def test_a_real_server_answers_real_recordings(address: str, tmp_path: Path) -> None:
    """Its words are random, so they say nothing of emotions: that they come and are counted does."""
    model = OpenAI(Options(server=address, max_tokens=3, timeout=300.0))
    run = evaluate(model, "emodb-sample", out=tmp_path, limit=6)
    assert run.record.counts.scored == 6
    facts = run.record.facts or {}
    assert [part["answers"] for part in facts["systems"]] == [6]
    assert facts["mixed"] is False

    # This server lists a folder only once its model is in memory, and says so: no part of the key.
    again = OpenAI(Options(server=address, max_tokens=3, timeout=300.0))
    assert evaluate(again, "emodb-sample", out=tmp_path, limit=6).shown_again


def test_it_answers_the_same_at_temperature_0(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    clip = Clip("0" * 64, "0" * 64, 1.0, lambda: noise)
    model = OpenAI(Options(server=address, max_tokens=3, timeout=300.0))
    first = model.predict([clip], ["happy", "sad"])
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "other"))
    assert model.predict([clip], ["happy", "sad"]) == first


def test_a_server_without_logprobs_is_one_sentence(address: str) -> None:
    """This one takes the question for them and passes over it."""
    clip = Clip("0" * 64, "0" * 64, 1.0, lambda: np.zeros(16_000, np.float32))
    with pytest.raises(ModelError, match="no log-probabilities of tokens") as caught:
        OpenAI(Options(server=address, scores="logprobs")).predict([clip], ["happy", "sad"])

    assert "\n" not in str(caught.value)
