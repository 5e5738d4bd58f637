"""Pseudonyms of customers: a keyed hash, so that nobody without the key can tell who is meant, or try names out.

The same customer has the same pseudonym in everything one vendor gets, and another one in what another vendor gets. There
is no default key: whoever knows it can undo all of this by trying every customer. What a finding's id tells beside it stands in
``deploy/privacy.md``.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

KEY: Final = "UNDERTOW_PSEUDONYM_KEY"
KEY_FILE: Final = "UNDERTOW_PSEUDONYM_KEY_FILE"
SHORTEST: Final = 32
"""Characters of a key: 128 bits as hexadecimal digits."""
DIGITS: Final = 16
"""Hexadecimal digits of a pseudonym: two of a million customers share one with a chance below 1 in 30 million."""
_HOW: Final = (
    f"make one once with '(umask 077; openssl rand -hex 32 > pseudonym.key)', keep it secret and keep it (another key gives "
    f"other pseudonyms), and set {KEY_FILE} to the file, or {KEY} to its content"
)


class NoKey(Exception):
    """There is no key, or none that could protect anybody; the message says how to make one."""


class Pseudonyms:
    """Customers by pseudonym. The key is shown nowhere, ``repr`` included."""

    def __init__(self, key: str) -> None:
        """Raises :class:`NoKey` for one that is too short to protect anybody."""
        key = key.strip()
        if len(key) < SHORTEST or len(set(key)) < 8:
            raise NoKey(f"the key for pseudonyms is too short or too plain: {_HOW}")
        self._key = key.encode()
        self._known: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return "Pseudonyms()"

    def of(self, vendor: str, customer: str | None) -> str | None:
        """The customer's pseudonym in what this vendor gets; None for nobody."""
        if customer is None:
            return None
        known = self._known.get((vendor, customer))
        if known is None:
            said = hmac.new(self._key, f"{vendor}\0{customer}".encode(), sha256).hexdigest()
            known = self._known[vendor, customer] = f"c-{said[:DIGITS]}"
        return known


def pseudonyms(environment: Mapping[str, str] = os.environ, file: Path | None = None) -> Pseudonyms:
    """By the key in ``file``, else as the environment says. Raises :class:`NoKey`, ``OSError`` for an unreadable file."""
    named = file if file is not None else environment.get(KEY_FILE)
    if named:
        return Pseudonyms(Path(named).read_text(encoding="utf-8"))
    if said := environment.get(KEY):
        return Pseudonyms(said)
    raise NoKey(f"customers leave the company under pseudonyms only, and there is no key for them: {_HOW}")
