"""Money moved is what Stripe received: 2500 that was captured in part as 1500 is 15.00."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from payments_app.downloads.deliver import RefundedError, fetch
from payments_app.downloads.models import DigitalProduct, DigitalPurchase
from payments_app.downloads.purchase import purchase
from payments_app.gateway.results import Answer, Verdict
from payments_app.ledger.models import Entry
from payments_app.ledger.queries import captures
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.double_payments import likely_doubles, twin_of
from payments_app.payments.refunds.entitlement import Entitlement, entitlement
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.request import RefundRefusedError, remaining
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state
from payments_app.payments.transactions.open import PaymentSource
from payments_app.payments.transactions.received import is_release
from payments_app.staff.reports.aggregate import aggregate
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender
from tests.merchants.connected_merchants import create_ready_merchant, create_sale, records
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held
from tests.reconcile.books import compare_last_hours, execute, found
from tests.refunds.refund_steps import ask, give_back, posted, refunds
from tests.settlement.books import columns

pytestmark = [pytest.mark.portable, pytest.mark.timeout(300)]

WORDS = "$15.00 of $25.00 captured"


@pytest.fixture
def held(driver: PaymentDriver) -> Held:
    return Held(driver)


@pytest.fixture
def admin(driver: PaymentDriver) -> Browser:
    return StaffDriver(driver.app).signed_in("admin")


def values(driver: PaymentDriver, transaction: str) -> tuple[str, int, int | None]:
    row = driver.read(transaction)
    return row.phase, row.amount, row.amount_received


def test_what_was_received_is_kept_beside_what_was_asked_for(
    held: Held, driver: PaymentDriver
) -> None:
    transaction = held.hold()
    assert values(driver, transaction) == ("awaiting_bank", 2500, None)
    held.capture(transaction, 1500)
    held.tell(transaction)
    assert values(driver, transaction) == ("complete", 2500, 1500)


def test_a_look_up_keeps_it_too(held: Held, driver: PaymentDriver) -> None:
    transaction = held.hold()
    held.capture(transaction, 1500)
    driver.make_due("look_up")
    driver.work("charges")
    assert values(driver, transaction) == ("complete", 2500, 1500)


def test_a_payment_made_at_stripe_keeps_it(driver: PaymentDriver) -> None:
    post = WebhookSender(driver)
    intent = post.pay_elsewhere(capture_method="manual")
    post.stripe(f"payment_intents/{intent['id']}/capture", amount_to_capture="1500")
    post.send(post.told("payment_intent.succeeded", intent["id"]))
    db.session.rollback()
    row = db.session.scalars(select(Transaction).where(own(Transaction))).one()
    assert (row.state, row.amount, row.amount_received) == ("complete", 2500, 1500)


@pytest.mark.parametrize(("amount", "save"), [(0, False), (0, True), (1099, False)])
def test_any_other_payment_received_all_of_it(
    driver: PaymentDriver, amount: int, *, save: bool
) -> None:
    source = PaymentSource(payment_method="pm_card_visa", save_card=save)
    transaction = driver.pay(order=driver.create_order(amount), source=source)
    assert values(driver, transaction) == ("complete", amount, amount)
    assert driver.read(transaction).paid == amount


def test_what_is_not_complete_has_received_nothing(held: Held, driver: PaymentDriver) -> None:
    for transaction in (driver.pay("pm_card_visa_chargeDeclined"), held.hold()):
        row = driver.read(transaction)
        assert (row.amount_received, row.paid) == (None, 0)


@pytest.mark.alone
def test_the_books_hold_it(held: Held) -> None:
    transaction = held.pay()
    db.session.rollback()
    entries = select(Entry.entry_type, Entry.amount).where(
        Entry.transaction_id == transaction, Entry.side == "debit"
    )
    assert set(db.session.execute(entries)) == {("capture", 1500), ("stripe_fee", 74)}
    assert captures(db.session()) == {"usd": 1500}


def test_it_is_settled(held: Held, driver: PaymentDriver) -> None:
    held.pay()
    driver.work_all_waiting()
    assert columns() == [("capture", 1500, -74, 0, 1426)]


@pytest.mark.followed_by_all
def test_the_receipt_says_it(held: Held) -> None:
    held.pay()
    db.session.rollback()
    mail = db.session.scalars(select(Mail).where(own(Mail), Mail.kind == "receipt")).one()
    assert mail.subject.endswith("$15.00")
    for part in (mail.text, mail.html):
        assert "$15.00 was paid" in part
        assert "$25.00" not in part


@pytest.mark.followed_by_all
def test_its_merchant_hears_it(held: Held) -> None:
    held.pay()
    db.session.rollback()
    body = db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))).one()
    payment = json.loads(body)["data"]["payment"]
    assert (payment["amount"], payment["amount_requested"]) == (1500, 2500)


def test_its_buyer_reads_it(held: Held, driver: PaymentDriver) -> None:
    transaction = held.pay()
    client = driver.app.test_client()
    status = client.get(f"/transactions/{transaction}").json
    assert (status["amount"], status["amount_received"]) == (2500, 1500)
    assert status["amount_received_text"] == "$15.00"
    for path in (f"/thankyou?transaction={transaction}", f"/transactions/{transaction}"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert "$15.00 was paid" in page
        assert "$25.00" not in page


def test_staff_read_both(held: Held, admin: Browser, driver: PaymentDriver) -> None:
    transaction = held.pay()
    customer = next(r.payable_id for r in driver.read(transaction).records if r.role == "customer")
    for path in (
        f"/staff/payments/{transaction}",
        "/staff/payments",
        f"/staff/customers/{customer}",
        f"/staff/payments/{transaction}/refunds",
    ):
        page = admin.get(path, follow_redirects=False)
        assert page.status_code == 303 or WORDS in page.text, path
    assert "1 paid ($15.00)" in admin.get(f"/staff/customers/{customer}").text


def test_reports_count_it(held: Held, admin: Browser) -> None:
    held.pay()
    for aggregated in (False, True):
        if aggregated:
            aggregate()
        assert "$15.00" in admin.get("/staff/reports").text
    found = admin.client.get("/api/v1/reports/sales_summary").json["today"]["usd"]
    assert (found["amount"], found["formatted"]) == (1500, "$15.00")
    figures = admin.get("/staff").text.partition('class="figures"')[2]
    assert "$15.00" in figures
    assert "$25.00" not in figures


@pytest.mark.alone
def test_the_file_has_it_and_what_was_asked_for(
    held: Held, admin: Browser, driver: PaymentDriver
) -> None:
    held.pay()
    driver.pay("pm_card_visa_chargeDeclined")
    rows = list(csv.DictReader(io.StringIO(admin.get("/staff/payments.csv").text)))
    assert [(row["Amount"], row["Amount Requested"]) for row in rows] == [
        ("10.99", "10.99"),
        ("15.00", "25.00"),
    ]


@pytest.mark.parametrize("typed", ["15.00", "25.00"])
def test_it_is_found_by_either_amount(
    held: Held, admin: Browser, driver: PaymentDriver, typed: str
) -> None:
    reference = driver.read(held.pay()).reference
    assert reference in admin.get(f"/staff/payments?q={typed}").text


def test_no_more_can_be_given_back(held: Held, driver: PaymentDriver) -> None:
    transaction = held.pay()
    with pytest.raises(RefundRefusedError, match=r"at most \$15.00"):
        ask(transaction, 1501)
    refund = give_back(driver, transaction, 1500)
    assert [r.state for r in refunds(transaction) if r.id == refund] == ["succeeded"]
    row = driver.read(transaction)
    assert remaining(db.session(), row) == 0
    assert entitlement(db.session(), row, row.money) == Entitlement.GIVEN_BACK
    assert posted("refund")[0][2] == 1500


def test_the_database_gives_no_more_back(held: Held) -> None:
    transaction = held.pay()
    more = insert(Refund).values(
        id="rfd_1", transaction_id=transaction, amount=1501, currency="usd", reason="x"
    )
    with pytest.raises(IntegrityError):
        execute(more.values(requested_by="ada", state="requested", version=1))


def test_what_the_card_was_let_go_of_is_no_refund(held: Held, driver: PaymentDriver) -> None:
    transaction = held.pay()
    driver.work_all_waiting()
    assert len(driver.sandbox("GET", "/v1/refunds")["data"]) == 1
    assert refunds(transaction) == []
    assert remaining(db.session(), driver.read(transaction)) == 1500


@pytest.mark.parametrize(
    ("other", "release"),
    [
        ({}, True),
        ({"amount": 999}, False),
        ({"balance_transaction": "txn_1"}, False),
        ({"metadata": {"refund_id": "rfd_1"}}, False),
        ({"object": "dispute"}, False),
    ],
)
def test_a_release_is_told_from_a_refund(other: dict[str, Any], *, release: bool) -> None:
    refund = {"object": "refund", "amount": 1000, "balance_transaction": None, "metadata": {}}
    assert is_release(refund | other, 2500, 1500) is release
    assert not is_release(refund | other, 2500, 2500)


def test_the_books_agree_with_stripe(held: Held, driver: PaymentDriver) -> None:
    held.pay()
    driver.work_all_waiting()
    execute(update(Transaction).where(own(Transaction)).values(ended_at=Transaction.created_at))
    compare_last_hours()
    assert found() == []


def test_a_payment_that_received_another_amount_at_stripe_is_found(
    held: Held, driver: PaymentDriver
) -> None:
    transaction = held.pay()
    execute(update(Transaction).where(own(Transaction)).values(amount_received=2500))
    compare_last_hours()
    assert ("amount_differs", None) in found()
    assert ("ledger_amount_differs", None) in found()
    assert driver.read(transaction).amount_received == 2500


def test_two_that_took_the_same_money_may_be_a_double(held: Held) -> None:
    first, second = held.pay(), held.pay()
    whole = held.pay(captured=2500)
    db.session.rollback()
    (double,) = likely_doubles(db.session(), db.session.get_one(Transaction, first).created_at)
    assert (double.first, double.second, str(double.money)) == (first, second, "$15.00")
    assert twin_of(db.session(), first) == second
    assert twin_of(db.session(), whole) is None


def test_a_destination_sale_shares_what_was_captured(held: Held, driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    transaction = held.pay(6000, order=create_sale(merchant))
    driver.work_all_waiting()
    assert records(transaction) == [
        ("merchant", "payment", 6000),
        ("platform", "application_fee", 320),
        ("platform", "charge", 6000),
        ("platform", "transfer", 6000),
    ]
    assert columns() == [("capture", 6000, 0, -320, 5680)]


def test_a_direct_sale_shares_what_was_captured(held: Held, driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver, "direct")
    transaction = held.pay(6000, order=create_sale(merchant))
    driver.work_all_waiting()
    assert records(transaction) == [
        ("merchant", "charge", 6000),
        ("platform", "application_fee", 320),
    ]
    assert columns() == [("capture", 6000, -204, -320, 5476)]
    assert posted("transfer_reversal") == []


@pytest.mark.followed_by_all
def test_our_fee_is_at_most_what_was_captured(
    held: Held, driver: PaymentDriver, admin: Browser
) -> None:
    merchant = create_ready_merchant(driver)
    transaction = held.pay(100, order=create_sale(merchant))
    driver.work_all_waiting()
    assert ("platform", "application_fee", 100) in records(transaction)
    db.session.rollback()
    body = db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))).one()
    assert json.loads(body)["data"]["payment"]["platform_fee"] == 100
    page = admin.get(f"/staff/payments/{transaction}").text
    assert "$1.00" in page.partition("Our fee")[2].partition("</dd>")[0]


@pytest.mark.followed_by_all
def test_our_fee_is_what_it_was_captured_with(held: Held, driver: PaymentDriver) -> None:
    transaction = held.hold(order=create_sale(create_ready_merchant(driver)))
    held.capture(transaction, 6000, application_fee_amount=150)
    held.tell(transaction)
    driver.work()
    assert ("platform", "application_fee", 150) in records(transaction)
    db.session.rollback()
    body = db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))).one()
    assert json.loads(body)["data"]["payment"]["platform_fee"] == 150


@pytest.mark.followed_by_all
def test_a_download_paid_in_part_is_not_handed_over(held: Held, driver: PaymentDriver) -> None:
    _put_on_sale()
    whole, part = _buy(), _buy()
    held.pay(captured=2500, order=whole)
    transaction = held.pay(order=part)
    db.session.rollback()
    states = dict(
        db.session.execute(
            select(DigitalPurchase.id, DigitalPurchase.status).where(own(DigitalPurchase))
        ).all()
    )
    assert states == {whole: "paid", part: "open"}
    links = [DigitalPurchase.download_url(db.session(), id_) for id_ in (whole, part)]
    assert [link is not None for link in links] == [True, False]
    assert (fetch(whole) is None, fetch(part)) == (False, None)
    assert _told(transaction) == ["paid_in_part"]
    mails = db.session.scalars(select(Mail.key).where(Mail.kind == "download")).all()
    assert len(mails) == 1
    give_back(driver, transaction, 1500)
    with pytest.raises(RefundedError):
        fetch(part)


def test_an_order_paid_in_part_is_not_handed_over(held: Held, driver: PaymentDriver) -> None:
    part, whole = driver.create_order(2500), driver.create_order(2500)
    transaction = held.pay(order=part)
    held.pay(captured=2500, order=whole)
    assert (driver.order(part).fulfilled_at, driver.order(part).status) == (None, "paid")
    assert driver.order(whole).fulfilled_at is not None
    driver.work_all_waiting()
    assert _told(transaction) == ["paid_in_part"]
    assert driver.happened(transaction).count("order.not_fulfilled") == 1


def test_its_goods_go_back_once_the_part_is_given_back(held: Held, driver: PaymentDriver) -> None:
    order = driver.create_order(2500)
    transaction = held.pay(order=order)
    assert driver.order(order).hold == "taken"
    give_back(driver, transaction, 1500)
    driver.work_all_waiting()
    assert (driver.order(order).hold, driver.order(order).fulfilled_at) == ("released", None)


def _told(transaction: str) -> list[str]:
    """What people were told of this payment."""
    db.session.rollback()
    rows = db.session.execute(select(Alert.kind, Alert.data, Alert.message))
    found = [
        (row.kind, row.message) for row in rows if row.data.get("transaction_id") == transaction
    ]
    assert all(WORDS in message for _, message in found)
    return [kind for kind, _ in found]


@atomic
def _buy(session: Session) -> str:
    product = session.scalars(select(DigitalProduct).where(own(DigitalProduct))).one()
    return purchase(session, product, customer_for(session, "ada@example.com").id).id


def _put_on_sale() -> None:
    execute(
        insert(DigitalProduct).values(
            slug="field-guide",
            name="Field guide",
            summary="",
            amount=2500,
            currency="usd",
            filename="guide.pdf",
            media_type="application/pdf",
            content=b"%PDF",
            active=True,
        )
    )


ODD: list[Any] = [2501, 10**30, 0, -1, None, "1500", True, 15.0, [], {}]


@pytest.mark.followed_by_all
@pytest.mark.parametrize("received", ODD, ids=repr)
def test_what_can_not_have_been_received_is_unknown_and_told(
    held: Held, driver: PaymentDriver, received: Any
) -> None:
    transaction = held.hold()
    held.capture(transaction, 1500)
    held.change_at_stripe(transaction, amount_received=received)
    held.post.send(
        held.post.told("payment_intent.succeeded", driver.read(transaction).stripe_payment_id)
    )
    driver.work()
    assert values(driver, transaction) == ("unknown", 2500, None)
    db.session.rollback()
    alert = db.session.scalars(select(Alert).where(Alert.kind == "mismatch")).one()
    assert (alert.severity, alert.key) == ("critical", f"mismatch:{transaction}")
    assert "received" in alert.message
    assert db.session.scalars(select(Entry).where(own(Entry))).all() == []
    assert db.session.scalars(select(Mail).where(own(Mail))).all() == []


@pytest.mark.parametrize(
    "intent",
    [
        {"object": "setup_intent"},
        {"object": "payment_intent"},
        {"object": "payment_intent", "amount": 1099},
        {"object": "payment_intent", "amount": None, "currency": None, "amount_received": 1099},
        {"object": "payment_intent", "amount": 1099, "currency": 7, "amount_received": 1099},
    ],
)
def test_an_intent_that_tells_no_amount_settles_nothing(
    driver: PaymentDriver, intent: dict[str, object]
) -> None:
    transaction = driver.open()
    driver.fail_stripe("drop_after", "/confirm$", times=1)
    driver.work("charges")
    told = {**intent, "id": driver.read(transaction).stripe_payment_id, "status": "succeeded"}
    answer = Answer("retrieve", Verdict.SUCCEEDED, told, http_status=200)
    assert apply_stripe_state(transaction, answer, fresh=True) == "unknown"
    assert values(driver, transaction) == ("unknown", 1099, None)
    db.session.rollback()
    assert [alert.kind for alert in db.session.scalars(select(Alert))] == ["mismatch"]


def test_it_completes_once_stripe_says_what_was_received(held: Held, driver: PaymentDriver) -> None:
    transaction = held.hold()
    held.capture(transaction, 1500)
    held.change_at_stripe(transaction, amount_received=None)
    driver.make_due("look_up")
    driver.work("charges")
    assert driver.read(transaction).phase == "unknown"
    held.change_at_stripe(transaction, amount_received=1500)
    driver.make_due("look_up")
    driver.work("charges")
    assert values(driver, transaction) == ("complete", 2500, 1500)


def test_a_payment_that_ended_is_corrected_to_what_was_received(
    held: Held, driver: PaymentDriver
) -> None:
    transaction = held.hold()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(phase="failed", state="failed", version=Transaction.version + 1)
    )
    held.capture(transaction, 1500)
    held.tell(transaction)
    assert values(driver, transaction) == ("complete", 2500, 1500)


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_the_database_knows_no_money_received_before_the_end(
    driver: PaymentDriver, state: str
) -> None:
    transaction = driver.open() if state == "pending" else driver.pay("pm_card_visa_chargeDeclined")
    change = update(Transaction).where(Transaction.id == transaction)
    with pytest.raises(IntegrityError):
        execute(change.values(amount_received=0))


@pytest.mark.parametrize("received", [-1, 1100])
def test_the_database_knows_no_other_money_than_was_asked_for(
    driver: PaymentDriver, received: int
) -> None:
    change = update(Transaction).where(Transaction.id == driver.pay())
    with pytest.raises(IntegrityError):
        execute(change.values(amount_received=received))


def test_a_row_of_an_older_release_took_all_of_it(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(update(Transaction).where(own(Transaction)).values(amount_received=None))
    assert driver.read(transaction).paid == 1099
    assert db.session.scalar(select(Transaction.paid).where(own(Transaction))) == 1099
