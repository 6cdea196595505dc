"""The corpora and tasks that mserbench ships, registered by name."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry, hookimpl

MSERBENCH_API = 1

_CORPORA = (
    CorpusEntry("ravdess", "mserbench_tasks.corpora.ravdess:CORPUS", "RAVDESS speech", ("en",)),
    CorpusEntry("aesdd", "mserbench_tasks.corpora.aesdd:CORPUS", "AESDD", ("el",)),
    CorpusEntry("emodb", "mserbench_tasks.corpora.emodb:CORPUS", "EmoDB", ("de",)),
    CorpusEntry(
        "emodb-sample",
        "mserbench_tasks.corpora.emodb_sample:CORPUS",
        "Sample of EmoDB, ships with it",
        ("de",),
    ),
    CorpusEntry("emovo", "mserbench_tasks.corpora.emovo:CORPUS", "EMOVO", ("it",)),
    CorpusEntry("resd", "mserbench_tasks.corpora.resd:CORPUS", "RESD", ("ru",)),
    CorpusEntry("shemo", "mserbench_tasks.corpora.shemo:CORPUS", "ShEMO", ("fa",)),
    CorpusEntry("iemocap", "mserbench_tasks.corpora.iemocap:CORPUS", "IEMOCAP", ("en",)),
    CorpusEntry("meld", "mserbench_tasks.corpora.meld:CORPUS", "MELD", ("en",)),
    CorpusEntry("mead", "mserbench_tasks.corpora.mead:CORPUS", "MEAD", ("en",)),
    CorpusEntry("mosei", "mserbench_tasks.corpora.mosei:CORPUS", "CMU-MOSEI", ("en",)),
    CorpusEntry(
        "msp-podcast", "mserbench_tasks.corpora.msp_podcast:CORPUS", "MSP-Podcast", ("en",)
    ),
    CorpusEntry("esd", "mserbench_tasks.corpora.esd:CORPUS", "ESD", ("zh", "en")),
    CorpusEntry("cafe", "mserbench_tasks.corpora.cafe:CORPUS", "CaFE", ("fr",)),
    CorpusEntry("urdu", "mserbench_tasks.corpora.urdu:CORPUS", "URDU", ("ur",)),
    CorpusEntry("crema-d", "mserbench_tasks.corpora.crema_d:CORPUS", "CREMA-D", ("en",)),
    CorpusEntry(
        "demo",
        "mserbench_tasks.demo.corpora:DEMO",
        "Demo corpus, training languages (synthetic, rule-based)",
        ("en", "fr", "de", "it", "es", "zh"),
    ),
    CorpusEntry(
        "demo-el",
        "mserbench_tasks.demo.corpora:DEMO_EL",
        "Demo, Greek (synthetic, rule-based)",
        ("el",),
    ),
    CorpusEntry(
        "demo-fa",
        "mserbench_tasks.demo.corpora:DEMO_FA",
        "Demo, Persian (synthetic, rule-based)",
        ("fa",),
    ),
    CorpusEntry(
        "demo-ru",
        "mserbench_tasks.demo.corpora:DEMO_RU",
        "Demo, Russian (synthetic, rule-based)",
        ("ru",),
    ),
)


@hookimpl
def register_corpora() -> Iterable[CorpusEntry]:
    """Register the corpora."""
    return _CORPORA


@hookimpl
def register_tasks() -> Iterable[TaskEntry]:
    """Register the tasks of the table in `tasks.py`."""
    from mserbench_tasks.tasks import TASKS

    return [
        TaskEntry(task.name, f"mserbench_tasks.tasks:TASKS[{task.name}]", task.title)
        for task in TASKS.values()
    ]
