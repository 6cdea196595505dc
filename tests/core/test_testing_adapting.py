"""The conformance kit on models that adapt: an honest one passes, and each breach is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_adapting import Centred, loudness

from mserbench.model import Remoteness
from mserbench.testing import check_model
from mserbench.testing.findings import Finding


@pytest.fixture(autouse=True)
def nothing_logged() -> None:
    Centred.log.clear()


def found(kind: type[Any], check: str) -> Finding:
    """Return the finding of one check of a model."""
    return next(finding for finding in check_model(kind) if finding.check == check)


def test_an_honest_model_that_adapts_passes_every_check() -> None:
    findings = check_model(Centred)
    assert [finding for finding in findings if finding.ok is False] == []
    by_name = {finding.check: finding.sentence for finding in findings}
    assert by_name["adaptation"].startswith("hears just the clips that it is given")
    assert "from quiet corpus" in by_name["remoteness"]


class Silent(Centred):
    adapts = False


class Forgetful(Centred):
    """Takes the last clip alone."""

    def adapt(self, clips: Any) -> None:
        super().adapt([*clips][-1:])


class Remembering(Centred):
    """Centres all instances by what any of them heard."""

    heard: list[float] = []  # noqa: RUF012 - that is the fault

    def adapt(self, clips: Any) -> None:
        super().adapt(clips)
        self.heard.extend(map(loudness, clips))
        self.centre = float(np.mean(self.heard))


class Contagious(Centred):
    """Is adapted when another instance is."""

    shared: list[float] = []  # noqa: RUF012 - that is the fault

    def adapt(self, clips: Any) -> None:
        super().adapt(clips)
        type(self).shared = [self.centre or 0.0]

    def predict(self, clips: Any, labels: Any) -> Any:
        if self.centre is None and self.shared:
            self.centre = self.shared[0]
        return super().predict(clips, labels)


class Running(Centred):
    """Goes on adapting to what it predicts."""

    def predict(self, clips: Any, labels: Any) -> Any:
        scores = super().predict(clips, labels)
        if self.centre is not None:
            self.centre = float(np.mean([self.centre, *map(loudness, clips)]))
        return scores


class Batchwise(Centred):
    """Centres by the batch once it is adapted."""

    def predict(self, clips: Any, labels: Any) -> Any:
        if self.centre is not None:
            self.centre = float(np.mean(sorted(map(loudness, clips))))
        return super().predict(clips, labels)


class Greedy(Centred):
    """Takes an empty list, and gives scores that are no numbers."""

    def adapt(self, clips: Any) -> None:
        self.centre = float(np.mean([loudness(clip) for clip in clips])) if clips else 0.0


class Broken(Centred):
    def adapt(self, clips: Any) -> None:
        assert len(clips), "no clips"
        super().adapt(clips)


class Fragile(Centred):
    """Divides by the length of what it hears."""

    def adapt(self, clips: Any) -> None:
        super().adapt(clips)
        self.centre = float("nan") if len(clips[0].waveform) < 2 else self.centre


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Silent, "'adapts' is False"),
        (Forgetful, "the order of the clips that are heard changes"),
        (Remembering, "another instance that heard the same clips changes"),
        (Contagious, "that another instance was adapted changes"),
        (Running, "what was predicted before changes|the clips beside one change"),
        (Batchwise, "the clips beside one change"),
        (Greedy, "takes no clip without a word"),
        (Broken, "raises AssertionError, but a UsageError in a sentence was expected"),
        (Fragile, "NaN or infinite"),
    ],
)
def test_a_model_that_breaks_the_contract_of_adaptation_is_told_how(
    kind: type[Any], words: str
) -> None:
    import re

    finding = found(kind, "adaptation")
    assert finding.ok is False
    assert re.search(words, finding.sentence), finding.sentence


class Wandering(Centred):
    def remoteness(self, clips: Any) -> Remoteness:
        return Remoteness(loudness(clips[0]) + 9, 1.0, "first clip")


class Endless(Centred):
    def remoteness(self, clips: Any) -> Remoteness:
        return Remoteness(float("nan"), 1.0, "nowhere")


@pytest.mark.parametrize(
    ("kind", "words"),
    [(Wandering, "changes with the order of the clips"), (Endless, "finite distances")],
)
def test_a_distance_that_is_none_is_found(kind: type[Any], words: str) -> None:
    finding = found(kind, "remoteness")
    assert finding.ok is False
    assert words in finding.sentence
