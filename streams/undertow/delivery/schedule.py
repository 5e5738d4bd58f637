"""What is to be delivered when: a pure function of statements, contracts and what is recorded. Times in seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from msgspec import Struct

from undertow.delivery.items import Issued, Recorded, key
from undertow.domain.agreement.contract import Contract
from undertow.domain.agreement.delivery import Destination

_EPOCH = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a date's ordinal has no zone


class Backoff(Struct, frozen=True):
    """How long to wait after a failure, and how often to try at all."""

    first: float = 5.0
    """Seconds after the first failure; doubled with each further one."""
    longest: float = 6 * 3600.0
    most: int = 24
    """Attempts, after which a person has to look: about four days."""

    def wait(self, key: str, attempts: int) -> float:
        """Seconds after so many failures: between half and all of the doubled wait, so that receivers recover unhurried.

        Which part is told by the key: two deliveries differ, and a restart changes nothing.
        """
        whole = min(self.longest, self.first * 2.0 ** min(attempts - 1, 60))
        part = int.from_bytes(sha256(f"{key}{attempts}".encode()).digest()[:4]) / 2**32
        return whole * (0.5 + 0.5 * part)


class Errand(Struct, frozen=True):
    """One delivery still to be made, not before ``ready``, after so many attempts."""

    issued: Issued
    to: Destination
    key: str
    ready: float
    attempts: int = 0


def errands(
    issued: Iterable[Issued], contracts: Mapping[str, Contract], recorded: Mapping[str, Recorded], backoff: Backoff
) -> list[Errand]:
    """What is left to do, the first to do first. ``recorded`` by key: what was delivered, or given up, is not among it."""
    found = []
    for one in issued:
        contract = contracts.get(one.vendor)
        if contract is None:
            continue
        terms, ended = contract.delivery, ends(one, contract)
        if terms.since is not None and ended <= terms.since:
            continue
        for to in terms.to:
            name = key(one, to)
            last = recorded.get(name)
            if last is None:
                found.append(Errand(one, to, name, ended + terms.after))
            elif last.state == "failed" and last.attempts < backoff.most:
                found.append(Errand(one, to, name, last.at + backoff.wait(name, last.attempts), last.attempts))
    return sorted(found, key=lambda errand: (errand.ready, errand.key))


def ends(issued: Issued, contract: Contract) -> float:
    """When a statement's period was over: midnight after its last day, in the contract's zone."""
    day = datetime.fromordinal(issued.last_day + 1 + _EPOCH)
    return day.replace(tzinfo=ZoneInfo(contract.time_zone)).timestamp()
