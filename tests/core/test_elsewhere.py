"""A model of another process tells here what it told there, whoever carries the question."""

from __future__ import annotations

from typing import Any

import pytest

from mserbench.cards import ModelCard
from mserbench.data import dataset, lookup
from mserbench.model import Model
from mserbench.results.machine import machine_part
from mserbench.running.elsewhere import Elsewhere, Introduced
from mserbench.running.isolated import _Distant
from mserbench.running.spec import Spec
from mserbench.running.spread import Spread, _Spread

TOLD = Introduced(
    card=ModelCard("whisper-linear", "title", "7", "MIT", "", (), True),
    version="7",
    options=None,
    device="cpu",
    precision="bfloat16",
    transductive=False,
    prepares=False,
)


@pytest.fixture
def spec() -> Spec:
    return Spec.of("whisper-linear", dataset.load(lookup.task("emodb-sample"), None))


@pytest.mark.parametrize("carrier", ["workers", "child"])
def test_a_run_elsewhere_is_compared_with_the_baselines_of_one_here(
    spec: Spec, carrier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If precision or devices were not handed on, a run by workers would have the device key of
    another machine, and `check` would find no baseline of it.
    """
    pytest.importorskip("torch", reason="pip install 'mserbench[train]'")
    asked: dict[str, Any] = {"workers": (Spread, "ask"), "child": (_Distant, "_ask")}
    monkeypatch.setattr(*asked[carrier], lambda *_: TOLD)
    model: Model = (
        _Spread(Spread(spec, None), None)  # type: ignore[arg-type] # no engine is asked here
        if carrier == "workers"
        else _Distant(spec, None)  # type: ignore[arg-type]
    )

    assert isinstance(model, Elsewhere)
    part = machine_part(model, 1.0, is_here=False)
    assert part.arithmetic == "torch-bfloat16"
    # Those of this process, which only waits, would pass for those of the model.
    assert (part.product_seconds, part.memory_mb) == (None, None)
    assert (model.version, model.card, model.transductive) == ("7", TOLD.card, False)
