"""Who made a corpus and in which year, as its citation begins and ends: names first, one year."""

from __future__ import annotations

import re

# Initials and surnames: "C.-C. Lee", "P. Jamshid Lou".
_NAME = r"(?:[^\W\d_]\.[ -]?)+[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)*?"
# The last name is followed by the title, not by a further name: a list that is cut short
# ("A. First, B. Second et al.") would pass for all authors.
_AUTHORS = re.compile(rf"(?P<names>{_NAME}(?:, {_NAME})*(?: and {_NAME})?)(?=, (?![^\W\d_]\.))")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def authors(citation: str) -> tuple[str, ...]:
    """Return the authors that a citation begins with; empty where they cannot be told apart.

    >>> authors("S. R. Livingstone and F. A. Russo, The Ryerson Database, PLoS ONE 13(5), 2018")
    ('S. R. Livingstone', 'F. A. Russo')
    """
    match = _AUTHORS.match(citation)
    return tuple(re.split(r", | and ", match["names"])) if match else ()


def year(citation: str) -> str | None:
    """Return the year in a citation, as a date of ISO 8601; None where it names none or several.

    >>> year("A Database of German Emotional Speech, Interspeech 2005, pp. 1517-1520")
    '2005'
    """
    years = set(_YEAR.findall(citation))
    return years.pop() if len(years) == 1 else None
