"""The kinds of things that plugins bring: one row each, by which all of the core goes.

A further kind is a record and a hook in `hookspecs` and a row here: loading, listing and resolving
go by the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mserbench.errors import PluginError
from mserbench.plugins import hookspecs
from mserbench.plugins.hookspecs import Entry

if TYPE_CHECKING:
    from mserbench.contracts import Task
    from mserbench.translator import Translator

Form = Literal["instance", "subclass", "file"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that a plugin may bring.

    `resolves` is the class, as `"package.module:Class"`, of which a target is an instance or a
    subclass; it is a name, as most such classes lie in rooms above this one. The target of a `file`
    is `"package:file"`, of no class. `facts` takes what a listing shows beyond the record from the
    object itself, which is imported for that.
    """

    word: str
    record: type[Entry]
    hook: Callable[[], Iterable[Entry]]
    listed_by: str  # the command that lists all names, as a sentence quotes it
    columns: tuple[str, ...]
    form: Form
    resolves: str = ""
    facts: Callable[[Any], Mapping[str, object]] | None = None

    @property
    def hook_name(self) -> str:
        """The name of the function by which a plugin registers this kind."""
        return self.hook.__name__


def _task_facts(task: Task) -> Mapping[str, object]:
    return {
        "corpus": task.corpus,
        "languages": task.languages,
        "labels": task.labels,
        "clips": task.expected,
    }


def _translator_facts(translator: type[Translator]) -> Mapping[str, object]:
    card = translator.describe(translator.Options())
    return {
        "languages": card.languages,
        "prosody": card.prosody,
        "voice": card.voice,
        "licence": card.licence,
        "requires": card.requires,
    }


KINDS: tuple[Kind, ...] = (
    Kind(
        "corpus",
        hookspecs.CorpusEntry,
        hookspecs.register_corpora,
        listed_by="'mserbench corpora'",
        columns=("name", "title", "languages", "plugin"),
        form="instance",
        resolves="mserbench.contracts:Corpus",
    ),
    Kind(
        "task",
        hookspecs.TaskEntry,
        hookspecs.register_tasks,
        listed_by="'mserbench tasks'",
        columns=("name", "title", "languages", "labels", "clips", "plugin"),
        form="instance",
        resolves="mserbench.contracts:Task",
        facts=_task_facts,
    ),
    Kind(
        "model",
        hookspecs.ModelEntry,
        hookspecs.register_models,
        listed_by="'mserbench models'",
        columns=("name", "address", "title", "weights", "plugin"),
        form="subclass",
        resolves="mserbench.model:Model",
    ),
    Kind(
        "command",
        hookspecs.CommandEntry,
        hookspecs.register_commands,
        listed_by="'mserbench --help'",
        columns=("name", "title", "plugin"),
        form="instance",
        resolves="click:Command",
    ),
    Kind(
        "weights",
        hookspecs.WeightsEntry,
        hookspecs.register_weights,
        listed_by="'mserbench weights list'",
        columns=("name", "title", "plugin"),
        form="instance",
        resolves="mserbench.weights.record:Weights",
    ),
    Kind(
        "experiment",
        hookspecs.ExperimentEntry,
        hookspecs.register_experiments,
        listed_by="'mserbench experiment'",
        columns=("name", "title", "plugin"),
        form="file",
    ),
    Kind(
        "translator",
        hookspecs.TranslatorEntry,
        hookspecs.register_translators,
        listed_by="'mserbench translators'",
        columns=("name", "title", "languages", "prosody", "voice", "licence", "needs", "plugin"),
        form="subclass",
        resolves="mserbench.translator:Translator",
        facts=_translator_facts,
    ),
)


def kind_of(record: type[Entry]) -> Kind:
    """Return the row of a class of records. Raises PluginError where there is none."""
    for kind in KINDS:
        if kind.record is record:
            return kind

    raise PluginError(
        f"{record.__name__} is the record of no kind: give it a row in mserbench.plugins.kinds"
    )
