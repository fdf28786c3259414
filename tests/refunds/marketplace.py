"""Sales of merchants, in both manners of Connect."""

from __future__ import annotations

from tests.merchants.connected_merchants import create_ready_merchant, sell
from tests.payments.driver import Till


def pay_by_destination_charge(till: Till, merchant: str | None = None) -> str:
    return _sell(till, merchant or create_ready_merchant(till))


def pay_by_direct_charge(till: Till, merchant: str | None = None) -> str:
    return _sell(till, merchant or create_ready_merchant(till, "direct"))


def _sell(till: Till, merchant: str) -> str:
    transaction = sell(till, merchant, amount=1099)
    assert till.read(transaction).phase == "complete"
    return transaction
