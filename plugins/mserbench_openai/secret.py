"""The key of a server: read from the environment when it is sent, and taken out of every text."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mserbench.errors import UsageError

_HIDDEN = "***"
_SHORTEST = 8  # characters: a shorter text is no key, and taking it out would garble words


@dataclass(frozen=True)
class Secret:
    """A key by the name of the environment variable that holds it; the key itself is never kept."""

    variable: str

    @property
    def header(self) -> str:
        """What the header Authorization says; empty where there is no key.

        Raises UsageError, which does not show it, for a key that no header can hold.
        """
        key = self._key
        # A library would quote the key in its error.
        if not key.isascii() or not key.isprintable() or " " in key:
            raise UsageError(
                f"the key in ${self.variable} holds a space, a line end or a letter that no key "
                "has: copy it again"
            )

        return f"Bearer {key}" if key else ""

    def hide(self, text: str) -> str:
        """Return a text without the key: a server may repeat it in its errors and answers."""
        key = self._key
        return text.replace(key, _HIDDEN) if len(key) >= _SHORTEST else text

    @property
    def _key(self) -> str:
        return os.environ.get(self.variable, "").strip()

    @property
    def hint(self) -> str:
        """What to do where the server refuses."""
        if self._key:
            return f"check the key in ${self.variable}"
        return f"set ${self.variable} to a key, or name another variable by option key_from"
