"""Tags of languages (BCP 47): whether one names a language that there is, and which tags are one
language to the verdict.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

UNDECLARED = "und"
UNNAMED = frozenset({"mul", "und", "mis", "zxx"})
"""Several, undetermined, without a code, none at all: codes that name no language."""

_FORM = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_PRIVATE = re.compile(r"q[a-t][a-z]")  # ISO 639 leaves these to everybody: they mean nothing here
_LONGEST = 35  # letters, as BCP 47 (RFC 5646, 4.4.1) asks programs to bear

# The codes of two letters, so that the table of all, which is slow to import, is seldom needed.
_SHORT = frozenset(
    re.findall(
        r"\w+",
        "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu "
        "cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi "
        "ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km "
        "kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na "
        "nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd "
        "se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw "
        "ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ",
    )
)

# Members of two letters of the macrolanguages of ISO 639-3; longer ones are looked up.
_SHORT_MEMBERS = {
    "bs": "sh", "hr": "sh", "sr": "sh", "id": "ms", "in": "ms", "nb": "no", "nn": "no", "tw": "ak",
}  # fmt: skip

_DIALECTS = {
    **dict.fromkeys(["bar", "gsw", "hrx", "ksh", "pdc", "pfl", "sli", "swg", "sxu"], "de"),
    **dict.fromkeys(["vmf", "wae"], "de"),
    **dict.fromkeys(["egl", "lij", "lmo", "nap", "pms", "rgn", "scn", "vec"], "it"),
    **dict.fromkeys(["vls", "zea"], "nl"),
    "sco": "en", "ext": "es",
}  # fmt: skip
"""Varieties with a code of their own that no macrolanguage holds. Our choice, on the strict side:
who trained on Bavarian or Swiss German may not call German unseen.
"""


@functools.cache
def is_language(tag: object) -> bool:
    """Whether this is the tag of a language that there is: two or three letters, perhaps with a
    region or a script.

    `mul` and `und` are tags too, though they name no language (`UNNAMED`).
    """
    if not isinstance(tag, str) or len(tag) > _LONGEST or not _FORM.fullmatch(tag):
        return False
    if tag in _SHORT:
        return True
    if _PRIVATE.fullmatch(tag.partition("-")[0]):
        return False

    import langcodes

    return langcodes.tag_is_valid(tag)


def fault(tags: Iterable[object]) -> str:
    """Return what is wrong with tags of languages, "" for nothing."""
    wrong = [tag for tag in tags if not (isinstance(tag, str) and is_language(tag))]
    if not wrong:
        return ""

    named = ", ".join(f"{str(tag)[:_LONGEST]!a}" for tag in wrong[:3])
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return (
        f"{named}{more} is no language that there is: a code of ISO 639 such as 'de' or 'cmn', "
        f"or 'de-AT', was expected"
    )


@functools.cache
def group(tag: str) -> str:
    """Return the language of a tag as the verdict counts it, in its shortest code: `de` of `de-AT`,
    `deu` and `gsw`, `zh` of `cmn`, `no` of `nb`.

    What is no tag is its own language; nothing is raised.
    """
    first = tag.partition("-")[0].casefold()
    if len(first) == 2 and first == tag.casefold():
        return _SHORT_MEMBERS.get(first, first)

    import langcodes
    from langcodes.data_dicts import MACROLANGUAGES

    try:
        short = langcodes.standardize_tag(tag).partition("-")[0].casefold()
    except ValueError:  # LanguageTagError
        short = first

    return _DIALECTS.get(short, MACROLANGUAGES.get(short, short))


def are_named(tags: Iterable[str]) -> bool:
    """Whether tags name languages at all, and each of them does."""
    groups = [group(tag) for tag in tags]
    return bool(groups) and UNNAMED.isdisjoint(groups)
