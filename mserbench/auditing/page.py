"""The page that audits a folder of splits in common use, one table a corpus."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.auditing import gathering, split_file
from mserbench.auditing.audit import Audit, Comparison, Inside, audit, inside
from mserbench.auditing.overlaps import AUDIO, KINDS, NEAR, AuditedClip
from mserbench.auditing.wording import cell, confound_sentence, inside_sentences
from mserbench.contracts import Corpus
from mserbench.data import corpus, lookup
from mserbench.data.index import Progress
from mserbench.disk import outside
from mserbench.errors import DataError, UsageError, why
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry

SUFFIXES = (".csv", ".csv.gz")
COLUMNS = ("speaker", "session", "dialogue", "sentence", AUDIO, NEAR)
ABSENT = "audio not here"
EXAMPLES = 3


@dataclass(frozen=True)
class Section:
    """A corpus as audited by its table; `names` says whether ids may be shown."""

    title: str
    about: Mapping[str, Any]
    audit: Audit
    within: Inside
    names: bool

    def cell(self, comparison: Comparison, kind: str) -> str:
        """Return the cell of a kind; where the audio is not here it says so."""
        heard = self.within.unknown[AUDIO] < self.within.entries
        return cell(
            comparison.overlaps[kind],
            ABSENT if kind in (AUDIO, NEAR) and not heard else "not known",
        )


def make(
    splits: Path,
    about: Path | None,
    data: Path | None,
    audio: bool = True,
    progress: Progress | None = None,
) -> str:
    """Return the page (Markdown) on all tables of a folder that bear the name of a corpus.

    `about` is a TOML file with the prose: `title`, `intro`, `made`, and for each table of
    `[tables.NAME]` its `source`, `note` and `facts` (patterns that take a kind from a clip's name,
    where only the table is here). Raises UsageError and DataError with all that is wrong with a
    table.
    """
    prose = _about(about)
    tables = prose.get("tables", {})
    order = list(tables)
    # In the order of the prose; tables that it does not name follow.
    ordered = sorted(
        _tables(splits),
        key=lambda table: (order.index(table[0]) if table[0] in order else len(order), table[0]),
    )

    if not ordered:
        raise DataError(
            f"folder {str(splits)!r} holds no csv file that bears the name of a corpus: give "
            "another"
        )

    sections = [
        _section(name, path, tables.get(name, {}), data, audio, progress) for name, path in ordered
    ]
    lines = [
        f"# {prose.get('title', 'Audit of splits')}",
        "",
        *_paragraphs(prose, "intro"),
        *_overview(sections),
    ]
    for section in sections:
        lines += ["", *_lines(section)]

    return "\n".join([*lines, "", *_paragraphs(prose, "made")]).rstrip() + "\n"


def _about(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}

    try:
        return tomllib.loads(outside.read(path, outside.SETTINGS).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"file {str(path)!r} cannot be read as TOML ({why(error)}): give another --about"
        ) from error


def _tables(folder: Path) -> list[tuple[str, Path]]:
    """Return the tables of a folder whose name, but for punctuation, is that of a corpus."""
    if not folder.is_dir():
        raise DataError(f"folder of splits {str(folder)!r} does not exist: give another --splits")

    corpora = {_bare(name): name for name in registry.entries(CorpusEntry)}
    files = [path for path in sorted(folder.iterdir()) if path.name.endswith(SUFFIXES)]
    stems = [(_bare(path.name.split(".")[0]), path) for path in files]

    return [(corpora[stem], path) for stem, path in stems if stem in corpora]


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _section(
    name: str,
    path: Path,
    about: Mapping[str, Any],
    data: Path | None,
    audio: bool,
    progress: Progress | None,
) -> Section:
    source = lookup.corpus(name)
    # Ids are shown only where the project itself lists them.
    names = bool(corpus.inventory(source.card))
    try:
        entries, part_of, kind = _by_corpus(source, path, data, audio, progress)
    except gathering.NotHere:
        entries, part_of, kind = _by_table(path, about.get("facts", {}))

    parts = gathering.by_part(entries, part_of)
    nowhere = len(entries) - sum(map(len, parts.values()))
    audited = audit(
        "all folds" if kind == "folds" else "", kind, parts, about.get("source", ""), nowhere
    )

    return Section(source.card.title, about, audited, inside(entries), names)


def _by_corpus(
    source: Corpus, path: Path, data: Path | None, audio: bool, progress: Progress | None
) -> tuple[Sequence[AuditedClip], Mapping[str, str | None], Any]:
    """Take the facts from the corpus, and only the parts from the table."""
    utterances, root, _ = gathering.known_utterances(source, data)
    split = split_file.read(path, utterances)
    several = len(source.card.languages) > 1
    listed = [utterance for utterance in utterances if utterance.id in split.part_of]
    entries = [
        AuditedClip(utterance.id, utterance.raw_label, gathering.facts_of(utterance, several))
        for utterance in listed
    ]

    if root is not None and audio:
        entries, _ = gathering.hear(source, root, listed, entries, progress)

    return entries, split.part_of, split.kind


def _by_table(
    path: Path, patterns: Mapping[str, str]
) -> tuple[list[AuditedClip], Mapping[str, str | None], Any]:
    """Take everything from the table: the corpus is not here, and the project has no list of its
    names.
    """
    split = split_file.read(path)
    compiled = _patterns(patterns)
    entries = []

    for identity, values in split.values.items():
        facts = {kind: values[kind] for kind in KINDS if values.get(kind)}
        for kind, pattern in compiled.items():
            if match := pattern.search(identity):
                facts[kind] = match[1]

        entries.append(AuditedClip(identity, values.get("raw_label", ""), facts))

    return entries, split.part_of, split.kind


def _patterns(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    compiled = {}
    for kind, text in patterns.items():
        try:
            compiled[kind] = re.compile(text)
        except re.error as error:
            raise UsageError(
                f"pattern {text!r} of {kind!r} in --about is no expression ({why(error)}): mend it"
            ) from error

        if kind not in KINDS or compiled[kind].groups != 1:
            raise UsageError(
                f"pattern {text!r} of {kind!r} in --about must have one group, and be of "
                f"{', '.join(KINDS)}"
            )

    return compiled


def _paragraphs(prose: Mapping[str, Any], name: str) -> list[str]:
    text = str(prose.get(name, "")).strip()
    return [text, ""] if text else []


def _overview(sections: Sequence[Section]) -> list[str]:
    lines = [_row(["corpus", "tested clips", *COLUMNS]), _row(["---"] * (len(COLUMNS) + 2))]
    for section in sections:
        for whole in _wholes(section.audit):
            title = section.title.split(",")[0] + (
                "" if whole.title in ("test", "all folds") else f" ({whole.title})"
            )
            cells = [section.cell(whole, kind) for kind in COLUMNS]
            lines.append(_row([title, str(whole.tested), *cells]))

    return lines


def _wholes(audited: Audit) -> Sequence[Comparison]:
    """Return the comparisons to show in full: of folds the sum only."""
    return audited.comparisons if audited.kind == "split" else audited.comparisons[:1]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _lines(section: Section) -> list[str]:
    lines = [f"## {section.title}", ""]
    if section.about.get("source"):
        lines += [f"Split: {section.about['source']}.", ""]

    audited = section.audit
    folds = len(audited.comparisons) - 1 if audited.kind == "folds" else 0
    for whole in _wholes(audited):
        size = f"{folds} folds, each tested once" if folds else f"{whole.trained} clips to train"
        lines.append(f"- {whole.title}: {whole.tested} clips tested, {size}.")
        cells = [(kind, section.cell(whole, kind)) for kind in KINDS[:-2]]
        lines += [f"- {kind}: {text}." for kind, text in cells if text != "not known"]
        unknown = [kind for kind, text in cells if text == "not known"]
        lines += (
            [f"- Not known for any of {whole.tested}: {', '.join(unknown)}."] if unknown else []
        )
        lines += [
            f"- {_sentence(confound_sentence(confound, section.names))}"
            for confound in whole.confounds.values()
        ]

    lines += [f"- {audited.nowhere} clips are in no part."] if audited.nowhere else []
    lines += [
        f"- {_sentence(line)}" for line in inside_sentences(section.within, EXAMPLES, section.names)
    ]
    if section.about.get("note"):
        lines += ["", str(section.about["note"]).strip()]

    return lines


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
