"""`mserbench audit`: say what the parts of a split share: speakers, sentences, audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mserbench.cli import _common
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.auditing.audit import Audit, Comparison, Inside
    from mserbench.auditing.confounds import Confound
    from mserbench.auditing.gathering import Material

EXAMPLES = 10


@click.command(
    name="audit",
    short_help="say what the parts of a split share: speakers, sentences, audio",
)
@click.argument("audited", metavar="[WHAT]", required=False)
@click.option("--task", "task_name", help="The task or TOML file whose clips a split file divides.")
@click.option(
    "--division", "division_names", multiple=True, help="Only this published division; repeatable."
)
@click.option(
    "--kinds",
    help="Comma list of speaker, role, session, dialogue, sentence, audio (equal), "
    "near-duplicate (default: all).",
)
@click.option("--no-audio", is_flag=True, help="Look at labels and names only.")
@click.option(
    "--list", "as_list", is_flag=True, help="List all shared clips, not the first ten of each kind."
)
@click.option(
    "--strict",
    is_flag=True,
    help="Exit 1 if a test clip shares anything (of --kinds) with training.",
)
@click.option(
    "--splits", type=click.Path(path_type=Path), help="Remake a page: folder with one csv a corpus."
)
@click.option(
    "--about",
    type=click.Path(path_type=Path),
    help="With --splits: TOML file with its prose and sources.",
)
@click.option("--out", type=click.Path(path_type=Path), help="With --splits: the page to write.")
@_common.data_option
@_common.wide_option
@_common.json_option
def command(
    audited: str | None,
    task_name: str | None,
    division_names: tuple[str, ...],
    kinds: str | None,
    no_audio: bool,
    as_list: bool,
    strict: bool,
    splits: Path | None,
    about: Path | None,
    out: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Audit WHAT: the published divisions of a task, or with --task a split file of your own.

    A split file is a csv with the id or path of each clip and its part (train, dev, test; or a
    number of folds). Audio is looked at where the corpus is here: equal recordings, and
    near-duplicates by a fingerprint.
    """
    if splits is not None:
        if audited is not None or out is None:
            raise UsageError(
                "--splits makes a page of a folder: give --out FILE with it, and no task or file"
            )

        _make_page(splits, about, out, data, not no_audio)
        return
    if audited is None:
        raise UsageError(
            "nothing to audit: give a task, or a split file and --task; 'mserbench tasks' lists "
            "the tasks"
        )

    looked = _kinds(kinds)
    material, audits = _audited(audited, task_name, division_names, data, not no_audio)
    from mserbench.auditing.audit import inside

    within = inside(material.entries)
    if as_json:
        _common.print_json(_record(material, audits, within, looked))
    else:
        _show(material, audits, within, looked, None if as_list else EXAMPLES)

    if strict and any(
        comparison.shared(looked) for audit in audits for comparison in audit.comparisons
    ):
        raise click.exceptions.Exit(1)


def _audited(
    audited: str,
    task_name: str | None,
    division_names: Sequence[str],
    data: Path | None,
    audio: bool,
) -> tuple[Material, list[Audit]]:
    from mserbench.auditing import gathering
    from mserbench.data import lookup

    if task_name is None and Path(audited).suffix.lower() in (".csv", ".tsv", ".gz"):
        raise UsageError(
            f"split file {audited!r} divides the clips of a task: say which one with --task NAME"
        )
    if task_name is not None and division_names:
        raise UsageError(
            f"--division names a published division, but {audited!r} is a split file: give one of "
            "both"
        )

    task = lookup.task(task_name or audited)

    def divided(material: Material) -> list[Audit]:
        if task_name is not None:
            return [gathering.divided_by_file(material, Path(audited))]

        names = division_names or tuple(material.source.card.divisions)
        return [gathering.divided(material, name) for name in names]

    material = gathering.load(task, data, audio=False)
    # Once without audio: what is wrong with the request must not wait for the audio.
    audits = divided(material)
    if audio:
        with _common.progress("looking at audio") as report:
            material = gathering.load(task, data, True, report)

        audits = divided(material)

    return material, audits


def _make_page(splits: Path, about: Path | None, out: Path, data: Path | None, audio: bool) -> None:
    from mserbench.auditing import page
    from mserbench.disk.files import write_atomic

    with _common.progress("looking at audio") as report:
        text = page.make(splits, about, data, audio, report)

    write_atomic(out, text)
    _common.say(f"{out}: {text.count(chr(10))} lines")


def _kinds(text: str | None) -> tuple[str, ...]:
    from mserbench.auditing.overlaps import KINDS
    from mserbench.errors import UnknownName

    kinds = KINDS if text is None else tuple(_common.names(text, "kinds"))
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName("kind", kind, KINDS, "'mserbench audit --help'")

    return kinds


def _show(
    material: Material,
    audits: Sequence[Audit],
    within: Inside,
    kinds: Sequence[str],
    most: int | None,
) -> None:
    card = material.source.card
    _common.say(f"{material.task.name}: {len(material.entries)} clips of {card.title}")
    for note in material.notes:
        _common.say(f"note: {note}")

    for audit in audits:
        _show_division(audit, kinds, most)

    if not audits:
        _common.say(
            f"corpus {card.name!r} has no published division: only what it holds twice, and "
            "confounds, are said"
        )

    _show_inside(within, most)
    if not audits:
        _show_confounds(within.confounds)


def _show_division(audit: Audit, kinds: Sequence[str], most: int | None) -> None:
    from mserbench.auditing.wording import cell, independence

    way = "each fold tested once" if audit.kind == "folds" else "each part against 'train'"
    _common.say(f"\ndivision {audit.title} ({way}{'; ' + audit.source if audit.source else ''})")
    if audit.nowhere:
        _common.say(f"{audit.nowhere} clip(s) of the task are in no part")

    if not audit.comparisons:
        _common.say("nothing to compare: fewer than two of its parts hold clips of the task")
        return

    known_kinds = [
        kind
        for kind in kinds
        if any(comparison.overlaps[kind].known for comparison in audit.comparisons)
    ]
    rows = [
        [
            comparison.title,
            comparison.tested,
            *(cell(comparison.overlaps[kind]) for kind in known_kinds),
        ]
        for comparison in audit.comparisons
    ]
    _common.print_table(rows, ["tested", "clips", *known_kinds], right=("clips",))
    _common.say("cells: clips whose value also occurs in training (values on both sides, of all)")

    if unknown := [kind for kind in kinds if kind not in known_kinds]:
        _common.say(f"not known of any clip: {', '.join(unknown)}")

    # Of folds the sum stands first: all folds with their clips would fill screens.
    for comparison in audit.comparisons if audit.kind == "split" else audit.comparisons[:1]:
        if "speaker" in kinds:
            _common.say(f"{comparison.title} is {independence(comparison.overlaps['speaker'])}")

        _show_items(comparison, kinds, most)
        _show_confounds(comparison.confounds)


def _show_items(comparison: Comparison, kinds: Sequence[str], most: int | None) -> None:
    for kind in comparison.shared(kinds):
        items = comparison.overlaps[kind].items
        # Where all clips are shared the table says so, and ten of them add nothing.
        if len(items) < comparison.tested or most is None:
            _common.say(f"{comparison.title}, {kind} also in training: {_listed(items, most)}")


def _listed(items: Sequence[str], most: int | None) -> str:
    listed = items if most is None else items[:most]
    more = f" and {len(items) - len(listed)} more (--list)" if len(items) > len(listed) else ""
    return ", ".join(listed) + more


def _show_inside(within: Inside, most: int | None) -> None:
    from mserbench.auditing.wording import inside_sentences

    _common.say("")
    for line in inside_sentences(within, most):
        _common.say(line)


def _show_confounds(confounds: Mapping[str, Confound]) -> None:
    from mserbench.auditing.wording import confound_sentence

    for confound in confounds.values():
        _common.say(confound_sentence(confound))


def _record(
    material: Material, audits: Sequence[Audit], within: Inside, kinds: Sequence[str]
) -> dict[str, Any]:
    return {
        "task": material.task.name, "corpus": material.source.card.name,
        "clips": len(material.entries),
        "notes": list(material.notes),
        "divisions": [
            {
                "name": audit.title, "kind": audit.kind, "source": audit.source,
                "in_no_part": audit.nowhere,
                "comparisons": [
                    _comparison_record(comparison, kinds) for comparison in audit.comparisons
                ],
            }
            for audit in audits
        ],
        "copies": [list(ids) for ids in within.copies],
        "copies_with_other_labels": within.contradicting,
        "near_duplicates": [list(pair) for pair in within.near],
        "audio_not_known": dict(within.unknown),
        "confounds": {
            kind: _confound_record(confound) for kind, confound in within.confounds.items()
        },
    }  # fmt: skip


def _comparison_record(comparison: Comparison, kinds: Sequence[str]) -> dict[str, Any]:
    overlaps = {kind: comparison.overlaps[kind] for kind in kinds}
    return {
        "tested": comparison.title, "clips": comparison.tested,
        "training_clips": comparison.trained,
        "overlaps": {
            kind: {
                "shared": len(overlap.items), "not_known": overlap.unknown, "clean": overlap.clean,
                "items": list(overlap.items),
                "values_on_both_sides": len(overlap.values), "values": overlap.of,
            }
            for kind, overlap in overlaps.items()
        },
        "confounds": {
            kind: _confound_record(confound) for kind, confound in comparison.confounds.items()
        },
    }  # fmt: skip


def _confound_record(confound: Confound) -> dict[str, Any]:
    return {
        "clips": confound.tested, "not_known": confound.unknown,
        "with_one_label": dict(confound.single),
        "clips_of_these": len(confound.items), "right_by_this_alone": confound.guessed,
        "right_by_majority": confound.majority,
    }  # fmt: skip
