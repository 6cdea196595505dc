"""Losses: the contrastive one against loops and closed forms, reversal by finite differences, one
and two processes.
"""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from together import run_processes  # noqa: E402

from mserbench_training.learning.losses import (  # noqa: E402
    UNKNOWN,
    class_weights,
    cross_entropy,
    language_aware_contrastive,
)
from mserbench_training.learning.reversal import reverse_gradient, rising_strength  # noqa: E402
from mserbench_training.learning.schedule import factor  # noqa: E402


def plain(embeddings, emotions, languages, weight, temperature):
    """Eqs 7-8 as they are printed: a double loop over anchors and positives."""
    z = [row / row.norm() for row in embeddings]
    n, anchors = len(z), []
    for i in range(n):
        all_but_anchor = [a for a in range(n) if a != i]
        positives = [p for p in all_but_anchor if emotions[p] == emotions[i]]
        if not positives:
            continue

        below = sum(math.exp(float(z[i] @ z[a]) / temperature) for a in all_but_anchor)
        w = {p: weight if languages[p] != languages[i] else 1.0 for p in positives}
        terms = [
            w[p] * math.log(math.exp(float(z[i] @ z[p]) / temperature) / below) for p in positives
        ]
        anchors.append(-sum(terms) / sum(w.values()))

    return sum(anchors) / len(anchors)


def batch(n=20, seed=0):
    draw = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(n, 6, generator=draw, dtype=torch.float64)
    return (
        embeddings,
        torch.randint(4, (n,), generator=draw),
        torch.randint(3, (n,), generator=draw),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weight", [0.5, 1.0, 2.5])
def test_it_is_the_double_loop(seed, weight):
    """Else what is trained is another loss than the paper's."""
    embeddings, emotions, languages = batch(seed=seed)
    loss = language_aware_contrastive(embeddings, emotions, languages, weight, 0.5)
    assert float(loss) == pytest.approx(
        plain(embeddings, emotions, languages, weight, 0.5), rel=1e-5
    )


def test_weight_one_is_the_published_supervised_contrastive_loss():
    """Khosla et al., Eq 2, as their code computes it: language then plays no part."""
    embeddings, emotions, languages = batch()
    z = torch.nn.functional.normalize(embeddings, dim=1)
    logits = z @ z.T / 0.07
    all_but_itself = 1 - torch.eye(len(z), dtype=torch.float64)
    log_probability = logits - (logits.exp() * all_but_itself).sum(1, keepdim=True).log()
    positive = (emotions[:, None] == emotions).double() * all_but_itself
    expected = -((positive * log_probability).sum(1) / positive.sum(1)).mean()
    loss = language_aware_contrastive(embeddings, emotions, languages, 1.0, 0.07)
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def hierarchical(n_languages=3, n_emotions=4, n_samples=3):
    cells = [
        (a, b) for a in range(n_languages) for b in range(n_emotions) for _ in range(n_samples)
    ]
    return torch.tensor([b for _, b in cells]), torch.tensor([a for a, _ in cells])


@pytest.mark.parametrize("weight", [1.0, 2.5, 7.0])
def test_perfect_clusters_give_the_logarithm_of_eight(weight):
    """A closed form: of 36 clips each anchor has eight equal positives, and the rest is infinitely
    far.
    """
    emotions, languages = hierarchical()
    loss = language_aware_contrastive(torch.eye(4)[emotions], emotions, languages, weight, 0.02)
    assert float(loss) == pytest.approx(math.log(8), abs=1e-5)


def test_the_paper_s_weight_puts_88_percent_of_it_across_languages():
    """Two positives in the language and six across, times 2.5: 15 of 17."""
    emotions, languages = hierarchical()
    alike_within_a_language = torch.eye(3)[languages]
    value = float(
        language_aware_contrastive(alike_within_a_language, emotions, languages, 2.5, 1.0)
    )
    below = math.log(11 * math.e + 24)  # 11 others of the language, 24 across
    assert value == pytest.approx(below - (1 - 15 / 17), rel=1e-6)
    assert round(15 / 17, 2) == 0.88


@pytest.mark.parametrize(
    "emotions",
    [[0], [0, 1], [0, 1, 2, 3], [0, 0, 1]],
    ids=["alone", "two", "all different", "one pair"],
)
def test_anchors_without_positives_contribute_nothing_and_no_nan(emotions):
    """A rare emotion alone in its batch must not ruin the weights."""
    embeddings = torch.randn(
        len(emotions), 5, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    loss = language_aware_contrastive(
        embeddings, torch.tensor(emotions), torch.zeros(len(emotions), dtype=torch.int64)
    )
    loss.backward()
    assert torch.isfinite(embeddings.grad).all()

    if len(set(emotions)) == len(emotions):
        assert loss.item() == 0
        assert not embeddings.grad.any()
    else:
        pair = plain(embeddings.detach(), emotions, [0] * 3, 2.5, 0.07)
        assert loss.item() == pytest.approx(pair, rel=1e-4)


def test_a_vector_of_zeros_gives_no_nan():
    embeddings = torch.zeros(4, 3, requires_grad=True)
    codes = torch.tensor([0, 0, 1, 1])
    language_aware_contrastive(embeddings, codes, codes).backward()
    assert torch.isfinite(embeddings.grad).all()


@pytest.mark.parametrize(("weight", "temperature"), [(0.0, 0.1), (1.0, 0.0), (1.0, -1.0)])
def test_settings_without_meaning_are_refused(weight, temperature):
    with pytest.raises(ValueError, match="must be above 0"):
        language_aware_contrastive(*batch(), weight, temperature)


# Cross-entropy


def test_unknown_codes_contribute_nothing():
    """A corpus without known speakers must not teach that all its speakers are one."""
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    codes = torch.tensor([0, UNKNOWN, 2, UNKNOWN])
    assert float(cross_entropy(logits, codes)) == pytest.approx(
        float(cross_entropy(logits[[0, 2]], codes[[0, 2]]))
    )
    nothing = logits.clone().requires_grad_()
    loss = cross_entropy(nothing, torch.full((4,), UNKNOWN))
    loss.backward()
    assert loss.item() == 0
    assert not nothing.grad.any()


def test_balanced_weights_make_labels_count_alike():
    """Else a rare emotion would hardly be learnt."""
    weights = class_weights([0] * 90 + [1] * 10, 3)
    assert weights.tolist() == pytest.approx([100 / 180, 5.0, 0.0])
    assert float((weights[[0] * 90 + [1] * 10]).mean()) == pytest.approx(1.0)
    assert class_weights([0, 1], 2, "none") is None


def test_label_smoothing_is_that_of_the_formula():
    logits = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64)
    log_p = logits.log_softmax(1)[0]
    expected = -(0.9 * log_p[0] + 0.1 * log_p.mean())
    assert float(cross_entropy(logits, torch.tensor([0]), label_smoothing=0.1)) == pytest.approx(
        float(expected), rel=1e-5
    )


# Gradient reversal


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 2.0])
def test_the_reversed_gradient_is_minus_strength_times_the_finite_difference(strength):
    """A sign or factor lost here, and the encoder would learn speakers instead of forgetting
    them.
    """
    x = torch.randn(
        5, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    ).requires_grad_()

    def behind(values):
        return (values.sin() * values**2).sum()

    behind(reverse_gradient(x, strength)).backward()
    step = 1e-6
    for i in range(5):
        moved = torch.zeros(5, dtype=torch.float64)
        moved[i] = step
        slope = float(behind(x.detach() + moved) - behind(x.detach() - moved)) / (2 * step)
        assert float(x.grad[i]) == pytest.approx(-strength * slope, abs=1e-6)


def test_forward_is_the_identity():
    x = torch.randn(3, 4)
    assert torch.equal(reverse_gradient(x, 0.7), x)


def test_the_rising_strength_is_ganin_s():
    assert rising_strength(0.0) == 0
    assert rising_strength(0.5) == pytest.approx(2 / (1 + math.exp(-5)) - 1)
    assert rising_strength(1.0) == pytest.approx(0.9999, abs=1e-4)


def test_the_learning_rate_rises_and_falls():
    rates = [factor(step, 10, 4) for step in range(11)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == 1.0
    assert rates[7] == pytest.approx(0.5)
    assert rates[10] == pytest.approx(0.0)
    assert factor(9, 10, 4, "constant") == 1.0


# Several processes

TWO = """
    import json, os
    import torch
    from torch import nn
    from mserbench_training.learning.machine import Machine
    from mserbench_training.learning.sampler import shard
    from mserbench_supcon_w2v2.backbones import FrameBackbone
    from mserbench_supcon_w2v2.network import Batch, LossOptions, Network, total_loss

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = Network(FrameBackbone(2, 5, "adapter", 3), 4, 6, hidden=8, speaker_dropout=0.0)
    nn.init.normal_(network.backbone.adapter.up.weight)
    machine = Machine("cpu")
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    prepared = machine.prepare(network, optimizer)
    frames = torch.randn(12, 2, 7, 5)
    emotions, languages = torch.arange(12) % 4, torch.arange(12) % 3
    speakers = torch.where(torch.arange(12) < 7, torch.arange(12) % 6, -100)  # unevenly unknown
    at = torch.tensor(shard(range(12), machine.rank, machine.n_processes))
    batch = Batch(frames[at], torch.ones(len(at), 7, dtype=torch.bool), (), emotions[at], languages[at], speakers[at])
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0])  # a weighted mean: the mean of two means would be another
    losses = machine.backward(prepared, lambda: total_loss(prepared, batch, LossOptions(), 0.5, weights))
    if machine.is_main:
        print(json.dumps({
            "losses": {name: float(value) for name, value in losses.items()},
            "gradients": [p.grad.flatten().tolist() for p in network.parameters()],
        }))
"""


def test_two_processes_give_the_loss_and_gradient_of_one():
    """Else a model trained on two GPUs would be another than one trained on one, with fewer
    positives an anchor.
    """
    pytest.importorskip("accelerate")
    alone, together = run_processes(TWO, 1), run_processes(TWO, 2)
    assert together["losses"] == pytest.approx(alone["losses"], rel=1e-5)

    for single, double in zip(alone["gradients"], together["gradients"], strict=True):
        assert double == pytest.approx(single, rel=1e-4, abs=1e-7)
