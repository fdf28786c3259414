"""The search box finds a payment by whatever the customer can read out, and says how."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.customers.models import Customer
from payments_app.inbound.models import StripeEvent
from payments_app.notices.models import Mail
from payments_app.payments.disputes.answer_models import EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Payout, PayoutLine
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.core.email_forms import FORMS, ONE
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def haystack(stored_payments: StoredPayments) -> str:
    """One payment that answers to everything, among others that do not."""
    stored_payments.payment(email="bob@example.com", amount=5, card_last4="0000")
    order = stored_payments.order()
    return stored_payments.payment(
        order_id=order.id,
        amount=1234,
        card_last4="4343",
        stripe_payment_id="pi_needle",
        stripe_customer_id="cus_needle",
        stripe_data={"latest_charge": {"id": "ch_needle"}},
        created_at=dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC),
        description=f"Order #{order.number} {order.id}",
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("Ada@Example.com", "E-mail"),
        ("4343", "Last four of the card"),
        ("$12.34", "Amount"),
        ("pi_needle", "Stripe payment id"),
        ("ch_needle", "Stripe charge id"),
        ("cus_needle", "Stripe customer id"),
        ("02/03/2026", "Date"),
        ("2026-02-03", "Date"),
    ],
)
def test_a_payment_is_found_and_the_match_is_named(
    viewer: Browser, haystack: str, typed: str, why: str
) -> None:
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert f"Matched: {why}" in page
    assert reference(haystack) in page


def test_our_own_ids_and_numbers_are_found(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    id_ = stored_payments.payment(order_id=order.id)
    customer = stored_payments.customer_id()
    wanted = {
        id_: "Our id",
        reference(id_): "Reference",
        reference(id_).lower(): "Reference",
        order.id: "Order id",
        f"#{order.number.lower()}": "Order number",
        customer: "Customer id",
    }
    for typed, why in wanted.items():
        page = viewer.get("/staff/payments", query_string={"q": typed}).text
        assert f"Matched: {why}" in page
        assert reference(id_) in page


def test_an_amount_is_read_in_each_currency_s_own_units(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    yen = stored_payments.payment(amount=1800, currency="jpy")
    dollars = stored_payments.payment(amount=180000)
    other = stored_payments.payment(amount=1800)
    page = viewer.get("/staff/payments?q=1800").text
    assert reference(yen) in page
    assert reference(dollars) in page
    assert reference(other) not in page


def test_nothing_found_says_what_can_be_searched(viewer: Browser) -> None:
    page = viewer.get("/staff/payments?q=nothing").text
    assert "Nothing matches “nothing”." in page
    assert "order number" in page


@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("box", ["q", "email"])
def test_an_address_is_found_in_any_form(
    viewer: Browser, stored_payments: StoredPayments, box: str, typed: str
) -> None:
    mine = stored_payments.payment(email=ONE.capitalize())
    other = stored_payments.payment(email="müller@bucher.example")
    page = viewer.get("/staff/payments", query_string={box: typed}).text
    assert (reference(mine) in page, reference(other) in page) == (True, False)


@pytest.fixture
def threaded(stored_payments: StoredPayments, staff_driver: StaffDriver) -> str:
    """A payment with everything about it that has an id of its own, beside one without."""
    id_ = stored_payments.payment(stripe_payment_id="pi_3QthreadedXyz")
    stored_payments.payment(stripe_payment_id="pi_4Qother")
    stored_payments.note_call(id_, request_id="req_threaded1234")
    staff_driver.do(_about, id_)
    return id_


@atomic
def _about(session: Session, id_: str) -> None:
    about = {"transaction_id": id_}
    session.add_all(
        [
            Refund(
                id="rfd_threaded",
                stripe_refund_id="re_threaded",
                amount=400,
                currency="usd",
                reason="x",
                requested_by="system",
                **about,
            ),
            Dispute(
                id="dsp_threaded",
                stripe_dispute_id="dp_threadedLonger18",
                state="lost",
                funds="withdrawn",
                reason="general",
                amount=1099,
                currency="usd",
                stripe_data={},
                opened_at=utcnow(),
                **about,
            ),
            StripeEvent(id="evt_threaded", type="x", livemode=False, created_at=utcnow(), **about),
            StripeEvent(
                id="evt_ofobject",
                type="x",
                livemode=False,
                created_at=utcnow(),
                object_id="pi_3QthreadedXyz",
            ),
            Mail(
                id="ml_threaded",
                key="x",
                kind="receipt",
                recipient="a@b.c",
                subject="x",
                text="x",
                html="x",
                **about,
            ),
        ]
    )
    history.record(session, "state", "fraud_warning.opened", subject="issfr_threaded", **about)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("rfd_threaded", "Refund id"),
        ("re_threaded", "Stripe refund id"),
        ("dsp_threaded", "Dispute id"),
        ("dp_threadedLonger18", "Stripe dispute id"),
        ("dp_threadedLon", "Stripe dispute id"),
        ("pi_3Qthread\u2026", "Stripe payment id"),
        ("req_threaded1234", "Stripe request id"),
        ("evt_threaded", "Stripe event id"),
        ("evt_ofobject", "Stripe event id"),
        ("ml_threaded", "Mail id"),
        ("issfr_threaded", "Id in the timeline"),
        ("https://dashboard.stripe.com/test/payments/pi_3QthreadedXyz", "Stripe payment id"),
        (
            "https://dashboard.stripe.com/acct_1Abcdefgh/test/disputes/dp_threadedLonger18",
            "Stripe dispute id",
        ),
        ("-$4.00", "Refund of \u22124.00 USD"),
        ("\u22124", "Refund of \u22124 in any currency"),
    ],
)
def test_whatever_we_or_stripe_print_leads_to_its_payment(
    viewer: Browser, threaded: str, typed: str, why: str
) -> None:
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert f"Matched: {why}" in page
    assert page.count(reference(threaded)) == 1
    assert page.count('class="go"') == 1


def test_our_own_address_that_was_pasted_leads_to_its_payment(
    viewer: Browser, threaded: str
) -> None:
    typed = f"https://pay.example/staff/payments/{threaded}#timeline"
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert "Matched: Our id" in page
    assert reference(threaded) in page


def test_an_order_is_found_as_we_print_it(viewer: Browser, stored_payments: StoredPayments) -> None:
    order = stored_payments.order()
    id_ = stored_payments.payment(order_id=order.id)
    for typed in (f"Order #{order.number}", f"order {order.number.lower()}", f"#{order.number}"):
        page = viewer.get("/staff/payments", query_string={"q": typed}).text
        assert "Matched: Order number" in page
        assert reference(id_) in page


def test_a_reference_is_found_with_and_without_its_dash(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    shown = reference(stored_payments.payment())
    stored_payments.payment()
    for typed in (shown, shown.replace("-", ""), shown.replace("-", " "), shown.lower()):
        page = viewer.get("/staff/payments", query_string={"q": typed}).text
        assert "Matched: Reference" in page
        assert shown in page


@pytest.mark.parametrize("typed", ["lovel", "ada.lo", "king", "LOVELACE", "lovelace@kings"])
def test_a_part_of_an_address_finds_it(
    viewer: Browser, stored_payments: StoredPayments, typed: str
) -> None:
    id_ = stored_payments.payment(email="ada.lovelace@kings.example")
    stored_payments.payment(email="grace@navy.example")
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert "Matched: E-mail or name with" in page
    assert reference(id_) in page
    assert page.count('class="go"') == 1


def test_the_middle_of_a_word_is_looked_for_in_the_newest(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(email="ada.lovelace@kings.example")
    stored_payments.payment(email="grace@navy.example")
    page = viewer.get("/staff/payments", query_string={"q": "velac"}).text
    assert reference(id_) in page
    assert page.count('class="go"') == 1


def test_a_name_finds_its_payments(
    viewer: Browser, stored_payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    id_ = stored_payments.payment(email="a@b.example")
    staff_driver.do(_name, "a@b.example", "Zoë Grün")
    page = viewer.get("/staff/payments", query_string={"q": "zoë grü"}).text
    assert "Matched: E-mail or name with" in page
    assert reference(id_) in page


@atomic
def _name(session: Session, email: str, name: str) -> None:
    session.execute(update(Customer).where(Customer.email == email).values(name=name))


@pytest.mark.parametrize(
    ("typed", "currency", "found"),
    [
        ("$12.34", "usd", True),
        ("12.34 USD", "usd", True),
        ("12,34 \u20ac", "eur", True),
        ("EUR 12.34", "eur", True),
        ("\u20ac12.34", "usd", False),
        ("$12.34", "eur", False),
        ("12.34", "eur", True),
    ],
)
def test_an_amount_with_a_sign_is_of_that_currency(
    viewer: Browser, stored_payments: StoredPayments, typed: str, currency: str, found: bool
) -> None:
    id_ = stored_payments.payment(amount=1234, currency=currency, card_last4="0000")
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert (reference(id_) in page) is found


def test_yesterday_is_a_day(viewer: Browser, stored_payments: StoredPayments) -> None:
    id_ = stored_payments.payment(created_at=utcnow() - dt.timedelta(days=1))
    today = stored_payments.payment()
    page = viewer.get("/staff/payments", query_string={"q": "Yesterday"}).text
    assert "Matched: Date" in page
    assert (reference(id_) in page, reference(today) in page) == (True, False)


def test_what_was_found_nowhere_is_said_as_it_was_read(viewer: Browser) -> None:
    page = viewer.get("/staff/payments", query_string={"q": "$77,123.45"}).text
    assert "We looked for: Amount 77,123.45 USD" in page


def test_a_payout_is_led_to(viewer: Browser, staff_driver: StaffDriver) -> None:
    staff_driver.do(_payout)
    for typed in ("po_mine1234", "https://dashboard.stripe.com/test/payouts/po_mine1234"):
        page = viewer.get("/staff/payments", query_string={"q": typed}).text
        assert 'href="/staff/payouts/po_mine1234"' in page


@atomic
def _payout(session: Session) -> None:
    session.add(
        Payout(
            id="po_mine1234",
            amount=1,
            currency="usd",
            automatic=True,
            status="paid",
            arrives_at=utcnow(),
            made_at=utcnow(),
            stripe_data={},
        )
    )


@atomic
def _at_stripe(session: Session, transaction_id: str) -> None:
    """A file of a dispute's answer, and a payout of a payment and of a fee of Stripe's."""
    dispute = Dispute(
        transaction_id=transaction_id, stripe_dispute_id="dp_filed", stripe_data={}, amount=1
    )
    dispute.state, dispute.funds, dispute.reason = "needs_response", "withdrawn", "fraudulent"
    dispute.currency, dispute.opened_at = "usd", utcnow()
    payout = Payout(id="po_needle", amount=1, currency="usd", automatic=True, status="paid")
    payout.arrives_at = payout.made_at = utcnow()
    payout.stripe_data = {}
    session.add_all([dispute, payout])
    session.flush()
    file = EvidenceFile(dispute_id=dispute.id, field="receipt", filename="a.pdf", size=1)
    file.media_type, file.content, file.added_by = "application/pdf", b"x", "ada"
    file.stripe_file_id = "file_1NeedleAtStripe"
    session.add(file)
    for id_, of in (("txn_1NeedleOfPayment", transaction_id), ("txn_1NeedleOfFee", None)):
        line = PayoutLine(id=id_, payout_id=payout.id, type="charge", source="ch_x", fee=0, net=1)
        line.amount, line.currency, line.made_at, line.transaction_id = 1, "usd", utcnow(), of
        session.add(line)


def test_ids_of_stripe_s_files_and_balance_transactions_are_told_from_ours(
    viewer: Browser, stored_payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    id_, other = stored_payments.payment(), stored_payments.payment(email="bob@example.com")
    staff_driver.do(_at_stripe, id_)
    for typed, why in (
        ("file_1NeedleAtStripe", "Matched: File of Stripe's for a dispute"),
        ("txn_1NeedleOfPayment", "Matched: Stripe balance transaction"),
        (id_, "Matched: Our id"),
    ):
        page = html.unescape(viewer.get("/staff/payments", query_string={"q": typed}).text)
        assert why in page, typed
        assert (reference(id_) in page, reference(other) in page) == (True, False), typed
    fee = viewer.get("/staff/payments", query_string={"q": "txn_1NeedleOfFee"})
    assert "po_needle" in (fee.headers.get("Location") or fee.text)
    ours = "txn_" + "0" * 26
    none = viewer.get("/staff/payments", query_string={"q": ours}).text
    assert "We looked for: Our id." in none


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("12-13 dollars", "Amount from 12 to 13 USD"),
        ("$12 to $12.34", "Amount from 12 to 12.34 USD"),
        ("02/01/2026 - 02/05/2026", "Date Sun 02/01/2026 to Thu 02/05/2026"),
    ],
)
def test_a_range_finds_what_lies_in_it_and_says_how_it_was_read(
    viewer: Browser, haystack: str, stored_payments: StoredPayments, typed: str, why: str
) -> None:
    other = stored_payments.payment(email="cy@example.com", amount=1400)
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert f"Matched: {why}" in page
    assert (reference(haystack) in page, reference(other) in page) == (True, False)
