"""Pretrained weights made ready: every published form gives the same model, and a damaged one gives
a sentence.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from mserbench.disk.files import cache_dir
from mserbench.errors import DataError
from mserbench.plugins.hookspecs import WeightsEntry
from mserbench.weights.named import assembler, weights_named
from mserbench_training import register_weights
from mserbench_training.pretrained.speech import WHISPER_LANGUAGES

torch = pytest.importorskip("torch", reason="pip install 'mserbench[train]'")
safetensors_numpy = pytest.importorskip(
    "safetensors.numpy", reason="pip install 'mserbench[train]'"
)
whisper = pytest.importorskip("whisper", reason="pip install 'mserbench[train]'")
tokenizers = pytest.importorskip("tokenizers", reason="pip install 'mserbench[train]'")
transformers = pytest.importorskip("transformers", reason="pip install 'mserbench[train]'")

from mserbench_training.encoders import whisper_model  # noqa: E402 - after the check that torch is here
from mserbench_training.pretrained import assemble_llama, assemble_transformers, assemble_whisper  # noqa: E402 - after the check that torch is here

USER_CACHE = cache_dir()  # before the tests' own cache takes its place
WIDTH, LAYERS = 128, 2
DIMS = whisper.model.ModelDimensions(80, 50, WIDTH, 2, LAYERS, 51865, 20, WIDTH, 2, LAYERS)
CODES = {"<f4": 0, "<i1": 1, "<i2": 2, "<i4": 3, "<f2": 4}

# The table


def test_every_entry_is_a_record_with_what_a_verdict_needs() -> None:
    """If one lacked its exposure, a model upon it could be called zero-shot without reason."""
    for entry in register_weights():
        assert isinstance(entry, WeightsEntry)
        record = weights_named(entry.name)
        assert record.page.startswith("https://")
        assert record.licence
        assert record.exposure
        assert all(
            exposure.evidence and exposure.languages and exposure.kind in ("speech", "text")
            for exposure in record.exposure
        )
        assembler(record)


OPEN = {"chinese-wav2vec2-base", "wav2vec2-base-de-voxpopuli-v2", "wav2vec2-base-fr-voxpopuli"}


def test_the_commits_on_the_hub_are_pinned_but_for_those_said_to_be_open() -> None:
    """If one were open in silence, the same name would mean other weights next year."""
    records = [weights_named(entry.name) for entry in register_weights()]
    assert {record.name for record in records if not record.hub.revision} == OPEN
    assert {record.name for record in records if not record.hub.sha256} == {*OPEN, "llama-3-8b"}
    pinned = [record.hub.revision for record in records if record.hub.revision]
    assert len(set(pinned)) == len(pinned)
    hashes = [value for record in records for value in record.hub.sha256.values()]
    assert all(len(value) == 64 and int(value, 16) for value in hashes)
    assert len(set(hashes)) == len(hashes)


def test_the_wheel_holds_the_hubs_own_tensors_where_both_hashes_are_known() -> None:
    """If they differed, the same name would be other weights on a machine behind a mirror."""
    record = weights_named("minilm-l6")
    member = next(
        file_of_wheel
        for file_of_wheel in record.members
        if file_of_wheel.file == "model.safetensors"
    )
    assert record.hub.sha256["model.safetensors"] == member.sha256


def test_whisper_heard_the_languages_of_our_tasks() -> None:
    """If one were missing, a run would say that a language was never heard."""
    assert len(set(WHISPER_LANGUAGES)) == 99
    assert {"en", "de", "it", "el", "fa", "ru", "zh", "fr", "ur"} <= set(WHISPER_LANGUAGES)
    codes = [code.replace("jw", "jv") for code in whisper.tokenizer.LANGUAGES if code != "yue"]
    assert list(WHISPER_LANGUAGES) == codes


# Whisper


@pytest.fixture(scope="module")
def model():
    """Make a small Whisper with random float16 values and keys without bias, as the real ones
    have.
    """
    torch.manual_seed(7)
    model = whisper.model.Whisper(DIMS)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)

    return model.half().float().eval()


def tensors(model) -> dict[str, np.ndarray]:
    return {name: tensor.numpy().astype(np.float16) for name, tensor in model.state_dict().items()}


def ctranslate2_names(model) -> dict[str, np.ndarray]:
    """Return a Whisper as CTranslate2 names and stacks it; written apart from the code under
    test.
    """
    have = tensors(model)
    variables: dict[str, np.ndarray] = {}
    for side, last in (("encoder", "ln_post"), ("decoder", "ln")):
        variables[f"{side}/position_encodings/encodings"] = have[f"{side}.positional_embedding"]
        variables[f"{side}/layer_norm/gamma"] = have[f"{side}.{last}.weight"]
        variables[f"{side}/layer_norm/beta"] = have[f"{side}.{last}.bias"]
        variables[f"{side}/num_heads"] = np.array(2, "<i2")

        for n in range(LAYERS):
            old, new = f"{side}.blocks.{n}.", f"{side}/layer_{n}/"
            for block, norm in (
                ("self_attention", "attn_ln"),
                ("ffn", "mlp_ln"),
                ("attention", "cross_attn_ln"),
            ):
                if old + norm + ".weight" in have:
                    variables[f"{new}{block}/layer_norm/gamma"] = have[f"{old}{norm}.weight"]
                    variables[f"{new}{block}/layer_norm/beta"] = have[f"{old}{norm}.bias"]

            none = np.zeros(WIDTH, np.float16)
            for kind in ("weight", "bias"):
                own = [
                    have.get(f"{old}attn.{part}.{kind}", none) for part in ("query", "key", "value")
                ]
                variables[f"{new}self_attention/linear_0/{kind}"] = np.concatenate(own)
                variables[f"{new}self_attention/linear_1/{kind}"] = have[f"{old}attn.out.{kind}"]
                variables[f"{new}ffn/linear_0/{kind}"] = have[f"{old}mlp.0.{kind}"]
                variables[f"{new}ffn/linear_1/{kind}"] = have[f"{old}mlp.2.{kind}"]

                if side == "decoder":
                    cross = [
                        have.get(f"{old}cross_attn.{part}.{kind}", none)
                        for part in ("key", "value")
                    ]
                    variables[f"{new}attention/linear_0/{kind}"] = have[
                        f"{old}cross_attn.query.{kind}"
                    ]
                    variables[f"{new}attention/linear_1/{kind}"] = np.concatenate(cross)
                    variables[f"{new}attention/linear_2/{kind}"] = have[
                        f"{old}cross_attn.out.{kind}"
                    ]

    for kind in ("weight", "bias"):
        for conv in ("conv1", "conv2"):
            variables[f"encoder/{conv}/{kind}"] = have[f"encoder.{conv}.{kind}"]

    variables["decoder/embeddings/weight"] = have["decoder.token_embedding.weight"]
    return variables


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def ctranslate2(
    variables: dict[str, np.ndarray], kind: str = "WhisperSpec", version: int = 6, **change: int
) -> bytes:
    parts = [
        struct.pack("<I", version),
        text(kind),
        struct.pack("<II", 3, change.get("count", len(variables))),
    ]
    for name, value in variables.items():
        shape = struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)
        parts += [
            text(name),
            shape,
            struct.pack("<BI", CODES[value.dtype.str], value.nbytes),
            value.tobytes(),
        ]

    alias = text("decoder/projection/weight") + text("decoder/embeddings/weight")
    return b"".join([*parts, struct.pack("<I", 1), alias])


def assembled(folder: Path, files: dict[str, bytes]) -> Path:
    source, out = folder / "found", folder / "out"
    for part in (source, out):
        part.mkdir(exist_ok=True)

    for name, data in files.items():
        (source / name).write_bytes(data)

    assemble_whisper.assemble(source, out)
    return out


def refused(folder: Path, data: bytes) -> str:
    with pytest.raises(DataError) as caught:
        assembled(folder, {"model.bin": data})
    return str(caught.value)


def same(model, out: Path) -> None:
    """Hold the assembled model, whole and encoder alone, against the original: equal to the last
    bit.
    """
    assert json.loads((out / "dims.json").read_text()) == asdict(DIMS)
    whole = whisper_model.load(out, encoder_only=False)
    expected = model.state_dict()
    assert whole.state_dict().keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in whole.state_dict().items())
    encoder = whisper_model.load(out)
    assert not encoder.training
    assert {parameter.dtype for parameter in encoder.parameters()} == {torch.float32}
    mel = torch.randn(1, 80, 100)

    with torch.no_grad():
        assert torch.equal(encoder(mel), model.encoder(mel))


def test_a_ctranslate2_file_becomes_the_same_model(model, tmp_path: Path) -> None:
    """If one matrix were swapped or cut at the wrong row, all features would be noise that looks
    like features.
    """
    same(model, assembled(tmp_path, {"model.bin": ctranslate2(ctranslate2_names(model))}))
    assert (tmp_path / "out/model.safetensors").stat().st_size < 2.1 * sum(
        p.numel() for p in model.parameters()
    )


def test_a_hugging_face_folder_becomes_the_same_model(model, tmp_path: Path) -> None:
    """If it did not, features would differ by the source that the weights came from."""
    config = transformers.WhisperConfig(
        vocab_size=51865, d_model=WIDTH, encoder_layers=LAYERS, decoder_layers=LAYERS,
            encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=4 * WIDTH, decoder_ffn_dim=4 * WIDTH,
            max_source_positions=50,
        max_target_positions=20, num_mel_bins=80,
    )  # fmt: skip
    torch.manual_seed(3)
    theirs = transformers.WhisperForConditionalGeneration(config).half().float().eval()
    theirs.save_pretrained(tmp_path / "found")
    out = assembled(tmp_path, {})
    mine = whisper_model.load(out, encoder_only=False)
    mel, tokens = torch.randn(1, 80, 100), torch.tensor([[50258, 3, 5]])

    with torch.no_grad():
        expected = theirs(input_features=mel, decoder_input_ids=tokens)
        torch.testing.assert_close(
            mine.encoder(mel), expected.encoder_last_hidden_state, atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(mine(mel, tokens), expected.logits, atol=1e-4, rtol=1e-4)

    assert json.loads((out / "dims.json").read_text()) == asdict(DIMS)


def test_a_ready_folder_is_taken_again(model, tmp_path: Path) -> None:
    """If it were not, weights could not be carried from one machine to another."""
    first = assembled(tmp_path, {"model.bin": ctranslate2(ctranslate2_names(model))})
    second = tmp_path / "second"
    second.mkdir()
    assemble_whisper.assemble(first, second)
    assert (second / "model.safetensors").read_bytes() == (first / "model.safetensors").read_bytes()
    assert (second / "dims.json").read_bytes() == (first / "dims.json").read_bytes()


def test_values_that_float16_cannot_hold_stay_as_they_are(model, tmp_path: Path) -> None:
    """If they were rounded in silence, a fine-tuned Whisper would not be the one that was given."""
    have = {name: tensor.astype(np.float32) for name, tensor in tensors(model).items()}
    have["encoder.conv1.bias"] += np.float32(1e-7)
    source = tmp_path / "found"
    source.mkdir()
    safetensors_numpy.save_file(have, source / "model.safetensors")
    out = assembled(tmp_path, {"dims.json": b"{}"})
    back = safetensors_numpy.load_file(out / "model.safetensors")
    assert back["encoder.conv1.bias"].dtype == np.float32
    assert np.array_equal(back["encoder.conv1.bias"], have["encoder.conv1.bias"])
    assert back["encoder.conv2.bias"].dtype == np.float16


def test_a_ctranslate2_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """If it were not, a broken download would be a model with random ends, or a traceback."""
    few = {"decoder/embeddings/weight": np.ones(3, "<f2"), "encoder/num_heads": np.array(2, "<i2")}
    whole = ctranslate2(few)
    for length in range(len(whole)):
        assert "ends at byte" in refused(tmp_path, whole[:length])

    assert "goes on for 1 bytes after its end" in refused(tmp_path, whole + b"x")
    assert "tensor 'encoder.positional_embedding' of Whisper is missing" in refused(tmp_path, whole)
    assert "which it does not hold" in refused(
        tmp_path, ctranslate2({"encoder/conv1/bias": np.ones(3, "<f2")})
    )


def test_a_wrong_count_of_variables_is_refused(model, tmp_path: Path) -> None:
    """If a tensor could be left out, its place would keep whatever the memory held."""
    variables = ctranslate2_names(model)
    del variables["encoder/layer_1/ffn/linear_0/bias"]
    assert refused(tmp_path, ctranslate2(variables)) == (
        f"{len(model.state_dict()) - 1} tensors of Whisper came, but {len(model.state_dict())} "
        "were expected: 1 missing ('encoder.blocks.1.mlp.0.bias' first), 0 unknown"
    )

    # then the rest is read as something it is not, and one check or another stops it
    for wrong in (1, -1):
        changed = ctranslate2(ctranslate2_names(model), count=len(ctranslate2_names(model)) + wrong)
        assert refused(tmp_path, changed).startswith("the CTranslate2 file 'model.bin' ")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 5}, "is 'WhisperSpec' of version 5, but 'WhisperSpec' of 6 was expected"),
        ({"kind": "TransformerSpec"}, "is 'TransformerSpec' of version 6"),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, change: dict, sentence: str) -> None:
    """If it were read on, its bytes would be taken for something they are not."""
    assert sentence in refused(
        tmp_path, ctranslate2({"encoder/conv1/bias": np.ones(3, "<f2")}, **change)
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "encoder/layer_0/self_attention/linear_0/bias",
            np.ones(3 * WIDTH, "<f2"),
            "keys have no bias",
        ),
        (
            "encoder/layer_0/self_attention/linear_0/bias",
            np.zeros(3 * WIDTH + 1, "<f2"),
            "stacks 3 layers in",
        ),
        ("encoder/layer_0/attention/linear_9/bias", np.ones(2, "<f2"), "has no place in Whisper"),
        ("encoder/extra/weight", np.ones(2, "<f2"), "has no place in Whisper"),
        (
            "encoder/conv1/weight",
            np.ones((WIDTH, 80, 4), "<f2"),
            "'encoder.conv1.weight' has shape (128, 80, 4)",
        ),
    ],
)
def test_variables_that_do_not_fit_are_refused(
    model, tmp_path: Path, name: str, value, sentence: str
) -> None:
    """If they were dropped or bent, the model would be another one."""
    assert sentence in refused(tmp_path, ctranslate2({**ctranslate2_names(model), name: value}))


def test_what_is_no_whisper_at_all_is_refused(tmp_path: Path) -> None:
    """If it were a traceback, a user would not know what a folder must hold."""
    with pytest.raises(DataError, match="holds no Whisper weights: expected"):
        assembled(tmp_path, {"readme.txt": b""})

    with pytest.raises(DataError, match=r"'model.safetensors' cannot be read as safetensors"):
        assembled(tmp_path, {"model.safetensors": b"\x08\0\0\0\0\0\0\0{}", "config.json": b"{}"})

    with pytest.raises(DataError, match=r"cannot be loaded .*'mserbench weights verify'"):
        whisper_model.load(tmp_path)


# Folders of transformers


def test_a_folder_is_taken_over_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it did not, a checkpoint that a user has could not be used."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    config = transformers.Wav2Vec2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
            conv_dim=(16, 16),
        conv_stride=(5, 2), conv_kernel=(10, 3), num_feat_extract_layers=2,
            num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    model = transformers.Wav2Vec2Model(config).eval()
    source, out = tmp_path / "found", tmp_path / "out"
    model.save_pretrained(source)
    (source / "training_args.bin").write_bytes(b"\x80\x02")
    out.mkdir()
    assemble_transformers.assemble(source, out)
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "model.safetensors"]
    loaded = transformers.AutoModel.from_pretrained(out).eval()
    wave = torch.randn(1, 2_000)

    with torch.no_grad():
        assert torch.equal(loaded(wave).last_hidden_state, model(wave).last_hidden_state)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"config.json": b"{}", "pytorch_model.bin": b"PK"},
            "holds 'pytorch_model.bin', which can run code",
        ),
        ({"config.json": b"{}"}, "lacks 'config.json' or 'model.safetensors'"),
        ({"model.safetensors": b""}, "lacks 'config.json' or 'model.safetensors'"),
        (
            {"config.json": b"{}", "model.safetensors": b"PK\x03\x04"},
            "'model.safetensors' cannot be read as safetens",
        ),
        (
            {
                "config.json": b"{}",
                "model-1.safetensors": b"",
                "model.safetensors.index.json": b'{"weight_map": {"a": "model-1.safetensors", "b": "model-2"}}',
            },
            "1 of 2 tensor files are missing, 'model-2' first",
        ),
        (
            {
                "config.json": b"{}",
                "model-1.safetensors": b"",
                "model.safetensors.index.json": b"[]",
            },
            "'model.safetensors.index.json' cannot be read",
        ),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(
    tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    """If it were taken, the fault would come hours later, in training."""
    source, out = tmp_path / "found", tmp_path / "out"
    for part in (source, out):
        part.mkdir()

    for name, data in files.items():
        (source / name).write_bytes(data)

    with pytest.raises(DataError, match=sentence):
        assemble_transformers.assemble(source, out)

    assert list(out.iterdir()) == []


# GGUF


def tiny_gguf(path: Path) -> dict[str, np.ndarray]:
    """Write a LLaMA of two layers with a tokenizer of bytes; returns its tensors by GGUF name."""
    gguf = pytest.importorskip("gguf", reason="pip install 'mserbench[train]'")
    random = np.random.default_rng(5)
    width, inner, vocabulary = 16, 32, 261
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_block_count(2)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("gpt2")
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    writer.add_token_list(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<pad>", *alphabet, "aa"])
    writer.add_token_types([3, 3, 3, 3, *[1] * 257])
    writer.add_token_merges(["a a"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    shapes = {"token_embd": (vocabulary, width), "output_norm": (width,)}

    for n in range(2):
        shapes |= {f"blk.{n}.{name}": (width, width) for name in ("attn_q", "attn_output")}
        shapes |= {f"blk.{n}.{name}": (width // 2, width) for name in ("attn_k", "attn_v")}
        shapes |= {f"blk.{n}.{name}": (inner, width) for name in ("ffn_gate", "ffn_up")}
        shapes |= {f"blk.{n}.{name}": (width,) for name in ("attn_norm", "ffn_norm")}
        shapes[f"blk.{n}.ffn_down"] = (width, inner)

    tensors = {
        f"{name}.weight": random.normal(0, 0.3, shape).astype(np.float16)
        for name, shape in shapes.items()
    }
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    return tensors


def test_a_gguf_file_becomes_a_folder_that_loads_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it did not, no language model could be had where only a package index is reached."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    source, out = tmp_path / "found", tmp_path / "out"
    for part in (source, out):
        part.mkdir()

    tensors = tiny_gguf(source / "model.gguf")
    assemble_llama.assemble(source, out)
    names = {path.name for path in out.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    model = transformers.AutoModelForCausalLM.from_pretrained(out)
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    assert type(model).__name__ == "LlamaForCausalLM"
    assert model.dtype == torch.float16
    assert not hasattr(model.config, "quantization_config")
    state = model.state_dict()

    for ours, theirs in (
        ("model.embed_tokens", "token_embd"),
        ("model.layers.1.mlp.down_proj", "blk.1.ffn_down"),
    ):
        assert np.array_equal(state[f"{ours}.weight"].numpy(), tensors[f"{theirs}.weight"])

    assert (model.config.bos_token_id, model.config.eos_token_id) == (1, 2)
    assert tokenizer.decode(tokenizer("sad", add_special_tokens=False).input_ids) == "sad"


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    """If it were a traceback, a broken download could not be told from a fault of ours."""
    for data, sentence in (
        (b"PK\x03\x04", "does not begin as a GGUF"),
        (b"GGUF" + b"\0" * 40, "cannot be read as GGUF"),
    ):
        (tmp_path / "model.gguf").write_bytes(data)
        with pytest.raises(DataError, match=sentence):
            assemble_llama.assemble(tmp_path, tmp_path)

    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    with pytest.raises(DataError, match="holds 2 GGUF files"):
        assemble_llama.assemble(tmp_path, tmp_path)


# The real ones


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch):
    """Return the ready folder of real weights in the user's own cache, or skip."""

    def folder(name: str) -> Path:
        from mserbench.weights import lookup

        monkeypatch.setenv("MSERBENCH_CACHE", str(USER_CACHE))
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        if lookup.read_record(name) is None:
            pytest.skip(f"the weights are not here: mserbench weights get {name}")

        return lookup.folder(name)

    return folder


@pytest.mark.real
def test_the_assembled_whisper_transcribes_a_real_clip(real, real_data: Path) -> None:
    """If it did not, something in it is not where it belongs, however well the names fit."""
    import soundfile

    model = whisper_model.load(real("whisper-base"), encoder_only=False)
    clips = sorted((real_data / "ravdess").rglob("03-01-01-01-01-01-01.*"))
    if not clips:
        pytest.skip("ravdess is not here")

    wave, rate = soundfile.read(clips[0], dtype="float32")
    assert rate == 16_000
    heard = model.transcribe(wave, fp16=False, temperature=0.0)
    assert heard["language"] == "en"
    assert heard["text"].strip(" .!") == "Kids are talking by the door"
    encoder = whisper_model.load(real("whisper-base"))
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 19_822_592


@pytest.mark.real
def test_the_assembled_smollm2_knows_the_words(real) -> None:
    """If it did not, an answer of the language model would say nothing of emotion."""
    folder = real("smollm2-135m-instruct")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    names = ["neutral", "happy", "sad", "angry", "surprise", "disgust", "fear"]
    tokens = [tokenizer(f" {name}", add_special_tokens=False).input_ids for name in names]
    assert tokens == [[9174], [5587], [8177], [12575], [8731], [30271], [3696]]
    prompt = torch.tensor([tokenizer("My dog died yesterday. The speaker feels").input_ids])

    with torch.no_grad():
        scores = model(prompt).logits[0, -1]

    assert names[int(torch.stack([scores[token_ids[0]] for token_ids in tokens]).argmax())] == "sad"


@pytest.mark.real
def test_the_assembled_minilm_is_a_bert(real) -> None:
    """If it were not, a Q-Former could not begin from it."""
    folder = real("minilm-l6")
    model = transformers.AutoModel.from_pretrained(folder)
    assert type(model).__name__ == "BertModel"
    assert transformers.AutoTokenizer.from_pretrained(folder)("hello world").input_ids == [
        101,
        7592,
        2088,
        102,
    ]
    assert os.listdir(folder).count("model.safetensors") == 1
