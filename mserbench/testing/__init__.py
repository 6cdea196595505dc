"""The conformance kit for plugin authors: what a model, task or corpus must keep to, as one line of
any test.

    from mserbench.testing import assert_model

    def test_my_model():
        assert_model("my-model")

The `check_*` functions return the findings instead; `mserbench conform` prints them. No test
framework is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mserbench.contracts import Corpus, Task
from mserbench.model import Model
from mserbench.testing.corpora import check_corpus
from mserbench.testing.findings import Finding, assert_all
from mserbench.testing.models import check_model
from mserbench.testing.tasks import check_task

__all__ = [
    "Finding",
    "assert_corpus",
    "assert_model",
    "assert_task",
    "check_corpus",
    "check_model",
    "check_task",
]


def assert_model(
    model: str | type[Model],
    weights: str | Path | None = None,
    options: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Check a model and return the findings; AssertionError lists the failed checks, a warning the
    skipped ones.
    """
    return assert_all(
        f"model {model if isinstance(model, str) else model.__name__!r}",
        check_model(model, weights, options),
    )


def assert_task(task: str | Task, data: str | Path | None = None) -> list[Finding]:
    """Check a task and return the findings; AssertionError lists the failed checks, a warning the
    skipped ones.
    """
    return assert_all(
        f"task {task if isinstance(task, str) else task.name!r}", check_task(task, data)
    )


def assert_corpus(corpus: str | Corpus, data: str | Path | None = None) -> list[Finding]:
    """Check a corpus and return the findings; AssertionError lists the failed checks, a warning the
    skipped ones.
    """
    name = corpus if isinstance(corpus, str) else corpus.card.name
    return assert_all(f"corpus {name!r}", check_corpus(corpus, data))
