"""Everything that ships passes the kit that plugin authors are given; a new entry is covered the
day it is added.
"""

from __future__ import annotations

import importlib.util

import pytest

from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, ModelEntry, TaskEntry
from mserbench.testing import assert_corpus, assert_model, assert_task

# The kit warns of what it had to skip, such as files of a corpus that is not here.
pytestmark = pytest.mark.filterwarnings("ignore:.*not made")

MODELS = registry.entries(ModelEntry)


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, pretrained: object, no_settings: None) -> None:
    """Scores that change with the batch, or break on silence, are no scores."""
    for package in MODELS[name].needs:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")

    try:
        assert_model(name)
    except AssertionError as error:
        if "are not on this machine" not in str(error):
            raise

        pytest.skip(
            f"{name} is built upon pretrained weights that are not here: mserbench weights list"
        )


@pytest.mark.parametrize("name", registry.entries(TaskEntry))
def test_tasks(name: str, own_cache: object, no_settings: None) -> None:
    """A task whose map or counts contradict its corpus gives numbers of another question."""
    assert_task(name)


@pytest.mark.parametrize("name", registry.entries(CorpusEntry))
def test_corpora(name: str, own_cache: object, no_settings: None) -> None:
    """A parser that depends on order, or opens audio, cannot be trusted with a stranger's copy."""
    if name.startswith("demo") and importlib.util.find_spec("espeakng_loader") is None:
        pytest.skip("espeakng_loader is not installed")

    assert_corpus(name)
