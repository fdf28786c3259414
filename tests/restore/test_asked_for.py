"""What somebody was asked to pay, by an application or a link, comes back once it is paid."""

from __future__ import annotations

from typing import Any

from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.queries import payable_of
from tests.restore.drill import Drill, done

BOB, EMAIL = "bob@example.com", "ada.byron@example.com"


def asked(**wish: Any) -> str:
    request_id, _ = ask(Wish(Money(2500, "usd"), **wish), "a test")
    return request_id


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
