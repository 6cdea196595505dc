"""Licences of corpora by their names: their addresses, and whether ids and labels may be passed on.

Only a name in full counts. A text that says more, such as "CC BY 4.0 by a mirror", says something
that no table knows: it then counts as a licence that forbids.
"""

from __future__ import annotations

import re

# Both spellings are in use: that of the licence's own page, and that of SPDX.
_COMMONS = re.compile(r"CC[ -](?P<kind>BY(?:-NC)?(?:-SA|-ND)?)[ -](?P<version>\d\.\d)")
_ADDRESSES = {
    "CC0 1.0": ("https://spdx.org/licenses/CC0-1.0",),
    "CC0-1.0": ("https://spdx.org/licenses/CC0-1.0",),
    "MIT": ("https://spdx.org/licenses/MIT",),
    "ODbL 1.0, contents DbCL 1.0": (
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "https://opendatacommons.org/licenses/dbcl/1-0/",
    ),
}
PASSABLE = "CC0, CC BY (also with NC or SA), MIT, ODbL with DbCL"


def addresses(licence: str) -> tuple[str, ...]:
    """Return the addresses of a licence that is known by its name alone; empty for any other text.

    >>> addresses("CC BY-NC-SA 4.0"), addresses("free for research")
    (('https://creativecommons.org/licenses/by-nc-sa/4.0/',), ())
    """
    if match := _COMMONS.fullmatch(licence):
        kind = match["kind"].lower()
        return (f"https://creativecommons.org/licenses/{kind}/{match['version']}/",)

    return _ADDRESSES.get(licence, ())


def lets_labels_be_passed_on(licence: str) -> bool:
    """Say whether a list of a corpus's ids and labels may be written for others.

    >>> [lets_labels_be_passed_on(name) for name in ("CC0-1.0", "CC BY-ND 4.0", "unknown")]
    [True, False, False]
    """
    # Such a list is an extract, which a licence without derivatives (ND) does not allow.
    return bool(addresses(licence)) and "-ND" not in licence


def lets_audio_be_passed_on(licence: str) -> bool:
    """Say whether clips of a corpus, cut and resampled, may be passed on under its terms.

    >>> [lets_audio_be_passed_on(name) for name in ("CC0-1.0", "free for research")]
    [True, False]
    """
    # These are extracts too, and of a form that is not the publisher's.
    return lets_labels_be_passed_on(licence)
