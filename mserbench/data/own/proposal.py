"""A TOML file proposed for a folder of recordings, and what a person must still say."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from mserbench.data.audio import SUFFIXES, is_audio
from mserbench.data.own import audformat as own_audformat
from mserbench.data.own import (
    proposed_audformat,
    proposed_names,
    proposed_parquet,
    proposed_table,
    proposed_toml,
    readme,
    recognised,
)
from mserbench.data.own.findings import Findings
from mserbench.data.shards.names import ENDING
from mserbench.data.trees import Folder
from mserbench.errors import DataError

_WIDEST = 60  # characters of a raw label that a sentence shows


@dataclass(frozen=True)
class Proposal:
    """What was found in a folder, to be written as TOML once the language is known.

    `refusal` says why that is no task yet: what is written is then a skeleton to be completed.
    """

    folder: Path
    findings: Findings
    files: int
    refusal: str = ""
    reasons: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """What was seen, for people."""
        labels = ", ".join(
            f"{raw[:_WIDEST] or '(blank)'} {n}" for raw, n in self.findings.labels.items()
        )
        what = "recordings" if "parquet" in self.findings.source else "audio files"
        sentences = [f"{self.files} {what}", *self.findings.sentences]
        return [*sentences, f"labels: {labels}"] if labels else sentences

    @property
    def knows_language(self) -> bool:
        """Whether the folder itself names the language."""
        return "language" in self.findings.columns or len(self.findings.languages) == 1


def examine(folder: Path) -> Proposal:
    """Look at names, tables and Parquet columns of a folder, not at its audio.

    Raises DataError where there is nothing to propose for: no folder, no audio, a database whose
    header cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"{str(folder)!r} is no folder: give the one that holds the recordings")

    names = Folder(folder).names
    audio = [name for name in names if is_audio(name)]
    if own_audformat.HEADER in names:
        return _with_labels(Proposal(folder, proposed_audformat.find(folder), len(audio)))
    if not audio and any(name.lower().endswith(ENDING) for name in names):
        of_shards, n_rows = proposed_parquet.find(folder)
        readme.add_facts(of_shards, folder, names)
        return _with_labels(Proposal(folder, of_shards, n_rows))
    if not audio:
        raise DataError(
            f"folder {str(folder)!r} holds no audio file: {', '.join(sorted(SUFFIXES))} were "
            "looked for"
        )

    # Names of files come last: a table was written for this purpose, names often were not.
    search = proposed_table.find(folder, names, audio)
    findings = search.findings
    if findings is None:
        findings = proposed_names.find(audio)
        if findings is not None:
            findings.doubts += [f"not taken: {reason}" for reason in search.reasons]

    proposal = Proposal(folder, findings or Findings({}, {}, {}), len(audio))
    readme.add_facts(proposal.findings, folder, names)
    recognised.add_family(proposal.findings, audio)
    if findings is None:
        return _refused(proposal, _no_labels(proposal, search.reasons), search.reasons)

    return _with_labels(proposal)


def _no_labels(proposal: Proposal, reasons: list[str]) -> str:
    if reasons:
        more = f" (and {len(reasons) - 3} more)" if len(reasons) > 3 else ""
        return (
            f"no labels for the {proposal.files} audio files of {str(proposal.folder)!r}: "
            f"{'; '.join(reasons[:3])}{more}; nor are there emotion words in the names of files"
        )

    return (
        f"no labels were found for the {proposal.files} audio files of "
        f"{str(proposal.folder)!r}: an audformat database, a csv, tsv or jsonl table with a "
        "column of their paths and one of emotions, and emotion words in the names of files or "
        f"folders were looked for{_beside(proposal.folder)}"
    )


def _beside(folder: Path) -> str:
    """Return what names a table that lies beside a folder; empty where none does."""
    # A table is often kept apart from the recordings that it lists.
    above, names = folder.absolute().parent, []
    with contextlib.suppress(OSError):
        names = [path.name for path in above.iterdir() if path.suffix in proposed_table.ENDINGS]

    if not names:
        return ""

    parent = os.path.relpath(above)
    return f"; {min(names)!r} lies beside that folder: 'mserbench init-task {parent}' looks at both"


def _refused(proposal: Proposal, refusal: str, reasons: list[str]) -> Proposal:
    # Reasons stand in the refusal already; what else was seen helps to complete the skeleton.
    hints = [text for text in proposal.findings.doubts if text not in reasons]
    return Proposal(proposal.folder, proposal.findings, proposal.files, refusal, [refusal, *hints])


def _with_labels(proposal: Proposal) -> Proposal:
    """Refuse a question that would have fewer than two labels."""
    findings = proposal.findings
    labels = sorted(
        {proposed_toml.label_of(raw, findings.meanings)[0] for raw in findings.labels} - {"DROP"}
    )
    if len(labels) < 2:
        refusal = (
            f"the recordings of {str(proposal.folder)!r} have the labels {labels} by "
            f"{findings.source}, but a question needs two or more: look at the table, or write the "
            "TOML file by hand (docs/your-own-corpus.md)"
        )
        return _refused(proposal, refusal, [])

    return proposal


def write(proposal: Proposal, target: Path, name: str, language: str) -> str:
    """Return the text of the TOML file `target`; that of a skeleton where there is a refusal.

    `language` is a code, or empty where the folder names it.
    """
    if not proposal.refusal:
        return proposed_toml.write(proposal.findings, proposal.folder, target, name, language)

    return proposed_toml.skeleton(
        proposal.findings, proposal.folder, target, name, language, proposal.reasons
    )
