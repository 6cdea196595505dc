"""The pages that a reader has, and what stands in them: commands, links, headings, paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

# A file to write is a block after a line that ends in its name.
FILE = re.compile(r"`(?P<name>[\w.]+)`\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page and its text."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def lines_of_shell(self) -> list[str]:
        """The lines of all blocks of shell, in order."""
        blocks = SHELL.finditer(self.text)
        return [line for block in blocks for line in block["text"].splitlines() if line.strip()]

    @property
    def commands(self) -> list[str]:
        """The `mserbench` commands of these lines without that word: also after a pipe, and where
        another program starts `-m mserbench`; what is written to a file is left off.
        """
        starts = re.compile(r"(?:^|\| |-m )mserbench (?P<words>[^|>]*)")
        matches = map(starts.search, self.lines_of_shell)
        return [match["words"].strip() for match in matches if match]

    @property
    def spoken(self) -> list[str]:
        """The `mserbench` commands in sentences, without that word; parts may be left out."""
        quoted = INLINE.findall(FENCED.sub("", self.text))
        flat = [" ".join(code.split()) for code in quoted]
        return [code.removeprefix("mserbench ") for code in flat if code.startswith("mserbench ")]

    @property
    def files(self) -> dict[str, str]:
        """The files that a reader is told to write."""
        return {match["name"]: match["text"] for match in FILE.finditer(self.text)}

    @property
    def links(self) -> list[str]:
        """The relative links, with their anchors."""
        return [link for link in LINK.findall(FENCED.sub("", self.text)) if "://" not in link]

    @property
    def anchors(self) -> set[str]:
        """The anchors of the headings, as the forge makes them."""
        titles = HEADING.findall(FENCED.sub("", self.text))
        slugs = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
        return {slug.replace(" ", "-") for slug in slugs}

    @property
    def paragraphs(self) -> Iterator[str]:
        """What stands between empty lines, without blocks and tables; each point of a list is a
        paragraph of its own.
        """
        for block in re.split(r"\n\s*\n|\n(?=- |\d+\. )", FENCED.sub("\n\n", self.text)):
            if block.strip() and not block.lstrip().startswith("|"):
                yield block


def page_named(name: str) -> Page:
    """Return the page of that path from the root."""
    return Page(ROOT / name)
