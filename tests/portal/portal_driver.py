"""Merchants, and browsers that opened the link in their mail."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import links, one_time_links
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import Merchant
from payments_app.notices.models import Mail
from payments_app.portal.sign_in import HOME, PATH, PURPOSE
from tests.accounts.staff_driver import Browser


class Portal:
    """Functions run in a context of their own each, as requests do."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.public_url = app.config["CONFIG"].public_url

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, merchant_id: str | None = None) -> Browser:
        """A browser that is known as this merchant (the shop itself, by default)."""
        path = self.link(merchant_id).removeprefix(self.public_url)
        browser = self.browser()
        with self.app.app_context():  # a test's own one would keep the token of another browser
            assert browser.post(path, path).status_code == 303
        return browser

    def link(self, merchant_id: str | None = None) -> str:
        """What is in the merchant's mail."""
        with self.app.app_context():
            return _link(merchant_id)

    def add_merchant(self, name: str = "Axe and Sons", email: str = "axe@example.com") -> str:
        with self.app.app_context():
            return _add(name, email)

    def shop_email(self) -> str:
        with self.app.app_context():
            return _shop_email()

    def mails(self) -> list[Mail]:
        with self.app.app_context():
            return list(db.session.scalars(select(Mail).where(Mail.kind == "portal_link")))


@atomic
def _link(session: Session, merchant_id: str | None) -> str:
    merchant = session.get_one(Merchant, merchant_id) if merchant_id else default_merchant(session)
    token = one_time_links.make(session, PURPOSE, merchant.id, merchant.email, HOME)
    return links.absolute(PATH + token)


@atomic
def _add(session: Session, name: str, email: str) -> str:
    merchant = Merchant(name=name, email=email)
    session.add(merchant)
    session.flush()
    return merchant.id


@atomic
def _shop_email(session: Session) -> str:
    return default_merchant(session).email
