"""mser-llm: its contrastive loss against a double loop, its connector, and what a BERT gives to the
Q-Former.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("whisper")

from mserbench.errors import DataError, UsageError  # noqa: E402
from mserbench.weights import lookup  # noqa: E402
from mserbench_mser_llm import tiny_parts  # noqa: E402
from mserbench_mser_llm.bert_start import start_from_bert  # noqa: E402
from mserbench_mser_llm.connector import Connector, Shape  # noqa: E402
from mserbench_mser_llm.losses import LossOptions, emotion_contrastive, total_loss  # noqa: E402
from mserbench_training.encoders.base import parse_layers  # noqa: E402

SHAPE = Shape(2, 6, 16, n_queries=3, depth=2, width=32, heads=2, inner=64, dropout=0.1)


def connector(**changes) -> Connector:
    torch.manual_seed(0)
    return Connector(Shape(**{**vars(SHAPE), **changes}), 1.0).eval()


def heard(n: int = 3, seed: int = 1):
    """Return frames of clips of 9, 4 and 1 frames, and their mask."""
    torch.manual_seed(seed)
    mask = torch.arange(9) < torch.tensor([[9], [4], [1]])[:n]
    return torch.randn(n, 2, 9, 6), mask


# Eq 1


def by_hand(features, emotions, options: LossOptions) -> float:
    """Eq 1 as it is printed, pair by pair."""
    total = 0.0
    for i in range(len(features)):
        for j in range(len(features)):
            s = float(features[i] @ features[j] / features[i].norm() / features[j].norm())
            y = float(emotions[i] == emotions[j])
            total += options.same_weight * y * (1 - s)
            total += options.different_weight * (1 - y) * max(0.0, s - options.margin)

    n = len(features)
    pairs = n * (n - 1) if options.exclude_self else n * n
    return total if options.reduction == "sum" else total / max(1, pairs)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("exclude_self", [True, False])
@pytest.mark.parametrize(
    ("w1", "w2", "m"), [(1, 1, 0), (0.5, 2, 0.2), (1, 1, -0.3), (0, 1, 0), (1, 0, 0.5)]
)
def test_the_contrastive_loss_is_the_printed_sum(reduction, exclude_self, w1, w2, m):
    """Else what is trained is not Eq 1 of the paper."""
    torch.manual_seed(3)
    features, emotions = (
        torch.randn(9, 5, dtype=torch.float64).float(),
        torch.tensor([0, 1, 2, 0, 1, 2, 0, 0, 3]),
    )
    options = LossOptions(w1, w2, m, reduction, exclude_self)
    assert float(emotion_contrastive(features, emotions, options)) == pytest.approx(
        by_hand(features, emotions, options), rel=1e-5, abs=1e-6
    )


def test_clips_that_stand_as_they_should_cost_nothing():
    """One direction an emotion, at right angles: 0 by Eq 1 with m = 0, with no gradient, and no NaN
    for one clip.
    """
    features = torch.eye(3).repeat(2, 1).requires_grad_()
    loss = emotion_contrastive(features, torch.arange(6) % 3, LossOptions())
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert float(features.grad.abs().max()) < 1e-6

    for options in (LossOptions(), LossOptions(exclude_self=True), LossOptions(reduction="sum")):
        assert float(emotion_contrastive(torch.ones(1, 4), torch.tensor([2]), options)) == 0


def test_the_total_is_contrastive_plus_lambda_decoding():
    """Eqs 2-3; decoding is a mean over tokens, whatever clip they are of."""
    features, emotions = torch.randn(4, 5), torch.tensor([0, 1, 0, 1])
    losses, counts = torch.tensor([2.0, 4.0, 6.0, 8.0]), torch.tensor([2, 2, 3, 3])
    losses_by_name = total_loss(
        features, emotions, losses, counts, LossOptions(decoding_weight=3.0)
    )
    assert float(losses_by_name["decoding"]) == 2.0
    assert float(losses_by_name["total"]) == pytest.approx(
        float(losses_by_name["contrastive"]) + 6.0
    )
    without = total_loss(
        features, emotions, losses, counts, LossOptions(same_weight=0, different_weight=0)
    )
    assert set(without) == {"decoding", "total"}, "the ablation without Eq 1 does not compute it"


# The connector


def test_masked_frames_are_as_if_they_were_not_there():
    """Else a clip's answer would depend on how long the longest clip beside it is."""
    for n_layers in (1, 2):
        joint = connector(n_layers=n_layers)
        joint.mix.centre += 3.0
        frames, mask = heard()
        together = joint(frames[:, :n_layers], mask)
        noise = torch.where(mask[:, None, :, None], frames, 1e3)[:, :n_layers]
        torch.testing.assert_close(joint(noise, mask), together, atol=1e-5, rtol=1e-5)

        for i, n in enumerate((9, 4, 1)):
            alone = joint(frames[i : i + 1, :n_layers, :n], mask[i : i + 1, :n])
            torch.testing.assert_close(
                alone, (together[0][i : i + 1], together[1][i : i + 1]), atol=1e-5, rtol=1e-5
            )


def test_queries_differ_and_learn_to_differ():
    """Equal queries get equal gradients: Q of them would be worth one."""
    joint = connector()
    frames, mask = heard()
    assert joint.queries.std().item() == pytest.approx(0.02, rel=0.3)
    joint(frames, mask)[1].pow(2).sum().backward()
    assert float(joint.queries.grad.std(dim=1).min()) > 0
    every = [name for name, parameter in joint.named_parameters() if parameter.grad is None]
    assert every == [], "each part of the connector is reached by the gradient"


def test_the_vector_is_the_mean_over_queries_or_that_through_a_head():
    joint, frames_mask = connector(), heard()
    vector, audio = joint(*frames_mask)
    assert vector.shape == (3, 32)
    assert audio.shape == (3, 3, 16)
    outputs = joint.qformer(
        query_embeds=joint.queries.expand(3, -1, -1),
        encoder_hidden_states=joint.norm(joint.mix(frames_mask[0])),
        encoder_attention_mask=frames_mask[1].long(),
    )
    torch.testing.assert_close(vector, outputs.last_hidden_state.mean(dim=1))
    assert connector(contrastive_dim=7)(*frames_mask)[0].shape == (3, 7)


@pytest.mark.parametrize("length", [0.05, 1.0, 9.0])
def test_audio_begins_as_long_as_the_words_of_the_llm(length):
    """A frozen LLM reads inputs of another size than its embeddings as noise, and steps at first
    are lost on scale.
    """
    torch.manual_seed(0)
    joint = Connector(
        Shape(2, 6, 64, n_queries=16, depth=2, width=32, heads=2, inner=64), length
    ).eval()
    norms = joint(*heard())[1].norm(dim=-1)
    assert norms.pow(2).mean().sqrt().item() == pytest.approx(length, rel=0.25)


def test_cross_attention_sits_in_every_second_layer():
    layers = connector(depth=5).qformer.encoder.layer
    assert [hasattr(layer, "crossattention") for layer in layers] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_frames_are_hidden_in_training_only_and_never_all():
    joint = connector(frame_dropout=0.99)
    _, mask = heard()
    assert joint._kept(mask) is mask
    frames_kept = joint.train()._kept(mask)
    assert frames_kept.any(dim=1).all(), "a clip without a frame says nothing"
    assert not (frames_kept & ~mask).any()


def test_the_paper_has_the_published_number_of_parameters():
    """Else layers, widths or the place of cross-attention are others than those counted by hand."""
    with torch.device("meta"):
        config = transformers.Blip2QFormerConfig(encoder_hidden_size=1280)
        count = sum(p.numel() for p in transformers.Blip2QFormerModel(config).parameters())

    shape = Shape(1, 1280, 4096, n_queries=256)
    assert (shape.depth, shape.width, shape.heads, shape.inner) == (12, 768, 12, 3072)
    assert count == 103_958_016


@pytest.mark.parametrize("n_views", [1, 9])  # statistics of all frames, or of each of nine views
def test_the_mix_is_a_mean_of_standardised_layers(n_views):
    joint, (frames, _) = connector(n_views=n_views), heard()
    torch.testing.assert_close(joint.mix(frames), frames.mean(dim=1))
    with torch.no_grad():
        joint.mix.centre.copy_(torch.randn(2, n_views, 6))
        joint.mix.spread.copy_(torch.rand(2, n_views, 6) + 0.5)
        joint.mix.weights.copy_(torch.tensor([1.0, 0.0]))

    shares = torch.tensor([1.0, 0.0]).softmax(0)
    slow = ((frames - joint.mix.centre) / joint.mix.spread * shares[:, None, None]).sum(dim=1)
    torch.testing.assert_close(joint.mix(frames), slow, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "layers"), [("last", (6,)), ("2", (2,)), ("1-3", (1, 2, 3)), ("0,5-6", (0, 5, 6))]
)
def test_layers_are_read(text, layers):
    assert parse_layers(text, 7, "e") == layers


@pytest.mark.parametrize("text", ["7", "first", "1-", "-1"])
def test_layers_that_are_none_are_refused(text):
    with pytest.raises(UsageError, match=r"option layers|layers \["):
        parse_layers(text, 7, "e")


# The start from BERT


NEW = [
    f"encoder.layer.0.crossattention.{place}.{kind}"
    for place, kinds in {
        "attention.query": ("weight", "bias"),
        "attention.key": ("weight", "bias"),
        "attention.value": ("weight", "bias"),
        "output.dense": ("weight", "bias"),
        "output.LayerNorm": ("weight", "bias"),
    }.items()
    for kind in kinds
]
FROM_BERT = {  # a Q-Former's part of a layer, and the BERT's
    "attention.attention.query": "attention.self.query",
    "attention.attention.key": "attention.self.key",
    "attention.attention.value": "attention.self.value",
    "attention.output.dense": "attention.output.dense",
    "attention.output.LayerNorm": "attention.output.LayerNorm",
    "intermediate_query.dense": "intermediate.dense",
    "output_query.dense": "output.dense",
    "output_query.LayerNorm": "output.LayerNorm",
}


def save_bert(folder: Path, kind: str = "BertModel", **changes) -> dict:
    """Save a small random BERT; return its tensors without the prefix of its head."""
    torch.manual_seed(5)
    sizes = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = transformers.BertConfig(
        **{**sizes, "intermediate_size": 64, "max_position_embeddings": 8, **changes}
    )
    model = getattr(transformers, kind)(config)

    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)

    model.save_pretrained(folder)
    return {name.removeprefix("bert."): tensor for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("kind", ["BertModel", "BertForMaskedLM"])
def test_self_attention_and_feed_forward_come_from_bert_and_cross_attention_is_new(tmp_path, kind):
    """The paper's Q-Former starts from BERT; a silent mismatch of names would leave it random."""
    bert = save_bert(tmp_path, kind)
    qformer = connector().qformer
    before = {name: tensor.clone() for name, tensor in qformer.state_dict().items()}
    assert sorted(start_from_bert(qformer, tmp_path)) == sorted(NEW)
    after = qformer.state_dict()

    for name in NEW:
        torch.testing.assert_close(after[name], before[name])

    assert torch.equal(after["layernorm.weight"], bert["embeddings.LayerNorm.weight"])
    assert torch.equal(after["layernorm.bias"], bert["embeddings.LayerNorm.bias"])
    for layer in (0, 1):
        for mine, theirs in FROM_BERT.items():
            for kind in ("weight", "bias"):
                tensor_of_bert = bert[f"encoder.layer.{layer}.{theirs}.{kind}"]
                assert torch.equal(after[f"encoder.layer.{layer}.{mine}.{kind}"], tensor_of_bert)

    assert len(after) == len(NEW) + 2 + 2 * 2 * len(FROM_BERT), "there is no other tensor"


def test_the_projection_fits_what_comes_out_after_bert(tmp_path):
    save_bert(tmp_path)
    joint = connector()
    start_from_bert(joint.qformer, tmp_path)
    joint.scale_projection(2.0)
    assert joint(*heard())[1].norm(dim=-1).pow(2).mean().sqrt().item() == pytest.approx(
        2.0, rel=0.4
    )


def test_a_bert_that_does_not_fit_is_told_in_a_sentence(tmp_path):
    save_bert(tmp_path / "wide", hidden_size=64)
    with pytest.raises(UsageError, match=r"hidden_size 64, but the Q-Former 32"):
        start_from_bert(connector().qformer, tmp_path / "wide")

    save_bert(tmp_path / "short", num_hidden_layers=1)
    with pytest.raises(UsageError, match=r"1 layers, but the Q-Former 2"):
        start_from_bert(connector().qformer, tmp_path / "short")

    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="cannot be loaded"):
        start_from_bert(connector().qformer, tmp_path / "empty")

    (tmp_path / "llama").mkdir()
    tiny_parts.make("llama", tmp_path / "llama")
    with pytest.raises(DataError, match="no BERT"):
        start_from_bert(connector().qformer, tmp_path / "llama")


@pytest.mark.real
def test_minilm_fills_66_of_86_tensors(pretrained):
    """What a prototype counted; the preset `mini` starts so."""
    if not (pretrained / "minilm-l6").is_dir():
        pytest.skip("minilm-l6 is not in the cache: 'mserbench weights get minilm-l6'")

    joint = Connector(Shape(1, 512, 576, 8, 4, 384, 12, 1536), 1.0)
    new = start_from_bert(joint.qformer, lookup.folder("minilm-l6"))
    assert len(joint.qformer.state_dict()) - len(new) == 66
    assert {name.split(".")[2] for name in new} == {"0", "2"}
    assert len(new) == 20
