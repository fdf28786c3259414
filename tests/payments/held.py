"""Held: payments whose money a card holds, until somebody captures it in Stripe's dashboard."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.customers.find import customer_for
from payments_app.payments.connect.account import account_of
from payments_app.payments.payable import find_payable
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from tests.inbound.webhook_sender import WebhookSender
from tests.merchants.connected_merchants import api
from tests.payments.driver import PaymentDriver

WORDS = "$15.00 of $25.00 captured"


class Held:
    """Somebody at the shop sets an intent of ours to manual capture at Stripe, before it is
    confirmed, and captures a part of it later."""

    def __init__(self, driver: PaymentDriver) -> None:
        self.driver = driver
        self.post = WebhookSender(driver)

    def pay(self, captured: int = 1500, amount: int = 2500, order: str | None = None) -> str:
        """A payment of `amount` of which `captured` was taken, with all that is due done."""
        transaction = self.hold(amount, order)
        self.capture(transaction, captured)
        self.tell(transaction)
        self.driver.work()
        return transaction

    def hold(self, amount: int = 2500, order: str | None = None) -> str:
        """A payment that its bank allowed, and that nobody has captured."""
        return self._hold(self._open(order or self.driver.create_order(amount)))

    def capture_of(self, transaction: str, captured: int) -> None:
        """The same of a payment that was opened, and not sent yet."""
        self._hold(transaction)
        self.capture(transaction, captured)
        self.tell(transaction)
        self.driver.work()

    def _hold(self, transaction: str) -> str:
        driver = self.driver
        driver.fail_stripe("409_in_flight", "/confirm$", times=1)
        driver.work("charges")
        driver.mend_stripe()
        self._stripe(transaction, "", capture_method="manual")
        driver.make_due("charge")
        driver.work("charges")
        assert driver.read(transaction).phase == "awaiting_bank"
        return transaction

    def _open(self, payable: str) -> str:
        if payable.startswith("ord_"):
            return self.driver.open(order=payable)
        return _open(payable)

    def capture(self, transaction: str, amount: int, **more: object) -> None:
        self._stripe(transaction, "/capture", amount_to_capture=amount, **more)

    def tell(self, transaction: str) -> None:
        """Stripe's events of the capture, and of what it let go."""
        row = self.driver.read(transaction)
        if account_of(row):
            self.driver.make_due("look_up")  # the events of their account are not listed on ours
            self.driver.work("charges")
            return
        charge = self.driver.sandbox("GET", f"/v1/payment_intents/{row.stripe_payment_id}")
        self.post.send(self.post.told("payment_intent.succeeded", row.stripe_payment_id))
        if charge["amount_received"] < charge["amount"]:
            self.post.send(self.post.told("charge.refunded", charge["latest_charge"]))

    def change_at_stripe(self, transaction: str, **fields: object) -> None:
        """Stripe tells something that it never should."""
        intent = self.driver.read(transaction).stripe_payment_id
        self.driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", **fields)

    def _stripe(self, transaction: str, action: str, **data: object) -> None:
        row = self.driver.read(transaction)
        path = f"payment_intents/{row.stripe_payment_id}{action}"
        api(self.driver, "POST", path, account_of(row) or "", **data)


@atomic
def _open(session: Session, payable_id: str) -> str:
    payable = find_payable(session, payable_id)
    assert payable is not None
    return open_transaction(
        session,
        payable,
        customer_id=customer_for(session, "ada@example.com").id,
        email="ada@example.com",
        source=PaymentSource(payment_method="pm_card_visa"),
    ).id


def values(driver: PaymentDriver, transaction: str) -> tuple[str, int, int | None]:
    row = driver.read(transaction)
    return row.phase, row.amount, row.amount_received
