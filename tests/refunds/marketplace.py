"""Sales of merchants, in both manners of Connect."""

from __future__ import annotations

from tests.merchants.connected_merchants import create_ready_merchant, sell
from tests.payments.driver import PaymentDriver


def pay_by_destination_charge(driver: PaymentDriver, merchant: str | None = None) -> str:
    return _sell(driver, merchant or create_ready_merchant(driver))


def pay_by_direct_charge(driver: PaymentDriver, merchant: str | None = None) -> str:
    return _sell(driver, merchant or create_ready_merchant(driver, "direct"))


def _sell(driver: PaymentDriver, merchant: str) -> str:
    transaction = sell(driver, merchant, amount=1099)
    assert driver.read(transaction).phase == "complete"
    return transaction
