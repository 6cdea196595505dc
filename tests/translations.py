"""The translations of the README held against it, section by section: what is behind, and why.

`python tests/translations.py` lists what is behind. `python tests/translations.py --seen fa "Run it"`
says that this section of docs/README.fa.md says again what the English one says.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from pages import DOCS, FENCED, INLINE, LINK, ROOT, Page, page_named

ORIGINAL = page_named("README.md")
STAMP = re.compile(r"^<!-- from (?P<hash>[0-9a-f]{8}) -->$", re.MULTILINE)
LIST_OF_LANGUAGES = re.compile(r"^\[.+\]\(\S*README\S*\.md\)$", re.MULTILINE)
FENCE_OR_TITLE = re.compile(r"^```.*?^```$|^(?P<title>#+ [^\n]*)$", re.MULTILINE | re.DOTALL)
# Rows of the board's table come from the runs; its first row alone is in the page's language.
RUNS = re.compile(r"(?<=\n)\|[ |-]+\|\n(?:\|.*\n)*(?=\n<!-- /board -->)")
# What a translation has and the original has not: its note, its stamp, its direction.
OWN = re.compile(r"^(?:>.*|<!-- from .*|</?div.*>)$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """What stands from a heading to the next, on a page."""

    page: Page
    title: str  # without its signs
    level: int
    text: str  # without its heading

    @property
    def prose(self) -> str:
        """The text without blocks of code, the list of languages, and what is a translation's own."""
        return OWN.sub("", LIST_OF_LANGUAGES.sub("", FENCED.sub("", self.text), count=1))

    @property
    def stamp(self) -> str:
        """The hash of what a translation is made from: words, not the breaks of lines.

        The figures of the board are left out: they change with every run.
        """
        text = RUNS.sub("", LIST_OF_LANGUAGES.sub("", self.text, count=1))
        return hashlib.sha256(" ".join([self.title, *text.split()]).encode()).hexdigest()[:8]

    @property
    def stamps(self) -> list[str]:
        """The stamps that stand in it: a translation has the one of what it was made from."""
        return STAMP.findall(self.text)


def sections(page: Page) -> list[Section]:
    """Return the sections of a page; the comments of a shell are no headings."""
    titles = [match for match in FENCE_OR_TITLE.finditer(page.text) if match["title"]]
    ends = [match.start() for match in titles[1:]] + [len(page.text)]
    return [
        Section(
            page,
            match["title"].lstrip("# "),
            match["title"].index(" "),
            page.text[match.end() : end],
        )
        for match, end in zip(titles, ends, strict=True)
    ]


# What a section and its translation share, whatever the language.


def numbers(section: Section) -> Iterator[str]:
    """Yield the numbers in prose, in digits of the West, with points: `۳٫۲` and `3,2` are 3.2."""
    prose = re.sub(r"\]\([^)]*\)", "]", section.prose)
    western = "".join(_western(character) for character in prose)
    yield from re.findall(r"\d+(?:\.\d+)*", re.sub(r"(?<=\d),(?=\d)", ".", western))


def _western(character: str) -> str:
    # Which sign parts thousands and which decimals is the language's affair.
    if character in "٫٬":
        return "."

    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def targets(section: Section) -> Iterator[str]:
    """Yield where the links lead: addresses as they are, files as from the root."""
    for link in LINK.findall(section.prose):
        name, anchor_sign, anchor = link.partition("#")
        if "://" not in link:
            path = (section.page.path.parent / name).resolve()
            name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else name
        yield f"{name}{anchor_sign}{anchor}"


def tables(section: Section) -> Iterator[tuple[int, int]]:
    """Yield rows and columns of each table."""
    for table in re.findall(r"(?:^\|.*\n)+", section.prose, re.MULTILINE):
        rows = table.splitlines()
        yield from {(len(rows), row.count("|") - 1) for row in rows}


def parts(section: Section) -> Iterator[str]:
    """Yield of each block of prose what it is: a paragraph, or a point of a list."""
    for block in re.split(r"\n\s*\n|\n(?=- )", re.sub(r"^\|.*$", "", section.prose, flags=re.M)):
        if block.strip() and not block.lstrip().startswith("<!--"):
            yield "point" if block.lstrip().startswith("- ") else "paragraph"


def emphases(section: Section) -> Iterator[str]:
    """Yield the signs of emphasis, without those of what is shown as code."""
    yield from re.findall(r"\*+", INLINE.sub("", section.prose))


ORDERED: dict[str, Callable[[Section], Iterator[Hashable]]] = {
    "level of the heading": lambda section: iter([section.level]),
    "blocks of code": lambda section: iter(FENCED.findall(section.text)),
    "tables (rows, columns)": tables,
    "paragraphs and points": parts,
}
# A sentence of another language may turn these around.
UNORDERED: dict[str, Callable[[Section], Iterator[Hashable]]] = {
    "words in `code`": lambda section: iter(INLINE.findall(section.prose)),
    "numbers": numbers,
    "links": targets,
    "signs of emphasis": emphases,
}


def differences(original: Section, translated: Section) -> Iterator[str]:
    """Yield what a translated section has otherwise than the original."""
    for name, of in ORDERED.items():
        expected, actual = list(of(original)), list(of(translated))
        if expected != actual:
            yield f"{name}: {_short(actual)}, expected {_short(expected)}"

    for name, of in UNORDERED.items():
        expected, actual = Counter(of(original)), Counter(of(translated))
        if expected != actual:
            missing, more = [*(expected - actual)], [*(actual - expected)]
            yield f"{name}: lacks {_short(missing)}, has besides {_short(more)}"


def _short(values: Sequence[Hashable]) -> str:
    text = ", ".join(map(repr, values)) or "none"
    return text if len(text) <= 300 else f"{text[:300]} ..."


def behind(page: Page, original_page: Page = ORIGINAL) -> list[str]:
    """Return what a translation has otherwise than README.md, with what to do."""
    originals, translated = sections(original_page), sections(page)
    if len(originals) != len(translated):
        titles = ", ".join(section.title for section in originals)
        return [
            f"{page.name}: it has {len(translated)} headings, expected these "
            f"{len(originals)} of {original_page.name}, in that order: {titles}"
        ]

    faults = []
    for original, section in zip(originals, translated, strict=True):
        place = f"{page.name}, {original.title!r}"
        faults += [f"{place}: {difference}" for difference in differences(original, section)]
        if section.stamps != [original.stamp]:
            faults.append(
                f"{place}: that section of {original_page.name} is not what it was made from: "
                "translate what changed, then "
                f"`python tests/translations.py --seen {language_of(page)} {original.title!r}`"
            )

    return faults


def language_of(page: Page) -> str:
    """Return the code in the name of a translation."""
    return page.path.name.split(".")[1]


def translations() -> list[Page]:
    """Return the translated pages, by their code."""
    return [Page(path) for path in sorted(DOCS.glob("README.*.md"))]


def mark_seen(page: Page, title: str) -> str:
    """Return the text of a translation with the stamp of one section renewed.

    Raises ValueError where no section of README.md has that title, or the translation has other
    sections or not one stamp there.
    """
    originals, translated = sections(ORIGINAL), sections(page)
    titles = [section.title for section in originals]
    if title not in titles:
        raise ValueError(f"{ORIGINAL.name} has no section {title!r}: expected one of {titles}")

    number = titles.index(title)
    if len(translated) != len(originals) or len(translated[number].stamps) != 1:
        raise ValueError(
            f"{page.name} has other headings than {ORIGINAL.name}, or not one line "
            f"`<!-- from 00000000 -->` below that for {title!r}: add what is missing"
        )

    text = translated[number].text
    renewed = STAMP.sub(f"<!-- from {originals[number].stamp} -->", text)
    return page.text.replace(text, renewed, 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """List what is behind, or renew stamps; return 1 where something is wrong."""
    parser = argparse.ArgumentParser(description="What the translations of README.md lack.")
    parser.add_argument("--seen", metavar="LANGUAGE", help="a section of this one is up to date")
    parser.add_argument("titles", nargs="*", metavar="TITLE", help="its heading in README.md")
    chosen = parser.parse_args(arguments)
    if bool(chosen.seen) != bool(chosen.titles):
        parser.error("--seen wants a language and the English headings of its sections")

    for title in chosen.titles:
        page = page_named(f"docs/README.{chosen.seen}.md")
        try:
            page.path.write_text(mark_seen(page, title), encoding="utf-8")
        except (OSError, ValueError) as error:
            print(error)
            return 1

    faults = [fault for page in translations() for fault in behind(page)]
    print("\n".join([*faults, f"{len(translations())} translation(s), {len(faults)} fault(s)"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
