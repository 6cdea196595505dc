"""Checkpointing: blocks computed again on the way back give the same gradients and keep far
less.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

from made_clips import items  # noqa: E402

from mserbench.errors import UsageError  # noqa: E402
from mserbench_mser_llm import assembly, tiny_parts  # noqa: E402
from mserbench_mser_llm import model as mser_llm  # noqa: E402
from mserbench_mser_llm.connector import Connector, Shape  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.network import Batch, Network  # noqa: E402
from mserbench_mser_llm.presets import MserLlmOptions, resolve  # noqa: E402
from mserbench_mser_llm.scoring import Question  # noqa: E402
from mserbench_mser_llm.teaching import Decoding  # noqa: E402
from mserbench_supcon_w2v2 import inside  # noqa: E402
from mserbench_supcon_w2v2.backbones import WaveBackbone  # noqa: E402
from mserbench_supcon_w2v2.settings import Settings  # noqa: E402
from mserbench_training.encoders.wav2vec import Wav2VecModel  # noqa: E402
from mserbench_training.resources.recomputing import recompute_blocks  # noqa: E402

Gradients = dict[str, "torch.Tensor"]


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def learn(
    model: torch.nn.Module, loss: Callable[[], torch.Tensor], frozen: tuple = ()
) -> tuple[Gradients, int]:
    """Return the gradients of a step, and how many bytes of activations were kept for it, those of
    `frozen` too.
    """
    parts = [part for whole in (model, *frozen) for part in whole.modules()]
    tensors = [tensor for part in parts for tensor in (*part.parameters(), *part.buffers())]
    weights = {tensor.untyped_storage().data_ptr() for tensor in tensors}
    sizes: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    def keep_inputs(_: torch.nn.Module, inputs: tuple, named: dict) -> None:
        # they are held by what computes the block again, beside autograd
        for value in (*inputs, *named.values()):
            if torch.is_tensor(value):
                keep(value)

    layer = transformers.modeling_layers.GradientCheckpointingLayer
    blocks = [part for part in parts if isinstance(part, layer) and part.gradient_checkpointing]
    hooks = [block.register_forward_pre_hook(keep_inputs, with_kwargs=True) for block in blocks]
    model.train()
    torch.manual_seed(3)

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        value = loss()

    total = sum(sizes.values())
    torch.autograd.backward(value)
    for hook in hooks:
        hook.remove()

    return {
        name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None
    }, total


def assert_same(first: Gradients, second: Gradients) -> None:
    assert first.keys() == second.keys()
    assert first
    for name, gradient in first.items():
        torch.testing.assert_close(gradient, second[name], rtol=1e-5, atol=1e-7, msg=name)


def network(checkpointing: bool) -> Network:
    torch.manual_seed(0)
    llm = FrozenLanguageModel.from_folder(tiny_parts.tiny_folder("llama"))
    shape = Shape(2, 16, llm.dim, n_queries=12, depth=3, width=32, heads=2, inner=64, dropout=0.2)
    trained = Network(Connector(shape, llm.embedding_norm()), llm)

    if checkpointing:
        assembly.recompute(trained)

    return trained


def step_of(trained: Network) -> tuple[Gradients, int]:
    """Learn from clips through the frozen LLM, with dropout in the Q-Former."""
    question = Question.of(trained.llm, "The speaker feels", ("sad", "happy"))
    batch = Batch(
        torch.randn(4, 2, 30, 16), torch.ones(4, 30, dtype=torch.bool), torch.tensor([0, 1, 0, 1])
    )
    teacher = Decoding(trained.llm, question.prompt_tokens, question.answers)

    def loss() -> torch.Tensor:
        vector, losses, _ = trained(batch, teacher)
        return losses.sum() + vector.square().sum()

    return learn(trained, loss, (trained.llm.module,))


def test_a_connector_before_a_frozen_llm_learns_the_same_with_less():
    """The same masks of dropout are drawn again; what is kept is the input of each block."""
    plain, plain_bytes = step_of(network(checkpointing=False))
    recomputed, recomputed_bytes = step_of(network(checkpointing=True))
    assert_same(plain, recomputed)
    assert recomputed_bytes < 0.4 * plain_bytes


def test_inside_of_a_frozen_llm_stays_in_evaluation_mode():
    """Its blocks alone are put into training mode, as transformers asks for; dropout inside would
    change answers.
    """
    llm = network(checkpointing=True).llm
    training = {type(module).__name__ for module in llm.module.modules() if module.training}
    assert training == {"LlamaDecoderLayer"}


def test_an_llm_with_dropout_of_its_own_is_refused():
    """Its blocks would drop numbers in training mode: another loss than the one asked for."""
    config = transformers.OPTConfig(
        vocab_size=300,
        hidden_size=16,
        ffn_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        word_embed_proj_dim=16,
    )
    llm = FrozenLanguageModel(transformers.OPTForCausalLM(config), tiny_parts.byte_tokenizer())
    with pytest.raises(
        UsageError, match=r"option checkpointing is true, but the language model has dropout"
    ):
        llm.recompute()


def test_a_training_of_mser_llm_comes_out_the_same(tmp_path):
    """It is an option of memory: the weights may differ by rounding alone."""
    trained = []
    for checkpointing in (False, True):
        quick = {
            "preset": "tiny",
            "steps": 6,
            "evaluate_every": 3,
            "batch_emotions": 3,
            "dropout": 0.1,
        }
        options = MserLlmOptions(**quick, checkpointing=checkpointing)
        assert resolve(options).checkpointing is checkpointing
        out = tmp_path / str(checkpointing)
        out.mkdir()
        mser_llm.MserLlm(options).fit(items(), [], out)
        network, _ = mser_llm.MserLlm(weights=out)._loaded()
        trained.append(network.connector.state_dict())

    for name, tensor in trained[0].items():
        torch.testing.assert_close(tensor, trained[1][name], rtol=1e-3, atol=1e-5, msg=name)


def backbone(checkpointing: bool, frozen_ends: bool = True) -> WaveBackbone:
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=64,
            num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4, conv_dim=[16] * 7, apply_spec_augment=False, layerdrop=0.0,
    )  # fmt: skip
    model = Wav2VecModel(transformers.Wav2Vec2Model(config).eval(), normalise=False)
    inside.adapt(model, dropout=0.2)
    model.module.feature_extractor._requires_grad = not frozen_ends

    if checkpointing:
        recompute_blocks(model.module)

    return WaveBackbone(model, (1, 2, 4))


def test_parts_inside_an_encoder_learn_the_same_with_less():
    """Layers below the last are read through hooks on the blocks, and gates are: both must survive
    a second pass.
    """
    waves = [torch.randn(8_000, generator=torch.Generator().manual_seed(i)) for i in range(3)]
    measured = {}
    for checkpointing in (False, True):
        encoder = backbone(checkpointing)
        measured[checkpointing] = learn(encoder, lambda: encoder(waves).square().sum())  # noqa: B023

    assert_same(measured[False][0], measured[True][0])
    assert measured[True][1] < 0.7 * measured[False][1]


def test_the_convolutions_of_an_adapted_encoder_keep_nothing():
    """Nothing before the blocks learns: what transformers would keep of 16,000 samples a second is
    for no gradient.
    """
    waves = [torch.randn(8_000, generator=torch.Generator().manual_seed(i)) for i in range(3)]
    measured = []
    for frozen_ends in (True, False):
        encoder = backbone(checkpointing=False, frozen_ends=frozen_ends)
        measured.append(learn(encoder, lambda: encoder(waves).square().sum()))  # noqa: B023

    assert_same(measured[0][0], measured[1][0])
    assert measured[0][1] < 0.7 * measured[1][1]


def test_what_would_do_nothing_is_refused():
    """On frames that are computed once there is no encoder to compute again; inside, its precision
    is another's.
    """
    with pytest.raises(
        UsageError, match="checkpointing is True, but must be false unless adaptation=inside"
    ):
        Settings(adaptation="clip", checkpointing=True)

    with pytest.raises(
        UsageError,
        match="encoder_precision is bfloat16, but must be float32 with adaptation=inside",
    ):
        Settings(encoder_precision="bfloat16")
