"""A link to pay that is open in two tabs of a browser is charged once, and both tabs say so."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payments.models import PaymentRecord
from tests.browser.buyer import Buyer

pytestmark = pytest.mark.browser


def test_a_link_in_two_tabs_is_charged_once(buyer: Buyer, shop_app: Flask) -> None:
    with shop_app.app_context():
        made, other = (ask(Wish(Money(4000, "usd"), "The lamp"), "ada")[0] for _ in range(2))
        name = sign_name(made)
    tabs = [buyer, Buyer(buyer.page.context.new_page())]
    for tab in tabs:
        tab.open(name)
        tab.fill()
    for tab in tabs:
        tab.press_pay()
    for tab in tabs:
        tab.reads("$40.00 was paid.")
    assert tabs[1].complaints == []
    with shop_app.app_context():
        paid = select(PaymentRecord.payable_id).where(PaymentRecord.payable_id.in_([made, other]))
        assert db.session.scalars(paid).all() == [made]
        db.session.remove()
