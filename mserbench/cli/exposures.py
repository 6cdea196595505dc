"""`mserbench exposures`: what public checkpoints were trained on, and what verdict follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mserbench.cli import _common
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.results.public import PublicModel, Registry

_LANGUAGES = 12  # shown of a corpus, of which some have a hundred


@click.group(
    name="exposures",
    short_help="say what public checkpoints were trained on",
    invoke_without_command=True,
)
@click.pass_context
def command(context: click.Context) -> None:
    """Say what public checkpoints were trained on, with evidence; without a command, list them.

    `run --model hf:ID` looks a checkpoint up here, and `score --card registry:NAME` takes an entry.
    """
    # A bare name asks what there is.
    if context.invoked_subcommand is None:
        context.invoke(list_)


@command.command(name="list")
@click.option("--markdown", is_flag=True, help="Print the page of all entries, docs/exposures.md.")
@_common.wide_option
@_common.json_option
def list_(markdown: bool = False, as_json: bool = False) -> None:
    """List the entries: what each learnt, whether its list is complete, whether it was read."""
    from mserbench.results import public, public_page

    if markdown and as_json:
        raise UsageError("--markdown and --json were both given: give one of them")

    registry = public.registry()
    if markdown:
        click.echo(public_page.page(registry), nl=False)
        return
    if as_json:
        _common.print_json([_record(registry, model) for model in registry.models.values()])
        return

    rows = [_row(registry, model) for model in registry.models.values()]
    columns = ["name", "labels learnt from", "complete", "read", "what it is"]
    _common.print_table(rows, columns, least=("what it is", "read"))
    _common.say(
        f"\n{len(rows)} entries. Labels of base models are in. 'mserbench exposures show NAME' "
        "tells the evidence, and the verdict on each task.",
        err=True,
    )


@command.command(name="show")
@click.argument("name")
@click.option("--task", "tasks", multiple=True, help="Task to tell the verdict of; repeatable.")
@_common.json_option
def show(name: str, tasks: tuple[str, ...], as_json: bool) -> None:
    """Show entry NAME, or that of an id of the hub: corpora, evidence, verdicts."""
    from mserbench.results import public, public_page

    registry = public.registry()
    model = registry.named(name)
    verdicts = {
        task: public_page.verdict_of(registry, model, task) for task in tasks or public_page.TASKS
    }
    if as_json:
        record = _record(registry, model)
        _common.print_json(
            {**record, "verdicts": {task: asdict(each) for task, each in verdicts.items()}}
        )
        return

    _common.say(f"{model.name}: {model.title}")
    _common.say(f"ids: {', '.join(model.ids) or 'none'}")
    for ancestor in [model, *registry.lineage(model)]:
        complete = "complete" if ancestor.complete else "not complete"
        remark = f": {ancestor.remark}" if ancestor.remark else ""
        _common.say(f"\n{ancestor.name} ({complete}, checked {ancestor.checked}){remark}")
        for line in _evidence(ancestor):
            _common.say(line)

    _common.say("")
    rows = [[task, each.verdict, each.reasons[0]] for task, each in verdicts.items()]
    _common.print_table(rows, ["task", "verdict", "why"])


@command.command(name="check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Check the registry, or a FILE like it: corpora, languages, evidence, what stands twice.

    Exit 1 if anything is wrong.
    """
    from mserbench.results import public, public_check

    # A file of one's own has the bases that it names in itself.
    registry = public.read(file) if file else public.registry()
    problems = public_check.faults(registry)
    for problem in problems:
        _common.say(f"problem: {problem}")

    if problems:
        raise click.exceptions.Exit(1)

    models = registry.models.values()
    read = sum(model.is_read for model in models)
    _common.say(f"{len(models)} entries, nothing wrong; of {read} all evidence was read")


def _evidence(model: PublicModel) -> Iterator[str]:
    """Yield what a model was trained on, and below it the page that says so, each page once."""
    from mserbench.results import public

    # A page may name thirty corpora.
    by_page: dict[tuple[str, str], list[str]] = {}
    for part in model.parts:
        exposure, unread = part.exposure, "" if part.is_read else public.UNREAD
        named = f"{exposure.corpus} ({_spoken(exposure.languages)})"
        by_page.setdefault((exposure.kind, f"{exposure.evidence}{unread}"), []).append(named)

    for (kind, page), corpora in by_page.items():
        yield f"  {kind}: {', '.join(corpora)}"
        yield f"    {page}"


def _spoken(languages: Sequence[str]) -> str:
    more = f" and {len(languages) - _LANGUAGES} more" if len(languages) > _LANGUAGES else ""
    return " ".join(languages[:_LANGUAGES]) + more


def _row(registry: Registry, model: PublicModel) -> list[str]:
    from mserbench.results import public_page

    # A base hands its labels on, so they are its heirs' too.
    lineage = [model, *registry.lineage(model)]
    learnt = [
        part.exposure.corpus
        for ancestor in lineage
        for part in ancestor.parts
        if part.exposure.kind == "emotion-labels"
    ]
    # EmoBox has 32 corpora; an entry and its base may name the same one.
    learnt = list(dict.fromkeys(learnt))
    few = ", ".join(learnt[:4])
    named = f"{few} and {len(learnt) - 4} more" if len(learnt) > 4 else few
    complete = "yes" if public_page.is_complete(registry, model) else "no"
    read = "yes" if all(ancestor.is_read for ancestor in lineage) else "not all"
    return [model.name, named or "none", complete, read, model.title]


def _record(registry: Registry, model: PublicModel) -> dict[str, Any]:
    """Return an entry as JSON takes it."""
    from mserbench.results import public_page

    record = asdict(model)
    # JSON has no dates, and the parts of an exposure are nested for no reader.
    record["checked"] = model.checked.isoformat()
    record["parts"] = [
        {
            "corpus": part.exposure.corpus,
            "languages": list(part.exposure.languages),
            "kind": part.exposure.kind,
            "evidence": part.exposure.evidence,
            "is_read": part.is_read,
        }
        for part in model.parts
    ]
    return {**record, "complete_with_bases": public_page.is_complete(registry, model)}
