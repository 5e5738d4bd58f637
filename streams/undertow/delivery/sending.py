"""What every way of sending has in common: what it is given, and how it fails."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from undertow.delivery.items import Document
from undertow.delivery.schedule import Errand
from undertow.domain.agreement.delivery import Destination

MOST_BYTES = 20_000_000
"""Of one delivery: what is larger no mail server and few webhooks take."""


class NotSent(Exception):
    """It did not arrive, or nobody knows whether it did. ``final``: trying again would not help."""

    def __init__(self, words: str, *, final: bool = False) -> None:
        super().__init__(words[:300])
        self.final = final


class Send(Protocol):
    """One way of sending. Returns what the receiver answered; raises :class:`NotSent`, nothing else."""

    async def __call__(self, errand: Errand, documents: tuple[Document, ...]) -> str: ...  # noqa: D102


def secret(to: Destination, environment: Mapping[str, str] = os.environ) -> str:
    """The signing secret a destination names. Raises :class:`NotSent`, which says where it was looked for, never what it is."""
    if to.secret_file is not None:
        try:
            return Path(to.secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotSent(f"its secret cannot be read from {to.secret_file}: {type(error).__name__}") from None
    found = environment.get(to.secret_variable or "", "").strip()
    if not found:
        raise NotSent(f"its secret is not there: set {to.secret_variable}")
    return found
