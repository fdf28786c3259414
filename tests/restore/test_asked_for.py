"""What somebody was asked to pay, by an application or a link, comes back once it is paid."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.consents import cards_of
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payment_requests.customers import store_customer
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.queries import payable_of
from tests.bystanders import own
from tests.restore.drill import DISPUTED, Drill, done

BOB, EMAIL = "bob@example.com", "ada.byron@example.com"


def asked(**wish: Any) -> str:
    request_id, _ = ask(Wish(Money(2500, "usd"), **wish), "a test")
    return request_id


@atomic
def named(session: Session, request_id: str) -> None:
    """One whose id has whatever form a host application gives it."""
    price = Money(2500, "usd")
    request = PaymentRequest(id=request_id, amount=price.amount, currency=price.currency)
    request.description, request.created_by = "Attic", "a test"
    session.add(request)


def test_what_was_asked_for_is_known_again_under_its_id_and_reference(drill: Drill) -> None:
    drill.back_up()
    request_id = asked(description="Two tickets", reference="booking-1")
    paid = drill.bought("k1", email=BOB, item=request_id)
    drill.restore_backup()
    done(drill.restore(say="y"))
    row = db.session.get_one(PaymentRequest, request_id)
    assert (row.price, row.description, row.reference) == (
        Money(2500, "usd"),
        "Two tickets",
        "booking-1",
    )
    assert payable_of(db.session(), paid) == (PaymentRequest.payable_type, request_id)


@pytest.mark.parametrize("request_id", ["prq_7", "prq_2026-W07_Attic"])
@pytest.mark.parametrize("in_backup", [True, False])
def test_what_has_an_id_of_its_host_s_own_form_is_not_paid_twice(
    drill: Drill, request_id: str, *, in_backup: bool
) -> None:
    if in_backup:
        named(request_id)
    other = asked(description="Another")
    drill.back_up()
    if not in_backup:
        named(request_id)
    paid = drill.bought("k1", email=BOB, item=request_id)
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert payable_of(db.session(), paid) == (PaymentRequest.payable_type, request_id)
    assert '"already_paid"' in drill.buy("k2", email=BOB, item=request_id).text
    assert drill.buy("k3", email=BOB, item=other).status_code == 202


def test_stripe_s_metadata_hold_no_address_that_the_asker_wrote(drill: Drill) -> None:
    """The reference of one who names buyers by their addresses, and a free text."""
    drill.back_up()
    request_id = asked(description=f"Tickets for {EMAIL}, row 4", reference=EMAIL)
    paid = drill.bought("k1", email=BOB, item=request_id)
    (intent,) = drill.intents()
    assert "ada.byron" not in str(intent["metadata"])
    drill.restore_backup()
    done(drill.restore(say="y"))
    row = db.session.get_one(PaymentRequest, request_id)
    assert (row.description, row.reference) == ("Tickets for [e-mail address], row 4", None)
    assert payable_of(db.session(), paid) == (PaymentRequest.payable_type, request_id)


def test_a_restored_request_knows_whose_it_is_and_its_dispute_ends_their_consent(
    drill: Drill,
) -> None:
    ada, bob = (store_customer("key_1", name, EMAIL, None) for name in ("ada-7", "bob-8"))
    kept = {customer: agreed(drill, customer) for customer in (ada, bob)}
    drill.back_up()
    request_id = asked(description="November", customer_id=ada, payment_method=kept[ada], email=BOB)
    drill.sandbox("POST", f"/_sandbox/payment_methods/{kept[ada]}", _number=DISPUTED)
    drill.work()
    newcomer = store_customer("key_1", "carol-9", EMAIL, None)
    of_nobody = asked(description="A card", customer_id=newcomer, save_card=True)
    drill.bought("k9", email="carol@example.com", item=of_nobody, keep=True)
    said = next(i["metadata"] for i in drill.intents() if request_id in str(i["metadata"]))
    assert (said["payable_customer"], "ada" in str(said)) == (ada, False)
    drill.restore_backup()
    told = done(drill.restore(say="y"))
    assert "Consents to charge cards that somebody ended after the backup" in told
    assert db.session.get_one(PaymentRequest, request_id).customer_id == ada
    assert db.session.get_one(PaymentRequest, of_nobody).customer_id is None
    ended = select(CardConsent.customer_id, CardConsent.ended_why).where(own(CardConsent))
    assert dict(db.session.execute(ended).all()) == {ada: "disputed", bob: None}


def agreed(drill: Drill, customer: str) -> str:
    """A card that this customer agreed to have charged without them."""
    wish = asked(description="A card", customer_id=customer, save_card=True)
    drill.bought(f"key of {customer}", email=BOB, item=wish, keep=True)
    (found,) = cards_of(db.session(), customer)
    return found[0].payment_method
