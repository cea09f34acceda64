"""What a server and whoever asks it must agree on, beside the shapes themselves."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from urllib.parse import quote, unquote

from SimpleBankingSystem.ledger.errors import InvalidCommand

PREFIX = "/api/v1"

KEY = "Idempotency-Key"

KINDS = {"text/csv": "csv", "application/x-ndjson": "jsonl"}
"""The extension of a command file by the content type that it is sent with."""

HOLDER = "Bank-Holder"
"""The header by which a request is meant for one process only: the one that holds some books."""

_ENCODED = "UTF-8''"
"""How a text that is not ASCII begins in a header (RFC 8187)."""


@lru_cache(1024)
def variable(header: str) -> str:
    """Return where a request's environment has a header (PEP 3333).

    ``Content_Length``, with an underscore, is a header like any other: no server goes by it.
    """
    name = header.upper().replace("-", "_")
    is_known = header.upper() in {"CONTENT-TYPE", "CONTENT-LENGTH"}
    return name if is_known else f"HTTP_{name}"


def this_process() -> str:
    """Name this process so that no other on any machine is meant."""
    return f"{os.getpid()} {socket.gethostname()}"


def key_header(key: str) -> str:
    """Return a key as it stands in a header."""
    readable = key.isascii() and key.isprintable() and key == key.strip()
    plain = readable and not key.startswith(_ENCODED)
    return key if plain else _ENCODED + quote(key, safe="")


def key_given(header: str | None) -> str:
    """Return the key that a header gives; blank where there is none.

    Raises:
        InvalidCommand: it is empty, as it also is when the server could not read it: a command
            that somebody wanted to give once must not be carried out without its key.
    """
    if header is None:
        return ""
    try:
        key = header
        if header.startswith(_ENCODED):
            key = unquote(header.removeprefix(_ENCODED), errors="strict")
    except UnicodeDecodeError:
        key = ""
    if not key:
        reason = f"must be given once, in ASCII or encoded as in {_ENCODED}k%C3%A4se, and not empty"
        raise InvalidCommand({KEY: reason})
    return key
