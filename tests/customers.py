"""A night in which everything can be told of a vendor's customers."""

from __future__ import annotations

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import ALL
from undertow.domain.customers.arms import Arms
from undertow.domain.customers.calls import Calls
from undertow.domain.customers.churn import Fit, Model
from undertow.domain.customers.iceberg import Heard
from undertow.domain.customers.night import CONTRASTS, ArmsBy, Compared, Customers, calls, hidden, silences
from undertow.domain.customers.silence import HORIZONS

FIT = Fit(Model("mbg", 0.5, 6.0, 0.9, 1.6, 7.0), -9582.13, 2_357, 946, 20, True)


def arms(n: int, silent: int, controls: int, expected: float) -> Arms:
    """Of independent customers, each seen once."""
    found = Arms(n=n, controls=controls, evenness=n * n / controls)
    found.customer(1, 1.0, expected, silent)
    found.customer(1, 0.0, expected, n - silent)
    return found


def night(contract: Contract, n: int = 400, silent: int = 160) -> Customers:
    """As of day 20,000: a quarter of comparable customers is silent, of this vendor's 40 % by default."""
    compared: tuple[Compared, ...] = (*CONTRASTS, "quiet")
    found: ArmsBy = {
        (name, segment, horizon): arms(n, silent, 2 * n, 0.25)
        for name in compared
        for segment in (ALL, *contract.segments)
        for horizon in HORIZONS
    }
    return Customers(
        today=20_000,
        customers=2_357,
        fit=FIT,
        seconds=0.25,
        fitted_at=1.7e9,
        left=812.5,
        silences=tuple(silences(contract.vendor, found, contract)),
        icebergs=(hidden(contract.vendor, found, Heard(n, n // 4, n // 20)),),
        calls=calls([Calls(contract.vendor, 7, 612.5)], {contract.vendor: contract}),
    )
