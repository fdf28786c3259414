"""Every event that is handled, about objects all of whose words (statuses, reasons, types) are
ones that Stripe has not told us of: nothing dies, nothing moves, and people can read them."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.inbound.kinds import HANDLINGS
from payments_app.ledger.models import Entry
from payments_app.merchants.models import ConnectedAccount
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.transactions.open import PaymentSource
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import account_id, create_ready_merchant, create_sale
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back

pytestmark = pytest.mark.portable

HOSTILE = "<b>xyz</b>_" + "x" * 300
NEW = [HOSTILE, None]
_WORD = re.compile(r"[a-z][a-z0-9_.]*")
# Strings that are written in small letters, and are no words of Stripe's choice.
_NOT_WORDS = {"id", "object", "currency", "default_currency", "email", "name", "description"}
# By the beginning of an event's type: which object it is about.
KINDS = {
    "payment_intent.": "payment_intent",
    "setup_intent.": "setup_intent",
    "refund.": "refund",
    "charge.refunded": "charge",
    "charge.dispute.": "dispute",
    "radar.": "warning",
    "customer.": "customer",
    "invoice.": "customer",
    "account.": "account",
    "capability.": "account",
    "payment_method.": "payment_method",
    "transfer.": "transfer",
    "application_fee.": "application_fee",
    "payout.": "payout",
}


def odd(body: Any, word: str | None, name: str = "") -> Any:
    """The same object with another word for each of Stripe's."""
    if isinstance(body, dict):
        return {key: odd(value, word, key) for key, value in body.items()}
    if isinstance(body, list):
        return [odd(value, word, name) for value in body]
    is_word = isinstance(body, str) and _WORD.fullmatch(body) and name not in _NOT_WORDS
    return word if is_word else body


def kind_of(type_: str) -> str:
    return next(kind for prefix, kind in KINDS.items() if type_.startswith(prefix))


@dataclass
class World:
    """A merchant's sale of which a part was given back, a payment that is disputed, and a card
    that is kept. All is done, and heard of."""

    driver: PaymentDriver
    post: WebhookSender
    merchant: str
    sale: str
    refund: str
    disputed: str
    kept: str

    def change(self, kind: str, stripe_id: str, word: str | None) -> dict[str, Any]:
        """At Stripe this object says `word` from now on; the object."""
        body = self.driver.sandbox("GET", f"/v1/{kind}s/{stripe_id}")
        changed: dict[str, Any] = odd(body, word)
        same = {"method"}  # the driver has an argument of this name
        told = {k: v for k, v in changed.items() if v != body[k] and k not in same}
        self.driver.sandbox("POST", f"/_sandbox/{kind}s/{stripe_id}", **told)
        return changed

    def objects(self, kind: str, word: str | None) -> tuple[dict[str, Any], str | None]:
        """The object of this kind, and the account that its events are of, if they are."""
        sale = self.driver.read(self.sale)
        charge = sale.stripe_data["latest_charge"]
        if kind == "account":
            theirs = account_id(self.merchant)
            return self.change("account", theirs, word), theirs
        if kind == "payment_intent":
            self.change("charge", charge["id"], word)
            return self.change(kind, sale.stripe_payment_id or "", word), None
        if kind == "setup_intent":
            return self.change(
                kind, self.driver.read(self.kept).stripe_payment_id or "", word
            ), None
        if kind == "payment_method":
            card = self.driver.read(self.kept).stripe_data["payment_method"]
            return self.change(kind, card["id"], word), None
        if kind == "customer":
            return odd({"id": "sub_1", "status": "active", "customer": "cus_1"}, word), None
        if kind == "charge":
            return self.change(kind, charge["id"], word), None
        if kind == "warning":
            return odd({"id": "issfr_1", "fraud_type": "misc", "charge": charge["id"]}, word), None
        if kind == "payout":
            made = self.driver.sandbox("POST", "/_sandbox/payouts", currency="usd")
            return self.change(kind, made["id"], word), None
        paths = {"transfer": "transfers", "application_fee": "application_fees"}
        path = {"refund": "refunds", "dispute": "disputes"}.get(kind) or paths[kind]
        found = self.driver.sandbox("GET", f"/v1/{path}")["data"][0]
        return self.change(kind, found["id"], word), None

    def snapshot(self) -> list[Any]:
        """Where all of it is: states, and what is in the ledger."""
        db.session.rollback()
        account = select(
            ConnectedAccount.charges_enabled, ConnectedAccount.transfers_enabled
        ).where(own(ConnectedAccount))
        queries = [
            select(Transaction.id, Transaction.phase, Transaction.state).where(own(Transaction)),
            select(Refund.id, Refund.state).where(own(Refund)),
            select(Dispute.id, Dispute.state, Dispute.funds).where(own(Dispute)),
            select(func.count()).select_from(Entry).where(own(Entry)),
            account,
        ]
        return [sorted(map(tuple, db.session.execute(query))) for query in queries]


def _staff(driver: PaymentDriver) -> Browser:
    db.session.rollback()  # what was read stays as it was for as long as it is not ended
    return StaffDriver(driver.app).signed_in("support")


@pytest.fixture
def world(post: WebhookSender, driver: PaymentDriver) -> World:
    merchant = create_ready_merchant(driver)
    sale = driver.pay(order=create_sale(merchant))
    refund = give_back(driver, sale, 4000)
    disputed = driver.pay("pm_card_createDispute")
    post.send(post.told("charge.dispute.created"))
    source = PaymentSource(payment_method="pm_card_visa", save_card=True)
    kept = driver.pay(order=driver.create_order(0), source=source)
    driver.work()
    return World(driver, post, merchant, sale, refund, disputed, kept)


@pytest.fixture(autouse=True)
def nothing_breaks(driver: PaymentDriver, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test: no message died, and no exception is in the log."""
    yield
    db.session.rollback()
    dead = select(Message.command, Message.last_error).where(Message.dead_at.is_not(None))
    assert list(map(tuple, db.session.execute(dead))) == []
    assert [
        r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR and r.exc_info
    ] == []


def test_every_event_that_is_handled_is_about_one_of_these_objects() -> None:
    assert {kind_of(type_) for type_ in HANDLINGS} == set(KINDS.values())


@pytest.mark.parametrize("word", NEW)
def test_news_of_what_is_done_in_words_that_we_do_not_know_changes_nothing(
    world: World, subtests: pytest.Subtests, word: str | None
) -> None:
    before = world.snapshot()
    for kind in sorted(set(KINDS.values())):
        with subtests.test(kind):
            body, account = world.objects(kind, word)
            for type_ in (name for name in HANDLINGS if kind_of(name) == kind):
                event = create_event(type_) | ({"account": account} if account else {})
                event["data"]["object"] = body
                assert world.post.send(event, work=False).status_code == 200
            world.driver.work()
            world.driver.make_due()
            world.driver.work("charges", "payment_critical")
            assert world.snapshot() == before
    staff = _staff(world.driver)
    for transaction in (world.sale, world.disputed, world.kept):
        assert staff.get(f"/staff/payments/{transaction}").status_code == 200
    for page in ("disputes", "merchants", "alerts", "queues", "payouts"):
        assert staff.get(f"/staff/{page}").status_code == 200


def test_a_word_that_we_do_not_know_is_shown_as_it_is(
    world: World, subtests: pytest.Subtests
) -> None:
    staff = _staff(world.driver)
    for kind, type_, about in (
        ("refund", "refund.updated", world.sale),
        ("dispute", "charge.dispute.updated", world.disputed),
    ):
        with subtests.test(kind):
            body, _ = world.objects(kind, HOSTILE)
            world.post.send(create_event(type_, **body))
            page = staff.get(f"/staff/payments/{about}").text
            assert f"Stripe says: {html.escape(HOSTILE)[:20]}" in page
            assert HOSTILE[:10] not in page


@pytest.mark.parametrize("word", NEW)
def test_an_open_payment_whose_status_we_do_not_know_stays_where_it_is(
    post: WebhookSender, driver: PaymentDriver, word: str | None
) -> None:
    transaction = driver.open()
    driver.fail_stripe("drop_after", "/confirm$", times=1)
    driver.work("charges")
    driver.mend_stripe()
    intent = driver.read(transaction).stripe_payment_id
    path = f"/_sandbox/payment_intents/{intent}"
    driver.sandbox("POST", path, status=word)
    event = create_event(id=intent)
    post.send(event)
    driver.work_all_waiting()
    assert (driver.read(transaction).phase, post.state(event)) == ("unknown", "received")
    told = db.session.scalars(select(Alert.message).where(Alert.kind == "stripe_word")).all()
    assert [transaction in message for message in told] == [True]
    page = _staff(driver).get(f"/staff/payments/{transaction}").text
    assert html.escape("Stripe says: <b>xyz" if word else "Stripe says nothing") in page
    driver.sandbox("POST", path, status="succeeded")
    driver.work_all_waiting()
    assert (driver.read(transaction).phase, post.state(event)) == ("complete", "processed")


@pytest.mark.parametrize("word", NEW)
def test_an_answer_to_the_charge_with_a_status_that_we_do_not_know_is_looked_up(
    driver: PaymentDriver, word: str | None
) -> None:
    driver.fail_stripe("say", "/confirm$", set={"status": word}, times=1)
    transaction = driver.pay()
    assert driver.read(transaction).phase == "unknown"
    page = _staff(driver).get(f"/staff/payments/{transaction}").text
    assert html.escape("Stripe says: <b>xyz" if word else "Stripe says nothing") in page
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"


@pytest.mark.parametrize("word", NEW)
def test_a_payment_made_elsewhere_in_words_that_we_do_not_know_waits(
    post: WebhookSender, driver: PaymentDriver, word: str | None
) -> None:
    intent = post.pay_elsewhere()["id"]
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", status=word)
    event = create_event(id=intent)
    post.send(event)
    assert (post.state(event), db.session.query(Transaction).where(own(Transaction)).count()) == (
        "received",
        0,
    )


@pytest.mark.parametrize("word", NEW)
def test_a_paid_charge_in_words_that_we_do_not_know_is_paid(
    driver: PaymentDriver, word: str | None
) -> None:
    """What is not the status decides nothing: brands, types, networks, reasons."""
    transaction = driver.open()
    driver.fail_stripe("drop_after", "/confirm$", times=1)
    driver.work("charges")
    driver.mend_stripe()
    intent = driver.sandbox(
        "GET", f"/v1/payment_intents/{driver.read(transaction).stripe_payment_id}"
    )
    for kind, stripe_id in (("payment_intent", intent["id"]), ("charge", intent["latest_charge"])):
        body = driver.sandbox("GET", f"/v1/{kind}s/{stripe_id}")
        told = {k: v for k, v in odd(body, word).items() if v != body[k] and k != "status"}
        driver.sandbox("POST", f"/_sandbox/{kind}s/{stripe_id}", **told)
    movement = driver.sandbox("GET", "/v1/balance_transactions")["data"][0]
    told = {k: v for k, v in odd(movement, word).items() if v != movement[k]}
    driver.sandbox("POST", f"/_sandbox/balance_transactions/{movement['id']}", **told, source=None)
    driver.work_all_waiting()
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    entries = db.session.scalars(select(Entry.entry_type).where(own(Entry)).distinct()).all()
    assert sorted(entries) == ["capture", "stripe_fee"]
    page = _staff(driver).get(f"/staff/payments/{transaction}")
    assert page.status_code == 200


def test_an_event_type_that_we_do_not_know_is_ignored(post: WebhookSender) -> None:
    for type_ in ("v2.core.account[requirements].updated", "Some-New.Thing", "single"):
        event = create_event(type_)
        assert (post.send(event).status_code, post.state(event)) == (200, "ignored")
