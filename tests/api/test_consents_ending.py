"""A consent to charge a kept card ends: by its owner, by staff, and by what the bank says. What has
ended is charged no more, its application is told, and nobody else's consent ends with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.customers.gone_at_stripe import read_card
from payments_app.customers.models import SavedCard
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payment_requests.end_consents import on_decline, on_dispute
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.models import Transaction
from tests.api.application import Application
from tests.api.test_customers import BOB, cards, charged, follow, kept, stored
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.refunds.test_disputes import answer

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

STOLEN, DISPUTED = "4000000000009979", "4000000000000259"
BROKE = "4000000000009995"


def becomes(application: Application, card: dict[str, Any], number: str) -> None:
    """From now on Stripe treats a kept card as one of its test cards."""
    path = f"/_sandbox/payment_methods/{card['payment_method']}"
    PaymentDriver(application.app).sandbox("POST", path, _number=number)


def refused(application: Application, card: dict[str, Any]) -> dict[str, Any]:
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    answer = application.ask(**wish)
    assert answer.status_code == 422, answer.text
    found: dict[str, Any] = answer.json["error"]
    return found


def told(application: Application) -> list[dict[str, Any]]:
    """The application's events of consents that ended."""
    events = application.get("events").json["data"]
    return [event["data"] for event in events if event["type"] == "consent_ended"]


def both_kept(application: Application) -> tuple[dict[str, Any], dict[str, Any]]:
    """A card of Ada's, and one of Bob's that must stay as it is."""
    stored(application)
    stored(application, BOB)
    hers = kept(application)
    return hers, kept(application, "bob-8", "pm_card_mastercard", "bob@example.com")


def take_in_disputes(application: Application) -> None:
    """What Stripe tells of its disputes."""
    driver = PaymentDriver(application.app)
    with application.app.app_context():
        for one in driver.sandbox("GET", "/v1/disputes")["data"]:
            refresh(one["id"], claim(one["id"]))
    follow(application)


def close(application: Application, evidence: str) -> None:
    """The bank decides about the one dispute."""
    driver = PaymentDriver(application.app)
    with application.app.app_context():
        answer(driver, evidence)
    take_in_disputes(application)


def reasons(application: Application) -> list[str | None]:
    with application.app.app_context():
        rows = select(CardConsent.ended_why).where(own(CardConsent)).order_by(CardConsent.given_at)
        return list(db.session.scalars(rows))


def test_a_card_that_the_bank_takes_back_is_charged_no_more(shop_application: Application) -> None:
    hers, bobs = both_kept(shop_application)
    becomes(shop_application, hers, STOLEN)
    asked = charged(shop_application, hers)
    assert asked["last_error"]["code"] == "card_declined"
    assert cards(shop_application) == []
    assert cards(shop_application, "bob-8") == [bobs]
    error = refused(shop_application, hers)
    assert (error["code"], error["param"]) == ("consent_ended", "payment_method")
    assert "The bank said that the card must not be tried again." in error["message"]
    assert "save_card" in error["message"]
    assert "stolen" not in error["message"]
    assert reasons(shop_application) == ["declined", None]
    (ended,) = told(shop_application)
    assert (ended["consent"]["card"], ended["consent"]["reason"]) == (hers["id"], "declined")
    assert shop_application.payment(ended["payment"]["paid_for"]["id"])["customer"] == "ada-7"


def test_any_application_that_may_charge_such_a_card_may_not_any_more(
    shop_application: Application, other_application: Application
) -> None:
    hers, _ = both_kept(shop_application)
    stored(other_application)
    theirs = kept(other_application)
    assert theirs["payment_method"] != hers["payment_method"]
    becomes(shop_application, hers, STOLEN)
    charged(shop_application, hers)
    assert cards(other_application) == []
    assert refused(other_application, theirs)["code"] == "consent_ended"


def test_another_decline_ends_no_consent(shop_application: Application) -> None:
    hers, _ = both_kept(shop_application)
    becomes(shop_application, hers, BROKE)
    # Stripe's advice may be never to try again: then it ends. Here the bank says only "not now".
    assert charged(shop_application, hers)["last_error"]["code"] == "card_declined"
    assert cards(shop_application) == [hers]
    assert told(shop_application) == []


def test_whoever_pays_anew_after_that_agrees_anew(shop_application: Application) -> None:
    hers, _ = both_kept(shop_application)
    becomes(shop_application, hers, STOLEN)
    failed = charged(shop_application, hers)
    anew = kept(shop_application, card="pm_card_visa")
    with shop_application.app.app_context():
        rows = select(Transaction.id).where(own(Transaction), Transaction.phase == "failed")
        (transaction,) = db.session.scalars(rows)
        on_decline(transaction, claim(transaction))  # late, and once more
    assert failed["transaction"] == transaction
    assert cards(shop_application) == [anew]
    assert charged(shop_application, anew)["status"] == "succeeded"


@pytest.mark.parametrize("evidence", ["winning_evidence", "losing_evidence"])
def test_whoever_disputes_a_charge_is_charged_no_more_whoever_wins(
    shop_application: Application, evidence: str
) -> None:
    hers, bobs = both_kept(shop_application)
    becomes(shop_application, hers, DISPUTED)
    assert charged(shop_application, hers)["status"] == "succeeded"
    assert cards(shop_application) == [hers]
    take_in_disputes(shop_application)
    assert cards(shop_application) == []
    close(shop_application, evidence)
    error = refused(shop_application, hers)
    assert error["code"] == "consent_ended"
    assert "disputed" in error["message"]
    assert cards(shop_application, "bob-8") == [bobs]
    assert reasons(shop_application) == ["disputed", None]
    assert [ended["consent"]["reason"] for ended in told(shop_application)] == ["disputed"]


def test_a_dispute_ends_no_consent_that_was_given_after_it(shop_application: Application) -> None:
    hers, _ = both_kept(shop_application)
    becomes(shop_application, hers, DISPUTED)
    charged(shop_application, hers)
    take_in_disputes(shop_application)
    anew = kept(shop_application)
    with shop_application.app.app_context():
        dispute = db.session.scalars(select(Dispute).where(own(Dispute))).one()
        subject = dispute.id
        dispute.opened_at -= dt.timedelta(seconds=60)
        db.session.commit()
        on_dispute(subject, claim(subject))
    assert cards(shop_application) == [anew]


def test_the_payment_that_gave_it_ends_it_by_its_dispute_too(shop_application: Application) -> None:
    stored(shop_application)
    hers = kept(shop_application, card="pm_card_createDispute")
    take_in_disputes(shop_application)
    assert cards(shop_application) == []
    assert refused(shop_application, hers)["code"] == "consent_ended"


def test_a_charge_that_waits_is_not_sent_once_its_consent_has_ended(
    shop_application: Application,
) -> None:
    hers, _ = both_kept(shop_application)
    becomes(shop_application, hers, DISPUTED)
    charged(shop_application, hers)
    made = shop_application.asked(customer="ada-7", payment_method=hers["payment_method"])
    with shop_application.app.app_context():
        (one,) = PaymentDriver(shop_application.app).sandbox("GET", "/v1/disputes")["data"]
        refresh(one["id"], claim(one["id"]))
        dispute = db.session.scalars(select(Dispute.id).where(own(Dispute))).one()
        on_dispute(dispute, claim(dispute))
    follow(shop_application)
    left = shop_application.payment(made["id"])
    assert (left["status"], left["last_error"]["code"]) == ("requires_payment", "card_removed")


def test_its_application_is_told_of_a_card_that_it_removed(shop_application: Application) -> None:
    hers, _ = both_kept(shop_application)
    assert shop_application.delete(f"customers/ada-7/cards/{hers['id']}").status_code == 200
    follow(shop_application)
    assert [ended["consent"]["reason"] for ended in told(shop_application)] == ["application"]
    assert "removed by your own call" in refused(shop_application, hers)["message"]


def test_a_card_that_is_gone_at_stripe_ends_its_consents(shop_application: Application) -> None:
    hers, bobs = both_kept(shop_application)
    method = hers["payment_method"]
    driver = PaymentDriver(shop_application.app)
    driver.sandbox("POST", f"/_sandbox/payment_methods/{method}", customer=None)
    with shop_application.app.app_context():
        read_card(method, claim(method))
    follow(shop_application)
    with shop_application.app.app_context():
        assert db.session.get_one(SavedCard, hers["id"]).removed_at is not None
    assert reasons(shop_application) == ["card_removed", None]
    assert cards(shop_application, "bob-8") == [bobs]
