"""Whether the network is there: one short question, where a library would ask for long."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Set to anything but 0 or nothing: no network, what caches hold is used.
OFFLINE = "MSERBENCH_OFFLINE"
_HUB_OFFLINE = "HF_HUB_OFFLINE"
# Seconds; a name may stand for many addresses, each tried in turn.
_CONNECT, _READ, _IN_ALL = 3.0, 5.0, 8.0
_DOWN = (500, 502, 503, 504)


def is_offline() -> bool:
    """Whether the user wants no network for anything."""
    return _is_on(OFFLINE)


def is_hub_offline() -> bool:
    """Whether the user wants no network for the model hub."""
    return _is_on(OFFLINE) or _is_on(_HUB_OFFLINE)


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() not in ("", "0", "false", "no", "off")


def hub_fault(repository: str, kind: str = "models") -> str:
    """Return why the hub does not answer; empty where it does, whatever it says."""
    from huggingface_hub import constants

    faults: list[str] = []
    url = f"{constants.ENDPOINT}/api/{kind}/{repository}"
    # In a thread, as looking up a name has no time limit of its own.
    asking = threading.Thread(target=lambda: faults.append(_fault(url)), daemon=True)
    asking.start()
    asking.join(_IN_ALL)

    return faults[0] if faults else f"no answer for {_IN_ALL:g} s"


def _fault(url: str) -> str:
    """Ask once, and return what is wrong with the answer; empty where there is any."""
    import requests

    try:
        with requests.head(url, timeout=(_CONNECT, _READ), allow_redirects=False) as answer:
            return (
                f"HTTP {answer.status_code} {answer.reason}" if answer.status_code in _DOWN else ""
            )
    except requests.exceptions.SSLError:  # the hub's library may have other certificates
        return ""
    except requests.RequestException as error:
        return reason(error, _READ)


def reason(error: Exception, timeout: float) -> str:
    """Say in a few words why a request failed: the texts of the library are for its authors."""
    import requests

    if isinstance(error, requests.ConnectTimeout):
        return "no connection"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"nothing came for {timeout:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"

    errno = re.search(r"\[Errno -?\d+\] ([^'\")]+)", str(error))
    return errno[1] if errno else f"no connection, {type(error).__name__}"


def was_reached(error: Exception) -> bool:
    """Whether a server was there when a request failed: False without any connection."""
    import requests
    import urllib3

    cause = getattr(error.args[0], "reason", None) if error.args else None
    nowhere = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    return not isinstance(cause, nowhere) and not isinstance(error, requests.exceptions.ProxyError)


@contextmanager
def quiet_hub() -> Iterator[None]:
    """Keep warnings of the hub's library off stderr: a fault is said once, as an error."""
    from huggingface_hub import utils

    log: Any = utils.logging  # its functions have no types
    verbosity = log.get_verbosity()
    log.set_verbosity_error()

    try:
        yield
    finally:
        log.set_verbosity(verbosity)
