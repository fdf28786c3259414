"""Giving money back: the amount is read strictly, and nothing moves before it was reviewed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.request import request_refund
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


@pytest.fixture
def refunder(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("refunder")


@atomic
def _refunds(session: Session) -> list[Refund]:
    return list(session.scalars(select(Refund).where(own(Refund)).order_by(Refund.created_at)))


@atomic
def _forget_password(session: Session) -> None:
    session.execute(
        update(StaffSession).where(own(StaffSession)).values(confirmed_at=database_now(-601))
    )


def address(id_: str) -> str:
    return f"/staff/payments/{id_}/refunds"


def fill_in(browser: Browser, id_: str, **form: str) -> Any:
    """The first form's answer."""
    values = {"amount": "1.50", "reason": "Shipping was cheaper", **form}
    return browser.post(address(id_), address(id_), **values)


def fields(answer: Any) -> dict[str, str]:
    """What the review's form would send."""
    found = re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', answer.text)
    return {name: value.replace("&#39;", "'") for name, value in found if name != "csrf_token"}


def confirm(browser: Browser, id_: str, review: Any, **changed: str) -> Any:
    return browser.post(address(id_), address(id_), **{**fields(review), **changed})


@pytest.mark.parametrize(
    ("typed", "currency", "question"),
    [
        ("1,50", "usd", "Did you mean $1.50 or $150.00?"),
        ("5 0", "usd", "$50.00"),
        ("1.234,50", "usd", "$1,234.50"),
        ("1,500", "usd", "$1,500.00"),
        ("$5", "eur", "Did you mean €5.00?"),
        ("1e3", "usd", "such as 1.50"),
        ("\uff11\uff15\uff10", "usd", "Did you mean $150.00?"),
        ("1\u00a0500", "usd", "$1,500.00"),
        ("+5", "usd", "Did you mean $5.00?"),
        ("-5", "usd", "Did you mean $5.00?"),
        ("1.5", "usd", "Did you mean $1.50?"),
        ("1.505", "usd", "$1,505.00"),
        (".5", "usd", "Did you mean $0.50?"),
        ("1,800", "jpy", "Did you mean ¥1,800?"),
        ("1.00", "jpy", "Did you mean ¥1?"),
        ("1'500.00", "chf", "1,500.00"),
    ],
)
def test_an_amount_that_can_be_read_in_two_ways_is_asked_about(
    staff_driver: StaffDriver,
    refunder: Browser,
    stored_payments: StoredPayments,
    typed: str,
    currency: str,
    question: str,
) -> None:
    answer = fill_in(
        refunder, stored_payments.payment(amount=900_000, currency=currency), amount=typed
    )
    assert answer.status_code == 422
    assert question in answer.text.replace("\u00a0", " ")
    assert staff_driver.do(_refunds) == []


@pytest.mark.parametrize("amount", [None, "1,50"])
def test_what_a_refund_asks_for_is_not_in_the_search_box(
    refunder: Browser, stored_payments: StoredPayments, amount: str | None
) -> None:
    id_ = stored_payments.payment()
    answer = fill_in(refunder, id_, amount=amount) if amount else refunder.get(address(id_))
    (box,) = re.findall(r'<input id="q".*?>', answer.text, re.DOTALL)
    assert 'value=""' in box


def test_all_that_was_typed_is_kept_beside_the_question(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    answer = fill_in(refunder, stored_payments.payment(), amount="1,50", stripe_reason="duplicate")
    assert 'value="1,50"' in answer.text
    assert "Shipping was cheaper</textarea>" in answer.text
    assert re.search(r'value="duplicate"\s+selected', answer.text)
    assert re.search(r'name="amount"[^>]*aria-invalid="true"', answer.text)


def test_each_field_says_what_is_wrong_with_it(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    answer = fill_in(refunder, stored_payments.payment(), amount="1,50", reason=" ")
    assert "Did you mean" in answer.text
    assert "Enter a reason for the refund." in answer.text
    answer = fill_in(refunder, stored_payments.payment(), reason="x" * 501)
    assert answer.status_code == 422
    assert "at most 500 characters" in answer.text
    answer = fill_in(refunder, stored_payments.payment(), stripe_reason="bored")
    assert answer.status_code == 422


def test_the_form_alone_moves_no_money(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    answer = fill_in(refunder, id_)
    assert answer.status_code == 200
    for words in (
        "You refund $1.50 of $240.00 to Visa 4242.",
        "Shipping was cheaper",
        "$238.50",
        "This can't be undone.",
        "Refund $1.50",
    ):
        assert words in answer.text.replace("&#39;", "'")
    assert staff_driver.do(_refunds) == []


def test_the_confirmation_refunds_what_was_reviewed(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    reason = "They said 'thanks',\r\nand <b>left</b>"
    review = fill_in(refunder, id_, amount="$1.50", reason=reason, stripe_reason="duplicate")
    assert staff_driver.do(_refunds) == []
    answer = confirm(refunder, id_, review, reason=reason)
    assert answer.status_code == 303
    (refund,) = staff_driver.do(_refunds)
    assert (refund.amount, refund.stripe_reason) == (150, "duplicate")
    assert refund.reason == reason.replace("\r\n", "\n")


def test_a_double_click_refunds_once(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    review = fill_in(refunder, id_)
    assert [confirm(refunder, id_, review).status_code for _ in range(2)] == [303, 303]
    assert len(staff_driver.do(_refunds)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "150.00"},
        {"reason": "another"},
        {"stripe_reason": "fraudulent"},
        {"left": "9"},
        {"key": "another"},
        {"reviewed": "forged"},
    ],
    ids=str,
)
def test_what_was_not_reviewed_is_reviewed_again(
    staff_driver: StaffDriver,
    refunder: Browser,
    stored_payments: StoredPayments,
    changed: dict[str, str],
) -> None:
    id_ = stored_payments.payment(amount=24000)
    answer = confirm(refunder, id_, fill_in(refunder, id_), **changed)
    assert answer.status_code == 200
    assert "You refund" in answer.text
    assert staff_driver.do(_refunds) == []


def test_a_review_is_for_one_member_and_one_payment(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    one, other = stored_payments.payment(amount=24000), stored_payments.payment(amount=24000)
    review = fill_in(refunder, one)
    confirm(refunder, other, review)
    confirm(staff_driver.signed_in("refunder", "other@example.com"), one, review)
    assert staff_driver.do(_refunds) == []


def test_what_changed_meanwhile_is_shown_before_money_moves(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    review = fill_in(refunder, id_)
    staff_driver.do(request_refund, id_, 2700, reason="a torn handle", actor="jonas")
    again = confirm(refunder, id_, review)
    assert again.status_code == 409
    assert "has changed" in again.text
    assert "$211.50" in again.text
    assert [refund.amount for refund in staff_driver.do(_refunds)] == [2700]
    assert confirm(refunder, id_, again).status_code == 303
    assert [refund.amount for refund in staff_driver.do(_refunds)] == [2700, 150]


def test_what_no_longer_fits_goes_back_to_the_form(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    review = fill_in(refunder, id_, amount="240.00")
    staff_driver.do(request_refund, id_, 2700, reason="a torn handle", actor="jonas")
    answer = confirm(refunder, id_, review)
    assert answer.status_code == 422
    assert "You can refund at most $213.00 of this payment." in answer.text
    assert 'value="240.00"' in answer.text
    assert len(staff_driver.do(_refunds)) == 1


def test_the_confirmation_asks_for_the_password_again(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    review = fill_in(refunder, id_)
    staff_driver.do(_forget_password)
    answer = refunder.post(address(id_), **fields(review))
    assert answer.location.startswith("/staff/confirm")
    assert staff_driver.do(_refunds) == []


SALE = {"connected_account_id": "acct_1", "charge_type": "destination", "platform_fee": 725}
LOST = ("Taken back from the merchant", "Given back of our fee")


def test_the_review_of_a_merchants_sale_says_what_they_and_we_lose(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000, **SALE)
    review = fill_in(refunder, id_, amount="80.00")
    text = " ".join(review.text.split())
    assert f'{LOST[0]}</dt> <dd class="strong"> $80.00 <' in text
    assert f'{LOST[1]}</dt> <dd class="strong"> $2.42 <' in text
    for name in ("from_merchant", "of_fee"):
        assert confirm(refunder, id_, review, **{name: "$0.00"}).status_code == 200
    assert staff_driver.do(_refunds) == []
    assert confirm(refunder, id_, review).status_code == 303


def test_the_last_refund_gives_back_what_is_left_of_our_fee(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000, **SALE)
    confirm(refunder, id_, fill_in(refunder, id_, amount="80.00"))
    assert "$4.83" in fill_in(refunder, id_, amount="160.00").text


def test_the_review_of_our_own_sale_names_no_merchant(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    text = fill_in(refunder, stored_payments.payment(amount=24000)).text
    assert not any(words in text for words in LOST)


def test_changing_it_keeps_what_was_typed(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=24000)
    answer = confirm(refunder, id_, fill_in(refunder, id_), change="1")
    assert answer.status_code == 200
    assert 'value="1.50"' in answer.text
    assert "Shipping was cheaper</textarea>" in answer.text
    assert staff_driver.do(_refunds) == []


def test_whoever_wants_json_gets_the_fields(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    form = fields(refunder.get(address(stored_payments.payment())))
    token = re.search(r'name="csrf_token" value="([^"]+)"', refunder.get("/staff/password").text)
    answer = refunder.client.post(
        address(stored_payments.payment()),
        data={**form, "csrf_token": token[1] if token else "", "amount": "1,50", "reason": "x"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert "Did you mean" in answer.json["error"]["fields"]["amount"]
