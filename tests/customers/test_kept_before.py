"""Cards that were kept before it was asked whose they are: revision 0991."""

from __future__ import annotations

import runpy

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from parts.app import REPOSITORY
from payments_app.core.db.session import atomic
from payments_app.customers.models import Customer, SavedCard
from tests.checkout.checkout_client import CheckoutClient
from tests.customers.mailed_link import known
from tests.customers.shoppers import GRACE, buy, cards, customer

pytestmark = pytest.mark.portable
REVISION = runpy.run_path(str(REPOSITORY / "migrations/versions/0991_cards_of_proved_owners.py"))


@pytest.fixture
def ada(checkout: CheckoutClient) -> FlaskClient:
    """Ada saved a card, and grace did."""
    for email in ("ada@example.com", GRACE):
        browser = checkout.stranger()
        buy(checkout, browser, email=email)
        known(checkout, email, browser=browser)
        buy(checkout, browser, email=email, save_card=True)
    return known(checkout)


@atomic
def _upgrade(session: Session) -> None:
    """From a database in which nobody had asked."""
    session.execute(update(SavedCard).values(joined_at=None))
    for words in ("PROVED", "NO_DEFAULT"):
        session.execute(text(REVISION[words]))


def upgrade(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        _upgrade()


def default(checkout: CheckoutClient, email: str) -> str | None:
    found: Customer = customer(checkout, email)
    return found.default_payment_method_id


def test_a_card_that_a_known_browser_has_paid_with_stays_its_owners(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    mine = cards(checkout)[0]
    buy(checkout, ada, payment_method=None, saved_card=mine.id)
    upgrade(checkout)
    assert cards(checkout)[0].joined_at is not None
    assert default(checkout, "ada@example.com") == mine.payment_method


def test_a_card_of_which_nothing_is_known_is_nobodys(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    buy(checkout, ada, payment_method=None, saved_card=cards(checkout)[0].id)
    upgrade(checkout)
    assert cards(checkout)[1].joined_at is None
    assert default(checkout, GRACE) is None
