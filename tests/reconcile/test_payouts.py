"""What went to the bank: each automatic payout equals its balance transactions to the cent, and
each of these its payment, refund, dispute or fee."""

from __future__ import annotations

import html
from typing import Any

import pytest
from sqlalchemy import delete, select

from payments_app.core.extensions import db
from payments_app.payments.connect.read import read_records
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.reconcile import internal_payments, internal_payouts
from payments_app.reconcile.fix import fix
from payments_app.reconcile.models import Payout, PayoutLine
from payments_app.reconcile.read_payout import read
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.inbound.webhook_sender import WebhookSender
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, found, open_ones
from tests.refunds.marketplace import pay_by_destination_charge, pay_by_direct_charge
from tests.refunds.refund_steps import give_back

pytestmark = pytest.mark.portable


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)


@pytest.fixture
def viewer(driver: PaymentDriver) -> Browser:
    return StaffDriver(driver.app).signed_in("viewer")


def pay_out(driver: PaymentDriver, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = driver.sandbox("POST", "/_sandbox/payouts", currency="usd", **more)
    return made


def pay_out_by_hand(driver: PaymentDriver) -> str:
    made = WebhookSender(driver).stripe("payouts", amount="500", currency="usd")
    return str(made["id"])


def payout(payout_id: str) -> Payout:
    db.session.rollback()
    return db.session.get_one(Payout, payout_id, populate_existing=True)


def lines(payout_id: str) -> list[PayoutLine]:
    db.session.rollback()
    return list(db.session.scalars(select(PayoutLine).where(PayoutLine.payout_id == payout_id)))


def sell_all(driver: PaymentDriver) -> list[str]:
    """A payment, one of which a part was given back, one that is disputed, and both manners of
    merchants' sales."""
    refunded = driver.pay()
    give_back(driver, refunded, 300)
    disputed = driver.pay("pm_card_createDispute")
    refresh_disputes(driver.read(disputed).stripe_payment_id or "", claim("x"))
    sold = pay_by_destination_charge(driver)
    give_back(driver, sold, 200)
    return [driver.pay(), refunded, disputed, sold, pay_by_direct_charge(driver)]


def test_a_reconciled_payout_is_taken_in_and_equals_its_balance_transactions(
    driver: PaymentDriver,
) -> None:
    payments = sell_all(driver)
    driver.work()
    made = pay_out(driver)
    event = WebhookSender(driver).told("payout.reconciliation_completed")
    WebhookSender(driver).send(event)
    driver.work("default")
    assert (
        payout(made["id"]).amount == sum(line.net for line in lines(made["id"])) == made["amount"]
    )
    assert {line.transaction_id for line in lines(made["id"])} == set(payments)
    assert {line.type for line in lines(made["id"])} >= {"charge", "refund", "adjustment"}
    assert compare_last_hours() == 0


def test_what_is_known_after_its_payout_is_given_its_payment(
    driver: PaymentDriver, viewer: Browser
) -> None:
    sold, other = pay_by_destination_charge(driver), driver.pay()
    made = pay_out(driver)["id"]
    db.session.execute(delete(ConnectRecord))
    db.session.commit()
    read(made, claim(made))
    assert {line.transaction_id for line in lines(made)} == {sold, other, None}
    compare_last_hours()
    assert [kind for kind, _ in found()] == 2 * ["payout_line_unknown"]
    read_records(sold, claim(sold))
    assert compare_last_hours() == 0
    assert {line.transaction_id for line in lines(made)} == {sold, other}
    page = html.unescape(" ".join(viewer.get(f"/staff/payouts/{made}").text.split()))
    assert "None of ours" not in page
    assert "$21.98 of payments, $0.62 of our fees of merchants' sales" in page
    assert ", less $10.99 of merchants' shares and less $1.24 of fees, from" in page


def test_a_payout_that_we_were_not_told_of_is_read_and_only_then_a_finding(
    driver: PaymentDriver,
) -> None:
    driver.pay()
    made = pay_out(driver)["id"]
    assert compare_last_hours() == 0
    driver.work("default")
    assert payout(made).listed_at is not None
    driver.sandbox("POST", f"/_sandbox/payouts/{made}", status="failed")
    compare_last_hours()
    assert found() == [("payout_not_here", "read_payout")]
    fix(open_ones()[0].id, actor="ada")
    driver.work("default")
    assert (compare_last_hours(), payout(made).status) == (0, "failed")


def test_a_payout_that_is_never_reconciled_is_told(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.pay()
    made = pay_out(driver)["id"]
    driver.sandbox("POST", f"/_sandbox/payouts/{made}", reconciliation_status="in_progress")
    read(made, claim(made))
    assert compare_last_hours() == 0
    monkeypatch.setattr(internal_payouts, "LISTED_WITHIN_SECONDS", -5)
    compare_last_hours()
    assert found() == [("payout_not_listed", "read_payout")]


def test_a_manual_payout_says_that_it_can_t_be_compared(
    driver: PaymentDriver, viewer: Browser
) -> None:
    driver.pay()
    made = pay_out_by_hand(driver)
    read(made, claim(made))
    assert (compare_last_hours(), lines(made)) == (0, [])
    for page in (viewer.get("/staff/payouts").text, viewer.get(f"/staff/payouts/{made}").text):
        assert "Stripe does not say what it is made of" in page


def test_from_the_bank_s_line_to_the_buyer_in_two_clicks(
    driver: PaymentDriver, viewer: Browser
) -> None:
    payment = driver.pay()
    made = pay_out(driver)["id"]
    read(made, claim(made))
    page = viewer.get("/staff/payouts").text
    assert "$10.37" in page
    assert "Equals its 1 balance transaction." in page
    assert f'href="/staff/payouts/{made}"' in page
    page = viewer.get(f"/staff/payouts/{made}").text
    assert f'href="/staff/payments/{payment}"' in page
    assert "ada@<wbr>example.com" in page
    assert ("$10.99" in page, "$0.62" in page) == (True, True)


def test_a_payout_that_is_not_its_sum_says_by_how_much(
    driver: PaymentDriver, viewer: Browser
) -> None:
    driver.pay()
    made = pay_out(driver)["id"]
    driver.sandbox("POST", f"/_sandbox/payouts/{made}", amount=1000)
    read(made, claim(made))
    compare_last_hours()
    (finding,) = open_ones()
    assert finding.details["payout_is"] == "$10.00"
    assert finding.details["balance_transactions"] == "$10.37 of 1"
    assert "come to $10.37: not the same" in viewer.get("/staff/payouts").text


def test_a_long_payout_is_shown_to_its_end(
    driver: PaymentDriver, viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments_app.staff.reconciliation import payout_pages, payout_queries

    for module in (payout_pages, payout_queries):
        monkeypatch.setattr(module, "SHOWN", 2)
    payments = [driver.pay() for _ in range(3)]
    made = pay_out(driver)["id"]
    read(made, claim(made))
    first = viewer.get(f"/staff/payouts/{made}").text
    last = lines_in_order(made)[1]
    rest = viewer.get(f"/staff/payouts/{made}?after={last}").text
    assert "More balance transactions" in first
    seen = [sum(f"/staff/payments/{each}" in page for each in payments) for page in (first, rest)]
    assert seen == [2, 1]


def lines_in_order(payout_id: str) -> list[str]:
    return [line.id for line in sorted(lines(payout_id), key=lambda each: (each.made_at, each.id))]


@pytest.mark.parametrize("place", ["payouts?before=po_none", "payouts/po_none"])
def test_an_unknown_payout_is_not_found(viewer: Browser, place: str) -> None:
    assert viewer.get(f"/staff/{place}").status_code in {404, 422}
