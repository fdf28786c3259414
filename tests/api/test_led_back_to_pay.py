"""Whoever's card was declined is led back to the page that pays: by their mail, and by staff."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.notices.models import Mail
from payments_app.payments.retries.request import preview_retry
from tests.api.application import Application
from tests.payments.driver import PaymentDriver


def _declined(application: Application) -> str:
    asked = application.asked(email="ada@example.com")["id"]
    application.pay(asked, "pm_card_visa_chargeDeclined")
    return str(application.payment(asked)["transaction"])


def test_the_links_of_the_mail_and_of_the_retry_open_its_page_and_no_other_s(
    app: Flask, shop_application: Application
) -> None:
    mine, other = _declined(shop_application), _declined(shop_application)
    with app.app_context():
        PaymentDriver(app).work_all_waiting()
        mailed = select(Mail.text).where(Mail.kind == "payment_failed")
        texts = [
            str(db.session.scalar(mailed.where(Mail.transaction_id == one)))
            for one in (mine, other)
        ]
        retried = [str(preview_retry(one).link) for one in (mine, other)]
    links = [re.findall(r"/checkout/\S+", text) for text in (*texts, *retried)]
    assert links[:2] == links[2:]
    assert links[0] != links[1]
    for (link,) in links[:2]:
        assert shop_application.buyer.get(link).status_code == 200
