"""Names of corpora as people write them, in cards and in what was chosen on."""

from __future__ import annotations

import pytest

from mserbench.cards import Exposure, ModelCard
from mserbench.data import lookup, names
from mserbench.results import exposure
from mserbench.results.exposure import judge


@pytest.mark.parametrize(
    ("name", "corpus"),
    [
        ("emodb", "emodb"),
        ("Emo-DB", "emodb"),
        ("EMO_DB", "emodb"),
        ("\uff25\uff4d\uff4f\uff24\uff22", "emodb"),
        ("berlin database", "emodb"),
        ("Berlin Database of Emotional Speech", "emodb"),
        ("EmoDB (Berlin)", "emodb"),
        ("emodb-4", "emodb"),
        ("emodb-5:halves.not-a", "emodb"),
        ("emodb-sample", "emodb-sample"),
        ("CREMAD", "crema-d"),
        ("CMU-MOSEI", "mosei"),
        ("MSP Podcast", "msp-podcast"),
        ("librispeech", None),
        ("unknown", None),
        ("Emotional Speech", None),
        ("speech", None),
        ("", None),
        ("-", None),
    ],
)
def test_a_name_means_one_corpus_or_none(name: str, corpus: str | None) -> None:
    assert names.installed(name) == corpus


@pytest.mark.parametrize("name", ["Emo-DB", "berlin database", "emodb-4", "EMODB"])
def test_a_card_that_spells_the_corpus_otherwise_is_in_corpus(name: str) -> None:
    """Trained on EmoDB under another spelling, a model was zero-shot on it."""
    exposure_of_card = Exposure(name, ("de",), "emotion-labels", "paper")
    card = exposure.with_families(
        ModelCard("m", "m", "1", "", "", (exposure_of_card,), True, (name,)), lookup.family
    )
    judged = judge(card, lookup.task("emodb-sample"), lookup.corpus("emodb-sample").card, ())
    assert (judged.verdict, judged.development) == ("in-corpus", True)


def test_a_card_without_evidence_is_unknown() -> None:
    exposure_of_card = Exposure("emovo", ("it",), "emotion-labels", " ")
    card = ModelCard("m", "m", "1", "", "", (exposure_of_card,), True)
    judged = judge(card, lookup.task("emodb-sample"), lookup.corpus("emodb-sample").card, ())
    assert judged.verdict == "unknown"
    assert judged.reasons == ("no evidence is given of what was learnt from emovo",)
