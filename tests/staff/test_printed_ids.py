"""Every id that a page, a mail or a file of ours prints leads somewhere from the search box."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from payments_app.accounts.api_keys import ApiKey
from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id, reference
from payments_app.core.db.session import atomic
from payments_app.core.money import CURRENCIES, Money
from payments_app.customers.find import customer_for
from payments_app.customers.models import SavedCard
from payments_app.inbound.models import StripeEvent
from payments_app.merchants.models import ConnectedAccount, Endpoint, Merchant
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.answer_models import DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord
from payments_app.payments.payable import payable_kinds
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Payout
from payments_app.settlement.models import Batch
from payments_app.staff.payments.typed_money import read_money
from payments_app.subscriptions.models import Plan, Subscription
from tests.accounts.staff_driver import StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
PACKAGE = Path(__file__).parents[2] / "payments_app"
# Of Stripe's, those that a page of ours shows, or that stand in an address of its Dashboard.
AT_STRIPE = "pi seti ch py re pyr dp du pdp cus evt req po acct tr trr fee fr issfr in".split()
# Of ours, those that nothing prints: a heartbeat, a request for a link, a browser, an erasure and
# a card.
UNPRINTED = {"beat", "ask", "ses", "era", "card"}
MONEY: dict[str, Any] = {"amount": 1, "currency": "usd"}


def own_prefixes() -> set[str]:
    """Of every id that is made in the product, and of its events' ids."""
    made = re.compile(r'new_id\(\s*"([a-z]+)"')
    found = {found for path in PACKAGE.rglob("*.py") for found in made.findall(path.read_text())}
    return found | {"webhook"}


@pytest.fixture
def printed(app: Flask, staff_driver: StaffDriver) -> dict[str, str]:
    """Ids by prefix, all about one payment of ada@example.com; another has none of them."""
    payments = StoredPayments(app)
    order = payments.order()
    payments.payment(email="bob@example.com")
    paid = payments.payment(
        order_id=order.id,
        stripe_payment_id=at_stripe("pi"),
        stripe_customer_id=at_stripe("cus"),
        stripe_data={"latest_charge": {"id": at_stripe("ch")}},
    )
    payments.payment(stripe_payment_id=at_stripe("seti"))
    payments.note_call(paid, request_id=at_stripe("req"))
    ids = {prefix: at_stripe(prefix) for prefix in AT_STRIPE}
    ids |= {"txn": paid, "ord": order.id, "stf": staff_driver.member("new@example.com")}
    others = [payments.payment() for _ in payable_kinds()]
    with app.app_context():
        return ids | _store(paid) | _payables(others)


def at_stripe(prefix: str) -> str:
    return f"{prefix}_printed1234"


@atomic
def _store(session: Session, paid: str) -> dict[str, str]:
    merchant = Merchant(name="Juniper", email="juniper@example.com")
    plan = Plan(slug="club", name="Club", amount=1500, currency="usd")
    session.add_all([merchant, plan])
    session.flush()
    customer = customer_for(session, "ada@example.com")
    customer.stripe_customer_id = at_stripe("cus")
    ours = Subscription(plan_id=plan.id, customer_id=customer.id, anchor_day=1)
    ours.billed_until = utcnow().date()
    account = ConnectedAccount(merchant_id=merchant.id, charge_type="direct", country="US")
    account.stripe_account_id = at_stripe("acct")
    key = ApiKey(name="shop", scopes=[], secret_hash="x", ends_in="abcd", created_by="ada")
    session.add_all([ours, account, key, payout()])
    _at_stripe(session, paid)
    session.flush()
    ids = {"cust": customer.id, "mrc": merchant.id, "subs": ours.id, "key": key.id}
    return ids | _dispute(session, paid) | _consent(session, paid) | _told(session, paid, merchant)


def payout() -> Payout:
    found = Payout(id=at_stripe("po"), automatic=True, status="paid", stripe_data={}, **MONEY)
    found.arrives_at = found.made_at = utcnow()
    return found


def _at_stripe(session: Session, paid: str) -> None:
    event = StripeEvent(id=at_stripe("evt"), type="x", livemode=False, created_at=utcnow())
    event.transaction_id = paid
    session.add(event)
    for prefix in ("tr", "trr", "fee", "fr", "py"):
        record = ConnectRecord(transaction_id=paid, side="platform", kind="transfer", **MONEY)
        record.stripe_id, record.made_at = at_stripe(prefix), utcnow()
        session.add(record)
    for prefix in ("issfr", "in"):
        history.record(session, "state", "x", subject=at_stripe(prefix), transaction_id=paid)


@atomic
def _payables(session: Session, payments: list[str]) -> dict[str, str]:
    """Things of each kind, each with the payment that pays for it."""
    ids = {}
    for paid, kind in zip(payments, payable_kinds().values(), strict=True):
        if kind.payable_prefix in ("ord", "cust"):
            continue
        ids[kind.payable_prefix] = id_ = new_id(kind.payable_prefix)
        record = PaymentRecord(transaction_id=paid, payable_type=kind.payable_type, payable_id=id_)
        record.role, record.active = "pays_for", False
        session.add(record)
    return ids


def _dispute(session: Session, paid: str) -> dict[str, str]:
    """Three disputes, by each prefix of Stripe's, and an answer with a file; refunds."""
    for prefix in ("dp", "du", "pdp"):
        dispute = Dispute(stripe_dispute_id=at_stripe(prefix), transaction_id=paid, **MONEY)
        dispute.state, dispute.funds, dispute.reason = "lost", "withdrawn", "general"
        dispute.stripe_data, dispute.opened_at = {}, utcnow()
        session.add(dispute)
    for prefix in ("re", "pyr"):
        refund = Refund(stripe_refund_id=at_stripe(prefix), transaction_id=paid, **MONEY)
        refund.state, refund.reason, refund.requested_by = "succeeded", "x", "system"
        session.add(refund)
    session.flush()
    answer = DisputeAnswer(dispute_id=dispute.id, to_state="needs_response", saved_by="ada")
    file = EvidenceFile(dispute_id=dispute.id, field="receipt", filename="a.pdf", size=1)
    file.media_type, file.content, file.added_by = "application/pdf", b"x", "ada"
    session.add_all([answer, file])
    session.flush()
    return {"dsp": dispute.id, "dsa": answer.id, "dsf": file.id, "rfd": refund.id}


def _consent(session: Session, paid: str) -> dict[str, str]:
    customer = customer_for(session, "ada@example.com")
    card = SavedCard(customer_id=customer.id, payment_method="pm_printed", brand="visa")
    card.stripe_customer_id, card.last4 = at_stripe("cus"), "4242"
    theirs = ApplicationCustomer(application="key_x", reference="r", email="ada@example.com")
    session.add_all([card, theirs])
    session.flush()
    consent = CardConsent(customer_id=theirs.id, card_id=card.id, transaction_id=paid)
    consent.words, consent.version, consent.given_at = "Yes", "1", utcnow()
    session.add(consent)
    session.flush()
    return {"acust": theirs.id, "agr": consent.id}


def _told(session: Session, paid: str, merchant: Merchant) -> dict[str, str]:
    mail = Mail(key="x", kind="receipt", recipient="a@b.c", subject="x", text="x", html="x")
    endpoint = Endpoint(merchant_id=merchant.id, url="https://a.example", secret="whsec_x")
    event = WebhookEvent(id=f"webhook_{paid}_paid", type="payment_paid", body="{}")
    event.merchant_id, event.transaction_id, mail.transaction_id = merchant.id, paid, paid
    day = Batch(merchant_id=merchant.id, currency="usd", timezone="UTC")
    day.business_day, day.starts_at = utcnow().date(), utcnow()
    day.ends_at = day.starts_at + dt.timedelta(days=1)
    session.add_all([mail, endpoint, event, day])
    session.flush()
    delivery = Delivery(event_id=event.id, endpoint_id=endpoint.id, state="delivered")
    session.add(delivery)
    session.flush()
    ids = {"ml": mail.id, "whe": endpoint.id, "whd": delivery.id, "stl": day.id}
    return ids | {"webhook": event.id}


def test_every_id_that_is_printed_leads_somewhere(
    printed: dict[str, str], staff_driver: StaffDriver
) -> None:
    browser, lost = staff_driver.signed_in("admin"), []
    assert own_prefixes() | set(AT_STRIPE) == set(printed) | UNPRINTED
    for prefix, id_ in printed.items():
        for typed in (id_, f"https://pay.example/a/{id_}?x=1#y"):
            page = browser.get("/staff/payments", query_string={"q": typed}).text
            leads = "Matched: " in page or f"<code>{id_}</code></a>" in page
            if not leads or "bob@example.com" in page:
                lost.append((prefix, typed))
    assert lost == []


def test_an_id_that_is_another_s_leads_to_nobody(
    printed: dict[str, str], staff_driver: StaffDriver
) -> None:
    browser = staff_driver.signed_in("admin")
    for prefix, id_ in printed.items():
        typed = new_id(prefix) if prefix not in AT_STRIPE else f"{id_}5"
        page = browser.get("/staff/payments", query_string={"q": typed}).text
        assert "Matched: " not in page, prefix
        assert reference(printed["txn"]) not in page, prefix


def test_whoever_may_not_open_a_page_is_not_led_there(
    printed: dict[str, str], staff_driver: StaffDriver
) -> None:
    browser = staff_driver.signed_in("viewer")
    for prefix in ("key", "stf"):
        page = browser.get("/staff/payments", query_string={"q": printed[prefix]}).text
        assert f"<code>{printed[prefix]}</code>" not in page


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_an_amount_is_read_as_we_print_it(currency: str) -> None:
    """In the list, and as a payment's page heads it: with its code."""
    money = Money(1_234_500, currency)
    for typed in (str(money), f"{money} {currency.upper()}", f"\u2212{money}", f"+{money}"):
        read = read_money(typed)
        assert read is not None, typed
        assert (read.amount, read.currency) == (money.major, currency), typed
        assert read.back == typed.startswith("\u2212")


def test_a_search_that_finds_says_how_it_read_what_was_typed(
    printed: dict[str, str], staff_driver: StaffDriver
) -> None:
    page = staff_driver.signed_in().get("/staff/payments", query_string={"q": "$10.99"}).text
    assert "Read as: Amount 10.99 USD" in page
