"""What a host application sells may have no price just now, or a description of any length: its
page says so, nothing is charged, and no page breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.models import PaymentRequest
from tests.accounts.staff_driver import StaffDriver
from tests.checkout.checkout_client import CheckoutClient


def sold(name: str) -> str:
    """A payable that opens by its id alone, as a host's does."""
    made, _ = ask(Wish(Money(2500, "usd"), description=name), "a test")
    _open_unsigned(made)
    return made


@atomic
def _open_unsigned(session: Session, request_id: str) -> None:
    session.get_one(PaymentRequest, request_id).signed = False


@pytest.fixture
def attic(app: Flask) -> str:
    """What is spoiled; it stands for a row of a host's."""
    with app.app_context():
        return sold("Attic")


@pytest.fixture
def cellar(app: Flask) -> str:
    with app.app_context():
        return sold("Cellar")


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, attic: str) -> Callable[[str, Any], None]:
    """Let the attic say something else, and nothing else do."""

    def say(name: str, what: Any) -> None:
        real = getattr(PaymentRequest, name).fget

        def said(self: PaymentRequest) -> Any:
            if self.id != attic:
                return real(self)
            return what() if callable(what) else what

        spoiled = property(said)
        monkeypatch.setattr(PaymentRequest, name, spoiled)

    return say


def broken() -> Money:
    """The price of a row whose amount is not set, or that names what is gone."""
    unset: Any = None
    return Money(unset, "usd")


@pytest.mark.parametrize("price", [None, 25, broken])
def test_what_has_no_price_can_not_be_paid_just_now(
    checkout: CheckoutClient,
    says: Callable[[str, Any], None],
    attic: str,
    cellar: str,
    price: Any,
) -> None:
    form = checkout.form(attic)
    says("price", price)
    page = checkout.page(f"/checkout/{attic}")
    assert (page.status_code, "be paid just now. Nothing was charged" in page.text) == (410, True)
    answer = checkout.post(item=attic)
    assert (answer.status_code, list(answer.json["error"]["fields"])) == (422, ["item"])
    assert checkout.send(form).status_code == 422
    assert checkout.count() == 0
    assert checkout.status(checkout.pay(item=cellar))["state"] == "complete"


@pytest.mark.parametrize("name", ["price", "items", "payment_description", "payee_id"])
@pytest.mark.parametrize("says_now", [None, broken])
def test_the_pages_of_what_was_paid_while_it_had_one_are_shown(
    app: Flask,
    checkout: CheckoutClient,
    says: Callable[[str, Any], None],
    attic: str,
    cellar: str,
    name: str,
    says_now: Any,
) -> None:
    paid, other = checkout.pay(item=attic), checkout.pay(item=cellar)
    says(name, says_now)
    assert checkout.page(f"/checkout/{attic}").status_code == 303
    for one in (paid, other):
        assert checkout.page(f"/thankyou?transaction={one}").status_code == 200
    with app.app_context():
        staff = StaffDriver(app).signed_in("admin")
        for path in (f"/staff/payments/{paid}", f"/staff/payments/{paid}/refunds"):
            assert staff.get(path).status_code == 200


def test_a_long_description_is_kept_as_far_as_there_is_room(
    checkout: CheckoutClient, says: Callable[[str, Any], None], attic: str, cellar: str
) -> None:
    says("payment_description", "Attic " * 100)
    assert checkout.form(attic)["amount"] == "2500"
    status = checkout.status(checkout.pay(item=attic))
    assert (status["state"], len(status["description"])) == ("complete", 500)
    assert checkout.status(checkout.pay(item=cellar))["description"] == "Cellar"
