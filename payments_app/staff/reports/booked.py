"""booked: the figures of a period as a report says them: orders, and money from gross to net."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from payments_app.core.money import Money
from payments_app.ledger.models import (
    CONNECTED_BALANCES,
    DISPUTES,
    REFUNDS,
    SALES,
    STRIPE_BALANCE,
    STRIPE_FEES,
)
from payments_app.staff.payments.overview import percent
from payments_app.staff.reports.figures import ORDERS, ORDERS_PAID

_SHARES = "Merchants' shares"


@dataclass(frozen=True)
class Booked:
    """Orders that were begun, those of them that are paid, and what was posted in the period."""

    orders: int
    paid: int
    rate: str
    gross: Money
    refunds: Money
    disputes: Money
    fees: Money
    merchants: Money
    net: Money

    def lines(self) -> list[tuple[str, Money]]:
        """From gross to net; merchants' shares only where there are any."""
        return [
            (name, amount)
            for name, amount in self._all.items()
            if name != _SHARES or self.merchants.amount
        ]

    def line(self, name: str) -> Money:
        """One of them."""
        return self._all[name]

    @property
    def _all(self) -> dict[str, Money]:
        return {
            "Gross": self.gross,
            "Refunds": self.refunds,
            "Disputes": self.disputes,
            "Stripe's fees": self.fees,
            _SHARES: self.merchants,
            "Net": self.net,
        }


def booked(sums: Counter[str], currency: str) -> Booked:
    """What `figures` of some days came to, in that currency. What went out is negative."""
    return Booked(
        orders=sums[ORDERS],
        paid=sums[ORDERS_PAID],
        rate=percent(sums[ORDERS_PAID], sums[ORDERS]),
        gross=Money(-sums[SALES], currency),
        refunds=Money(-sums[REFUNDS], currency),
        disputes=Money(-sums[DISPUTES], currency),
        fees=Money(-sums[STRIPE_FEES], currency),
        merchants=Money(-sums[CONNECTED_BALANCES], currency),
        net=Money(sums[STRIPE_BALANCE], currency),
    )
