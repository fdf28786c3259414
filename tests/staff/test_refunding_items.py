"""The refund's form lists what was bought: so many of each set the amount, reviewed and checked."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.customers.find import customer_for
from payments_app.orders.place import place
from payments_app.orders.product_models import Product
from payments_app.payments.refunds.items import in_words
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_refunding import _refunds, address, confirm, fields, fill_in

pytestmark = pytest.mark.portable

BAG = 4950
ONE_OF_THREE = "1 of 3 \u00d7 Canvas bag"


@atomic
def _bags(session: Session) -> str:
    bag = Product(slug=new_id("p"), name="Canvas bag", amount=BAG, currency="usd")
    session.add(bag)
    session.flush()
    return place(session, bag, 3, customer_for(session, "ida@example.com").id).id


@pytest.fixture
def refunder(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("refunder")


@pytest.fixture
def bags(staff_driver: StaffDriver, stored_payments: StoredPayments) -> str:
    order_id = staff_driver.do(_bags)
    return stored_payments.payment(order_id=order_id, amount=3 * BAG, amount_received=3 * BAG)


def _choose(refunder: Browser, bags: str, **items: str) -> Any:
    return fill_in(refunder, bags, amount="", **items)


def test_the_form_lists_the_items_with_how_many_are_left(refunder: Browser, bags: str) -> None:
    form = refunder.get(address(bags)).text
    assert "Items to refund" in form
    assert 'name="item_0"' in form
    assert form.count("<option") >= 4
    assert "of 3, $49.50 each" in form


def test_a_payment_of_a_single_thing_lists_none(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    form = refunder.get(address(stored_payments.payment(order_id=order.id))).text
    assert "Items to refund" not in form


@pytest.mark.parametrize(
    "beside", ["148.50", "49.50", ""], ids=["all that is left", "same", "none"]
)
def test_chosen_items_set_the_amount_that_the_form_began_with(
    staff_driver: StaffDriver, refunder: Browser, bags: str, beside: str
) -> None:
    review = fill_in(refunder, bags, item_0="1", amount=beside)
    assert "You refund $49.50 of $148.50" in review.text
    assert ONE_OF_THREE in review.text
    assert staff_driver.do(_refunds) == []
    assert confirm(refunder, bags, review).status_code == 303
    (made,) = staff_driver.do(_refunds)
    assert (made.amount, in_words(made.items)) == (BAG, ONE_OF_THREE)
    page = refunder.get(f"/staff/payments/{bags}").text
    assert f"{ONE_OF_THREE}: “Shipping was cheaper”" in page
    assert f"{ONE_OF_THREE}: Shipping was cheaper" in page


@pytest.mark.parametrize("typed", ["40.00", "4950", "148,50"])
def test_another_amount_beside_chosen_items_is_asked_about(
    staff_driver: StaffDriver, refunder: Browser, bags: str, typed: str
) -> None:
    asked = fill_in(refunder, bags, item_0="1", amount=typed)
    assert asked.status_code == 422
    assert "The items come to $49.50. Type 49.50, or choose no items." in asked.text
    assert f'value="{typed}"' in asked.text
    assert staff_driver.do(_refunds) == []


def test_the_next_form_offers_what_is_left(refunder: Browser, bags: str) -> None:
    confirm(refunder, bags, _choose(refunder, bags, item_0="2"))
    assert "2 refunded before" in refunder.get(address(bags)).text
    refused = _choose(refunder, bags, item_0="2")
    assert refused.status_code == 422
    assert "Canvas bag: 1 of 3 can still be refunded." in refused.text


def test_a_confirmation_that_comes_twice_is_answered_alike_and_refunds_once(
    staff_driver: StaffDriver, refunder: Browser, bags: str
) -> None:
    review = _choose(refunder, bags, item_0="2")
    assert confirm(refunder, bags, review).status_code == 303
    assert confirm(refunder, bags, review).status_code == 303
    (made,) = staff_driver.do(_refunds)
    assert made.amount == 2 * BAG


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "99999", "\u0661"])
def test_what_is_no_number_is_asked_about(refunder: Browser, bags: str, typed: str) -> None:
    refused = _choose(refunder, bags, item_0=typed)
    assert refused.status_code == 422
    assert "Choose how many." in refused.text


def test_other_items_than_were_reviewed_are_reviewed_again(
    staff_driver: StaffDriver, refunder: Browser, bags: str
) -> None:
    review = _choose(refunder, bags, item_0="1")
    assert fields(review)["item_0"] == "1"
    again = confirm(refunder, bags, review, item_0="2", amount="99.00")
    assert "You refund $99.00" in again.text
    assert staff_driver.do(_refunds) == []
